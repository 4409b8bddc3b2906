"""Texts as moments and days: the SQL that reads exactly what was written, or gives NULL, and why it gives NULL.

Belongs here: ISO 8601, declared formats, offsets, zones, and the hours that clocks skip.
Does not belong here: numbers, or which columns are times (conversion).

Each text is read by itself. The engine's cast to TIMESTAMP WITH TIME ZONE and its strptime with an offset or a zone are
not used: they keep the zone of one row for those after it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from lakehouse_assets.lakehouse.sql import literal

_DAY, _CLOCK, _OFFSET = r"\d{4}-\d\d-\d\d", r"[01]\d:[0-5]\d|2[0-3]:[0-5]\d", r"[+-](?:[01]\d|2[0-3])(?::?[0-5]\d){0,2}"
_LOCAL_ISO = rf"{_DAY}(?:[T ](?:{_CLOCK})(?::[0-5]\d(?:\.\d{{1,6}})?)?)?"
_OFFSET_ISO = rf"{_DAY}[T ](?:{_CLOCK}):[0-5]\d(?:\.\d{{1,6}})?(?:Z|{_OFFSET})"
_ZONE = rf"[Zz]|UTC|GMT|{_OFFSET}|\[?[A-Za-z][\w+-]*(?:/[\w+-]+)+\]?"
"""An offset, or a zone by its whole name; abbreviations such as CST and IST are several zones each."""
_WRITTEN_ISO = rf"^\s*({_DAY})(?:[Tt ]\s*({_CLOCK}|24:00)(?:(:[0-5]\d)(?:[.,](\d+))?)?\s*({_ZONE})?)?\s*$"
_NAMES_ZONE = rf"(?::\d\d(?:[.,]\d+)?|[Tt ]\d\d:\d\d)\s*(?:{_ZONE})\s*$"
_FINER, _LEAP = r":\d\d[^\w\s]\d{6}\d*[1-9]", rf"{_DAY}[Tt ]\d\d:\d\d:60"
_OTHER_YEARS = r"^\s*(?:[+-]\d|\d{5,}-|0000-)|\bBC\b"
_OTHER_ZONE = rf"{_DAY}[Tt ]\d\d:\d\d.*[A-Za-z]{{2,}}\]?\s*$"
_UTC_NAMES = ("UTC", "GMT", "Etc/UTC", "Etc/GMT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal", "UCT", "Etc/UCT")
_FIRST, _LAST = "timestamp '0001-01-01 00:00:00'", "timestamp '9999-12-31 23:59:59.999999'"
_DIRECTIVES = {
    "Y": r"\d{4}", "y": r"\d{2}", "m": r"\d{1,2}", "d": r"\d{1,2}", "H": r"\d{1,2}", "I": r"\d{1,2}", "M": r"\d{1,2}",
    "S": r"\d{1,2}", "f": r"\d+", "n": r"\d+", "g": r"\d{1,3}", "p": r"[AaPp][Mm]", "j": r"\d{3}", "b": r"[A-Za-z]{3}",
    "h": r"[A-Za-z]{3}", "B": r"[A-Za-z]{3,9}", "a": r"[A-Za-z]{3}", "A": r"[A-Za-z]{6,9}", "G": r"\d{4}",
    "V": r"\d{2}", "U": r"\d{2}", "W": r"\d{2}", "u": r"\d", "w": r"\d", "z": _ZONE, "Z": _ZONE,
}  # fmt: skip
"""Directives of strptime, with what they may match. The engine's own reading is looser: it takes 24 for a year of four
digits, and 'epoch' for a day."""
_SHORT = {"%x": "%Y-%m-%d", "%X": "%H:%M:%S", "%c": "%Y-%m-%d %H:%M:%S", "%D": "%m/%d/%y", "%F": "%Y-%m-%d",
          "%T": "%H:%M:%S", "%R": "%H:%M"}  # fmt: skip
_TWO_DIGITS = frozenset("mdHIMSyVUW")
_DIGITS = _TWO_DIGITS | frozenset("YGjuwfng")
_COUNTED = frozenset("jGVUWuw")
"""Directives of days counted through a year or week, with which the engine goes on into the next year."""


@dataclass(frozen=True)
class TimeStyle:
    """How texts write times.

    Attributes:
        zone: IANA name of the zone of times that state none.
        formats: Formats tried before ISO 8601, in this order (strptime notation).
        cut: Whether digits beyond microseconds are dropped; otherwise such a time is refused.
    """

    zone: str = "UTC"
    formats: tuple[str, ...] = ()
    cut: bool = False


@dataclass(frozen=True)
class TimeFormat:
    """A declared format: the pattern its texts match in whole, and how the engine parses what is left without a zone.

    Attributes:
        pattern: Regular expression with the groups before, zone and after where a zone is written.
        parsed: The format for the engine.
        zoned: Whether an offset or a zone is written.
        directives: The letters of its directives.
    """

    pattern: str
    parsed: str
    zoned: bool
    directives: frozenset[str]


@lru_cache(maxsize=256)
def time_format(text: str) -> TimeFormat:
    """Understand a format in strptime notation.

    Raises:
        ValueError: it has a directive that is not known, two zones, or no year.
    """
    parts = [""]
    formats = [""]
    letters: set[str] = set()
    tokens = re.findall(r"%-?.|[^%]|%", _spelled(text), re.DOTALL)
    found = [token[-1] if len(token) > 1 else "" for token in tokens]
    for i, (token, letter) in enumerate(zip(tokens, found, strict=True)):
        # A literal Z behind a time is an offset, too: that of UTC.
        zone = letter in ("z", "Z") or (token == "Z" and re.search(r"%-?[HMSfng]$", formats[-1]))
        if zone:
            parts.append("")
            formats.append("")
        elif not letter:
            parts[-1] += r"\s+" if token.isspace() else re.escape(token)
            formats[-1] += " " if token.isspace() else token
        elif letter == "%":
            parts[-1] += "%"
            formats[-1] += token
        elif letter in _DIRECTIVES:
            # Where digits follow on digits, 2025111 would be the 1st of November as well as the 11th of January.
            beside = {found[i - 1] if i else "", found[i + 1] if i + 1 < len(found) else ""}
            parts[-1] += r"\d{2}" if letter in _TWO_DIGITS and beside & _DIGITS else _DIRECTIVES[letter]
            formats[-1] += "%f" if letter == "n" else token
            letters.add(letter)
        else:
            raise ValueError(f"format '{text}': {token} is not known; known are %{', %'.join(sorted(_DIRECTIVES))}")
    if len(parts) > 2:
        raise ValueError(f"format '{text}' has more than one offset or zone")
    if not letters & set("YyG"):
        raise ValueError(f"format '{text}' has no year; a column of times needs the day, too")
    pattern = rf"\s*{parts[0]}\s*"
    if zoned := len(parts) == 2:
        pattern = rf"^\s*({parts[0]}\s*)({_ZONE})(\s*{parts[1]})\s*$"
    return TimeFormat(pattern, " ".join(formats), zoned, frozenset(letters))


def moment(text: str, style: TimeStyle) -> str:
    """SQL of the UTC TIMESTAMP that a text writes, NULL where it writes none.

    Args:
        text: SQL of the text, which is used several times: a column or a lambda's parameter.
        style: How times are written.
    """
    formats = [time_format(f) for f in style.formats]
    if not formats:
        return _within(_iso(text, style))
    # Which format reads the text is decided before its zone is looked at: a time that no clock showed must not be
    # taken for another one in the next format.
    if any(f.zoned for f in formats):
        read = [_with_zone(text, f, style) for f in formats]
        utc = f"case when p.z is null then {_utc('p.n', style.zone)} else {_zoned('p.n', 'p.z')} end"
    else:
        read, utc = [_parsed(text, f, style) for f in formats], _utc("p", style.zone)
    return _within(bound(_first(read), "p", f"case when p is null then {_iso(text, style)} else {utc} end"))


def fits(text: str, known: str) -> str:
    """SQL that is true where a text is of a format, and gives a time."""
    return f"({_with_zone(text, time_format(known), TimeStyle())}) is not null"


def written(text: str, style: TimeStyle) -> str:
    """SQL of the TIMESTAMP that the digits of a text write, whatever zone stands behind them."""
    iso = (
        f"case when {_matches(text, _LOCAL_ISO)} then try_cast({text} as timestamp) "
        f"else {bound(_iso_parts(text), 'm', _digits('m', style))} end"
    )
    parsed = [
        f"({_with_zone(text, f, style)}).n" if f.zoned else _parsed(text, f, style)
        for f in map(time_format, style.formats)
    ]
    return _within(_first([*parsed, iso]))


def unzoned(text: str, style: TimeStyle) -> str:
    """SQL of the TIMESTAMP that a text writes without a zone; NULL where it names one."""
    return f"case when not regexp_matches({text}, {literal(_NAMES_ZONE)}) then {written(text, style)} end"


def day(text: str, style: TimeStyle) -> str:
    """SQL of the DATE that a text writes; NULL where it writes none, or a time of the day other than midnight."""
    whole = bound(written(text, style), "w", "case when w = date_trunc('day', w) then cast(w as date) end")
    day = f"case when not regexp_matches({text}, '[Tt ]24:00') then {whole} end"
    if style.formats:
        return day
    plain = f"cast({_within(f'try_cast({text} as timestamp)')} as date)"
    return f"case when {_matches(text, _DAY)} then {plain} else {day} end"


def why_no_time(text: str, kind: str, style: TimeStyle) -> str:
    """SQL of what is wrong with a text that `moment` or `day` gave NULL for, to stand behind the text."""
    digits = written(text, style)
    cases = [
        (_LEAP, "is a leap second, which no column can hold"),
        (_OTHER_YEARS, "lies outside the years 0001 to 9999"),
    ]
    if not style.cut:
        cases.insert(0, (_FINER, "has digits beyond microseconds; beyond_microseconds: cut in the source drops them"))
    whens = [f"when regexp_matches({text}, {literal(pattern)}) then {literal(said)}" for pattern, said in cases]
    whens.append(
        f"when regexp_matches({text}, {literal(_OTHER_ZONE)}) and {digits} is null then "
        "'names no zone that is known; offsets, UTC and names such as Europe/Berlin are'"
    )
    left = (
        "has a time of the day, which a DATE cannot hold"
        if kind == "DATE"
        else f"is a time that clocks in {style.zone} skipped, in a zone that is not known, or out of range"
    )
    whens.append(f"when {digits} is not null then {literal(left)}")
    accepted = ", ".join(["ISO 8601", *style.formats])
    return f"case {' '.join(whens)} else {literal(f'matches none of the accepted formats: {accepted}')} end"


def bound(sql: str, name: str, body: str) -> str:
    """SQL of `body`, in which `name` is the value of `sql`, computed once."""
    return f"list_transform([{sql}], lambda {name}: {body})[1]"


def _spelled(text: str) -> str:
    """A format with its abbreviations written out."""
    return re.sub(r"%.", lambda m: _SHORT.get(m[0], m[0]), text, flags=re.DOTALL)


def _within(sql: str) -> str:
    return bound(sql, "r", f"case when r between {_FIRST} and {_LAST} then r end")


def _matches(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, {literal(pattern)})"


def _first(read: Sequence[str]) -> str:
    return f"coalesce({', '.join(read)})" if len(read) > 1 else read[0]


def _iso(text: str, style: TimeStyle) -> str:
    naive, digits = f"try_cast({text} as timestamp)", _digits("m", style)
    slow = f"case when m.zone = '' then {_utc(digits, style.zone)} else {_zoned(digits, 'm.zone')} end"
    # The engine's cast, a tenth of the time of reckoning, is right about a text with an offset. It would go on to read
    # those without one in the zone of the last, but gets none of them here.
    return (
        f"case when {_matches(text, _LOCAL_ISO)} then {_utc(naive, style.zone)} "
        f"when {_matches(text, _OFFSET_ISO)} then make_timestamp(epoch_us(try_cast({text} as timestamptz))) "
        f"else {bound(_iso_parts(text), 'm', slow)} end"
    )


def _iso_parts(text: str) -> str:
    return f"regexp_extract({text}, {literal(_WRITTEN_ISO)}, ['day', 'clock', 'second', 'fraction', 'zone'])"


def _digits(parts: str, style: TimeStyle) -> str:
    """SQL of the TIMESTAMP of the parts of an ISO time; NULL where it has digits that no TIMESTAMP has."""
    exact = "true" if style.cut else f"rtrim(substr({parts}.fraction, 7), '0') = ''"
    whole = (
        f"{parts}.day || ' ' || coalesce(nullif({parts}.clock, ''), '00:00') || "
        f"coalesce(nullif({parts}.second, ''), ':00') || '.' || rpad(left({parts}.fraction, 6), 6, '0')"
    )
    return f"case when {parts}.day <> '' and {exact} then try_cast({whole} as timestamp) end"


def _utc(naive: str, zone: str) -> str:
    """SQL of a local time of a zone in UTC; NULL where clocks skipped it. Of two moments the later is meant."""
    if zone in _UTC_NAMES:
        return naive
    name = literal(zone)
    there = f"case when timezone({name}, u) = n then make_timestamp(epoch_us(u)) end"
    return bound(naive, "n", bound(f"timezone({name}, n)", "u", there))


def _zoned(naive: str, zone: str) -> str:
    """SQL of a local time with an offset or a zone's name in UTC; NULL where there is no such zone or time."""
    # This cast keeps the zone of a text for the next one that has none, and here every text has one. Other ways to a
    # zone stop the statement where there is none of the name.
    named = "trim(o.z, '[]')"
    there = f"try_cast(strftime(o.n, '%Y-%m-%d %H:%M:%S.%f ') || {named} as timestamptz)"
    back = f"timezone(case when u is null then 'UTC' else {named} end, u)"
    known = bound(there, "u", f"case when {back} = o.n then make_timestamp(epoch_us(u)) end")
    digits = "rpad(replace(substr(o.z, 2), ':', ''), 6, '0')"
    seconds = " + ".join(
        f"cast(substr({digits}, {at}, 2) as bigint) * {worth}" for at, worth in ((1, 3600), (3, 60), (5, 1))
    )
    shifted = f"make_timestamp(epoch_us(o.n) - case left(o.z, 1) when '-' then -1 else 1 end * ({seconds}) * 1000000)"
    return bound(
        f"{{'n': {naive}, 'z': {zone}}}",
        "o",
        f"case when o.n is null then null when upper(o.z) in ('Z', 'UTC', 'GMT') then o.n "
        f"when left(o.z, 1) in ('+', '-') then {shifted} else {known} end",
    )


def _parsed(text: str, known: TimeFormat, style: TimeStyle) -> str:
    """SQL of the TIMESTAMP that a text in a format without zone writes."""
    return f"case when {_matches(text, known.pattern)} then {_strptime(text, known, style)} end"


def _with_zone(text: str, known: TimeFormat, style: TimeStyle) -> str:
    """SQL of {n: the TIMESTAMP written, z: the zone or NULL}; NULL where the text is not of the format."""
    if not known.zoned:
        return bound(_parsed(text, known, style), "n", "case when n is not null then {'n': n, 'z': null::varchar} end")
    parts = f"regexp_extract({text}, {literal(known.pattern)}, ['a', 'zone', 'b'])"
    naive = bound(
        _strptime("(m.a || ' ' || m.b)", known, style), "n", "case when n is not null then {'n': n, 'z': m.zone} end"
    )
    return bound(parts, "m", f"case when m.zone <> '' then {naive} end")


def _strptime(text: str, known: TimeFormat, style: TimeStyle) -> str:
    if known.directives & {"f", "n"}:
        beyond = r"\d+" if style.cut else "0+"
        # What stands before them in the format stands there in the text: a point, a comma, or another sign.
        before = re.search(r"(\W)%-?[fn]", known.parsed)
        sign = re.escape(before[1]) if before else r"\."
        finer = literal(rf"({sign}\d{{6}}){beyond}")
        text = rf"regexp_replace({text}, {finer}, '\1')"
    parsed = f"cast(try_strptime({text}, {literal(known.parsed)}) as timestamp)"
    if known.directives & _COUNTED:
        parsed = bound(parsed, "c", f"case when strftime(c, {literal(known.parsed)}) = trim({text}) then c end")
    if known.directives & {"a", "A"}:
        parsed = bound(parsed, "c", f"case when contains(lower({text}), lower(strftime(c, '%a'))) then c end")
    return parsed


def accepted(formats: Sequence[str]) -> None:
    """Check formats.

    Raises:
        ValueError: one of them is not understood.
    """
    for text in formats:
        time_format(text)
