"""Whether a dashboard fits: its grid, its charts, and what the semantic layer has.

Belongs here: everything that can be told of a dashboard without running it. Does not belong here: its shape (model).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from pydantic import ValidationError

from lakehouse_assets.dashboards.asking import View, asked
from lakehouse_assets.dashboards.drawing import misdrawn
from lakehouse_assets.dashboards.model import Dashboard, Page, Tile
from nlq.core.guard import Caller, Guard, GuardError
from nlq.core.naming import AmbiguousNameError, full_name
from nlq.core.plan import problem_of
from nlq.core.vocabulary import Vocabulary

_ANY_DAY = date(2026, 1, 15)
_WHOEVER = Caller(role="admin")


class Problem(NamedTuple):
    """What is wrong with a part of a dashboard; ``loc`` leads to it from the top."""

    loc: tuple[str | int, ...]
    message: str


def misplaced(dashboard: Dashboard) -> Iterator[Problem]:
    """Names that are given twice, and tiles that lie on one another."""
    yield from _twice([(("pages", n, "id"), page.id) for n, page in enumerate(dashboard.pages)], "page")
    tiles = [(("pages", p, "tiles", t, "id"), tile.id) for p, t, tile in _tiles(dashboard)]
    yield from _twice(tiles, "tile")
    for number, page in enumerate(dashboard.pages):
        yield from _overlaps(number, page)


def unfitting(dashboard: Dashboard, vocabulary: Vocabulary) -> Iterator[Problem]:
    """What its plans name that the layer does not have, charts that do not fit, filters that no tile can take."""
    guard, view = Guard(vocabulary), View.first(dashboard, _ANY_DAY)
    taken: Counter[str] = Counter()
    for page, number, tile in _tiles(dashboard):
        if tile.plan is not None:
            loc = ("pages", page, "tiles", number)
            yield from (Problem((*loc, *p.loc), p.message) for p in _unfit(tile, view, vocabulary, guard))
            taken.update(_narrowed_by(tile, dashboard, vocabulary))
    for number, item in enumerate(dashboard.filters):
        if not taken[item.dimension]:
            yield Problem(("filters", number, "dimension"), f"no tile can be narrowed by '{item.dimension}'")


def _tiles(dashboard: Dashboard) -> Iterator[tuple[int, int, Tile]]:
    return ((p, t, tile) for p, page in enumerate(dashboard.pages) for t, tile in enumerate(page.tiles))


def _twice(named: list[tuple[tuple[str | int, ...], str]], what: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for loc, name in named:
        if name in seen:
            yield Problem(loc, f"another {what} is called '{name}' as well: give this one a name of its own")
        seen.add(name)


def _overlaps(number: int, page: Page) -> Iterator[Problem]:
    for (_, one), (second, other) in itertools.combinations(enumerate(page.tiles), 2):
        if one.at.overlaps(other.at):
            message = f"it lies on '{one.id}': move it, or make one of both smaller"
            yield Problem(("pages", number, "tiles", second, "at"), message)


def _unfit(tile: Tile, view: View, vocabulary: Vocabulary, guard: Guard) -> Iterator[Problem]:
    try:
        found = asked(tile, view, vocabulary)
        for plan in (found.plan, found.trend, found.top):
            if plan is not None:
                guard.check(plan, _WHOEVER)
    except AmbiguousNameError as error:
        yield Problem(("plan",), f"{error}")
    except ValidationError as error:
        yield Problem(("plan", *error.errors()[0]["loc"]), problem_of(error))
    except GuardError as error:
        nearest = f" Nearest: {', '.join(error.nearest)}." if error.nearest else ""
        yield Problem(("plan",), f"{error}{nearest}")
    else:
        assert tile.chart is not None
        if why := misdrawn(tile.chart, found.plan, vocabulary):
            yield Problem(("chart",), why)


def _narrowed_by(tile: Tile, dashboard: Dashboard, vocabulary: Vocabulary) -> Iterator[str]:
    """The shared filters that a tile can take."""
    known = [name for name in tile.metrics if name in vocabulary.metrics]
    dimensions = vocabulary.shared_dimensions(known)
    for item in dashboard.filters:
        try:
            if full_name(item.dimension, dimensions) in dimensions:
                yield item.dimension
        except AmbiguousNameError:
            continue
