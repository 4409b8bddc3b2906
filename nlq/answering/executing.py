"""A plan that may run becomes an answer: it is compiled, read from the tables, and put into words.

Belongs here: that course. Does not belong here: whether it may run, and what is said where it does not (``answer``), or
figures for programs (``figures``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lakehouse_assets.lakehouse.engines.cancelling import check_wanted
from nlq.answering.analysing import Analyst, analysed
from nlq.answering.compiling.othertimes import refuse_one_day
from nlq.answering.compiling.sql import most_rows, statement
from nlq.answering.document import caveats
from nlq.answering.document.columns import MASK, by_meaning, columns_of, plain_value, shown_values, with_names
from nlq.answering.figures import Figures
from nlq.answering.naming import names_beside
from nlq.answering.parts import CompiledPlan, Layer
from nlq.answering.tables.coverage import Coverage, known_days
from nlq.answering.tables.states import TableState, TableStates
from nlq.core.columns import key_columns
from nlq.core.dateparts import named
from nlq.core.guard import TIMEOUT_S, Guard
from nlq.core.periods import shifted
from nlq.wording import explain
from nlq.wording.sentence import sentence
from semantic.requests.rollups import rollups_of_all

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.protocol import Session
    from nlq.answering.document.model import Answer
    from nlq.answering.run import Run
    from nlq.core.outcome import Planned
    from nlq.core.plan import Plan
    from nlq.core.vocabulary import Vocabulary


class Executor:
    """Runs plans and says what they came to. Thread-safe."""

    def __init__(
        self,
        layer: Layer,
        guard: Callable[[Vocabulary], Guard],
        coverage: Coverage,
        states: TableStates,
        figures: Figures,
        analyst: Analyst | None,
    ) -> None:
        """Nothing is read yet.

        Args:
            layer: What plans mean.
            guard: Gives the guard over a vocabulary.
            coverage: Which days there are data of.
            states: When tables were written.
            figures: What an analysis reads.
            analyst: Finds out why figures moved and the like; such plans are refused if None.
        """
        self._layer, self._guard, self._coverage, self._states = layer, guard, coverage, states
        self._figures, self._analyst = figures, analyst

    def answer(self, run: Run, plan: Plan, planned: Planned, session: Session) -> Answer:
        """The answer to a plan that the guard let pass.

        Raises:
            OneDayError: it compares days, and the tables have a single one.
            SemanticError: the combination has no answer.
            QueryRefusedError, QueryTimeoutError: see ``Session.query``.
        """
        if plan.analysis:
            return analysed(run, plan, planned, session, self._analyst, self._figures, self._freshness)
        notes: dict[str, None] = {}
        parts: list[CompiledPlan] = []

        def plain(one: Plan) -> str:
            check_wanted()
            compiled = self._layer.compile(one)
            notes.update(dict.fromkeys(compiled.notes))
            parts.append(compiled)
            return compiled.sql

        known = known_days(self._coverage, session, self._layer.sources(plan.metrics), plan, run.caller.tenant)
        refuse_one_day(plan, known, run.vocabulary)
        sql = statement(plan, plain, known and known.span, {n: run.vocabulary.metrics[n] for n in plan.metrics})
        rollups = rollups_of_all([(part.sql, part.rollups) for part in parts])
        table = session.query(sql, timeout_s=TIMEOUT_S, rollups=rollups, by_name=True)
        snapshots = dict(session.snapshots)
        self._states.refuse_other_days(snapshots)
        metrics = [run.vocabulary.metrics[name] for name in plan.metrics]
        of_utc = [m.label for m in metrics if self._states.have_days_of_utc(self._tables([m.name]))]
        notes.update(dict.fromkeys(caveats.say_days(plan, self._states.days_of, of_utc)))
        read = table.to_pylist()
        values = shown_values(plan, read, run.vocabulary)
        names, masked = [*key_columns(plan), *values], self._guard(run.vocabulary).masked(plan, run.caller)

        def cell(name: str, value: Any) -> Any:
            return MASK if name in masked and value is not None else plain_value(named(name, value))

        found = [tuple(cell(name, row[name]) for name in names) for row in read]
        unknown = (
            known is not None and known.misses(plan.time_range) and (not plan.compares or known.misses(shifted(plan)))
        )
        most = most_rows(plan)
        rows = [] if unknown else found[:most]
        said = [by_meaning(plan, dict(zip(names, row, strict=True))) for row in rows]
        called = names_beside(self._layer, self._guard(run.vocabulary), plan, rows, run.caller, session)
        vocabulary = run.vocabulary.naming(called)
        partial = caveats.told_partial(plan, known, said, run.today) if known else ()
        if known is not None and unknown:
            says = caveats.say_unknown(plan, known, run.vocabulary, self._tables(plan.metrics), run.caller.tenant)
        else:
            more = f"There are more rows than these {most:,}." if len(found) > most else ""
            remarks = (*(part.says for part in partial), caveats.say_beside(plan, known), more)
            says = sentence(plan, said, vocabulary, remarks)
        columns = with_names(columns_of(plan, vocabulary, values), rows, vocabulary)
        notes.update(dict.fromkeys(caveats.say_forms([c.label for c in columns if c.kind != "metric"], rows)))
        return run.answer(
            "answered",
            says,
            plan=plan,
            confidence=planned.confidence,
            columns=columns,
            rows=tuple(rows),
            truncated=len(found) > most,
            partial=partial,
            definitions=explain.say_definitions(plan, vocabulary),
            filters=tuple(explain.say_filters(plan, vocabulary)),
            notes=tuple(notes),
            sql=sql,
            snapshots=snapshots,
            freshness=tuple(self._freshness(snapshots)),
        )

    def _freshness(self, snapshots: Mapping[str, int]) -> Iterable[TableState]:
        return (self._states.of(name, snapshot) for name, snapshot in snapshots.items())

    def _tables(self, metrics: Iterable[str]) -> list[str]:
        """The tables that metrics are counted in."""
        return list(dict.fromkeys(source.table for source in self._layer.sources(metrics)))
