"""What answers questions with figures, and with passages of the index where no figure is asked for.

Belongs here: putting the two together. Does not belong here: either of them (insight.answerer, ``texts``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse_assets.insight import answerer as figures

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.search.searching import Searcher
    from nlq.answering.answer import Answerer
    from nlq.answering.cache import KeptAnswers


def open_answerer(lake: Lake, *, kept: KeptAnswers | None = None, searcher: Searcher | None = None) -> Answerer:
    """As ``factory.open_answerer``, for every kind of question, those that ask for text among them.

    Args:
        lake: Where the tables are.
        kept: Answers to give again as long as they hold; none if None.
        searcher: Searches the index of this lake; one is opened at the first question for text if None.
    """
    from lakehouse_assets.search.texts import Texts  # noqa: PLC0415 - NumPy, which loading definitions does without

    return figures.open_answerer(lake, kept=kept, texts=Texts(lake.settings, searcher))
