// The controls of what a dashboard's tiles share: the time, and a list of values for each filter.

import { h } from "./dom.js";
import { cell, day } from "./format.js";

const SEARCHED = 12;

/** The controls for a choice; `choose` is called with what is changed. */
export function filterBar(board, choice, choose) {
  const shown = board.filters.filter((one) => one.choices.length > 1);
  return [
    period(board, choice, choose),
    ...shown.map((one) => filter(one, choice, choose)),
    chips(board, choice, choose),
  ].filter(Boolean);
}

function period(board, choice, choose) {
  const own = Boolean(choice.from || choice.to);
  const select = h("select", { "aria-label": "Time", onchange: () => {
    if (select.value === "days") { days.hidden = false; days.querySelector("input").focus(); } else choose({ period: select.value, from: null, to: null });
  } },
  board.periods.map((one) => h("option", { value: one.name, selected: !own && one.name === (choice.period ?? board.period) }, one.label)),
  h("option", { value: "days", selected: own }, "Days …"));
  const [from, to] = ["from", "to"].map((name) => h("input", { type: "date", value: choice[name] ?? "", "aria-label": name === "from" ? "First day" : "Last day" }));
  const days = h("form.days", { hidden: !own, onsubmit: (event) => {
    event.preventDefault();
    if (from.value && to.value && from.value > to.value) [from.value, to.value] = [to.value, from.value];
    if (from.value || to.value) choose({ from: from.value || null, to: to.value || null, period: null });
  } }, from, h("span", {}, "to"), to, h("button.button.small", {}, "Show"));
  return h("div.period", {}, select, days);
}

function filter(one, choice, choose) {
  const chosen = choice.values[one.dimension];
  const boxes = one.choices.map((value) => h("label.check", {},
    h("input", { type: "checkbox", value: String(value), checked: chosen.includes(String(value)) }), cell(value, one)));
  const search = one.choices.length > SEARCHED ? h("input.filter-search", { type: "search", placeholder: `Search ${one.label.toLowerCase()}`, "aria-label": `Search ${one.label}`,
    oninput: (event) => {
      const wanted = event.currentTarget.value.trim().toLowerCase();
      for (const box of boxes) box.hidden = !box.textContent.toLowerCase().includes(wanted);
    } }) : null;
  const form = h("form", { onsubmit: (event) => {
    event.preventDefault();
    const values = boxes.map((box) => box.firstChild).filter((box) => box.checked).map((box) => box.value);
    choose({ values: { ...choice.values, [one.dimension]: values } });
  } }, search, h("div.filter-values", {}, boxes, one.all_choices ? null : h("p.quiet-text", {}, "These are not all there are.")),
  h("div.dialog-end", {}, h("button.button.small", {}, "Show")));
  const box = h("details.menu.filter", {}, h("summary.button.quiet.small", {}, h("span", {}, one.label),
    chosen.length ? h("b", {}, chosen.length === 1 ? cell(chosen[0], one) : `${chosen.length} chosen`) : null), form);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    box.open = false;
    box.firstChild.focus();
  });
  return box;
}

/** What is filtered by, each to be taken away with one click. */
function chips(board, choice, choose) {
  const found = board.filters.flatMap((one) => choice.values[one.dimension].map((value) => [one, value]));
  const span = choice.from || choice.to ? [choice.from ? day(choice.from) : "…", choice.to ? day(choice.to) : "…"].join(" – ") : "";
  if (!found.length && !span) return null;
  return h("ul.chips", { "aria-label": "Shown only" },
    span ? chip(span, () => choose({ from: null, to: null, period: null })) : null,
    found.map(([one, value]) => chip(`${one.label}: ${cell(value, one)}`, () =>
      choose({ values: { ...choice.values, [one.dimension]: choice.values[one.dimension].filter((other) => other !== value) } }))),
    found.length > 1 ? h("li", {}, h("button.button.quiet.small", { type: "button",
      onclick: () => choose({ values: Object.fromEntries(board.filters.map((one) => [one.dimension, []])) }) }, "Clear all")) : null);
}

function chip(text, onclick) {
  return h("li", {}, h("button.chip", { type: "button", "aria-label": `Without ${text}`, onclick }, text, h("span", { "aria-hidden": "true" }, "×")));
}
