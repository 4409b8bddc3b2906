// The box that a question is typed into: it grows with its text, and Enter asks.

import { byId } from "./dom.js";

const HIGHEST = 180;

/** Wire the box; `ask` is called with what was typed, and the box is empty again. */
export function wire(ask) {
  const input = byId("question");
  byId("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    const question = input.value.trim();
    if (!question) return;
    input.value = "";
    grow();
    ask(question);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    byId("composer").requestSubmit();
  });
  input.addEventListener("input", grow);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, dialog");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    input.focus();
  });
  grow();
}

/** Make the box as high as its text. */
export function grow() {
  const input = byId("question");
  input.style.height = "auto";
  input.style.height = `${Math.min(input.scrollHeight, HIGHEST)}px`;
}

/** The address at which a question is asked. */
export const askAt = (question) => `/ask?q=${encodeURIComponent(question)}`;
