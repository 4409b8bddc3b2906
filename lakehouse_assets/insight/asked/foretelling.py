"""What is to be expected of a metric in a time to come.

Belongs here: the answer to one such question. Does not belong here: the methods (``numeric.forecasting``).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from lakehouse_assets.insight.asked.reading import ONE, Asked, column_of, day_text
from lakehouse_assets.insight.numeric.forecasting import NAIVE, Forecast, Interval, forecast
from lakehouse_assets.insight.reading import HISTORY, Days, Line
from lakehouse_assets.insight.telling import day_said, figure_text
from nlq.answering.analysing import Analysed, NotToldError
from nlq.core.periods import shift, unit_start
from nlq.core.plan import Grain, TimeRange
from nlq.core.vocabulary import Metric
from nlq.wording.explain import say_time

_USUAL, _WEEK = 14, 7
"""Days that are foretold where no time is said."""
_MOST_AHEAD, _SELDOM = 185, 0.5
_TRIED = 44
"""Days of the past that the methods need beside those that are foretold, to be tried from several places."""


def foretold(asked: Asked) -> Analysed:
    """What is to be expected.

    Raises:
        NotToldError: the time is over, too far ahead, or there is too little to foretell from.
    """
    (metric,) = asked.metrics
    line = _line(asked, metric)
    last, wanted = line.days.last, asked.plan.time_range
    start = (wanted.start if wanted else None) or last + ONE
    end = wanted.end if wanted and wanted.end else last + timedelta(days=_USUAL)
    if end <= last:
        raise NotToldError(f"{metric.label} is known until {last}: ask for what it was.")
    horizon = (end - last).days
    most = min(line.figures.size // 2, line.figures.size - _TRIED, _MOST_AHEAD)
    if horizon > most:
        ahead = f"until {last + timedelta(days=most)} at most" if most > 0 else "no day"
        raise NotToldError(
            f"{line.figures.size} days of {metric.label} up to {last} are taken: {ahead} can be foretold from them."
        )
    if float(np.mean(line.figures == 0)) > _SELDOM:
        raise NotToldError(
            f"{metric.label}{asked.where} is nothing on most days: no method here foretells such a figure."
        )
    one = forecast(line.figures, season=_WEEK, horizon=horizon)
    if one is None:
        raise NotToldError(f"{metric.label}{asked.where} was always the same: there is nothing to foretell.")
    return _told(asked, metric, line, one, TimeRange(start=start, end=end))


def _line(asked: Asked, metric: Metric) -> Line:
    known = asked.known(metric)
    assert known.start and known.end
    first = max(known.start, known.end - timedelta(days=HISTORY - 1))
    days = Days(first, (known.end - first).days + 1)
    lines = asked.reader.totals([metric], asked.vocabulary.metrics, days)
    if not lines:
        raise NotToldError(f"{metric.label}{asked.where} has no figure on most days since {first}.")
    return lines[0]


def _told(asked: Asked, metric: Metric, line: Line, one: Forecast, span: TimeRange) -> Analysed:
    assert span.start and span.end
    whole = _over(metric, line, one, span.start, span.end)
    each = "" if metric.additive or span.start == span.end else " a day"
    words = (
        f"{metric.label}{asked.where} {say_time(span)}: about {figure_text(whole.expected, metric)}{each}, between "
        f"{figure_text(whole.low, metric)} and {figure_text(whole.high, metric)} in four cases of five."
    )
    notes = [f"Days are known until {day_said(line.days.last)}."]
    if span.start <= line.days.last and metric.additive:
        so_far = float(line.figures[max(0, line.days.step(span.start)) :].sum())
        notes.append(f"{figure_text(so_far, metric)} of it are known already.")
    if not metric.additive:
        notes.append(f"{metric.label} of several days together is the mean of theirs here.")
    steps = list(_steps(asked, span))
    grain = asked.plan.grain or Grain.DAY
    rows = [(day_text(at), *_cells(_over(metric, line, one, first, last))) for at, first, last in steps]
    if any((first, last) != (at, shift(at, grain, 1) - ONE) for at, first, last in steps):
        notes.append(f"Of a {grain} that is asked for in part it is that part alone.")
    columns = (
        column_of(f"metric_time__{grain}", str(grain).capitalize(), kind="time"),
        column_of("expected", f"{metric.label}, expected", metric),
        column_of("low", "Low", metric),
        column_of("high", "High", metric),
    )
    return Analysed(words, _method(one), columns, tuple(rows), tuple(notes))


def _method(one: Forecast) -> str:
    tried = f"tried from {one.origins} places of the past"
    if one.method == NAIVE:
        did = f"{tried}, no method was better than the week before again, which is used"
    else:
        did = f"by {one.method}; {tried}, its error was {one.mase:.0%} of that of the week before again"
    return f"{did}. Taken for granted: what comes is like the past year; no holiday, no price and no plan is known."


def _over(metric: Metric, line: Line, one: Forecast, first: date, last: date) -> Interval:
    """Some days together, of which the first may be known."""
    ahead = max(0, (first - line.days.last).days - 1), (last - line.days.last).days
    if ahead[1] <= ahead[0]:
        known = _known(line, first, last)
        figure = float(known.sum() if metric.additive else known.mean())
        return Interval(figure, figure, figure)
    days = ahead[1] - ahead[0]
    coming = one.together(*ahead) if days > 1 else one.single(ahead[0])
    so_far = _known(line, first, line.days.last) if first <= line.days.last else np.zeros(0)
    known, count = float(so_far.sum()), 1 if metric.additive else days + so_far.size
    found = ((known + part) / count for part in (coming.expected, coming.low, coming.high))
    return Interval(*found) if metric.additive else Interval(*map(line.possible, found))


def _known(line: Line, first: date, last: date) -> np.ndarray:
    return line.figures[max(0, line.days.step(first)) : line.days.step(last) + 1]


def _steps(asked: Asked, span: TimeRange) -> Iterator[tuple[date, date, date]]:
    """The steps of a time: what each is called by, its first and its last day within it."""
    assert span.start and span.end
    grain = asked.plan.grain or Grain.DAY
    at = unit_start(span.start, grain)
    while at <= span.end:
        following = shift(at, grain, 1)
        yield at, max(at, span.start), min(following - ONE, span.end)
        at = following


def _cells(one: Interval) -> tuple[float, float, float]:
    return round(one.expected, 4), round(one.low, 4), round(one.high, 4)
