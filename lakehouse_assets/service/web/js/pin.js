// Pinning a figure to a dashboard of one's own, from an answer or from another dashboard.

import * as api from "./api.js";
import { ask, choice, done, labelled, line } from "./dialogs.js";
import { h } from "./dom.js";
import { day } from "./format.js";

const NEW = "";
export const boardAddress = (id) => `/dashboards/${encodeURIComponent(id)}`;

/** The figure of an answer, drawn as it is on the page: `kind` where the reader has changed it. */
export function pinOf(answer, kind = null) {
  const { chart, rows, columns, plan, question } = answer;
  const single = rows.length === 1 && columns.length === 1;
  const drawn = kind ?? chart?.kind ?? (single ? "number" : "table");
  const bars = drawn === "bar" || drawn === "stacked";
  const across = chart?.series && chart.x && columns.find((one) => one.name === chart.x)?.kind !== "time" ? chart.x : null;
  return { plan: sparse(plan), title: (question[0].toUpperCase() + question.slice(1)).slice(0, 120), chart: { kind: drawn, ...(bars && chart?.horizontal ? { horizontal: true } : {}), ...(across ? { across } : {}) } };
}

/** A tile as it is declared. */
export function pinOfTile({ plan, title, description, chart, period }) {
  return { plan, title, description, chart, period, follows: !period && !plan.time_range };
}

const sparse = (plan) => Object.fromEntries(Object.entries(plan).filter(([, value]) => value !== null));

/** Ask where to. */
export async function pin(what) {
  const boards = (await api.dashboards()).dashboards.filter((one) => one.editable);
  const title = line(what.title);
  const where = choice([...boards.map((one) => [one.id, one.title]), [NEW, "A new dashboard"]], boards[0]?.id ?? NEW);
  const name = line("My dashboard");
  const naming = labelled("Name of the dashboard", name);
  const span = what.plan.time_range;
  const time = span ? choice([["kept", `As it is: ${daysOf(span)}`], ["follows", "The time that the dashboard shows"]], "kept") : null;
  const show = () => {
    naming.hidden = where.value !== NEW;
    name.disabled = naming.hidden;
  };
  where.addEventListener("change", show);
  show();
  ask({
    title: "Pin to a dashboard", action: "Pin",
    fields: [labelled("Title", title), labelled("Dashboard", where), naming, time ? labelled("Time", time) : null],
    act: async () => {
      const body = { ...what, title: title.value.trim(), ...(time ? { follows: time.value === "follows" } : {}) };
      const board = where.value === NEW ? await api.makeBoard({ title: name.value.trim(), pin: body }) : await api.pinTo(where.value, body);
      return done("Pinned", `“${body.title}” is on “${board.title}” now.`,
        h("a.button", { href: boardAddress(board.id) }, "Open the dashboard"));
    },
  });
}

const daysOf = ({ start, end }) => [start ? day(start) : "the beginning", end ? day(end) : "today"].join(" to ");
