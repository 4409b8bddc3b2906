// The sidebar: what can be asked, and what was asked.

import { byId, h, icon } from "./dom.js";
import { cell } from "./format.js";
import { forget, forgetAll, conversations } from "./history.js";

const TRASH = "M5 6h10M8 6V4h4v2M6 6l.7 10h6.6L14 6";
const SHOWN_VALUES = 12;
/** A domain's folder name for people: short ones are abbreviations. */
export const named = (domain) => (domain.length <= 3 ? domain.toUpperCase() : domain[0].toUpperCase() + domain.slice(1).replaceAll("_", " ")) || "Other";

export function showCatalog(catalog, pick) {
  const list = byId("catalog-list");
  const search = byId("search");
  const draw = () => list.replaceChildren(...listing(catalog, search.value.trim().toLowerCase(), pick));
  search.oninput = draw;
  draw();
}

function listing(catalog, wanted, pick) {
  const matches = (item) => !wanted || [item.name, item.label, item.description, ...item.synonyms].some((text) => text.toLowerCase().includes(wanted))
    || (item.values ?? []).some((value) => String(value).toLowerCase().includes(wanted));
  const domains = catalog.domains.map((domain) => {
    const metrics = catalog.metrics.filter((one) => one.domain === domain && matches(one));
    const dimensions = catalog.dimensions.filter((one) => one.domains.includes(domain) && matches(one));
    if (!metrics.length && !dimensions.length) return null;
    return h("details.domain", { open: Boolean(wanted) || domain === catalog.domains[0] },
      h("summary", {}, h("span", {}, named(domain)), h("span.count", {}, String(metrics.length + dimensions.length))),
      metrics.length ? h("h3", {}, "Metrics") : null,
      metrics.map((one) => metric(one, catalog, pick)),
      dimensions.length ? h("h3", {}, "Dimensions") : null,
      dimensions.map((one) => dimension(one)));
  }).filter(Boolean);
  const waiting = (catalog.unpublished ?? []).filter((one) => !wanted || [one.name, one.label].some((text) => text.toLowerCase().includes(wanted)));
  if (waiting.length) domains.push(unpublished(waiting));
  return domains.length ? domains : [h("p.nothing", {}, wanted ? `Nothing is called “${wanted}”. Try a shorter word.` : "There is nothing to ask about yet: load data with `asklake ingest`, then `asklake materialize`.")];
}

/** Metrics whose tables were never published: they have no figures, which is not zero. */
function unpublished(waiting) {
  return h("details.domain", {},
    h("summary", {}, h("span", {}, "No data yet"), h("span.count", {}, String(waiting.length))),
    waiting.map((one) => entry(one.label, [
      h("p", {}, `${named(one.domain)}: ${one.tables.join(", ")} ${one.tables.length === 1 ? "was" : "were"} never published.`),
    ], one.name)));
}

function metric(one, catalog, pick) {
  const labels = new Map(catalog.dimensions.map((dimension) => [dimension.name, dimension.label]));
  const by = [...new Set(one.dimensions.map((name) => labels.get(name)).filter(Boolean))];
  return entry(one.label, [
    one.description ? h("p", {}, one.description) : null,
    one.synonyms.length ? h("p.also", {}, "Also: ", one.synonyms.slice(0, 6).join(", ")) : null,
    by.length ? h("p.also", {}, "By: ", by.join(", ")) : null,
    one.examples.map((example) => h("button.ask-this", { type: "button", onclick: () => pick(example) }, example.question)),
  ], one.name);
}

function dimension(one) {
  return entry(one.label, [
    one.description ? h("p", {}, one.description) : null,
    one.values.length
      ? h("ul.values", { "aria-label": `Values of ${one.label}` }, one.values.slice(0, SHOWN_VALUES).map((value) => h("li", { title: String(value) }, cell(value, one))),
        one.values.length > SHOWN_VALUES || !one.all_values ? h("li.more-values", {}, "and more") : null)
      : null,
    one.synonyms.length ? h("p.also", {}, "Also: ", one.synonyms.slice(0, 6).join(", ")) : null,
  ], one.name);
}

function entry(label, content, name) {
  return h("details.entry", {}, h("summary", { title: name }, label), h("div.entry-body", {}, content));
}

export function showHistory(current, open) {
  const list = byId("history");
  const all = conversations();
  const redraw = () => showHistory(current, open);
  if (!all.length) {
    list.replaceChildren(h("p.nothing", {}, "Conversations are kept here, in this browser only."));
    return;
  }
  list.replaceChildren(
    h("ul.past", {}, all.map((one) => h("li", {},
      h("button.past-one", { type: "button", "aria-current": one.id === current ? "true" : undefined, onclick: () => open(one) },
        h("span", {}, one.title), h("small", {}, new Date(one.at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" }))),
      h("button.icon-button", { type: "button", "aria-label": `Forget: ${one.title}`, onclick: () => { forget(one.id); redraw(); } }, icon(TRASH))))),
    h("button.button.quiet.small", { type: "button", onclick: () => { forgetAll(); redraw(); } }, "Forget all"),
  );
}

/** Tabs with the arrow keys, and a drawer on narrow screens. */
export function wire() {
  const tabs = [byId("tab-catalog"), byId("tab-history")];
  const choose = (chosen, focus) => {
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      byId(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
    }
    if (focus) chosen.focus();
  };
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      if (event.key === "ArrowLeft" || event.key === "ArrowRight") choose(tabs[1 - i], true);
    });
  });
  byId("toggle-side").addEventListener("click", () => toggle());
  byId("shade").addEventListener("click", () => toggle(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("side-open")) toggle(false);
  });
}

const narrow = matchMedia("(max-width: 900px)");

/** Open or close: a drawer over the page where it is narrow, a column beside it where it is wide. */
export function toggle(open) {
  const wanted = open ?? !shown();
  document.body.classList.toggle("side-open", wanted && narrow.matches);
  document.body.classList.toggle("side-closed", !wanted && !narrow.matches);
  byId("shade").hidden = !(wanted && narrow.matches);
  byId("toggle-side").setAttribute("aria-expanded", String(wanted));
  if (wanted && narrow.matches) byId("tab-catalog").focus();
}

const shown = () => (narrow.matches ? document.body.classList.contains("side-open") : !document.body.classList.contains("side-closed"));

export function closeIfOver() {
  if (narrow.matches) toggle(false);
}

export function settle() {
  byId("toggle-side").setAttribute("aria-expanded", String(shown()));
}
