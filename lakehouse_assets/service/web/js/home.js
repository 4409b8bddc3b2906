// The first page: a place to ask, a few figures of each domain beside the time before, dashboards, and what is new.

import * as api from "./api.js";
import * as asking from "./asking.js";
import { boardCard, parted } from "./boards.js";
import { byId, h, wireTheme } from "./dom.js";
import { changeOf } from "./figure.js";
import { brief, cell, dated, day, moment, withDays } from "./format.js";
import * as session from "./session.js";
import { named } from "./sidebar.js";
import { sparkline } from "./sparkline.js";
import { open } from "./tile.js";

const FEW = 4;
const MOST_NEWS = 8;
const MOST_MINE = 6;
const NEWS = { loaded: "Loaded", late: "Late", quarantine: "In quarantine" };
const content = byId("content");

function figures({ title, period, figures: found, unusual, newest_day: newest, stale, stale_says: says, problem, dashboards }, boards) {
  const of = boards.filter((board) => dashboards.includes(board.id));
  const fresh = [period ? withDays(period.label) : "", newest ? `data to ${day(newest)}` : ""].filter(Boolean).join(" · ");
  return h("section.of-domain", { "aria-label": title },
    h("header", {}, h("h2", {}, title), h("p.quiet-text", {}, fresh), of.map((board) => h("a", { href: `/dashboards/${encodeURIComponent(board.id)}` }, of.length > 1 ? board.title : "Dashboard"))),
    stale || problem ? h("p.warn-text", {}, problem || says) : null,
    found.length ? h("ul.figures-line", {}, found.map(card)) : null,
    unusual.length ? unusualOf(title, unusual) : null);
}

function unusualOf(title, unusual) {
  return h("section.unusual", { "aria-label": `Unusual in ${title}` }, h("h3", {}, "Unusual"),
    h("ul", {}, unusual.map(({ severity, good, sentence, plan, label }) =>
      h(`li${good !== true && ["high", "medium"].includes(severity) ? ".urgent" : ""}`, {}, dated(sentence), " ",
        h("button.figure-link", { type: "button", "aria-label": `Show the figures of ${label}`, onclick: () => open(plan, label) }, "Figures")))),
    h("p.quiet-text", {}, `Judged until ${day(unusual[0].until)} · `, h("a", { href: "/insights" }, "all insights")));
}

function card(figure) {
  const { label, description, value, before, change, good, trend, format, unit, plan } = figure;
  const column = { format, unit };
  return h("li.tile", { title: description || null },
    h("button.figure-link", { type: "button", onclick: () => open(plan, label) }, label),
    h("div.number-tile", {},
      h("p.figure", {}, h("strong", { title: cell(value, column) }, brief(value, column)),
        value === null ? h("span.change", {}, "not known yet")
          : change === null ? null : h("span.change", {}, format === "percent" ? changeOf(value - before, good, true) : changeOf(change, good), before === null ? "" : ` from ${brief(before, column)}`)),
      trend ? sparkline(trend) : null));
}

function showStarters(domains) {
  const found = Array.from({ length: FEW }, (_, turn) => domains.map((one) => one.starters[turn])).flat().filter(Boolean);
  byId("starters").replaceChildren(...found.slice(0, FEW).map(({ question }) =>
    h("li", {}, h("a.chip", { href: asking.askAt(question) }, question[0].toUpperCase() + question.slice(1)))));
}

function newsOf(news) {
  return h("section", { "aria-label": "What is new" }, h("h2", {}, "What is new"),
    h("ul.news", {}, news.slice(0, MOST_NEWS).map((one) => h(`li.${one.kind}`, {}, h("b", {}, NEWS[one.kind] ?? one.kind), ` ${one.says}`,
      h("small", {}, [named(one.domain), one.table, one.at ? moment(one.at) : ""].filter(Boolean).join(" · "))))));
}

function show({ domains, news }, boards) {
  showStarters(domains);
  if (!domains.length) {
    content.replaceChildren(h("section.card", {}, h("h2", {}, "There is nothing to show yet"),
      h("p", {}, "Figures appear here once there is data: ", h("a", { href: "/upload" }, "upload a file"), ", or run ", h("code", {}, "asklake demo"), ".")));
    return;
  }
  const [mine, others] = parted(boards);
  content.replaceChildren(h("div.home-grid", {},
    h("div.domains-line", {}, domains.map((one) => figures(one, boards))),
    h("aside.home-side", { "aria-label": "Dashboards and news" },
      mine.length ? h("section", {}, h("h2", {}, "My dashboards"), h("ul.boards", {}, mine.slice(0, MOST_MINE).map(boardCard))) : null,
      others.length ? h("section", {}, h("h2", {}, "Dashboards"), h("ul.boards", {}, others.map(boardCard))) : null,
      news.length ? newsOf(news) : null)));
}

async function boot() {
  asking.wire((question) => { location.href = asking.askAt(question); });
  wireTheme();
  byId("question").focus();
  try {
    await session.begin();
    content.replaceChildren(h("div.skeleton", { "aria-hidden": "true" }));
    const [home, { dashboards }] = await Promise.all([api.home(), api.dashboards()]);
    show(home, dashboards);
  } catch (problem) {
    if (!(problem instanceof api.Problem)) throw problem;
    content.replaceChildren(h("div.card.failed", { role: "alert" }, h("p.sentence", {}, problem.message),
      problem.next ? h("p.note", {}, problem.next) : null));
  }
  content.removeAttribute("aria-busy");
}

boot();
