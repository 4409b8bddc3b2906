// A dashboard as a card that leads to it.

import { h } from "./dom.js";
import { moment } from "./format.js";
import { named } from "./sidebar.js";

export function boardCard({ id, title, description, domain, pages, changed_at: changed }) {
  const of = [domain ? named(domain) : "", pages.length > 1 ? pages.map((page) => page.title).join(", ") : "", changed ? `changed ${moment(changed)}` : ""];
  return h("li.board-card", {}, h("a", { href: `/dashboards/${encodeURIComponent(id)}` }, h("strong", {}, title)),
    description ? h("p", {}, description) : null, h("p.quiet-text", {}, of.filter(Boolean).join(" · ")));
}

/** Those that the reader made, and those of the project. */
export const parted = (boards) => [boards.filter((one) => one.editable), boards.filter((one) => !one.editable)];
