// An alert in the making: by a form, and what a sentence or the form was understood as, to be kept.

import * as api from "./api.js";
import { byId, h, toast } from "./dom.js";
import { dated } from "./format.js";

const DAYS = { "*": "Every day", "1-5": "Every weekday", 1: "Mondays", 2: "Tuesdays", 3: "Wednesdays", 4: "Thursdays", 5: "Fridays", 6: "Saturdays", 0: "Sundays" };
const KINDS = {
  gt: "is above", lt: "is below", up: "rises by", down: "falls by", unusual: "shows something unusual", no_data: "has no data for", stale: "is not published for",
  sent: "is sent by the clock", failed_run: "any run fails", failed_load: "any load fails", quarantine: "records go to quarantine",
};
const OF_PLATFORM = ["failed_run", "failed_load", "quarantine"];
const WHOLE = ["no_data", "stale", "unusual"];
const NUMBERS = { gt: "Number", lt: "Number", up: "Percent", down: "Percent", no_data: "Days", stale: "Hours", quarantine: "More than percent" };

export const said = (problem) => {
  if (!(problem instanceof api.Problem)) throw problem;
  return `${problem.message} ${problem.next}`.trim();
};

const labelled = (text, control) => h("label.labelled", {}, h("span", {}, text), control);
const select = (options, properties = {}) =>
  h("select", properties, Object.entries(options).map(([value, text]) => h("option", { value }, text)));

// --- by a form

/** Fill the form with what can be asked about; `understood` gets what it means. */
export async function fillForm(form, understood) {
  const catalog = await api.catalog();
  const { metrics } = catalog;
  const labels = Object.fromEntries(catalog.dimensions.map((one) => [one.name, one.label]));
  const figure = select(Object.fromEntries(metrics.map((one) => [one.name, `${one.label} (${one.domain})`])));
  const by = h("select", {});
  const kind = select(KINDS);
  const number = h("input", { type: "number", step: "any", value: "100" });
  const period = select({ week: "week", day: "day", month: "month" });
  const on = select(DAYS, {});
  const at = h("input", { type: "time", value: "08:00" });
  const fields = {
    figure: labelled("Figure", figure), by: labelled("Of any", by), kind: labelled("Is told when it", kind), number: labelled("Number", number),
    period: labelled("Whole periods of a", period), on: labelled("On", on), at: labelled("At", at),
  };
  const problem = h("p.problem", { role: "alert" });
  form.replaceChildren(...Object.values(fields), h("div.actions", {}, h("button.button", { type: "submit" }, "Go on"), problem));
  const follow = () => {
    const found = metrics.find((one) => one.name === figure.value);
    by.replaceChildren(h("option", { value: "" }, "—"), ...(found?.dimensions ?? []).filter((name) => labels[name])
      .map((name) => h("option", { value: name }, labels[name])));
  };
  const shape = () => {
    const one = kind.value;
    fields.figure.hidden = OF_PLATFORM.includes(one);
    fields.by.hidden = fields.figure.hidden || WHOLE.includes(one);
    fields.number.hidden = !NUMBERS[one];
    fields.number.firstChild.textContent = NUMBERS[one] ?? "";
    fields.period.hidden = !["up", "down"].includes(one);
    fields.on.hidden = fields.at.hidden = one !== "sent";
  };
  figure.addEventListener("change", follow);
  kind.addEventListener("change", shape);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.textContent = "";
    const metric = metrics.find((one) => one.name === figure.value);
    try {
      const draft = drafted(kind.value, { metric, by: by.value, number: Number(number.value), period: period.value, on: on.value, at: at.value });
      understood({ offers: [await api.checkAlert(draft)], question: "", sentences: [] });
    } catch (error) {
      problem.textContent = said(error);
    }
  });
  follow();
  shape();
}

function drafted(kind, { metric, by, number, period, on, at }) {
  const draft = { name: named(kind, metric, number) };
  if (!OF_PLATFORM.includes(kind)) draft.plan = { metrics: [metric.name], group_by: by && !WHOLE.includes(kind) ? [by] : [] };
  const [hour, minute] = at.split(":").map(Number);
  if (kind === "sent") return { ...draft, cron: `${minute} ${hour} * * ${on}` };
  const share = metric?.format === "percent" ? 100 : 1;
  draft.condition = {
    gt: { kind: "threshold", comparator: "gt", value: number / share }, lt: { kind: "threshold", comparator: "lt", value: number / share },
    up: { kind: "change", direction: "up", by: number / 100, period }, down: { kind: "change", direction: "down", by: number / 100, period },
    no_data: { kind: "no_data", days: Math.round(number) }, stale: { kind: "stale", older_than: `PT${Math.round(number)}H` },
    unusual: { kind: "unusual" }, failed_run: { kind: "failed_run" }, failed_load: { kind: "failed_load" }, quarantine: { kind: "quarantine", share: number / 100 },
  }[kind];
  return draft;
}

function named(kind, metric, number) {
  if (OF_PLATFORM.includes(kind)) return KINDS[kind][0].toUpperCase() + KINDS[kind].slice(1);
  const amount = !NUMBERS[kind] ? "" : ` ${number}${["up", "down"].includes(kind) || metric.format === "percent" ? " %" : ""}`;
  return `${metric.label} ${KINDS[kind]}${amount}`.slice(0, 120);
}

// --- what was understood

/** Show what a sentence or the form came to; `again` takes a clearer sentence, `kept` is called with what was kept. */
export function showOffer(found, { targets, domains, again, kept }) {
  const place = byId("offer");
  const [first] = found.offers;
  if (found.offers.length === 1 && !found.question) {
    place.replaceChildren(confirming(first, { targets, domains, kept }));
    place.querySelector("h2").focus();
    return;
  }
  place.replaceChildren(h("section.card.clarify", { "aria-label": "A question back" }, h("p.sentence", {}, dated(found.question)),
    h("div.choices", {},
      found.offers.map((offer) => h("button.chip", { type: "button",
        onclick: () => showOffer({ offers: [offer], question: "" }, { targets, domains, again, kept }) }, offer.says)),
      found.sentences.map((text) => h("button.chip", { type: "button", onclick: () => again(text) }, text)))));
}

/** What cannot be kept, and what to do about it. */
export function showProblem(problem, again) {
  const nearest = problem.code === "no_wish" ? problem.details.nearest ?? [] : [];
  byId("offer").replaceChildren(h("section.card.refused", { role: "alert" }, h("p.sentence", {}, problem.message),
    nearest.length ? h("div.choices", {}, nearest.map((text) => h("button.chip", { type: "button", onclick: () => again(text) }, text)))
      : h("p.note", {}, problem.next)));
}

function confirming(offer, { targets, domains, kept }) {
  const name = h("input", { value: offer.draft.name, maxlength: 120 });
  const boxes = targets.map((one) => [one.name, h("input", { type: "checkbox", disabled: Boolean(one.missing), checked: targets.length === 1 && !one.missing })]);
  const mail = h("input", { type: "email", placeholder: `you@${domains[0] ?? ""}` });
  const end = h("input", { type: "checkbox", checked: true });
  const [from, until] = [h("input.clock", { type: "time", "aria-label": "Quiet from" }), h("input.clock", { type: "time", "aria-label": "Quiet until" })];
  const problem = h("p.problem.wide-field", { role: "alert" });
  const chosen = () => [...boxes.filter(([, box]) => box.checked).map(([one]) => one), ...(mail.value.trim() ? [mail.value.trim()] : [])];
  const form = h("form", { novalidate: true, onsubmit: async (event) => {
    event.preventDefault();
    const quiet = from.value && until.value ? { begin: from.value, end: until.value } : null;
    try {
      const made = await api.makeAlert({ ...offer.draft, name: name.value, targets: chosen(), quiet, tell_end: end.checked });
      byId("offer").replaceChildren();
      toast(made.draft.targets.length ? "Kept" : "Kept; it is told on this page alone");
      kept(made);
    } catch (error) {
      problem.textContent = said(error);
    }
  } },
  labelled("Name", name),
  h("fieldset", {}, h("legend", {}, "Goes to"),
    boxes.map(([one, box]) => h("label.check", {}, box, one)),
    targets.length ? null : h("p.note", {}, domains.length ? "No target is named for you." : "No target is named for you: it is told on this page alone.")),
  domains.length ? labelled("And by mail to", mail) : null,
  h("fieldset.wide-field", {}, h("legend", {}, "Quiet hours, in which nothing is sent"), h("div.clocks", {}, from, "to", until)),
  offer.draft.cron || offer.draft.condition?.kind === "unusual" ? null : h("label.check.wide-field", {}, end, "Tell me, too, when it is well again"),
  h("div.actions.wide-field", {}, h("button.button", { type: "submit" }, "Keep it"),
    h("button.button.quiet", { type: "button", onclick: () => { byId("offer").replaceChildren(); byId("sentence").focus(); } }, "Not this")), problem);
  return h("section.card.clarify", { "aria-labelledby": "offer-title" }, h("h2", { id: "offer-title", tabindex: -1 }, dated(offer.says)),
    offer.now ? h("p.note", {}, `Now: ${dated(offer.now)}`) : null, form);
}
