// A dashboard as a card that leads to it.

import { h } from "./dom.js";
import { named } from "./sidebar.js";

export function boardCard({ id, title, description, domain, pages, owner }) {
  const of = [named(domain), pages.length > 1 ? pages.map((page) => page.title).join(", ") : "", owner ? `by ${owner}` : ""];
  return h("li.board-card", {}, h("a", { href: `/dashboards/${encodeURIComponent(id)}` }, h("strong", {}, title)),
    description ? h("p", {}, description) : null, h("p.quiet-text", {}, of.filter(Boolean).join(" · ")));
}
