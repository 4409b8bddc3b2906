"""The journal: answers and verdicts at the moment they are given, until they are published.

An answer over HTTP is written here before it is sent, in a millisecond; many of them become one publication of
``semantic.nlq_answers`` a little later. A process that dies in between loses nothing: the next one publishes.
Belongs here: the two tables and their publication. Does not belong here: the contracts, or a row of the lake
(``store``).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from nlq.answering.answer import Answer
from nlq.storage.database import create_tables, open_database, reading
from nlq.utc import utc_now

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.lakehouse.publication import Published

VerdictName = Literal["right", "wrong"]
MAX_COMMENT = 2_000
KEPT = timedelta(days=1)
"""How long a published answer is still at hand here."""
_BATCH = 500
_metadata = sa.MetaData()
_answers = sa.Table(
    "answer_journal",
    _metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("recorded_at", sa.DateTime, nullable=False),
    sa.Column("stored_at", sa.DateTime),
    sa.Column("error", sa.Text),
    sa.Index("answer_journal_waiting", "stored_at", "recorded_at"),
)
_verdicts = sa.Table(
    "verdict_journal",
    _metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("answer_id", sa.String(64), nullable=False),
    sa.Column("tenant", sa.Text),
    sa.Column("verdict", sa.String(8), nullable=False),
    sa.Column("comment", sa.Text),
    sa.Column("given_by", sa.Text),
    sa.Column("given_at", sa.DateTime, nullable=False),
    sa.Column("stored_at", sa.DateTime),
    sa.Column("error", sa.Text),
    sa.Index("verdict_journal_waiting", "stored_at", "given_at"),
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Verdict:
    """What an asker thought of an answer. Times are UTC."""

    id: str
    answer_id: str
    tenant: str | None
    verdict: VerdictName
    comment: str | None
    given_by: str | None
    given_at: datetime


class Journal:
    """The journal in one database. Thread-safe; processes share it through the database."""

    def __init__(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL; the tables are made on first use."""
        self._engine = open_database(url)
        with self._engine.begin() as con:
            create_tables(con, _metadata)
        self._reads = reading(self._engine)

    def record(self, answer: Answer) -> None:
        """Write an answer down; the same id a second time changes nothing."""
        row = {"id": answer.answer_id, "document": answer.model_dump_json(), "recorded_at": utc_now()}
        with suppress(IntegrityError), self._engine.begin() as con:
            con.execute(sa.insert(_answers), row)

    def find(self, answer_id: str) -> Answer | None:
        """An answer that was written down within the last day, published or not."""
        with self._reads.connect() as con:
            found = con.execute(sa.select(_answers.c.document).where(_answers.c.id == answer_id)).scalar()
        return Answer.model_validate_json(found) if found else None

    def judge(
        self,
        answer_id: str,
        verdict: VerdictName,
        *,
        tenant: str | None = None,
        comment: str | None = None,
        given_by: str | None = None,
    ) -> Verdict:
        """Write down what an asker thought of an answer; of several by one asker the newest counts.

        Raises:
            ValueError: the comment is longer than 2,000 characters.
        """
        if comment and len(comment) > MAX_COMMENT:
            raise ValueError(f"a comment has at most {MAX_COMMENT:,} characters")
        given = Verdict(str(uuid.uuid4()), answer_id, tenant, verdict, comment or None, given_by, utc_now())
        with self._engine.begin() as con:
            con.execute(sa.insert(_verdicts).values(**vars(given)))
        return given

    def waiting(self, older_than: timedelta = timedelta(0)) -> int:
        """How many answers and verdicts are not published yet, of those at least this old."""
        before = utc_now() - older_than
        with self._reads.connect() as con:
            return sum(
                con.execute(
                    sa.select(sa.func.count()).where(table.c.stored_at.is_(None), moment <= before)
                ).scalar_one()
                for table, moment in ((_answers, _answers.c.recorded_at), (_verdicts, _verdicts.c.given_at))
            )

    def publish(self, lake: Lake, run_id: str) -> list[Published]:
        """Publish what waits; returns what became visible.

        What breaks the contract is kept here with the reason, and takes nothing else with it.

        Raises:
            PublicationConflictError: other writers were faster every time; everything still waits.
        """
        from nlq.storage.store import store_answers, store_verdicts, stored_or_refused

        published: list[Published] = []
        while answers := self._waiting_answers():
            done, refused = stored_or_refused(store_answers, lake, answers, run_id)
            published += done
            self._settle(_answers, [a.answer_id for a in answers], {a.answer_id: e for a, e in refused})
        while verdicts := self._waiting_verdicts():
            done, refused = stored_or_refused(store_verdicts, lake, verdicts, run_id)
            published += done
            self._settle(_verdicts, [v.id for v in verdicts], {v.id: e for v, e in refused})
        self._forget()
        return published

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    # --- inside

    def _waiting_answers(self) -> list[Answer]:
        rows = self._oldest(_answers, _answers.c.recorded_at)
        return [Answer.model_validate_json(row["document"]) for row in rows]

    def _waiting_verdicts(self) -> list[Verdict]:
        rows = self._oldest(_verdicts, _verdicts.c.given_at)
        return [Verdict(**{name: row[name] for name in Verdict.__dataclass_fields__}) for row in rows]

    def _oldest(self, table: sa.Table, moment: Any) -> list[Any]:
        query = sa.select(table).where(table.c.stored_at.is_(None)).order_by(moment).limit(_BATCH)
        with self._reads.connect() as con:
            return list(con.execute(query).mappings())

    def _settle(self, table: sa.Table, ids: Iterable[str], refused: dict[str, str]) -> None:
        with self._engine.begin() as con:
            con.execute(sa.update(table).where(table.c.id.in_(list(ids))).values(stored_at=utc_now()))
            for row_id, reason in refused.items():
                _log.error("%s %s breaks its contract and was not published: %s", table.name, row_id, reason)
                con.execute(sa.update(table).where(table.c.id == row_id).values(error=reason[:2000]))

    def _forget(self) -> None:
        """Published rows leave after a day; those that could not be published stay."""
        with self._engine.begin() as con:
            for table in (_answers, _verdicts):
                done = sa.and_(table.c.stored_at < utc_now() - KEPT, table.c.error.is_(None))
                con.execute(sa.delete(table).where(done))
