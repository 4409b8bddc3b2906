"""Whether two figures, two values or two times differ by more than chance, and whether two courses move together.

Belongs here: the answers to two such questions. Does not belong here: the tests (``numeric.pairs``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from lakehouse_assets.insight.asked.moving import CHANCE, line_of
from lakehouse_assets.insight.asked.reading import Asked, column_of, day_text
from lakehouse_assets.insight.explaining import difference_in, figures_of
from lakehouse_assets.insight.numeric.pairs import (
    FEWEST_DAYS,
    Correlation,
    Difference,
    correlation_of,
    difference_of_courses,
)
from lakehouse_assets.insight.numeric.robust import Floats
from lakehouse_assets.insight.reading import HISTORY, Days
from lakehouse_assets.insight.telling import figure_text
from nlq.answering.analysing import Analysed, NotToldError
from nlq.core.vocabulary import Metric
from nlq.wording.explain import say_time

_DIFFERING = (
    "The means of days are compared ({0}), by t with the variance of the long run: days that hang together count as "
    "fewer. "
    "What all weeks have in common is taken out, no day counts for more than four spreads. Taken for granted: the days "
    "are a fair sample of such days; nothing of what caused it."
)
_TOGETHER = (
    "Pearson's correlation of days without their weekly pattern and a straight line, no day counting for more than "
    "four spreads; days that hang together count as fewer (Bayley and Hammersley). Taken for granted: the two move in "
    "proportion on the same day. What moves together need not cause each other."
)
_CHANGES = "Both wander about, so that their changes from day to day are correlated. "
_WANDERS = "its days hang together so closely that no level can be told from another"
_LEAST_KNOWN = 0.5
_WHOLE_SAID = 100.0
_STRENGTHS = ((0.7, "strongly"), (0.4, "clearly"), (0.0, "weakly"))


@dataclass(frozen=True)
class _Course:
    """One of two courses: what it is called, and its figures, of which some may be missing."""

    label: str
    metric: Metric
    figures: Floats


def differing(asked: Asked) -> Analysed:
    """Whether one figure differs between two values of a dimension, or between two times, by more than chance.

    Raises:
        NotToldError: there are too few days, a value has no figure, or the days hang together too closely.
    """
    (metric,) = asked.metrics
    return _of_groups(asked, metric) if asked.plan.pair else _of_times(asked, metric)


def correlated(asked: Asked) -> Analysed:
    """Whether two figures, or one for two values, move together from day to day by more than chance.

    Raises:
        NotToldError: there are too few days, a value has no figure, or one of the two never moves.
    """
    metrics = asked.metrics
    days = _days(asked, metrics)
    if asked.plan.pair:
        one, other = _by_value(asked, metrics[0], days)
    else:
        one, other = (_Course(metric.label, metric, _course(asked, metric, days)) for metric in metrics)
    first, second, count = _in_common(asked, one, other, days)
    found = correlation_of(first, second)
    if found is None:
        raise NotToldError(f"One of {one.label} and {other.label} never moves by itself{_when(asked)}.")
    notes = [_days_said(days, count)]
    if one.metric.name in other.metric.parts or other.metric.name in one.metric.parts:
        notes.append("One of them is computed from the other: they move together for that alone.")
    columns = (
        column_of("correlation", "Correlation", kind="text"), column_of("r", "r", kind="text"),
        column_of("low", "Low", kind="text"), column_of("high", "High", kind="text"),
        column_of("p", "Chance", kind="share"),
    )  # fmt: skip
    judged = "of changes from day to day" if found.of_changes else "without week and line"
    rows = (
        (judged, f"{found.r:.2f}", f"{found.low:.2f}", f"{found.high:.2f}", round(found.p, 6)),
        ("of the figures as they are", f"{found.as_they_are:.2f}", None, None, None),
    )
    notes.append(f"They tell as much as {found.independent:.0f} independent days.")
    method = f"{_CHANGES if found.of_changes else ''}{_TOGETHER}"
    return Analysed(_said_together(asked, one, other, found), method, columns, rows, tuple(notes))


def _said_together(asked: Asked, one: _Course, other: _Course, found: Correlation) -> str:
    what = f"{one.label} and {other.label}{_where(asked)}{_when(asked)}"
    if found.p > CHANCE:
        plain = ""
        if abs(found.as_they_are) >= _STRENGTHS[1][0]:
            plain = f" As they are it is {found.as_they_are:.2f}, for their weeks or their long rise or fall alone."
        return f"{what} do not move together by more than chance: r = {found.r:.2f}, {_chance(found.p)}.{plain}"
    how = next(word for least, word in _STRENGTHS if abs(found.r) >= least)
    way = "the same way" if found.r > 0 else "against each other"
    steps = " from day to day" if found.of_changes else ""
    return f"{what} move {how} {way}{steps}: r = {found.r:.2f}, {_chance(found.p)}."


def _of_groups(asked: Asked, metric: Metric) -> Analysed:
    days = _days(asked, [metric])
    one, other = _by_value(asked, metric, days)
    first, second, count = _in_common(asked, one, other, days)
    found = difference_of_courses(first, second)
    assert asked.plan.pair
    values = zip((one.label, other.label), (first, second), asked.plan.pair, strict=True)
    means = sorted(((label, float(of.mean()), str(value)) for label, of, value in values), key=lambda x: -x[1])
    if found is not None and found.by < 0:
        found = replace(found, by=-found.by, low=-found.high, high=-found.low)
    if found is None:
        if np.array_equal(first, second):
            raise NotToldError(f"{metric.label} of {one.label} and {other.label} is the same on every day.")
        raise NotToldError(f"Of the difference in {metric.label} nothing can be told: {_WANDERS}.")
    dimension = asked.dimension
    assert dimension
    what = f"{metric.label} of {dimension.label} {means[0][0]} and {means[1][0]}{_where(asked)}{_when(asked)}"
    columns = (column_of(dimension.name, dimension.label, kind="text"), column_of("mean", "Mean of a day", metric))
    rows = tuple((value, round(mean, 6)) for _, mean, value in means)
    notes = [_days_said(days, count), f"They tell as much as {found.independent:.0f} independent days."]
    if not metric.additive:
        notes.append(f"{metric.label} of a time is the mean of its days here, whatever each is of.")
    sentence = f"{what}: {figure_text(means[0][1], metric)} and {figure_text(means[1][1], metric)} a day. "
    return Analysed(
        sentence + _verdict(found, metric), _DIFFERING.format("the same days of both"), columns, rows, tuple(notes)
    )


def _of_times(asked: Asked, metric: Metric) -> Analysed:
    times = asked.times(metric)
    line = line_of(asked, metric, times)
    if line is None:
        raise NotToldError(f"{metric.label}{asked.where} has no figure on most of the days that are compared.")
    fewest = FEWEST_DAYS // 2
    if min(times.days) < fewest:
        raise NotToldError(
            f"{times.said} and {times.said_before} have {times.days[1]} and {times.days[0]} days: {fewest} of each are "
            "needed to tell chance."
        )
    found = difference_in(line, times)
    if found is None:
        raise NotToldError(f"Of the difference in {metric.label}{asked.where} nothing can be told: {_WANDERS}.")
    before, now = (float(figures_of(line, span).mean()) for span in (times.before, times.now))
    columns = (column_of("time", "Time", kind="text"), column_of("mean", "Mean of a day", metric))
    rows = ((times.said, round(now, 6)), (times.said_before, round(before, 6)))
    claim = asked.plan.analysis.claim if asked.plan.analysis else None
    wrong = f"{metric.label} did not {claim}. " if claim and found.by * (1 if claim == "rise" else -1) < 0 else ""
    sentence = (
        f"{wrong}{metric.label}{asked.where}: {figure_text(now, metric)} a day {say_time(times.now)}, "
        f"{figure_text(before, metric)} {say_time(times.before)}. "
    )
    notes = (f"They tell as much as {found.independent:.0f} independent days.",)
    return Analysed(
        sentence + _verdict(found, metric), _DIFFERING.format("of the two times, weekday by weekday"), columns, rows,
        notes,
    )  # fmt: skip


def _verdict(found: Difference, metric: Metric) -> str:
    by, low, high = (_points(one, metric) for one in (found.by, found.low, found.high))
    head = "That is significant" if found.p <= CHANCE else "That is not significant"
    return f"{head}: the difference is {by} a day, in 19 of 20 cases between {low} and {high}, {_chance(found.p)}."


def _points(part: float, metric: Metric) -> str:
    if metric.is_ratio:
        return f"{part * 100:+.1f} points"
    if metric.tally and abs(part) < _WHOLE_SAID:
        return f"{part + 0.0:+.2f}"  # of a few a day hundredths matter
    return f"{'-' if part < 0 else '+'}{figure_text(abs(part), metric)}"


def _chance(p: float) -> str:
    if p < 0.001:
        return "by chance in less than 0.1 % of cases"
    return f"by chance in {p * 100:.{0 if p >= 0.1 else 1}f} % of cases"


def _days(asked: Asked, metrics: list[Metric]) -> Days:
    """The days that all of the figures are known on, of the time that is asked for or the newest."""
    known, wanted = [asked.known(metric) for metric in metrics], asked.plan.time_range
    first = max(one.start for one in known if one.start)
    last = min(one.end for one in known if one.end)
    if wanted:
        first, last = max(first, wanted.start or first), min(last, wanted.end or last)
    else:
        first = max(first, last - timedelta(days=HISTORY - 1))
    count = (last - first).days + 1
    if count < FEWEST_DAYS:
        raise NotToldError(
            f"There are {max(count, 0)} whole days of that{_when(asked)}: {FEWEST_DAYS} are needed to tell chance."
        )
    return Days(first, count)


def _course(asked: Asked, metric: Metric, days: Days) -> Floats:
    lines = asked.reader.totals([metric], asked.vocabulary.metrics, days)
    if not lines:
        raise NotToldError(f"{metric.label}{asked.where} has no figure on most days{_when(asked)}.")
    return lines[0].figures


def _by_value(asked: Asked, metric: Metric, days: Days) -> tuple[_Course, _Course]:
    """The courses of a metric for the two values; where nothing is 0, a day without rows has 0.

    Raises:
        NotToldError: one of them has no figure at all.
    """
    dimension, pair = asked.dimension, asked.plan.pair
    assert dimension and pair
    read = asked.reader.by_day(metric, dimension, days)
    found = []
    for value in pair:
        label = str(dimension.names.of(value) or value)
        figures = next((of for one, of in read.items() if str(one) == str(value)), None)
        if figures is None:
            raise NotToldError(f"There is no {metric.label} of {dimension.label} {label}{_when(asked)}.")
        nothing = 0.0 if metric.additive or metric.tally else metric.nothing
        found.append(
            _Course(label, metric, figures if nothing is None else np.where(np.isnan(figures), nothing, figures))
        )
    return found[0], found[1]


def _in_common(asked: Asked, one: _Course, other: _Course, days: Days) -> tuple[Floats, Floats, int]:
    """The figures of the days that both have one on: what lies between these is as their neighbours are."""
    both = ~np.isnan(one.figures) & ~np.isnan(other.figures)
    count = int(both.sum())
    if count < max(FEWEST_DAYS, days.count * _LEAST_KNOWN):
        raise NotToldError(
            f"On {count} of {days.count} days{_when(asked)} both {one.label} and {other.label} have a figure: "
            f"{max(FEWEST_DAYS, round(days.count * _LEAST_KNOWN))} are needed to tell chance."
        )
    steps = np.arange(days.count)
    first, second = (np.interp(steps, steps[both], of.figures[both]) for of in (one, other))
    return first, second, count


def _where(asked: Asked) -> str:
    """What narrows the figures beside the two values."""
    kept = tuple(item for item in asked.plan.filters if (item.dimension,) != asked.plan.group_by)
    return replace(asked, plan=asked.plan.model_copy(update={"filters": kept})).where


def _when(asked: Asked) -> str:
    return f" {say_time(asked.plan.time_range)}" if asked.plan.time_range else ""


def _days_said(days: Days, count: int) -> str:
    return f"{count} days from {day_text(days.first)} to {day_text(days.last)} are compared."
