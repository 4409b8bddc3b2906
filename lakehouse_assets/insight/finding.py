"""The insights of a domain, for one caller at one state of the lake.

Belongs here: the course from figures to insights. Does not belong here: any of its steps.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from lakehouse_assets.domains import title_of
from lakehouse_assets.insight.choosing import dimensions_of, split_metrics
from lakehouse_assets.insight.explaining import chance_of, comes_each_year, explained, times_of
from lakehouse_assets.insight.model import Insight, Insights, Kind, Severity
from lakehouse_assets.insight.numeric.forecasting import forecast
from lakehouse_assets.insight.numeric.robust import discovered
from lakehouse_assets.insight.reading import Days, Line, Reader
from lakehouse_assets.insight.recommending import recommendations
from lakehouse_assets.insight.telling import Teller
from lakehouse_assets.insight.testing import RATE, WEEK, judged
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError, QueryTimeoutError
from nlq.answering.figures import TooManyFiguresError
from nlq.core.guard import GuardError
from nlq.core.judged import metrics_of
from semantic.errors import SemanticError

if TYPE_CHECKING:
    from datetime import date

    from lakehouse_assets.lakehouse.engines.protocol import Session
    from nlq.answering.answer import Answerer
    from nlq.core.guard import Caller
    from nlq.core.vocabulary import Dimension, Metric, Vocabulary

UNREADABLE = (GuardError, SemanticError, QueryRefusedError, QueryTimeoutError, TooManyFiguresError)
"""Why a domain may have none now."""
MOST = 40
"""Insights of a domain."""
HORIZON = 14
"""Days that are foretold."""
_FORECASTS, _SELDOM = 4, 0.5
_STILL = 28
"""Days on which a course that does not move is foretold to stay where it is, which nobody has to be told."""
_LEAST_CHANGE = 0.05
_CHANGES = 0.2
"""What part of the rate of false discoveries changes between two times have, beside the tests of courses."""
_LASTING = (Kind.SHIFT, Kind.TREND)
_WEIGHTS = {Severity.HIGH: 0, Severity.MEDIUM: 1, Severity.LOW: 2, Severity.INFO: 3}
_LAST = {Kind.RECOMMENDATION: 0, Kind.FORECAST: 2}


def insights_of(answerer: Answerer, caller: Caller, session: Session, domain: str, today: date) -> Insights:
    """Find what is worth saying about a domain.

    Args:
        answerer: Knows the layer; every figure is read as one of its plans.
        caller: Whose figures, and what of them may be seen.
        session: The state of the lake.
        domain: Whose metrics.
        today: The day it is, which is not over.

    Raises:
        GuardError: the caller may ask nothing.
        SemanticError, QueryRefusedError, QueryTimeoutError, TooManyFiguresError: a figure cannot be read.
    """
    reader = Reader(answerer.figures, caller, session, today)
    vocabulary = answerer.figures.vocabulary(caller, session)
    return found_in(reader, vocabulary, domain, metrics_of(vocabulary, domain))


def found_in(reader: Reader, vocabulary: Vocabulary, domain: str, metrics: Sequence[Metric]) -> Insights:
    """Find what is worth saying about some metrics of a domain; raises as ``insights_of`` does."""
    begun = time.perf_counter()
    lines = list(lines_of(reader, vocabulary, metrics))
    totals = [line for line in lines if line.dimension is None]
    until = max((line.days.last for line in totals), default=None)
    teller = Teller(domain, reader.caller.tenant, until)
    result = judged(lines, RATE * (1 - _CHANGES))
    lasting = {one.line.metric.name for one in result.found if one.kind in _LASTING and one.line.dimension is None}
    changes, tests = _changes(reader, teller, vocabulary, totals, lasting)
    found = [*(teller.found(one) for one in result.found), *changes, *_forecasts(teller, totals)]
    told = sorted([*recommendations(found, reader.caller.tenant), *found], key=weight)
    return Insights(
        domain=domain, title=title_of(domain), until=until, tested=result.tests + tests,
        metrics=tuple(line.metric.name for line in totals), insights=tuple(told[:MOST]),
        left_out=max(0, len(told) - MOST), elapsed_ms=round((time.perf_counter() - begun) * 1000, 1),
    )  # fmt: skip


def lines_of(
    reader: Reader, vocabulary: Vocabulary, metrics: Sequence[Metric], by: Dimension | None = None
) -> Iterator[Line]:
    """The courses of metrics, then those of values of their dimensions, or of the one that is named."""
    spans = {metric.name: reader.span(metric) for metric in metrics}
    together: dict[Days, list] = {}
    for metric in metrics:
        days = spans[metric.name]
        if days and days.count >= WEEK:
            together.setdefault(days, []).append(metric)
    for days, own in together.items():
        yield from reader.totals(own, vocabulary.metrics, days)
    kept = {item.dimension for item in reader.where}
    split: dict[tuple, list] = {}
    for metric in split_metrics(list(metrics)):
        days = spans[metric.name]
        dimensions = [by] if by else [one for one in dimensions_of(metric, vocabulary) if one.name not in kept]
        for dimension in dimensions if days else ():
            split.setdefault((days, dimension.name), []).append((metric, dimension))
    for (days, _), own in split.items():
        yield from reader.values([metric for metric, _ in own], own[0][1], days)


def _changes(
    reader: Reader, teller: Teller, vocabulary: Vocabulary, totals: list[Line], lasting: Collection[str]
) -> tuple[list[Insight], int]:
    """The changes between the last whole time and the one before that are more than chance, taken apart.

    Of metrics that have changed for good as well, which is known to be more than chance.
    """
    tests = []
    for line in totals:
        times = times_of(line.days.first, line.days.last)
        if times and not comes_each_year(line, times):
            tests.append((line, times, *chance_of(line, times)))
    passed = discovered(np.array([p for *_, p in tests]), RATE * _CHANGES)
    known = [bool(ok) or one[0].metric.name in lasting for one, ok in zip(tests, passed, strict=True)]
    chosen = [one for one, ok in zip(tests, known, strict=True) if ok and abs(one[2]) >= _LEAST_CHANGE]
    sure = {one[0].metric.name for one, ok in zip(tests, passed, strict=True) if ok}
    made = [(change, explained(reader, teller, vocabulary, line, times, p)) for line, times, change, p in chosen]
    # The mean of the rates of days may rise where the rate of the month fell: then nothing is told.
    told = [one for change, one in made if one.change and one.change * change > 0 and abs(one.change) >= _LEAST_CHANGE]
    # What is told for good already is told again for its parts alone.
    return [one for one in told if one.parts or one.metric in sure], len(tests)


def _forecasts(teller: Teller, totals: list[Line]) -> Iterator[Insight]:
    told = 0
    for line in totals:
        # Of a course that is nothing on most days the middle is nothing, which tells nobody anything.
        seldom = float(np.mean(line.figures == 0)) > _SELDOM
        still = float(np.ptp(line.figures[-_STILL:])) == 0
        known = seldom or still
        one = forecast(line.figures, season=WEEK, horizon=HORIZON) if told < _FORECASTS and not known else None
        if one is not None:
            told += 1
            yield teller.forecast(line, Days(line.days.last + timedelta(days=1), HORIZON), one)


def weight(one: Insight) -> tuple:
    """The order in which insights are told."""
    return _LAST.get(one.kind, 1), _WEIGHTS[one.severity], one.p if one.p is not None else 1.0, one.insight_id
