// Insights: what is unusual, what lasts, why figures moved, what comes next, domain by domain.

import * as api from "./api.js";
import { byId, h, wireTheme } from "./dom.js";
import { brief, cell, dated, day } from "./format.js";
import * as session from "./session.js";
import { sparkline } from "./sparkline.js";
import { open } from "./tile.js";

const KINDS = { missing: "Missing", point: "Unusual day", shift: "New level", trend: "Trend", change: "Why", forecast: "Outlook", recommendation: "To do" };
const content = byId("content");

function card(one) {
  const { kind, severity, sentence, method, parts, steps, plan, label, good } = one;
  const urgent = severity === "high" || severity === "medium";
  return h(`li.card.insight${urgent && good !== true ? ".urgent" : ""}`, {},
    h("div.insight-head", {},
      h("span.kind", {}, KINDS[kind] ?? kind),
      severity === "info" ? null : h(`span.badge${urgent && good !== true ? ".high" : ""}`, {}, severity),
      good === null ? null : h(`span.badge${good ? ".good" : ""}`, {}, good ? "for the better" : "for the worse")),
    h("p.sentence", {}, dated(sentence)),
    steps.length > 1 ? sparkline({ values: steps.map((step) => step.expected) }) : null,
    h("div.insight-more", {},
      h("button.figure-link", { type: "button", onclick: () => open(plan, label) }, "Show the figures"),
      h("details", {}, h("summary", {}, "How it was judged"), h("p", {}, method),
        parts.length ? partsTable(one) : null, steps.length ? stepsTable(one) : null)));
}

function partsTable({ parts, format, unit, dimension }) {
  const column = { format, unit };
  const ratio = parts.some((part) => part.mix !== null);
  const points = (value) => (value === null ? "" : format === "percent" ? `${(value * 100).toFixed(1)} pt` : signed(value, column));
  const heads = [dimension ? dimension.split("__").pop().replace(/_/g, " ") : "value", "before", "after", "adds", ...(ratio ? ["by its rate", "by its share"] : [])];
  return table("What it is made of", heads, parts.map((part) => [part.value, known(part.before, column), known(part.after, column), points(part.part), ...(ratio ? [points(part.rate), points(part.mix)] : [])]));
}

function stepsTable({ steps, format, unit }) {
  const column = { format, unit };
  return table("Day by day", ["day", "expected", "from", "to"], steps.map((step) => [day(step.start), ...[step.expected, step.low, step.high].map((value) => brief(value, column))]));
}

function table(caption, heads, rows) {
  return h("div.scroll", { tabindex: "0", role: "region", "aria-label": caption }, h("table", {}, h("caption", {}, caption),
    h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, rows.map(([first, ...others]) => h("tr", {}, h("th", { scope: "row" }, first), others.map((value) => h("td", {}, value)))))));
}

const known = (value, column) => (value === null ? "—" : cell(value, column));
const signed = (value, column) => `${value > 0 ? "+" : ""}${brief(value, column)}`;

function domain({ title, until, tested, insights, left_out: more }) {
  const about = [until ? `days until ${day(until)}` : "", `${tested.toLocaleString("en")} tests`, more ? `${more} more of less weight` : ""];
  return h("section.of-domain", { "aria-label": title },
    h("header", {}, h("h2", {}, title), h("p.quiet-text", {}, about.filter(Boolean).join(" · "))),
    insights.length ? h("ul.insight-list", {}, insights.map(card)) : h("p.note", {}, "Nothing that is more than chance."));
}

function show({ domains, problems }) {
  if (!domains.length && !problems.length) {
    content.replaceChildren(h("section.card", {}, h("h2", {}, "There is nothing to judge yet"),
      h("p", {}, "Insights appear here once there are some weeks of data: ", h("a", { href: "/upload" }, "upload a file"), ", or run ", h("code", {}, "asklake demo"), ".")));
    return;
  }
  content.replaceChildren(...problems.map((problem) => h("p.warn-text", {}, problem)), ...domains.map(domain));
}

async function boot() {
  wireTheme();
  try {
    await session.begin();
    content.replaceChildren(h("div.skeleton", { "aria-hidden": "true" }));
    show(await api.insights());
  } catch (problem) {
    if (!(problem instanceof api.Problem)) throw problem;
    content.replaceChildren(h("div.card.failed", { role: "alert" }, h("p.sentence", {}, problem.message),
      problem.next ? h("p.note", {}, problem.next) : null));
  }
  content.removeAttribute("aria-busy");
}

boot();
