// Features of a table: what each is, how its values are spread, and how far they moved on the newest days.

import { h } from "./dom.js";
import { number, share, spread, told, whole } from "./profile.js";

const WORDS = {
  steady: "Hardly any row lies in another band than before.",
  shifting: "Some rows lie in other bands than before.",
  moved: "So many rows lie in other bands than before that what a model learnt may no longer hold.",
};

const dayOf = (text) => h("time", { datetime: text }, text);
const daysOf = ([first, last]) => (first === last ? dayOf(first) : [dayOf(first), " to ", dayOf(last)]);

/** Mean and deviation, and below which values 5, 50 and 95 % lie. */
function typical(column) {
  if (column.hidden || column.mean === null) return "–";
  const deviation = column.deviation === null ? "" : ` ± ${number(column.deviation)}`;
  const some = ["5", "50", "95"].filter((percent) => percent in column.quantiles);
  return [h("span", {}, `${number(column.mean)}${deviation}`),
    some.length ? h("small", {}, some.map((percent) => `${percent} %: ${told(column.quantiles[percent])}`).join("; ")) : null];
}

function driftOf(column) {
  if (!column.drift) return h("span.quiet-text", {}, "not told");
  return [h(`span.drift.${column.drift.word}`, { title: WORDS[column.drift.word] }, column.drift.word), h("small", {}, column.drift.index.toFixed(2))];
}

function featureRow(declared, profile) {
  const column = profile?.columns.find((one) => one.name === declared.name);
  return h("tr", {},
    h("td", {}, h("code", {}, declared.name), h("small", {}, declared.type.toLowerCase())),
    profile ? h("td", {}, column ? driftOf(column) : "–") : null,
    h("td.words", {}, declared.description,
      profile?.issues.filter((issue) => issue.column === declared.name).map((issue) => h("p.issue", {}, issue.message))),
    !profile ? null : !column ? h("td", { colspan: "4" }, "–") : [
      h("td.amount", {}, share(column.nulls, profile.looked_at)),
      h("td.amount", {}, `${column.distinct_is_exact ? "" : "≈ "}${whole(column.distinct)}`),
      h("td.typical", {}, typical(column)),
      h("td.spread", {}, spread(column, profile.looked_at))]);
}

function comparedOn(compared) {
  if (compared.note || !compared.newest || !compared.before) return h("p.note-below", {}, compared.note);
  return h("p.note-below", {}, "Drift is of ", daysOf(compared.newest), ` (${whole(compared.rows)} rows) beside `, daysOf(compared.before),
    ` (${whole(compared.rows_before)} rows), by the population stability index: steady below 0.1, moved from 0.25 on.`);
}

/** A feature view as an element; without a profile it says what the features are. */
export function featuresOf(view, table, profile = null) {
  const declared = view.names.map((name) => table.columns.find((column) => column.name === name));
  const heads = ["Feature", ...(profile ? ["Drift"] : []), "What it means", ...(profile ? ["Empty", "Different", "Mean, quantiles", "Spread"] : [])];
  return h("div.profile.features", {},
    h("p.profile-head", {}, h("b", {}, view.name), `: ${view.description} A row holds from the beginning of its `, h("code", {}, view.date),
      ` for ${view.freshness_days === 1 ? "that day" : `${view.freshness_days} days`}, of each `, h("code", {}, view.entity.join(", ")), "."),
    h("div.rows", { tabindex: "0", role: "region", "aria-label": `Features of ${view.name}` }, h("table", {},
      h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, declared.map((column) => featureRow(column, profile))))),
    profile?.compared ? comparedOn(profile.compared) : null);
}
