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

async function send(method, path, body, signal) {
  const headers = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The service cannot be reached.", { code: "unreachable", next: NEXT.unreachable });
  }
  if (response.status === 204) return null;
  const document = await response.json().catch(() => null);
  if (document && !document.error?.code) return document;
  const { code = "internal", message = `The service answered ${response.status}.`, details = {}, request_id: requestId } =
    document?.error ?? {};
  const nearest = details.nearest?.length ? `Nearest that exists: ${details.nearest.join(", ")}.` : "";
  throw new Problem(message, { code, next: nearest || NEXT[code] || NEXT.internal, details, requestId, status: response.status });
}

async function call(...request) {
  try {
    return await send(...request);
  } catch (problem) {
    if (problem.code !== "unauthorized") throw problem;
    if (!(await enterKey())) throw new Problem("There is no answer without a key.", problem);
    return send(...request);
  }
}

export const readSession = async () => { held = await send("GET", "/session"); };
export const openSession = async (key) => { held = await send("POST", "/session", { key }); };
export const endSession = () => send("DELETE", "/session");

export const health = () => call("GET", "/health");
export const catalog = () => call("GET", "/catalog");
export const ask = (question, { now, previous, signal } = {}) =>
  call("POST", "/nlq", { question, ...(now ? { now } : {}), ...(previous ? { previous } : {}) }, signal);
export const query = (plan, question, signal) => call("POST", "/query", { ...plan, question }, signal);
export const answer = (id) => call("GET", `/answers/${encodeURIComponent(id)}`);
export const replay = (id) => call("GET", `/answers/${encodeURIComponent(id)}/replay`);
export const feedback = (id, verdict, comment) =>
  call("POST", `/answers/${encodeURIComponent(id)}/feedback`, comment ? { verdict, comment } : { verdict });
export const profile = (table) => call("GET", `/dictionary/profile/${encodeURIComponent(table)}`);
export const dictionary = () => call("GET", "/dictionary/data");
