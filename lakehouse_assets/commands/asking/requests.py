"""What is typed after `asklake query`, as a plan.

Belongs here: splitting lists, reading filters, finding the dimension a short name means.
Does not belong here: whether the plan is allowed (nlq.core.guard), or running it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from pydantic import ValidationError

from lakehouse_assets.commands.failures import CommandError, Exit
from nlq.core.naming import AmbiguousNameError, full_name
from nlq.core.plan import Comparison, DimensionFilter, Grain, Operator, OrderBy, Plan, Share, TimeRange, problem_of

_FILTER = re.compile(r"^\s*([\w.]+)\s*(!=|>=|<=|=|>|<|~)\s*(.*?)\s*$", re.DOTALL)
_OPERATORS = {"=": "in", "!=": "not_in", ">": "gt", ">=": "ge", "<": "lt", "<=": "le", "~": "contains"}
_TIME = "metric_time"


@dataclass(frozen=True)
class Request:
    """The options of `asklake query` as they were typed."""

    metrics: str
    group_by: str = ""
    where: tuple[str, ...] = ()
    grain: str | None = None
    first: date | None = None
    last: date | None = None
    order_by: str = ""
    limit: int = 100
    compare: str | None = None
    share: bool = False
    records: bool = False
    skip: int = 0

    @property
    def metric_names(self) -> tuple[str, ...]:
        """The metrics asked for."""
        return tuple(_list(self.metrics))

    def plan(self, dimensions: Iterable[str]) -> Plan:
        """The plan that the options mean.

        Args:
            dimensions: Full names of the dimensions these metrics have, for short names.

        Raises:
            CommandError: an option cannot be read.
        """
        known = sorted(dimensions)
        metrics = self.metric_names
        groups = [_dimension(name, known) for name in _list(self.group_by)]
        try:
            return Plan(
                metrics=metrics,
                group_by=tuple(g for g in groups if g != _TIME),
                filters=filters_of(self.where, known),
                time_range=TimeRange(start=self.first, end=self.last) if self.first or self.last else None,
                grain=self._grain(_TIME in groups),
                comparison=self._comparison(),
                share=Share() if self.share else None,
                order_by=tuple(_order(text, metrics, known) for text in _list(self.order_by)),
                limit=self.limit,
                records=self.records,
                skip=self.skip,
            )
        except ValidationError as error:
            raise CommandError(problem_of(error), "", Exit.USAGE) from error

    def _grain(self, grouped: bool) -> Grain | None:
        if not self.grain:
            return Grain.DAY if grouped else None
        if self.grain not in list(Grain):
            raise CommandError(f"'{self.grain}' is not a grain", "choose day, week, month, quarter or year", Exit.USAGE)
        return Grain(self.grain)

    def _comparison(self) -> Comparison | None:
        if self.compare and self.compare not in list(Comparison):
            raise CommandError(
                f"'{self.compare}' is not a comparison", "choose previous_period or previous_year", Exit.USAGE
            )
        return Comparison(self.compare) if self.compare else None


def filters_of(texts: Iterable[str], dimensions: Iterable[str]) -> tuple[DimensionFilter, ...]:
    """The filters that were typed, as "dimension=value"; short names of these dimensions are said in full.

    Raises:
        CommandError: one cannot be read.
    """
    known = sorted(dimensions)
    return tuple(_filter(text, known) for text in texts)


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _dimension(name: str, known: list[str]) -> str:
    try:
        return full_name(name, known)
    except AmbiguousNameError as error:
        hint = f"say {' or '.join(error.found)}"
        raise CommandError(f"'{name}' is the short name of several dimensions", hint, Exit.USAGE) from error


def _filter(text: str, known: list[str]) -> DimensionFilter:
    match = _FILTER.match(text)
    if not match:
        raise CommandError(
            f"--where {text!r} is not a filter", 'write "dimension=value", or "dimension=a|b"', Exit.USAGE
        )
    name, sign, rest = match.groups()
    values = tuple(_value(part.strip()) for part in rest.split("|")) if sign in ("=", "!=") else (_value(rest),)
    if values == ("null",):
        operator = Operator.IS_NULL if sign == "=" else Operator.IS_NOT_NULL
        return DimensionFilter(dimension=_dimension(name, known), operator=operator)
    return DimensionFilter(dimension=_dimension(name, known), operator=Operator(_OPERATORS[sign]), values=values)


def _value(text: str) -> str | bool:
    """A value as it was typed; in quotes, with the blanks around it."""
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return text[1:-1]
    return {"true": True, "false": False}.get(text.lower(), text)


def _order(text: str, metrics: tuple[str, ...], known: list[str]) -> OrderBy:
    name = text.removeprefix("-")
    return OrderBy(field=name if name in metrics else _dimension(name, known), descending=text.startswith("-"))
