// The first page: a place to ask, and questions to begin with.

import * as api from "./api.js";
import * as asking from "./asking.js";
import { byId, h, wireTheme } from "./dom.js";
import * as session from "./session.js";

const FEW = 4;
const go = (question) => { location.href = asking.askAt(question); };

function showStarters(starters) {
  byId("starters").replaceChildren(...starters.slice(0, FEW).map(({ question }) =>
    h("li", {}, h("a.chip", { href: asking.askAt(question) }, question))));
}

async function boot() {
  asking.wire(go);
  wireTheme();
  byId("question").focus();
  try {
    await session.begin();
    showStarters((await api.catalog()).starters);
  } catch (problem) {
    if (!(problem instanceof api.Problem)) throw problem;
    byId("content").replaceChildren(h("div.card.failed", { role: "alert" }, h("p.sentence", {}, problem.message),
      problem.next ? h("p.note", {}, problem.next) : null));
  }
  byId("content").removeAttribute("aria-busy");
}

boot();
