// The course of a figure in the space of a word.

import { s } from "./dom.js";

const [WIDTH, HEIGHT, EDGE, CALM] = [120, 34, 3, 0.25];

/** A line over the steps of `values`, broken where nothing is known. */
export function sparkline({ values }) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const room = Math.max(most - least, Math.abs(most) * CALM); // what hardly moves is to look so
  const [low, high] = [(least + most - room) / 2, (least + most + room) / 2];
  const x = (i) => EDGE + ((WIDTH - 2 * EDGE) * i) / (values.length - 1);
  const y = (value) => HEIGHT - EDGE - ((HEIGHT - 2 * EDGE) * (value - low)) / (high - low || 1);
  let pen = "M";
  const path = values.map((value, i) => {
    if (value === null) { pen = "M"; return ""; }
    const step = `${pen}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
    return step;
  }).join("");
  return s("svg.sparkline", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" },
    s("path", { d: path, "vector-effect": "non-scaling-stroke" }));
}
