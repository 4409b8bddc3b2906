"""The question queue: questions wait, are leased to a run, and end in exactly one outcome.

Belongs here: the table, its transitions and their atomicity, on SQLite and on PostgreSQL.
Does not belong here: answering (``batch``), storing answers (``store``).

A question is *opened* right before it is answered and *closed* right after, so that a run that dies costs a try
only to the question it died on; the others of its lease go back as they were.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from nlq.core.utc import utc_now
from nlq.storage.database import open_tables

MAX_TRIES = 3
_MAX_RETURNS = 50
MAX_QUESTION = 10_000
NO_ANSWER = "no_answer"
"""The error of a question whose runs all ended without an answer."""


class Status(StrEnum):
    """Where a question stands."""

    QUEUED = "queued"
    RUNNING = "running"
    ANSWERED = "answered"
    FOUND = "found"
    CLARIFY = "clarify"
    REFUSED = "refused"
    FAILED = "failed"


_metadata = sa.MetaData()
_questions = sa.Table(
    "questions",
    _metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("tenant", sa.Text),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("asked_by", sa.Text),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, default=0),
    sa.Column("returns", sa.Integer, nullable=False, default=0),
    sa.Column("opened", sa.Boolean, nullable=False, default=False),
    sa.Column("lease_until", sa.DateTime),
    sa.Column("lease_owner", sa.Text),
    sa.Column("idempotency_key", sa.Text, unique=True),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("started_at", sa.DateTime),
    sa.Column("finished_at", sa.DateTime),
    sa.Column("answer_id", sa.Text),
    sa.Column("error", sa.Text),
    sa.Index("questions_by_status", "status", "created_at"),
)


@dataclass(frozen=True)
class Question:
    """One row of the queue; times are UTC without zone."""

    id: str
    question: str
    tenant: str | None
    role: str
    asked_by: str | None
    status: Status
    tries: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    lease_until: datetime | None
    lease_owner: str | None
    answer_id: str | None
    error: str | None


@dataclass(frozen=True)
class Finished:
    """How a question ended."""

    status: Status
    answer_id: str | None = None
    error: str | None = None


class QuestionQueue:
    """The queue in one database. Thread-safe; processes share it through the database."""

    def __init__(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL; the table is made on first use."""
        self._engine = open_tables(url, _metadata)
        self._sqlite = self._engine.dialect.name == "sqlite"

    def enqueue(
        self,
        question: str,
        *,
        tenant: str | None = None,
        role: str = "analyst",
        asked_by: str | None = None,
        idempotency_key: str | None = None,
    ) -> Question:
        """Add a question, or return the one already there under the same key.

        Raises:
            ValueError: the question is empty or longer than 10,000 characters.
        """
        if not question.strip() or len(question) > MAX_QUESTION:
            raise ValueError(f"a question has 1 to {MAX_QUESTION:,} characters")
        row = {
            "id": str(uuid.uuid4()),
            "question": question,
            "tenant": tenant,
            "role": role,
            "asked_by": asked_by,
            "status": Status.QUEUED.value,
            "tries": 0,
            "returns": 0,
            "opened": False,
            "idempotency_key": idempotency_key,
            "created_at": utc_now(),
        }
        try:
            with self._transaction() as con:
                con.execute(sa.insert(_questions).values(row))
        except IntegrityError:
            return self._by(_questions.c.idempotency_key == idempotency_key)
        return self.get(row["id"])

    def get(self, question_id: str) -> Question:
        """One question.

        Raises:
            KeyError: there is none of this id.
        """
        return self._by(_questions.c.id == question_id)

    def claim(self, batch: int, owner: str, lease_s: float = 120.0) -> list[Question]:
        """Lease up to ``batch`` waiting questions to ``owner``: fair between tenants, the oldest of each first.

        Questions whose lease ran out are returned to the queue before. Those that a run died on come last, and alone.
        """
        now = utc_now()
        with self._transaction() as con:
            self._return(con, _questions.c.lease_until < now)
            ids = self._locked(con, _untried(batch)) or self._locked(con, _tried())
            if not ids:
                return []
            con.execute(
                sa.update(_questions)
                .where(_questions.c.id.in_(ids))
                .values(
                    status=Status.RUNNING.value,
                    lease_owner=owner,
                    lease_until=now + timedelta(seconds=lease_s),
                    started_at=sa.func.coalesce(_questions.c.started_at, now),
                )
            )
            rows = con.execute(sa.select(_questions).where(_questions.c.id.in_(ids))).mappings().all()
        by_id = {row["id"]: _question(row) for row in rows}
        return [by_id[question_id] for question_id in ids]

    def open(self, question_id: str, owner: str, *, closing: Iterable[str] = ()) -> bool:
        """Note that the owner begins with a question (a try), and is done with those in ``closing``.

        Returns:
            Whether the owner still holds the lease; if not, the question is not its own any more.
        """
        with self._transaction() as con:
            done = list(closing)
            if done:
                con.execute(
                    _owned(owner)
                    .where(_questions.c.id.in_(done), _questions.c.opened)
                    .values(opened=False, tries=_questions.c.tries - 1)
                )
            changed = con.execute(
                _owned(owner).where(_questions.c.id == question_id).values(opened=True, tries=_questions.c.tries + 1)
            )
        return changed.rowcount == 1

    def close_opened(self, owner: str) -> None:
        """Note that the owner is done with the question it opened last: a crash from now on is not its fault."""
        with self._transaction() as con:
            con.execute(_owned(owner).where(_questions.c.opened).values(opened=False, tries=_questions.c.tries - 1))

    def heartbeat(self, owner: str, lease_s: float = 120.0) -> int:
        """Extend every lease of the owner; returns how many it holds."""
        with self._transaction() as con:
            return con.execute(_owned(owner).values(lease_until=utc_now() + timedelta(seconds=lease_s))).rowcount

    def complete(self, owner: str, finished: Mapping[str, Finished]) -> int:
        """End questions the owner still holds, all in one transaction; returns how many."""
        count = 0
        with self._transaction() as con:
            for question_id, end in finished.items():
                values = {
                    "status": end.status.value,
                    "answer_id": end.answer_id,
                    "error": end.error,
                    "finished_at": utc_now(),
                    "lease_until": None,
                    "lease_owner": None,
                    "opened": False,
                }
                count += con.execute(_owned(owner).where(_questions.c.id == question_id).values(values)).rowcount
        return count

    def give_back(self, question_id: str, owner: str) -> None:
        """Return one question whose answering raised an error; after its last try it fails."""
        with self._transaction() as con:
            self._return(con, sa.and_(_questions.c.id == question_id, _questions.c.lease_owner == owner))

    def release(self, owner: str) -> int:
        """Return everything the owner holds to the queue, e.g. after it failed; returns how many."""
        with self._transaction() as con:
            return self._return(con, _questions.c.lease_owner == owner)

    def expire(self) -> int:
        """Return questions whose lease ran out; returns how many. ``claim`` does it too."""
        with self._transaction() as con:
            return self._return(con, _questions.c.lease_until < utc_now())

    def counts(self) -> dict[str, int]:
        """How many questions there are in each status; every status is present."""
        query = sa.select(_questions.c.status, sa.func.count()).group_by(_questions.c.status)
        with self._transaction() as con:
            found = {status: count for status, count in con.execute(query)}
        return {status.value: found.get(status.value, 0) for status in Status}

    def recent(self, limit: int = 20, statuses: Sequence[Status] = ()) -> list[Question]:
        """The newest questions, newest first."""
        query = sa.select(_questions).order_by(_questions.c.created_at.desc()).limit(limit)
        if statuses:
            query = query.where(_questions.c.status.in_([status.value for status in statuses]))
        with self._transaction() as con:
            return [_question(row) for row in con.execute(query).mappings()]

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    # --- inside

    @contextmanager
    def _transaction(self) -> Any:
        with self._engine.begin() as con:
            yield con

    def _by(self, condition: Any) -> Question:
        with self._transaction() as con:
            row = con.execute(sa.select(_questions).where(condition)).mappings().first()
        if row is None:
            raise KeyError("there is no such question")
        return _question(row)

    def _locked(self, con: sa.Connection, ids: Any) -> list[str]:
        """The ids in order, locked against other claimers where the database locks rows."""
        wanted = [row[0] for row in con.execute(ids)]
        if self._sqlite or not wanted:
            return wanted
        free = con.execute(
            sa.select(_questions.c.id)
            .where(_questions.c.id.in_(wanted), _questions.c.status == Status.QUEUED.value)
            .with_for_update(skip_locked=True)
        )
        locked = {row[0] for row in free}
        return [question_id for question_id in wanted if question_id in locked]

    @staticmethod
    def _return(con: sa.Connection, condition: Any) -> int:
        """Back to the queue; a question that had its tries ends as failed."""
        table = _questions.c
        running = sa.and_(table.status == Status.RUNNING.value, condition)
        spent = sa.or_(sa.and_(table.opened, table.tries >= MAX_TRIES), table.returns + 1 >= _MAX_RETURNS)
        lease = {"lease_until": None, "lease_owner": None}
        con.execute(
            sa.update(_questions)
            .where(running, spent)
            .values(
                status=Status.FAILED.value,
                finished_at=utc_now(),
                error=NO_ANSWER,
                opened=False,
                **lease,
            )
        )
        given_back = con.execute(
            sa.update(_questions)
            .where(running)
            .values(
                status=Status.QUEUED.value,
                returns=table.returns + 1,
                opened=False,
                **lease,
            )
        )
        return given_back.rowcount


def _untried(batch: int) -> Any:
    """Ids to lease next: one of each tenant in turn, the oldest of each first."""
    table = _questions.c
    turn = sa.func.row_number().over(
        partition_by=sa.func.coalesce(table.tenant, ""), order_by=[table.created_at, table.id]
    )
    waiting = (
        sa.select(table.id, table.created_at, turn.label("turn"))
        .where(table.status == Status.QUEUED.value, table.tries == 0)
        .subquery()
    )
    return sa.select(waiting.c.id).order_by(waiting.c.turn, waiting.c.created_at, waiting.c.id).limit(batch)


def _tried() -> Any:
    """The id of one question that a run died on; alone, so that it takes no other with it."""
    table = _questions.c
    return (
        sa.select(table.id)
        .where(table.status == Status.QUEUED.value, table.tries > 0)
        .order_by(table.tries, table.created_at, table.id)
        .limit(1)
    )


def _owned(owner: str) -> Any:
    return sa.update(_questions).where(_questions.c.lease_owner == owner, _questions.c.status == Status.RUNNING.value)


def _question(row: Any) -> Question:
    values = {name: row[name] for name in Question.__dataclass_fields__}
    return Question(**{**values, "status": Status(row["status"])})
