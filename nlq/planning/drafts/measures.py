"""What kind of figure a metric is: an amount or not, a duration or not, and thresholds in its units.

Nothing here knows a metric by name: only its label, format and unit are looked at.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from nlq.core.vocabulary import Metric
from nlq.english.forms import OCCURRENCE, singular, stem
from nlq.english.general import GAINS, LOSSES, UNITS
from nlq.english.tokens import words_of
from nlq.planning.drafts.draft import NotReadableError
from nlq.planning.drafts.mentions import Bound

_NOT_AMOUNTS = {
    stem(word)
    for word in ("average", "rate", "median", "percentile", "mean", "growth", "change", "share", "longest", "shortest")
}


def is_amount(metric: Metric) -> bool:
    """Whether the metric is a count or a sum, not an average or a rate."""
    said = {stem(word) for word in (*words_of(metric.label), *words_of(metric.name))}
    return not metric.is_ratio and not said & _NOT_AMOUNTS and " per " not in f" {metric.label.lower()} "


def good_end(metric: Metric) -> str | None:
    """Which end of a figure is good, highest or lowest: as the layer says, or as a number of such things is anywhere.

    None where neither tells.
    """
    if metric.direction in ("up", "down"):
        return "highest" if metric.direction == "up" else "lowest"
    said = {singular(word) for word in words_of(metric.label.lower())}
    gains, losses = bool(said & GAINS), bool(said & LOSSES)
    if gains is losses or not is_amount(metric):
        return None
    return "highest" if gains else "lowest"


def check_age(said: str, metrics: Iterable[Metric]) -> None:
    """Let an age be told of figures alone whose time is when a thing began, or of which the layer names no time.

    Raises:
        NotReadableError: the metric goes by another time, as when a thing ended or the end of a day.
    """
    for metric in metrics:
        named = {word for text in metric.time_names[:2] for word in words_of(text)}
        if named and not named & OCCURRENCE:
            time = metric.time_names[1]
            reason = f"{metric.label} goes by {time}, which tells no age: say from or up to which day of it."
            raise NotReadableError(2, reason, said, final=True)


def duration_unit(metric: Metric) -> str | None:
    """The unit of a duration metric: minute, hour, day or week; None for any other metric."""
    said = (metric.unit or "", metric.format or "", *words_of(metric.label), *words_of(metric.name))
    return next((singular(word.lower()) for word in said if singular(word.lower()) in UNITS), None)


def in_units_of(bound: Bound, value: float, metric: Metric) -> float:
    """A number of a threshold in the metric's own unit.

    Raises:
        NotReadableError: the metric is not counted in the unit that was said, or no figure is as large as that.
    """
    converted = _converted(bound, value, metric)
    if not math.isfinite(converted):
        raise NotReadableError(2, f"No {metric.label} is as large as that.", bound.unit or "", final=True)
    return converted


def _converted(bound: Bound, value: float, metric: Metric) -> float:
    if bound.unit:
        unit = duration_unit(metric)
        if unit is None:
            raise NotReadableError(2, f"{metric.label} is not counted in {bound.unit}s.", bound.unit, final=True)
        return value * UNITS[bound.unit] / UNITS[unit]
    if bound.percent and not metric.is_ratio:
        raise NotReadableError(2, f"{metric.label} is not a percentage.", "%", final=True)
    in_percent = bound.percent or (metric.is_ratio and value > 1)
    return value / 100 if in_percent else value
