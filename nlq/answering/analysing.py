"""Answers to plans that find something out: why a figure moved, what is unusual, what comes next.

Belongs here: what such an answer is made of, and what of the lake finds it out (a port). Does not belong here: finding
anything out (lakehouse_assets.insight, which fills the port).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from nlq.answering.document.columns import AnswerColumn
from nlq.answering.document.model import Answer
from nlq.answering.figures import Figures, TooManyFiguresError
from nlq.core.guard import Caller
from nlq.core.outcome import ErrorCode, Planned
from nlq.core.plan import Plan
from nlq.wording import explain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lakehouse_assets.lakehouse.engines.protocol import Session
    from nlq.answering.run import Run
    from nlq.answering.tables.states import TableState

_NOBODY = "Here only figures can be asked for: nothing that finds out more about them is set up."


class NotToldError(Exception):
    """An analysis can tell nothing; the text says why, for people."""


@dataclass(frozen=True)
class Analysed:
    """What was found: a sentence, rows, and by which ``method``, with what that takes for granted."""

    sentence: str
    method: str
    columns: tuple[AnswerColumn, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    notes: tuple[str, ...] = ()


class Analyst(Protocol):
    """What finds something out about figures."""

    def __call__(self, plan: Plan, caller: Caller, session: Session, today: date, figures: Figures) -> Analysed:
        """What a plan with an analysis asks for, of what the caller may see at the state that the session reads.

        Raises:
            NotToldError: there is nothing to tell, e.g. where days are too few.
            TooManyFiguresError: it would read more figures than may be computed on from.
        """
        ...


def analysed(
    run: Run,
    plan: Plan,
    planned: Planned,
    session: Session,
    analyst: Analyst | None,
    figures: Figures,
    freshness: Callable[[Mapping[str, int]], Iterable[TableState]],
) -> Answer:
    """The answer to a plan with an analysis, at the state that a session reads."""
    if analyst is None:
        return run.answer("refused", _NOBODY, plan=plan, error=ErrorCode.NOT_ANSWERABLE)
    try:
        found = analyst(plan, run.caller, session, run.today, figures)
    except (NotToldError, TooManyFiguresError) as error:
        return run.answer("refused", str(error), plan=plan, error=ErrorCode.NOT_ANSWERABLE)
    snapshots = dict(session.snapshots)
    return run.answer(
        "answered",
        found.sentence,
        plan=plan,
        confidence=planned.confidence,
        columns=found.columns,
        rows=found.rows[: plan.limit],
        truncated=len(found.rows) > plan.limit,
        definitions=explain.say_definitions(plan, run.vocabulary),
        filters=tuple(explain.say_filters(plan, run.vocabulary)),
        notes=(*found.notes, f"How: {found.method}"),
        snapshots=snapshots,
        freshness=tuple(freshness(snapshots)),
    )
