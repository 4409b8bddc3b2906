"""Why a metric moved from one time to another.

Belongs here: the answer to one such question. Does not belong here: taking a change apart (``explaining``).
"""

from __future__ import annotations

from datetime import date

import numpy as np

from lakehouse_assets.insight.asked.reading import Asked, column_of
from lakehouse_assets.insight.choosing import dimensions_of
from lakehouse_assets.insight.explaining import Times, chance_of, explained
from lakehouse_assets.insight.model import Insight
from lakehouse_assets.insight.reading import Days, Line
from lakehouse_assets.insight.telling import METHODS, Teller, figure_text
from nlq.answering.analysing import Analysed, NotToldError
from nlq.core.vocabulary import Dimension, Metric
from nlq.wording.explain import say_time

CHANCE = 0.05
"""Above this a difference may well be chance."""
_MOST_BESIDE = 20
_NOT_FINAL = "The newest figures of {0} are not final: they always seem to be on one side."


def why(asked: Asked) -> Analysed:
    """What made a metric move.

    Raises:
        NotToldError: one of the times is not known, or has no figure.
    """
    (metric,) = asked.metrics
    times = asked.times(metric)
    for span in (times.before, times.now):
        if asked.reader.whole(metric, span) is None and metric.nothing is None:
            raise NotToldError(f"There is no {metric.label}{asked.where} {say_time(span)}.")
    line = line_of(asked, metric, times)
    p = chance_of(line, times)[1] if line else 1.0
    line = line or Line(metric, Days(_first(times), 1), np.zeros(1))  # of which nothing but the metric is read
    teller = Teller(metric.domain, asked.reader.caller.tenant, None)
    found = explained(asked.reader, teller, asked.vocabulary, line, times, p, asked.dimension, asked.where)
    notes = [_NOT_FINAL.format(metric.label)] if not metric.insights else []
    notes += _length_note(metric, times, found)
    sentence = f"{_claimed(asked, found)}{found.sentence}{say_chance(p)}"
    if found.parts:
        return Analysed(sentence, METHODS[found.kind], *_rows_of(asked, found, times), notes=tuple(notes))
    dimension = asked.dimension or next(iter(dimensions_of(metric, asked.vocabulary)), None)
    if dimension is None:
        notes.append(f"There is nothing to take {metric.label} apart by.")
        return Analysed(sentence, METHODS[found.kind], notes=tuple(notes))
    notes.append(
        f"{metric.label} does not add up: its values by {dimension.label} are set side by side, no parts of it."
    )
    return Analysed(sentence, METHODS[found.kind], *_beside(asked, metric, dimension, times), notes=tuple(notes))


def line_of(asked: Asked, metric: Metric, times: Times) -> Line | None:
    """The course of a metric over two times and what lies between; None where most of its days have no figure."""
    last = max(end for end in (times.before.end, times.now.end) if end)
    days = Days(_first(times), (last - _first(times)).days + 1)
    return next(iter(asked.reader.totals([metric], asked.vocabulary.metrics, days)), None)


def _first(times: Times) -> date:
    return min(start for start in (times.before.start, times.now.start) if start)


def say_chance(p: float) -> str:
    """Whether a difference is more than chance, for the end of a sentence."""
    if p >= 1.0:
        return " Its days are too few, or too much alike one another, to tell whether that is more than chance."
    if p > CHANCE:
        return f" By chance alone such a difference comes {p:.0%} of the time: there may be nothing to explain."
    return ""


def _claimed(asked: Asked, found: Insight) -> str:
    """What is to be said first where the question took it to have moved otherwise."""
    assert asked.plan.analysis and found.actual is not None and found.expected is not None
    claim, change = asked.plan.analysis.claim, found.actual - found.expected
    if claim is None or change * (1 if claim == "rise" else -1) > 0:
        return ""
    return f"{found.label} did not {claim}{asked.where}. "


def _length_note(metric: Metric, times: Times, found: Insight) -> list[str]:
    """What the figures are in all, where they are told by day because one time has more days than the other."""
    if not (metric.additive and times.by_day) or found.actual is None or found.expected is None:
        return []
    before, now = times.days
    whole = [figure_text(one * days, metric) for one, days in ((found.expected, before), (found.actual, now))]
    return [f"They have {before} and {now} days: {whole[0]} and {whole[1]} in all."]


def _rows_of(asked: Asked, found: Insight, times: Times) -> tuple[tuple, tuple]:
    """What each value was before and after, and its part of the change."""
    metric = asked.vocabulary.metrics[found.metric]
    assert found.dimension is not None
    label = asked.vocabulary.dimensions[found.dimension].label
    each = " a day" if metric.additive and times.by_day else ""
    columns = [
        column_of(found.dimension, label, kind="text"),
        column_of("before", f"{metric.label}{each}, {times.said_before}", metric),
        column_of("after", f"{metric.label}{each}, {times.said}", metric),
        column_of("part", "Part of the change", metric),
    ]
    rows = [(one.value, *_rounded(one.before, one.after, one.part)) for one in found.parts]
    if metric.additive:
        return tuple(columns), tuple(rows)
    columns += [column_of("rate", "By its own rate", metric), column_of("mix", "By its share (mix)", metric)]
    return tuple(columns), tuple(
        (*row, *_rounded(one.rate, one.mix)) for row, one in zip(rows, found.parts, strict=True)
    )


def _beside(asked: Asked, metric: Metric, dimension: Dimension, times: Times) -> tuple[tuple, tuple]:
    """The figures of both times by value, of what has no parts: those that differ most first."""
    before, now = (asked.reader.by_value(metric, dimension, span) for span in (times.before, times.now))
    found = [(str(value), before[value], now[value]) for value in before if value in now]
    found.sort(key=lambda one: -abs(one[2] - one[1]))
    columns = (
        column_of(dimension.name, dimension.label, kind="text"),
        column_of("before", f"{metric.label}, {times.said_before}", metric),
        column_of("after", f"{metric.label}, {times.said}", metric),
        column_of("difference", "Difference", metric),
    )
    return columns, tuple((v, *_rounded(a, b, b - a)) for v, a, b in found[:_MOST_BESIDE])


def _rounded(*figures: float | None) -> tuple[float | None, ...]:
    """Figures without what sums of binary fractions leave."""
    return tuple(None if one is None else round(one, 6) for one in figures)
