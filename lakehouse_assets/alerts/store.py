"""Alerts in the database of the questions: made, found, muted, removed; judgements written down with what they tell.

Belongs here: the transactions, on SQLite and on PostgreSQL. Does not belong here: judging (``keeper``), the order in
which messages go (``outbox``).

A judgement is one transaction: states, history and messages. It is refused where another was faster, so what is seen
late never undoes what was seen since.
"""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from lakehouse_assets.alerts.messages import Message
from lakehouse_assets.alerts.model import Draft, Entry, Kept
from lakehouse_assets.alerts.outbox import put
from lakehouse_assets.alerts.tables import alerts, history, metadata, standings
from nlq.core.guard import Caller
from nlq.core.plan import problem_of
from nlq.core.utc import utc_now
from nlq.storage.database import open_tables, reading
from nlq.watching.states import Seen, Standing, State, Turn, Verdict, turned

MOST_OF_KEY = 200
"""Alerts and subscriptions that one key may have."""
_log = logging.getLogger(__name__)


class TooManyError(ValueError):
    """A key has as many alerts as it may."""


@dataclass(frozen=True)
class Judgement:
    """What a look came to.

    Attributes:
        seen: Of each group that was seen.
        says: All of it in a line, for the page.
        gone_clears: Whether a group that was not seen is well.
        tables: What was read, with the state of each.
        day: The day it was judged for.
        due_at: When the next look is due whatever the tables do.
        sends: What is sent by the clock, whatever stands.
    """

    seen: tuple[Seen, ...]
    says: str
    gone_clears: bool = False
    tables: Mapping[str, str] = field(default_factory=dict)
    day: str = ""
    due_at: datetime | None = None
    sends: tuple[Turn, ...] = ()


Telling = Callable[[Kept, Sequence[Turn], int], tuple[Sequence[tuple[Message, str]], datetime | None, str]]
"""From turns, and the version they come with, to messages with their targets, when they may go, and why they stay
silent."""


class AlertStore:
    """The alerts in one database. Thread-safe; processes share it through the database."""

    def __init__(self, url: str) -> None:
        """Open the database at a SQLAlchemy URL; the tables are made on first use."""
        self._engine = open_tables(url, metadata)
        self._reads = reading(self._engine)
        self._told_of: set[str] = set()

    def add(
        self, draft: Draft, caller: Caller, *, key_id: str, made_by: str, due_at: datetime | None = None,
        now: datetime | None = None,
    ) -> Kept:  # fmt: skip
        """Keep an alert for who makes it.

        Raises:
            TooManyError: the key has as many as it may.
        """
        moment = now or utc_now()
        row = {
            "id": str(uuid.uuid4()), "tenant": caller.tenant, "role": caller.role, "key_id": key_id, "made_by": made_by,
            "draft": draft.model_dump_json(), "created_at": moment, "muted_until": None,
            "removed_at": None, "version": 0, "tables": "{}", "day": "", "due_at": due_at or moment, "judged_at": None,
            "says": "",
        }  # fmt: skip
        own = sa.select(sa.func.count()).where(alerts.c.key_id == key_id, alerts.c.removed_at.is_(None))
        with self._engine.begin() as con:
            if (con.execute(own).scalar() or 0) >= MOST_OF_KEY:
                raise TooManyError(f"there are {MOST_OF_KEY} alerts of this key already: remove some")
            con.execute(sa.insert(alerts).values(row))
        return self.get(row["id"])

    def get(self, alert_id: str) -> Kept:
        """One alert.

        Raises:
            KeyError: there is none of this id, or it was removed.
        """
        with self._reads.connect() as con:
            return self._get(con, alert_id)

    def all(self) -> list[Kept]:
        """The alerts there are, the newest first; without what an earlier version kept and this one does not take."""
        there = sa.select(alerts).where(alerts.c.removed_at.is_(None)).order_by(alerts.c.created_at.desc(), alerts.c.id)
        with self._reads.connect() as con:
            rows = con.execute(there).mappings().all()
            grouped: dict[str, dict[str, Standing]] = {}
            for row in con.execute(sa.select(standings)).mappings():
                grouped.setdefault(row["alert_id"], {})[row["group_name"]] = _standing(row)
        return [kept for row in rows if (kept := self._readable(row, grouped.get(row["id"], {})))]

    def _readable(self, row: Any, found: dict[str, Standing]) -> Kept | None:
        try:
            return _kept(row, found)
        except ValidationError as error:  # of one alert; all others are judged
            if row["id"] not in self._told_of:
                self._told_of.add(row["id"])
                _log.error("alert %s of %s cannot be read: %s", row["id"], row["made_by"], problem_of(error))
            return None

    def mute(self, alert_id: str, until: datetime | None) -> None:
        """Send nothing of an alert until a moment, or again from now on.

        Raises:
            KeyError: there is none of this id.
        """
        self._change(alert_id, muted_until=until)

    def remove(self, alert_id: str) -> None:
        """Let an alert be no more; its history and its messages stay as long as those of others.

        Raises:
            KeyError: there is none of this id.
        """
        self._change(alert_id, removed_at=utc_now())

    def record(self, alert: Kept, judgement: Judgement, telling: Telling, now: datetime) -> Sequence[Turn] | None:
        """Write a judgement down with the messages that it makes, all or nothing.

        Args:
            alert: The alert as it was when it was judged.
            judgement: What was seen.
            telling: Makes the messages of what is to be told.
            now: When, UTC.

        Returns:
            What was told; None where another judgement was faster, or the alert is gone.
        """
        with self._engine.begin() as con:
            wanted = sa.select(alerts.c.version).where(alerts.c.id == alert.id, alerts.c.removed_at.is_(None))
            if con.execute(wanted.with_for_update()).scalar() != alert.version:
                return None
            seen = self._unmet(con, alert.id, judgement.seen)
            found = {
                row["group_name"]: _standing(row)
                for row in con.execute(sa.select(standings).where(standings.c.alert_id == alert.id)).mappings()
            }
            turns = [*self._turn(con, alert, found, seen, judgement.gone_clears, now), *judgement.sends]
            version = alert.version + 1
            messages, not_before, silent = telling(alert, turns, version) if turns else ((), None, "")
            evidence = {one.group: one.evidence for one in seen}
            self._note(con, alert.id, turns, version, evidence, silent, now)
            if messages:
                put(con, messages, alert.caller.tenant, now, not_before)
            values = {
                "version": version, "tables": json.dumps(dict(judgement.tables)), "day": judgement.day,
                "due_at": judgement.due_at, "judged_at": now, "says": judgement.says[:1_000],
            }  # fmt: skip
            con.execute(sa.update(alerts).where(alerts.c.id == alert.id).values(values))
            return turns

    def history(self, alert_id: str, limit: int = 100) -> list[Entry]:
        """What was told of an alert, the newest first."""
        newest = sa.select(history).where(history.c.alert_id == alert_id)
        ordered = newest.order_by(history.c.at.desc(), history.c.number.desc(), history.c.group_name).limit(limit)
        with self._reads.connect() as con:
            return [_entry(row) for row in con.execute(ordered).mappings()]

    def forget(self, before: datetime) -> int:
        """Remove what was told before a moment, and alerts that were removed before it; returns how many entries."""
        gone = sa.select(alerts.c.id).where(alerts.c.removed_at < before)
        with self._engine.begin() as con:
            con.execute(sa.delete(standings).where(standings.c.alert_id.in_(gone)))
            con.execute(sa.delete(alerts).where(alerts.c.removed_at < before))
            return con.execute(sa.delete(history).where(history.c.at < before)).rowcount

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    # --- inside

    def _get(self, con: sa.Connection, alert_id: str) -> Kept:
        there = sa.select(alerts).where(alerts.c.id == alert_id, alerts.c.removed_at.is_(None))
        row = con.execute(there).mappings().first()
        if row is None:
            raise KeyError("there is no such alert")
        own = con.execute(sa.select(standings).where(standings.c.alert_id == alert_id)).mappings()
        kept = self._readable(row, {one["group_name"]: _standing(one) for one in own})
        if kept is None:
            raise KeyError("the alert cannot be read; the log says why")
        return kept

    def _change(self, alert_id: str, **values: Any) -> None:
        there = sa.update(alerts).where(alerts.c.id == alert_id, alerts.c.removed_at.is_(None))
        with self._engine.begin() as con:
            if not con.execute(there.values(values)).rowcount:
                raise KeyError("there is no such alert")

    @staticmethod
    def _unmet(con: sa.Connection, alert_id: str, seen: Sequence[Seen]) -> list[Seen]:
        """What was not seen by this evidence before: a run that is met again tells nothing new."""
        named = [one.evidence for one in seen if one.evidence]
        if not named:
            return list(seen)
        met = sa.select(history.c.evidence).where(history.c.alert_id == alert_id, history.c.evidence.in_(named))
        known = set(con.execute(met).scalars())
        return [one for one in seen if one.evidence not in known]

    @staticmethod
    def _turn(
        con: sa.Connection, alert: Kept, found: Mapping[str, Standing], seen: Sequence[Seen], gone_clears: bool,
        now: datetime,
    ) -> list[Turn]:  # fmt: skip
        there = {one.group for one in seen}
        gone = [
            Seen(name, Verdict.CLEAR, f"{name}: there is no such figure any more.")
            for name in found
            if name not in there
        ]
        turns: list[Turn] = []
        for one in (*seen, *(gone if gone_clears else ())):
            before = found.get(one.group, Standing())
            after, turn = turned(before, one, now, alert.draft.hold)
            if turn:
                turns.append(turn)
            if after != before:
                _keep(con, alert.id, one.group, after)
        return turns

    @staticmethod
    def _note(
        con: sa.Connection, alert_id: str, turns: Sequence[Turn], version: int, evidence: Mapping[str, str],
        silent: str, now: datetime,
    ) -> None:  # fmt: skip
        rows = [
            {
                "id": str(uuid.uuid4()), "alert_id": alert_id, "at": now, "number": version, "group_name": turn.group,
                "state": turn.state.value, "before": turn.before.value, "says": turn.says[:1_000], "value": turn.value,
                "silent": silent, "evidence": evidence.get(turn.group, ""),
            }
            for turn in turns
        ]  # fmt: skip
        if rows:
            con.execute(sa.insert(history), rows)


def _keep(con: sa.Connection, alert_id: str, group: str, standing: Standing) -> None:
    """Keep where a group stands; one that is well, and told so, needs no row."""
    own = sa.and_(standings.c.alert_id == alert_id, standings.c.group_id == _group_id(group))
    con.execute(sa.delete(standings).where(own))
    if standing.state is State.OK:
        return
    row = {
        "alert_id": alert_id, "group_id": _group_id(group), "group_name": group, "state": standing.state.value,
        "since": standing.since, "told": standing.told.value, "was_firing": standing.was_firing,
    }  # fmt: skip
    con.execute(sa.insert(standings).values(row))


def _group_id(group: str) -> str:
    return hashlib.sha256(group.encode()).hexdigest()


def _standing(row: Any) -> Standing:
    return Standing(State(row["state"]), row["since"], State(row["told"]), row["was_firing"])


def _entry(row: Any) -> Entry:
    return Entry(
        row["alert_id"], row["at"], row["group_name"], State(row["state"]), State(row["before"]), row["says"],
        row["value"], row["silent"],
    )  # fmt: skip


def _kept(row: Any, found: dict[str, Standing]) -> Kept:
    return Kept(
        id=row["id"], draft=Draft.model_validate_json(row["draft"]), caller=Caller(row["tenant"], row["role"]),
        key_id=row["key_id"], made_by=row["made_by"], created_at=row["created_at"], muted_until=row["muted_until"],
        version=row["version"], tables=json.loads(row["tables"]), day=row["day"], due_at=row["due_at"],
        judged_at=row["judged_at"], says=row["says"], standings=found,
    )  # fmt: skip
