// Who uses a page: the key dialog of all pages, what is shown of the session it opens, and signing out.

import * as api from "./api.js";
import { byId, h, toast } from "./dom.js";
import { moment } from "./format.js";
import { forgetAll } from "./history.js";

const OTHER_TABS = new BroadcastChannel("asklake.session");
let asked = null; // the dialog that is open
let shown = ""; // the key whose answers are on the page

/** Learn whether this browser holds a session, and wire the page's key button. */
export async function begin() {
  api.whenAKeyIsMissing(enterKey);
  OTHER_TABS.addEventListener("message", follow);
  await api.readSession();
  shown = api.keyId();
  const button = byId("key");
  button.hidden = !api.session().keys_required;
  button.addEventListener("click", async () => {
    try {
      await api.readSession(); // it may have ended meanwhile
    } catch (problem) {
      toast(said(problem));
      return;
    }
    if (api.keyId()) showSession();
    else if (await enterKey()) location.reload();
  });
}

/** A problem in words, with what to do about it; anything else is a defect, and thrown on. */
function said(problem) {
  if (!(problem instanceof api.Problem)) throw problem;
  return problem.code === "unauthorized" ? problem.message : `${problem.message} ${problem.next}`;
}

/** Ask for a key; resolves to whether there is one now. Who asks while the dialog is open gets its answer too. */
export function enterKey() {
  asked ??= openDialog();
  return asked.answer;
}

function openDialog() {
  const [problem, input] = [
    h("p.problem", { id: "key-problem", role: "alert" }),
    h("input", { id: "key-text", type: "password", autocomplete: "off", spellcheck: "false", autocapitalize: "none",
      placeholder: "alk_…", autofocus: true, "aria-describedby": "key-problem" }),
  ];
  const dialog = h("dialog", { "aria-labelledby": "key-title", "aria-describedby": "key-why" },
    h("form", { novalidate: true, onsubmit: submit },
      h("h2", { id: "key-title" }, shown ? "Your session has ended" : "This service wants a key"),
      h("p", { id: "key-why" }, ...why()),
      h("label", { for: "key-text" }, "Key"), input, problem,
      h("div.dialog-end", {},
        // Not a button that submits: Enter in the field presses the first of those.
        h("button.button.quiet", { type: "button", onclick: () => dialog.close() }, "Not now"),
        h("button.button", { type: "submit" }, "Use this key"))));
  let busy = false;

  async function submit(event) {
    event.preventDefault();
    if (busy) return;
    const key = input.value.trim();
    if (!key) {
      refuse("Type or paste the key first.");
      return;
    }
    busy = true;
    problem.textContent = "";
    try {
      await api.openSession(key);
      settle();
    } catch (found) {
      refuse(said(found));
    } finally {
      busy = false;
    }
  }

  function refuse(text) {
    problem.textContent = text;
    input.setAttribute("aria-invalid", "true");
    input.focus();
    input.select();
  }

  /** There is a session: go on with it, or begin anew where what is shown was another key's. */
  function settle() {
    OTHER_TABS.postMessage(api.keyId());
    if (shown && shown !== api.keyId()) {
      location.reload();
      return;
    }
    shown = api.keyId();
    byId("key").hidden = false;
    dialog.close("open");
    toast(`Signed in as ${api.session().key.name}`);
  }

  const answer = new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      asked = null;
      resolve(dialog.returnValue === "open");
    });
  });
  document.body.append(dialog);
  dialog.showModal();
  return { answer, settle };
}

function why() {
  if (api.session().way_back) return [api.session().way_back];
  if (shown) return ["Enter your key again to go on where you were."];
  return ["Whoever runs it makes one with ", h("code", {}, "asklake key create NAME"),
    ". This browser then stays signed in for a while, in all its tabs; the key itself is not kept."];
}

/** Another tab signed in or out: wait no longer, or begin anew where what is shown was another key's. */
async function follow({ data: keyId }) {
  if (keyId === shown && !asked) return;
  if (!asked || !keyId) {
    location.reload();
    return;
  }
  await api.readSession();
  asked?.settle();
}

function showSession() {
  const { key, expires_at: until } = api.session();
  const facts = [["Key", key.name], ["Role", key.role], ["Rows of", key.tenant ?? "every tenant"], ["Until", moment(until)]];
  const forget = h("input", { type: "checkbox" });
  const problem = h("p.problem", { role: "alert" });
  const dialog = h("dialog", { "aria-labelledby": "session-title" },
    h("form", { onsubmit: signOut },
      h("h2", { id: "session-title" }, "Signed in"),
      h("dl", {}, facts.map(([name, text]) => [h("dt", {}, name), h("dd", {}, text)])),
      h("label.check", {}, forget, "Also forget my conversations in this browser"),
      problem,
      h("div.dialog-end", {},
        h("button.button.quiet", { type: "button", autofocus: true, onclick: () => dialog.close() }, "Close"),
        h("button.button", { type: "submit" }, "Sign out"))));

  async function signOut(event) {
    event.preventDefault();
    try {
      await api.endSession();
    } catch (found) {
      problem.textContent = said(found);
      return;
    }
    if (forget.checked) forgetAll();
    OTHER_TABS.postMessage("");
    location.reload();
  }

  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
