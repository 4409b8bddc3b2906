"""The tests that the courses of a domain go through, and which of their findings may be told.

Belongs here: what is tested, how much chance each kind is allowed, what is too small or told already. Does not belong
here: the statistics (numeric), words (telling).

Each kind of test has its part of the one rate of false discoveries, so that however many courses are tested, at most
one told finding in twenty is chance; and where there is nothing to find, one run in twenty finds something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from types import MappingProxyType
from typing import Any

import numpy as np

from lakehouse_assets.insight.model import Kind
from lakehouse_assets.insight.numeric.course import Course, taken_apart
from lakehouse_assets.insight.numeric.points import FEWEST_STEPS, chances, gaps
from lakehouse_assets.insight.numeric.robust import discovered
from lakehouse_assets.insight.numeric.slopes import is_step, shift_of, slope_of
from lakehouse_assets.insight.reading import Line

RATE = 0.05
"""How many of the told findings may be chance."""
PARTS: Mapping[tuple[Kind, bool], float] = MappingProxyType({
    (Kind.MISSING, False): 0.1, (Kind.MISSING, True): 0.1, (Kind.POINT, False): 0.25, (Kind.POINT, True): 0.1,
    (Kind.SHIFT, False): 0.15, (Kind.SHIFT, True): 0.1, (Kind.TREND, False): 0.15, (Kind.TREND, True): 0.05,
})  # fmt: skip
"""What part of it each kind of test has, of all of a metric and by value of a dimension; they add up to 1."""
WEEK = 7
RECENT, RECENT_SHIFT = 28, 56
"""Days that single days are judged of, and on which a shift is still news."""
COURSE, FEWEST_WEEKS, MOST_WEEKS = 182, 12, 26
"""Days on which a shift is looked for; weeks on which a trend is."""
_SMALLEST = {Kind.POINT: 0.15, Kind.SHIFT: 0.07, Kind.TREND: 0.07}
"""How large a finding has to be beside what was expected, to be worth saying."""
_APART = 7
_ENDS = 4 * WEEK
"""The first and the last days of a trend that are set beside each other."""
_WITH_ALL, _MUCH_MORE = 28, 2.0
"""A value that steps within so many days of all of its metric, the same way and not so many times as far, moves with
it: that is no finding of its own."""
_FEWEST_SHOWN = 20.0
"""How many events of a count a finding is to be of: a rise from one to three is none."""
_SPREADS = 3.0


@dataclass(frozen=True)
class Found:
    """A finding: `first` and `last` are steps of the line, both included.

    `actual` is the figure of them, `expected` that which was. Of shifts and trends both are what a day has on average:
    of a shift since then and before, from `since` on; of a trend in its last four weeks and in its first.
    """

    kind: Kind
    line: Line
    first: int
    last: int
    actual: float
    expected: float
    p: float
    low: float | None = None
    high: float | None = None
    since: int | None = None
    also: tuple[str, ...] = field(default=(), compare=False)

    @property
    def change(self) -> float:
        """Relative to what was expected."""
        return (self.actual - self.expected) / abs(self.expected) if self.expected else float(np.sign(self.actual))


@dataclass(frozen=True)
class Judged:
    """What may be told, and how many tests there were."""

    found: list[Found]
    tests: int


def judged(lines: Sequence[Line], rate: float = RATE) -> Judged:
    """Test the courses of a domain, all of whose tests count together."""
    tests: dict[tuple[Kind, bool], list[Found]] = {}
    counted: dict[tuple[Kind, bool], int] = {}
    for _, alike in groupby(lines, key=lambda one: (one.days, one.dimension is None, one.metric.name, one.dimension)):
        together = [line for line in alike if line.days.count >= FEWEST_STEPS and np.ptp(line.figures) > 0]
        if not together:
            continue
        course = _course(together)
        for test in (_points, _gaps, _lasting):
            for found, count in test(together, course):
                key = (found.kind, found.line.dimension is not None) if found else None
                if found and key:
                    tests.setdefault(key, []).append(found)
                    counted[key] = counted.get(key, 0) + count
    told: list[Found] = []
    for key, candidates in tests.items():
        told += _told(candidates, counted[key], rate * PARTS[key])
    order = {(line.metric.name): at for at, line in reversed(list(enumerate(lines)))}
    return Judged(_worth(told, order), sum(counted.values()))


def _course(lines: Sequence[Line]) -> Course:
    figures = np.stack([line.figures for line in lines])
    weights = lines[0].weights[None] if len(lines) == 1 and lines[0].weights is not None else None
    return taken_apart(figures, counts=_counts(lines[0]), season=WEEK, weights=weights)


def _counts(line: Line) -> bool:
    """Whether the figures count events: whole numbers of them."""
    return line.metric.tally and bool(np.all(line.figures == np.round(line.figures)))


def _told(candidates: Sequence[Found], count: int, rate: float) -> Iterable[Found]:
    """Those of the tests of a kind that may be told; tests that could not be told of have no chance in the list."""
    p = np.concatenate([[one.p for one in candidates], np.ones(max(0, count - len(candidates)))])
    return [one for one, ok in zip(candidates, discovered(p, rate), strict=False) if ok]


_Test = Iterable[tuple[Found, int]]


def _points(lines: Sequence[Line], course: Course) -> _Test:
    """Every recent day that is far from what was expected of it; of the others only how many they are."""
    p, expected = chances(course), course.expected
    low, high = course.bounds(_SPREADS)
    since = max(0, p.shape[1] - RECENT)
    for row, line in enumerate(lines):
        steps = sorted(range(since, p.shape[1]), key=lambda step, row=row: p[row, step])
        # The days are told one by one, yet all of them were tested.
        for place, step in enumerate(steps[:3]):
            yield (
                Found(
                    Kind.POINT, line, step, step, float(line.figures[step]), float(expected[row, step]),
                    float(p[row, step]), line.possible(float(low[row, step])), line.possible(float(high[row, step])),
                ),
                len(steps) if place == 0 else 0,
            )  # fmt: skip


def _gaps(lines: Sequence[Line], course: Course) -> _Test:
    """Days in a row without anything; every course was looked at."""
    figures = np.stack([line.figures for line in lines])
    found = {gap.row: gap for gap in gaps(figures, season=WEEK, since=max(0, figures.shape[1] - RECENT))}
    for row, line in enumerate(lines):
        gap = found.get(row)
        if gap is None or not line.metric.additive:
            yield Found(Kind.MISSING, line, 0, 0, 0.0, 0.0, 1.0), 1
            continue
        days = slice(gap.first, gap.last + 1)
        yield Found(
            Kind.MISSING, line, gap.first, gap.last, 0.0, float(course.expected[row, days].sum()), gap.p, 0.0
        ), 1  # fmt: skip


def _lasting(lines: Sequence[Line], course: Course) -> _Test:
    """A step or a lasting rise of each course, whichever tells it better; both were tested."""
    for row, line in enumerate(lines):
        plain = (course.values - course.season)[row][-COURSE:]
        weeks = _weeks(line.figures)
        if plain.size < 2 * FEWEST_STEPS or weeks.size < FEWEST_WEEKS:
            continue
        shift, slope = shift_of(plain), slope_of(weeks)
        size = line.figures.size
        begun, at = size - plain.size, size - plain.size + shift.at
        steps = is_step(shift, slope_of(plain))
        # The test is on roots and medians; what is told are means, which anybody can look up.
        before, after, newest = (_mean(line, *days) for days in ((begun, at), (at, size), (size - WEEK, size)))
        true = (after - before) * (shift.after - shift.before) > 0 and abs(newest - after) <= abs(newest - before)
        near = max(begun, at - COURSE // 2)
        true = true and not line.comes_each_year((near, at), (at, size))
        recent = at >= size - RECENT_SHIFT
        p = shift.p if steps and recent and true else 1.0
        yield Found(Kind.SHIFT, line, at, size - 1, after, before, p, since=begun), 1
        first = size - weeks.size * WEEK
        start, end = _mean(line, first, first + _ENDS), _mean(line, size - _ENDS, size)
        true = (end - start) * slope.each > 0
        true = true and not line.comes_each_year((first, first + _ENDS), (size - _ENDS, size))
        p = 1.0 if (steps and shift.p < 0.01) or not true else slope.p
        yield Found(Kind.TREND, line, first, size - 1, end, start, p), 1


def _mean(line: Line, first: int, end: int) -> float:
    """What a day has on average; of a ratio that of all of the time."""
    figures = line.figures[first:end]
    weights = line.weights[first:end] if line.weights is not None else None
    if weights is not None and weights.sum() > 0:
        return float(np.average(figures, weights=weights))
    return float(figures.mean())


def _weeks(figures: np.ndarray) -> np.ndarray:
    """Sums of whole weeks up to the last day, at most half a year of them."""
    count = min(figures.size // WEEK, MOST_WEEKS)
    return figures[figures.size - count * WEEK :].reshape(count, WEEK).sum(axis=1)


def _worth(told: Sequence[Found], order: Mapping[str, int]) -> list[Found]:
    """Those that are large enough and told once: by the first metric, and by all of it before a value of it."""
    large = [one for one in told if _is_large(one)]
    missing = [one for one in large if one.kind is Kind.MISSING]
    rank: Callable[[Found], Any] = lambda one: (one.line.dimension is not None, order[one.line.metric.name], one.p)  # noqa: E731
    kept: list[Found] = []
    for one in sorted(large, key=rank):
        if one.kind is Kind.POINT and any(
            _same_place(one, gap) and gap.first <= one.first <= gap.last for gap in missing
        ):
            continue
        if any(_moves_with(one, known) for known in kept):
            continue
        other = next((known for known in kept if _same_event(one, known)), None)
        if other is None:
            kept.append(one)
        elif other.line.metric.name != one.line.metric.name and one.line.dimension == other.line.dimension:
            if np.array_equal(one.line.figures, other.line.figures):
                continue  # the same figures by another name
            label = one.line.metric.label
            kept[kept.index(other)] = Found(**{**vars(other), "also": tuple(dict.fromkeys((*other.also, label)))})
    return sorted(kept, key=lambda one: one.p)


def _is_large(one: Found) -> bool:
    if one.kind is Kind.MISSING:
        return one.expected >= 3
    if one.line.metric.tally and max(one.actual, one.expected) * (one.last - one.first + 1) < _FEWEST_SHOWN:
        return False
    return abs(one.change) >= _SMALLEST[one.kind]


def _same_place(one: Found, other: Found) -> bool:
    return (one.line.metric.name, one.line.dimension, one.line.value) == (
        other.line.metric.name, other.line.dimension, other.line.value,
    )  # fmt: skip


def _moves_with(one: Found, known: Found) -> bool:
    """Whether a value only does what all of its metric does."""
    if one.line.dimension is None or known.line.dimension is not None or one.line.metric != known.line.metric:
        return False
    lasting = one.kind in (Kind.SHIFT, Kind.TREND) and known.kind in (Kind.SHIFT, Kind.TREND)
    near = one.kind is not known.kind or one.kind is Kind.TREND or abs(one.first - known.first) <= _WITH_ALL
    alike = 0 < one.change / known.change <= _MUCH_MORE if known.change else False
    return lasting and near and alike


def _same_event(one: Found, known: Found) -> bool:
    """Whether what was found is told already: at the same time, the same way, of a whole that it is a part of."""
    if one.kind is not known.kind or one.change * known.change < 0:
        return False
    apart = 0 if one.kind in (Kind.POINT, Kind.MISSING) else _APART if one.kind is Kind.SHIFT else 10_000
    if abs(one.first - known.first) > apart:
        return False
    same_value = (one.line.dimension, one.line.value) == (known.line.dimension, known.line.value)
    # Emirates and Dubai may have the same rows.
    same_rows = one.line.metric == known.line.metric and bool(np.array_equal(one.line.figures, known.line.figures))
    return same_value or same_rows or known.line.dimension is None
