// A menu that opens below a button: what can be done with something.

import { h, icon } from "./dom.js";

const DOTS = "M4.5 10h.01M10 10h.01M15.5 10h.01";

/** A menu by its name, of items; `path` is its icon, unless it is to be read as a button with a `label`. */
export function menuBox(name, items, path = DOTS, label = "") {
  const box = h("details.menu", { ontoggle: (event) => closeOthers(event.currentTarget) },
    label ? h("summary.button.quiet", { "aria-label": name }, icon(path), label) : h("summary", { "aria-label": name }, icon(path)), h("ul", {}, items.filter(Boolean)));
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    box.open = false;
    box.firstChild.focus();
  });
  return box;
}

export function menuItem(label, onclick) {
  return h("li", {}, h("button", { type: "button", onclick: (event) => { event.currentTarget.closest("details").open = false; onclick(); } }, label));
}

function closeOthers(opened) {
  if (!opened.open) return;
  for (const other of document.querySelectorAll("details.menu[open]")) if (other !== opened) other.open = false;
}

document.addEventListener("click", (event) => {
  for (const box of document.querySelectorAll("details.menu[open]")) if (!box.contains(event.target)) box.open = false;
});
