// Saving a dashboard or an answer as a file that the service writes.

import { Problem } from "./api.js";
import { downloadFrom, toast } from "./dom.js";
import { menuBox, menuItem } from "./menu.js";

const DOWN = "M10 4v9M6 9.5l4 4 4-4M4 16.5h12";
const FORMATS = { pdf: "PDF", png: "Picture (PNG)", xlsx: "Excel", csv: "CSV" };

/** A menu of formats; `get(format)` resolves to a file of the service. */
export function exportMenu(name, label, formats, get, small = false) {
  return menuBox(name, formats.map((format) => menuItem(FORMATS[format], () => save(format, get))), DOWN, label, small);
}

async function save(format, get) {
  toast(`${FORMATS[format]} is being written …`);
  try {
    const { name, content } = await get(format);
    const url = URL.createObjectURL(content);
    downloadFrom(name, url);
    setTimeout(() => URL.revokeObjectURL(url), 1000);
    toast(`${name} is written`);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    toast([problem.message, problem.next].filter(Boolean).join(" "));
  }
}
