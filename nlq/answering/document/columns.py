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

    ``adds`` is true where the figures of rows add up to that of all. ``names`` says what the codes among its values are
    called, by code as text; a filter takes the code.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    label: str
    kind: Literal["time", "dimension", "metric"]
    format: str | None = None
    unit: str | None = None
    adds: bool = False
    names: dict[str, str] = {}

    def named(self, value: Any) -> str | None:
        """The name of a code; None where it has none but itself."""
        return self.names.get(str(value)) if self.names and value is not None else None


def with_names(
    columns: Sequence[AnswerColumn], rows: Sequence[Sequence[Any]], vocabulary: Vocabulary
) -> tuple[AnswerColumn, ...]:
    """The columns with what the codes in their rows are called."""
    found = []
    for place, column in enumerate(columns):
        dimension = vocabulary.dimensions.get(column.name) if column.kind == "dimension" else None
        values = {row[place] for row in rows} if dimension else ()
        names = {str(value): name for value in values if dimension and (name := dimension.names.of(value))}
        found.append(column.model_copy(update={"names": dict(sorted(names.items()))}) if names else column)
    return tuple(found)


def with_names_beside(
    columns: Sequence[AnswerColumn], rows: Sequence[Sequence[Any]]
) -> tuple[list[AnswerColumn], list[list[Any]]]:
    """Columns and rows for files: beside each column of codes that have names one of these names."""
    wide, places = list[AnswerColumn](), list[tuple[int, bool]]()
    for place, column in enumerate(columns):
        wide.append(column)
        places.append((place, False))
        if column.names:
            wide.append(column.model_copy(update={"name": f"{column.name}__name", "label": f"{column.label}, name"}))
            places.append((place, True))
    return wide, [
        [columns[place].named(row[place]) if is_name else row[place] for place, is_name in places] for row in rows
    ]


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
