"""Why a metric moved: its last whole month, or four weeks, beside those before, taken apart.

Belongs here: which times, which dimension, the words of it. Does not belong here: the arithmetic (numeric).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from lakehouse_assets.insight.choosing import dimensions_of
from lakehouse_assets.insight.model import Insight, Part
from lakehouse_assets.insight.numeric.contributions import Contribution, all_against, concentration, of_ratio, of_sum
from lakehouse_assets.insight.numeric.pairs import Difference, difference_of_times
from lakehouse_assets.insight.numeric.robust import Floats
from lakehouse_assets.insight.reading import Line, Reader
from lakehouse_assets.insight.telling import MOST_PARTS, Teller, figure_text
from nlq.core.periods import shift, unit_start
from nlq.core.plan import Grain, TimeRange
from nlq.core.vocabulary import Dimension, Metric, Vocabulary
from nlq.wording.formats import say_period

_WEEKS = 28
_ALONE = 0.25
"""What part of a change a value has to make up to be named as what drives it."""


@dataclass(frozen=True)
class Times:
    """Two times that are compared, and what they are called."""

    before: TimeRange
    now: TimeRange
    said: str
    said_before: str

    @property
    def days(self) -> tuple[int, int]:
        """How many days each has, the earlier one first."""
        before, now = (
            (span.end - span.start).days + 1 if span.start and span.end else 0 for span in (self.before, self.now)
        )
        return before, now

    @property
    def by_day(self) -> bool:
        """Whether sums have to be compared by day: February is no worse than January for being shorter."""
        before, now = self.days
        return before != now


def times_of(first: date, last: date) -> Times | None:
    """The last whole month and the one before; else the last four weeks and those before; None where data are short."""
    end = last if (last + timedelta(days=1)).day == 1 else unit_start(last, "month") - timedelta(days=1)
    start = unit_start(end, "month")
    before = shift(start, "month", -1)
    if first <= before and (last - end).days <= _WEEKS:
        spans = TimeRange(start=before, end=start - timedelta(days=1)), TimeRange(start=start, end=end)
        return Times(*spans, say_period(start, Grain.MONTH), say_period(before, Grain.MONTH))
    start, before = last - timedelta(days=_WEEKS - 1), last - timedelta(days=2 * _WEEKS - 1)
    if first > before:
        return None
    spans = TimeRange(start=before, end=start - timedelta(days=1)), TimeRange(start=start, end=last)
    return Times(*spans, "the last four weeks", "the four before")


def chance_of(line: Line, times: Times) -> tuple[float, float]:
    """How much a day of the later time is above one of that before, relative; and how probable that is by chance."""
    before, now = figures_of(line, times.before), figures_of(line, times.now)
    mean, found = float(before.mean()), difference_in(line, times)
    return (float(now.mean()) - mean) / abs(mean) if mean else 0.0, found.p if found else 1.0


def comes_each_year(line: Line, times: Times) -> bool:
    """Whether a year before it moved as it did now, to where it is now."""
    assert times.before.start and times.before.end and times.now.start and times.now.end
    spans = ((times.before.start, times.before.end), (times.now.start, times.now.end))
    before, now = ((line.days.step(first), line.days.step(last) + 1) for first, last in spans)
    return line.comes_each_year(before, now)


def difference_in(line: Line, times: Times) -> Difference | None:
    """How much more a day of the later time is than one of that before; None where that cannot be tested."""
    assert times.now.start and times.before.end
    apart = (times.now.start - times.before.end).days - 1
    return difference_of_times(figures_of(line, times.before), figures_of(line, times.now), apart)


def explained(
    reader: Reader,
    teller: Teller,
    vocabulary: Vocabulary,
    line: Line,
    times: Times,
    p: float,
    by: Dimension | None = None,
    where: str = "",
) -> Insight:
    """The change of a metric, taken apart by a dimension, or by the one that tells most of it; ``where`` is said."""
    metric = line.metric
    best: tuple[float, Dimension | None, list[Contribution], float] = (-math.inf, None, [], 0.0)
    figures: tuple[float, float] | None = None
    kept = {item.dimension for item in reader.where}
    dimensions = [by] if by else [one for one in dimensions_of(metric, vocabulary) if one.name not in kept]
    for dimension in dimensions if metric.additive or metric.parts else ():
        parts, own = _taken_apart(reader, vocabulary, line, dimension, times)
        if own is None:
            continue
        change = own[1] - own[0]
        figures = own
        tells = concentration(parts, change) if metric.additive else max((abs(x.rate) for x in parts), default=0.0)
        if parts and tells > best[0]:
            best = (tells, dimension, parts, change)
    by_day = metric.additive and times.by_day
    if figures is None:
        figures = None if metric.tally else _wholes(reader, metric, times)
        by_day = figures is None
    figures = figures or _means(line, times)
    words = _words(f"{metric.label}{where}", line, times, figures, *best[1:3], by_day=by_day)
    parts = [_part(one, ratio=not metric.additive) for one in _bounded(best[2])]
    return teller.changed(metric, times.now, times.before, figures, p, best[1], parts, words)


def _taken_apart(
    reader: Reader, vocabulary: Vocabulary, line: Line, dimension: Dimension, times: Times
) -> tuple[list[Contribution], tuple[float, float] | None]:
    metric = line.metric
    names = [metric.name] if metric.additive else list(metric.parts)
    if not all(n in vocabulary.metrics and vocabulary.metrics[n].additive for n in names):
        return [], None
    if dimension.name not in vocabulary.shared_dimensions(names):
        return [], None
    before, now = (reader.sums(names, dimension, span) for span in (times.before, times.now))
    if not all(math.isfinite(figure) for one in (before, now) for name in names for figure in one[name].values()):
        return [], None
    if metric.additive and times.by_day:
        before, now = (
            {name: {value: figure / days for value, figure in of.items()} for name, of in one.items()}
            for one, days in zip((before, now), times.days, strict=True)
        )
    sums = [[float(sum(one[n].values())) for one in (before, now)] for n in names]
    if metric.additive:
        return of_sum(before[names[0]], now[names[0]]), (sums[0][0], sums[0][1])
    if not all(sums[1]):
        return [], None
    own = (sums[0][0] / sums[1][0], sums[0][1] / sums[1][1])
    parts = of_ratio((before[names[0]], now[names[0]]), (before[names[1]], now[names[1]]))
    adds_up = math.isclose(sum(x.part for x in parts), own[1] - own[0], rel_tol=1e-6, abs_tol=1e-9)
    # A metric that is computed otherwise than by its parts has none.
    return (parts if adds_up else []), own


def _wholes(reader: Reader, metric: Metric, times: Times) -> tuple[float, float] | None:
    before, now = reader.whole(metric, times.before), reader.whole(metric, times.now)
    return None if before is None or now is None else (before, now)


def _means(line: Line, times: Times) -> tuple[float, float]:
    return float(np.mean(figures_of(line, times.before))), float(np.mean(figures_of(line, times.now)))


def figures_of(line: Line, span: TimeRange) -> Floats:
    """The figures of a time."""
    assert span.start and span.end
    return line.figures[line.days.step(span.start) : line.days.step(span.end) + 1]


def _words(
    what: str, line: Line, times: Times, figures: tuple[float, float], dimension: Dimension | None,
    parts: list[Contribution], *, by_day: bool,
) -> str:  # fmt: skip
    metric, change = line.metric, figures[1] - figures[0]
    moved = "rose" if change > 0 else "fell" if change < 0 else "did not move:"
    by = f" ({change / abs(figures[0]):+.0%})" if figures[0] else ""
    each = "a day " if by_day else ""
    head = (
        f"{what} {moved} from {figure_text(figures[0], metric)} {each}{_when(times.said_before)} to "
        f"{figure_text(figures[1], metric)} {each}{_when(times.said)}{by}."
    )
    if dimension is None or not parts or not change:
        return head
    told = _of_sum if metric.additive else _of_ratio
    return f"{head} {told(parts, change, dimension, metric)}"


def _when(said: str) -> str:
    return f"{'on' if said[0].isdigit() and '-' in said else 'in'} {said}"


def _of_sum(parts: list[Contribution], change: float, dimension: Dimension, metric: Metric) -> str:
    along = [one for one in parts if one.part * change > 0 and one.part / change >= _ALONE]
    if not along:
        return f"No {dimension.label} stands out: it is spread over {len(parts)}."
    named = " and ".join(f"{_name(one, dimension)} ({_signed(one.part, metric)})" for one in along[:2])
    share = sum(one.part for one in along[:2]) / change
    others = [one for one in parts if one.part * change < 0]
    other = f" {_name(others[0], dimension)} went the other way ({_signed(others[0].part, metric)})." if others else ""
    beside = other if share > 1 else ""
    return f"{dimension.label} {named} {'makes' if len(along[:2]) == 1 else 'make'} up {share:.0%} of it.{beside}"


def _of_ratio(parts: list[Contribution], change: float, dimension: Dimension, metric: Metric) -> str:
    rate, mix = sum(one.rate for one in parts), sum(one.mix for one in parts)
    words = (
        f"By {dimension.label}: {_signed(rate, metric)} {'are' if metric.is_ratio else 'is'} what the rates themselves "
        f"did, {_signed(mix, metric)} what their shares did."
    )
    if all_against(parts, change):
        other = "fell" if change > 0 else "rose"
        return f"{words} In every {dimension.label} it {other}: the whole moved by its mix alone (Simpson's paradox)."
    most = max(parts, key=lambda one: one.part * math.copysign(1, change))
    return f"{words} Most of it is {_name(most, dimension)} ({_signed(most.part, metric)})."


def _name(one: Contribution, dimension: Dimension) -> str:
    return dimension.names.of(one.value) or str(one.value)


def _signed(part: float, metric: Metric) -> str:
    """What a part adds: of shares in points, of others in their own unit."""
    if metric.is_ratio:
        return f"{part * 100:+.1f} points"
    return f"{'-' if part < 0 else '+'}{figure_text(abs(part), metric)}"


def _bounded(parts: list[Contribution]) -> list[Contribution]:
    """The largest parts, the others together: they still add up."""
    if len(parts) <= MOST_PARTS:
        return parts
    rest = parts[MOST_PARTS - 1 :]
    sums: Mapping[str, float] = {name: sum(getattr(one, name) for one in rest) for name in ("part", "rate", "mix")}
    return [*parts[: MOST_PARTS - 1], Contribution(f"{len(rest)} others", None, None, **sums)]


def _part(one: Contribution, *, ratio: bool) -> Part:
    extra: dict[str, Any] = {"rate": one.rate, "mix": one.mix} if ratio else {}
    return Part(value=str(one.value), before=one.before, after=one.after, part=one.part, **extra)
