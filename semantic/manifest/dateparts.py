"""Parts of the calendar that recur: the weekday, the month of the year, counted over all years together.

Belongs here: their names and numbers, and which metrics have them. Does not belong here: how an engine computes them
(MetricFlow renders ``EXTRACT``), names of days and months for people (``nlq.core.dateparts``).

A weekday is 1 (Monday) to 7 (Sunday) in every dialect.
"""

from __future__ import annotations

from collections.abc import Mapping

from semantic.errors import SemanticError
from semantic.manifest.catalog import GRAINS, METRIC_TIME, MetricDefinition

_PREFIX = f"{METRIC_TIME}__extract_"
#: part, as MetricFlow calls it -> the coarsest step of time that still tells it
_COARSEST: Mapping[str, str] = {"dow": "day", "day": "day", "month": "month", "quarter": "quarter"}
LABELS: Mapping[str, str] = {
    "dow": "Weekday",
    "day": "Day of the month",
    "month": "Month of the year",
    "quarter": "Quarter of the year",
}
DATE_PARTS: Mapping[str, str] = {f"{_PREFIX}{part}": part for part in _COARSEST}
"""Dunder name, as MetricFlow names the column (``metric_time__extract_dow``), to part."""


def date_parts_of(metric: MetricDefinition) -> tuple[str, ...]:
    """Dunder names of the parts that a metric can be grouped and filtered by."""
    return tuple(name for name, part in DATE_PARTS.items() if _why_not(metric, part) is None)


def check_date_part(metric: MetricDefinition, name: str) -> None:
    """Refuse a part that the metric does not have.

    Raises:
        SemanticError: why, and what to group by instead.
    """
    reason = _why_not(metric, DATE_PARTS[name])
    if reason:
        raise SemanticError(f"'{metric.name}' {reason}")


def group_by_item(name: str) -> str:
    """A dunder name as MetricFlow reads it in a request: it writes names of date parts, but does not read them."""
    part = DATE_PARTS.get(name)
    return f"TimeDimension('{METRIC_TIME}', date_part_name='{part}')" if part else name


def date_part_in_filter(name: str) -> str:
    """A date part as the left side of a MetricFlow filter."""
    return f"{{{{ {group_by_item(name)} }}}}"


def _why_not(metric: MetricDefinition, part: str) -> str | None:
    label, instead = LABELS[part].lower(), f"group it by time, as in grain {metric.min_grain}"
    if metric.is_cumulative or metric.needs_time:
        return f"exists per period only, so it has no {label}: {instead}"
    if not metric.adds_up:
        return f"is taken at a moment of each period, so it has no {label}: {instead}"
    if metric.min_grain in GRAINS and GRAINS.index(metric.min_grain) > GRAINS.index(_COARSEST[part]):
        return f"is known by {metric.min_grain} at best, so it has no {label}: {instead}"
    return None
