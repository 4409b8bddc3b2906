// Searching by meaning: a box, kinds to choose from, and passages with where they are from.

import * as api from "./api.js";
import { askAt } from "./asking.js";
import { byId, h, offerFocus, wireTheme } from "./dom.js";
import { plural } from "./format.js";
import * as session from "./session.js";

const KINDS = {
  metric: ["Figure", "Figures"], dimension: ["Dimension", "Dimensions"], dashboard: ["Dashboard", "Dashboards"], tile: ["Tile", "Tiles"],
  table: ["Table", "Tables"], column: ["Column", "Columns"], question: ["Question", "Questions"], document: ["Document", "Documents"],
};
const LONGEST = 320; // characters of a passage that are shown at first
let running = null;

const chosen = () => [...document.querySelectorAll("#kinds :checked")].map((box) => box.value);

function whence({ kind, source }) {
  if (kind === "document") {
    const key = Object.entries(source.key).map(([name, value]) => `${name} ${value}`).join(", ");
    return `${source.table}: ${key}${source.rows > 1 ? `, the last of ${plural(source.rows, "row")} that say so` : ""} · snapshot ${source.snapshot}`;
  }
  if (kind === "question") return `Answered on ${source.asked_at.slice(0, 10)}, and called right`;
  if (kind === "column" && source.tables.length > 1) return `In ${source.tables.join(", ")}`;
  if (kind === "metric") return source.tables.join(", ");
  return source.table ?? "";
}

function passage(text) {
  if (text.length <= LONGEST) return text ? h("p", {}, text) : null;
  return h("details", {}, h("summary", {}, `${text.slice(0, LONGEST)}…`), h("p", {}, text));
}

function hit(one, number) {
  const id = `hit-${number}`;
  return h("li", {}, h("article.card", { "aria-labelledby": id },
    h("div.hit-head", {}, h("h2", { id }, h("a", { href: one.link }, one.title || one.source.table)), h("span.hit-kind", {}, KINDS[one.kind][0])),
    passage(one.passage),
    h("p.from", {}, whence(one)),
    one.kind === "metric" ? h("p", {}, h("a", { href: askAt(one.title), "aria-label": `Ask for ${one.title}` }, "Ask for it")) : null));
}

async function search() {
  const query = byId("query").value.trim();
  const kinds = chosen();
  const told = byId("told");
  running?.abort();
  if (!query) {
    byId("hits").replaceChildren();
    told.textContent = "";
    return;
  }
  const parameters = new URLSearchParams([["q", query], ...kinds.map((kind) => ["kind", kind])]);
  history.replaceState(null, "", `/search?${parameters}`);
  running = new AbortController();
  told.textContent = "Searching…";
  try {
    const found = await api.search(parameters, running.signal);
    byId("hits").replaceChildren(...found.hits.map(hit));
    told.textContent = [found.hits.length ? `${plural(found.hits.length, "passage")}, the nearest first.` : "", found.note].filter(Boolean).join(" ");
  } catch (problem) {
    if (problem.name === "AbortError") return;
    if (!(problem instanceof api.Problem)) throw problem;
    byId("hits").replaceChildren();
    told.textContent = `${problem.message} ${problem.next}`;
  }
}

async function boot() {
  wireTheme();
  const asked = new URLSearchParams(location.search);
  byId("kinds").append(...Object.entries(KINDS).map(([kind, [, name]]) =>
    h("label", {}, h("input", { type: "checkbox", value: kind, checked: asked.getAll("kind").includes(kind), onchange: search }), name)));
  byId("search-form").addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  byId("query").value = asked.get("q") ?? "";
  await session.begin();
  if (asked.get("q")) await search();
  else offerFocus(byId("query"));
}

boot();
