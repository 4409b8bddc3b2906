// Alerts and subscriptions: asked for in words or by a form, listed with where they stand, muted, removed.

import { fillForm, said, showOffer, showProblem } from "./alert_form.js";
import * as api from "./api.js";
import { byId, h, toast, wireTheme } from "./dom.js";
import { moment, plural, dated } from "./format.js";
import * as session from "./session.js";

const EXAMPLES = ["tell me when backlog in any ward passes 100", "tell me when complaints drop by 20 % week over week",
  "send me backlog by ward every Monday at 8:00"];
const STATES = { ok: "well", pending: "not long enough yet", firing: "raised", unknown: "cannot be judged" };
const DAY_MS = 86_400_000;
const KINDS = { email: "mail", slack: "Slack", webhook: "webhook" };
let known = { alerts: [], targets: [], domains: [], zone: "UTC" };

// --- asking

const around = () => ({ targets: known.targets, domains: known.domains, again: ask, kept: (made) => load(made.id) });

async function ask(sentence) {
  byId("sentence").value = sentence;
  try {
    showOffer(await api.understandWish(sentence), around());
  } catch (problem) {
    if (!(problem instanceof api.Problem)) throw problem;
    showProblem(problem, ask);
  }
}

// --- what there is

function card(one) {
  const open = h("details", {}, h("summary.quiet-text", {}, "History"));
  open.addEventListener("toggle", () => { if (open.open) history(open, one.id); });
  const badge = one.muted_until && new Date(one.muted_until) > Date.now() ? ["muted", `muted until ${moment(one.muted_until)}`]
    : one.kind === "subscription" ? ["", one.next_at ? `next ${moment(one.next_at)}` : "sent by the clock"]
      : one.judged_at ? [one.state, STATES[one.state]] : ["", "not judged yet"];
  return h(`article.card.${one.state}`, { id: one.id, "aria-labelledby": `name-${one.id}`, tabindex: -1 },
    h("div.alert-head", {}, h("h3", { id: `name-${one.id}` }, one.name), h(`span.badge${badge[0] ? `.${badge[0]}` : ""}`, {}, badge[1])),
    h("p", {}, dated(one.meaning)),
    one.says ? h("p.note", {}, dated(one.says)) : null,
    h("p.quiet-text", {}, facts(one)),
    one.editable ? h("div.actions", {}, ...actions(one)) : null, open);
}

function facts(one) {
  const parts = [one.draft.targets.length ? `Goes to ${one.draft.targets.join(", ")}` : "Told on this page alone",
    one.draft.quiet ? `quiet from ${one.draft.quiet.begin} to ${one.draft.quiet.end} (${known.zone})` : "",
    one.judged_at ? `judged ${moment(one.judged_at)}` : "", `made by ${one.made_by}`, one.tenant ? `for ${one.tenant}` : ""];
  return parts.filter(Boolean).join(" · ");
}

function actions(one) {
  const muted = one.muted_until && new Date(one.muted_until) > Date.now();
  const mute = (until, words) => act(async () => { await api.muteAlert(one.id, until); toast(words); await load(one.id); });
  return [
    muted ? h("button.button.quiet.small", { type: "button", "aria-label": `Tell again: ${one.name}`, onclick: mute(null, "Told again") }, "Tell again")
      : h("button.button.quiet.small", { type: "button", "aria-label": `Mute for a day: ${one.name}`,
        onclick: mute(new Date(Date.now() + DAY_MS).toISOString(), "Muted for a day") }, "Mute for a day"),
    h("button.button.quiet.small", { type: "button", "aria-label": `Remove: ${one.name}`,
      onclick: act(async () => {
        if (!confirm(`Remove “${one.name}”?`)) return;
        await api.removeAlert(one.id);
        toast("Removed");
        await load();
        byId("sentence").focus();
      }) }, "Remove"),
  ];
}

const act = (what) => async () => {
  try { await what(); } catch (problem) { toast(said(problem)); }
};

async function history(place, id) {
  try {
    const { entries, messages } = await api.alert(id);
    const waiting = messages.filter((one) => one.status === "waiting");
    const lost = messages.filter((one) => one.status === "given_up");
    place.replaceChildren(place.firstChild,
      lost.length ? h("p.warn-text", {}, `${plural(lost.length, "message")} to ${lost[0].target} never arrived and ${lost.length === 1 ? "was" : "were"} given up after a week${lost[0].error ? `: ${lost[0].error}` : "."}`) : null,
      waiting.length ? h("p.note", {}, `${plural(waiting.length, "message")} to ${waiting[0].target} ${waiting.length === 1 ? "waits" : "wait"}${waiting[0].error ? `: ${waiting[0].error}` : "."}`) : null,
      entries.length ? h("ul.alert-history", {}, entries.map((entry) => h("li", {}, dated(entry.says),
        h("small", {}, `${moment(entry.at)} · ${STATES[entry.state]}${entry.silent ? ` · not sent: ${entry.silent}` : ""}`))))
        : h("p.note", {}, "Nothing was told yet."));
  } catch (problem) {
    place.replaceChildren(place.firstChild, h("p.problem", {}, said(problem)));
  }
}

function receiver(one) {
  const does = one.missing || (one.failures ? `${plural(one.waiting, "message")} waiting; failed ${one.failures} times: ${one.error}` : "");
  const told = h("p.quiet-text", { role: "status" });
  const test = h("button.button.quiet.small", { type: "button", "aria-label": `Send a test to ${one.name}`, disabled: Boolean(one.missing),
    onclick: act(async () => {
      told.textContent = "Being sent…";
      try {
        const { sent, error } = await api.testTarget(one.name);
        told.textContent = sent ? "The test arrived." : error;
      } catch (problem) { told.textContent = said(problem); }
    }) }, "Send a test");
  return h("li", {}, h("div", {}, h("strong", {}, one.name), ` ${KINDS[one.kind]}${one.description ? ` · ${one.description}` : ""}`,
    does ? h("p.warn-text", {}, does) : null, told), test);
}

async function load(shown = "") {
  known = await api.alerts();
  const list = byId("list");
  list.replaceChildren(known.alerts.length ? h("div.alert-list", {}, known.alerts.map(card))
    : h("p.note", {}, "Nothing yet. Write a sentence above, or take one of the examples."));
  list.removeAttribute("aria-busy");
  byId("targets").replaceChildren(...known.targets.map(receiver));
  byId("receivers").hidden = !known.targets.length;
  if (shown) byId(shown)?.focus();
}

async function boot() {
  wireTheme();
  byId("examples").replaceChildren(...EXAMPLES.map((text) => h("li", {}, h("button.chip", { type: "button", onclick: () => ask(text) }, text))));
  byId("wish").addEventListener("submit", (event) => {
    event.preventDefault();
    const sentence = byId("sentence").value.trim();
    if (sentence) ask(sentence);
  });
  const byForm = byId("by-form");
  byForm.addEventListener("toggle", act(async () => {
    if (byForm.open && !byId("form").firstChild) await fillForm(byId("form"), (found) => showOffer(found, around()));
  }));
  try {
    await session.begin();
    await load(location.hash.slice(1));
    const asked = new URLSearchParams(location.search).get("sentence");
    if (asked) await ask(asked);
  } catch (problem) {
    if (!(problem instanceof api.Problem)) throw problem;
    byId("list").replaceChildren(h("div.card.failed", { role: "alert" }, h("p.sentence", {}, problem.message), h("p.note", {}, problem.next)));
    byId("list").removeAttribute("aria-busy");
  }
}

boot();
