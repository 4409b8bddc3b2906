// The rows of an answer, and the same as text for elsewhere.

import { h } from "./dom.js";
import { cell, plural } from "./format.js";

const FIRST = 10;

export function table(answer) {
  const { columns, rows } = answer;
  const numeric = columns.map((column) => column.kind === "metric");
  const cut = cutSteps(answer);
  const body = h("tbody", {}, rows.slice(0, FIRST).map(row));
  function row(values) {
    return h("tr", {}, values.map((value, i) => h(numeric[i] ? "td.number" : "td", {}, cell(value, columns[i]),
      columns[i].kind === "time" && cut.has(value) ? h("small.cut", { title: cut.get(value).says || undefined }, cut.get(value).running ? "so far" : "in part") : null)));
  }
  const head = h("thead", {}, h("tr", {}, columns.map((column, i) =>
    h(numeric[i] ? "th.number" : "th", { scope: "col" }, column.label))));
  const scroller = h("div.rows", { tabindex: "0", role: "region", "aria-label": `Rows: ${answer.question}` },
    h("table", {}, h("caption.hidden", {}, answer.sentence), head, body));
  const box = h("div", {}, scroller);
  if (rows.length > FIRST) {
    const more = h("button.button.quiet.small.more", {
      type: "button",
      onclick: () => {
        body.append(...rows.slice(FIRST).map(row));
        more.remove();
        scroller.focus();
      },
    }, `Show all ${plural(rows.length, "row")}`);
    box.append(more);
  }
  if (answer.truncated) box.append(h("p.note", {}, `There are more rows than these ${plural(rows.length, "row")}; narrow the question to see them.`));
  return box;
}

/** The steps of time of which not every day is known: first day to what is to be said of it. */
export function cutSteps(answer) {
  return new Map((answer.partial ?? []).filter((part) => part.grain && !part.compared).map((part) => [part.step, part]));
}

/** RFC 4180; a cell that a spreadsheet would run as a formula is made text. */
export function csv({ columns, rows }) {
  const quoted = (value) => {
    let text = value === null || value === undefined ? "" : String(value);
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns.map((column) => column.label), ...rows].map((line) => line.map(quoted).join(",")).join("\r\n") + "\r\n";
}

/** Tab-separated, as spreadsheets take it from the clipboard. */
export function tabbed({ columns, rows }) {
  return [columns.map((column) => column.label), ...rows.map((row) => row.map((value, i) => cell(value, columns[i])))]
    .map((line) => line.join("\t")).join("\n");
}
