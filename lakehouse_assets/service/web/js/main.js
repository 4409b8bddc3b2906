// The page of the conversation: boot, questions and their answers, and the keys.

import { card, problemCard } from "./answer.js";
import * as api from "./api.js";
import * as asking from "./asking.js";
import { runDemo } from "./demo.js";
import { byId, h, offerFocus, wireTheme } from "./dom.js";
import { begin, keep } from "./history.js";
import * as session from "./session.js";
import * as sidebar from "./sidebar.js";
import { asked as askedWords } from "./words.js";

const thread = byId("thread");
const input = byId("question");
let conversation = begin();
let catalog = null;
let running = null;
let asked = -1;

// --- the conversation

/** Ask words, or a choice's plan; resolves to the answer, or null where there is none. */
async function put(question, { plan = null, now = null } = {}) {
  running?.abort();
  const abort = new AbortController();
  running = abort;
  document.querySelector(".hello")?.remove();
  const waiting = h("div.turn", {}, h("p.asked", {}, question || "…"),
    h("article.card.waiting", { "aria-label": "Working" }, h("span.dots", {}, h("i"), h("i"), h("i")),
      h("button.button.quiet.small", { type: "button", onclick: () => abort.abort() }, "Stop")));
  thread.append(waiting);
  reachable();
  toEnd(waiting);
  const turn = { question, answer: null };
  const previous = now ? null : conversation.turns.findLast((one) => one.answer?.outcome === "answered")?.answer.plan;
  conversation.turns.push(turn);
  try {
    turn.answer = plan ? await api.query(plan, question, abort.signal) : await api.ask(question, { now, previous, signal: abort.signal });
    turn.question ||= turn.answer.question;
    waiting.replaceChildren(askedWords(turn.question, turn.answer.because), card(turn.answer, { pick, ask }));
    keep(conversation);
    sidebar.showHistory(conversation.id, open);
    return turn.answer;
  } catch (problem) {
    conversation.turns.splice(conversation.turns.indexOf(turn), 1);
    if (problem.name === "AbortError") {
      waiting.lastChild.replaceWith(h("article.card.refused", {}, h("p.note", {}, "Stopped.")));
      return null;
    }
    if (!(problem instanceof api.Problem)) throw problem;
    waiting.lastChild.replaceWith(problemCard(problem, { again: () => { waiting.remove(); put(question, { plan, now }); } }));
    return null;
  } finally {
    if (running === abort) running = null;
    toEnd(waiting);
  }
}

/** A choice, a starter or an example of the catalog: its words, and the plan that they stand for. */
function pick({ question, plan }) {
  sidebar.closeIfOver();
  return put(question, { plan });
}

function ask(question) {
  sidebar.closeIfOver();
  return put(question);
}

/** Let the link at the top of the page lead to the newest turn; it is not there while there is none. */
function reachable() {
  document.getElementById("newest")?.removeAttribute("id");
  const newest = Array.from(thread.querySelectorAll(".turn")).pop();
  if (newest) Object.assign(newest, { id: "newest", tabIndex: -1 });
  byId("to-newest").hidden = !newest;
}

/** The newest turn in sight, from its question on. */
function toEnd(turn) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  turn.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
}

function open(past) {
  conversation = { ...past, turns: [...past.turns] };
  asked = -1;
  thread.replaceChildren(...past.turns.filter((turn) => turn.answer).map((turn) =>
    h("div.turn", {}, askedWords(turn.question, turn.answer.because), card(turn.answer, { pick, ask }),
      turn.answer.cut ? h("p.note", {}, "Only its first rows are kept in this browser; ask again for all.") : null)));
  reachable();
  sidebar.showHistory(conversation.id, open);
  sidebar.closeIfOver();
  thread.lastElementChild?.scrollIntoView({ block: "start" });
}

function fresh() {
  running?.abort();
  conversation = begin();
  asked = -1;
  thread.replaceChildren(hello());
  reachable();
  sidebar.showHistory(conversation.id, open);
  input.focus();
}

// --- the first sight

function hello() {
  const starters = catalog?.starters ?? [];
  return h("section.hello", {},
    h("h2", {}, "What would you like to know?"),
    h("p", {}, "Ask in plain English. Every answer shows how it was understood, its SQL and how fresh its data is; where a question can be read in several ways, you choose."),
    starters.length ? h("div.starters", {}, starters.map((starter) =>
      h("button.starter", { type: "button", onclick: () => pick(starter) }, h("small", {}, sidebar.named(starter.domain)), starter.question))) : null);
}

// --- keys of the keyboard

asking.wire((question) => {
  asked = -1;
  ask(question);
});

input.addEventListener("keydown", (event) => {
  if (event.key === "ArrowUp" && (input.value === "" || asked >= 0)) recall(event, 1);
  else if (event.key === "ArrowDown" && asked >= 0) recall(event, -1);
});

/** Earlier questions by the arrow keys, as in a shell. */
function recall(event, step) {
  const questions = conversation.turns.map((turn) => turn.question).reverse();
  const next = Math.min(asked + step, questions.length - 1);
  if (!questions.length) return;
  event.preventDefault();
  asked = next;
  input.value = next >= 0 ? questions[next] : "";
  asking.grow();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && running) running.abort();
});

// --- buttons of the bar

byId("new").addEventListener("click", fresh);
byId("demo").addEventListener("click", () => { sidebar.closeIfOver(); runDemo(catalog.demo, put); });
wireTheme();

// --- boot

async function loadCatalog() {
  catalog = await api.catalog();
  sidebar.showCatalog(catalog, pick);
  byId("demo").hidden = !catalog.demo.length;
}

async function boot() {
  sidebar.wire();
  sidebar.settle();
  thread.replaceChildren(hello());
  try {
    const [state] = await Promise.all([api.health(), session.begin()]);
    byId("state").textContent = state.status === "ok" ? "" : "Parts of the service are not reachable";
    const stale = state.stale_layer;
    byId("banner").hidden = !stale;
    if (stale) byId("banner").textContent = `Answers are by an earlier semantic layer: ${stale.file ?? "the project"}${stale.line ? `, line ${stale.line},` : ""} cannot be read. ${stale.problem}`;
    await loadCatalog();
    if (document.querySelector(".hello")) thread.replaceChildren(hello());
  } catch (problem) {
    if (!(problem instanceof api.Problem)) throw problem;
    thread.append(problemCard(problem, { again: () => location.reload() }));
  }
  sidebar.showHistory(conversation.id, open);
  offerFocus(input);
  const question = new URLSearchParams(location.search).get("q")?.trim();
  if (!question) return;
  window.history.replaceState(null, "", location.pathname); // the page loaded again does not ask again
  ask(question);
}

boot();
