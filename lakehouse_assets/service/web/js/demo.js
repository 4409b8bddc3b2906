// The demo: the questions of the catalog's demo one after the other, with progress, until stopped.

import { byId, toast } from "./dom.js";
import { day } from "./format.js";

const PAUSE_MS = 1800;
const OLD_DAYS = 40;
let stopped = false;
let active = false;

/** Ask all questions; `put` asks one and resolves to its answer. */
export async function runDemo(questions, put) {
  if (active) return;
  [active, stopped] = [true, false];
  const [box, bar, label] = [byId("progress"), byId("progress-bar"), byId("progress-label")];
  [bar.max, bar.value, box.hidden] = [questions.length, 0, false];
  byId("demo").disabled = true;
  byId("progress-stop").onclick = () => { stopped = true; };
  let now = null;
  try {
    for (const [i, question] of questions.entries()) {
      label.textContent = `Question ${i + 1} of ${questions.length}`;
      const answer = await put(question, { now });
      if (stopped || !answer) break;
      bar.value = i + 1;
      now ??= endOfData(answer);
      if (i + 1 < questions.length) await pause();
      if (stopped) break;
    }
  } finally {
    toast(bar.value === questions.length ? `All ${questions.length} questions asked` : `Stopped after ${bar.value} of ${questions.length}`);
    box.hidden = true;
    byId("demo").disabled = false;
    active = false;
  }
}

/** Where the data ended long ago, as samples do, “last month” is counted from its end. */
function endOfData(answer) {
  const newest = answer.freshness.map((state) => state.newest_day).filter(Boolean).sort().at(-1);
  if (!newest || Date.now() - Date.parse(newest) < OLD_DAYS * 86_400_000) return null;
  toast(`The data ends on ${day(newest)}: “last month” counts from there`);
  return new Date(Date.parse(newest) + 86_400_000).toISOString().slice(0, 19);
}

/** A moment to read, cut short by Stop. */
async function pause() {
  const until = performance.now() + PAUSE_MS;
  while (!stopped && performance.now() < until) await new Promise((done) => { setTimeout(done, 50); });
}
