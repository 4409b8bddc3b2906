// What belongs to a dashboard of one's own: changing it, its versions, its copy, its end.

import * as api from "./api.js";
import { arranging } from "./arranging.js";
import { ask, done, labelled, line } from "./dialogs.js";
import { h, icon, toast } from "./dom.js";
import { moment } from "./format.js";
import { menuBox, menuItem } from "./menu.js";
import { boardAddress } from "./pin.js";

const PEN = "M4 16l1-4 8-8 3 3-8 8zM11.5 5.5l3 3";
const BACK = "M7 5 3.5 8.5 7 12M4 8.5h8a4 4 0 0 1 0 8h-3";

/**
 * The tools of a dashboard that the reader may change. `board()` gives it as the service has it, `page()` the id of the
 * page that is shown; `show(board)` shows it anew, `place(at)` moves tiles.
 */
export function ownBoard({ board, page, show, place }) {
  const said = h("p.hidden", { role: "status" });
  const undoing = h("button.button.quiet", { type: "button", onclick: undo }, icon(BACK), "Undo");
  const editing = h("button.button.quiet", { type: "button", "aria-pressed": "false", onclick: toggle }, icon(PEN), "Arrange");
  const adding = h("button.button.quiet", { type: "button", onclick: () => tools.write() }, "Add a text");
  const element = h("div.board-tools", {}, said, undoing, adding, editing, menuBox("More to do with this dashboard", [
    menuItem("Rename …", rename), menuItem("Duplicate", () => copyOf(board())), menuItem("Versions …", versions), menuItem("Remove …", remove),
  ], undefined, "More"));
  let on = false;
  let turn = Promise.resolve(); // saves go one after another, each from the version before

  const tools = arranging({
    page: () => {
      const { pages } = board().definition;
      return { tiles: pages.find((one) => one.id === page()).tiles, names: new Set(pages.flatMap((one) => one.tiles.map((tile) => tile.id))) };
    },
    place,
    change: (tiles, what) => save({ pages: board().definition.pages.map((one) => (one.id === page() ? { ...one, tiles } : one)) }, what),
    say: (text) => { said.textContent = text; },
  });

  /** Save a change and show what became of it; a failure shows what is there. */
  function save(change, what) {
    const definition = { ...board().definition, ...change };
    const next = turn.then(() => api.saveBoard(board().id, { version: board().version, definition, what: what.slice(0, 120) }));
    return follow(next, what);
  }

  function follow(next, what) {
    turn = next.then((found) => { show(found); settle(); said.textContent = what; }, async (problem) => {
      if (!(problem instanceof api.Problem)) throw problem;
      toast([problem.message, problem.next].filter(Boolean).join(" "));
      try { show(await api.dashboard(board().id)); } catch { /* what is shown stays */ }
    });
    return turn;
  }

  function undo() {
    return follow(turn.then(() => api.undoBoard(board().id, board().version)), "Undone");
  }

  function settle() {
    undoing.hidden = !board().undoable;
    adding.hidden = !on;
    editing.setAttribute("aria-pressed", String(on));
    editing.lastChild.textContent = on ? "Done" : "Arrange";
    document.body.classList.toggle("arranging", on);
  }

  function toggle() {
    on = !on;
    settle();
    said.textContent = on ? "Tiles can be moved and changed; every change is saved." : "Done";
  }

  document.addEventListener("keydown", (event) => {
    if (!on || event.key !== "z" || !(event.ctrlKey || event.metaKey) || event.target.closest("input, textarea, dialog")) return;
    event.preventDefault();
    if (!undoing.hidden) undo();
  });

  function rename() {
    const [title, words] = [line(board().title), h("textarea", { rows: 3, maxlength: 2000 }, board().description)];
    ask({ title: "Name the dashboard", action: "Save", fields: [labelled("Name", title), labelled("Description", words)],
      act: () => save({ title: title.value.trim(), description: words.value.trim() }, `Named “${title.value.trim()}”`) });
  }

  async function versions() {
    const found = (await api.boardVersions(board().id)).versions;
    const list = h("ol.versions", {}, found.map((one) => h("li", {},
      h("span", {}, h("b", {}, one.what), h("small", {}, `Version ${one.version} · ${moment(one.changed_at)}`)),
      one.version === board().version ? h("span.quiet-text", {}, "now") : h("a", { href: `${boardAddress(board().id)}?version=${one.version}` }, "Look"))));
    const dialog = h("dialog.form", { "aria-labelledby": "versions", onclose: () => dialog.remove() }, h("h2", { id: "versions" }, "Versions"),
      h("div.scrolled", { tabindex: "0", role: "region", "aria-label": "Versions" }, list),
      h("div.dialog-end", {}, h("button.button.quiet", { type: "button", onclick: () => dialog.close() }, "Close")));
    document.body.append(dialog);
    dialog.showModal();
  }

  function remove() {
    ask({ title: "Remove this dashboard?", says: `“${board().title}” goes with all its versions, and nothing brings it back.`, fields: [], action: "Remove", dangerous: true,
      act: async () => {
        await api.removeBoard(board().id);
        location.href = "/dashboards";
        return done("Removed", `“${board().title}” is gone.`);
      } });
  }

  settle();
  return { element, tools: tools.tools };
}

/** Make a copy of a dashboard, and go there. */
export function copyOf(board) {
  const title = line(`${board.title}, my own`.slice(0, 120));
  ask({ title: "Make a copy of your own", action: "Copy", fields: [labelled("Name", title)],
    act: async () => {
      const made = await api.makeBoard({ title: title.value.trim(), copy_of: board.id });
      location.href = boardAddress(made.id);
      return done("Copied", `“${made.title}” is made.`);
    } });
}

/** A new, empty dashboard. */
export function newBoard() {
  const title = line("My dashboard");
  ask({ title: "A new dashboard", says: "It begins empty: pin answers and figures of other dashboards to it.", action: "Make it", fields: [labelled("Name", title)],
    act: async () => { location.href = boardAddress((await api.makeBoard({ title: title.value.trim() })).id); } });
}

/** What is told above an earlier version. */
export function earlier(board, version, current) {
  const back = async () => {
    try {
      await api.restoreBoard(board.id, version, current);
      location.href = boardAddress(board.id);
    } catch (problem) {
      if (!(problem instanceof api.Problem)) throw problem;
      toast([problem.message, problem.next].filter(Boolean).join(" "));
    }
  };
  return h("p.banner", { role: "status" }, h("span", {}, `This is version ${version} of ${moment(board.changed_at)}.`),
    h("button.button.small", { type: "button", onclick: back }, "Make it the newest"), h("a", { href: boardAddress(board.id) }, "To the newest"));
}
