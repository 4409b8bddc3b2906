// The dashboards there are.

import * as api from "./api.js";
import { boardCard } from "./boards.js";
import { byId, h, wireTheme } from "./dom.js";
import * as session from "./session.js";

const content = byId("content");

async function boot() {
  wireTheme();
  try {
    await session.begin();
    const { dashboards } = await api.dashboards();
    content.replaceChildren(dashboards.length ? h("ul.boards", {}, dashboards.map(boardCard))
      : h("p.note", {}, "There is none yet that shows what you may see: it needs data. `asklake demo` brings some."));
  } catch (problem) {
    if (!(problem instanceof api.Problem)) throw problem;
    content.replaceChildren(h("div.card.failed", { role: "alert" }, h("p.sentence", {}, problem.message), h("p.note", {}, problem.next)));
  }
  content.removeAttribute("aria-busy");
}

boot();
