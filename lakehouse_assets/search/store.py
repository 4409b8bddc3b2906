"""The index as it is kept: passages with their vectors, in SQLite beside the lake's data or in PostgreSQL.

Belongs here: its tables, changing them by difference, reading what changed. Does not belong here: what is in a passage
(``gathering``), searching (``index``), when it is brought up to date (``updating``).

A passage that changes, or gets its vector, gets the next version, so that who holds the index in memory reads what is
new alone. One that has gone stays as an empty row for a week; who holds an older state then reads all anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from lakehouse_assets.search.meaning import key_of
from lakehouse_assets.search.model import ELSEWHERE, Kind, Passage
from lakehouse_assets.settings.types import sqlite_url
from nlq.core.utc import utc_now
from nlq.storage.database import open_tables, reading

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings

_AT_ONCE = 500
"""Rows of a statement: SQLite takes some 30,000 parameters, and others wait no longer than for so many."""
_metadata = sa.MetaData()
_passages = sa.Table(
    "search_passages",
    _metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(32), nullable=False, unique=True),
    sa.Column("origin", sa.Text, nullable=False, index=True),
    sa.Column("namespace", sa.Text, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("domain", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("digest", sa.String(32), nullable=False),
    sa.Column("vector_key", sa.String(32), nullable=False, index=True),
    sa.Column("vector", sa.LargeBinary),
    sa.Column("gone", sa.Boolean, nullable=False, default=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Index("search_passages_changed", "namespace", "version"),
)
_origins = sa.Table(
    "search_origins",
    _metadata,
    sa.Column("origin", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("snapshot", sa.Text),
    sa.Column("left_out", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.DateTime, nullable=False),
)
_days = sa.Table(
    "search_days",
    _metadata,
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
)
"""The newest version at the first update of a day; what went before the oldest of them is no more."""
_p, _o, _d = _passages.c, _origins.c, _days.c
KEPT = timedelta(days=7)
"""How long the row of a passage that has gone stays, for who holds the index in memory."""


class Row(NamedTuple):
    """What is held of a passage in memory; its words are counted and forgotten."""

    number: int
    kind: Kind
    title: str
    text: str
    rule: str
    vector: bytes | None
    gone: bool
    version: int


@dataclass(frozen=True)
class Shown:
    """What is shown of a passage that was found."""

    kind: Kind
    title: str
    text: str
    domain: str
    source: Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """How many passages an update added, changed and removed."""

    added: int = 0
    changed: int = 0
    removed: int = 0


@dataclass(frozen=True)
class Missing:
    """A text that has no vector yet, and the passages that it would be of."""

    vector_key: str
    title: str
    text: str


def url_of(settings: Settings) -> str:
    """SQLAlchemy URL of where the index is kept.

    On SQLite it has a file of its own: who writes many passages would make questions wait that want to be written down.
    """
    if settings.parts.state == "postgres":
        return settings.queue_url
    return sqlite_url(settings.home.absolute() / "search.db")


class Store:
    """The index in one database. Thread-safe; processes share it through the database."""

    def __init__(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL, and make the tables that are missing."""
        self._engine = open_tables(url, _metadata)
        self._reads = reading(self._engine)

    # --- changing

    def states(self) -> dict[str, str]:
        """The state that each origin was last indexed at."""
        with self._reads.begin() as con:
            return {row.origin: row.state for row in con.execute(sa.select(_o.origin, _o.state))}

    def replace(
        self, origin: str, state: str, passages: Iterable[Passage], *, snapshot: str | None = None, left_out: int = 0
    ) -> Difference:
        """Make an origin's passages these; those that are as they were are not touched.

        Args:
            origin: What they are all from.
            state: The state of it that they were gathered at.
            snapshot: The snapshot of the table that they are rows of.
            passages: All of them; of several with one id, the first counts.
            left_out: How many were too many.
        """
        wanted: dict[str, Passage] = {}
        for passage in passages:
            wanted.setdefault(passage.id, passage)
        with self._reads.begin() as con:
            known = dict(con.execute(sa.select(_p.id, _p.digest).where(_p.origin == origin, _p.gone.is_(False))).all())
        changed = [p for i, p in wanted.items() if known.get(i) != p.digest]
        gone = [i for i in known if i not in wanted]
        for part in _parts(changed):
            self._write(origin, part)
        for part in _parts(gone):
            self._remove(part)
        with self._engine.begin() as con:
            con.execute(sa.delete(_origins).where(_o.origin == origin))
            row = {
                "origin": origin, "state": state, "snapshot": snapshot, "left_out": left_out, "updated_at": utc_now(),
            }  # fmt: skip
            con.execute(sa.insert(_origins), [row])
        added = sum(1 for passage in changed if passage.id not in known)
        return Difference(added, len(changed) - added, len(gone))

    def forget_origins(self, but: Iterable[str]) -> int:
        """Remove the passages of origins that are no more; returns how many origins."""
        gone = self.states().keys() - set(but)
        for origin in gone:
            self.replace(origin, "", ())
            with self._engine.begin() as con:
                con.execute(sa.delete(_origins).where(_o.origin == origin))
        return len(gone)

    def _write(self, origin: str, passages: Sequence[Passage]) -> None:
        keys = {p.id: key_of(p.title, p.text) for p in passages}
        with self._engine.begin() as con:
            version = _next_version(con)
            vectors = dict(
                con.execute(
                    sa.select(_p.vector_key, _p.vector).where(
                        _p.vector_key.in_(set(keys.values())), _p.vector.is_not(None)
                    )
                ).all()
            )
            there = dict(con.execute(sa.select(_p.id, _p.number).where(_p.id.in_(list(keys)))).all())
            rows = [_row(p, origin, keys[p.id], vectors.get(keys[p.id]), version) for p in passages]
            if new := [row for row in rows if row["id"] not in there]:
                con.execute(sa.insert(_passages), new)
            if old := [{**row, "at": there[row["id"]]} for row in rows if row["id"] in there]:
                con.execute(sa.update(_passages).where(_p.number == sa.bindparam("at")), old)

    def _remove(self, ids: Sequence[str]) -> None:
        with self._engine.begin() as con:
            emptied = {"gone": True, "title": "", "text": "", "source": "{}", "vector": None, "digest": ""}
            version = _next_version(con)
            con.execute(sa.update(_passages).where(_p.id.in_(ids)).values(**emptied, version=version))

    def forget_gone(self, today: date) -> int:
        """Remove the rows of passages that have been gone for long; returns how many.

        The newest version stays, or a later passage would get it again.
        """
        with self._engine.begin() as con:
            newest = _next_version(con) - 1
            if con.execute(sa.select(_d.day).where(_d.day == today)).first() is None:
                con.execute(sa.insert(_days), [{"day": today, "version": newest}])
            until = con.execute(sa.select(sa.func.max(_d.version)).where(_d.day <= today - KEPT)).scalar()
            if until is None:
                return 0
            con.execute(sa.delete(_days).where(_d.version < until))
            old = sa.delete(_passages).where(_p.gone.is_(True), _p.version <= until, _p.version < newest)
            return con.execute(old).rowcount

    def without_vector(self, limit: int) -> list[Missing]:
        """Texts that have no vector yet, each once: what is said of the lake before what is said in it."""
        order = sa.case(
            (_p.namespace == ELSEWHERE, 0), (_p.kind == Kind.DOCUMENT, 3), (_p.kind == Kind.COLUMN, 2), else_=1
        )
        found = (
            sa.select(_p.vector_key, sa.func.min(_p.number).label("number"), sa.func.min(order).label("turn"))
            .where(_p.vector.is_(None), _p.gone.is_(False))
            .group_by(_p.vector_key)
            .subquery()
        )
        wanted = (
            sa.select(_p.vector_key, _p.title, _p.text)
            .join(found, found.c.number == _p.number)
            .order_by(found.c.turn, _p.number)
            .limit(limit)
        )
        with self._reads.begin() as con:
            return [Missing(*row) for row in con.execute(wanted)]

    def give_vectors(self, vectors: Mapping[str, bytes]) -> None:
        """Give all passages whose texts these are the vectors of."""
        with self._engine.begin() as con:
            version = _next_version(con)
            for key, vector in vectors.items():
                con.execute(
                    sa.update(_passages)
                    .where(_p.vector_key == key, _p.vector.is_(None), _p.gone.is_(False))
                    .values(vector=vector, version=version)
                )

    # --- reading

    def namespaces(self) -> dict[str, int]:
        """Every namespace with the newest version in it."""
        with self._reads.begin() as con:
            return dict(con.execute(sa.select(_p.namespace, sa.func.max(_p.version)).group_by(_p.namespace)).all())

    def sizes(self) -> dict[str, int]:
        """Every namespace with the number of passages in it."""
        counted = sa.select(_p.namespace, sa.func.count()).where(_p.gone.is_(False)).group_by(_p.namespace)
        with self._reads.begin() as con:
            return dict(con.execute(counted).all())

    def oldest(self) -> int:
        """The version since which all that has gone is still known: who holds an older one reads anew."""
        with self._reads.begin() as con:
            return int(con.execute(sa.select(sa.func.min(_d.version))).scalar() or 0)

    def changed(self, namespace: str, since: int) -> Iterator[Row]:
        """The passages of a namespace that changed after a version, those that have gone among them."""
        columns = (_p.number, _p.kind, _p.title, _p.text, _p.rule, _p.vector, _p.gone, _p.version)
        wanted = sa.select(*columns).where(_p.namespace == namespace, _p.version > since).order_by(_p.number)
        with self._reads.begin() as con:
            for row in con.execution_options(yield_per=2_000).execute(wanted):
                yield Row(row.number, Kind(row.kind), *row[2:])

    def shown(self, namespace: str, numbers: Sequence[int]) -> dict[int, Shown]:
        """What is shown of some passages of one namespace, by number; of another's, nothing."""
        columns = (_p.number, _p.kind, _p.title, _p.text, _p.domain, _p.source, _o.snapshot)
        wanted = (
            sa.select(*columns)
            .join(_origins, _o.origin == _p.origin, isouter=True)
            .where(_p.namespace == namespace, _p.number.in_(numbers), _p.gone.is_(False))
        )
        with self._reads.begin() as con:
            return {row.number: _shown(row) for row in con.execute(wanted)}

    def standing(self) -> tuple[int, int, int, datetime | None]:
        """Passages, those of them without a vector, how many were too many, and when one was last looked for."""
        there = sa.and_(_p.gone.is_(False), _p.namespace != ELSEWHERE)
        with self._reads.begin() as con:
            passages = con.execute(sa.select(sa.func.count()).where(there)).scalar_one()
            bare = con.execute(sa.select(sa.func.count()).where(there, _p.vector.is_(None))).scalar_one()
            left_out, at = con.execute(sa.select(sa.func.sum(_o.left_out), sa.func.max(_o.updated_at))).one()
        return passages, bare, int(left_out or 0), at

    def updated_at(self) -> datetime | None:
        """When an origin was last indexed, UTC."""
        with self._reads.begin() as con:
            return con.execute(sa.select(sa.func.max(_o.updated_at))).scalar()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _next_version(con: sa.Connection) -> int:
    """A version after all there are; on PostgreSQL, too, one writes at a time."""
    if con.dialect.name == "postgresql":
        con.execute(sa.text("lock table search_passages in share row exclusive mode"))
    return int(con.execute(sa.select(sa.func.max(_p.version))).scalar() or 0) + 1


def _row(passage: Passage, origin: str, key: str, vector: bytes | None, version: int) -> dict[str, Any]:
    return {
        "id": passage.id, "origin": origin, "namespace": passage.namespace, "kind": str(passage.kind),
        "title": _storable(passage.title), "text": _storable(passage.text), "domain": passage.domain,
        "rule": passage.rule, "digest": passage.digest,
        "source": json.dumps(passage.source, sort_keys=True, default=str), "vector_key": key, "vector": vector,
        "gone": False, "version": version,
    }  # fmt: skip


def _storable(text: str) -> str:
    """A text as every database keeps it: PostgreSQL has no character NUL."""
    return text.replace("\0", " ")


def _shown(row: Any) -> Shown:
    of_row = {"snapshot": row.snapshot} if row.snapshot else {}
    return Shown(Kind(row.kind), row.title, row.text, row.domain, {**json.loads(row.source), **of_row})


def _parts(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    rest = iter(items)
    return iter(lambda: list(islice(rest, _AT_ONCE)), [])
