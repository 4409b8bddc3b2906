// The page of one answer: what was asked and when, and the answer as it was given.

import { addressOf, card, problemCard } from "./answer.js";
import * as api from "./api.js";
import { askAt } from "./asking.js";
import { byId, h, wireTheme } from "./dom.js";
import { moment } from "./format.js";
import * as session from "./session.js";
import { asked } from "./words.js";

const content = byId("content");
const id = decodeURIComponent(location.pathname.split("/").at(-1));

/** A choice becomes an answer with an address of its own. */
async function pick({ question, plan }) {
  try {
    location.href = addressOf(await api.query(plan, question));
  } catch (problem) {
    tell(problem);
  }
}

function tell(problem) {
  if (!(problem instanceof api.Problem)) throw problem;
  content.append(problemCard(problem, { again: () => location.reload() }));
}

function show(answer) {
  document.title = `${answer.question} · asklake`;
  const by = [answer.asked_by ? `Asked by ${answer.asked_by}` : "Asked", `on ${moment(answer.asked_at)}`,
    answer.tenant ? `for ${answer.tenant}` : ""].filter(Boolean).join(" ");
  content.replaceChildren(
    h("h1.hidden", {}, answer.question),
    h("p.eyebrow", {}, by, h("a", { href: askAt(answer.question) }, "Ask again, of today's data")),
    h("div.turn", {}, asked(answer.question, answer.because), card(answer, { pick, ask: (question) => { location.href = askAt(question); } })));
}

async function boot() {
  wireTheme();
  try {
    await session.begin();
    show(await api.answer(id));
  } catch (problem) {
    tell(problem);
  }
  content.removeAttribute("aria-busy");
}

boot();
