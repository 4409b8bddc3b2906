"""What the fields of a sample hold: the type that fits them, how their text is read, how many values there are.

Belongs here: findings about one field at a time. Does not belong here: what a domain makes of them (design).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from math import prod
from typing import Any

import duckdb

from lakehouse_assets.drafting import naming
from lakehouse_assets.drafting.samples.sampling import Sample
from lakehouse_assets.ingest.values.times import TimeStyle, fits, moment, written
from lakehouse_assets.lakehouse.engines.instances import open_closed
from lakehouse_assets.lakehouse.sql import literal, quoted

TIME_SHARE, NUMBER_SHARE = 0.6, 0.98
"""Share of the values that must fit; of times fewer, for hardly anything else looks like one."""
ONCE_SHARE = 0.9
"""Share of the records that must come once, so that the others are copies and not the rule."""
EXAMPLES = 3
DATE_FORMATS = tuple(
    f"{day}{time}"
    for day in ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y",
                "%b %d %Y", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%d-%b-%y")
    for time in ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
)  # fmt: skip
MORE_FORMATS, MORE_SHARE = 3, 0.005
"""How many formats a field may have beside its first, and the share of its values that each must add."""
PLAIN, COMMA = (".", ""), (",", ".")
"""Decimal and thousands sign of numbers as SQL has them, and as much of Europe and South America write them."""
NULL_MARKS = ("NULL", "null", "N/A", "n/a", "NA", "#N/A", "\\N", "None", "nan", "NaN", "?")
_TESTS = {
    "iso": f"({moment('v', TimeStyle())}) is not null",
    "midnight": "regexp_full_match(v, '.{10}([ T]00:00:00)?')",
    "dated": "regexp_matches(v, '^(\\d{1,4}[./-]\\d{1,2}[./-]\\d{1,4}|\\d{1,2}[ -][A-Za-z]{3}|[A-Za-z]{3} \\d)')",
    "flag": "lower(v) in ('true', 'false', 'yes', 'no', 't', 'f', 'y', 'n')",
    "whole_double": "regexp_full_match(v, '\\d+\\.0')",
    "leading_zero": "regexp_matches(v, '^0\\d')",
    "epoch": "try_cast(v as bigint) between 900000000 and 2500000000",
    "epoch_ms": "try_cast(v as bigint) between 900000000000 and 2500000000000",
    "integer": "regexp_full_match(v, '[+-]?(0|[1-9]\\d{0,17})')",
    "decimal": "regexp_full_match(v, '[+-]?(0|[1-9]\\d{0,13})(\\.\\d{1,4})?')",
    "double": "regexp_full_match(v, '[+-]?\\d+(\\.\\d+)?([eE][+-]?\\d+)?') and isfinite(try_cast(v as double))",
    "currency": "regexp_matches(v, '[$€£]')",
    "priced": "regexp_full_match(v, '[+-]?[$€£] ?\\d{1,14}(\\.\\d{1,4})?')",
    "grouped": "regexp_full_match(v, '[+-]?([$€£] ?)?(\\d{1,3}(,\\d{2,3})*,\\d{3}|\\d{1,3})(\\.\\d{1,4})?')",
    "comma": "regexp_full_match(v, '[+-]?([$€£] ?)?(\\d{1,3}(\\.\\d{3})+|\\d{1,14})(,\\d{1,4})?( ?[$€£])?')",
    "spaced": "regexp_full_match(v, '[+-]?(\\d{1,3}([ \\x{00A0}\\x{202F}]\\d{3})+|\\d{1,14})(,\\d{1,4})?( ?[$€£])?')",
    "apostrophe": "regexp_full_match(v, '[+-]?(\\d{1,3}([\\x27]\\d{3})+|\\d{1,14})(\\.\\d{1,4})?')",
}
"""Whether a value looks like something, by name."""
_WAYS: dict[str, tuple[str, tuple[str, str]]] = {
    "integer": ("BIGINT", PLAIN),
    "decimal": ("DECIMAL(18,4)", PLAIN),
    "double": ("DOUBLE", PLAIN),
    "priced": ("DECIMAL(18,4)", PLAIN),
    "grouped": ("DECIMAL(18,4)", (".", ",")),
    "comma": ("DECIMAL(18,4)", COMMA),
    "spaced": ("DECIMAL(18,4)", (",", " ")),
    "apostrophe": ("DECIMAL(18,4)", (".", "'")),
}
"""What values that look like numbers are read as: type, and decimal and thousands sign."""
_TESTS_SQL = ", ".join(
    f"sum(case when length(v) <= 40 and {test} then n else 0 end) / sum(n) as {name}" for name, test in _TESTS.items()
)
_IDENTIFIES = re.compile(rf"(^|_)({'|'.join(naming.ID_SUFFIXES)}|zip|zipcode|postcode|phone|sku)$")
_CLASSIFIES = re.compile(
    r"(^|_)(district|ward|zone|floor|class|type|grade|category|group|store|branch|region|area|route|line|status|version)$"
)
"""Names of numbers that say which, not how many."""
_COUNTS_UP = re.compile(
    r"(^|_)(order|invoice|line|item|position|index|row|record|entry|sequen\w*|year|month|week|hour)(_|$)"
)
"""Names of whole numbers that tell records apart."""
_TIME_NAME = re.compile(r"(^|_)(time|timestamp|ts|at|date|created|epoch)(_|$)")


@dataclass(frozen=True)
class Finding:
    """What one field of a sample holds.

    Attributes:
        field: Its name in the file.
        type: SQL type that fits, as contracts name it.
        expression: How a source reads it.
        date_formats: Formats its times need beside ISO 8601, in the order in which they are to be tried.
        rivals: Formats that fit as many values as the first of those.
        signs: Decimal and thousands sign of its numbers.
        either: Whether its numbers could be meant with a decimal comma as well.
        as_number: Expression and signs by which most of its values are numbers, whatever its type.
        as_time: Formats by which most of its values are times beside ISO 8601, whatever its type.
        null_marks: Texts in it that mean 'no value'.
        filled: Share of the records in which it has a value, 0 to 1.
        distinct: Number of different values in the sample.
        width: Mean length of its texts.
        examples: Its most frequent values.
        structured: Whether its values are JSON lists or objects.
        first: Its earliest time, if it holds times.
    """

    field: str
    type: str
    expression: str
    date_formats: tuple[str, ...] = ()
    rivals: tuple[str, ...] = ()
    signs: tuple[str, str] = PLAIN
    either: bool = False
    as_number: tuple[str, tuple[str, str]] = ("", PLAIN)
    as_time: tuple[str, ...] = ()
    null_marks: tuple[str, ...] = ()
    filled: float = 0.0
    distinct: int = 0
    width: float = 0.0
    examples: tuple[str, ...] = ()
    structured: bool = False
    first: datetime | None = None

    @property
    def name(self) -> str:
        """The field's name in lower case with underscores."""
        return naming.snake(self.field)

    @property
    def is_time(self) -> bool:
        """Whether the field holds days or times."""
        return self.type in ("DATE", "TIMESTAMP")

    @property
    def is_number(self) -> bool:
        """Whether the field holds numbers."""
        return self.type in ("BIGINT", "DOUBLE") or self.type.startswith("DECIMAL")

    @property
    def is_amount(self) -> bool:
        """Whether it holds numbers that say how much, not which."""
        return self.is_number and not (self.type == "BIGINT" and _COUNTS_UP.search(self.name))

    @property
    def identifies(self) -> bool:
        """Whether its name is that of an identifier."""
        return _IDENTIFIES.search(self.name) is not None


def findings(sample: Sample) -> list[Finding]:
    """What each field of a sample holds, in the order of the file."""
    with open_closed() as con:
        con.register("texts", sample.texts)
        return [_Looking(con, sample, name).found() for name in sample.fields]


def key_of(sample: Sample, columns: list[Finding]) -> tuple[list[str], bool]:
    """The fields that together are different in every record, and whether even all of them are not.

    Fields with an identifier among them come first, then one before two and two before three. A number that says how
    much is in no key, for two records with the same amount would count as one. A record that comes again as it was is
    no other record, where that is rare and an identifier tells it.
    """
    can = [f for f in columns if f.filled == 1 and not f.structured and f.width <= 80 and not f.is_amount]
    likely = sorted(can, key=lambda f: (not f.identifies, f.is_number, -f.distinct))[:10]
    rows = sample.texts.num_rows
    with open_closed() as con:
        con.register("texts", sample.texts)
        once = _different(con, sample.fields)
        once = once if once >= ONCE_SHARE * rows else rows
        for chosen in _combinations(likely, once):
            wanted = once if any(f.identifies for f in chosen) else rows
            if _different(con, [f.field for f in chosen]) == wanted:
                return [f.field for f in columns if f in chosen], False
    return [f.field for f in columns if f.filled], True


def nearly_key(sample: Sample, columns: list[Finding]) -> tuple[str, int] | None:
    """An identifier that would be a key but for a few records, and how many share its value with an earlier one."""
    rows = sample.texts.num_rows
    near = [f for f in columns if f.identifies and f.filled == 1 and f.distinct >= ONCE_SHARE * rows]
    best = max(near, key=lambda f: f.distinct, default=None)
    return (best.field, rows - best.distinct) if best else None


def _different(con: duckdb.DuckDBPyConnection, fields: Sequence[str]) -> int:
    """How many records differ in some fields."""
    names = ", ".join(quoted(name) for name in fields)
    (row,) = con.execute(f"select count(*) from (select distinct {names} from texts)").fetchall()
    return row[0]


def _combinations(columns: list[Finding], rows: int) -> list[tuple[Finding, ...]]:
    """Up to three of the columns that could tell so many rows apart, the likeliest first."""
    found = [c for size in (1, 2, 3) for c in combinations(columns, size) if prod(f.distinct for f in c) >= rows]
    return sorted(found, key=lambda c: (not any(f.identifies for f in c), len(c)))


class _Looking:
    """Looks at one field: at its different values, each with how often it comes."""

    def __init__(self, con: duckdb.DuckDBPyConnection, sample: Sample, field: str) -> None:
        self._con, self._sample, self._field = con, sample, field
        text = f"trim({quoted(field)})"
        con.execute(
            f"create or replace temp table seen as select {text} as v, count(*) as n from texts "
            f"where {text} <> '' group by {text}"
        )
        marks = ", ".join(literal(m) for m in NULL_MARKS)
        self._marks: list[str] = self._one(f"select coalesce(list(v order by v), []) from seen where v in ({marks})")
        self._filled: int = self._one("select coalesce(sum(n), 0) from seen")
        (self._shares,) = (
            con.execute(f"select {_TESTS_SQL} from seen where v not in ({marks})").to_arrow_table().to_pylist()
        )

    def found(self) -> Finding:
        base = self._sample.expression(self._field)
        kind, expression, formats, signs = self._typed(base)
        text = kind in ("VARCHAR", "BOOLEAN")
        distinct, width, examples = self._con.execute(
            "select count(*), coalesce(sum(length(v) * n) / sum(n), 0), "
            f"list(v order by n desc, v)[:{EXAMPLES}] from seen"
        ).fetchall()[0]
        return Finding(
            field=self._field,
            type=kind,
            expression=expression,
            date_formats=tuple(formats),
            rivals=self._rivals(formats),
            signs=signs,
            as_number=self._as_number(base),
            as_time=self._as_time(formats),
            either=signs == PLAIN and kind in ("DECIMAL(18,4)", "DOUBLE") and self._fits("comma"),
            null_marks=() if text else tuple(self._marks),
            filled=self._filled / self._sample.texts.num_rows,
            distinct=distinct,
            width=width,
            examples=tuple(examples or ()),
            structured=self._one("select bool_and(left(v, 1) in ('[', '{') and json_valid(v)) from seen") or False,
            first=self._first(formats) if kind in ("DATE", "TIMESTAMP") and expression == base else None,
        )

    def _fits(self, test: str, share: float = NUMBER_SHARE) -> bool:
        return (self._shares[test] or 0) >= share

    def _typed(self, base: str) -> tuple[str, str, list[str], tuple[str, str]]:
        """SQL type, expression, date formats, and signs of numbers."""
        stated = self._sample.types.get(self._field, "")
        if stated in ("DATE", "BOOLEAN"):
            return stated, base, [], PLAIN
        if stated.startswith("TIMESTAMP"):
            return ("DATE" if self._fits("midnight", 1) else "TIMESTAMP"), base, [], PLAIN
        iso, formats = self._shares["iso"] or 0, self._formats()
        if iso >= TIME_SHARE or formats:
            day = not iso or self._one(f"select bool_and({_TESTS['midnight']}) from seen where {_TESTS['iso']}")
            return ("DATE" if day and not any("%M" in f for f in formats) else "TIMESTAMP"), base, formats, PLAIN
        if stated in ("", "VARCHAR") and self._fits("flag", 1):
            return "BOOLEAN", base, [], PLAIN
        if stated == "VARCHAR":  # the file calls it text, whatever it looks like
            return "VARCHAR", base, [], PLAIN
        kind, expression, signs = self._number(base)
        return kind, expression, [], signs

    def _number(self, base: str) -> tuple[str, str, tuple[str, str]]:
        name = naming.snake(self._field)
        identifies = bool(_IDENTIFIES.search(name) or _CLASSIFIES.search(name))
        if identifies and self._fits("whole_double"):
            return "VARCHAR", f"cast(cast(cast({base} as double) as bigint) as varchar)", PLAIN
        if identifies or (self._shares["leading_zero"] or 0) > 0:
            return "VARCHAR", base, PLAIN
        if _TIME_NAME.search(name):
            for test, divisor in (("epoch", ""), ("epoch_ms", " / 1000")):
                if self._fits(test):
                    expression = f"cast(to_timestamp(cast({base} as bigint){divisor}) as varchar)"
                    return "TIMESTAMP", expression, PLAIN
        # A sign of a currency is no part of a number; that it means nothing else is for a person to say.
        bare = self._without_currency(base)
        # A few fractions among whole numbers are numbers, too: the first of those that fit most.
        best = max(filter(self._fits, _WAYS), key=lambda test: self._shares[test], default=None)
        return (_WAYS[best][0], bare, _WAYS[best][1]) if best else ("VARCHAR", base, PLAIN)

    def _without_currency(self, base: str) -> str:
        return f"trim(regexp_replace({base}, '[$€£]', '', 'g'))" if self._shares["currency"] else base

    def _as_number(self, base: str) -> tuple[str, tuple[str, str]]:
        """How most of the values are read as numbers, if a person says that they are."""
        best = max(_WAYS, key=lambda test: self._shares[test] or 0)
        return self._without_currency(base), _WAYS[best][1]

    def _as_time(self, formats: Sequence[str]) -> tuple[str, ...]:
        """How most of the values are read as times, if a person says that they are."""
        if formats or not self._shares["dated"]:
            return tuple(formats)
        adds = self._adds(())
        best = max(adds, key=lambda form: adds[form])
        return (best,) if adds[best] else ()

    def _formats(self) -> list[str]:
        """The date formats that values need beside ISO 8601, each of which adds some; none if these are no times."""
        chosen: list[str] = []
        read = self._shares["iso"] or 0
        if read + (self._shares["dated"] or 0) < TIME_SHARE:
            return []
        while len(chosen) <= MORE_FORMATS:
            adds = self._adds(chosen)
            best = max(adds, key=lambda form: adds[form], default=None)
            if best is None or adds[best] < MORE_SHARE:
                break
            chosen.append(best)
            read += adds[best]
        return chosen if read >= TIME_SHARE else []

    def _adds(self, chosen: Sequence[str]) -> dict[str, float]:
        """Share of all values that each format reads and neither ISO 8601 nor the chosen formats do."""
        left = " and ".join(f"not ({test})" for test in (_TESTS["iso"], *(fits("v", f) for f in chosen)))
        tests = ", ".join(f"sum(case when {fits('v', f)} then n else 0 end)" for f in DATE_FORMATS)
        counts = self._con.execute(f"select {tests} from (select * from seen where {left})").fetchall()[0]
        total = self._one("select sum(n) from seen") or 1
        return {f: float(count or 0) / float(total) for f, count in zip(DATE_FORMATS, counts, strict=True)}

    def _rivals(self, formats: Sequence[str]) -> tuple[str, ...]:
        """The other formats that read as many of the values as the first does."""
        if not formats:
            return ()
        adds = self._adds(())
        return tuple(f for f, share in adds.items() if share == adds[formats[0]] and f != formats[0])

    def _first(self, formats: Sequence[str]) -> datetime | None:
        return self._one(f"select min({written('v', TimeStyle(formats=tuple(formats)))}) from seen")

    def _one(self, sql: str) -> Any:
        (row,) = self._con.execute(sql).fetchall()
        return row[0]
