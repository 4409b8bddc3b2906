// The reading of a question, to be changed without typing: parts of the plan to leave out, and others to take.

import * as api from "./api.js";
import { h } from "./dom.js";

const STEPS = [["day", "By day"], ["week", "By week"], ["month", "By month"], ["quarter", "By quarter"], ["year", "By year"]];
let catalog = null;

/** Whether a plan can be changed part by part: one that makes something of its figures hangs together. */
const isPlain = (plan) => plan && !["records", "ratio", "average", "count", "share", "running", "analysis"].some((name) => plan[name]) && !plan.within?.length;

const same = (one, name) => one === name || one.endsWith(`__${name}`) || name.endsWith(`__${one}`);

/** The plan without a part that the words became; null where it would be none any more. */
export function without(plan, { part, name }) {
  if (!isPlain(plan)) return null;
  if (part === "dimension" && name && plan.group_by.some((one) => same(one, name))) {
    const left = plan.group_by.filter((one) => !same(one, name));
    return { ...plan, group_by: left, order_by: plan.order_by.filter((one) => !same(one.field, name)) };
  }
  if (part === "value" && name && plan.filters.some((one) => same(one.dimension, name))) {
    return { ...plan, filters: plan.filters.filter((one) => !same(one.dimension, name)) };
  }
  if (part === "time" && plan.grain) return { ...plan, grain: null, order_by: plan.order_by.filter((one) => one.field !== "metric_time"), ...(plan.comparison ? { comparison: null } : {}) };
  return part === "time" && plan.time_range && !plan.comparison && !plan.compare_with ? { ...plan, time_range: null } : null;
}

/** What an answer may be asked for instead: another figure, other steps of time, one more split. */
export function changes(answer, pick) {
  const { plan } = answer;
  if (!isPlain(plan) || plan.metrics.length !== 1) return null;
  const place = h("div.changes", { role: "group", "aria-label": "Change the reading" });
  catalog ??= api.catalog().catch(() => { catalog = null; return { metrics: [], dimensions: [] }; });
  catalog.then(({ metrics, dimensions }) => {
    const own = metrics.find((one) => one.name === plan.metrics[0]);
    if (!own) return;
    const labels = new Map(dimensions.map((one) => [one.name, one.label]));
    const fits = (one) => one.domain === own.domain && plan.group_by.every((name) => one.dimensions.includes(name)) && plan.filters.every((item) => one.dimensions.includes(item.dimension));
    const splits = [...new Set(own.dimensions)].filter((name) => labels.has(name) && !plan.group_by.some((one) => same(one, name)));
    place.replaceChildren(
      choice("Another figure", metrics.filter((one) => fits(one) && one !== own).map((one) => [one.name, one.label]),
        (name) => pick({ question: "", plan: { ...plan, metrics: [name], order_by: [], having: [] } })),
      choice(plan.grain ? "Other steps" : "Over time", STEPS.filter(([name]) => name !== plan.grain), (grain) => pick({ question: "", plan: { ...plan, grain } })),
      plan.group_by.length < 2 ? choice("Split by", splits.map((name) => [name, labels.get(name)]),
        (name) => pick({ question: "", plan: { ...plan, group_by: [...plan.group_by, name], limit: 1000, ties: false } })) : "");
  });
  return place;
}

function choice(label, options, take) {
  if (!options.length) return "";
  return h("select", { "aria-label": label, onchange: (event) => take(event.currentTarget.value) },
    h("option", { value: "", selected: true, disabled: true }, `${label} …`),
    [...options].map(([value, text]) => h("option", { value }, text)));
}
