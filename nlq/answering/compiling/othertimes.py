"""The same figures by another time, where a metric's own time is one day that is not asked for.

A table without a time of its own is often given the day of its extract, so that it has figures at all. "Cars produced
in 1974" then asks for nothing by that day, and for something by the year of the model.
Belongs here: which times these are, and the plans by them. Does not belong here: which days are known
(``tables``), or what words say of a time (``planning``).
"""

from __future__ import annotations

from collections.abc import Iterator

from nlq.answering.tables.coverage import Known
from nlq.core.outcome import MOST_CHOICES
from nlq.core.plan import DimensionFilter, Operator, Plan, TimeRange
from nlq.core.vocabulary import Dimension, Vocabulary

ONE_DAY = "All of it is of one day, which is not the time that is asked for. Which other time do you mean?"


class OneDayError(Exception):
    """Nothing is known of the time that is asked for, for all data are of one day; `plans` go by other times."""

    def __init__(self, plans: tuple[Plan, ...]) -> None:
        """Keep them."""
        super().__init__("all data are of one day")
        self.plans = plans


def other_times(plan: Plan, vocabulary: Vocabulary) -> list[Dimension]:
    """The times and years that a plan's figures could go by instead of their own time; years first."""
    metrics = [vocabulary.metrics[name] for name in plan.metrics]
    own = {metric.time_names[1] for metric in metrics if len(metric.time_names) > 1}
    terms = [vocabulary.dimensions[name] for name in vocabulary.shared_dimensions(plan.metrics)]
    found = [term for term in terms if (term.is_time or term.is_year) and term.label not in own]
    return sorted(found, key=lambda term: (not term.is_year, term.label))


def refuse_one_day(plan: Plan, known: Known | None, vocabulary: Vocabulary) -> None:
    """Refuse a time of which nothing can be known, where the figures could go by another one.

    Raises:
        OneDayError: all data are of one day, which is not asked for, and there is another time.
    """
    asked = plan.time_range
    if known is None or asked is None or plan.time_of or plan.comparison or known.start is None:
        return
    if known.start != known.end or not known.misses(asked):
        return
    plans = tuple(one for term in other_times(plan, vocabulary) for one in _by(plan, term, asked))
    if plans:
        raise OneDayError(plans[:MOST_CHOICES])


def _by(plan: Plan, term: Dimension, asked: TimeRange) -> Iterator[Plan]:
    if term.is_time:
        yield Plan(**{**dict(plan), "time_of": term.name})
    elif plan.grain is None and _is_whole_years(asked):
        bounds = ((Operator.GE, asked.start), (Operator.LE, asked.end))
        years = (DimensionFilter(dimension=term.name, operator=o, values=(day.year,)) for o, day in bounds if day)
        yield Plan(**{**dict(plan), "time_range": None, "filters": (*plan.filters, *years)})


def _is_whole_years(asked: TimeRange) -> bool:
    begins = asked.start is None or (asked.start.month, asked.start.day) == (1, 1)
    return begins and (asked.end is None or (asked.end.month, asked.end.day) == (12, 31))
