"""Putting a figure on a dashboard that someone makes: a name and a place for it.

Belongs here: from a dashboard and a tile without a place to the dashboard with it. Does not belong here: keeping it
(kept), whether its plan fits (fitting).
"""

from __future__ import annotations

import re
from typing import Any

from lakehouse_assets.dashboards.model import COLUMNS, MOST_TILES, ChartKind, Dashboard, Page, Place, Tile, TileChart

FIRST_PAGE = Page(id="page", title="Page")
_SIZES = {ChartKind.NUMBER: (3, 2), ChartKind.TABLE: (6, 5)}
_USUAL = (6, 4)


class PageFullError(ValueError):
    """The page has as many tiles as it may."""


def size_of(chart: TileChart | None) -> tuple[int, int]:
    """Columns and rows that a tile has at first."""
    return _SIZES.get(chart.kind, _USUAL) if chart else _USUAL


def pinned(dashboard: Dashboard, fields: dict[str, Any], page: Page) -> Dashboard:
    """A dashboard with one more tile, on the first place of a page that is free.

    Args:
        dashboard: As it is.
        fields: The tile without an id and a place.
        page: Where, one of the dashboard's.

    Raises:
        PageFullError: there is no room for another.
        pydantic.ValidationError: it is no tile.
    """
    if len(page.tiles) >= MOST_TILES:
        raise PageFullError(f"The page “{page.title}” has {MOST_TILES} tiles, which is the most: remove one first")
    names = {tile.id for one in dashboard.pages for tile in one.tiles}
    tile = Tile(id=_name(fields.get("title") or "", names), at=_free(page, *size_of(fields.get("chart"))), **fields)
    larger = page.model_copy(update={"tiles": (*page.tiles, tile)})
    return dashboard.model_copy(update={"pages": tuple(larger if one is page else one for one in dashboard.pages)})


def _name(title: str, names: set[str]) -> str:
    stem = re.sub(r"[^a-z0-9]+", "_", title.casefold().encode("ascii", "ignore").decode()).strip("_")[:50]
    stem = stem if re.match(r"[a-z]", stem) else f"tile_{stem}".rstrip("_")
    numbered = (stem if number == 1 else f"{stem}_{number}" for number in range(1, len(names) + 2))
    return next(name for name in numbered if name not in names)


def _free(page: Page, width: int, height: int) -> Place:
    lowest = max((tile.at.y + tile.at.h for tile in page.tiles), default=0)
    places = (Place(x=x, y=y, w=width, h=height) for y in range(lowest + 1) for x in range(COLUMNS - width + 1))
    return next(place for place in places if not any(place.overlaps(tile.at) for tile in page.tiles))
