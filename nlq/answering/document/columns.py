"""Columns and cells of an answer: what a plan's columns are called, and values as documents carry them.

Belongs here: columns and cells. Does not belong here: the SQL that gives them (``compiling``), words (``wording``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from nlq.core.columns import key_columns, time_column, value_columns
from nlq.core.plan import Plan
from nlq.core.vocabulary import TIME_DIMENSION, Vocabulary
from nlq.wording.explain import say_key, say_value


class AnswerColumn(BaseModel):
    """A column of the answer; ``kind`` is time, dimension or metric.

    ``adds`` is true where the figures of rows add up to that of all.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    label: str
    kind: Literal["time", "dimension", "metric"]
    format: str | None = None
    unit: str | None = None
    adds: bool = False


def columns_of(plan: Plan, vocabulary: Vocabulary, values: Sequence[str]) -> tuple[AnswerColumn, ...]:
    """The columns of a plan's answer: keys first, then the figures that are shown."""
    columns = []
    step = time_column(plan)
    for name in key_columns(plan):
        if name == step:
            said = say_key(TIME_DIMENSION, plan, vocabulary)
            columns.append(AnswerColumn(name=name, label=said[:1].upper() + said[1:], kind="time", format="date"))
        elif name in plan.metrics:
            said = say_value(name, plan, vocabulary)
            columns.append(
                AnswerColumn(name=name, label=said.label, kind="dimension", format=said.format, unit=said.unit)
            )
        else:
            columns.append(AnswerColumn(name=name, label=vocabulary.dimensions[name].label, kind="dimension"))
    for name in values:
        said = say_value(name, plan, vocabulary)
        adds = _adds(name, plan, vocabulary)
        columns.append(
            AnswerColumn(name=name, label=said.label, kind="metric", format=said.format, unit=said.unit, adds=adds)
        )
    return tuple(columns)


def _adds(name: str, plan: Plan, vocabulary: Vocabulary) -> bool:
    if name in vocabulary.metrics:
        return vocabulary.metrics[name].additive and not plan.average
    return bool(plan.share) and vocabulary.metrics[plan.metrics[0]].additive


MASK = "•••"
"""What is shown in place of a value that the asker may not see."""


def shown_values(plan: Plan, rows: Sequence[Mapping[str, Any]], vocabulary: Vocabulary) -> tuple[str, ...]:
    """The figures that are shown: of records that each count as one, that is not worth a column."""
    kind = vocabulary.metrics[plan.metrics[0]].rows
    if plan.records and kind and kind.counts and all(row[plan.metrics[0]] == 1 for row in rows):
        return ()
    return value_columns(plan)


def by_meaning(plan: Plan, row: dict[str, Any]) -> dict[str, Any]:
    """The row with its step of time under the name the explanation knows."""
    step = time_column(plan)
    return {TIME_DIMENSION if name == step else name: value for name, value in row.items()}


def plain_value(value: Any) -> Any:
    """A value that JSON can carry: decimals as numbers, times as ISO text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        at_midnight = value.time() == datetime.min.time()
        return value.date().isoformat() if at_midnight else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else value
