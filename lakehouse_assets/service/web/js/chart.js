// A line over time or bars for categories, in SVG. Which of them is the answer's own choice; here it is drawn.

import { h, s } from "./dom.js";
import { cell, number, tick } from "./format.js";
import { cutSteps } from "./table.js";

const HEIGHT = 260;
const BAR = 22;
const MARGIN = { top: 12, right: 18, bottom: 28, left: 56 };

/** A figure that draws itself again when its width changes. */
export function chart(answer) {
  const data = prepare(answer);
  const plot = h("div.plot");
  const tip = h("div.tip", { hidden: true, "aria-hidden": "true" });
  const figure = h("figure.chart", {}, legend(data), plot, tip);
  let width = 0;
  new ResizeObserver(([entry]) => {
    const now = Math.floor(entry.contentRect.width);
    if (now === width || now < 80) return;
    width = now;
    plot.replaceChildren(data.kind === "line" ? lines(data, width, tip) : bars(data, width, tip));
  }).observe(plot);
  return figure;
}

/** Series of points: {kind, x labels, series: [{name, column, values}]}. */
function prepare(answer) {
  const { chart: spec, columns, rows, sentence } = answer;
  const place = Object.fromEntries(columns.map((column, index) => [column.name, index]));
  const column = (name) => columns[place[name]];
  const keys = [...new Map(rows.map((row) => [String(row[place[spec.x]]), row[place[spec.x]]])).values()];
  if (spec.kind === "line") keys.sort((a, b) => String(a).localeCompare(String(b)));
  const at = new Map(keys.map((key, index) => [String(key), index]));
  const series = new Map();
  for (const row of rows) {
    for (const name of spec.y) {
      const label = spec.series ? cell(row[place[spec.series]], column(spec.series)) : column(name).label;
      if (!series.has(label)) series.set(label, { name: label, column: column(name), values: keys.map(() => null) });
      series.get(label).values[at.get(String(row[place[spec.x]]))] = row[place[name]];
    }
  }
  const labels = keys.map((key) => cell(key, column(spec.x)));
  const cut = spec.kind === "line" ? cutSteps(answer) : new Map();
  const isCut = keys.map((key) => cut.has(key));
  keys.forEach((key, i) => { if (cut.has(key)) labels[i] += cut.get(key).running ? " so far" : " in part"; });
  return { kind: spec.kind, keys, labels, isCut, series: [...series.values()], sentence, x: column(spec.x) };
}

function legend({ series }) {
  if (series.length < 2) return null;
  return h("ul.legend", {}, series.map((one, index) => h("li", {}, h(`span.swatch.c${index % 8}`), one.name)));
}

/** Round values for the ticks of an axis that begins at zero, or below it where values do. */
function ticks(values, count) {
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const rough = (high - low || 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].find((one) => one * power >= rough) * power;
  const first = Math.floor(low / step) * step;
  const last = Math.ceil(high / step) * step || step;
  return Array.from({ length: Math.round((last - first) / step) + 1 }, (_, i) => Number((first + i * step).toPrecision(12)));
}

const known = (series) => series.flatMap((one) => one.values).filter((value) => value !== null && value !== undefined);

function frame(data, width, height) {
  return s("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `Chart. ${data.sentence}` });
}

function lines(data, width, tip) {
  const svg = frame(data, width, HEIGHT);
  const marks = ticks(known(data.series), 4);
  const [low, high] = [marks[0], marks.at(-1)];
  const inner = { w: width - MARGIN.left - MARGIN.right, h: HEIGHT - MARGIN.top - MARGIN.bottom };
  const times = data.keys.map((key) => Date.parse(key));
  const dated = times.every((time) => !Number.isNaN(time)) && times.at(-1) > times[0];
  const x = (i) => MARGIN.left + inner.w * (dated ? (times[i] - times[0]) / (times.at(-1) - times[0]) : i / (data.keys.length - 1));
  const y = (value) => MARGIN.top + inner.h * (1 - (value - low) / (high - low));
  for (const mark of marks) {
    svg.append(s(mark === 0 ? "line.zero" : "line.grid", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y(mark), y2: y(mark) }));
    svg.append(s("text.axis", { x: MARGIN.left - 8, y: y(mark) + 4, "text-anchor": "end" }, tick(mark, data.series[0].column)));
  }
  const every = Math.ceil((data.keys.length * 74) / inner.w);
  data.labels.forEach((label, i) => {
    if (i % every) return;
    const anchor = x(i) > width - 40 ? "end" : "middle";
    svg.append(s("text.axis", { x: x(i), y: HEIGHT - 8, "text-anchor": anchor }, label));
  });
  data.series.forEach((one, index) => {
    for (const run of runs(one.values)) {
      const at = (i, letter) => `${letter}${x(i).toFixed(1)} ${y(one.values[i]).toFixed(1)}`;
      const path = run.map((i, n) => at(i, n ? "L" : "M")).join("");
      if (data.series.length === 1 && run.length > 1) {
        svg.append(s("path.area.c0", { d: `${path}L${x(run.at(-1)).toFixed(1)} ${y(0)}L${x(run[0]).toFixed(1)} ${y(0)}Z` }));
      }
      // A step of which not every day is known is no whole one: the line to it is dashed.
      const loose = (i, n) => data.isCut[i] || data.isCut[run[n - 1]];
      const firm = run.map((i, n) => at(i, n && !loose(i, n) ? "L" : "M")).join("");
      const dashed = run.map((i, n) => (n && loose(i, n) ? at(run[n - 1], "M") + at(i, "L") : "")).join("");
      svg.append(s(`path.line.c${index % 8}`, { d: firm }));
      if (dashed) svg.append(s(`path.line.cut.c${index % 8}`, { d: dashed }));
      if (data.keys.length <= 40 || run.length === 1) {
        for (const i of run) svg.append(s(`circle.dot${data.isCut[i] ? ".cut" : ""}.c${index % 8}`, { cx: x(i), cy: y(one.values[i]), r: 3 }));
      }
    }
  });
  const guide = s("line.guide", { y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom });
  svg.append(guide);
  svg.addEventListener("pointermove", (event) => {
    const at = event.clientX - svg.getBoundingClientRect().left;
    const i = data.keys.reduce((best, _, n) => (Math.abs(x(n) - at) < Math.abs(x(best) - at) ? n : best), 0);
    guide.setAttribute("x1", x(i));
    guide.setAttribute("x2", x(i));
    guide.classList.add("at");
    show(tip, data.labels[i], data.series.map((one, n) => [n, one.name, one.values[i], one.column]), x(i), MARGIN.top, width);
  });
  svg.addEventListener("pointerleave", () => { tip.hidden = true; guide.classList.remove("at"); });
  return svg;
}

/** Stretches of positions without a gap. */
function runs(values) {
  const found = [[]];
  values.forEach((value, i) => {
    if (value === null || value === undefined) found.push([]);
    else found.at(-1).push(i);
  });
  return found.filter((run) => run.length);
}

function bars(data, width, tip) {
  const longest = Math.max(...data.labels.map((label) => label.length));
  const left = Math.min(Math.max(longest * 8 + 14, 48), width * 0.38);
  const fits = Math.floor((left - 14) / 8);
  const group = data.series.length * (data.series.length > 1 ? 13 : BAR) + 10;
  const height = data.keys.length * group + 26;
  const svg = frame(data, width, height);
  const marks = ticks(known(data.series), width < 480 ? 3 : 5);
  const [low, high] = [marks[0], marks.at(-1)];
  const room = data.series.length === 1 ? 58 : 14;
  const x = (value) => left + ((width - left - room) * (value - low)) / (high - low);
  for (const mark of marks) {
    svg.append(s(mark === 0 ? "line.zero" : "line.grid", { x1: x(mark), x2: x(mark), y1: 0, y2: height - 22 }));
    svg.append(s("text.axis", { x: x(mark), y: height - 6, "text-anchor": "middle" }, tick(mark, data.series[0].column)));
  }
  data.keys.forEach((_, i) => {
    const top = i * group + 5;
    const label = data.labels[i].length > fits ? `${data.labels[i].slice(0, Math.max(fits - 1, 1))}…` : data.labels[i];
    const row = s("g.bar-row", {}, s("rect.hover", { x: 0, y: top - 5, width, height: group }));
    row.append(s("text.label", { x: left - 8, y: top + (group - 10) / 2 + 4, "text-anchor": "end" }, label));
    const size = (group - 10) / data.series.length;
    data.series.forEach((one, n) => {
      const value = one.values[i];
      if (value === null || value === undefined) return;
      const [from, to] = [Math.min(x(0), x(value)), Math.max(x(0), x(value))];
      const bar = { x: from, y: top + n * size + 1, width: Math.max(to - from, 1.5), height: size - 2, rx: 3 };
      row.append(s(`rect.mark.c${n % 8}`, bar));
      if (data.series.length === 1) row.append(s("text.value", { x: to + 6, y: top + size / 2 + 4 }, number(value, one.column)));
    });
    row.addEventListener("pointermove", () =>
      show(tip, data.labels[i], data.series.map((one, n) => [n, one.name, one.values[i], one.column]), left + 40, top + group, width));
    row.addEventListener("pointerleave", () => { tip.hidden = true; });
    svg.append(row);
  });
  return svg;
}

function show(tip, title, entries, x, y, width) {
  const filled = entries.filter(([, , value]) => value !== null && value !== undefined);
  tip.replaceChildren(
    h("strong", {}, title),
    ...filled.map(([n, name, value, column]) =>
      h("span", {}, h(`i.swatch.c${n % 8}`), entries.length > 1 ? `${name} ` : "", h("b", {}, number(value, column)))),
  );
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const offset = tip.parentElement.querySelector(".plot").offsetTop;
  tip.style.left = `${Math.max(0, Math.min(x + 12, width - box.width - 4))}px`;
  tip.style.top = `${y + offset}px`;
}
