"""Words for people about plans and answers.

Belongs here: a plan as a question, filters and metrics in words, numbers formatted, the one-sentence answer.
Does not belong here: deciding anything; every number in a sentence comes from the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from nlq.plan import DimensionFilter, Operator, Plan, Threshold, TimeRange
from nlq.vocabulary import TIME_DIMENSION, Metric, Vocabulary

_COMPARE = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most", "eq": "exactly"}


def as_question(plan: Plan, vocabulary: Vocabulary) -> str:
    """The plan as a question in plain words, e.g. "Complaints by Ward where Status is CLOSED"."""
    metrics = " and ".join(vocabulary.metrics[name].label for name in plan.metrics)
    parts = [_rank_words(plan, vocabulary) or metrics + _group_words(plan, vocabulary)]
    if plan.filters:
        shown = [say_filter(f, vocabulary) for f in plan.filters if not _is_rank_guard(f, plan)]
        parts.extend(f"{'where' if n == 0 else 'and'} {text}" for n, text in enumerate(shown))
    parts.extend(f"with {say_threshold(bound, vocabulary)}" for bound in plan.having)
    if plan.time_range:
        parts.append(say_time(plan.time_range))
    return " ".join(part for part in parts if part)


def _group_words(plan: Plan, vocabulary: Vocabulary) -> str:
    names = [vocabulary.dimensions[name].label for name in plan.group_by]
    names += [plan.grain.value] if plan.grain else []
    return f" by {' and '.join(names)}" if names else ""


def _rank_words(plan: Plan, vocabulary: Vocabulary) -> str:
    if not (plan.ties and plan.order_by):
        return ""
    names = [vocabulary.dimensions[name].label for name in plan.group_by]
    names += [plan.grain.value] if plan.grain else []
    key = plan.order_by[0]
    end = "top" if key.descending else "bottom"
    label = vocabulary.metrics[key.field].label
    if plan.limit == 1:
        return f"{' and '.join(names)} with the {'highest' if key.descending else 'lowest'} {label}"
    return f"{end} {plan.limit} {' and '.join(names)} by {label}"


def _is_rank_guard(item: DimensionFilter, plan: Plan) -> bool:
    return plan.ties and item.operator is Operator.IS_NOT_NULL


def say_time(chosen: TimeRange) -> str:
    """A time range as it may stand in a question."""
    if chosen.start and chosen.end:
        return f"on {chosen.start}" if chosen.start == chosen.end else f"from {chosen.start} to {chosen.end}"
    return f"since {chosen.start}" if chosen.start else f"until {chosen.end}"


def say_filter(item: DimensionFilter, vocabulary: Vocabulary) -> str:
    """One filter in words."""
    label = vocabulary.dimensions[item.dimension].label if item.dimension in vocabulary.dimensions else item.dimension
    values = " or ".join(format_value(value) for value in item.values)
    signs = {
        Operator.IN: f"{label} is {values}",
        Operator.NOT_IN: f"{label} is not {values}",
        Operator.GT: f"{label} is after {values}",
        Operator.GE: f"{label} is at least {values}",
        Operator.LT: f"{label} is before {values}",
        Operator.LE: f"{label} is at most {values}",
        Operator.IS_NULL: f"{label} is unknown",
        Operator.IS_NOT_NULL: f"{label} is known",
    }
    return signs[item.operator]


def say_threshold(bound: Threshold, vocabulary: Vocabulary) -> str:
    """One threshold in words."""
    metric = vocabulary.metrics[bound.metric]
    return f"{_COMPARE[bound.comparator.value]} {format_value(bound.value, metric)} {metric.label}"


def say_definitions(plan: Plan, vocabulary: Vocabulary) -> dict[str, str]:
    """Label and description of every metric of the plan."""
    chosen = [vocabulary.metrics[name] for name in plan.metrics]
    return {metric.label: metric.description or "(no description)" for metric in chosen}


def say_filters(plan: Plan, vocabulary: Vocabulary) -> list[str]:
    """Everything that narrows the answer, in words."""
    said = [say_filter(item, vocabulary) for item in plan.filters]
    said += [say_threshold(bound, vocabulary) for bound in plan.having]
    return [*said, say_time(plan.time_range)] if plan.time_range else said


# --- values


def format_value(value: Any, metric: Metric | None = None) -> str:
    """A cell for people: thousands separated, rates in percent, dates in ISO, nothing as an em dash."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return _format_number(value, metric)
    return str(value)


def _format_number(value: float | Decimal, metric: Metric | None) -> str:
    if metric and metric.is_ratio:
        return f"{float(value) * 100:,.1f} %"
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    return f"{value:,.2f}"


# --- the sentence


def sentence(plan: Plan, rows: Sequence[Mapping[str, Any]], vocabulary: Vocabulary) -> str:
    """One sentence that answers the question; rows are dicts by metric and dimension name."""
    metric = vocabulary.metrics[plan.metrics[0]]
    scope = f" {say_time(plan.time_range)}" if plan.time_range else ""
    if not rows:
        return f"Nothing matches: no {metric.label}{scope}."
    keys = [TIME_DIMENSION] * bool(plan.grain) + list(plan.group_by)
    if not keys:
        return _one_row(plan, rows[0], vocabulary, scope)
    if plan.ties and plan.limit == 1:
        return _winner(plan, rows, keys, vocabulary, scope)
    return _many_rows(plan, rows, keys, vocabulary, scope)


def _one_row(plan: Plan, row: Mapping[str, Any], vocabulary: Vocabulary, scope: str) -> str:
    said = []
    for name in plan.metrics:
        metric = vocabulary.metrics[name]
        value = row[name]
        said.append(f"{metric.label}{scope}: {'no data' if value is None else format_value(value, metric)}")
    return "; ".join(said) + "."


def _winner(plan: Plan, rows: Sequence[Mapping[str, Any]], keys: list[str], vocabulary: Vocabulary, scope: str) -> str:
    order = plan.order_by[0]
    metric = vocabulary.metrics[order.field]
    end = "highest" if order.descending else "lowest"
    names = [_name_of(row, keys) for row in rows]
    if len(names) > 5:
        return f"{len(names)} tie for the {end} {metric.label}{scope}: {format_value(rows[0][order.field], metric)}."
    verb = "has" if len(names) == 1 else "tie for"
    return (
        f"{' and '.join(names)} {verb} the {end} {metric.label}{scope}: {format_value(rows[0][order.field], metric)}."
    )


def _many_rows(
    plan: Plan, rows: Sequence[Mapping[str, Any]], keys: list[str], vocabulary: Vocabulary, scope: str
) -> str:
    name = plan.order_by[0].field if plan.order_by and plan.order_by[0].field in plan.metrics else plan.metrics[0]
    metric = vocabulary.metrics[name]
    known = [row for row in rows if row[name] is not None]
    shown = "1 row" if len(rows) == 1 else f"{len(rows):,} rows"
    if not known:
        return f"{metric.label}{scope}: {shown}, none with a value."
    high, low = max(known, key=lambda row: row[name]), min(known, key=lambda row: row[name])
    text = f"{metric.label}{scope}, {shown}: highest {_name_of(high, keys)} with {format_value(high[name], metric)}"
    if high[name] == low[name]:
        return text + "."
    return text + f", lowest {_name_of(low, keys)} with {format_value(low[name], metric)}."


def _name_of(row: Mapping[str, Any], keys: Sequence[str]) -> str:
    return ", ".join(format_value(row[key]) for key in keys)
