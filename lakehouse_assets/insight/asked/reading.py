"""One plan with an analysis under way: its metrics, its dimension, its times within the days that there are data of.

Belongs here: what several kinds need of a plan. Does not belong here: any kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from lakehouse_assets.insight.explaining import Times, times_of
from lakehouse_assets.insight.reading import Reader
from nlq.answering.analysing import NotToldError
from nlq.answering.document.columns import AnswerColumn
from nlq.core.judged import can_be_judged
from nlq.core.periods import before, shifted, whole_months, whole_unit
from nlq.core.plan import Grain, Plan, TimeRange
from nlq.core.vocabulary import Dimension, Metric, Vocabulary
from nlq.wording.explain import say_filters, say_time
from nlq.wording.formats import say_metric, say_period

ONE = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """A plan, and what reads the figures of its caller."""

    plan: Plan
    reader: Reader
    vocabulary: Vocabulary

    @property
    def metrics(self) -> list[Metric]:
        """What it is about.

        Raises:
            NotToldError: one of them has no figures of single days.
        """
        found = [self.vocabulary.metrics[name] for name in self.plan.metrics]
        if apart := next((metric for metric in found if not can_be_judged(metric)), None):
            raise NotToldError(f"{apart.label} has no figures of single days that could be set beside each other.")
        return found

    @property
    def dimension(self) -> Dimension | None:
        """By what it is to be taken apart, where that is said."""
        return self.vocabulary.dimensions[self.plan.group_by[0]] if self.plan.group_by else None

    @property
    def where(self) -> str:
        """What narrows the figures, for a sentence."""
        said = say_filters(self.plan.model_copy(update={"time_range": None}), self.vocabulary)
        return f" where {' and '.join(said)}" if said else ""

    def known(self, metric: Metric) -> TimeRange:
        """The whole days of a metric.

        Raises:
            NotToldError: there is none.
        """
        known = self.reader.known(metric)
        if known is None or known.start is None or known.end is None:
            raise NotToldError(f"There is no whole day of {metric.label} yet.")
        return known

    def times(self, metric: Metric) -> Times:
        """The two times that are compared, as far as both are known: as many days of the one as of the other.

        Raises:
            NotToldError: one of them is not known at all.
        """
        known, asked = self.known(metric), self.plan.time_range
        assert known.start and known.end
        if asked is None:
            found = times_of(known.start, known.end)
            if found is None:
                raise NotToldError(f"There are days of {metric.label} since {known.start} alone: too few to compare.")
            return found
        start, end = asked.start or known.start, min(asked.end or known.end, known.end)
        if start > end:
            raise NotToldError(
                f"Whole days of {metric.label} are known until {known.end}: nothing can be told {say_time(asked)} yet."
            )
        now = TimeRange(start=start, end=end)
        earlier = self._before(now, asked)
        assert earlier.start
        if earlier.start < known.start:
            raise NotToldError(
                f"{metric.label} is known since {known.start}: there is nothing {say_time(earlier)} to compare with."
            )
        return Times(earlier, now, say_span(now), say_span(earlier))

    def _before(self, now: TimeRange, asked: TimeRange) -> TimeRange:
        """What is compared with: the days that were named, else the months before, or the same weekdays before.

        Of a time that is not over, as many days as are known of it.
        """
        assert now.start and now.end
        named = shifted(self.plan) if self.plan.compares else None
        if named is None:
            if whole_months(now):
                return before(now)
            weeks = timedelta(days=7 * ceil(_days(now) / 7))
            return TimeRange(start=now.start - weeks, end=now.end - weeks)
        assert named.start and named.end
        if now.end == asked.end:
            return named
        return TimeRange(start=named.start, end=min(named.end, named.start + (now.end - now.start)))


def _days(span: TimeRange) -> int:
    assert span.start and span.end
    return (span.end - span.start).days + 1


def say_span(span: TimeRange) -> str:
    """A time within a sentence: Jun 2026, the days from 2026-07-01 to 2026-07-09."""
    assert span.start and span.end
    unit = whole_unit(span)
    if unit in ("month", "quarter", "year"):
        return say_period(span.start, Grain(unit))
    return str(span.start) if span.start == span.end else f"the days from {span.start} to {span.end}"


def column_of(name: str, label: str, metric: Metric | None = None, *, kind: str = "metric") -> AnswerColumn:
    """A column of an answer: of figures of a metric, else of texts, days or shares."""
    if metric is None:
        shown = {"time": "date", "share": "percent"}.get(kind)
        known = {"time": "time", "share": "metric"}.get(kind, "dimension")
        return AnswerColumn.model_validate({"name": name, "label": label, "kind": known, "format": shown})
    said = say_metric(metric)
    return AnswerColumn(name=name, label=label, kind="metric", format=said.format, unit=said.unit)


def day_text(day: date | None) -> str | None:
    """A day as an answer has it."""
    return None if day is None else day.isoformat()
