// The service, and what to do when it says no.

/** A problem a person can do something about: what it is, and what to do. */
export class Problem extends Error {
  constructor(message, { code = "", next = "", details = {}, requestId = "", status = 0 } = {}) {
    super(message);
    Object.assign(this, { code, next, details, requestId, status });
  }
}

const NEXT = {
  unauthorized: "Enter a key to go on.",
  forbidden: "Open this page by the address the service said at its start, or ask whoever runs it for a key.",
  rate_limited: "Wait a moment, then ask again.",
  overloaded: "Wait a moment, then ask again.",
  too_large: "Ask a shorter question.",
  invalid_request: "Ask a shorter question, in words.",
  failed: "Narrow the question, for example to a shorter time, then ask again.",
  changed_meanwhile: "It is shown as it is now.",
  too_many: "Make room first.",
  internal: "Ask again. If it happens again, report the request's id.",
  unreachable: "Check that `asklake serve` runs, then ask again.",
};

let held = { keys_required: false, key: null, expires_at: null, way_back: "" };
let enterKey = async () => false;

/** The session of this browser as the service last told of it. The key itself is never kept. */
export const session = () => held;

/** The public part of the key: whose conversations are shown. */
export const keyId = () => held.key?.id ?? "";

/** What asks for a key where a call needs one; it resolves to whether there is one now, and the call is made again. */
export function whenAKeyIsMissing(ask) {
  enterKey = ask;
}

async function send(method, path, body, signal, secret = "") {
  const headers = { accept: "application/json", ...(secret ? { authorization: `Bearer ${secret}` } : {}) };
  if (body !== undefined) headers["content-type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The service cannot be reached.", { code: "unreachable", next: NEXT.unreachable });
  }
  if (response.status === 204) return null;
  return read(response.status, await response.json().catch(() => null));
}

/** A document of the service, or the problem that it tells of. */
function read(status, document) {
  if (document && !document.error?.code) return document;
  const { code = "internal", message = `The service answered ${status}.`, details = {}, request_id: requestId } =
    document?.error ?? {};
  const nearest = details.nearest?.length ? `Nearest that exists: ${details.nearest.join(", ")}.` : "";
  throw new Problem(message, { code, next: nearest || NEXT[code] || NEXT.internal, details, requestId, status });
}

const call = (...request) => withKey(() => send(...request));

/** Do what may need a key, and do it again once there is one. */
async function withKey(attempt) {
  try {
    return await attempt();
  } catch (problem) {
    if (problem.code !== "unauthorized") throw problem;
    if (!(await enterKey())) throw new Problem("There is no answer without a key.", problem);
    return attempt();
  }
}

/** Send a file as the body; unlike fetch, this request tells how much of it is sent. */
function sendBody(path, file, onsent, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "json";
    request.upload.onprogress = (event) => onsent(event.loaded);
    request.onload = () => { try { resolve(read(request.status, request.response)); } catch (problem) { reject(problem); } };
    request.onerror = () => reject(new Problem("The file did not arrive: the connection was lost.", { code: "unreachable", next: "Check that `asklake serve` runs, then send it again." }));
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    signal.addEventListener("abort", () => request.abort());
    request.setRequestHeader("content-type", "application/octet-stream");
    request.send(file);
  });
}

export const readSession = async () => { held = await send("GET", "/session"); };
export const openSession = async (key) => { held = await send("POST", "/session", { key }); };
export const endSession = () => send("DELETE", "/session");

export const health = () => call("GET", "/health");
export const catalog = () => call("GET", "/catalog");
export const search = (parameters, signal) => call("GET", `/search?${parameters}`, undefined, signal);
export const ask = (question, { now, previous, signal } = {}) =>
  call("POST", "/nlq", { question, ...(now ? { now } : {}), ...(previous ? { previous } : {}) }, signal);
export const query = (plan, question, signal) => call("POST", "/query", { ...plan, question }, signal);
export const answer = (id) => call("GET", `/answers/${encodeURIComponent(id)}`);
export const chart = (id, kind) => call("GET", `/answers/${encodeURIComponent(id)}/chart${kind ? `?kind=${kind}` : ""}`);
export const replay = (id) => call("GET", `/answers/${encodeURIComponent(id)}/replay`);
export const feedback = (id, verdict, comment) =>
  call("POST", `/answers/${encodeURIComponent(id)}/feedback`, comment ? { verdict, comment } : { verdict });
export const profile = (table) => call("GET", `/dictionary/profile/${encodeURIComponent(table)}`);
export const dictionary = () => call("GET", "/dictionary/data");

export const home = () => call("GET", "/home");
export const insights = (domain) => call("POST", "/insights", domain ? { domain } : {});
const ofDashboard = (id, rest = "") => `/dashboards/${encodeURIComponent(id)}${rest}`;
export const dashboards = () => call("GET", "/dashboards");
export const dashboard = (id, version = null) => call("GET", ofDashboard(id, version ? `?version=${version}` : ""));
export const makeBoard = (wanted) => call("POST", "/dashboards", wanted);
export const saveBoard = (id, wanted) => call("PUT", ofDashboard(id), wanted);
export const removeBoard = (id) => call("DELETE", ofDashboard(id));
export const pinTo = (id, pin) => call("POST", ofDashboard(id, "/pins"), pin);
export const undoBoard = (id, version) => call("POST", ofDashboard(id, "/undo"), { version });
export const restoreBoard = (id, to, version) => call("POST", ofDashboard(id, "/restore"), { version, to });
export const boardVersions = (id) => call("GET", ofDashboard(id, "/versions"));
export const tiles = (id, wanted, signal) => call("POST", ofDashboard(id, "/tiles"), wanted, signal);

/** A file of the service, offered to be kept. */
async function file(method, path, body) {
  const response = await fetch(path, { method, headers: body ? { "content-type": "application/json" } : {}, body: body && JSON.stringify(body) })
    .catch(() => { throw new Problem("The service cannot be reached.", { code: "unreachable", next: NEXT.unreachable }); });
  if (!response.ok) read(response.status, await response.json().catch(() => null));
  const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "figures";
  return { name, content: await response.blob() };
}

export const exportBoard = (id, wanted) => withKey(() => file("POST", ofDashboard(id, "/export"), wanted));
export const exportAnswer = (id, format) => withKey(() => file("GET", `/answers/${encodeURIComponent(id)}/export?format=${format}`));

export const links = () => call("GET", "/links");
export const makeLink = (wanted) => call("POST", "/links", wanted);
export const revokeLink = (id) => call("DELETE", `/links/${encodeURIComponent(id)}`);
export const shared = (id, secret) => send("GET", `/shared/${encodeURIComponent(id)}`, undefined, undefined, secret);
export const sharedTiles = (id, secret, page) => send("POST", `/shared/${encodeURIComponent(id)}/tiles`, { page }, undefined, secret);

const ofAlert = (id, rest = "") => `/alerts/${encodeURIComponent(id)}${rest}`;
export const alerts = () => call("GET", "/alerts");
export const alert = (id) => call("GET", ofAlert(id));
export const understandWish = (sentence) => call("POST", "/alerts/understand", { sentence });
export const checkAlert = (draft) => call("POST", "/alerts/check", draft);
export const makeAlert = (draft) => call("POST", "/alerts", draft);
export const muteAlert = (id, until) => call("POST", ofAlert(id, "/mute"), { until });
export const removeAlert = (id) => call("DELETE", ofAlert(id));
export const testTarget = (target) => call("POST", "/alerts/test", { target });

const ofUpload = (job, rest = "") => `/uploads/${encodeURIComponent(job)}${rest}`;
export const uploads = () => call("GET", "/uploads");
export const upload = (job) => call("GET", ofUpload(job));
export const uploadPreview = (job, source) => call("GET", ofUpload(job, `/preview?source=${encodeURIComponent(source)}`));
export const uploadProfile = (job, source) => call("GET", ofUpload(job, `/profile${source ? `?source=${encodeURIComponent(source)}` : ""}`));
export const tryDraft = (job, asked) => call("POST", ofUpload(job, "/draft/preview"), asked);
export const acceptDraft = (job, asked) => call("POST", ofUpload(job, "/draft/accept"), asked);
export const uploadLoad = (job, source) => call("POST", ofUpload(job, "/load"), { source });
export const forgetUpload = (job) => call("DELETE", ofUpload(job));
export const sendFile = (file, onsent, signal) =>
  withKey(() => sendBody(`/uploads?filename=${encodeURIComponent(file.name.slice(-400))}`, file, onsent, signal));
