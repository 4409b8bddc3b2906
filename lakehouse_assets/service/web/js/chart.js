// A drawing by the service, on the page: its legend, what is told where it is pointed at, and its picture as a file.

import { download, downloadFrom, h } from "./dom.js";
import { config, parameters, vega } from "./vega.js";

const NARROW = 480;
const THINNEST = 17; // pixels that a bar with its name takes
const LEGENDS = "nominal";
const shown = new Set(); // what draws itself again when the theme changes

new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

function redraw() {
  for (const one of shown) {
    if (one.element.isConnected) one.draw();
    else shown.delete(one);
  }
}

/**
 * A drawing as an element; `says` is for who does not see it, `pick` is called with the row that is clicked. It draws
 * itself as wide as its place, with `fill` as high as well, and again where that or the theme changes.
 */
export function chart(drawing, { says = "", fill = false, pick = null } = {}) {
  const plot = h("div.plot", { role: "img", "aria-label": `Chart. ${says}` });
  const tip = h("div.tip", { hidden: true, "aria-hidden": "true" });
  const hidden = new Set();
  const element = h("figure.chart", {}, legend(), plot, tip, drawing.note ? h("figcaption.quiet-text", {}, drawing.note) : null);
  let view = null;
  let [width, height] = [0, 0];
  let turn = 0;

  function legend() {
    if (drawing.series.length < 2) return null;
    return h("ul.legend", { "aria-label": "Series" }, drawing.series.map((name, i) => h("li", {},
      h("button", { type: "button", "aria-pressed": "true", title: "Show or hide", onclick: (event) => toggle(name, event.currentTarget) },
        h(`span.swatch.c${i % 8}`), name))));
  }

  function toggle(name, button) {
    if (hidden.has(name)) hidden.delete(name);
    else hidden.add(name);
    button.setAttribute("aria-pressed", String(!hidden.has(name)));
    view?.signal("hidden", [...hidden]).runAsync();
  }

  async function draw() {
    if (!width) return;
    turn += 1;
    const mine = turn;
    const drawn = await viewOf(drawing, { width, height: fill ? height : 0, hidden, renderer: "svg" });
    if (mine !== turn) { drawn.finalize(); return; }
    view?.finalize();
    view = drawn;
    view.tooltip((_, event, item, told) => tell(tip, element, event, told));
    if (pick) view.addEventListener("click", (_, item) => { if (item?.datum && "key" in item.datum) pick(item.datum); });
    plot.replaceChildren();
    await view.initialize(plot).runAsync();
    plot.querySelector("svg")?.setAttribute("aria-hidden", "true");
  }

  new ResizeObserver(([entry]) => {
    const [wide, high] = [Math.floor(entry.contentRect.width), Math.floor(entry.contentRect.height)];
    if (wide < 80 || (wide === width && (!fill || high === height))) return;
    [width, height] = [wide, high];
    draw();
  }).observe(plot);
  shown.add({ element, draw });
  return element;
}

/** The chart as a picture in a file, with its title and its legend. */
export async function savePicture(drawing, { title, name, type = "png" }) {
  const style = getComputedStyle(document.documentElement);
  const view = await viewOf(drawing, { width: 760, hidden: new Set(), renderer: "none", title, background: style.getPropertyValue("--card").trim() });
  if (type === "svg") download(`${name}.svg`, await view.toSVG(), "image/svg+xml");
  else downloadFrom(`${name}.png`, await view.toImageURL("png", 2));
  view.finalize();
}

async function viewOf(drawing, { width, height = 0, hidden, renderer, title = "", background = null }) {
  const { vega: v, vegaLite, expressionInterpreter } = await vega();
  const colours = { ...parameters(), hidden: [...hidden] };
  const spec = structuredClone(drawing.spec);
  const look = config();
  if (background) look.background = background;
  Object.assign(spec, { width, autosize: { type: "fit-x", contains: "padding" }, config: look });
  if (height) fit(spec, height);
  if (title) spec.title = title;
  else withoutLegend(spec); // the page has one that the keyboard reaches
  spec.params = spec.params.map((one) => (one.name in colours ? { ...one, value: colours[one.name] } : one));
  look.axisY.labelLimit = Math.round(width * (width < NARROW ? 0.34 : 0.28));
  if (width < NARROW) look.axisX = { ...look.axisX, tickCount: 4, labelFontSize: 11 };
  const compiled = vegaLite.compile(spec, { logger: v.logger(v.Error) }).spec;
  return new v.View(v.parse(compiled, null, { ast: true }), { expr: expressionInterpreter, renderer, logLevel: v.Error, hover: true });
}

/** As high as there is room; where bars would be too thin to read, higher, to be scrolled. */
function fit(spec, height) {
  const down = (spec.layer?.[0] ?? spec).encoding.y;
  const bars = down?.type === "ordinal" ? down.scale.domain.length : 0;
  if (bars * THINNEST <= height) Object.assign(spec, { height, autosize: { type: "fit", contains: "padding" } });
}

function withoutLegend(spec) {
  for (const part of [spec, ...(spec.layer ?? [])]) {
    const colour = part.encoding?.color;
    if (colour?.type === LEGENDS) colour.legend = null;
  }
}

/** What is told of the mark that is pointed at: its title, then names and values. */
function tell(tip, element, event, told) {
  tip.hidden = !told;
  if (!told) return;
  const { _name: name, _figure: figure, _of: series, ...others } = told;
  tip.replaceChildren(
    h("strong", {}, String(name ?? "")),
    figure ? h("span", {}, series ? `${series} ` : "", h("b", {}, String(figure))) : "",
    ...Object.entries(others).filter(([, value]) => value && value !== "undefined" && value !== "null")
      .map(([label, value]) => h("span", {}, `${label} `, h("b", {}, String(value)))));
  const [frame, box] = [element.getBoundingClientRect(), tip.getBoundingClientRect()];
  const left = event.clientX - frame.left;
  tip.style.left = `${Math.max(0, left + box.width + 16 > frame.width ? left - box.width - 14 : left + 14)}px`;
  tip.style.top = `${Math.max(0, event.clientY - frame.top - box.height / 2)}px`;
}
