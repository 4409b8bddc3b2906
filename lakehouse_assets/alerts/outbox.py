"""Messages that wait to be sent: put in with the state they tell of, and there until they have arrived.

Belongs here: the order, the leases, putting a failing receiver off, many messages made one. Does not belong here:
sending one (``sending``), what it says (``messages``).

A message is in the same transaction as the state that it tells, and leaves with the word that it was sent: whoever dies
between sending and that word sends it again, under the same id. A receiver that fails is tried again after a time that
doubles; what waits for it meanwhile is folded into digests, so it is neither lost nor ever more. A message that fails
again and again lets the others go first: it may be the message that its receiver does not take. What did not arrive
for a week is given up, and said to be.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from lakehouse_assets.alerts.messages import MOST_FILES, MOST_LINES, MOST_TABLES, Message
from lakehouse_assets.alerts.tables import metadata, outbox, receivers
from nlq.core.utc import utc_now
from nlq.storage.database import open_tables, reading

FOLD_AT = 20
"""Messages that wait for one target, of one tenant, before they are made one."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
"""How long a receiver is left alone after its first failure, and at most."""
LEASE = timedelta(minutes=2)
GIVES_WAY = 6
"""Tries, over half an hour, after which a message goes behind those that were tried less."""
GIVEN_UP_AFTER = timedelta(days=7)
"""Age at which a message whose receiver does not take it is not tried any more."""
WAITING, SENT, FOLDED, GIVEN_UP = "waiting", "sent", "folded", "given_up"


@dataclass(frozen=True)
class Waiting:
    """A message that a sender holds."""

    message: Message
    target: str
    tenant: str | None
    tries: int


@dataclass(frozen=True)
class Receiver:
    """How a target does: failures in a row, when it is tried next, why it failed, how many messages wait for it."""

    target: str
    waiting: int
    failures: int = 0
    next_at: datetime | None = None
    error: str = ""
    sent_at: datetime | None = None


def put(
    con: sa.Connection, messages: Iterable[tuple[Message, str]], tenant: str | None, now: datetime,
    not_before: datetime | None = None,
) -> None:  # fmt: skip
    """Put messages for targets in, inside a transaction; one whose id is there is left as it is.

    Args:
        con: The transaction.
        messages: Each with its target.
        tenant: Whose figures they hold: those of several are never made one.
        now: When, UTC.
        not_before: When they may go, in quiet hours; at once if None.
    """
    rows = [
        {
            "id": message.id, "alert_id": message.alert_id, "tenant": tenant, "target": target,
            "message": message.model_dump_json(), "created_at": now, "not_before": not_before or now,
            "held": not_before is not None, "status": WAITING, "tries": 0, "error": "",
        }
        for message, target in messages
    ]  # fmt: skip
    there = set(con.execute(sa.select(outbox.c.id).where(outbox.c.id.in_([row["id"] for row in rows]))).scalars())
    if new := [row for row in rows if row["id"] not in there]:
        con.execute(sa.insert(outbox), new)


class Outbox:
    """The messages in one database. Thread-safe; processes share it through the database."""

    def __init__(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL; the tables are made on first use."""
        self._engine = open_tables(url, metadata)
        self._reads = reading(self._engine)

    def add(self, message: Message, target: str, tenant: str | None, now: datetime | None = None) -> None:
        """Put one message in."""
        with self._engine.begin() as con:
            put(con, [(message, target)], tenant, now or utc_now())

    def lease(self, limit: int, now: datetime | None = None) -> list[Waiting]:
        """Hold up to ``limit`` messages that are due, the oldest first, of targets that are not put off."""
        moment = now or utc_now()
        with self._engine.begin() as con:
            self._give_up(con, moment)
            self._fold(con, moment)
            put_off = sa.select(receivers.c.target).where(receivers.c.next_at > moment)
            due = (
                sa.select(outbox.c.id)
                .where(
                    outbox.c.status == WAITING, outbox.c.not_before <= moment, outbox.c.target.not_in(put_off),
                    sa.or_(outbox.c.lease_until.is_(None), outbox.c.lease_until < moment),
                )
                .order_by(*_ORDER)
                .limit(limit)
            )  # fmt: skip
            ids = list(con.execute(due.with_for_update(skip_locked=True)).scalars())
            held = outbox.c.id.in_(ids)
            rows = con.execute(sa.select(outbox).where(held).order_by(*_ORDER)).mappings().all()
            con.execute(sa.update(outbox).where(held).values(lease_until=moment + LEASE, tries=outbox.c.tries + 1))
            return [_waiting(row) for row in rows]

    def sent(self, waiting: Waiting, now: datetime | None = None, refused: str = "") -> None:
        """Note that a message arrived, perhaps not at every address, and that its target does well."""
        moment = now or utc_now()
        with self._engine.begin() as con:
            values = {"status": SENT, "sent_at": moment, "lease_until": None, "error": refused}
            con.execute(sa.update(outbox).where(outbox.c.id == waiting.message.id).values(values))
            self._receiver(con, waiting.target, failures=0, next_at=moment, error=refused, sent_at=moment)

    def failed(self, waiting: Waiting, error: str, now: datetime | None = None) -> None:
        """Note that a message did not arrive; its target is left alone for a while."""
        moment = now or utc_now()
        with self._engine.begin() as con:
            values = {"lease_until": None, "error": error[:500]}
            con.execute(sa.update(outbox).where(outbox.c.id == waiting.message.id).values(values))
            of_target = sa.select(receivers.c.failures).where(receivers.c.target == waiting.target)
            before = con.execute(of_target).scalar() or 0
            wait = min(FIRST_WAIT * 2 ** min(before, 20), LONGEST_WAIT)
            self._receiver(con, waiting.target, failures=before + 1, next_at=moment + wait, error=error[:500])

    def put_off(self, waiting: Waiting, error: str, now: datetime | None = None) -> None:
        """Note that a message cannot be sent for a reason of its own, which is none of its target's."""
        moment = now or utc_now()
        wait = min(FIRST_WAIT * 2 ** min(waiting.tries, 20), LONGEST_WAIT)
        with self._engine.begin() as con:
            values = {"lease_until": None, "error": error[:500], "not_before": moment + wait}
            con.execute(sa.update(outbox).where(outbox.c.id == waiting.message.id).values(values))

    def give_back(self, waiting: Waiting) -> None:
        """Return a message that was not tried, as its target failed right before."""
        with self._engine.begin() as con:
            values = {"lease_until": None, "tries": outbox.c.tries - 1}
            con.execute(sa.update(outbox).where(outbox.c.id == waiting.message.id).values(values))

    def receivers(self, tenant: str | None = None) -> list[Receiver]:
        """How the targets do that have had messages, by name; of those that wait, how many are a tenant's, if named."""
        waits = sa.select(outbox.c.target, sa.func.count().label("waiting")).where(outbox.c.status == WAITING)
        if tenant is not None:
            waits = waits.where(outbox.c.tenant == tenant)
        waits = waits.group_by(outbox.c.target)
        with self._reads.connect() as con:
            waiting = {row.target: row.waiting for row in con.execute(waits)}
            known = {row["target"]: row for row in con.execute(sa.select(receivers)).mappings()}
        return [
            Receiver(**{"target": name, "waiting": waiting.get(name, 0), **known.get(name, {})})
            for name in sorted(waiting.keys() | known.keys())
        ]

    def of_alert(self, alert_id: str, limit: int = 50) -> list[dict[str, Any]]:
        """The newest messages of an alert: target, status, tries, error, and when each was made and sent."""
        columns = ("id", "target", "status", "tries", "error", "created_at", "not_before", "sent_at")
        wanted = sa.select(*(outbox.c[name] for name in columns)).where(outbox.c.alert_id == alert_id)
        newest = wanted.order_by(outbox.c.created_at.desc(), outbox.c.id).limit(limit)
        with self._reads.connect() as con:
            return [dict(row) for row in con.execute(newest).mappings()]

    def forget(self, before: datetime) -> int:
        """Remove messages that arrived before a moment; returns how many."""
        with self._engine.begin() as con:
            old = sa.and_(outbox.c.status != WAITING, outbox.c.created_at < before)
            return con.execute(sa.delete(outbox).where(old)).rowcount

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    # --- inside

    def _receiver(self, con: sa.Connection, target: str, **values: Any) -> None:
        if not con.execute(sa.update(receivers).where(receivers.c.target == target).values(values)).rowcount:
            row = {"failures": 0, "error": "", "sent_at": None, **values, "target": target}
            con.execute(sa.insert(receivers).values(row))

    def _give_up(self, con: sa.Connection, now: datetime) -> None:
        """Try no more what is too old; not what nobody tried, for nothing ran or its quiet hours last."""
        failing = sa.select(receivers.c.target).where(receivers.c.failures > 0)
        old = (
            outbox.c.status == WAITING, outbox.c.created_at < now - GIVEN_UP_AFTER, outbox.c.not_before <= now,
            sa.or_(outbox.c.lease_until.is_(None), outbox.c.lease_until < now),
            sa.or_(outbox.c.tries > 0, outbox.c.target.in_(failing)),
        )  # fmt: skip
        con.execute(sa.update(outbox).where(*old).values(status=GIVEN_UP, lease_until=None))

    def _fold(self, con: sa.Connection, now: datetime) -> None:
        """Make one message of those that quiet hours held, and of those that are too many for one target.

        What was tried is left: it may have arrived, and would be told again under another id.
        """
        by_target = (outbox.c.target, outbox.c.tenant)
        ready = (outbox.c.status == WAITING, outbox.c.not_before <= now, outbox.c.tries == 0)
        held = sa.func.sum(sa.case((outbox.c.held, 1), else_=0))
        crowded = sa.select(*by_target, held).where(*ready).group_by(*by_target)
        for target, tenant, quiet in con.execute(crowded.having(sa.or_(held > 1, sa.func.count() > FOLD_AT))).all():
            own = (*ready, outbox.c.target == target, outbox.c.tenant.is_not_distinct_from(tenant))
            wanted = sa.select(outbox).where(*own, *((outbox.c.held,) if quiet > 1 else ()))
            ordered = wanted.order_by(outbox.c.created_at, outbox.c.id)
            rows = con.execute(ordered.with_for_update(skip_locked=True)).mappings().all()
            if len(rows) > 1:
                self._into_digest(con, rows, target, tenant, now)

    @staticmethod
    def _into_digest(con: sa.Connection, rows: Sequence[Any], target: str, tenant: str | None, now: datetime) -> None:
        ids = [row["id"] for row in rows]
        digest = digest_of([Message.model_validate_json(row["message"]) for row in rows], ids, now)
        folded = {"status": FOLDED, "digest_id": digest.id, "lease_until": None}
        con.execute(sa.update(outbox).where(outbox.c.id.in_(ids)).values(folded))
        put(con, [(digest, target)], tenant, now)


_ORDER = (sa.case((outbox.c.tries >= GIVES_WAY, 1), else_=0), outbox.c.created_at, outbox.c.id)


def digest_of(messages: Sequence[Message], ids: Sequence[str], now: datetime) -> Message:
    """Several messages as one: a line for each that they have, the newest of both; what is left out is counted."""
    lines = [f"{one.at:%d %b %H:%M} UTC · {one.subject}: {line}" for one in messages for line in one.lines]
    told = sum(one.count for one in messages)
    kept = lines[-MOST_LINES:]
    if len(lines) > len(kept):
        kept = [f"The last {len(kept)} of {len(lines)} lines; the history of each alert has all.", *kept]
    tables = [table for one in messages for table in one.tables]
    files = [file for one in messages for file in one.files]
    if len(files) > MOST_FILES:
        kept = [f"The last {MOST_FILES} of {len(files)} files.", *kept]
    if len(tables) > MOST_TABLES:
        kept = [f"The last {MOST_TABLES} of {len(tables)} tables.", *kept]
    return Message(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, "asklake:digest:" + ",".join(ids))), alert_id=messages[-1].alert_id,
        name="Digest", kind="digest", subject=f"{told} messages", lines=tuple(kept),
        link=messages[-1].link.partition("#")[0], tables=tuple(tables[-MOST_TABLES:]),
        files=tuple(files[-MOST_FILES:]), at=now, count=told,
    )  # fmt: skip


def _waiting(row: Any) -> Waiting:
    return Waiting(Message.model_validate_json(row["message"]), row["target"], row["tenant"], row["tries"])
