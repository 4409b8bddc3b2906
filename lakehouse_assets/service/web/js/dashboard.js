// The page of a dashboard: tiles in a grid, and what they share: page, time and filters, which the address holds.

import * as api from "./api.js";
import { address, daysOf, read, wanted } from "./choices.js";
import { byId, h, icon, wireTheme } from "./dom.js";
import { exportMenu } from "./exporting.js";
import { filled } from "./filling.js";
import { filterBar } from "./filters.js";
import { day, moment } from "./format.js";
import { live } from "./live.js";
import { copyOf, earlier, ownBoard } from "./own_board.js";
import * as session from "./session.js";
import { share } from "./share.js";
import { tile } from "./tile.js";

const content = byId("content");
const id = decodeURIComponent(location.pathname.split("/").at(-1));
const PRINT = "M6 7V3h8v4M6 14H4V8h12v6h-2M6 12h8v5H6z";
const SHARE = "M10 12V3M6.5 6 10 2.8 13.5 6M5 9.5H4V17h12V9.5h-1";
let board = null;
let choice = null;
let loading = null;
let tiles = new Map();
let last = null; // the figures that are shown
let updated = null;
let own = null; // the tools of a dashboard that the reader may change

const [head, tabs, bar, grid, status] = [h("header.board-head"), h("nav.board-tabs", { "aria-label": "Pages of the dashboard" }), h("div.filter-bar"), h("div.tiles"), h("p.quiet-text", { role: "status" })];

// --- what is chosen

/** Take another choice: show it, and write it into the address. */
function choose(change) {
  const before = choice.page;
  choice = { ...choice, ...change };
  history.pushState(null, "", address(choice, board.filters));
  if (choice.page !== before) frame();
  else refresh();
}

function frame() {
  const page = pageOf();
  tabs.hidden = board.pages.length < 2;
  tabs.replaceChildren(...board.pages.map((one) => h("a", {
    href: address({ ...choice, page: one.id }, board.filters), "aria-current": one.id === page.id ? "page" : null,
    onclick: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      choose({ page: one.id });
    },
  }, one.title)));
  const labels = new Map(board.periods.map((one) => [one.name, one.label]));
  tiles = new Map(page.tiles.map((one) => [one.id, tile(one, { pick, period: one.period ? labels.get(one.period) ?? "" : "", tools: own?.tools(one) })]));
  grid.replaceChildren(...[...page.tiles].sort((a, b) => a.at.y - b.at.y || a.at.x - b.at.x).map((one) => tiles.get(one.id).element));
  if (!page.tiles.length) grid.replaceChildren(h("p.note.nothing", {}, "Nothing is here yet. Pin an answer, or a figure of another dashboard, by its menu."));
  refresh();
}

const pageOf = () => board.pages.find((one) => one.id === choice.page) ?? board.pages[0];

// --- figures

async function refresh() {
  bar.replaceChildren(...filterBar(board, choice, choose));
  const computed = pageOf().tiles.filter((one) => one.plan);
  loading?.abort();
  if (!computed.length) { status.textContent = ""; return; }
  const mine = new AbortController();
  loading = mine;
  following.follow(null);
  clearTimeout(updated);
  status.textContent = "Computing …";
  for (const one of computed) tiles.get(one.id).wait();
  try {
    const asked = { ...wanted(choice, board.filters), page: pageOf().id };
    const found = await filled(() => api.tiles(id, asked, mine.signal), tiles, () => mine.signal.aborted);
    if (!found) return;
    last = found;
    status.textContent = told(found);
    following.follow(asked);
  } catch (problem) {
    if (problem.name === "AbortError") return;
    if (!(problem instanceof api.Problem)) throw problem;
    status.textContent = problem.message;
    for (const one of computed) tiles.get(one.id).fail(problem);
  }
}

const following = live(id, (moved) => {
  const shown = new Map(last.tiles.map((one) => [one.id, JSON.stringify(one.answer.snapshots)]));
  const fresh = new Map(moved.filter((one) => shown.has(one.id) && shown.get(one.id) !== JSON.stringify(one.answer.snapshots)).map((one) => [one.id, one]));
  if (!fresh.size) return;
  last.tiles = last.tiles.map((one) => fresh.get(one.id) ?? one);
  last.freshness = last.tiles.flatMap((one) => one.answer.freshness);
  for (const [name, one] of fresh) tiles.get(name)?.fill(one);
  const at = new Date().toISOString();
  status.textContent = `${told(last)} · updated just now`;
  clearTimeout(updated);
  updated = setTimeout(() => { status.textContent = `${told(last)} · updated ${moment(at)}`; }, 60000);
});

function told({ time_range: span, freshness }) {
  const newest = freshness.map((state) => state.newest_day).filter(Boolean).sort().at(-1);
  const published = freshness.map((state) => state.published_at).filter(Boolean).sort().at(-1);
  const days = span && (span.start || span.end) ? `${span.start ? day(span.start) : "the beginning"} to ${span.end ? day(span.end) : "today"}` : "All time";
  return [days, newest ? `data to ${day(newest)}` : "", published ? `published ${moment(published)}` : ""].filter(Boolean).join(" · ");
}

// --- clicks on a picture

/** A bar becomes a filter, and a step of time the time that is looked at; once more takes the filter away. */
function pick(chart, columns, row) {
  const change = {};
  for (const [name, value] of [[chart.x, row.key], [chart.series, row.part ?? (chart.kind === "scatter" ? row.key : undefined)]]) {
    const column = columns.find((one) => one.name === name);
    if (!column || value === null || value === undefined) continue;
    if (column.kind === "time") Object.assign(change, stepped(column, value));
    else toggle(change, column.name, String(value));
  }
  if (Object.keys(change).length) choose(change);
}

function stepped({ name }, value) {
  const days = daysOf(String(value), name.split("__").at(-1));
  return days ? { ...days, period: null } : {};
}

function toggle(change, name, value) {
  const filter = board.filters.find((one) => name === one.dimension || name.endsWith(`__${one.dimension}`));
  if (!filter) return;
  const now = choice.values[filter.dimension];
  change.values = { ...(change.values ?? choice.values), [filter.dimension]: now.includes(value) ? now.filter((one) => one !== value) : [value] };
}

// --- boot

async function boot() {
  wireTheme();
  try {
    await session.begin();
    board = await api.dashboard(id);
  } catch (problem) {
    if (!(problem instanceof api.Problem)) throw problem;
    content.replaceChildren(h("h1", {}, "This dashboard cannot be shown"), h("p.sentence", {}, problem.message),
      h("p", {}, h("a", { href: "/dashboards" }, "All dashboards")));
    content.removeAttribute("aria-busy");
    return;
  }
  content.replaceChildren();
  const version = Number(new URLSearchParams(location.search).get("version")) || null;
  if (version) {
    const current = board.version;
    try { board = await api.dashboard(id, version); } catch (problem) { if (!(problem instanceof api.Problem)) throw problem; }
    if (board.version !== current) content.append(earlier(board, board.version, current));
  }
  if (board.editable) own = ownBoard({ board: () => board, page: () => pageOf().id, show: showAnew, place: (places) => { for (const [name, at] of places) tiles.get(name)?.place(at); } });
  content.append(head, tabs, bar, status, grid);
  content.removeAttribute("aria-busy");
  take();
  showHead();
  addEventListener("popstate", take);
}

function showHead() {
  document.title = `${board.title} · asklake`;
  head.replaceChildren(
    h("div", {}, h("p.eyebrow", {}, h("a", { href: "/dashboards" }, "Dashboards")), h("h1", {}, board.title), board.description ? h("p.lead", {}, board.description) : null),
    h("div.board-ways", {}, own?.element ?? (board.built_in ? h("button.button.quiet", { type: "button", onclick: () => copyOf(board) }, "Make my own") : null),
      choice?.version ? null : h("button.button.quiet", { type: "button", onclick: shareIt }, icon(SHARE), "Share"),
      exportMenu("Save this dashboard as a file", "Save", ["pdf", "png", "xlsx", "csv"], (format) => api.exportBoard(id, { ...wanted(choice, board.filters), page: format === "png" ? pageOf().id : null, format })),
      h("button.button.quiet.printing", { type: "button", onclick: () => print() }, icon(PRINT), "Print")));
}

/** Share what is shown: the time and the filters that are chosen now. */
function shareIt() {
  const { page, version, ...chosen } = wanted(choice, board.filters);
  share({ dashboard: id, chosen }, "this dashboard as it is shown now, with its filters and its time");
}

/** The dashboard after a change. The figures that stay are remembered by the service. */
function showAnew(changed) {
  const focused = document.activeElement?.closest?.(".tile")?.dataset.tile;
  const what = document.activeElement?.className;
  board = changed;
  showHead();
  for (const one of board.filters) choice.values[one.dimension] ??= [];
  frame();
  if (focused) grid.querySelector(`[data-tile="${focused}"] .${what || "grip"}`)?.focus();
}

/** Show what the address says. */
function take() {
  choice = read(location.search, board.filters);
  frame();
}

boot();
