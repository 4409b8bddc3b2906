// The rows of an answer, and the same as text for elsewhere.

import * as api from "./api.js";
import { h, toast } from "./dom.js";
import { cell, isLong, named, plural } from "./format.js";

const FIRST = 10;
const PAGE = 20;
const MASK = "•••";

/** The rows as a table: at first some of them, or with `all` what there is room for. */
export function table(answer, { all = false } = {}) {
  const { columns } = answer;
  const numeric = columns.map((column) => column.kind === "metric");
  const cut = cutSteps(answer);
  const body = h("tbody", {});
  function row(values) {
    return h("tr", {}, values.map((value, i) => h(numeric[i] ? "td.number" : "td", {}, shown(value, columns[i]),
      columns[i].kind === "time" && cut.has(value) ? h("small.cut", { title: cut.get(value).says || undefined }, cut.get(value).running ? "so far" : "in part") : null)));
  }
  const head = h("thead", {}, h("tr", {}, columns.map((column, i) =>
    h(numeric[i] ? "th.number" : "th", { scope: "col" }, column.label))));
  const scroller = h("div.rows", { tabindex: "0", role: "region", "aria-label": `Rows: ${answer.question}` },
    h("table", {}, h("caption.hidden", {}, answer.sentence), head, body));
  const show = (rows) => { body.replaceChildren(...rows.map(row)); scroller.scrollTop = 0; };
  return h("div", {}, scroller, (answer.plan?.records ? pages : firstThenAll)(answer, show, scroller, all));
}

/** A cell; what the asker may not see is told as such, to screen readers as well. */
function shown(value, column) {
  return value === MASK
    ? h("span.masked", { title: "Personal: your role does not see it" }, h("span", { "aria-hidden": "true" }, MASK), h("span.hidden", {}, "masked"))
    : coded(value, column);
}

const plainly = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

/** A cell with the code behind its name: to be pointed at where that has the same letters, else beside it. */
function coded(value, column) {
  const name = named(value, column);
  if (!name) return cell(value, column);
  const code = String(value);
  return plainly(name) === plainly(code) ? h("span", { title: code }, name) : [name, " ", h("small.code", {}, code)];
}

/** Columns and rows for files: beside codes what they are called. */
function withNames({ columns, rows }) {
  const wide = columns.flatMap((column) => (hasNames(column) ? [column, { ...column, label: `${column.label}, name` }] : [column]));
  return { columns: wide, rows: rows.map((row) => row.flatMap((value, i) => (hasNames(columns[i]) ? [value, named(value, columns[i])] : [value]))) };
}

const hasNames = (column) => Object.keys(column.names ?? {}).length > 0;

/** The first rows, and a button for all of them. */
function firstThenAll(answer, show, scroller, all) {
  const { rows } = answer;
  show(all ? rows : rows.slice(0, FIRST));
  const more = rows.length > FIRST && !all ? h("button.button.quiet.small.more", {
    type: "button",
    onclick: () => {
      show(rows);
      more.remove();
      scroller.focus();
    },
  }, `Show all ${plural(rows.length, "row")}`) : null;
  return [more, answer.truncated ? h("p.note", {}, `There are more rows than these ${plural(rows.length, "row")}; narrow the question to see them.`) : null];
}

/** Records page by page; what the service has not sent yet is asked for as it comes into sight. */
function pages(answer, show) {
  const { plan, question } = answer;
  const rows = [...answer.rows];
  let left = answer.truncated || Boolean(answer.cut);
  let first = 0;
  const where = h("span.quiet-text", { role: "status" });
  const before = pageButton("Previous", () => turn(-PAGE));
  const after = pageButton("Next", () => turn(PAGE));
  function look() {
    const last = Math.min(first + PAGE, rows.length);
    const skip = plan.skip ?? 0;
    show(rows.slice(first, last));
    where.textContent = `${skip + first + 1}–${skip + last} of ${left ? "more than " : ""}${(skip + rows.length).toLocaleString("en")}`;
    before.setAttribute("aria-disabled", String(first === 0));
    after.setAttribute("aria-disabled", String(last === rows.length && !left));
  }
  async function turn(step) {
    const to = first + step;
    if (to < 0 || (to >= rows.length && !left)) return;
    if (to + PAGE > rows.length && left && !(await fetchMore())) return;
    if (to < rows.length) first = to;
    look();
  }
  async function fetchMore() {
    after.disabled = true;
    try {
      const more = await api.query({ ...plan, skip: (plan.skip ?? 0) + rows.length }, question);
      rows.push(...more.rows);
      left = more.truncated;
      return true;
    } catch (problem) {
      toast(`${problem.message} ${problem.next ?? ""}`);
      return false;
    } finally {
      after.disabled = false;
      after.focus();
    }
  }
  look();
  return rows.length > PAGE || left
    ? h("div.pages", { role: "group", "aria-label": "Pages of the list" }, before, where, after) : null;
}

function pageButton(label, onclick) {
  return h("button.button.quiet.small", { type: "button", onclick }, label);
}

/** The steps of time of which not every day is known: first day to what is to be said of it. */
export function cutSteps(answer) {
  return new Map((answer.partial ?? []).filter((part) => part.grain && !part.compared).map((part) => [part.step, part]));
}

/** A text that a spreadsheet takes for no formula; the wide signs begin one where Japanese is written. */
const harmless = (text) => (/^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text);

/** RFC 4180; a cell that a spreadsheet would run as a formula is made text. Below an empty line: of which snapshots it is. */
export function csv(answer) {
  const { freshness = [] } = answer;
  const { columns, rows } = withNames(answer);
  const quoted = (value, i) => {
    const text = typeof value === "string" && !isLong(value, columns[i]) ? harmless(value) : String(value ?? "");
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns.map((column) => harmless(column.label)).map((label) => quoted(label)), ...rows.map((row) => row.map(quoted))];
  const states = freshness.map((state) => [state.table ? `${state.table} at snapshot ${state.snapshot_id}` : "", state.newest_day ? `data to ${state.newest_day}` : ""]
    .filter(Boolean).join(", ")).filter(Boolean).map((text) => [quoted(text)]);
  return [...lines, ...(states.length ? [[], ...states] : [])].map((line) => line.join(",")).join("\r\n") + "\r\n";
}

/** Tab-separated, as spreadsheets take it from the clipboard: they would run formulas from there, too. */
export function tabbed({ columns, rows }) {
  const plain = (text, isText) => (isText ? harmless(text) : text).replace(/[\t\r\n]+/g, " ");
  const cells = rows.map((row) => row.map((value, i) => plain(cell(value, columns[i]), typeof value === "string" && !isLong(value, columns[i]))));
  return [columns.map((column) => plain(column.label, true)), ...cells].map((line) => line.join("\t")).join("\n");
}
