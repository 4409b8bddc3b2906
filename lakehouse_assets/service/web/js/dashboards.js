// The dashboards there are.

import * as api from "./api.js";
import { boardCard, parted } from "./boards.js";
import { byId, h, wireTheme } from "./dom.js";
import { newBoard } from "./own_board.js";
import * as session from "./session.js";
import { linkList } from "./share.js";

const content = byId("content");

const shared = h("div");

async function showLinks() {
  shared.replaceChildren(...[linkList((await api.links()).links, showLinks)].filter(Boolean));
}

async function boot() {
  wireTheme();
  try {
    await session.begin();
    const [{ dashboards }] = await Promise.all([api.dashboards(), showLinks()]);
    const [mine, others] = parted(dashboards);
    content.replaceChildren(
      h("section.mine", { "aria-labelledby": "mine" },
        h("header", {}, h("h2", { id: "mine" }, "Mine"), h("button.button.quiet.small", { type: "button", onclick: newBoard }, "New dashboard")),
        mine.length ? h("ul.boards", {}, mine.map(boardCard)) : h("p.note", {}, "Pin an answer, or a figure of a dashboard below, and it is here every morning.")),
      h("section", { "aria-labelledby": "others" }, h("h2", { id: "others" }, "Of the project"),
        others.length ? h("ul.boards", {}, others.map(boardCard))
          : h("p.note", {}, "There is none yet that shows what you may see: it needs data. `asklake demo` brings some.")),
      shared);
  } catch (problem) {
    if (!(problem instanceof api.Problem)) throw problem;
    content.replaceChildren(h("div.card.failed", { role: "alert" }, h("p.sentence", {}, problem.message), h("p.note", {}, problem.next)));
  }
  content.removeAttribute("aria-busy");
}

boot();
