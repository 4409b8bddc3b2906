// What a link shows: a dashboard or an answer, to be looked at; no way to other pages, and nothing to ask.

import * as api from "./api.js";
import { chart } from "./chart.js";
import { byId, download, h, wireTheme } from "./dom.js";
import { filled } from "./filling.js";
import { figure } from "./figure.js";
import { day, moment } from "./format.js";
import { csv, table } from "./table.js";
import { tile } from "./tile.js";

const content = byId("content");
const id = decodeURIComponent(location.pathname.split("/").at(-1));
const secret = location.hash.slice(1);
let turn = 0;

function head(title, description, only, facts) {
  return h("header.board-head", {}, h("div", {}, h("h1", {}, title), description ? h("p.lead", {}, description) : null,
    only.length ? h("ul.chips", { "aria-label": "Shown only" }, only.map((text) => h("li", {}, h("span.chip", {}, text)))) : null, facts));
}

const until = ({ expires_at: at }) => `Shared with you until ${moment(at)}.`;

function board(shared) {
  const { dashboard, only } = shared;
  const status = h("p.quiet-text", { role: "status" }, "");
  const grid = h("div.tiles");
  const tabs = h("nav.board-tabs", { "aria-label": "Pages", hidden: dashboard.pages.length < 2 });
  content.replaceChildren(head(shared.title, dashboard.description, only, h("p.quiet-text", {}, until(shared))), tabs, status, grid);

  async function show(page) {
    turn += 1;
    const mine = turn;
    tabs.replaceChildren(...dashboard.pages.map((one) => h("button", { type: "button", "aria-current": one.id === page.id ? "page" : null, onclick: () => show(one) }, one.title)));
    const tiles = new Map(page.tiles.map((one) => [one.id, tile(one, { pick: () => {}, onlyLooked: true })]));
    grid.replaceChildren(...[...page.tiles].sort((a, b) => a.at.y - b.at.y || a.at.x - b.at.x).map((one) => tiles.get(one.id).element));
    status.textContent = "Computing …";
    try {
      const found = await filled(() => api.sharedTiles(id, secret, page.id), tiles, () => mine !== turn);
      if (!found) return;
      const { time_range: span } = found;
      status.textContent = span ? [span.start ? day(span.start) : "", span.end ? day(span.end) : "today"].filter(Boolean).join(" to ") : "All time";
    } catch (problem) {
      if (!(problem instanceof api.Problem)) throw problem;
      if (mine === turn) tell(problem);
    }
  }

  return show(dashboard.pages[0]);
}

function answer(shared) {
  const { answer: found, drawing, only } = shared;
  const single = found.rows.length === 1 && (found.columns.length === 1 || found.chart?.kind === "number");
  const newest = found.freshness.map((state) => state.newest_day).filter(Boolean).sort().at(-1);
  const facts = [`Asked on ${moment(found.asked_at)}`, newest ? `data to ${day(newest)}` : "", until(shared)].filter(Boolean).join(" · ");
  content.classList.replace("wide", "column");
  content.replaceChildren(head(shared.title, "", only, h("p.quiet-text", {}, facts)),
    h("article.card.answered", { "aria-label": found.sentence },
      single ? figure(found) : h("p.sentence", {}, found.sentence),
      found.notes.map((note) => h("p.note", {}, note)), (found.partial ?? []).filter((part) => part.says).map((part) => h("p.note", {}, part.says)),
      drawing?.spec && !single ? chart(drawing, { says: found.sentence }) : null,
      single || !found.rows.length ? null : table(found),
      h("div.foot", {}, h("button.button.quiet.small", { type: "button", onclick: () => download("answer.csv", csv(found), "text/csv") }, "Save as CSV"))));
}

function tell(problem) {
  content.replaceChildren(h("h1", {}, "There is nothing to see here"), h("p.sentence", { role: "alert" }, problem.message));
}

async function boot() {
  wireTheme();
  document.body.classList.toggle("framed", window.parent !== window);
  try {
    const shared = await api.shared(id, secret);
    document.title = shared.title;
    if (shared.kind === "dashboard") await board(shared); else answer(shared);
  } catch (problem) {
    if (!(problem instanceof api.Problem)) throw problem;
    tell(problem);
  }
  content.removeAttribute("aria-busy");
}

boot();
