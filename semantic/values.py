"""Which values the dimensions have: a bounded list each, most frequent first, kept per snapshot.

Belongs here: reading and remembering values. Does not belong here: matching them with words of a question
(``nlq``), or anything about metrics.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from semantic.catalog import Dimension
from semantic.errors import SemanticError, UnknownNameError, nearest

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engine import Session
    from semantic.layer import SemanticLayer

LIMIT = 200
_REMEMBERED = 512


class OpensSessions(Protocol):
    """What is asked of a lake."""

    def session(self) -> AbstractContextManager[Session]:
        """A consistent view of all tables."""
        ...


@dataclass(frozen=True)
class Found:
    """A value that a text names: ``exact`` up to case, spaces, hyphens and underscores, or else in part."""

    dimension: str
    value: Any
    count: int
    exact: bool


@dataclass(frozen=True)
class Values:
    """The values of a dimension with their number of rows; ``complete`` is false when there are more."""

    items: tuple[tuple[Any, int], ...]
    complete: bool


class DimensionValues:
    """Values of the categorical dimensions of one semantic layer. Thread-safe."""

    def __init__(self, lake: OpensSessions, layer: SemanticLayer, *, limit: int = LIMIT) -> None:
        """Nothing is read yet. ``limit`` bounds how many values of a dimension are read and kept."""
        self._lake, self._layer, self._limit = lake, layer, limit
        self._kept: OrderedDict[tuple[str, str, int | None], Values] = OrderedDict()
        self._lock = threading.Lock()

    def values(self, dimension: str) -> list[tuple[Any, int]]:
        """The values of a dimension (qualified name) and their numbers of rows, most frequent first.

        Raises:
            UnknownNameError: no such dimension.
            SemanticError: it is a time.
        """
        return list(self.read([dimension])[dimension].items)

    def read(self, dimensions: Iterable[str] | None = None) -> dict[str, Values]:
        """The values of several dimensions, of all categorical ones that are not identifiers by default.

        All are read at one state of the lake. Empty for tables that were never published.
        """
        known = self._layer.catalog().dimensions
        names = list(dimensions) if dimensions is not None else self._searchable()
        for name in names:
            if name not in known:
                raise UnknownNameError(f"there is no dimension '{name}'{nearest(name, known)}")
            if known[name].type != "categorical":
                raise SemanticError(f"'{name}' is a time: its values are not listed")
        with self._lake.session() as session:
            return {name: self._of(known[name], session) for name in names}

    def find(self, text: str) -> list[Found]:
        """The values that a text names, exact ones first, then by number of rows."""
        wanted = _plain(text)
        if not wanted:
            return []
        found = [
            Found(name, value, count, _plain(str(value)) == wanted)
            for name, values in self.read().items()
            for value, count in values.items
            if wanted in _plain(str(value))
        ]
        return sorted(found, key=lambda f: (not f.exact, -f.count, f.dimension))

    def _searchable(self) -> list[str]:
        dimensions = self._layer.catalog().dimensions.values()
        return [d.name for d in dimensions if d.type == "categorical" and not d.identifier]

    def _of(self, dimension: Dimension, session: Session) -> Values:
        from lakehouse_assets.lakehouse.engine import QueryRefusedError

        table = dimension.relation.replace('"', "")
        try:
            session.relation(table)
        except QueryRefusedError:
            return Values((), complete=True)
        snapshot = session.snapshots.get(table)
        key = (dimension.relation, dimension.expr, snapshot)
        with self._lock:
            if snapshot is not None and key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        values = self._read(dimension, session)
        with self._lock:
            self._kept[key] = values
            if len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)
        return values

    def _read(self, dimension: Dimension, session: Session) -> Values:
        """The names are the manifest's own; no person's text is in this SQL."""
        rows = session.query(
            f"SELECT {dimension.expr} AS value, COUNT(*) AS n FROM {dimension.relation}"
            f" WHERE {dimension.expr} IS NOT NULL GROUP BY 1 ORDER BY n DESC, value LIMIT {self._limit + 1}"
        )
        pairs = list(zip(rows.column("value").to_pylist(), rows.column("n").to_pylist(), strict=True))
        return Values(tuple(pairs[: self._limit]), complete=len(pairs) <= self._limit)


def _plain(text: str) -> str:
    return "".join(ch for ch in text.casefold() if ch.isalnum())
