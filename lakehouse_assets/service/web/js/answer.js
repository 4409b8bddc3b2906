// An answer as a card: the sentence, the picture, the rows, and everything that stands behind them.

import * as api from "./api.js";
import { copy, h, icon, toast } from "./dom.js";
import { exportMenu } from "./exporting.js";
import { figure } from "./figure.js";
import { day, milliseconds, moment, plural } from "./format.js";
import { drawnAs, picture } from "./picture.js";
import { pin, pinOf } from "./pin.js";
import { changes } from "./reading.js";
import { share } from "./share.js";
import { table, tabbed } from "./table.js";
import { texts } from "./texts.js";
import { parts, previewed, told } from "./words.js";

const TICK = "M4 10.5 8 14.5 16 6";
const CROSS = "M5 5l10 10M15 5 5 15";
const COPY = "M7 7V4h9v9h-3M4 7h9v9H4z";
const LINK = "M8.5 11.5a3 3 0 0 0 4.2 0l2.6-2.6a3 3 0 0 0-4.2-4.2l-1 1M11.5 8.5a3 3 0 0 0-4.2 0l-2.6 2.6a3 3 0 0 0 4.2 4.2l1-1";
const PIN = "M7 3h6l-1 6 3 2.5v1.5H5v-1.5L8 9zM10 13v4";
const SHARE = "M10 12V3M6.5 6 10 2.8 13.5 6M5 9.5H4V17h12V9.5h-1";
const AGAIN = "M15.5 10a5.5 5.5 0 1 1-1.6-3.9M15.5 3v3.6h-3.6";

/** The card of an answer; `pick` is called with a choice, `ask` with words. */
export function card(answer, { pick, ask }) {
  const parts = { answered, found, clarify, refused: declined, failed: declined };
  return h(`article.card.${answer.outcome}`, { "aria-label": `Answer: ${answer.sentence}` },
    parts[answer.outcome](answer, { pick, ask }));
}

function answered(answer, { pick }) {
  const single = answer.rows.length === 1 && (answer.columns.length === 1 || answer.chart?.kind === "number");
  return [
    single ? figure(answer) : h("p.sentence", {}, answer.sentence),
    parts(answer, pick),
    changes(answer, pick),
    carried(answer, pick),
    answer.summary ? h("p.summary", {}, answer.summary, h("span.quiet-text", {}, " by the language model, numbers checked")) : null,
    single && answer.filters.length ? h("p.scope", {}, answer.filters.join(" · ")) : null,
    single ? (answer.partial ?? []).map((part) => h("p.note", {}, part.says)) : null,
    answer.notes.map((note) => h("p.note", {}, note)),
    answer.choices?.length ? choices(answer, pick, "Other figures") : null,
    answer.chart && !single ? picture(answer, fileName(answer)) : null,
    single || !answer.rows.length ? null : table(answer),
    behind(answer),
    foot(answer),
  ];
}

/** What stays from the question before, each to be taken away with one click. */
function carried(answer, pick) {
  const parts = answer.carried ?? [];
  if (!parts.length) return null;
  return h("ul.carried", { "aria-label": "From the question before" }, h("li.carried-lead", {}, "From the question before:"),
    parts.map((part) => h("li", {}, part.without
      ? h("button.chip", { type: "button", "aria-label": `Without: ${part.says}`, title: "Ask without this", onclick: () => pick(part.without) },
        part.says, h("span", { "aria-hidden": "true" }, "×"))
      : h("span.chip", {}, part.says))));
}

function clarify(answer, { pick }) {
  return [
    h("p.sentence", {}, answer.sentence),
    choices(answer, pick, "Choices"),
    parts(answer),
    foot(answer),
  ];
}

function choices(answer, pick, label) {
  return h("div.choices", { role: "group", "aria-label": label }, answer.choices.map((choice) =>
    previewed(h("button.choice", { type: "button", onclick: () => pick(choice) }, choice.question), choice.because ?? [])));
}

/** Passages instead of figures, each with where it is from; and the figures that may be meant. */
function found(answer, { pick }) {
  return [
    h("p.text-found", {}, "Text found, no figures"),
    texts(answer),
    answer.notes.map((note) => h("p.note", {}, note)),
    answer.choices.length ? [h("p.note", {}, "Figures that may be meant:"), choices(answer, pick, "Figures")] : null,
    foot(answer),
  ];
}

function declined(answer, { ask }) {
  return [
    h("p.sentence", {}, answer.sentence),
    answer.nearest.length
      ? [h("p.note", {}, "Nearest that I know:"),
        h("div.choices", {}, answer.nearest.map((text) => h("button.choice", { type: "button", onclick: () => ask(text) }, text)))]
      : null,
    parts(answer),
    foot(answer),
  ];
}

/** A problem of the service as a card: what it is, what to do, and the way to do it. */
export function problemCard(problem, { again }) {
  return h("div.card.failed", { role: "alert" },
    h("p.sentence", {}, problem.message),
    problem.next ? h("p.note", {}, problem.next) : null,
    h("div.tools", {},
      // Asking again without a key asks for one first.
      h("button.button.small", { type: "button", onclick: again }, problem.code === "unauthorized" ? "Enter a key" : "Ask again"),
      problem.requestId ? h("span.quiet-text", {}, `request ${problem.requestId}`) : null));
}

// --- what stands behind an answer

function behind(answer) {
  return h("div.behind", {},
    fold("How it was understood", understood(answer)),
    answer.sql ? fold("SQL", [
      h("pre", { tabindex: "0", "aria-label": "SQL" }, h("code", {}, answer.sql)),
      h("button.button.quiet.small", { type: "button", onclick: () => copy(answer.sql, "SQL") }, icon(COPY), "Copy SQL"),
    ]) : null,
    answer.freshness.length ? fold(freshLabel(answer), freshness(answer)) : null);
}

function fold(label, content) {
  return h("details", {}, h("summary", {}, label), h("div.fold", {}, content));
}

function understood(answer) {
  const plan = answer.plan ?? {};
  const facts = [
    ["Means", Object.entries(answer.definitions).map(([label, text]) => h("span.line", {}, h("b", {}, label), `: ${text}`))],
    ["Only", answer.filters.map((text) => h("span.line", {}, text))],
    ["Your words", answer.because.map((one) => h("span.line", {}, one.words ? [h("q", {}, one.words), " → "] : null, told(one)))],
    ["Sure", answer.confidence === null ? [] : [`${Math.round(answer.confidence * 100)} %, by ${answer.planner}`]],
  ].filter(([, lines]) => lines.length);
  return [
    h("dl", {}, facts.map(([name, lines]) => [h("dt", {}, name), h("dd", {}, lines)])),
    h("details.inner", {}, h("summary", {}, "The plan itself"),
      h("pre", { tabindex: "0", "aria-label": "Plan" }, h("code", {}, JSON.stringify(sparse(plan), null, 2)))),
  ];
}

/** A plan without what it does not say. */
function sparse(plan) {
  return Object.fromEntries(Object.entries(plan).filter(([name, value]) =>
    value !== null && value !== false && !(Array.isArray(value) && !value.length) && !(name === "limit" && value === 1000) && value !== 0));
}

function freshLabel(answer) {
  const newest = answer.freshness.map((state) => state.newest_day).filter(Boolean).sort().at(-1);
  return newest ? `Data to ${day(newest)}` : "Data";
}

function freshness(answer) {
  return h("div.rows", { tabindex: "0", role: "region", "aria-label": "Tables that were read" }, h("table", {},
    h("thead", {}, h("tr", {}, ["Table", "Newest day", "Published", "Snapshot"].map((text) => h("th", { scope: "col" }, text)))),
    h("tbody", {}, answer.freshness.map((state) => h("tr", {},
      h("td", {}, h("code", {}, state.table)), h("td", {}, day(state.newest_day)),
      h("td", {}, moment(state.published_at)), h("td", {}, h("code", {}, String(answer.snapshots[state.table] ?? state.snapshot_id))))))));
}

// --- what can be done with an answer

const fileName = ({ question }) => question.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 60) || "answer";

function foot(answer) {
  const tools = [];
  if (answer.outcome === "answered") {
    tools.push(tool(COPY, "Copy", () => copy(tabbed(answer), plural(answer.rows.length, "row"))));
    tools.push(exportMenu("Save this answer as a file", "Save", ["csv", "xlsx", "pdf", "png"], (format) => api.exportAnswer(answer.answer_id, format), true));
    if (answer.plan && !answer.plan.analysis) tools.push(tool(PIN, "Pin", () => attempted(() => pin(pinOf(answer, drawnAs.get(answer.answer_id))))));
    tools.push(tool(SHARE, "Share", () => share({ answer: answer.answer_id }, "this answer as it is")));
    if (Object.keys(answer.snapshots).length) tools.push(tool(AGAIN, "Replay", (event) => replay(answer, event.currentTarget)));
  }
  tools.push(tool(LINK, "Link", () => copy(new URL(addressOf(answer), location.origin).href, "The answer's address")));
  const timing = [answer.outcome === "answered" ? plural(answer.rows.length, "row") : null,
    milliseconds(answer.elapsed_ms), answer.cached ? "remembered" : null].filter(Boolean).join(" · ");
  return h("div.foot", {}, h("span.quiet-text", { title: `answer ${answer.answer_id}` }, timing),
    h("div.tools", {}, tools, verdict(answer)));
}

/** Where an answer is found again. */
export const addressOf = ({ answer_id: id }) => `/answers/${encodeURIComponent(id)}`;

function tool(path, label, onclick) {
  return h("button.button.quiet.small", { type: "button", onclick }, icon(path), label);
}

/** Do what may not work, and tell where it does not. */
async function attempted(act) {
  try {
    await act();
  } catch (problem) {
    if (!(problem instanceof api.Problem)) throw problem;
    toast(`${problem.message} ${problem.next ?? ""}`);
  }
}

async function replay(answer, button) {
  button.disabled = true;
  try {
    const { same_rows: same, answer: again } = await api.replay(answer.answer_id);
    toast(same
      ? `The same ${plural(again.rows.length, "row")} again, from the snapshots it was made from`
      : "The rows differ from the first time");
  } catch (problem) {
    toast(`${problem.message} ${problem.next ?? ""}`);
  } finally {
    button.disabled = false;
  }
}

function verdict(answer) {
  const box = h("div.verdict", { role: "group", "aria-label": "Is this answer right?" });
  const right = h("button.button.quiet.small", { type: "button", "aria-pressed": "false", onclick: () => give("right") }, icon(TICK), "Right");
  const wrong = h("button.button.quiet.small", { type: "button", "aria-pressed": "false", onclick: () => give("wrong") }, icon(CROSS), "Wrong");
  box.append(right, wrong);
  async function give(which) {
    try {
      await api.feedback(answer.answer_id, which);
    } catch (problem) {
      toast(`${problem.message} ${problem.next ?? ""}`);
      return;
    }
    right.setAttribute("aria-pressed", String(which === "right"));
    wrong.setAttribute("aria-pressed", String(which === "wrong"));
    box.querySelector("form")?.remove();
    if (which === "right") toast("Thank you: kept with the answer");
    else box.append(commentForm(answer));
  }
  return box;
}

function commentForm(answer) {
  const input = h("input", { type: "text", maxlength: "2000", placeholder: "What did you expect?", "aria-label": "What did you expect?" });
  const form = h("form.comment", {
    onsubmit: async (event) => {
      event.preventDefault();
      try {
        if (input.value.trim()) await api.feedback(answer.answer_id, "wrong", input.value.trim());
        form.remove();
        toast("Thank you: kept with the answer");
      } catch (problem) {
        toast(`${problem.message} ${problem.next ?? ""}`);
      }
    },
  }, input, h("button.button.small", {}, "Send"));
  queueMicrotask(() => input.focus());
  return form;
}
