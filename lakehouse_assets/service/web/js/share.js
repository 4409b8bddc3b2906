// Showing a dashboard or an answer to someone without a key: making a link, and the list of one's own.

import * as api from "./api.js";
import { ask, choice, done, labelled } from "./dialogs.js";
import { copy, h, toast } from "./dom.js";
import { moment, plural } from "./format.js";

const LIVES = [["1", "Tomorrow"], ["7", "In a week"], ["30", "In a month"], ["90", "In three months"], ["365", "In a year"]];

/** Ask for how long and where, and make a link; `what` is as POST /links takes it, `says` what will be seen. */
export function share(what, says) {
  const days = choice(LIVES, "30");
  const sites = h("input", { type: "text", maxlength: 2000, placeholder: "https://intranet.example.org", autocapitalize: "none", spellcheck: "false" });
  ask({
    title: "Share by a link", action: "Make the link",
    says: `Whoever has the link sees ${says}, with the rights you have now, and can ask nothing else.`,
    fields: [labelled("It ends", days), labelled("Sites that may show it in a frame, if any", sites)],
    act: async () => {
      const origins = sites.value.split(/[\s,]+/).filter(Boolean);
      const made = await api.makeLink({ ...what, days: Number(days.value), origins });
      return shown(made);
    },
  });
}

function shown({ address, expires_at: until, origins, title }) {
  const link = new URL(address, location.origin).href;
  const frame = `<iframe src="${link}" title="${title.replace(/[&"<>]/g, "")}" width="100%" height="640"></iframe>`;
  const field = (label, text) => labelled(label, h("input", { type: "text", readonly: true, value: text, onfocus: (event) => event.currentTarget.select() }));
  const box = done("The link is made", `It is told this once, and ends ${moment(until)}. Dashboards, Shared links, revokes it.`,
    h("button.button", { type: "button", onclick: () => copy(link, "The link") }, "Copy the link"));
  box.querySelector("[role=status]").after(...[field("Link", link), origins.length ? field("For a page", frame) : null].filter(Boolean));
  return box;
}

/** One's own links as a section; nothing where there is none. */
export function linkList(links, again) {
  if (!links.length) return null;
  return h("section", { "aria-labelledby": "links" }, h("h2", { id: "links" }, "Shared links"),
    h("ul.links", {}, links.map((one) => h("li", {}, h("span", {}, h("b", {}, one.title), h("small", {}, facts(one))),
      one.state === "open" ? h("button.button.quiet.small", { type: "button", "aria-label": `Revoke the link to ${one.title}`, onclick: () => revoke(one, again) }, "Revoke") : null))));
}

function facts(one) {
  const end = { open: `ends ${moment(one.expires_at)}`, expired: "has ended", revoked: "revoked" }[one.state];
  const opened = one.opened ? `opened ${plural(one.opened, "time")}, last ${moment(one.opened_at)}` : "not opened yet";
  return [one.kind === "answer" ? "Answer" : "Dashboard", end, opened, one.origins.length ? `in frames of ${one.origins.join(", ")}` : ""].filter(Boolean).join(" · ");
}

async function revoke(one, again) {
  try {
    await api.revokeLink(one.id);
    toast("The link shows nothing any more");
    again();
  } catch (problem) {
    if (!(problem instanceof api.Problem)) throw problem;
    toast([problem.message, problem.next].filter(Boolean).join(" "));
  }
}
