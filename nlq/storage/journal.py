"""The journal: answers and verdicts at the moment they are given, until they are published.

An answer over HTTP is written here before it is sent, in a millisecond; many of them become one publication of
``semantic.nlq_answers`` a little later. A process that dies in between loses nothing: the next one publishes.
What waits is bounded: where publication fails for long, no further answer is given, for it could not be kept.
Belongs here: the tables, their publication and when it is due. Does not belong here: the contracts, or a row of the
lake (``store``).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError

from lakehouse_assets.lakehouse.upkeep.maintenance import tend_published
from nlq.answering.document.model import Answer
from nlq.core.utc import utc_now
from nlq.storage.contracts import CONTRACTS
from nlq.storage.database import open_tables, reading
from nlq.storage.store import store_given_answers, store_verdicts, stored_or_refused
from nlq.storage.turns import Failing, Turns
from nlq.storage.verdict import Verdict, VerdictName

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.lakehouse.publish.protocol import Published

MAX_COMMENT = 2_000
KEPT, MOST_KEPT = timedelta(days=1), 100_000
"""How long published answers are still at hand here, and how many of them at most."""
MOST_WAITING = 100_000
"""Answers that may wait; with so many, something has kept them from being published for long."""
EVERY = timedelta(minutes=1)
"""How long an answer waits for others to be published with it, where few come."""
MANY = 2_000
"""Answers that are published without waiting for others, and at most at once."""
_BATCH_BYTES = 16 << 20
_COUNTED_EVERY = 100
"""Answers between two looks at how many wait."""
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


class NotRecordedError(OSError):
    """An answer or a verdict cannot be written down, so nobody must be told that it was given."""


class Journal:
    """The journal in one database. Thread-safe; processes share it through the database."""

    def __init__(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL; the tables are made on first use."""
        self._engine = open_tables(url, _metadata)
        self._reads = reading(self._engine)
        self._turns = Turns(self._engine, self._reads)
        self._uncounted = _COUNTED_EVERY
        self._full = False

    def record(self, answers: Sequence[Answer]) -> list[str]:
        """Write answers down, all or none of them; the same id a second time changes nothing.

        Returns:
            Their documents, as they are written down.

        Raises:
            NotRecordedError: the database cannot be written, or too many answers wait to be published.
        """
        now, documents = utc_now(), [answer.model_dump_json() for answer in answers]
        rows = [
            {"id": answer.answer_id, "document": document, "recorded_at": now}
            for answer, document in zip(answers, documents, strict=True)
        ]
        if rows:
            with _told_if_unwritable():
                self._refuse_if_full(len(rows))
                self._insert(rows)
        return documents

    def _insert(self, rows: Sequence[dict[str, Any]]) -> None:
        try:
            with self._engine.begin() as con:
                con.execute(sa.insert(_answers), rows)
        except IntegrityError:  # one of them is there
            for row in rows if len(rows) > 1 else ():
                self._insert([row])

    def _refuse_if_full(self, more: int) -> None:
        self._uncounted += more
        if self._full or self._uncounted >= _COUNTED_EVERY:
            self._uncounted = 0
            self._full = self.waiting() >= MOST_WAITING
        if self._full:
            why = f", which fails since {f.since:%Y-%m-%d %H:%M} UTC: {f.error}" if (f := self.failing) else ""
            raise NotRecordedError(f"{MOST_WAITING:,} answers wait to be published{why}")

    @property
    def failing(self) -> Failing | None:
        """Since when publishing fails, in whichever process; None where it last went well."""
        return self._turns.failing()

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
            NotRecordedError: the database cannot be written.
        """
        if comment and len(comment) > MAX_COMMENT:
            raise ValueError(f"a comment has at most {MAX_COMMENT:,} characters")
        given = Verdict(str(uuid.uuid4()), answer_id, tenant, verdict, comment or None, given_by, utc_now())
        with _told_if_unwritable(), self._engine.begin() as con:
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

    def publish_due(self, lake: Lake, run_id: str) -> list[Published]:
        """Publish what waits if it is many, or has waited for others long enough, and no other process is at it.

        So of few answers there is one publication a minute, whatever the number of processes. Raises as ``publish``.
        """
        if not (self.waiting(older_than=EVERY) or self.waiting() >= MANY) or not self._turns.take():
            return []
        return self.publish(lake, run_id)

    def publish(self, lake: Lake, run_id: str) -> list[Published]:
        """Publish what waits, at once; returns what became visible.

        What breaks the contract is kept here with the reason, and takes nothing else with it.

        Raises:
            PublicationConflictError: other writers were faster every time; everything still waits.
        """
        with self._turns.noted():
            return self._publish(lake, run_id)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    # --- inside

    def _publish(self, lake: Lake, run_id: str) -> list[Published]:
        published: list[Published] = []
        while answers := self._oldest(_answers, _answers.c.recorded_at):
            done, refused = stored_or_refused(_store_documents, lake, answers, run_id)
            published += done
            self._settle(_answers, [row["id"] for row in answers], {row["id"]: e for row, e in refused})
        while verdicts := self._waiting_verdicts():
            done, refused = stored_or_refused(store_verdicts, lake, verdicts, run_id)
            published += done
            self._settle(_verdicts, [v.id for v in verdicts], {v.id: e for v, e in refused})
        self._forget()
        tend_published(lake, CONTRACTS, published, run_id=run_id)
        return published

    def _waiting_verdicts(self) -> list[Verdict]:
        rows = self._oldest(_verdicts, _verdicts.c.given_at)
        return [Verdict(**{name: row[name] for name in Verdict.__dataclass_fields__}) for row in rows]

    def _oldest(self, table: sa.Table, moment: Any) -> list[Any]:
        """What waits longest, as much as one publication takes: so many, or so many bytes of documents."""
        query = sa.select(table).where(table.c.stored_at.is_(None)).order_by(moment).limit(MANY)
        found, size = [], 0
        with self._reads.connect().execution_options(stream_results=True) as con:
            for row in con.execute(query).mappings():
                found.append(row)
                size += len(row.get("document", ""))
                if size > _BATCH_BYTES:
                    break
        return found

    def _settle(self, table: sa.Table, ids: Iterable[str], refused: dict[str, str]) -> None:
        with self._engine.begin() as con:
            con.execute(sa.update(table).where(table.c.id.in_(list(ids))).values(stored_at=utc_now()))
            for row_id, reason in refused.items():
                _log.error("%s %s breaks its contract and was not published: %s", table.name, row_id, reason)
                con.execute(sa.update(table).where(table.c.id == row_id).values(error=reason[:2000]))

    def _forget(self) -> None:
        """Published rows leave after a day, or when there are many; those that could not be published stay."""
        with self._engine.begin() as con:
            for table in (_answers, _verdicts):
                stored = sa.select(table.c.stored_at).where(table.c.stored_at.is_not(None))
                newest = stored.order_by(table.c.stored_at.desc()).offset(MOST_KEPT).limit(1)
                before = max(filter(None, (utc_now() - KEPT, con.execute(newest).scalar())))
                con.execute(sa.delete(table).where(table.c.stored_at < before, table.c.error.is_(None)))


def _store_documents(lake: Lake, rows: Sequence[Any], run_id: str) -> Published | None:
    """Store answers of the journal, of which few are parsed at a time: thousands took 40 MB that stayed."""
    return store_given_answers(lake, (Answer.model_validate_json(row["document"]) for row in rows), run_id)


@contextmanager
def _told_if_unwritable() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise NotRecordedError(f"answers cannot be written down: {error.orig}") from error
