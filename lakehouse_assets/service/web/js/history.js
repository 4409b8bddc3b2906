// Conversations, kept in this browser, apart for each key.

import { keyId } from "./api.js";

const place = () => `asklake.conversations.${keyId()}`;
const MOST = 30;
const MOST_TURNS = 40;
const MOST_ROWS = 100;

/** Newest first: [{id, title, at, turns: [{question, answer}]}]. */
export function conversations() {
  try {
    const found = JSON.parse(localStorage.getItem(place()) ?? "[]");
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

export function begin() {
  return { id: crypto.randomUUID?.() ?? String(Math.random()).slice(2), title: "", at: Date.now(), turns: [] };
}

/** Keep a conversation; what does not fit drops the oldest. Long answers keep their first rows only. */
export function keep(conversation) {
  if (!conversation.turns.length) return;
  const turns = conversation.turns.slice(-MOST_TURNS).map(({ question, answer }) => ({
    question,
    answer: answer && answer.rows.length > MOST_ROWS ? { ...answer, rows: answer.rows.slice(0, MOST_ROWS), cut: true } : answer,
  }));
  const kept = { ...conversation, at: Date.now(), turns, title: turns[0].question };
  let all = [kept, ...conversations().filter((one) => one.id !== conversation.id)].slice(0, MOST);
  while (all.length) {
    try {
      localStorage.setItem(place(), JSON.stringify(all));
      return;
    } catch {
      all = all.slice(0, -1);
    }
  }
}

export function forget(id) {
  try {
    localStorage.setItem(place(), JSON.stringify(conversations().filter((one) => one.id !== id)));
  } catch { /* storage is off: there is nothing to forget */ }
}

export function forgetAll() {
  try { localStorage.removeItem(place()); } catch { /* see above */ }
}
