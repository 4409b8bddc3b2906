// The data dictionary: a list that is searched, and a page for each table and metric. The address says which.

import { byId, h, wireTheme } from "./dom.js";
import { featuresOf } from "./features.js";
import { profileOf } from "./profile.js";

const LAYERS = ["bronze", "silver", "gold", "platinum", "semantic"];
const list = byId("list");
const content = byId("content");
const search = byId("search");
let tables = new Map();
let metrics = new Map();
let teams = new Map();
let hidden = new Set();
let api = null; // in one file there is no service, and no profile

// --- the list

/** Where a search stands in a table or metric: its name first, then what is in it; null where nowhere. */
function hit(item, words) {
  if (!words.length) return { rank: 0, hint: "" };
  const own = `${item.name} ${item.label ?? ""}`.toLowerCase();
  if (words.every((word) => own.includes(word))) return { rank: 0, hint: "" };
  const within = (text) => words.every((word) => `${own} ${text}`.toLowerCase().includes(word));
  const column = item.columns?.find((one) => within(`${one.name} ${one.description}`));
  if (column) return { rank: 1, hint: `${column.name}: ${column.description}` };
  const other = item.synonyms?.find(within);
  if (other) return { rank: 1, hint: `also: ${other}` };
  return within(`${item.description} ${item.grain ?? ""} ${item.definition ?? ""}`) ? { rank: 2, hint: item.description } : null;
}

/** Text with the words of the search marked. */
function marked(text, words) {
  const found = words.filter((word) => text.toLowerCase().includes(word));
  if (!found.length) return [text];
  const pattern = new RegExp(`(${found.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "i");
  return text.split(pattern).map((part) => (words.includes(part.toLowerCase()) ? h("mark", {}, part) : part));
}

function entry(item, address, title, under, words) {
  const current = decodeURIComponent(location.hash.slice(1)) === address;
  return h("li", {}, h("a.item", { href: `#${address}`, "aria-current": current ? "page" : null },
    h("span", {}, marked(title, words)), under ? h("small", {}, marked(under, words)) : null));
}

function showList() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const open = new Set([...list.querySelectorAll("details")].filter((one) => one.open).map((one) => one.dataset.domain));
  const at = current();
  const domains = new Map();
  for (const [kind, items] of [["table", tables], ["metric", metrics]]) {
    for (const item of items.values()) {
      const found = kind === "table" && hidden.has(item.layer) ? null : hit(item, words);
      if (!found) continue;
      const group = domains.get(item.domain) ?? { table: [], metric: [] };
      group[kind].push({ item, ...found });
      domains.set(item.domain, group);
    }
  }
  let count = 0;
  const groups = [...domains].map(([domain, group]) => {
    const parts = [];
    for (const [kind, title] of [["table", "Tables"], ["metric", "Metrics"]]) {
      const hits = group[kind].sort((a, b) => a.rank - b.rank);
      if (!hits.length) continue;
      count += hits.length;
      parts.push(h("h3", {}, title), h("ul", {}, hits.map(({ item, hint }) => (kind === "table"
        ? entry(item, item.name, item.name, hint, words)
        : entry(item, `metric/${item.name}`, item.label, hint, words)))));
    }
    const shown = words.length > 0 || open.has(domain) || at?.domain === domain;
    return h("details.domain", { open: shown, "data-domain": domain },
      h("summary", {}, domain, h("span.count", {}, String(group.table.length + group.metric.length))), parts);
  });
  list.replaceChildren(...(groups.length ? groups : [h("p.nothing", {}, `Nothing is called “${search.value}”.`)]));
  byId("found").textContent = words.length ? `${count} found` : "";
}

function showLayers() {
  const there = new Set([...tables.values()].map((table) => table.layer));
  byId("layers").replaceChildren(...LAYERS.filter((layer) => there.has(layer)).map((layer) =>
    h("button", {
      type: "button", "aria-pressed": String(!hidden.has(layer)),
      onclick: () => {
        hidden = new Set(hidden.has(layer) ? [...hidden].filter((one) => one !== layer) : [...hidden, layer]);
        showLayers();
        showList();
      },
    }, layer)));
}

// --- one table

/** A name that may be broken after its dots, slashes and underscores. */
const wrapped = (name) => name.split(/(?<=[_./])/).flatMap((part, i) => [i ? h("wbr") : null, part]);

const link = (name) => h("a", { href: `#${name}` }, h("code", {}, name));
const badge = (layer) => h(`span.layer.${layer}`, {}, layer);
const fact = (title, ...value) => h("div", {}, h("dt", {}, title), h("dd", {}, ...value));

function section(title, count, ...children) {
  return [h("h2", {}, title, count === null ? null : h("span.count", {}, String(count))), ...children];
}

function span(seconds) {
  for (const [size, unit] of [[86400, "day"], [3600, "hour"], [60, "minute"]]) {
    if (seconds >= 2 * size || seconds === size) return `${Math.round(seconds / size)} ${unit}${seconds === size ? "" : "s"}`;
  }
  return `${Math.round(seconds)} seconds`;
}

function freshness(table) {
  const rule = table.warn_after_s === null ? "no rule" : `late after ${span(table.warn_after_s)}, stale after ${span(table.fail_after_s)}`;
  if (!table.published_at) return ["not published yet; ", rule];
  const age = Math.max(0, (Date.now() - Date.parse(table.published_at)) / 1000);
  const state = table.warn_after_s === null ? "" : age > table.fail_after_s ? "stale" : age > table.warn_after_s ? "late" : "fresh";
  return [state ? h(`span.state.${state}`, {}, state) : null, `${state ? ", " : ""}published ${span(age)} ago; ${rule}`];
}

/** All tables before or after one, along `way`. */
function along(name, way, found = new Set()) {
  for (const next of tables.get(name)?.[way] ?? []) {
    if (!found.has(next) && next !== name) {
      found.add(next);
      along(next, way, found);
    }
  }
  return found;
}

function lineage(table) {
  const before = along(table.name, "reads");
  const after = along(table.name, "feeds");
  const direct = new Set([...table.reads, ...table.feeds]);
  const columns = LAYERS.map((layer) => [layer, [...new Set([...before, table.name, ...after])].filter((name) => tables.get(name)?.layer === layer).sort()]);
  return h("ol.lineage", { "aria-label": "Lineage by layer", tabindex: "0" }, columns.filter(([, names]) => names.length).map(([layer, names]) =>
    h("li", {}, badge(layer), h("ul", {}, names.map((name) => {
      const short = name.split(".")[1];
      if (name === table.name) return h("li", {}, h("strong", { "aria-current": "true" }, wrapped(short)));
      return h("li", {}, h(direct.has(name) ? "a.direct" : "a", { href: `#${name}`, title: before.has(name) ? "it is made from this" : "this is made from it" }, wrapped(short)));
    })))));
}

function grid(label, heads, rows) {
  return h("div.rows", { tabindex: "0", role: "region", "aria-label": label }, h("table", {},
    h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))), h("tbody", {}, rows)));
}

function columnsOf(table) {
  return grid("Columns", ["Column", "Type", "What it means"], table.columns.map((column) => h("tr", {},
    h("td", {}, h("code", {}, column.name), table.key.includes(column.name) ? h("span.tag", {}, "key") : null,
      column.nullable ? h("span.tag", {}, "may be empty") : null),
    h("td.type", {}, h("code", {}, column.type.toLowerCase())), h("td.words", {}, column.description))));
}

function checksOf(table) {
  return grid("Checks", ["Check", "If it fails", "What it holds"], table.checks.map((check) => h("tr", {},
    h("td", {}, h("code", {}, check.name)),
    h("td", {}, h(`span.severity.${check.severity}`, {}, check.severity === "error" ? "nothing is published" : "a warning")),
    h("td.words", {}, check.description || `A ${check.by}.`))));
}

function metricsOf(names) {
  return h("ul.metrics", {}, names.map((name) => metrics.get(name)).map((metric) => h("li", {},
    h("h3", {}, h("a", { href: `#metric/${metric.name}` }, metric.label)), h("p", {}, metric.description))));
}

/** Sections of what a profile tells, once it is there: at the first look it is computed. Without one, features are listed. */
function measured(table) {
  const names = new Set(table.features.flatMap((view) => view.names));
  const features = h("div", {}, table.features.map((view) => featuresOf(view, table)));
  const rows = h("div", { "aria-live": "polite" }, h("p.note-below", {}, "Looking at the rows…"));
  const looked = api && table.published_at;
  if (looked) {
    api.profile(table.name).then(
      (found) => {
        features.replaceChildren(...table.features.map((view) => featuresOf(view, table, found)));
        rows.replaceChildren(profileOf(found, names));
      },
      (problem) => rows.replaceChildren(h("p.note-below", {}, problem.message)));
  }
  return [...(names.size ? section("Features", names.size, features) : []), ...(looked ? section("What its rows are like", null, rows) : [])];
}

function showTable(table) {
  const team = teams.get(table.owner);
  const made = table.made_by;
  content.replaceChildren(
    h("div.eyebrow", {}, badge(table.layer), h("span", {}, table.domain)),
    h("h1", {}, table.name),
    h("p.lead", {}, table.description),
    h("dl.facts", {},
      fact("Grain", table.grain),
      fact("Key", table.key.length ? h("code", {}, table.key.join(", ")) : "none"),
      fact("Partitions", table.partitions.length ? table.partitions.join(", ") : "none"),
      fact("Freshness", ...freshness(table)),
      fact("Owner", h("code", {}, table.owner), team ? ` ${team.description}` : ""),
      fact("Filled by", `${made.kind} `, made.names.flatMap((name, i) => [i ? ", " : "", h("code", {}, wrapped(name))]))),
    ...(table.reads.length || table.feeds.length
      ? section("Lineage", null, lineage(table), h("p.note-below", {}, "Framed: made directly from one another."))
      : []),
    ...section("Columns", table.columns.length, columnsOf(table)),
    ...measured(table),
    ...(table.metrics.length ? section("Metrics over it", table.metrics.length, metricsOf(table.metrics)) : []),
    ...section("Checks before rows are seen", table.checks.length, checksOf(table)));
  return table.name;
}

function showMetric(metric) {
  content.replaceChildren(
    h("div.eyebrow", {}, h("span.layer.semantic", {}, "metric"), h("span", {}, metric.domain)),
    h("h1", {}, metric.label),
    h("p.lead", {}, metric.description),
    h("dl.facts", {},
      fact("Name", h("code", {}, metric.name)),
      fact("Unit", metric.unit || "none"),
      fact("Made of", metric.definition),
      fact("From", metric.tables.flatMap((name, i) => [i ? ", " : "", tables.has(name) ? link(name) : name])),
      fact("Also called", metric.synonyms.join(", ") || "–"),
      fact("Can be split by", metric.dimensions.join(", ") || "time alone")));
  return metric.label;
}

function showStart() {
  const domains = [...new Set([...tables.values()].map((table) => table.domain))];
  content.replaceChildren(
    h("h1", {}, "What is in the lakehouse"),
    h("p.lead", {}, "Every table and figure: what it means, where it comes from, how fresh it is, and who answers for it. "
      + "All of it is what the contracts say that new rows are checked against."),
    h("ul.domains", {}, domains.map((domain) => {
      const own = [...tables.values()].filter((table) => table.domain === domain);
      const figures = [...metrics.values()].filter((metric) => metric.domain === domain).length;
      const columns = own.reduce((sum, table) => sum + table.columns.length, 0);
      const best = own.findLast((table) => table.layer === "gold") ?? own[0];
      return h("li", {}, h("h2", {}, h("a", { href: `#${best.name}` }, domain)),
        h("p.numbers", {}, [[own.length, "tables"], [columns, "columns"], [figures, "metrics"]].map(([number, what]) =>
          h("span", {}, h("b", {}, String(number)), ` ${what}`))),
        h("p.stack", {}, LAYERS.filter((layer) => own.some((table) => table.layer === layer)).map(badge)),
        h("p.quiet-text", {}, [...new Set(own.map((table) => table.owner))].join(", ")));
    })),
    ...section("Who answers", teams.size, grid("Teams", ["Team", "What it owns"],
      [...teams.values()].map((team) => h("tr", {}, h("td", {}, h("code", {}, team.name)), h("td.words", {}, team.description))))));
  return "Data dictionary";
}

// --- the page

function current() {
  const address = decodeURIComponent(location.hash.slice(1));
  return address.startsWith("metric/") ? metrics.get(address.slice(7)) : tables.get(address);
}

function show() {
  const at = current();
  const title = !at ? showStart() : at.columns ? showTable(at) : showMetric(at);
  document.title = `${title} · asklake`;
  showList();
  side(false);
  byId("main").scrollTop = 0;
}

function side(open) {
  document.body.classList.toggle("side-open", open);
  byId("toggle-side").setAttribute("aria-expanded", String(open));
  byId("shade").hidden = !open;
}

async function data() {
  const own = byId("dictionary-data");
  if (own) return JSON.parse(own.textContent);
  const [calls, session] = await Promise.all([import("./api.js"), import("./session.js")]);
  await session.begin();
  api = calls;
  return api.dictionary();
}

wireTheme();
byId("toggle-side").addEventListener("click", () => side(!document.body.classList.contains("side-open")));
byId("shade").addEventListener("click", () => side(false));
search.addEventListener("input", showList);
addEventListener("hashchange", () => { show(); byId("main").focus({ preventScroll: true }); });
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) {
    event.preventDefault();
    search.focus();
  }
  if (event.key === "Escape") side(false);
});

try {
  const document_ = await data();
  tables = new Map(document_.tables.map((table) => [table.name, table]));
  metrics = new Map(document_.metrics.map((metric) => [metric.name, metric]));
  teams = new Map(document_.teams.map((team) => [team.name, team]));
  showLayers();
  show();
} catch (problem) {
  content.replaceChildren(h("h1", {}, "The data dictionary cannot be shown"), h("p.lead", {}, problem.message),
    problem.next ? h("p", {}, problem.next) : "",
    h("button.button", { type: "button", onclick: () => location.reload() }, problem.code === "unauthorized" ? "Enter a key" : "Try again"));
}
