"""Figures of plans for programs that compute on from them: guarded and compiled like an answer, without its words.

Belongs here: running such a plan, and since when its figures are whole. Does not belong here: what is computed of them
(lakehouse_assets.insight), answers to people (``answer``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING

from nlq.answering.parts import Layer
from nlq.answering.tables.coverage import Coverage
from nlq.answering.tables.states import TableStates
from nlq.core.guard import TIMEOUT_S, Caller, Guard
from nlq.core.plan import Plan, TimeRange
from nlq.core.vocabulary import Vocabulary

if TYPE_CHECKING:
    import pyarrow as pa

    from lakehouse_assets.lakehouse.engines.protocol import Session

MOST_ROWS = 200_000
"""The most rows that figures may have."""


class TooManyFiguresError(Exception):
    """A plan has more rows than may be computed on from."""


class Figures:
    """Reads the figures of plans. Thread-safe."""

    def __init__(
        self, layer: Layer, guard: Callable[[Vocabulary], Guard], coverage: Coverage, states: TableStates
    ) -> None:
        """Nothing is read yet.

        Args:
            layer: What plans mean.
            guard: Gives the guard over a vocabulary.
            coverage: Which days there are data of.
            states: When tables were written.
        """
        self._layer, self._guard, self._coverage, self._states = layer, guard, coverage, states

    def vocabulary(self, caller: Caller, session: Session) -> Vocabulary:
        """What a caller may ask about at the state that a session reads.

        Raises:
            GuardError: the caller's role is unknown, or it needs a tenant and there is none.
        """
        return self._guard(self._layer.vocabulary(session.heads, caller.tenant)).visible(caller)

    def rows(self, plan: Plan, caller: Caller, session: Session) -> pa.Table:
        """The figures of a plan by its groups and steps of time, unordered; its thresholds and limit are not applied.

        Raises:
            GuardError: the caller may not ask it.
            SemanticError: the combination has no answer.
            TooManyFiguresError: it has more than MOST_ROWS rows.
            QueryRefusedError: a table is not there, or has days of another time zone than the project has now.
            QueryTimeoutError: it takes too long.
        """
        vocabulary = self._layer.vocabulary(session.heads, caller.tenant)
        compiled = self._layer.compile(self._guard(vocabulary).check(plan, caller))
        table = session.query(
            compiled.sql, limit=MOST_ROWS + 1, timeout_s=TIMEOUT_S, rollups=compiled.rollups, by_name=True
        )
        self._states.refuse_other_days(dict(session.snapshots))
        if table.num_rows > MOST_ROWS:
            raise TooManyFiguresError(f"{', '.join(plan.metrics)} has more than {MOST_ROWS:,} rows so grouped")
        return table

    def whole_days(self, metrics: Iterable[str], caller: Caller, session: Session, today: date) -> TimeRange | None:
        """The days of which all of some metrics have whole figures; None where there is none.

        The day it is is not over; nor is one on which a table was written and never since.
        """
        sources = self._layer.sources(metrics)
        known = self._coverage.known(session, sources, caller.tenant)
        if known is None or known.span is None or known.span.start is None or known.span.end is None:
            return None
        end = min(known.span.end, today - timedelta(days=1))
        for source in sources:
            snapshot = session.snapshots.get(source.table)
            written = self._states.day_written(source.table, snapshot) if snapshot else None
            if written:
                end = min(end, written - timedelta(days=1))
        return TimeRange(start=known.span.start, end=end) if known.span.start <= end else None
