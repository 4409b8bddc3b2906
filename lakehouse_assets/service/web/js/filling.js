// Filling the tiles of a page with their figures.

const [TURNS, PAUSE] = [4, 2000]; // how often figures are asked for that found no room, and the milliseconds between

/**
 * Ask for the figures of tiles, by id, and fill them; resolves to what was answered last, or null once `over()` is true.
 * Those that found no room in time are asked for again; the others are remembered by the service meanwhile.
 */
export async function filled(ask, tiles, over) {
  for (let turn = 1; ; turn += 1) {
    const found = await ask();
    if (over()) return null;
    const late = new Set(turn < TURNS ? found.tiles.filter((one) => one.answer.error === "overloaded").map((one) => one.id) : []);
    for (const one of found.tiles) if (!late.has(one.id)) tiles.get(one.id)?.fill(one);
    if (!late.size) return found;
    await new Promise((resolve) => { setTimeout(resolve, PAUSE); });
    if (over()) return null;
  }
}
