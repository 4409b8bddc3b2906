"""Judging the alerts whose tables moved, and sending what is due by the clock: each look writes what it tells down.

Belongs here: which alerts are due, the course of one look, what its messages say. Does not belong here: what a
condition is and when it is so (``nlq.watching``), the transaction (``store``), sending (``sending``), Dagster.

A look reads one state of the lake. Whatever goes wrong in it becomes the state `unknown`, which is told; the look is
repeated after a while.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from lakehouse_assets.alerts.messages import File, Message, Table, lines_of, message_id, subject_of, table_of
from lakehouse_assets.alerts.model import Kept
from lakehouse_assets.alerts.platform import FailedRunOf, Platform
from lakehouse_assets.alerts.store import AlertStore, Judgement
from lakehouse_assets.alerts.unusual import TABLE as INSIGHTS
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from nlq.answering.document.model import Answer
from nlq.core.plan import Plan, TimeRange
from nlq.core.utc import utc_now
from nlq.core.zones import Zones
from nlq.watching import times
from nlq.watching.conditions import FailedLoad, FailedRun, OfFigures, Quarantined, Unusual
from nlq.watching.judging import WHOLE, NotJudgedError, due_after, plan_of, seen_in, waits
from nlq.watching.states import Seen, State, Turn, Verdict
from semantic.errors import SemanticError

if TYPE_CHECKING:
    from nlq.answering.answer import Answerer

ROUND_S = 25.0
"""Seconds in which a round begins no other look: a tick of a sensor has a minute."""
AGAIN = timedelta(minutes=10)
"""When a look that came to nothing is repeated, though no table moves."""
_SUMMED = 3
_TRIES = 20
_REVOKED = "the key it was made with was revoked; it is not judged any more"
_OF_NOBODY = "it was made when there was no key, and there are keys now; make it anew with yours"
_log = logging.getLogger(__name__)
Paper = File | str
"""A file, or in a sentence why there is none; empty where none was to be."""
Messages = tuple[Sequence[tuple[Message, str]], datetime | None, str]


@dataclass(frozen=True)
class Around:
    """What a keeper has to know besides.

    Attributes:
        zones: The time zones of tenants.
        valid: Ids of the keys that hold: what was revoked, and forgotten since, is none of them.
        ends_keyless: Whether what somebody without a key made, by name, holds no more, for there are keys now.
        link: Address of the pages; empty where nobody said.
        dashboard: The title of a dashboard, its tables for who made a subscription, and what is to be told beside them;
            raises NotJudgedError.
        unusual: Everything unusual that an alert waits for, at a state of the lake; raises NotJudgedError.
        paper: What a subscription sends, as a PDF for its mail, of a dashboard or of an answer; else why there is none.
    """

    zones: Zones
    valid: Callable[[], frozenset[str]]
    ends_keyless: Callable[[str], bool]
    link: str
    dashboard: Callable[[Kept, datetime], tuple[str, Sequence[Table], Sequence[str]]]
    paper: Callable[[Kept, Answer | None, datetime], Paper]
    unusual: Callable[[Kept, Unusual, Mapping[str, str]], tuple[Seen, ...]]


@dataclass(frozen=True)
class Looked:
    """How many alerts were judged, how many states were told, and how many are due yet."""

    judged: int
    told: int
    left: int


class Keeper:
    """Judges alerts over one lake."""

    def __init__(self, store: AlertStore, answerer: Callable[[], Answerer], platform: Platform, around: Around) -> None:
        """Nothing is read yet; the answerer is made once it is needed."""
        self._store, self._answerer, self._platform, self._around = store, answerer, platform, around

    def round(self, heads: Mapping[str, str], now: datetime | None = None, seconds: float = ROUND_S) -> Looked:
        """Look at every alert that is due at a state of the lake, those first that have waited longest."""
        moment, until = now or utc_now(), time.monotonic() + seconds
        alerts, ended = self._alerts()
        due = [alert for alert in alerts if self._is_due(alert, heads, moment, ended.get(alert.id, ""))]
        due.sort(key=lambda alert: alert.judged_at or alert.created_at)
        told = judged = 0
        for alert in due:
            if time.monotonic() > until:
                break
            try:
                told += self.look(alert, heads, moment, ended=ended.get(alert.id, ""))
            except Exception:  # whatever it is of one alert, the others are judged
                _log.exception("alert %s could not be looked at", alert.id)
            judged += 1
        return Looked(judged, told, len(due) - judged)

    def _alerts(self) -> tuple[list[Kept], dict[str, str]]:
        """All alerts, and by id why some are not judged any more: for whom they were made does not hold."""
        alerts = self._store.all()
        valid = self._around.valid()  # after the alerts: a key that was made meanwhile is among them
        of_nobody = {name for name in {one.made_by for one in alerts} if self._around.ends_keyless(name)}
        ended = {one.id: _REVOKED for one in alerts if one.key_id and one.key_id not in valid}
        return alerts, ended | {one.id: _OF_NOBODY for one in alerts if not one.key_id and one.made_by in of_nobody}

    def look(self, alert: Kept, heads: Mapping[str, str], now: datetime, *, ended: str = "") -> int:
        """Look at one alert now; returns how many states were told, or messages put in.

        Args:
            alert: The alert.
            heads: The state of the lake.
            now: When, UTC.
            ended: Why it is not judged any more, where it is not.
        """
        if ended:
            judgement = Judgement((Seen(WHOLE, Verdict.UNKNOWN, f"{alert.draft.name}: {ended}."),), ended)
            return len(self._store.record(alert, judgement, self._telling(now), now) or ())
        if alert.draft.cron is not None:
            return self._send(alert, heads, now)
        try:
            judgement = self._judgement(alert, heads, now)
            if judgement is None:
                return 0
            judgement = _with_the_whole(alert, judgement)
        except Exception as error:
            if not isinstance(error, NotJudgedError):
                _log.exception("alert %s could not be judged", alert.id)
            judgement = self._not_judged(alert, error, heads, now)
        return len(self._store.record(alert, judgement, self._telling(now), now) or ())

    def _is_due(self, alert: Kept, heads: Mapping[str, str], now: datetime, ended: str) -> bool:
        if ended:
            return alert.says != ended
        if isinstance(alert.draft.condition, FailedRun | FailedLoad):
            return bool(alert.standings)
        if alert.due_at is not None and alert.due_at <= now:
            return True
        if alert.draft.cron is not None:
            return False
        held = [one.since for one in alert.standings.values() if one.state is State.PENDING and one.since]
        if any(since + alert.draft.hold <= now for since in held):
            return True
        moved = any(heads.get(table, "") != state for table, state in alert.tables.items())
        return moved or (not alert.draft.of_platform and alert.day != self._day(alert, now))

    def _day(self, alert: Kept, now: datetime) -> str:
        return self._around.zones.day(now, alert.caller.tenant).isoformat()

    # --- conditions

    def _judgement(self, alert: Kept, heads: Mapping[str, str], now: datetime) -> Judgement | None:
        """What a look came to; None while no run went well that had failed."""
        condition = alert.draft.condition
        if isinstance(condition, FailedRun | FailedLoad):
            seen = self._platform.well_again(alert)
            return Judgement(seen, _summary(seen)) if seen else None
        if isinstance(condition, Quarantined):
            seen, table = self._platform.quarantined(condition, heads)
            return Judgement(seen, _summary(seen), gone_clears=True, tables={table: heads.get(table, "")})
        if isinstance(condition, Unusual):
            seen = self._around.unusual(alert, condition, heads)
            there = [one for one in seen if one.verdict is Verdict.BREACHED]
            says = _summary(there) if there else "Nothing unusual was found since it was made."
            return Judgement(seen, says, tables={INSIGHTS: heads.get(INSIGHTS, "")}, day=self._day(alert, now))
        assert condition is not None
        return self._of_figure(alert, condition, heads, now)

    def _of_figure(self, alert: Kept, condition: OfFigures, heads: Mapping[str, str], now: datetime) -> Judgement:
        answerer, today = self._answerer(), self._answerer().today(alert.caller, now)
        plan = self._plan(alert, heads, now)
        known = self._known(alert, plan, heads, now)
        wanted = plan_of(condition, plan, known, today)
        answer = answerer.run(wanted, alert.caller, question=alert.draft.question, heads=heads, now=now)
        seen = seen_in(condition, answer, known, now)
        return Judgement(
            seen, _summary(seen), gone_clears=not answer.truncated and getattr(condition, "upward", True),
            tables=_tables(answer, heads), day=today.isoformat(), due_at=due_after(condition, answer, now),
        )  # fmt: skip

    def _known(self, alert: Kept, plan: Plan, heads: Mapping[str, str], now: datetime) -> TimeRange | None:
        """The days there are data of.

        Raises:
            NotJudgedError: the figure is no more, or was never published; in the words of its answer.
        """
        try:
            found = self._answerer().days(plan.metrics, alert.caller, heads)
        except (SemanticError, QueryRefusedError) as error:
            answer = self._answerer().run(plan, alert.caller, heads=heads, now=now)
            raise NotJudgedError(str(error) if answer.outcome == "answered" else answer.sentence) from error
        return found.span if found else None

    def _plan(self, alert: Kept, heads: Mapping[str, str], now: datetime) -> Plan:
        """The plan for now: days that were said relative to a day are made anew, the rest must stay as it was.

        Raises:
            NotJudgedError: the words mean something else by now.
        """
        plan, question = alert.draft.plan, alert.draft.question
        assert plan is not None
        if plan.time_range is None or not question:
            return plan
        again = self._answerer().understood(question, alert.caller, heads, now)
        if again is None or _timeless(again) != _timeless(plan):
            raise NotJudgedError(f"“{question}” is not understood as it was when the alert was made: make it anew")
        return plan.model_copy(update={"time_range": again.time_range})

    def _not_judged(self, alert: Kept, error: Exception, heads: Mapping[str, str], now: datetime) -> Judgement:
        told = (
            str(error)
            if isinstance(error, NotJudgedError)
            else f"something went wrong; the log has it under {alert.id}"
        )
        # The tables as they were read last: what they were is not lost by a look that came to nothing.
        tables = {table: heads.get(table, "") for table in alert.tables}
        day = self._day(alert, now) if isinstance(error, NotJudgedError) else alert.day
        if isinstance(error, NotJudgedError) and waits(error):
            return Judgement((), told, tables=tables, day=day)
        seen = Seen(WHOLE, Verdict.UNKNOWN, f"{alert.draft.name}: {told.rstrip('.')}.")
        return Judgement((seen,), told, tables=tables, day=day, due_at=now + AGAIN)

    # --- messages

    def _telling(self, now: datetime) -> Callable[[Kept, Sequence[Turn], int], Messages]:
        def telling(alert: Kept, turns: Sequence[Turn], version: int) -> Messages:
            told = [turn for turn in turns if alert.draft.ends_are_told or turn.state is not State.OK]
            if silent := self._silent(alert, told, now):
                return (), None, silent
            worst = next(s for s in (State.FIRING, State.UNKNOWN, State.OK) if any(t.state is s for t in told))
            subject, lines = subject_of(alert.draft.name, told), lines_of(told)
            return self._messages(alert, version, now, subject, lines, state=worst)

        return telling

    @staticmethod
    def _silent(alert: Kept, told: Sequence[Turn], now: datetime) -> str:
        if not told:
            return "it is not told when it is well again"
        if alert.muted(now):
            return "muted"
        return "" if alert.draft.targets else "it has no target"

    def _messages(
        self, alert: Kept, version: int, now: datetime, subject: str, lines: Sequence[str], *,
        state: State | None = None, tables: Sequence[Table] = (), files: Sequence[File] = (),
    ) -> Messages:  # fmt: skip
        quiet = alert.draft.quiet
        not_before = quiet.ending(now, self._around.zones.name(alert.caller.tenant)) if quiet else None
        link = f"{self._around.link.rstrip('/')}/alerts#{alert.id}" if self._around.link else ""
        messages = [
            (
                Message(
                    id=message_id(alert.id, version, target), alert_id=alert.id, name=alert.draft.name,
                    kind=alert.draft.kind, state=state, subject=subject, lines=tuple(lines), link=link,
                    tables=tuple(tables), files=tuple(files), at=now,
                ),
                target,
            )
            for target in alert.draft.targets
        ]  # fmt: skip
        return messages, not_before, ""

    # --- by the clock

    def _send(self, alert: Kept, heads: Mapping[str, str], now: datetime) -> int:
        """Put in what is due by the clock, once for all moments that were missed, and note the next one."""
        assert alert.draft.cron is not None
        due_at = times.following(alert.draft.cron, self._around.zones.name(alert.caller.tenant), now)
        subject, lines, tables, paper = self._report(alert, heads, now)
        lines = (*lines, *([paper] if isinstance(paper, str) and paper else []))
        files = (paper,) if isinstance(paper, File) else ()
        sends = () if alert.muted(now) else (Turn(WHOLE, State.OK, State.OK, lines[0], None),)
        judgement = Judgement((), lines[0], sends=sends, due_at=due_at)

        def telling(alert: Kept, _turns: Sequence[Turn], version: int) -> Messages:
            return self._messages(alert, version, now, subject, lines, tables=tables, files=files)

        return len(self._store.record(alert, judgement, telling, now) or ())

    def _report(
        self, alert: Kept, heads: Mapping[str, str], now: datetime
    ) -> tuple[str, Sequence[str], Sequence[Table], Paper]:
        """Subject, lines, tables and paper of what is sent; where there are no figures, why."""
        try:
            if alert.draft.dashboard is not None:
                title, tables, beside = self._around.dashboard(alert, now)
                said = (f"{title}, as of {now:%Y-%m-%d %H:%M} UTC.", *beside)
                return title, said, tables, self._around.paper(alert, None, now)
            plan = self._plan(alert, heads, now)
            answer = self._answerer().run(plan, alert.caller, question=alert.draft.question, heads=heads, now=now)
            if answer.outcome != "answered":
                raise NotJudgedError(answer.sentence)
        except Exception as error:
            told = str(error) if isinstance(error, NotJudgedError) else f"the log has it under {alert.id}"
            if not isinstance(error, NotJudgedError):
                _log.exception("subscription %s could not be made", alert.id)
            return f"Not sent: {alert.draft.name}", (f"It could not be made: {told.rstrip('.')}.",), (), ""
        title = alert.draft.question or alert.draft.name
        table = table_of(answer, title[:1].upper() + title[1:])
        return alert.draft.name, (answer.sentence,), (table,), self._around.paper(alert, answer, now)

    # --- runs

    def failed(self, run: FailedRunOf, now: datetime | None = None) -> int:
        """Tell that a run failed, those who wait for it, once; returns how many states were told."""
        moment, told = now or utc_now(), 0
        alerts, ended = self._alerts()
        for alert in alerts:
            group = run.group_for(alert.draft.condition)
            if group is None or alert.created_at > run.ended_at or alert.id in ended:
                continue
            seen = Seen(group, Verdict.BREACHED, run.says, evidence=run.run_id)
            told += self._record_again(alert, seen, moment)
        return told

    def _record_again(self, alert: Kept, seen: Seen, now: datetime) -> int:
        """Write down what is seen once, and again where another look was faster: no other look would see it."""
        for _ in range(_TRIES):
            turns = self._store.record(alert, Judgement((seen,), seen.says), self._telling(now), now)
            if turns is not None:
                return len(turns)
            try:
                alert = self._store.get(alert.id)
            except KeyError:
                return 0
        raise RuntimeError(f"alert {alert.id} is judged so often that run {seen.evidence} cannot be told")


def _with_the_whole(alert: Kept, judgement: Judgement) -> Judgement:
    """A judgement of groups after one that came to nothing as a whole: that is over, and told."""
    if WHOLE not in alert.standings or any(one.group == WHOLE for one in judgement.seen):
        return judgement
    again = Seen(WHOLE, Verdict.CLEAR, judgement.says or alert.draft.name)
    return replace(judgement, seen=(again, *judgement.seen))


def _summary(seen: Sequence[Seen]) -> str:
    """What was seen, in a line: what is beyond its bound, else how many are well."""
    worst = [one.says for one in seen if one.verdict in (Verdict.BREACHED, Verdict.UNKNOWN)]
    if worst:
        return " ".join(worst[:_SUMMED]) + (f" And {len(worst) - _SUMMED} more." if len(worst) > _SUMMED else "")
    return seen[0].says if len(seen) == 1 else f"{len(seen)} groups are well." if seen else ""


def _tables(answer: Answer, heads: Mapping[str, str]) -> dict[str, str]:
    return {table: heads.get(table, "") for table in answer.snapshots}


def _timeless(plan: Plan) -> Plan:
    """A plan without its days and without what the guard and the judging add to it."""
    return plan.model_copy(update={"time_range": None, "filters": frozenset(plan.filters), "limit": 0})
