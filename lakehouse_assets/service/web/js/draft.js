// The draft of a source for a file: what a person decides of it, tries, and accepts.

import * as api from "./api.js";
import { copy, h } from "./dom.js";

const TYPES = { VARCHAR: "text", BIGINT: "whole number", "DECIMAL(18,4)": "exact number", DOUBLE: "number", BOOLEAN: "yes or no", DATE: "day", TIMESTAMP: "time" };

/**
 * The form of a draft.
 * @param upload The file.
 * @param tenant Whose the records are; null where the person has to say it.
 * @param on `shown` makes elements of a preview, `words` texts of a problem, `begun` is called once the file is loaded.
 */
export function draftForm(upload, tenant, on) {
  const { draft } = upload;
  const name = h("input", { id: "draft-name", value: draft.name, required: true, maxlength: 40, pattern: "[a-z][a-z0-9_]*", autocomplete: "off", spellcheck: "false" });
  const whose = tenant || draft.tenant_field ? null : h("input", { id: "draft-tenant", required: true, maxlength: 100, pattern: "[A-Za-z0-9_][A-Za-z0-9_.@\\-]*", autocomplete: "off", spellcheck: "false" });
  const order = draft.date_order.length ? choice("draft-order", [["", "Choose"], ["day", "The day first: 3 April"], ["month", "The month first: 4 March"]]) : null;
  const sign = draft.decimal_sign.length ? choice("draft-sign", [["", "Choose"], ["point", "A fraction: one and a half"], ["comma", "Thousands: fifteen hundred"]]) : null;
  const confirmed = draft.confirm.map((question) => ({ question, box: h("input", { type: "checkbox", required: true }) }));
  const rows = draft.columns.filter((column) => column.field).map(rowOf);
  const key = rows.filter((row) => row.column.in_key).map((row) => row.column.field);
  const shown = h("div", { role: "status" });
  const accept = h("button.button", { type: "submit" }, "Accept and load");

  function asked() {
    const edits = { confirmed: confirmed.filter(({ box }) => box.checked).map(({ question }) => question) };
    edits.names = Object.fromEntries(rows.filter((row) => row.name.value !== row.column.name).map((row) => [row.column.field, row.name.value]));
    edits.types = Object.fromEntries(rows.filter((row) => row.type.value !== row.column.type).map((row) => [row.column.field, row.type.value]));
    const chosen = rows.filter((row) => row.key.checked).map((row) => row.column.field);
    if (chosen.join("\n") !== key.join("\n")) edits.key = chosen;
    if (order) edits.month_first = order.value === "month";
    if (sign) edits.decimal_comma = sign.value === "comma";
    return { name: name.value, edits, ...(whose ? { tenant: whose.value } : {}) };
  }

  async function run(work) {
    if (!form.reportValidity()) return;
    form.querySelectorAll("button").forEach((button) => { button.disabled = true; });
    try {
      await work();
    } catch (problem) {
      shown.replaceChildren(h("p", { role: "alert" }, on.words(problem).filter(Boolean).join(" ")));
    } finally {
      form.querySelectorAll("button").forEach((button) => { button.disabled = false; });
    }
  }

  const form = h("form.draft", { onsubmit: (event) => {
    event.preventDefault();
    run(async () => { await api.acceptDraft(upload.job, asked()); on.begun(upload.job); });
  } },
  h("div.choose", {},
    h("label", { for: "draft-name" }, "Name: small letters, digits and _", name),
    whose ? h("label", { for: "draft-tenant" }, "Tenant: whose the records are", whose) : null,
    order ? h("label", { for: "draft-order" }, `03/04/2026 in ${listed(draft.date_order)}`, order) : null,
    sign ? h("label", { for: "draft-sign" }, `1.500 in ${listed(draft.decimal_sign)}`, sign) : null),
  confirmed.length ? h("fieldset", {}, h("legend", {}, "The file does not tell these; see the preview, and confirm each as drafted"),
    confirmed.map(({ question, box }) => h("label.confirm", {}, box, h("span", {}, question)))) : null,
  h("div.rows", { tabindex: 0, role: "region", "aria-label": "Columns of the draft" }, h("table", {},
    h("thead", {}, h("tr", {}, ["Field", "Column", "Type", "Key"].map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, h("td", {}, row.column.field), h("td", {}, row.name), h("td", {}, row.type), h("td", {}, row.key)))))),
  h("p.quiet-text", {}, "The key makes two records copies of one another, of which the later counts; without any, all fields do. ",
    draft.day ? `The day of a record is that of ${draft.day}.` : "No field tells the day of a record, so all lie on one."),
  h("div.actions", {}, h("button.button.quiet", { type: "button", onclick: () => run(async () => {
    shown.replaceChildren(h("p.note", {}, "Reading the first records …"));
    shown.replaceChildren(...on.shown(await api.tryDraft(upload.job, asked())));
  }) }, "Try it"), accept),
  shown);
  return h("details", { open: true }, h("summary", {}, `A new source for it would be ${draft.name}`),
    h("div.fold", {}, h("p", {}, draft.next), form, commandsOf(draft)));
}

function rowOf(column) {
  const label = (what) => `${what} of ${column.field}`;
  return {
    column,
    name: h("input", { value: column.name, required: true, maxlength: 40, pattern: "[a-z][a-z0-9_]*", "aria-label": label("Column"), autocomplete: "off", spellcheck: "false" }),
    type: choice(null, Object.entries(TYPES), column.type, label("Type")),
    key: h("input", { type: "checkbox", checked: column.in_key, "aria-label": label("Key: part") }),
  };
}

function choice(id, options, chosen = "", label = null) {
  return h("select", { id, required: true, "aria-label": label }, options.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
}

const listed = (fields) => fields.slice(0, 3).join(", ") + (fields.length > 3 ? " …" : "");

/** What whoever runs the lake does for questions about it. */
export function commandsOf({ commands }) {
  return h("details", {}, h("summary", {}, "For questions about it: make a domain"),
    h("div.fold", {}, h("pre", { tabindex: 0, "aria-label": "Commands" }, commands.join("\n")),
      h("button.button.quiet.small", { type: "button", onclick: () => copy(commands.join("\n"), "Commands") }, "Copy the commands")));
}
