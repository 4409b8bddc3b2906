"""Dashboards that people make, in the SQL database of the questions, each with its versions.

Belongs here: those tables, and that a change is written whole or not at all. Does not belong here: whether a dashboard
fits the semantic layer (fitting), who may see or change one (service).

A change is one transaction that adds a version; what was there stays, until it is one of too many. Who changes a
dashboard says which version that was seen: another's change in between is not written over.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from lakehouse_assets.dashboards.model import Dashboard
from nlq.core.plan import problem_of
from nlq.core.utc import utc_now
from nlq.storage.database import open_tables, reading

MOST_BOARDS, MOST_VERSIONS = 100, 50
"""Dashboards of one owner; versions of one that are kept, the newest."""
LARGEST = 128 * 1024
"""Bytes of a dashboard as JSON."""
_log = logging.getLogger(__name__)
_metadata = sa.MetaData()
_boards = sa.Table(
    "boards",
    _metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("owner", sa.Text, nullable=False, index=True),
    sa.Column("made_by", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
)
_versions = sa.Table(
    "board_versions",
    _metadata,
    sa.Column("board_id", sa.String(36), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("before", sa.Integer),
    sa.Column("what", sa.String(120), nullable=False),
    sa.Column("changed_at", sa.DateTime, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
)
_b, _v = _boards.c, _versions.c


class NoBoardError(LookupError):
    """There is no dashboard of this id, or no such version of it."""


class BoardLimitError(ValueError):
    """It would be too large, or one too many; the message says how many there may be."""


class ChangedMeanwhileError(RuntimeError):
    """Another change came first; ``version`` is the one that is there now."""

    def __init__(self, version: int) -> None:
        """Keep the version."""
        super().__init__(f"the dashboard has version {version} by now")
        self.version = version


class NothingToUndoError(RuntimeError):
    """There is no version before, or it is no longer kept."""


@dataclass(frozen=True)
class Kept:
    """A dashboard in one of its versions. Times are UTC.

    ``owner`` is the id of a key, empty for whoever is at this machine without keys. ``before`` is the version that
    undoing leads to; ``current`` the newest.
    """

    id: str
    owner: str
    made_by: str
    version: int
    current: int
    before: int | None
    what: str
    changed_at: datetime
    dashboard: Dashboard


@dataclass(frozen=True)
class Version:
    """A version by name: its number, what it changed, and when, UTC."""

    version: int
    what: str
    changed_at: datetime


class KeptBoards:
    """The dashboards in one database. Thread-safe; processes share it through the database."""

    def __init__(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL, and make the tables if there are none."""
        self._engine = open_tables(url, _metadata)
        self._reads = reading(self._engine)

    def of(self, owners: Iterable[str]) -> list[Kept]:
        """The dashboards of some owners as they are now, those first that were changed last.

        What an earlier version kept and this one does not take is left out, and named in the log.
        """
        with self._reads.connect() as con:
            mine = _joined().where(_b.owner.in_(list(owners)), _v.version == _b.version)
            rows = con.execute(mine.order_by(_v.changed_at.desc(), _b.id)).mappings().all()
        return [kept for row in rows if (kept := _readable(row))]

    def find(self, board_id: str, version: int | None = None) -> Kept:
        """A dashboard as it is now, or was in a version.

        Raises:
            NoBoardError: there is none, or the version is not kept.
        """
        with self._reads.connect() as con:
            return _found(con, board_id, version)

    def versions(self, board_id: str) -> list[Version]:
        """The versions that are kept, the newest first; none of a dashboard that is not there."""
        wanted = sa.select(_v.version, _v.what, _v.changed_at).where(_v.board_id == board_id)
        with self._reads.connect() as con:
            rows = con.execute(wanted.order_by(_v.version.desc())).all()
        return [Version(row.version, row.what, row.changed_at) for row in rows]

    def create(self, dashboard: Dashboard, *, owner: str, made_by: str, what: str) -> Kept:
        """Keep a new dashboard.

        Raises:
            BoardLimitError: it is too large, or the owner has too many.
        """
        board_id, document = str(uuid.uuid4()), _document(dashboard)
        with self._engine.begin() as con:
            count = con.execute(sa.select(sa.func.count()).select_from(_boards).where(_b.owner == owner)).scalar_one()
            if count >= MOST_BOARDS:
                raise BoardLimitError(
                    f"There are {MOST_BOARDS} dashboards of yours, which is the most: remove one first"
                )
            row = {"id": board_id, "owner": owner, "made_by": made_by, "version": 1, "created_at": utc_now()}
            con.execute(sa.insert(_boards).values(row))
            _add(con, board_id, 1, None, what, document)
            return _found(con, board_id, None)

    def change(
        self, board_id: str, change: Callable[[Dashboard], Dashboard], *, what: str, expected: int | None = None
    ) -> Kept:
        """Change a dashboard: the outcome is its next version.

        Args:
            board_id: Which.
            change: From what is there now to what is to be; what it raises leaves everything as it is.
            what: What it changes, in words.
            expected: The version that the change was made from; any if None.

        Raises:
            NoBoardError: there is none.
            ChangedMeanwhileError: it has another version by now.
            BoardLimitError: it would be too large.
        """
        with self._engine.begin() as con:
            now = _locked(con, board_id, expected)
            return _next(con, now, change(now.dashboard), before=now.version, what=what)

    def undo(self, board_id: str, expected: int) -> Kept:
        """Make the version before the last change the next one; once more undoes the change before that.

        Raises:
            NoBoardError, ChangedMeanwhileError: see ``change``.
            NothingToUndoError: there is no version before.
        """
        with self._engine.begin() as con:
            now = _locked(con, board_id, expected)
            if now.before is None:
                raise NothingToUndoError
            try:
                earlier = _found(con, board_id, now.before)
            except NoBoardError:
                raise NothingToUndoError from None
            return _next(con, now, earlier.dashboard, before=earlier.before, what=f"Undone: {now.what}"[:120])

    def restore(self, board_id: str, version: int, expected: int) -> Kept:
        """Make an earlier version the next one.

        Raises:
            NoBoardError: there is none, or the version is not kept.
            ChangedMeanwhileError: see ``change``.
        """
        with self._engine.begin() as con:
            now = _locked(con, board_id, expected)
            earlier = _found(con, board_id, version)
            return _next(con, now, earlier.dashboard, before=now.version, what=f"Back to version {version}")

    def remove(self, board_id: str) -> None:
        """Remove a dashboard with all its versions; where there is none, nothing happens."""
        with self._engine.begin() as con:
            con.execute(sa.delete(_boards).where(_b.id == board_id))
            con.execute(sa.delete(_versions).where(_v.board_id == board_id))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _joined() -> sa.Select[*tuple[Any, ...]]:
    columns: Sequence[Any] = [_b.id, _b.owner, _b.made_by, _b.version.label("current"), *_versions.c]
    return sa.select(*columns).join(_versions, _v.board_id == _b.id)


def _found(con: sa.Connection, board_id: str, version: int | None) -> Kept:
    wanted = _joined().where(_b.id == board_id, _v.version == (_b.version if version is None else version))
    row = con.execute(wanted).mappings().first()
    if row is None or (kept := _readable(row)) is None:
        raise NoBoardError(board_id)
    return kept


def _locked(con: sa.Connection, board_id: str, expected: int | None) -> Kept:
    """What is there now, which nobody else changes until the transaction ends."""
    con.execute(sa.select(_b.id).where(_b.id == board_id).with_for_update())
    now = _found(con, board_id, None)
    if expected is not None and now.version != expected:
        raise ChangedMeanwhileError(now.version)
    return now


def _next(con: sa.Connection, now: Kept, dashboard: Dashboard, *, before: int | None, what: str) -> Kept:
    number = now.version + 1
    _add(con, now.id, number, before, what, _document(dashboard))
    con.execute(sa.update(_boards).where(_b.id == now.id).values(version=number))
    con.execute(sa.delete(_versions).where(_v.board_id == now.id, _v.version <= number - MOST_VERSIONS))
    return _found(con, now.id, None)


def _add(con: sa.Connection, board_id: str, version: int, before: int | None, what: str, document: str) -> None:
    row = {"board_id": board_id, "version": version, "before": before, "what": what, "document": document}
    con.execute(sa.insert(_versions).values(row | {"changed_at": utc_now()}))


def _document(dashboard: Dashboard) -> str:
    document = dashboard.model_dump_json(exclude_none=True)
    if len(document.encode()) > LARGEST:
        raise BoardLimitError(f"A dashboard has at most {LARGEST // 1024} kB: take something out")
    return document


def _readable(row: Any) -> Kept | None:
    try:
        return _kept(row)
    except ValidationError as error:
        _log.error("dashboard %s, version %s, cannot be read: %s", row["id"], row["version"], problem_of(error))
        return None


def _kept(row: Any) -> Kept:
    named = {name: row[name] for name in Kept.__dataclass_fields__ if name != "dashboard"}
    return Kept(**named, dashboard=Dashboard.model_validate_json(row["document"]))
