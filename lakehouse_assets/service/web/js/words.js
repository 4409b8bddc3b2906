// The words of a question and what became of them: marks in the question, parts of the plan, and how they light up.

import { h } from "./dom.js";
import { without } from "./reading.js";

const KINDS = {
  metric: "metric", dimension: "dimension", value: "value", time: "time", operator: "what to do", left_out: "left out",
  unknown: "unknown", corrected: "corrected", implied: "not said",
};
const WHY = {
  label: "its name", synonym: "a synonym", name: "its name", description: "its description", related: "a related word",
  value: "a value", initials: "its initials", spelling: "put right in spelling",
};

/** What a word became, in words: "Ward (dimension, its name)". */
export function told(one) {
  const why = WHY[one.why] ? `, ${WHY[one.why]}` : "";
  const kind = KINDS[one.part] ? ` (${KINDS[one.part]}${why})` : "";
  return `${one.part === "metric" || one.part === "dimension" ? one.label ?? one.meaning : one.meaning}${kind}`;
}

/** What is the same part of a plan wherever it is shown. */
const part = (one) => [one.part, one.name ?? "", ["unknown", "left_out"].includes(one.part) ? one.words : one.label ?? one.meaning].join("|");

/** A question with its words marked, the place where one word is told, and the rest of the turn lighting up with it. */
export function asked(question, because) {
  const text = h("p.asked", {}, marked(question, because));
  const tip = h("p.word-tip", { hidden: true, "aria-hidden": "true" });
  const head = h("div.asked-head", {}, text, tip);
  const light = (target) => lightUp(head.parentElement ?? head, target, tip);
  text.addEventListener("keydown", (event) => walk(event, text));
  queueMicrotask(() => wire(head.parentElement, { light, text, question, because }));
  return head;
}

/** The parts of the plan that words became, and those that no word asked for; with `pick` they can be left out. */
export function parts(answer, pick = null) {
  const shown = new Map();
  for (const one of answer.because) {
    const joins = one.part === "operator" && !one.label;
    if (one.part && one.part !== "corrected" && !joins && !shown.has(part(one))) shown.set(part(one), one);
  }
  return [shown.size ? partList(shown, answer.plan, pick) : null, isUntold(answer)
    ? h("p.note", {}, "A language model reads a question as a whole: it does not say which words became what.") : null];
}

/** Whether a language model's reading is among what is shown; of its words nobody knows. */
function isUntold({ planner, choices }) {
  return planner === "model" || (planner !== "rules" && (choices ?? []).some((choice) => !choice.because?.length));
}

function partList(shown, plan, pick) {
  return h("ul.parts", { "aria-label": "What the words became" }, [...shown.values()].map((one) => h("li", {},
    h(`button.part.of-${one.part}`, { type: "button", "data-part": part(one) }, h("small", {}, KINDS[one.part]), " ", h("span", {}, shortly(one))),
    pick ? leaveOut(one, without(plan, one), pick) : null)));
}

function leaveOut(one, plan, pick) {
  return plan && h("button.leave-out", { type: "button", "aria-label": `Without ${shortly(one)}`, title: "Ask without this",
    onclick: () => pick({ question: "", plan }) }, "×");
}

/** A part in the fewest words. */
function shortly(one) {
  if (one.part === "unknown" || one.part === "left_out") return one.words;
  return one.part === "value" ? one.meaning : one.label ?? one.meaning;
}

/** Have a button show how its reading takes the words, as long as it is pointed at. */
export function previewed(button, because) {
  const tell = (detail) => () => button.dispatchEvent(new CustomEvent("reading", { bubbles: true, detail }));
  for (const name of ["mouseenter", "focus"]) button.addEventListener(name, tell(because));
  for (const name of ["mouseleave", "blur"]) button.addEventListener(name, tell(null));
  return button;
}

// --- marks

/** The question as text and marked words; places are counted in code points, as the service does. */
function marked(question, because) {
  const letters = [...question];
  const placed = because.filter((one) => Number.isInteger(one.start) && one.part !== "corrected")
    .sort((a, b) => a.start - b.start);
  const mended = because.filter((one) => one.part === "corrected");
  const alone = mended.filter((fix) => !placed.some((one) => fix.start >= one.start && fix.end <= one.end));
  const found = [];
  let at = 0;
  for (const one of [...placed, ...alone].sort((a, b) => a.start - b.start)) {
    if (one.start < at || one.end > letters.length) continue;
    found.push(letters.slice(at, one.start).join(""));
    const fixes = mended.filter((fix) => fix !== one && fix.start >= one.start && fix.end <= one.end);
    found.push(word(letters.slice(one.start, one.end).join(""), one, fixes, found.length === 1));
    at = one.end;
  }
  return [...found, letters.slice(at).join("")];
}

function word(text, one, fixes, first) {
  const says = `${text}${fixes.map((fix) => `, ${fix.meaning}`).join("")} → ${told(one)}`;
  const selector = `button.word.of-${one.part}${fixes.length ? ".mended" : ""}`;
  return h(selector, { type: "button", tabindex: first ? "0" : "-1", "data-part": part(one), "data-says": says, "aria-label": says }, text);
}

/** One stop for the tab key; the arrows lead from word to word. */
function walk(event, text) {
  const words = [...text.querySelectorAll(".word")];
  const at = words.indexOf(event.target);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: words.length - 1 }[event.key];
  if (at < 0 || to === undefined || !words[to]) return;
  event.preventDefault();
  words.forEach((one, i) => one.setAttribute("tabindex", i === to ? "0" : "-1"));
  words[to].focus();
}

// --- light

function wire(turn, { light, text, question, because }) {
  if (!turn) return;
  const at = (event) => event.target.closest?.("[data-part]") ?? null;
  for (const name of ["mouseover", "focusin", "click"]) turn.addEventListener(name, (event) => light(at(event)));
  turn.addEventListener("mouseleave", () => light(null));
  turn.addEventListener("focusout", () => light(null));
  turn.addEventListener("keydown", (event) => event.key === "Escape" && light(null));
  turn.addEventListener("reading", (event) => {
    light(null);
    text.replaceChildren(...marked(question, event.detail ?? because));
  });
}

/** Light up all that is the same part, and tell of a word where it stands. */
function lightUp(turn, target, tip) {
  const same = target ? (one) => one.dataset.part === target.dataset.part : () => false;
  for (const one of turn.querySelectorAll("[data-part]")) one.classList.toggle("lit", same(one));
  tip.hidden = !target?.dataset.says;
  if (tip.hidden) return;
  tip.textContent = target.dataset.says;
  const [head, at] = [tip.parentElement.getBoundingClientRect(), target.getBoundingClientRect()];
  const left = Math.min(at.left - head.left, head.width - tip.offsetWidth);
  tip.style.left = `${Math.max(0, left)}px`;
  tip.style.top = `${at.bottom - head.top + 6}px`;
}
