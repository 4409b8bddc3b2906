"""Findings in words: the sentence of each, how much it matters, how it was judged.

Belongs here: turning what was found into an insight. Does not belong here: finding it (testing, explaining).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from lakehouse_assets.insight.model import Insight, Kind, Part, Severity, Step
from lakehouse_assets.insight.numeric.forecasting import NAIVE, Forecast
from lakehouse_assets.insight.reading import Days, Line
from lakehouse_assets.insight.testing import RECENT, Found
from nlq.core.plan import DimensionFilter, Grain, Plan, TimeRange
from nlq.core.vocabulary import Metric
from nlq.wording.formats import format_said, say_metric

_HIGH, _MEDIUM = 0.5, 0.2
_FROM_NONE = "next to none."
_YOUNG = " Less than a year is known: it may be the season."
_TIMES = 5.0
"""From how many times as much on that is said instead of how much more."""
MOST_PARTS = 8
METHODS = {
    Kind.POINT: "Beside the median of the four weeks around it and of its day of the week; the tails of chance are "
    "those of the course itself. Taken for granted: days are alike but for level and day of the week.",
    Kind.MISSING: "By how often such a day has nothing. Taken for granted: records come as they came before.",
    Kind.SHIFT: "Cumulative sums of deviations (CUSUM) over half a year, day of the week taken out, chance "
    "autocorrelated; the size by the means before and since. Taken for granted: one step; what moved likewise a year "
    "before is not told.",
    Kind.TREND: "Generalised least squares on weekly sums, chance autocorrelated; the size by the "
    "means of its first and last four weeks. Taken for granted: a straight line; what "
    "moved likewise a year before is not told.",
    Kind.CHANGE: "Two times side by side, their difference tested weekday by weekday with autocorrelated chance; the "
    "parts add up to it exactly. Taken for granted: nothing of what caused it.",
}


class Teller:
    """Puts findings of one domain into words, for one caller."""

    def __init__(self, domain: str, tenant: str | None, until: date | None) -> None:
        """Nothing is told yet.

        Args:
            domain: Of the metrics.
            tenant: Whose figures they are; all if None.
            until: The last day that there are data of.
        """
        self._domain, self._tenant, self._until = domain, tenant, until

    def found(self, one: Found) -> Insight:
        """What a test found."""
        line, first, last = one.line, one.line.days.at(one.first), one.line.days.at(one.last)
        said = {
            Kind.POINT: self._point, Kind.MISSING: self._missing, Kind.SHIFT: self._shift, Kind.TREND: self._trend,
        }[one.kind](one, first, last)  # fmt: skip
        also = f" {_listed(one.also)} likewise." if one.also else ""
        missing = one.kind is Kind.MISSING
        good = _good(line.metric, one.change) if not missing else False
        lasting = one.kind in (Kind.SHIFT, Kind.TREND) and not said.endswith(_FROM_NONE)
        young = _YOUNG if lasting and line.is_young(one.first) else ""
        return self._insight(
            one.kind, line.metric, first, last, said + also + young, METHODS[one.kind], line.dimension, line.value,
            severity=Severity.HIGH if missing and line.dimension is None else _severity(one.change, good),
            actual=one.actual, expected=one.expected, low=one.low, high=one.high, p=one.p, good=good,
            change=one.change, also=one.also, plan=_course_plan(line, first, last),
        )  # fmt: skip

    def changed(
        self, metric: Metric, now: TimeRange, before: TimeRange, figures: tuple[float, float], p: float,
        dimension: Any, parts: Sequence[Part], words: str,
    ) -> Insight:  # fmt: skip
        """A change between two times, and what it is made of."""
        assert now.start and now.end
        change = (figures[1] - figures[0]) / abs(figures[0]) if figures[0] else 0.0
        good = _good(metric, change)
        plan = Plan(
            metrics=(metric.name,), group_by=(dimension.name,) if dimension else (), time_range=now,
            compare_with=before,
        )  # fmt: skip
        return self._insight(
            Kind.CHANGE, metric, now.start, now.end, words, METHODS[Kind.CHANGE], dimension, None,
            severity=_severity(change, good), actual=figures[1], expected=figures[0], p=p, good=good, change=change,
            parts=tuple(parts), plan=plan,
        )  # fmt: skip

    def forecast(self, line: Line, coming: Days, one: Forecast) -> Insight:
        """What comes next."""
        steps = tuple(
            Step(
                start=coming.at(i),
                **{name: line.possible(float(getattr(one, name)[i])) for name in ("expected", "low", "high")},
            )
            for i in range(coming.count)
        )
        week = steps[:7]
        each = {"": "in ", " a day": "a day in "}[_a_day(line.metric)] if not line.metric.additive else "in "
        total = sum(s.expected for s in week) / (1 if line.metric.additive else len(week))
        low, high = (min(s.low for s in week), max(s.high for s in week))
        what = (
            "No method foretold the past better than the week before again, which is used."
            if one.method == NAIVE
            else (f"On {one.origins} weeks of the past its error was {one.mase:.0%} of that of the week before again.")
        )
        said = [figure_text(total, line.metric), *_single_days((low, high), line.metric)]
        sentence = (
            f"{line.metric.label}: about {said[0]} {each}the 7 days from {day_said(coming.first)}; "
            f"a single day between {said[1]} and {said[2]} in four cases of five."
        )
        method = f"By {one.method}. {what} Taken for granted: what comes is like the past year."
        return self._insight(
            Kind.FORECAST, line.metric, coming.first, coming.last, sentence, method, None, None,
            severity=Severity.INFO, expected=total, low=low, high=high, steps=steps,
            plan=_course_plan(line, line.days.last, line.days.last),
        )  # fmt: skip

    def _point(self, one: Found, first: date, _: date) -> str:
        size = f"{abs(one.change):.0%} {'above' if one.change > 0 else 'below'}"
        if one.change + 1 >= _TIMES:
            size = f"{one.change + 1:.0f} times"
        assert one.low is not None and one.high is not None
        metric = one.line.metric
        low, high = _single_days((one.low, one.high), metric)
        words = (
            f"{_what(one.line)}: {figure_text(one.actual, metric)} on {day_said(first)}, {size} the "
            f"{figure_text(one.expected, metric)} expected of such a day ({low} to {high} would be usual)."
        )
        if first == self._until and one.change < 0:
            words += " It is the last day that there are data of: some may be still to come."
        return words

    def _missing(self, one: Found, first: date, last: date) -> str:
        days = (last - first).days + 1
        when = f"on {day_said(first)}" if days == 1 else f"on {days} days from {day_said(first)} to {day_said(last)}"
        expected = figure_text(one.expected, one.line.metric)
        return f"{_what(one.line)}: nothing at all {when}, where about {expected} were to be expected."

    def _shift(self, one: Found, first: date, _: date) -> str:
        moved = "rose" if one.change > 0 else "fell"
        return (
            f"{_what(one.line)} {moved} to another level on about {day_said(first)}: "
            f"{figure_text(one.actual, one.line.metric)}{_a_day(one.line.metric)} since, after {self._before(one)}."
        )

    def _trend(self, one: Found, first: date, last: date) -> str:
        moved, weeks = "rising" if one.change > 0 else "falling", ((last - first).days + 1) // 7
        return (
            f"{_what(one.line)}: {moved} for {weeks} weeks, to {figure_text(one.actual, one.line.metric)}"
            f"{_a_day(one.line.metric)} in the last four of them, after {self._before(one)}."
        )

    @staticmethod
    def _before(one: Found) -> str:
        """The figure that was and when, and how much more or less the later one is."""
        said = figure_text(one.expected, one.line.metric)
        if not one.expected or figure_text(0.0, one.line.metric) == said:
            return _FROM_NONE.removesuffix(".")
        times = one.change + 1
        by = f"{times:.0f} times as much" if times >= _TIMES else f"{one.change:+.0%}"
        when = "in the first four"
        if one.since is not None:
            days = one.first - one.since
            when = f"in the {days // 7} weeks before" if days >= 14 else f"in the {days} days before"
        return f"{said} {when} ({by})"

    def _insight(
        self, kind: Kind, metric: Metric, start: date, end: date, sentence: str, method: str, dimension: Any,
        value: Any, **details: Any,
    ) -> Insight:  # fmt: skip
        name = dimension.name if dimension else None
        shown = None if value is None else str(value)
        return Insight(
            insight_id=identity(self._domain, self._tenant, kind, metric.name, name, shown, start), kind=kind,
            domain=self._domain, metric=metric.name, label=metric.label,
            format="percent" if metric.is_ratio else metric.format, unit=metric.unit, dimension=name, value=shown,
            grain=Grain.DAY, start=start, end=end, sentence=sentence, method=method, **details,
        )  # fmt: skip


def identity(*parts: Any) -> str:
    """The same for the same finding, whenever it is made again."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:16]


def _what(line: Line) -> str:
    if line.dimension is None:
        return line.metric.label
    value = line.dimension.names.of(line.value) or line.value
    return f"{line.metric.label} of {line.dimension.label} {value}"


def _single_days(figures: Sequence[float], metric: Metric) -> list[str]:
    """Figures of single days, of which there are whole numbers where events are counted."""
    counted = metric.format == "integer"
    return [figure_text(float(round(figure)) if counted else figure, metric) for figure in figures]


def _a_day(metric: Metric) -> str:
    """What is said after a day's figure: nothing of a rate, a mean, or what is there at a moment."""
    return " a day" if (metric.additive or metric.tally) and not metric.moment else ""


def figure_text(value: float, metric: Metric) -> str:
    """A figure as a sentence has it, no more exact than it is worth."""
    size = abs(value)
    if metric.format == "integer" and size < 19.95 and not float(value).is_integer():  # three in ten days
        return f"{round(value, 1):g}"
    whole = not metric.is_ratio and (size >= 10 or metric.format == "integer")
    said = say_metric(metric)
    if whole and said.format == "currency":
        said = replace(said, format=None)
    return format_said(round(value) if whole else round(value, 4 if metric.is_ratio else 2), said)


def day_said(day: date) -> str:
    """A day as a sentence has it."""
    return f"{day:%a} {day.isoformat()}"


def _listed(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"


def _good(metric: Metric, change: float) -> bool | None:
    if metric.direction not in ("up", "down") or not change:
        return None
    return (change > 0) is (metric.direction == "up")


def _severity(change: float, good: bool | None) -> Severity:
    """By size; what is for the better is never urgent."""
    size = abs(change)
    found = Severity.HIGH if size >= _HIGH else Severity.MEDIUM if size >= _MEDIUM else Severity.LOW
    return Severity.LOW if good and found is not Severity.LOW else found


def _course_plan(line: Line, first: date, last: date) -> Plan:
    """The course that a finding is in, from some weeks before it."""
    start = max(line.days.first, min(first, line.days.at(max(0, line.days.step(last) - 2 * RECENT))))
    kept = ()
    if line.dimension is not None:
        kept = (DimensionFilter(dimension=line.dimension.name, values=(line.value,)),)
    return Plan(
        metrics=(line.metric.name,), grain=Grain.DAY, filters=kept,
        time_range=TimeRange(start=start, end=line.days.last),
    )  # fmt: skip
