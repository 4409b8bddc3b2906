// The upload page: a file is sent, looked at, shown as it would be loaded, and loaded.

import * as api from "./api.js";
import { askAt } from "./asking.js";
import { byId, h, icon, toast, wireTheme } from "./dom.js";
import { commandsOf, draftForm } from "./draft.js";
import { moment, number, plural } from "./format.js";
import { profileOf } from "./profile.js";
import * as session from "./session.js";

const [FIRST_MS, LONGEST_MS] = [400, 3000];
const AT_WORK = ["received", "checking", "loading"];
const STATES = { received: "Waiting to be looked at", checking: "Being looked at", ready: "Ready to load", loading: "Being loaded",
  loaded: "Loaded", failed: "Not loaded" };
const BIN = "M4 6h12M8 6V4h4v2M6 6l1 11h6l1-11";
const place = byId("job");
let known = { uploads: [], sources: [], most_bytes: 0, tenant: null };
let current = ""; // the id of the file that is shown
let sending = null; // what ends the sending of a file

const size = (bytes) => (bytes < 1e6 ? `${number(Math.max(1, Math.round(bytes / 1e3)))} kB` : `${number(bytes / 1e6)} MB`);
const address = () => decodeURIComponent(location.hash.slice(1));

/** What is said to those who do not see it. */
function say(text) {
  byId("said").textContent = text;
}

// --- sending

async function take(files) {
  if (!files.length || sending) return;
  const [file] = files;
  if (files.length > 1) toast("One file at a time: the first is taken");
  if (!file.size) { refuse(file.name, "The file is empty.", "Was it saved? Choose one with records."); return; }
  if (known.most_bytes && file.size > known.most_bytes) {
    refuse(file.name, `The file has ${size(file.size)}; at most ${size(known.most_bytes)} are taken here.`, "Compress it with gzip, or send it in parts.");
    return;
  }
  const bar = h("progress", { max: 1, value: 0, "aria-label": `Sending ${file.name}` });
  const told = h("p.facts", {}, `0 of ${size(file.size)}`);
  sending = new AbortController();
  show("", h("section.card", { "aria-label": file.name }, h("h2", {}, `Sending ${file.name}`), bar, told,
    h("div.actions", {}, h("button.button.quiet", { type: "button", onclick: () => sending?.abort() }, "Stop"))));
  say(`Sending ${file.name}`);
  try {
    const job = await api.sendFile(file, (sent) => { bar.value = sent / file.size; told.textContent = `${size(sent)} of ${size(file.size)}`; }, sending.signal);
    location.hash = job.job;
  } catch (problem) {
    if (problem.name === "AbortError") refuse(file.name, "Stopped; nothing of it is kept.", "");
    else refuse(file.name, ...words(problem));
  } finally {
    sending = null;
    byId("file").value = "";
  }
}

const file = byId("file");
const drop = byId("drop");
file.addEventListener("change", () => take([...file.files]));
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
}
for (const name of ["dragleave", "drop"]) {
  document.addEventListener(name, (event) => { event.preventDefault(); if (name === "drop" || !event.relatedTarget) drop.classList.remove("over"); });
}
document.addEventListener("drop", (event) => take([...event.dataTransfer.files]));

/** A problem as what it is and what to do; anything else is a defect, and thrown on. */
function words(problem) {
  if (!(problem instanceof api.Problem)) throw problem;
  return [problem.message, ["unauthorized", "unreachable", "rate_limited"].includes(problem.code) ? problem.next : ""];
}

function refuse(name, message, next) {
  show("", h("section.card.failed", { "aria-label": name }, h("h2", {}, name), h("p", {}, message), next ? h("p.note", {}, next) : null));
  say(message);
}

function show(job, card) {
  current = job;
  place.replaceChildren(card);
}

// --- one file

/** Follow a file until nothing is done with it any more. */
async function follow(job) {
  current = job;
  for (let wait = FIRST_MS, before = ""; current === job; wait = Math.min(LONGEST_MS, wait * 1.4)) {
    let upload;
    try {
      upload = await api.upload(job);
    } catch (problem) {
      if (current === job) refuse("This file", ...words(problem));
      return;
    }
    if (current !== job) return;
    if (upload.state !== before) say(`${upload.name}: ${STATES[upload.state]}`);
    if (!AT_WORK.includes(upload.state)) {
      show(job, settled(upload));
      await list();
      return;
    }
    if (upload.state === before) place.querySelector("progress")?.replaceWith(bar(upload));
    else show(job, atWork(upload));
    before = upload.state;
    await new Promise((done) => setTimeout(done, wait));
  }
}

function bar({ name, progress }) {
  return h("progress", { max: 1, value: progress || undefined, "aria-label": `Progress of ${name}` });
}

function atWork(upload) {
  return h("section.card", { "aria-label": upload.name }, h("h2", {}, upload.name),
    h("p.facts", {}, `${size(upload.bytes)} · ${STATES[upload.state]}`), bar(upload),
    h("p.note", {}, "You can leave this page; the work goes on, and the file is in the list below."));
}

function settled(upload) {
  if (upload.state === "loaded") return result(upload);
  const parts = [h("h2", {}, upload.name), h("p.facts", {}, `${size(upload.bytes)} · ${upload.state === "ready" && !upload.source ? "No source fits it" : STATES[upload.state]}`)];
  if (upload.problem) parts.push(problemOf(upload.problem));
  if (upload.state === "ready" || upload.fits.length) parts.push(...choosing(upload));
  return h(upload.problem ? "section.card.failed" : "section.card", { "aria-label": upload.name }, ...parts);
}

function problemOf({ message, next, line }) {
  return h("div", {}, h("p", {}, line ? `Line ${number(line)}: ${message}` : message), next ? h("p.note", {}, next) : null);
}

// --- choosing a source

function choosing(upload) {
  const shown = h("div");
  const load = h("button.button", { type: "button", disabled: true, onclick: () => start(upload.job, select.value) }, "Load");
  const fits = upload.fits.map((fit) => h("option", { value: fit.source, selected: fit.source === upload.source }, `${fit.source} — ${fitting(fit)}`));
  const others = known.sources.filter((source) => !upload.fits.some((fit) => fit.source === source.name))
    .map((source) => h("option", { value: source.name }, source.name));
  const select = h("select", { id: "source", onchange: () => look(upload, select.value, shown, load) },
    upload.source ? null : h("option", { value: "", selected: true }, "Choose a source"),
    fits.length ? h("optgroup", { label: "By their fields" }, fits) : null,
    others.length ? h("optgroup", { label: "Others" }, others) : null);
  if (upload.source) look(upload, upload.source, shown, load);
  return [
    h("div.choose", {}, h("label", { for: "source" }, "Source: how the file is read", select), load),
    shown,
    upload.source ? null : likeness(upload.job, ""),
    upload.draft ? draftForm(upload, known.tenant, { shown: previewOf, words, begun: follow }) : null,
  ];
}

function fitting({ score, missing, good }) {
  if (good) return `loads ${good} of the first records`;
  if (missing.length) return `${Math.round(score * 100)} % of the fields; lacks ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? " …" : ""}`;
  return "loads none of the first records";
}

async function look(upload, source, shown, load) {
  load.disabled = true;
  if (!source) return;
  shown.replaceChildren(h("p.note", {}, "Reading the first records …"));
  try {
    const preview = await api.uploadPreview(upload.job, source);
    if (byId("source")?.value !== source && byId("source")) return;
    shown.replaceChildren(...previewOf(preview), likeness(upload.job, source));
    load.disabled = !preview.rows.length;
    say(`${plural(preview.records - faulty(preview), "record")} of the first ${preview.records} would be loaded`);
  } catch (problem) {
    const [message] = words(problem);
    shown.replaceChildren(h("p", { role: "alert" }, message));
  }
}

/** What the rows are like, computed when it is opened: as a source makes them, or without one the fields as they are. */
function likeness(job, source) {
  const place = h("div.fold", {}, h("p.note", {}, "Looking at the first records …"));
  const fill = async () => {
    try {
      place.replaceChildren(profileOf(await api.uploadProfile(job, source)));
    } catch (problem) {
      place.replaceChildren(h("p", { role: "alert" }, words(problem)[0]));
    }
  };
  return h("details", { ontoggle: (event) => { if (event.target.open && !place.querySelector(".profile")) fill(); } },
    h("summary", {}, source ? "What its rows are like" : "What its fields are like"), place);
}

const faulty = ({ faults }) => new Set(faults.map((fault) => fault.record)).size;

function previewOf(preview) {
  const bad = faulty(preview);
  const used = preview.columns.map((_, index) => index).filter((index) => preview.rows.some((row) => row[index] !== null));
  const parts = [
    h("h3", {}, `The first ${plural(preview.records, "record")}, as ${preview.table} would have them`),
    h("p.facts", {}, bad ? `${number(preview.records - bad)} would be loaded, ${number(bad)} would go to quarantine.` : "All of them would be loaded."),
  ];
  if (preview.rows.length) {
    parts.push(h("div.rows", { tabindex: 0, role: "region", "aria-label": "Rows as they would be loaded" }, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "#"), used.map((index) =>
        h("th", { scope: "col", title: preview.columns[index].description }, preview.columns[index].name, h("small", {}, preview.columns[index].type.toLowerCase()))))),
      h("tbody", {}, preview.rows.map((row, at) => h("tr", {}, h("td.number", {}, String(preview.numbers[at])), used.map((index) =>
        (row[index] === null ? h("td.none", {}, "—") : h("td", { title: row[index] }, row[index])))))))));
    if (used.length < preview.columns.length) parts.push(h("p.quiet-text", {}, `Without values in these: ${preview.columns.filter((_, index) => !used.includes(index)).map((one) => one.name).join(", ")}.`));
  }
  if (bad) parts.push(faultsOf(preview.faults));
  return parts;
}

function faultsOf(faults) {
  return h("div.rows", { tabindex: 0, role: "region", "aria-label": "Records that would go to quarantine" }, h("table", {},
    h("thead", {}, h("tr", {}, ["#", "Column", "What is wrong", "Record"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, faults.map((fault) => h("tr", {}, h("td.number", {}, String(fault.record ?? "")), h("td", {}, fault.column ?? "—"),
      h("td.why", {}, fault.reason), h("td", { title: fault.text }, h("code", {}, fault.text)))))));
}

async function start(job, source) {
  try {
    await api.uploadLoad(job, source);
  } catch (problem) {
    toast(words(problem).filter(Boolean).join(" "));
    return;
  }
  follow(job);
}

// --- what became of it

function result(upload) {
  const { rows_read: read, rows_loaded: loaded, rows_quarantined: bad, quarantined, table, already_loaded: before, load_id: id } = upload.loaded;
  const figures = [["records read", read], [`rows in ${table}`, loaded], ["in quarantine", bad]];
  return h(loaded ? "section.card" : "section.card.failed", { "aria-label": upload.name }, h("h2", {}, upload.name),
    h("p.facts", {}, `${size(upload.bytes)} · ${STATES.loaded} with ${upload.source} as ${id}`),
    before ? h("p", {}, "The same content was loaded before; nothing is doubled. These are the figures of that load.") : null,
    h("div.figures", {}, figures.map(([name, count]) => h("div", {}, h("strong", {}, number(count)), h("span", {}, name)))),
    bad ? [h("h3", {}, "Why records are in quarantine"), reasonsOf(quarantined),
      h("p.note", {}, "Mend them in the file and send it again: what is there already adds nothing. Or have the source mended; ",
        h("code", {}, `asklake quarantine replay --source ${upload.source}`), " then loads them.")] : null,
    loaded ? likeness(upload.job, upload.source) : null,
    loaded ? asking(upload) : null);
}

/** The commands of a draft by the name that it was accepted with; its file is loaded. */
function asAccepted(draft, name) {
  const [first, ...more] = draft.commands;
  const made = first.replace(`new-domain ${draft.name} `, `new-domain ${name} `);
  return { commands: [made, ...more.filter((command) => !/^asklake (ingest|ask) /.test(command))] };
}

/** How to ask about what was loaded: at once, or once there is a domain of it. */
function asking({ loaded: { waits_for_domain: waits, table, domain }, draft, source }) {
  if (waits) {
    return h("div", {}, h("p.note", {}, `The rows are in ${table}, and files like this one go there, too. Nothing can be asked about them yet: questions take tables and models, `
      + "which whoever runs the lake makes; the service takes them in when it starts again, and the rows stay."), draft ? commandsOf(asAccepted(draft, source)) : null);
  }
  const ask = h("p.note", {}, "Its days are built in the background; then ", h("a", { href: "/ask" }, "ask about it"), ".");
  question(domain).then((found) => {
    if (found) ask.querySelector("a").replaceWith("ask, for example: ", h("a", { href: askAt(found) }, found));
  });
  return ask;
}

function reasonsOf(reasons) {
  return h("div.rows", { tabindex: 0, role: "region", "aria-label": "Reasons of quarantine" }, h("table", {},
    h("thead", {}, h("tr", {}, ["Records", "Column", "For example", "First"].map((name) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, reasons.map((one) => h("tr", {}, h("td.number", {}, number(one.records)), h("td", {}, one.column ?? "—"),
      h("td.why", {}, one.reason), h("td", {}, one.first_record ? `record ${number(one.first_record)}` : "—"))))));
}

/** A question about a domain that can be answered; none where nothing of it is published, or this key may not ask. */
async function question(domain) {
  try {
    const { metrics } = await api.catalog();
    return metrics.find((metric) => metric.domain === domain && metric.examples.length)?.examples[0].question;
  } catch {
    return "";
  }
}

// --- the list

async function list() {
  known = await api.uploads();
  byId("limits").textContent = `CSV, JSON, NDJSON or Parquet; also gzip or zstd; up to ${size(known.most_bytes)}. You see it before anything is loaded.`;
  byId("earlier").hidden = !known.uploads.length;
  byId("list").replaceChildren(...known.uploads.map((upload) => h("li", {},
    h("a", { href: `#${upload.job}`, "aria-current": upload.job === current ? "true" : null },
      h("span", {}, upload.name), h("small", {}, `${STATES[upload.state]} · ${size(upload.bytes)} · ${moment(upload.received_at)}`)),
    AT_WORK.includes(upload.state) ? null : h("button.icon-button", { type: "button", "aria-label": `Forget ${upload.name}`, onclick: () => forget(upload) }, icon(BIN)))));
}

async function forget(upload) {
  try {
    await api.forgetUpload(upload.job);
    if (upload.job === current) {
      place.replaceChildren();
      history.replaceState(null, "", location.pathname);
      current = "";
    }
    await list();
    toast(upload.state === "loaded" ? `${upload.name} is off the list; its rows stay` : `${upload.name} was removed`);
    byId("file").focus();
  } catch (problem) {
    toast(words(problem).filter(Boolean).join(" "));
  }
}

window.addEventListener("hashchange", () => { if (address() && address() !== current) follow(address()); });

async function boot() {
  wireTheme();
  try {
    await session.begin();
    await list();
  } catch (problem) {
    refuse("This page", ...words(problem));
    return;
  }
  if (address()) follow(address());
}

boot();
