// A profile: what the rows of a table, a load or a file are like, column by column, with small histograms.

import { h, s } from "./dom.js";

const WIDTH = 96;
const HEIGHT = 26;

export const number = (value) => value.toLocaleString("en", { maximumSignificantDigits: 6 });
export const whole = (value) => value.toLocaleString("en");
const plural = (count, what, many = `${what}s`) => `${whole(count)} ${count === 1 ? what : many}`;
export const share = (part, all) => (!all || !part ? "0 %" : part / all < 0.01 ? "<1 %" : `${Math.round((100 * part) / all)} %`);

/** A value as people read it; one that JSON cannot hold as a number came as a text. */
export function told(value) {
  if (value === null) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "number" ? number(value) : value === "" ? "“”" : value;
}

/** Bars over numbers and times; who cannot see them hears where most rows are. */
function histogram(column) {
  const bars = column.histogram;
  const most = Math.max(...bars.map((bar) => bar.count));
  const step = WIDTH / bars.length;
  const fullest = bars.find((bar) => bar.count === most);
  const label = `Most rows from ${told(fullest.low)} to ${told(fullest.high)}`;
  return s("svg.bars", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label }, bars.map((bar, i) => {
    const height = bar.count ? Math.max(1.5, (bar.count / most) * HEIGHT) : 0;
    return s("rect", { x: i * step, y: HEIGHT - height, width: step - 1, height },
      s("title", {}, `${told(bar.low)} to ${told(bar.high)}: ${plural(bar.count, "row")}`));
  }));
}

/** The most frequent values, each over a bar of its share of the rows. */
function frequent(column, rows) {
  return h("ul.frequent", {}, column.top.slice(0, 4).map((one) => {
    const item = h("li", {}, h("span", {}, told(one.value)), h("small", {}, share(one.count, rows)));
    item.style.setProperty("--share", `${(100 * one.count) / rows}%`); // the page's policy refuses a style attribute
    return item;
  }));
}

export function spread(column, rows) {
  if (column.hidden) return h("span.quiet-text", {}, "not shown to this key");
  if (column.histogram.length && column.distinct > 8) return histogram(column);
  return column.top.length ? frequent(column, rows) : column.histogram.length ? histogram(column) : "–";
}

function range(column) {
  if (column.low === null) return "–";
  if (column.low === column.high) return told(column.low);
  return [h("span", {}, told(column.low)), h("span", {}, told(column.high))];
}

function row(column, rows, issues) {
  return h("tr", {},
    h("td", {}, h("code", {}, column.name)),
    h("td.amount", {}, share(column.nulls, rows)),
    h("td.amount", {}, `${column.distinct_is_exact ? "" : "≈ "}${whole(column.distinct)}`),
    h("td.spread", {}, spread(column, rows)),
    h("td.range", {}, range(column)),
    h("td.amount", {}, column.mean === null ? "–" : number(column.mean)),
    h("td.words", {}, issues.map((issue) => h("p.issue", {}, issue.message))));
}

/** The whole profile as an element: a line of figures, what to look at, and a table of columns but those told of elsewhere. */
export function profileOf(profile, elsewhere = new Set()) {
  const rows = profile.looked_at;
  const heads = ["Column", "Empty", "Different", "Spread", "From, to", "Mean", "To look at"];
  const all = profile.issues.filter((issue) => !profile.columns.some((column) => column.name === issue.column));
  const counted = profile.more ? `the first ${plural(rows, "row")}`
    : profile.sampled ? `${plural(profile.rows, "row")}, looked at in a sample of ${whole(rows)}` : plural(rows, "row");
  return h("div.profile", {},
    h("p.profile-head", {}, counted, profile.tenant ? ` of ${profile.tenant}` : "", ", ",
      plural(profile.duplicates, "exact copy", "exact copies"),
      profile.score === null ? "" : [", quality ", h("b", {}, profile.score.toFixed(2)), " of 1"]),
    all.map((issue) => h("p.issue", {}, issue.column ? `${issue.column}: ${issue.message}` : issue.message)),
    h("div.rows", { tabindex: "0", role: "region", "aria-label": "Profile of the columns" }, h("table", {},
      h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, profile.columns.filter((column) => !elsewhere.has(column.name)).map((column) =>
        row(column, rows, profile.issues.filter((issue) => issue.column === column.name)))))));
}
