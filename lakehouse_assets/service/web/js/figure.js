// A single figure, large, with what it was before.

import { h } from "./dom.js";
import { brief, cell, number, withDays } from "./format.js";

/** The only row of an answer: its first figure, with `compact` for little room, and how it has changed where the answer compares. */
export function figure({ columns, rows, chart }, { compact = false } = {}) {
  const at = (name) => columns.findIndex((column) => column.name === name);
  const first = Math.max(0, at(chart?.y?.[0]));
  return h("p.figure", {}, h("strong", { title: cell(rows[0][first], columns[first]) }, compact ? brief(rows[0][first], columns[first]) : cell(rows[0][first], columns[first])), h("span", {}, columns[first].label),
    chart?.change ? change(rows[0], columns, { ...chart, first, before: at(chart.before), change: at(chart.change) }, compact ? brief : cell) : null);
}

function change(row, columns, { first, before, change: at, good }, written) {
  const by = row[at];
  if (by === null || by === undefined) return null;
  const was = before >= 0 ? ` from ${written(row[before], columns[before])}` : "";
  // Of a share the difference is told: a tenth more of 50 % could be read as 60 % or as 55 %.
  const points = columns[first].format === "percent" && before >= 0 && row[before] !== null ? row[first] - row[before] : null;
  return h("span.change", {}, changeOf(points ?? by, good, points !== null), was, h("small", {}, before >= 0 ? ` ${withDays(columns[before].label.split(", ").slice(1).join(", "))}` : ""));
}

/** A change with its direction, in words for who does not see the colour: relative, or in points of a share. */
export function changeOf(by, good = null, points = false) {
  const way = by > 0 ? "up" : by < 0 ? "down" : "same";
  const judged = good && way !== "same" ? (way === good ? ".good" : ".bad") : "";
  const arrow = { up: "\u25b2", down: "\u25bc", same: "\u25cf" }[way];
  const said = { up: "up", down: "down", same: "unchanged" }[way];
  return h(`b.by${judged}`, {}, h("span", { "aria-hidden": "true" }, `${arrow} `), h("span.hidden", {}, `${said} `),
    points ? `${number(Math.abs(by) * 100, { format: "points" })} points` : by === 0 ? "0 %" : number(Math.abs(by), { format: "percent" }));
}
