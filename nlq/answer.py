"""Answering: plan, guard, compile, run, explain; and replaying an answer at the snapshots it was read at.

Belongs here: the answer and the course from a question to it. Does not belong here: understanding (``planner``),
permission (``guard``), the queue and the table of answers (``batch``, ``store``).
"""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from lakehouse_assets.lakehouse.engine import QueryRefusedError, QueryTimeoutError, Session
from nlq import explain
from nlq.guard import ROLES, TIMEOUT_S, Caller, Guard, GuardError, Role
from nlq.outcome import Because, Choice, Clarify, Outcome, Planned, Refused
from nlq.plan import MAX_ROWS, Plan
from nlq.planner import Planner
from nlq.sql import finish, key_columns, time_column
from nlq.vocabulary import TIME_DIMENSION, Vocabulary

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

OutcomeName = Literal["answered", "clarify", "refused", "failed"]
_CACHED = 256


class Compiler(Protocol):
    """What answering needs of the semantic layer."""

    def vocabulary(self) -> Vocabulary:
        """What may be asked about; the same object as long as nothing changed."""
        ...

    def compile(self, plan: Plan) -> str:
        """SQL of the plan's metrics, groups, filters and times, without thresholds, order and limit."""
        ...


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class AnswerColumn(_Frozen):
    """A column of the answer; ``kind`` is time, dimension or metric."""

    name: str
    label: str
    kind: Literal["time", "dimension", "metric"]
    format: str | None = None


class TableState(_Frozen):
    """How fresh a table was when it was read."""

    table: str
    snapshot_id: int
    published_at: datetime | None = None
    newest_day: date | None = None


class Answer(_Frozen):
    """Everything about one question and its answer. Times are UTC without zone; durations are milliseconds."""

    answer_id: str
    question: str
    outcome: OutcomeName
    sentence: str
    tenant: str | None = None
    role: str = "analyst"
    asked_by: str | None = None
    planner: str = Planner.name
    confidence: float | None = None
    because: tuple[Because, ...] = ()
    plan: Plan | None = None
    columns: tuple[AnswerColumn, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    truncated: bool = False
    definitions: dict[str, str] = {}
    filters: tuple[str, ...] = ()
    sql: str | None = None
    snapshots: dict[str, int] = {}
    freshness: tuple[TableState, ...] = ()
    choices: tuple[Choice, ...] = ()
    nearest: tuple[str, ...] = ()
    error: str | None = None
    asked_at: datetime
    answered_at: datetime
    elapsed_ms: float

    @property
    def row_count(self) -> int:
        """How many rows the answer has."""
        return len(self.rows)


class AnswerNotFoundError(LookupError):
    """There is no stored answer of this id that the caller may see."""


class Answerer:
    """Answers questions over one lake. Thread-safe."""

    def __init__(self, lake: Lake, compiler: Compiler, *, roles: Mapping[str, Role] = ROLES) -> None:
        """Nothing is read until the first question."""
        self._lake, self._compiler, self._roles = lake, compiler, roles
        self._planners: OrderedDict[tuple[int, Caller], tuple[Vocabulary, Planner]] = OrderedDict()
        self._compiled: OrderedDict[str, str] = OrderedDict()
        self._states: OrderedDict[tuple[str, int], TableState] = OrderedDict()
        self._lock = Lock()

    def ask(
        self,
        question: str,
        caller: Caller | None = None,
        now: datetime | None = None,
        *,
        heads: Mapping[str, str] | None = None,
        answer_id: str | None = None,
        asked_by: str | None = None,
    ) -> Answer:
        """Answer a question. Never raises for what the question says; failures of the data are in the answer.

        Args:
            question: The text.
            caller: Who asks; whoever has no tenant sees all of them, if the role allows.
            now: The clock that "last month" is relative to, UTC; the system's if None.
            heads: The state of the lake to read, to answer several questions at one; the newest if None.
            answer_id: The identifier to give the answer; a new one if None.
            asked_by: Name of the asker, kept with the answer.
        """
        caller = caller or Caller()
        run = _Run(question, caller, answer_id, asked_by)
        try:
            planner = self._planner(caller)
            return self._conclude(run, planner.plan(question, now or run.asked_at), heads)
        except GuardError as error:
            return run.answer("refused", str(error), error=error.code, nearest=error.nearest)

    def run(
        self,
        plan: Plan,
        caller: Caller | None = None,
        *,
        question: str = "",
        heads: Mapping[str, str] | None = None,
        answer_id: str | None = None,
    ) -> Answer:
        """Answer a plan, e.g. a choice that was offered; it passes the guard like any other."""
        caller = caller or Caller()
        text = question or explain.as_question(plan, self._compiler.vocabulary())
        run = _Run(text, caller, answer_id, None)
        return self._conclude(run, Planned(plan=plan, confidence=1.0), heads)

    def replay(self, answer_id: str, caller: Caller | None = None) -> Answer:
        """Run a stored answer's plan again at the snapshots it was read at.

        Raises:
            AnswerNotFoundError: no such answer, or it is another tenant's.
        """
        from nlq.store import stored_plan

        caller = caller or Caller()
        stored = stored_plan(self._lake, answer_id)
        if stored is None or (caller.tenant is not None and stored.caller.tenant != caller.tenant):
            raise AnswerNotFoundError(f"there is no answer {answer_id}")
        run = _Run(stored.question, stored.caller, answer_id, None)
        with self._lake.session(at=stored.snapshots) as session:
            return self._execute(run, stored.plan, Planned(plan=stored.plan, confidence=1.0), session)

    # --- from outcome to answer

    def _conclude(self, run: _Run, outcome: Outcome, heads: Mapping[str, str] | None) -> Answer:
        if isinstance(outcome, Clarify):
            return run.answer("clarify", outcome.question, choices=outcome.choices)
        if isinstance(outcome, Refused):
            return run.answer("refused", outcome.reason, error=outcome.reason, nearest=outcome.nearest)
        try:
            plan = self._guard().check(outcome.plan, run.caller)
        except GuardError as error:
            return run.answer("refused", str(error), error=error.code, nearest=error.nearest)
        try:
            with self._lake.session(heads=heads) as view:
                return self._execute(run, plan, outcome, view)
        except QueryTimeoutError:
            reason = f"The question took longer than {TIMEOUT_S:g} seconds; narrow it, e.g. to a shorter time."
            return run.answer("failed", reason, plan=plan, error=reason)
        except QueryRefusedError as error:
            return run.answer("failed", f"The data is not there yet: {error}", plan=plan, error=str(error))

    def _execute(self, run: _Run, plan: Plan, planned: Planned, session: Session) -> Answer:
        vocabulary = self._compiler.vocabulary()
        sql = finish(self._sql(plan), plan)
        table = session.query(sql, timeout_s=TIMEOUT_S)
        names = [*key_columns(plan), *plan.metrics]
        found = [tuple(_plain(row[name]) for name in names) for row in table.to_pylist()]
        rows = found[:MAX_ROWS]
        snapshots = dict(session.snapshots)
        said = [_by_meaning(plan, dict(zip(names, row, strict=True))) for row in rows]
        return run.answer(
            "answered",
            explain.sentence(plan, said, vocabulary),
            plan=plan,
            confidence=planned.confidence,
            because=planned.because,
            columns=_columns(plan, vocabulary),
            rows=tuple(rows),
            truncated=len(found) > MAX_ROWS,
            definitions=explain.say_definitions(plan, vocabulary),
            filters=tuple(explain.say_filters(plan, vocabulary)),
            sql=sql,
            snapshots=snapshots,
            freshness=tuple(self._state(name, snapshot, session) for name, snapshot in snapshots.items()),
        )

    def _sql(self, plan: Plan) -> str:
        key = plan.fingerprint
        with self._lock:
            if key in self._compiled:
                self._compiled.move_to_end(key)
                return self._compiled[key]
        sql = self._compiler.compile(plan)
        with self._lock:
            _remember(self._compiled, key, sql)
        return sql

    # --- what is known

    def _guard(self) -> Guard:
        return Guard(self._compiler.vocabulary(), self._roles)

    def _planner(self, caller: Caller) -> Planner:
        """The planner over what the caller may know of."""
        vocabulary = self._compiler.vocabulary()
        key = (id(vocabulary), caller)
        with self._lock:
            if key in self._planners:
                return self._planners[key][1]
        planner = Planner(Guard(vocabulary, self._roles).visible(caller))
        with self._lock:
            _remember(self._planners, key, (vocabulary, planner))
        return planner

    def _state(self, table: str, snapshot: int, session: Session) -> TableState:
        with self._lock:
            if (table, snapshot) in self._states:
                return self._states[table, snapshot]
        state = self._look_at(table, snapshot, session)
        with self._lock:
            _remember(self._states, (table, snapshot), state)
        return state

    def _look_at(self, name: str, snapshot: int, session: Session) -> TableState:
        """When the snapshot was published, and the newest day in it by the table's time partition."""
        table = self._lake.catalog.load_table(name)
        found = table.snapshot_by_id(snapshot)
        published = datetime.fromtimestamp(found.timestamp_ms / 1000, UTC).replace(tzinfo=None) if found else None
        times = [f.source_id for f in table.spec().fields if str(f.transform) in ("day", "month")]
        newest = None
        if times:
            column = table.schema().find_column_name(times[0])
            result = session.query(f'SELECT max("{column}") AS newest FROM {name}', timeout_s=TIMEOUT_S)
            newest = result.column("newest")[0].as_py()
        return TableState(table=name, snapshot_id=snapshot, published_at=published, newest_day=newest)


def failed_answer(
    question: str, caller: Caller, error: Exception, answer_id: str | None = None, asked_by: str | None = None
) -> Answer:
    """The answer to a question that could not be answered for an error of ours."""
    reason = "The question could not be answered because of an internal error."
    details = f"{type(error).__name__}: {str(error)[:500]}"
    return _Run(question, caller, answer_id, asked_by).answer("failed", reason, error=details)


class _Run:
    """One question under way: who asked what, when."""

    def __init__(self, question: str, caller: Caller, answer_id: str | None, asked_by: str | None) -> None:
        self.question, self.caller = question, caller
        self.asked_at = datetime.now(UTC).replace(tzinfo=None)
        self._id, self._asked_by = answer_id or str(uuid.uuid4()), asked_by
        self._started = time.perf_counter()

    def answer(self, outcome: OutcomeName, sentence: str, **details: Any) -> Answer:
        return Answer(
            answer_id=self._id,
            question=self.question,
            outcome=outcome,
            sentence=sentence,
            tenant=self.caller.tenant,
            role=self.caller.role,
            asked_by=self._asked_by,
            asked_at=self.asked_at,
            answered_at=datetime.now(UTC).replace(tzinfo=None),
            elapsed_ms=round((time.perf_counter() - self._started) * 1000, 3),
            **details,
        )


def _columns(plan: Plan, vocabulary: Vocabulary) -> tuple[AnswerColumn, ...]:
    columns = []
    if step := time_column(plan):
        columns.append(AnswerColumn(name=step, label=str(plan.grain).capitalize(), kind="time", format="date"))
    for name in plan.group_by:
        columns.append(AnswerColumn(name=name, label=vocabulary.dimensions[name].label, kind="dimension"))
    for name in plan.metrics:
        metric = vocabulary.metrics[name]
        form = "percent" if metric.is_ratio else metric.format
        columns.append(AnswerColumn(name=name, label=metric.label, kind="metric", format=form))
    return tuple(columns)


def _by_meaning(plan: Plan, row: dict[str, Any]) -> dict[str, Any]:
    """The row with its step of time under the name the explanation knows."""
    step = time_column(plan)
    return {TIME_DIMENSION if name == step else name: value for name, value in row.items()}


def _plain(value: Any) -> Any:
    """A value that JSON can carry: decimals as numbers, times as ISO text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        at_midnight = value.time() == datetime.min.time()
        return value.date().isoformat() if at_midnight else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else value


def _remember(cache: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    cache[key] = value
    while len(cache) > _CACHED:
        cache.popitem(last=False)
