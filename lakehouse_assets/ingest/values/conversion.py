r"""Texts as values of a column's type: the SQL that gives exactly the value written, or NULL, and why it is NULL.

Belongs here: numbers, and which way a type is read. Does not belong here: times (times), or the columns (mapping).

A number is what is written in ASCII digits, with a sign, a point and an exponent of ten; it is stored as it is or not
at all. The engine alone would round it, and take '1_000', '0x1F' and 'nan' for numbers. Numbers of type DOUBLE are the
nearest there is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from lakehouse_assets.ingest.values.times import TimeStyle, bound, day, moment, unzoned, why_no_time
from lakehouse_assets.lakehouse.sql import literal

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?"
_TAKEN_APART = r"^([+-]?)(\d*)(?:\.(\d*?)0*)?(?:[eE]([+-]?\d+))?$"
_WHOLE_DIGITS = {
    "TINYINT": 3, "SMALLINT": 5, "INT": 10, "INTEGER": 10, "BIGINT": 19, "HUGEINT": 39, "UTINYINT": 3, "USMALLINT": 5,
    "UINTEGER": 10, "UBIGINT": 20, "UHUGEINT": 39,
}  # fmt: skip
_NEAREST = ("DOUBLE", "FLOAT", "REAL")
_FRACTIONAL = "typeof(v) in ('DOUBLE', 'FLOAT') or starts_with(typeof(v), 'DECIMAL')"
_SPACES = r"[ \x{00A0}\x{202F}]"
"""A space between thousands is often one at which no line may break."""


@dataclass(frozen=True)
class Style:
    """How texts write numbers and times.

    Attributes:
        decimal_sign: What stands before the fraction.
        thousands_sign: What may stand between groups of digits; empty where nothing may.
        times: How times are written.
    """

    decimal_sign: Literal[".", ","] = "."
    thousands_sign: str = ""
    times: TimeStyle = field(default_factory=TimeStyle)

    @property
    def plain_numbers(self) -> bool:
        """Whether numbers are written as SQL writes them."""
        return self.decimal_sign == "." and not self.thousands_sign

    @property
    def with_plain_numbers(self) -> Style:
        """The same but for numbers."""
        return Style(times=self.times)


def value(text: str, kind: str, style: Style) -> str:
    """SQL of a text as a value of a type; NULL where it does not write one.

    Args:
        text: SQL of the text, which is used several times: a column or a lambda's parameter.
        kind: The type; TIMESTAMP is a moment in UTC.
        style: How numbers and times are written.
    """
    if kind == "VARCHAR":
        return text
    if kind == "TIMESTAMP":
        return moment(text, style.times)
    if kind == "DATE":
        return day(text, style.times)
    if kind == "BOOLEAN":
        return f"try_cast(trim({text}) as boolean)"
    digits = _digits_of(kind)
    plain = _plain(text, style)
    if kind in _NEAREST:
        nearest = f"try_cast({plain} as {kind})"
        return f"case when {_is(plain, _NUMBER)} and isfinite({nearest}) then {nearest} end"
    if digits is None:
        return f"try_cast(trim({text}) as {kind})"
    return (
        bound(plain, "d", _exact("d", kind, *digits)) if not style.plain_numbers else _exact_text(text, kind, *digits)
    )


def why_not(text: str, kind: str, style: Style) -> str:
    """SQL of what is wrong with a text that `value` gave NULL for, to stand behind the text."""
    if kind in ("TIMESTAMP", "DATE"):
        return why_no_time(text, kind, style.times)
    plain, no = _plain(text, style), f"is not a {kind}"
    if kind in _NEAREST:
        return f"case when {_is(plain, _NUMBER)} then {literal(no + ': it is too large')} else {literal(no)} end"
    digits = _digits_of(kind)
    if digits is None:
        return literal(no)
    finer = f"length(p.fraction) > {digits[1]}"
    reason = (
        f"case when {finer} then {literal(no + ': it would be rounded')} else {literal(no + ': it is too large')} end"
    )
    return f"case when {_is(plain, _NUMBER)} then {bound(_parts(plain), 'p', reason)} else {literal(no)} end"


def exact_cast(operand: str, kind: str, style: Style, *, is_text: bool = False) -> str:
    """SQL of a cast that raises an error where the value is not exactly one of the type.

    Args:
        operand: SQL of what is cast, of any type.
        kind: The type, as the engine names it.
        style: How texts write numbers and times.
        is_text: Whether the operand is the text of a field, and so may be used several times.
    """
    value_ = operand if is_text else "v"
    converted = _cast_text(value_, kind, style)
    if converted is None:
        return f"cast({operand} as {kind})"
    # The engine's error() may not be used within TRY, so the error is that of a cast that cannot succeed.
    raising = f"cast('no {kind}: ' || cast({value_} as varchar) as {kind})"
    if is_text:
        return f"coalesce({converted}, {raising})"
    cases = [f"when typeof(v) = 'VARCHAR' then coalesce({converted}, {raising})"]
    if _digits_of(kind) is not None:
        # Its text has all digits of a number, so the same way tells whether the cast would round it.
        numbers = _cast_text("v", kind, style.with_plain_numbers)
        cases.append(f"when {_FRACTIONAL} then coalesce({numbers}, {raising})")
    return bound(operand, "v", f"case when v is null then null {' '.join(cases)} else cast(v as {kind}) end")


def lenient_cast(operand: str, kind: str, style: Style, *, is_text: bool = False) -> str:
    """SQL of a TRY_CAST, which is NULL where the value is not exactly one of the type; see `exact_cast`."""
    converted = _cast_text(operand if is_text else "v", kind, style)
    if converted is None:
        return f"try_cast({operand} as {kind})"
    if is_text:
        return converted
    cases = [f"when typeof(v) = 'VARCHAR' then {converted}"]
    if _digits_of(kind) is not None:
        cases.append(f"when {_FRACTIONAL} then {_cast_text('v', kind, style.with_plain_numbers)}")
    return bound(operand, "v", f"case {' '.join(cases)} else try_cast(v as {kind}) end")


def as_text(operand: str, style: Style) -> str:
    """SQL of a cast to text; numbers are written as the texts of the source are."""
    if style.plain_numbers:
        return f"cast({operand} as varchar)"
    signs = f"replace(cast(v as varchar), '.', {literal(style.decimal_sign)})"
    return bound(operand, "v", f"case when {_FRACTIONAL} then {signs} else cast(v as varchar) end")


def _cast_text(value_: str, kind: str, style: Style) -> str | None:
    """SQL of a text as a value of the type a cast names; None where the engine's own cast is exact."""
    text = f"cast({value_} as varchar)"
    if kind == "TIMESTAMPTZ":
        return f"timezone('UTC', {moment(text, style.times)})"
    if kind == "TIMESTAMP":
        return unzoned(text, style.times)
    if kind == "DATE" or kind in _NEAREST or _digits_of(kind) is not None:
        return value(text, kind, style)
    return None


def _digits_of(kind: str) -> tuple[int, int] | None:
    """How many digits a type of exact numbers has before and after the point."""
    if kind in _WHOLE_DIGITS:
        return _WHOLE_DIGITS[kind], 0
    if match := re.fullmatch(r"DECIMAL(?:\((\d+)(?:, ?(\d+))?\))?", kind):
        precision, scale = (int(match[1]), int(match[2] or 0)) if match[1] else (18, 3)
        return precision - scale, scale
    return None


def _is(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, {literal(pattern)})"


def _plain(text: str, style: Style) -> str:
    """SQL of the text of a number as SQL writes it; another text where it is none."""
    trimmed = rf"regexp_replace({text}, '^\s+|\s+$', '', 'g')"
    if style.plain_numbers:
        return trimmed
    sign = _SPACES if style.thousands_sign == " " else re.escape(style.thousands_sign)
    grouped = rf"\d{{1,3}}(?:{sign}\d{{2,3}})*{sign}\d{{3}}|" if sign else ""
    written = rf"[+-]?(?:(?:{grouped}\d+)(?:{re.escape(style.decimal_sign)}\d*)?)(?:[eE][+-]?\d{{1,4}})?"
    ungrouped = f"regexp_replace(s, {literal(sign)}, '', 'g')" if sign else "s"
    return bound(
        trimmed,
        "s",
        f"case when {_is('s', written)} then replace({ungrouped}, {literal(style.decimal_sign)}, '.') else '' end",
    )


def _exact_text(text: str, kind: str, before: int, after: int) -> str:
    """SQL of a text that most often needs no more than a look."""
    fraction = rf"(?:\.\d{{0,{after}}}0*)?"
    simple = rf"\s*[+-]?\d{{1,{before - (after == 0)}}}{fraction}\s*" if before > 1 else r"\s*0\s*"
    slow = bound(_plain(text, Style()), "d", _exact("d", kind, before, after))
    return (
        f"case when {_is(text, simple)} then try_cast(trim({text}) as {kind}) when {text} is not null then {slow} end"
    )


def _exact(number: str, kind: str, before: int, after: int) -> str:
    """SQL of a number in any notation, where it has no more digits than the type."""
    written = (
        "p.sign || case when p.whole = '' then '0' else p.whole end"
        " || case when p.fraction = '' then '' else '.' || p.fraction end"
    )
    fits = f"length(p.whole) <= {before} and length(p.fraction) <= {after}"
    typed = bound(_parts(number), "p", f"case when {fits} then try_cast({written} as {kind}) end")
    return f"case when {_is(number, _NUMBER)} then {typed} end"


def _parts(number: str) -> str:
    """SQL of sign, and digits before and after the point without idle zeros, of a number in any notation."""
    up = (
        "{'sign': m.sign, 'whole': m.whole || rpad(left(m.fraction, m.power), m.power, '0'), "
        "'fraction': substr(m.fraction, m.power + 1)}"
    )
    padded = "lpad(m.whole, cast(greatest(length(m.whole), -m.power) as integer), '0')"
    down = (
        "{'sign': m.sign, 'whole': left(m.whole, greatest(length(m.whole) + m.power, 0)), "
        f"'fraction': right({padded}, -m.power) || m.fraction}}"
    )
    shifted = f"case when m.power >= 0 then {up} else {down} end"
    # A power beyond these makes any number but 0 too large or too fine, so it need not be written out.
    power = "greatest(-400, least(400, coalesce(try_cast(nullif(x.power, '') as integer), 0)))"
    named = f"{{'sign': x.sign, 'whole': x.whole, 'fraction': x.fraction, 'power': cast({power} as integer)}}"
    taken = bound(
        f"regexp_extract({number}, {literal(_TAKEN_APART)}, ['sign', 'whole', 'fraction', 'power'])", "x", named
    )
    idle = "{'sign': y.sign, 'whole': ltrim(y.whole, '0'), 'fraction': rtrim(y.fraction, '0')}"
    return bound(bound(taken, "m", shifted), "y", idle)
