"""What a plan with an analysis asks for, by its kind.

Belongs here: which kind is told by what. Does not belong here: telling it.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from lakehouse_assets.insight.asked.foretelling import foretold
from lakehouse_assets.insight.asked.many import changed, needing_attention, unusual
from lakehouse_assets.insight.asked.moving import why
from lakehouse_assets.insight.asked.pairing import correlated, differing
from lakehouse_assets.insight.asked.reading import Asked
from lakehouse_assets.insight.reading import Reader
from nlq.core.analysis import AnalysisKind
from nlq.core.plan import Plan

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.protocol import Session
    from nlq.answering.analysing import Analysed
    from nlq.answering.figures import Figures
    from nlq.core.guard import Caller

_TOLD = {
    AnalysisKind.WHY: why,
    AnalysisKind.FORECAST: foretold,
    AnalysisKind.UNUSUAL: unusual,
    AnalysisKind.CHANGED: changed,
    AnalysisKind.ATTENTION: needing_attention,
    AnalysisKind.DIFFERENCE: differing,
    AnalysisKind.CORRELATION: correlated,
}


def found_out(plan: Plan, caller: Caller, session: Session, today: date, figures: Figures) -> Analysed:
    """What a plan with an analysis asks for.

    Raises:
        NotToldError: there is nothing to tell.
    """
    assert plan.analysis
    reader = Reader(figures, caller, session, today, where=plan.filters)
    return _TOLD[plan.analysis.kind](Asked(plan, reader, figures.vocabulary(caller, session)))
