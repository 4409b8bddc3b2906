// A dialog that asks for a few things and does something with them.

import { Problem } from "./api.js";
import { h } from "./dom.js";

let made = 0;

/**
 * Ask by a form. `fields` are elements; `act` is called when it is sent, and the dialog closes unless it throws a Problem,
 * which is shown, or resolves to an element with a heading, as `done` makes it, which takes the place of the form.
 */
export function ask({ title, says = "", fields, action, act, dangerous = false }) {
  made += 1;
  const heading = `dialog-${made}`;
  const problem = h("p.problem", { role: "alert" });
  const send = h(`button.button${dangerous ? ".dangerous" : ""}`, { type: "submit" }, action);
  const form = h("form", { novalidate: true, onsubmit: submit },
    h("h2", { id: heading }, title), says ? h("p", {}, says) : null, fields, problem,
    h("div.dialog-end", {}, h("button.button.quiet", { type: "button", onclick: () => dialog.close() }, "Cancel"), send));
  const dialog = h("dialog.form", { "aria-labelledby": heading, onclose: () => dialog.remove() }, form);

  async function submit(event) {
    event.preventDefault();
    if (!form.reportValidity()) return;
    send.disabled = true;
    problem.textContent = "";
    try {
      const then = await act();
      if (then instanceof HTMLElement) {
        form.replaceWith(then);
        then.querySelector("h2").focus(); // the button that had the cursor is gone
      } else dialog.close();
    } catch (found) {
      if (!(found instanceof Problem)) throw found;
      problem.textContent = [found.message, found.next].filter(Boolean).join(" ");
    } finally {
      send.disabled = false;
    }
  }

  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("input, select, textarea")?.focus();
  return dialog;
}

/** What stands in a dialog once it is done; `ways` are links and buttons to go on with. */
export function done(title, says, ...ways) {
  return h("div.dialog-done", {}, h("h2", { tabindex: "-1" }, title), h("p", { role: "status" }, says),
    h("div.dialog-end", {}, h("button.button.quiet", { type: "button", onclick: (event) => event.currentTarget.closest("dialog").close() }, "Close"), ways));
}

export const labelled = (label, field) => h("label.labelled", {}, h("span", {}, label), field);

/** A line of text that has to be there. */
export const line = (value = "", maxlength = 120) => h("input", { type: "text", required: true, maxlength, value, pattern: ".*\\S.*", title: "Some text" });

export const choice = (options, chosen) =>
  h("select", {}, options.map(([value, label]) => h("option", { value, selected: value === chosen }, label)));
