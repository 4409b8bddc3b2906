"""Typed filters and how they become SQL.

A value never meets a template: the condition that MetricFlow's Jinja sees holds numbered placeholders, and the
values are put in as SQL literals after MetricFlow is done. So no value can be read as Jinja or as SQL, and the
compiled template serves every value.

Belongs here: filters, placeholders, literals. Does not belong here: which dimensions exist (``manifest``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from lakehouse_assets.lakehouse import sql
from semantic.errors import SemanticError

Value = str | bool | int | float | Decimal | date | datetime

_COMPARISONS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_ALIASES = {"is_not_null": "not_null"}
#: operator -> least and most number of values (None: any number)
_ARITY: dict[str, tuple[int, int | None]] = {
    "eq": (1, 1),
    "ne": (1, 1),
    "in": (1, None),
    "not_in": (1, None),
    "gt": (1, 1),
    "ge": (1, 1),
    "lt": (1, 1),
    "le": (1, 1),
    "between": (2, 2),
    "contains": (1, 2),
    "is_null": (0, 0),
    "not_null": (0, 0),
}
OPERATORS = tuple(_ARITY)
_PLACEHOLDER = re.compile(r"'__asklake_value_(\d+)__'")


@dataclass(frozen=True)
class Filter:
    """Rows to keep, by one dimension; or groups to keep, where ``dimension`` names a requested metric.

    ``ne`` and ``not_in`` keep rows without a value, so that a filter and its opposite add up to everything.
    ``between`` includes both ends. ``contains`` ignores case; of two texts, one in the value is enough.

    Raises:
        SemanticError: an unknown operator, the wrong number of values, or a value SQL has no literal for.
    """

    dimension: str
    operator: str
    values: tuple[Value, ...] = ()

    def __post_init__(self) -> None:
        """Check what needs no catalog."""
        object.__setattr__(self, "operator", _ALIASES.get(self.operator, self.operator))
        object.__setattr__(self, "values", tuple(self.values))
        if self.operator not in _ARITY:
            raise SemanticError(f"there is no operator '{self.operator}': use one of {', '.join(OPERATORS)}")
        least, most = _ARITY[self.operator]
        if len(self.values) < least or (most is not None and len(self.values) > most):
            wanted = f"{least}" if least == most else f"at least {least}"
            raise SemanticError(
                f"filter on '{self.dimension}': '{self.operator}' takes {wanted} value(s), not {len(self.values)}"
            )
        for value in self.values:
            literal(value)

    @property
    def shape(self) -> tuple[str, str, bool]:
        """What the SQL of the filter depends on besides its values."""
        return self.dimension, self.operator, self._is_single

    @property
    def _is_single(self) -> bool:
        return len(self.values) == 1

    def condition(self, left: str, first: int) -> tuple[str, list[str]]:
        """A condition on ``left`` with placeholders numbered from ``first``, and the SQL each stands for."""
        if self.operator in ("is_null", "not_null"):
            return f"{left} IS {'NOT ' if self.operator == 'not_null' else ''}NULL", []
        a = placeholder(first)
        if self.operator == "between":
            texts = [literal(value) for value in self.values]
            return f"{left} BETWEEN {a} AND {placeholder(first + 1)}", texts
        if self.operator == "contains":
            texts = [literal(value) for value in self.values]
            found = [_CONTAINS.format(left=left, a=placeholder(first + n)) for n in range(len(texts))]
            return found[0] if len(found) == 1 else f"({' OR '.join(found)})", texts
        joined = ", ".join(literal(value) for value in self.values)
        return _TEMPLATES[self.operator].format(left=left, a=a), [joined]


_CONTAINS = "STRPOS(LOWER(CAST({left} AS VARCHAR)), LOWER({a})) > 0"
_TEMPLATES = {
    "eq": "{left} = {a}",
    "in": "{left} IN ({a})",
    "ne": "({left} <> {a} OR {left} IS NULL)",
    "not_in": "({left} NOT IN ({a}) OR {left} IS NULL)",
    **{name: f"{{left}} {sign} {{a}}" for name, sign in _COMPARISONS.items()},
}


def placeholder(number: int) -> str:
    """The text that stands for a value in a template: an SQL string, so that the template is SQL as well."""
    return f"'__asklake_value_{number}__'"


def fill(template: str, texts: Sequence[str] | Mapping[int, str]) -> str:
    """Put SQL texts in place of placeholders, in one pass: what was put in is not looked at again."""
    return _PLACEHOLDER.sub(lambda match: texts[int(match.group(1))], template)


def literal(value: Value) -> str:
    """A value as an SQL literal that DuckDB and Trino read alike.

    Raises:
        SemanticError: the value has no literal: a NUL character, half a surrogate pair, infinity, another type.
    """
    for kind, render in _LITERALS:
        if isinstance(value, kind):
            return render(value)
    raise SemanticError(f"a filter cannot compare with a {type(value).__name__}: use text, number, date or boolean")


def _string(value: str) -> str:
    if "\x00" in value:
        raise SemanticError("a filter value must not contain the NUL character")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise SemanticError("a filter value is not valid Unicode") from error
    return sql.literal(value)


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise SemanticError("a filter value must be a finite number")
    return f"CAST('{value!r}' AS DOUBLE)"


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise SemanticError("a filter value must be a finite number")
    return f"{value:f}"


def _datetime(value: datetime) -> str:
    if value.tzinfo is not None:
        raise SemanticError("a filter value's time must be UTC without a zone")
    return f"TIMESTAMP '{value.isoformat(sep=' ')}'"


# bool before int and datetime before date: each is a kind of the other.
_LITERALS: tuple[tuple[type, Callable[..., str]], ...] = (
    (bool, lambda value: "TRUE" if value else "FALSE"),
    (int, str),
    (float, _float),
    (Decimal, _decimal),
    (datetime, _datetime),
    (date, lambda value: f"DATE '{value.isoformat()}'"),
    (str, _string),
)
