// The picture of an answer: drawn where the answer has one, changed by the reader, saved as a file.

import * as api from "./api.js";
import { chart, savePicture } from "./chart.js";
import { h, icon, toast } from "./dom.js";

const DOWN = "M10 4v9M6 9.5l4 4 4-4M4 16.5h12";
export const KINDS = { number: "Number", line: "Line", area: "Area", bar: "Bars", stacked: "Stacked bars", donut: "Donut",
  heat_map: "Heat map", histogram: "Histogram", scatter: "Scatter", funnel: "Funnel", table: "Table only" };

/** How answers are drawn on this page, by their ids: what the reader changed them to, too. */
export const drawnAs = new Map();

/** A place that the picture of an answer comes to. */
export function picture(answer, name) {
  const place = h("div.drawn", {}, h("div.skeleton", { "aria-hidden": "true" }));
  const tools = h("div.picture-tools");
  let drawing = null;

  async function load(kind) {
    try {
      drawing = await api.chart(answer.answer_id, kind);
    } catch (problem) {
      if (!(problem instanceof api.Problem)) throw problem;
      place.replaceChildren(h("p.note", {}, `No picture: ${problem.message}`));
      return;
    }
    drawnAs.set(answer.answer_id, drawing.kind);
    place.replaceChildren(drawing.spec ? chart(drawing, { says: answer.sentence }) : "");
    tools.replaceChildren(...toolsOf(drawing, load, () => save(drawing, answer.question, name)));
  }

  load();
  return h("div.picture", {}, tools, place);
}

function toolsOf({ kind, kinds, spec }, load, save) {
  const choice = kinds.length > 1 ? h("label.choose-chart", {}, h("span", {}, "Show as"),
    h("select", { onchange: (event) => load(event.currentTarget.value) },
      kinds.map((one) => h("option", { value: one, selected: one === kind }, KINDS[one] ?? one)))) : null;
  const button = spec ? h("button.button.quiet.small", { type: "button", onclick: save }, icon(DOWN), "Picture") : null;
  return [choice, button].filter(Boolean);
}

/** The picture as a file, as it is chosen now. */
export async function save(drawing, title, name, type = "png") {
  try {
    await savePicture(drawing, { title, name, type });
  } catch (problem) {
    toast(`The picture could not be made: ${problem.message}`);
  }
}
