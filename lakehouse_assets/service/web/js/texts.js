// Passages of an answer that is text: what each is called, its words, and where it is from.

import { h } from "./dom.js";

const LONGEST = 320; // characters of a passage that are shown at first

const KINDS = {
  metric: "Figure", dimension: "Dimension", dashboard: "Dashboard", tile: "Tile", table: "Table", column: "Column",
  question: "Question", document: "Document",
};

function words(text) {
  if (text.length <= LONGEST) return text ? h("p", {}, text) : null;
  return h("details", {}, h("summary", {}, `${text.slice(0, LONGEST)}…`), h("p", {}, text));
}

/** The rows of such an answer as a list, the nearest first. */
export function texts(answer) {
  const names = answer.columns.map((column) => column.name);
  return h("ol.texts", { "aria-label": "Passages, the nearest first" }, answer.rows.map((row) => {
    const one = Object.fromEntries(names.map((name, at) => [name, row[at]]));
    return h("li", {},
      h("p.text-head", {}, one.link.startsWith("/") ? h("a", { href: one.link }, one.title) : h("b", {}, one.title), h("span.text-kind", {}, KINDS[one.kind] ?? one.kind)),
      words(one.text),
      h("p.text-source", {}, one.source));
  }));
}
