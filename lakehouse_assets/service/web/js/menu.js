// A menu that opens below a button: what can be done with something.

import { h, icon } from "./dom.js";

const EDGE = 8; // pixels between a menu and the edge of the window
const DOTS = "M4.5 10h.01M10 10h.01M15.5 10h.01";

/** A menu by its name, of items; `path` is its icon, unless it is to be read as a button with a `label`. */
export function menuBox(name, items, path = DOTS, label = "", small = false) {
  const box = h("details.menu", { ontoggle: (event) => opened(event.currentTarget) },
    label ? h(`summary.button.quiet${small ? ".small" : ""}`, { "aria-label": name }, icon(path), label) : h("summary", { "aria-label": name }, icon(path)), h("ul", {}, items.filter(Boolean)));
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

/** One menu is open at a time, and all of it in sight. */
function opened(box) {
  if (!box.open) return;
  for (const other of document.querySelectorAll("details.menu[open]")) if (other !== box) other.open = false;
  box.lastChild.style.translate = "";
  const { left, right } = box.lastChild.getBoundingClientRect();
  const shift = left < EDGE ? EDGE - left : Math.min(0, innerWidth - EDGE - right);
  if (shift) box.lastChild.style.translate = `${shift}px`;
}

document.addEventListener("click", (event) => {
  for (const box of document.querySelectorAll("details.menu[open]")) if (!box.contains(event.target)) box.open = false;
});
