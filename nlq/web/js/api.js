// The service, and what to do when it says no.

const KEY = "asklake.key";
let key = "";
try { key = sessionStorage.getItem(KEY) ?? ""; } catch { /* storage is off: the key is forgotten with the page */ }

/** A problem a person can do something about: what it is, and what to do. */
export class Problem extends Error {
  constructor(message, { code = "", next = "", details = {}, requestId = "", status = 0 } = {}) {
    super(message);
    Object.assign(this, { code, next, details, requestId, status });
  }
}

const NEXT = {
  unauthorized: "Enter a key: the button with the key sign, top right.",
  forbidden: "Open this page at http://localhost, or ask whoever runs the service for a key.",
  rate_limited: "Wait a moment, then ask again.",
  overloaded: "Wait a moment, then ask again.",
  too_large: "Ask a shorter question.",
  invalid_request: "Ask a shorter question, in words.",
  failed: "Narrow the question, for example to a shorter time, then ask again.",
  internal: "Ask again. If it happens again, report the request's id.",
  unreachable: "Check that `asklake serve` runs, then ask again.",
};

export const hasKey = () => key !== "";

/** The public part of the key: whose conversations are shown. */
export const keyId = () => key.split("_")[1] ?? "";

export function setKey(text) {
  key = text.trim();
  try {
    if (key) sessionStorage.setItem(KEY, key);
    else sessionStorage.removeItem(KEY);
  } catch { /* see above */ }
}

async function call(method, path, body, signal) {
  const headers = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (key) headers.authorization = `Bearer ${key}`;
  let response;
  try {
    response = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The service cannot be reached.", { code: "unreachable", next: NEXT.unreachable });
  }
  const document = await response.json().catch(() => null);
  if (document && !document.error?.code) return document;
  const { code = "internal", message = `The service answered ${response.status}.`, details = {}, request_id: requestId } =
    document?.error ?? {};
  const nearest = details.nearest?.length ? `Nearest that exists: ${details.nearest.join(", ")}.` : "";
  throw new Problem(message, { code, next: nearest || NEXT[code] || NEXT.internal, details, requestId, status: response.status });
}

export const health = () => call("GET", "/health");
export const catalog = () => call("GET", "/catalog");
export const ask = (question, { now, previous, signal } = {}) =>
  call("POST", "/nlq", { question, ...(now ? { now } : {}), ...(previous ? { previous } : {}) }, signal);
export const query = (plan, question, signal) => call("POST", "/query", { ...plan, question }, signal);
export const answer = (id) => call("GET", `/answers/${encodeURIComponent(id)}`);
export const replay = (id) => call("GET", `/answers/${encodeURIComponent(id)}/replay`);
export const feedback = (id, verdict, comment) =>
  call("POST", `/answers/${encodeURIComponent(id)}/feedback`, comment ? { verdict, comment } : { verdict });
export const dictionary = () => call("GET", "/dictionary/data");
