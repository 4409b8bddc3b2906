// Where tiles lie in the grid of a page: moving and resizing one, with the others out of its way. No elements here.

export const COLUMNS = 12;
export const TALLEST = 20;
const LOWEST = 400;

const overlap = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
const inside = (value, least, most) => Math.max(least, Math.min(most, value));

/** A place that is moved and resized, kept within the grid. */
export function changed({ x, y, w, h }, { x: right = 0, y: down = 0, w: wider = 0, h: taller = 0 }) {
  const width = inside(w + wider, 1, wider ? COLUMNS - x : COLUMNS);
  return { x: inside(x + right, 0, COLUMNS - width), y: inside(y + down, 0, LOWEST), w: width, h: inside(h + taller, 1, TALLEST) };
}

/**
 * The places of all tiles, by id, once one of them has a new place: it lies there, and what lay there goes down; what a
 * tile that moves down has passed goes above it where there is room.
 */
export function arranged(tiles, id, place) {
  const before = tiles.find((one) => one.id === id).at;
  const others = tiles.filter((one) => one.id !== id).sort(({ at: a }, { at: b }) => a.y - b.y || a.x - b.x);
  const found = [{ id, at: place }];
  const taken = (at) => found.some((one) => overlap(at, one.at));
  for (const { id: name, at } of others) {
    const above = { ...at, y: place.y - at.h };
    if (place.y > before.y && overlap(at, place) && above.y >= 0 && !taken(above)) {
      found.push({ id: name, at: above });
      continue;
    }
    let y = at.y;
    while (taken({ ...at, y })) y += 1;
    found.push({ id: name, at: { ...at, y } });
  }
  return new Map(found.map((one) => [one.id, one.at]));
}

/** The first place of a size that is free. */
export function free(tiles, w, h) {
  for (let y = 0; ; y += 1) {
    for (let x = 0; x <= COLUMNS - w; x += 1) {
      if (!tiles.some((one) => overlap({ x, y, w, h }, one.at))) return { x, y, w, h };
    }
  }
}

/** A name for a tile that no other has. */
export function unused(stem, names) {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? stem : `${stem.slice(0, 55)}_${number}`;
    if (!names.has(name)) return name;
  }
}
