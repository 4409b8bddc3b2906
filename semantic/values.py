"""Which values the dimensions have: a bounded list each, most frequent first, kept per snapshot.

Belongs here: reading and remembering values. Does not belong here: matching them with words of a question
(``nlq``), or anything about metrics.
"""

from __future__ import annotations

import contextlib
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cachetools import FIFOCache, LRUCache

from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from semantic.disk_cache.values import CountedValues, KeptValues
from semantic.errors import SemanticError, UnknownNameError, nearest
from semantic.manifest.catalog import DimensionDefinition

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.protocol import Session
    from semantic.layer import SemanticLayer

LIMIT = 200
_REMEMBERED, _TEXTS = 4096, 2048
_MOST_GROUPED = 63
"""How many arguments GROUPING takes at most, in DuckDB and in Trino: their numbers have as many bits."""


class OpensSessions(Protocol):
    """What is asked of a lake."""

    def session(self) -> AbstractContextManager[Session]:
        """A consistent view of all tables."""
        ...


@dataclass(frozen=True)
class Only:
    """The rows to read: those with a value in a dimension that every model calls by the same name."""

    element: str
    value: str


_Key = tuple[str, str, Only | None, int | str | None]


class DimensionValues:
    """Values of the categorical dimensions of one semantic layer. Thread-safe."""

    def __init__(
        self, lake: OpensSessions, layer: SemanticLayer, *, limit: int = LIMIT, folder: Path | None = None
    ) -> None:
        """Nothing is read yet.

        Args:
            lake: Where the tables are.
            layer: Whose dimensions.
            limit: How many values of a dimension are read and kept at most.
            folder: Where values are kept for other processes; nowhere if None.
        """
        self._lake, self._layer, self._limit = lake, layer, limit
        self._on_disk = KeptValues(folder, limit) if folder else None
        # FIFO; the snapshot of the table is part of the key, so a publication invalidates it.
        self._kept: FIFOCache[_Key, CountedValues] = FIFOCache(_REMEMBERED)
        # LRU; the snapshot of the table is part of the key. A chart of the greatest names forty of them at once.
        self._spellings: LRUCache[tuple[_Key, tuple[str, ...]], list[Any]] = LRUCache(_TEXTS)
        self._lock = threading.Lock()

    def values(self, dimension: str) -> list[tuple[Any, int]]:
        """The values of a dimension (qualified name) and their numbers of rows, most frequent first.

        Raises:
            UnknownNameError: no such dimension.
            SemanticError: it is a time.
        """
        return list(self.read([dimension])[dimension].items)

    def read(self, dimensions: Iterable[str] | None = None, only: Only | None = None) -> dict[str, CountedValues]:
        """The values of several dimensions, of all categorical ones that are not identifiers by default.

        All are read at one state of the lake. Empty for tables that were never published. With ``only``, the values
        in those rows alone, and none of tables without that column.
        """
        known = self._layer.catalog().dimensions
        names = list(dimensions) if dimensions is not None else self._searchable()
        for name in names:
            if name not in known:
                raise UnknownNameError(f"there is no dimension '{name}'{nearest(name, known)}")
            if known[name].type != "categorical":
                raise SemanticError(f"'{name}' is a time: its values are not listed")
        with self._lake.session() as session:
            found = self._of([known[name] for name in names], only, session)
        return {name: found[name] for name in names}

    def published(self, tables: Iterable[str]) -> set[str]:
        """Those of some tables (``layer.table``) that were published; a table without a snapshot was not."""
        found = set()
        with self._lake.session() as session:
            for table in tables:
                with contextlib.suppress(QueryRefusedError):
                    session.relation(table)
                    found.add(table)
        return found

    def look_up(self, dimensions: Iterable[str], text: str, only: Only | None = None) -> tuple[Any, ...] | None:
        """The values of some dimensions that are a text up to case, blanks around it and its Unicode form.

        None where that cannot be told, as of a table that was never published. With ``only``, as in ``read``.
        """
        known = self._layer.catalog().dimensions
        found: dict[Any, None] = {}
        told = False
        with self._lake.session() as session:
            for dimension in [known[name] for name in dimensions if known[name].type == "categorical"]:
                if only and self._column(only.element, dimension.relation) is None:
                    continue
                try:
                    session.relation(_table(dimension))
                except QueryRefusedError:
                    continue
                told = True
                found.update(dict.fromkeys(self._spelled(dimension, text, session, only)))
        return tuple(found) if told else None

    def _spelled(self, dimension: DimensionDefinition, text: str, session: Session, only: Only | None) -> list[Any]:
        forms = sorted({unicodedata.normalize(form, text.strip().lower()) for form in ("NFC", "NFD")})
        key = (_key(dimension, only, session), tuple(forms))
        with self._lock:
            if key[0][-1] is not None and key in self._spellings:
                return self._spellings[key]
        marks = ", ".join("?" for _ in forms)
        where = f"LOWER(TRIM(CAST({dimension.expr} AS VARCHAR))) IN ({marks})"
        column = self._column(only.element, dimension.relation) if only else None
        mine, own = (f" AND {column} = ?", [only.value]) if only and column else ("", [])
        rows = session.query(
            f"SELECT DISTINCT {dimension.expr} AS v FROM {dimension.relation} WHERE {where}{mine} LIMIT {LIMIT}",
            [*forms, *own],
            by_name=True,
        )
        found = rows.column("v").to_pylist()
        with self._lock:
            self._spellings[key] = found
        return found

    def names(
        self,
        codes: DimensionDefinition,
        said: DimensionDefinition,
        wanted: Sequence[Any],
        only: Only | None,
        session: Session,
    ) -> dict[str, str]:
        """What some codes are called by another column of their table; those that have one name there alone.

        Args:
            codes: The dimension of the codes.
            said: That of the names, of the same table.
            wanted: The codes.
            only: As in ``read``.
            session: The state of the lake to read.
        """
        column = self._column(only.element, codes.relation) if only else None
        if codes.relation != said.relation or (only and column is None):
            return {}
        code = codes.expr if all(isinstance(one, str) for one in wanted) else f"CAST({codes.expr} AS VARCHAR)"
        texts = sorted({str(one) for one in wanted})
        mine, own = (f" AND {column} = ?", [only.value]) if only else ("", [])
        name = f"CAST({said.expr} AS VARCHAR)"
        rows = session.query(
            f"SELECT {code} AS c, MIN({name}) AS n FROM {codes.relation}"
            f" WHERE {code} IN ({', '.join('?' for _ in texts)}) AND {said.expr} IS NOT NULL{mine}"
            f" GROUP BY {code} HAVING MIN({name}) = MAX({name})",
            [*texts, *own],
            by_name=True,
        ).to_pylist()
        return {row["c"]: row["n"] for row in rows if row["n"]}

    def _searchable(self) -> list[str]:
        dimensions = self._layer.catalog().dimensions.values()
        return [d.name for d in dimensions if d.type == "categorical" and not d.identifier]

    def _of(
        self, dimensions: Iterable[DimensionDefinition], only: Only | None, session: Session
    ) -> dict[str, CountedValues]:
        """The values of dimensions, those not kept read table by table."""
        found: dict[str, CountedValues] = {}
        missing: dict[str, list[DimensionDefinition]] = {}
        for dimension in dimensions:
            kept = self._recall(dimension, only, session)
            if kept is not None:
                found[dimension.name] = kept
            else:
                missing.setdefault(dimension.relation, []).append(dimension)
        for wanted in missing.values():
            read = self._fetched(wanted, only, session)
            for dimension in wanted:
                found[dimension.name] = read[dimension.expr]
                self._keep(_key(dimension, only, session), read[dimension.expr])
        return found

    def _fetched(
        self, dimensions: Sequence[DimensionDefinition], only: Only | None, session: Session
    ) -> dict[str, CountedValues]:
        """The values in one table, by expression: those kept on disk, the others read from the table, and kept.

        A column that several joins lead to is a dimension of each, and read once.
        """
        relation, table, state = dimensions[0].relation, _table(dimensions[0]), _state(dimensions[0], session)
        expressions = list(dict.fromkeys(d.expr for d in dimensions))
        if self._on_disk is None or only is not None or state is None:
            return self._read(relation, expressions, only, session)
        kept = self._on_disk.get(table, state)
        missing = [expression for expression in expressions if expression not in kept]
        if missing:
            read = self._read(relation, missing, None, session)
            self._on_disk.keep(table, state, read)
            kept |= read
        return kept

    def _recall(self, dimension: DimensionDefinition, only: Only | None, session: Session) -> CountedValues | None:
        try:
            session.relation(_table(dimension))
        except QueryRefusedError:
            return CountedValues((), complete=True)
        if only and self._column(only.element, dimension.relation) is None:
            return CountedValues((), complete=False)
        with self._lock:
            return self._kept.get(_key(dimension, only, session))

    def _column(self, element: str, relation: str) -> str | None:
        """The expression of a dimension's name in a table; None where the table has no such dimension."""
        known = self._layer.catalog().dimensions.values()
        return next((d.expr for d in known if d.element == element and d.relation == relation), None)

    def _keep(self, key: _Key, values: CountedValues) -> None:
        with self._lock:
            self._kept[key] = values

    def _read(
        self, relation: str, expressions: Sequence[str], only: Only | None, session: Session
    ) -> dict[str, CountedValues]:
        """The values of expressions over one table, in as few passes over it as the engines allow."""
        found: dict[str, CountedValues] = {}
        for at in range(0, len(expressions), _MOST_GROUPED):
            together = expressions[at : at + _MOST_GROUPED]
            found.update(zip(together, self._read_together(relation, together, only, session), strict=True))
        return found

    def _read_together(
        self, relation: str, expressions: Sequence[str], only: Only | None, session: Session
    ) -> list[CountedValues]:
        """The values of expressions, in one pass. They are the manifest's own; no person's text is in the SQL."""
        names = [f"v{i}" for i in range(len(expressions))]
        inner = ", ".join(f"{expression} AS {name}" for expression, name in zip(expressions, names, strict=True))
        sets = ", ".join(f"({name})" for name in names)
        # GROUPING tells which set a row is of: the bit of the grouped name is 0, the others are 1. One row more
        # than the limit tells that there are more, and one is for NULL.
        column = self._column(only.element, relation) if only else None
        where, params = (f" WHERE {column} = ?", [only.value]) if only and column else ("", None)
        rows = session.query(
            f"SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY g ORDER BY n DESC, {', '.join(names)}) AS r"
            f" FROM (SELECT GROUPING({', '.join(names)}) AS g, {', '.join(names)}, COUNT(*) AS n"
            f" FROM (SELECT {inner} FROM {relation}{where}) AS chosen GROUP BY GROUPING SETS ({sets})"
            f") AS counted) AS ranked WHERE r <= {self._limit + 2} ORDER BY g, r",
            params,
        ).to_pylist()
        every = 2 ** len(names) - 1
        values = []
        for i, name in enumerate(names):
            group = every - 2 ** (len(names) - 1 - i)
            pairs = tuple((row[name], row["n"]) for row in rows if row["g"] == group and row[name] is not None)
            values.append(CountedValues(pairs[: self._limit], complete=len(pairs) <= self._limit))
        return values


def _table(dimension: DimensionDefinition) -> str:
    return dimension.relation.replace('"', "")


def _key(dimension: DimensionDefinition, only: Only | None, session: Session) -> _Key:
    return dimension.relation, dimension.expr, only, _state(dimension, session)


def _state(dimension: DimensionDefinition, session: Session) -> int | str | None:
    # What has no snapshots has one state, under no name.
    return session.snapshots.get(_table(dimension), session.heads.get(""))
