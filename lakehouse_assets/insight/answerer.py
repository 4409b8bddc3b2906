"""What answers questions, those that ask for more than figures as well.

Belongs here: putting the two together. Does not belong here: either of them (nlq, ``asked``).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from nlq import factory

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.protocol import Session
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.settings import Settings
    from nlq.answering.analysing import Analysed
    from nlq.answering.answer import Answerer
    from nlq.answering.cache import KeptAnswers
    from nlq.answering.figures import Figures
    from nlq.answering.texts import FindsTexts
    from nlq.core.guard import Caller
    from nlq.core.plan import Plan


def open_answerer(lake: Lake, *, kept: KeptAnswers | None = None, texts: FindsTexts | None = None) -> Answerer:
    """As ``factory.open_answerer``, for every kind of question about figures."""
    return factory.open_answerer(lake, kept=kept, analyst=analyst, texts=texts)


def open_foreign(settings: Settings, project: Path, database: Path | str) -> Answerer:
    """As ``factory.open_foreign``, for every kind of question."""
    return factory.open_foreign(settings, project, database, analyst=analyst)


def analyst(plan: Plan, caller: Caller, session: Session, today: date, figures: Figures) -> Analysed:
    """What a plan with an analysis asks for; the libraries are loaded when the first is asked."""
    from lakehouse_assets.insight.asked.kinds import found_out

    return found_out(plan, caller, session, today, figures)
