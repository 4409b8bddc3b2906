// Making elements. Text only ever becomes a text node, so nothing of an answer can become markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element: h("button.small", {type: "button", onclick}, "text", child). */
export function h(selector, properties = {}, ...children) {
  const [tag, ...classes] = selector.split(".");
  return fill(document.createElement(tag), classes, properties, children);
}

/** The same for SVG. */
export function s(selector, properties = {}, ...children) {
  const [tag, ...classes] = selector.split(".");
  return fill(document.createElementNS(SVG, tag), classes, properties, children);
}

function fill(element, classes, properties, children) {
  if (classes.length) element.classList.add(...classes);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Put the cursor where most people want it, unless they went elsewhere while the page was still loading. */
export function offerFocus(element) {
  if ([null, document.body].includes(document.activeElement)) element.focus();
}

/** An icon of the page's stroke style, by its path. */
export function icon(path) {
  return s("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, s("path", { d: path }));
}

let toastTimer;

/** A short message that goes away; screen readers hear it. */
export function toast(text) {
  const box = byId("toast");
  box.textContent = text;
  box.classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => box.classList.remove("shown"), 2600);
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied`);
  } catch {
    toast("The browser does not allow copying here; select the text instead");
  }
}

/** Offer text as a file. */
export function download(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  downloadFrom(name, url);
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** Offer what is at an address as a file. */
export function downloadFrom(name, url) {
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

/** The button of the bar that changes between light and dark, and remembers it. */
export function wireTheme() {
  byId("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("asklake.theme", root.dataset.theme); } catch { /* storage is off: for this visit only */ }
  });
}
