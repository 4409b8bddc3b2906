// A tile of a dashboard: its figure, picture or rows, what can be done with it, and how fresh it is.

import { addressOf } from "./answer.js";
import * as api from "./api.js";
import { askAt } from "./asking.js";
import { chart } from "./chart.js";
import { download, h, toast } from "./dom.js";
import { figure } from "./figure.js";
import { cell, day, withDays } from "./format.js";
import { menuBox, menuItem } from "./menu.js";
import { save } from "./picture.js";
import { pin, pinOfTile } from "./pin.js";
import { sparkline } from "./sparkline.js";
import { csv, table } from "./table.js";

/**
 * The frame of a tile as it is declared; `fill` puts its answer into it. `pick` is called with what is clicked; `tools`
 * are those of who may change it; with `onlyLooked` nothing can be asked from it.
 */
export function tile(declared, { pick, period = "", tools = null, onlyLooked = false }) {
  const body = h("div.tile-body", {}, declared.text === null ? h("div.skeleton", { "aria-hidden": "true" }) : paragraphs(declared.text));
  const menu = h("div.tile-menu");
  const foot = h("footer.tile-foot");
  const name = `tile-${declared.id}`;
  const element = h(`article.tile${declared.text === null ? "" : ".words"}`, { "aria-labelledby": declared.title ? name : null, "aria-busy": declared.text === null ? "true" : null, "data-tile": declared.id },
    declared.title ? h("header.tile-head", {}, h("h2", { id: name, title: declared.description || null }, declared.title), menu) : null, body, foot, tools);

  function place({ x, y, w, h: rows }) {
    element.style.setProperty("--at", `${x + 1} / span ${w}`);
    element.style.setProperty("--row", `${y + 1} / span ${rows}`);
    element.style.setProperty("--rows", rows);
  }

  place(declared.at);

  function fill(found) {
    element.removeAttribute("aria-busy");
    const { answer } = found;
    if (answer.outcome !== "answered") {
      body.replaceChildren(declined(answer));
      foot.replaceChildren();
      menu.replaceChildren();
      return;
    }
    let asTable = false;
    const show = () => body.replaceChildren(...content(found, asTable, pick));
    const flip = () => { asTable = !asTable; show(); menu.replaceChildren(menuOf(declared, found, { asTable, flip, onlyLooked })); };
    show();
    menu.replaceChildren(menuOf(declared, found, { asTable, flip, onlyLooked }));
    foot.replaceChildren(...notes(found, period));
  }

  function fail(problem) {
    element.removeAttribute("aria-busy");
    body.replaceChildren(h("div.tile-problem", {}, h("p", {}, problem.message), problem.next ? h("p.quiet-text", {}, problem.next) : null));
  }

  return { element, fill, fail, place, wait: () => element.setAttribute("aria-busy", "true") };
}

const paragraphs = (text) => text.split(/\n\s*\n/).map((one) => h("p", {}, one));

function content({ answer, chart: chosen, drawing, trend }, asTable, pick) {
  if (!answer.rows.length) return [h("p.tile-problem", {}, "There is nothing for what is chosen. Take a filter away, or a longer time.")];
  if (chosen.kind === "number" && !asTable) {
    return [h("div.number-tile", {}, figure({ ...answer, chart: chosen }, { compact: true }), trend ? sparkline(trend) : null)];
  }
  if (asTable || !drawing?.spec) return [table(answer, { all: true })];
  return [chart(drawing, { says: answer.sentence, fill: true, pick: (row) => pick(chosen, answer.columns, row) }), hiddenTable(answer)];
}

/** The same for who does not see the picture. */
function hiddenTable({ columns, rows, sentence }) {
  return h("div.hidden", {}, h("table", {}, h("caption", {}, sentence),
    h("thead", {}, h("tr", {}, columns.map((column) => h("th", { scope: "col" }, column.label)))),
    h("tbody", {}, rows.slice(0, 50).map((row) => h("tr", {}, row.map((value, i) => h("td", {}, value === null ? "unknown" : cell(value, columns[i]))))))));
}

function declined(answer) {
  return h("div.tile-problem", {}, h("p", {}, answer.sentence),
    h("p.choices", {}, (answer.choices ?? []).map((choice) => h("a.choice", { href: askAt(choice.question) }, choice.question))));
}

function notes({ answer, unfiltered, drawing }, period) {
  const newest = answer.freshness.map((state) => state.newest_day).filter(Boolean).sort().at(-1);
  return [
    period ? h("span", {}, period) : null,
    drawing?.note && !drawing.spec ? h("span", {}, drawing.note) : null, // below a picture it stands already
    ...(answer.partial ?? []).filter((part) => !part.grain && part.says).map((part) => h("span.warn", {}, withDays(part.says))),
    unfiltered.length ? h("span.warn", {}, `Not by ${unfiltered.join(", ")}`) : null,
    newest ? h("span.fresh", {}, `Data to ${day(newest)}`) : null,
  ].filter(Boolean);
}

// --- what can be done with it

function menuOf(declared, { answer, chart: chosen, drawing }, { asTable, flip, onlyLooked }) {
  const name = declared.title.toLowerCase().replace(/[^a-z0-9]+/g, "-") || "figure";
  const picture = Boolean(drawing?.spec);
  const items = [
    picture || chosen.kind === "number" ? menuItem(asTable ? "See as a picture" : "See as a table", flip) : null,
    ...(onlyLooked ? [] : further(declared, answer)),
    picture ? menuItem("Save the picture", () => save(drawing, declared.title, name)) : null,
    picture ? menuItem("Save as SVG", () => save(drawing, declared.title, name, "svg")) : null,
    menuItem("Save as CSV", () => download(`${name}.csv`, csv(answer), "text/csv")),
  ];
  return menuBox(`What to do with ${declared.title}`, items);
}

/** What leads on from a figure. */
function further(declared, answer) {
  return [
    menuItem("Pin to a dashboard …", () => pinned(pinOfTile(declared))),
    menuItem("Open as an answer", () => open(answer.plan, declared.title)),
    answer.plan.records ? null : menuItem("See the records behind it", () => open(records(answer.plan), `Records of: ${declared.title}`)),
    h("li", {}, h("a", { href: askAt(answer.question) }, "Ask about this")),
  ];
}

async function pinned(what) {
  try {
    await pin(what);
  } catch (problem) {
    if (!(problem instanceof api.Problem)) throw problem;
    toast(`${problem.message} ${problem.next ?? ""}`);
  }
}

/** The rows that a plan's first figure is computed from. */
export function records({ metrics, filters, time_range: span, time_of: of }) {
  return { metrics: metrics.slice(0, 1), filters, ...(span ? { time_range: span } : {}), ...(span && of ? { time_of: of } : {}), records: true, limit: 100 };
}

/** Answer a plan, and go to the answer's page. */
export async function open(plan, question) {
  try {
    location.href = addressOf(await api.query(plan, question));
  } catch (problem) {
    if (!(problem instanceof api.Problem)) throw problem;
    toast(`${problem.message} ${problem.next ?? ""}`);
  }
}
