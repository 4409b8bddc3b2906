// Changing a dashboard of one's own: tiles are moved, resized, named, doubled, removed; every change is saved at once.

import { ask, labelled, line } from "./dialogs.js";
import { h, icon } from "./dom.js";
import { arranged, changed, free, unused } from "./grid.js";
import { menuBox, menuItem } from "./menu.js";

const GRIP = "M7 5h.01M13 5h.01M7 10h.01M13 10h.01M7 15h.01M13 15h.01";
const CORNER = "M16 9v7H9M16 16 9 9";
const PEN = "M4 16l1-4 8-8 3 3-8 8zM11.5 5.5l3 3";
const ARROWS = { ArrowLeft: ["x", -1], ArrowRight: ["x", 1], ArrowUp: ["y", -1], ArrowDown: ["y", 1] };
const [ROW, GAP] = [82, 14];

/**
 * The tools of a page's tiles. `page` gives the page as it is declared; `place(at)` shows places that are being tried;
 * `change(tiles, what)` takes new tiles, `say(text)` tells what is done.
 */
export function arranging({ page, place, change, say }) {
  const tileOf = (id) => page().tiles.find((one) => one.id === id);
  const called = (one) => one.title || one.text?.split("\n")[0].slice(0, 40) || one.id;
  let trying = null; // the places a pointer or keys have made and that are not saved yet
  let waiting = null;

  function lay(id, by, from = trying?.places.get(id) ?? tileOf(id).at, all = current()) {
    const at = changed(from, by);
    trying = { id, places: arranged(all, id, at) };
    place(trying.places);
    say(`${called(tileOf(id))}: column ${at.x + 1}, row ${at.y + 1}, ${at.w} wide, ${at.h} high`);
  }

  const current = () => page().tiles.map((one) => ({ id: one.id, at: trying?.places.get(one.id) ?? one.at }));

  /** Save what was tried. */
  function keep(what) {
    clearTimeout(waiting);
    if (!trying) return;
    const { id, places } = trying;
    trying = null;
    const tiles = page().tiles.map((one) => ({ ...one, at: places.get(one.id) }));
    if (JSON.stringify(tiles) !== JSON.stringify(page().tiles)) change(tiles, `${what} “${called(tileOf(id))}”`);
  }

  const laid = (id, by) => { lay(id, by); keep("Moved"); };

  // --- by the pointer

  function dragged(id, resizes) {
    return (event) => {
      if (event.button) return;
      event.preventDefault();
      const handle = event.currentTarget;
      const grid = handle.closest(".tiles");
      const [all, from] = [current(), tileOf(id).at];
      const column = (grid.clientWidth + GAP) / 12;
      handle.setPointerCapture(event.pointerId);
      handle.closest(".tile").classList.add("held");
      const move = (now) => {
        const [x, y] = [Math.round((now.clientX - event.clientX) / column), Math.round((now.clientY - event.clientY) / (ROW + GAP))];
        lay(id, resizes ? { w: x, h: y } : { x, y }, from, all);
      };
      const end = (now) => {
        handle.removeEventListener("pointermove", move);
        handle.closest(".tile").classList.remove("held");
        if (now.type === "pointercancel") { trying = null; place(new Map(all.map((one) => [one.id, one.at]))); } else keep(resizes ? "Resized" : "Moved");
      };
      handle.addEventListener("pointermove", move);
      handle.addEventListener("pointerup", end, { once: true });
      handle.addEventListener("pointercancel", end, { once: true });
    };
  }

  // --- by keys: arrows move, with Shift they resize; a pause or leaving saves

  function keyed(id) {
    return (event) => {
      const arrow = ARROWS[event.key];
      if (!arrow || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const [axis, step] = arrow;
      lay(id, { [event.shiftKey ? { x: "w", y: "h" }[axis] : axis]: step });
      clearTimeout(waiting);
      waiting = setTimeout(() => keep("Moved"), 800);
    };
  }

  // --- what is not a place

  function without(id) {
    const gone = tileOf(id);
    change(page().tiles.filter((one) => one.id !== id), `Removed “${called(gone)}”`);
  }

  function twice(id) {
    const one = tileOf(id);
    const { w, h: high } = one.at;
    change([...page().tiles, { ...one, id: unused(one.id, page().names), at: free(page().tiles, w, high) }], `Doubled “${called(one)}”`);
  }

  function rename(id) {
    const one = tileOf(id);
    const title = line(one.title);
    const words = h("textarea", { rows: 3, maxlength: 2000 }, one.description ?? "");
    ask({ title: "Name the figure", action: "Save", fields: [labelled("Title", title), labelled("Description", words)],
      act: () => change(page().tiles.map((other) => (other.id === id ? { ...one, title: title.value.trim(), description: words.value.trim() } : other)), `Named “${title.value.trim()}”`.slice(0, 120)) });
  }

  /** Words of one's own, new ones without an id. */
  function write(id = null) {
    const one = id ? tileOf(id) : { title: "", text: "" };
    const title = h("input", { type: "text", maxlength: 120, value: one.title ?? "" });
    const text = h("textarea", { rows: 6, maxlength: 5000, required: true }, one.text);
    ask({ title: id ? "Change the text" : "Add a text", says: "Plain words; an empty line begins a new paragraph.", action: "Save",
      fields: [labelled("Heading, if any", title), labelled("Text", text)],
      act: () => {
        const said = { title: title.value.trim(), text: text.value.trim() };
        const { tiles, names } = page();
        return id ? change(tiles.map((other) => (other.id === id ? { ...one, ...said } : other)), "Changed a text")
          : change([...tiles, { id: unused("text", names), ...said, at: free(tiles, 6, 2) }], "Added a text");
      } });
  }

  /** The tools of one tile. */
  function tools(declared) {
    const { id } = declared;
    const name = called(declared);
    const text = declared.text !== null && declared.text !== undefined;
    const move = (label, by) => menuItem(label, () => laid(id, by));
    return h("div.tile-tools", {},
      h("button.grip", { type: "button", "aria-label": `Move ${name}: arrow keys move it, with Shift they resize it`, title: "Drag to move; arrow keys move, with Shift they resize",
        onpointerdown: dragged(id, false), onkeydown: keyed(id), onblur: () => keep("Moved") }, icon(GRIP)),
      menuBox(`Change ${name}`, [
        text ? menuItem("Change the text …", () => write(id)) : menuItem("Rename …", () => rename(id)),
        menuItem("Duplicate", () => twice(id)),
        move("Move up", { y: -1 }), move("Move down", { y: 1 }), move("Move left", { x: -1 }), move("Move right", { x: 1 }),
        move("Wider", { w: 1 }), move("Narrower", { w: -1 }), move("Taller", { h: 1 }), move("Lower", { h: -1 }),
        menuItem("Remove", () => without(id)),
      ], PEN),
      h("button.corner", { type: "button", tabindex: "-1", "aria-hidden": "true", title: "Drag to resize", onpointerdown: dragged(id, true) }, icon(CORNER)));
  }

  return { tools, write };
}
