"""What a person decides of a draft: names, types, the key, the time, and what the files do not tell.

Belongs here: the decisions, and whether they fit the fields of a file. Does not belong here: what a draft makes of them
(design), or who may decide (service).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from lakehouse_assets.drafting import naming
from lakehouse_assets.drafting.columns import COMMA, PLAIN, Finding

ColumnType = Literal["VARCHAR", "BIGINT", "DECIMAL(18,4)", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"]
TYPES: tuple[ColumnType, ...] = get_args(ColumnType)
MOST = 300
"""Fields that anything can be decided of."""
_DAY_FIRST, _MONTH_FIRST = "%d/%m", "%m/%d"
_NUMBERS = ("BIGINT", "DECIMAL(18,4)", "DOUBLE")


class EditsError(ValueError):
    """A decision does not fit the file; the text says which, and what would."""


class Edits(BaseModel):
    """What a person decided of a draft; what is not named stays as it was drafted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    names: dict[str, str] = Field(default={}, max_length=MOST, description="Field of the file to its column.")
    types: dict[str, ColumnType] = Field(default={}, max_length=MOST, description="Field to the type of its column.")
    key: list[str] | None = Field(
        default=None, max_length=MOST,
        description="Fields that make two records copies; none: all fields, and equal records of one file are several.",
    )  # fmt: skip
    time: str | None = Field(default=None, max_length=500, description="Field that tells the day of a record.")
    month_first: bool | None = Field(
        default=None, description="Whether the month stands before the day in times like 03/04/2026."
    )
    decimal_comma: bool | None = Field(
        default=None, description="Whether the point stands between thousands in numbers like 1.500."
    )
    confirmed: list[str] = Field(
        default=[], max_length=50, description="What the draft asks of the lines of the file, and may stay as drafted."
    )

    def applied(self, found: Sequence[Finding], bare: dict[str, str]) -> list[Finding]:
        """The findings as they were decided; `bare` is the expression that reads each field as it is."""
        return [self._applied(finding, bare[finding.field]) for finding in found]

    def _applied(self, found: Finding, bare: str) -> Finding:
        if found.rivals and self.month_first is not None:
            formats = tuple(_turned(form, month_first=self.month_first) for form in found.date_formats)
            found = replace(found, date_formats=formats, rivals=())
        if found.either and self.decimal_comma is not None:
            found = replace(found, signs=COMMA if self.decimal_comma else PLAIN, either=False)
        kind = self.types.get(found.field, found.type)
        if kind == found.type:
            return found
        if _is_time(kind) and found.is_time:
            return replace(found, type=kind)
        if kind in _NUMBERS and found.is_number and found.expression == found.as_number[0]:
            return replace(found, type=kind)
        plain = replace(found, type=kind, expression=bare, date_formats=(), rivals=(), signs=PLAIN, either=False)
        if kind in _NUMBERS:
            expression, signs = found.as_number
            return replace(plain, expression=expression, signs=signs)
        if _is_time(kind):
            return replace(plain, date_formats=found.as_time)
        return replace(plain, null_marks=())

    def refuse_unfit(self, fields: Sequence[str], columns: Sequence[str]) -> None:
        """Refuse decisions that no table can be made of.

        Args:
            fields: The fields of the file.
            columns: The columns that would be made, in order.

        Raises:
            EditsError: a field is none of the file's, or a name is no column's, or is given twice.
        """
        known = set(fields)
        said = [*self.names, *self.types, *(self.key or []), *([self.time] if self.time else [])]
        if strange := next((field for field in said if field not in known), None):
            raise EditsError(f"The file has no field “{strange[:100]}”; it has {', '.join(fields[:20])}.")
        for name in self.names.values():
            if not naming.is_valid(name) or len(name) > naming.MAX_NAME:
                raise EditsError(
                    f"“{name[:100]}” cannot be a column: small letters, digits and _, a letter first, at most "
                    f"{naming.MAX_NAME}; for example {naming.snake(name)}."
                )
            if name in naming.reserved():
                raise EditsError(f"“{name}” cannot be a column, for it means something already; add a word to it.")
        if twice := [name for name, times in Counter(columns).items() if times > 1]:
            raise EditsError(f"Two columns are called {twice[0]}; give one of them another name.")


def _is_time(kind: str) -> bool:
    return kind in ("DATE", "TIMESTAMP")


def _turned(form: str, *, month_first: bool) -> str:
    """A format of times with day and month in the other order, where it has them in the wrong one."""
    here, there = (_DAY_FIRST, _MONTH_FIRST) if month_first else (_MONTH_FIRST, _DAY_FIRST)
    return there + form[len(here) :] if form.startswith(here) else form
