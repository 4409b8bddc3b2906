"""Which figures stand for a domain, over which period, and which questions people may begin with.

Belongs here: choosing by what the layer says. Does not belong here: computing (handlers).

A layer names the figures that stand for a domain, ``headline: 1`` in the meta of a metric. Where it names none, they
are plain counts and sums, best those of which it is known which way is good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

from nlq.answering.catalog import Example
from nlq.core.periods import shift, unit_range, unit_start
from nlq.core.plan import Grain, Plan, TimeRange
from nlq.core.vocabulary import Dimension, Metric, Vocabulary
from nlq.wording.formats import say_period

MOST_FIGURES, STEPS, STARTERS = 4, 9, 3
_FEWEST_STEPS = 3
_GRAINS = (Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.QUARTER, Grain.YEAR)
_FEWEST, _MOST = 2, 30
"""Values of a dimension that a question may be split by."""
_TECHNICAL = frozenset({"id", "code", "key", "currency", "tenant"})
_PLATFORM = "platform"
"""The domain of the tables about the lakehouse itself."""


def domains_of(vocabulary: Vocabulary) -> list[str]:
    """The domains that a caller may ask about; that of the platform last, for it is nobody's business."""
    found = {metric.domain for metric in vocabulary.metrics.values() if metric.domain}
    return sorted(found, key=lambda domain: (domain == _PLATFORM, domain))


def headlines(vocabulary: Vocabulary, domain: str) -> list[Metric]:
    """The figures that stand for a domain, in their order."""
    own = [metric for metric in vocabulary.plain_metrics() if metric.domain == domain]
    named = sorted((metric for metric in own if metric.headline), key=lambda metric: metric.headline)
    plain = [metric for metric in own if metric.tally and not (metric.needs_time or metric.cumulative)]
    chosen = named or sorted(plain, key=lambda metric: metric.direction is None)
    return chosen[:MOST_FIGURES]


def period_of(metrics: Sequence[Metric], known: TimeRange, today: date) -> tuple[Grain, TimeRange] | None:
    """The step that figures are told of, the last whole one, weeks where there are some; None where there is none."""
    assert known.start and known.end
    finest = max((_GRAINS.index(Grain(m.min_grain)) for m in metrics if m.min_grain in list(Grain)), default=0)
    last = min(known.end, shift(today, "day", -1))
    for grain in dict.fromkeys((_GRAINS[max(finest, 1)], _GRAINS[finest])):
        end = _last_whole(last, grain)
        first = shift(unit_start(end, grain), grain, 1 - _FEWEST_STEPS)
        if first >= known.start or grain is _GRAINS[finest]:
            step = TimeRange(start=unit_start(end, grain), end=end)
            return (grain, step) if step.start and step.start >= known.start else None
    return None


def _last_whole(last: date, grain: Grain) -> date:
    """The last day of the last whole step that ends on a day or before."""
    whole = unit_range(unit_start(last, grain), grain).end
    return whole if whole == last and whole else shift(unit_start(last, grain), "day", -1)


def course_of(metrics: Sequence[str], grain: Grain, step: TimeRange) -> Plan:
    """The plan of some figures, step by step, up to one."""
    assert step.start
    first = shift(step.start, grain, 1 - STEPS)
    return Plan(metrics=tuple(metrics), grain=grain, time_range=TimeRange(start=first, end=step.end))


def label_of(grain: Grain, step: TimeRange) -> str:
    """What people call a step."""
    assert step.start
    return say_period(step.start, grain)


def starters(
    vocabulary: Vocabulary, metrics: Iterable[Metric], understood: Callable[[str], Plan | None]
) -> tuple[Example, ...]:
    """Questions as people ask them, each understood as it is meant."""
    found: list[Example] = []
    ways: list[Callable[[Metric], str | None]] = [
        lambda metric: _split(metric, vocabulary),
        lambda metric: f"{_said(metric.label)} by {'week' if metric.min_grain == 'day' else 'month'}",
        lambda metric: f"{_said(metric.label)} last month compared to the month before",
    ]
    for way, metric in zip(ways, _thrice(list(metrics)), strict=False):
        question = way(metric)
        plan = understood(question) if question else None
        if question and plan and plan.metrics == (metric.name,):
            found.append(Example(question=question, plan=plan))
    return tuple(found[:STARTERS])


def _thrice(metrics: Sequence[Metric]) -> Iterator[Metric]:
    """The metrics in turn, the first again where there are fewer than there are ways to ask."""
    return (metrics[number % len(metrics)] for number in range(STARTERS if metrics else 0))


def _split(metric: Metric, vocabulary: Vocabulary) -> str | None:
    known = [vocabulary.dimensions[name] for name in sorted(metric.dimensions) if name in vocabulary.dimensions]
    handy = [dimension for dimension in known if _is_handy(dimension)]
    if not handy:
        return None
    best = min(handy, key=lambda one: (abs(len(one.values.items) - 8), one.name))
    return f"{_said(metric.label)} by {_said(best.label)} last month"


def _is_handy(dimension: Dimension) -> bool:
    """Whether people would split a figure by it: a few values that mean something to them."""
    technical = set(dimension.label.casefold().split()) & _TECHNICAL or dimension.column == "tenant_id"
    plain = not (dimension.is_time or dimension.is_calendar or dimension.is_numeric or dimension.is_boolean)
    return plain and not technical and not dimension.personal and _FEWEST <= len(dimension.values.items) <= _MOST


def _said(label: str) -> str:
    """A label within a sentence; an abbreviation stays as it is."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
