"""When something is sent: "every Monday 8:00", "daily at 7:30 pm", "monthly", as cron expressions and back in words.

Belongs here: the words, and the moments of an expression in a time zone. Does not belong here: who is sent what.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from croniter import croniter
from croniter.croniter import CroniterError

from nlq.core.dateparts import WEEKDAYS

_DAYS = tuple(day.lower() for day in (WEEKDAYS[-1], *WEEKDAYS[:-1]))
"""As cron counts them, from 0."""
_WEEKDAY = "1-5"
_HOURS = {"morning": (8, 0), "noon": (12, 0), "evening": (18, 0), "night": (22, 0), "midnight": (0, 0)}
_DAY = r"(?:sun|mon|tues|wednes|thurs|fri|satur)days?"
_AT = (
    r"(?:\s*(?:at|@)?\s*(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?\s*(?P<half>am|pm|a\.m\.|p\.m\.)?"
    r"(?:\s*(?:o'clock|h))?)"
)
_PART = r"(?:\s+(?:at\s+)?(?P<part>morning|noon|evening|night|midnight)s?)"
_WHEN = re.compile(
    rf"(?:(?P<hourly>hourly|every\s+hour)"
    rf"|(?:(?P<daily>daily|every\s+day|each\s+day)"
    rf"|(?P<weekdays>every\s+weekday|each\s+weekday|on\s+weekdays|weekdays)"
    rf"|(?P<monthly>monthly|every\s+month|each\s+month|on\s+the\s+first(?:\s+day)?\s+of\s+(?:every|each|the)\s+month)"
    rf"|(?P<weekly>weekly|every\s+week|each\s+week)(?:\s+on\s+(?P<weekly_on>{_DAY}))?"
    rf"|(?:every|each|on)\s+(?P<parts>morning|evening|night)"
    rf"|(?:every|each|on)\s+(?P<days>{_DAY}(?:\s*(?:,|and)\s*{_DAY})*))"
    rf"(?:{_AT}|{_PART})?)",
    re.IGNORECASE,
)
_CRON = re.compile(r"[\d*/,\-]+(\s+[\dA-Za-z*/,\-#]+){4}")
_BY_CHANCE = re.compile(r"(?<![a-z])[rh](?![a-z])", re.IGNORECASE)
"""What croniter takes for any number, another one each time it is asked: nobody could be told when it comes."""
_OFTEN_S = 300
"""Seconds between two moments of a schedule, at least."""
_MOMENTS_TRIED = 50


def cron_of(text: str) -> str:
    """A cron expression for "every Monday 8:00", "every weekday 7:30", "hourly", or for one that is cron already.

    Raises:
        ValueError: it is none of these.
    """
    plain = text.strip()
    found = find(plain)
    if found and found.span == (0, len(plain)) and found.with_hour:
        return found.cron
    if _CRON.fullmatch(plain):
        return plain
    raise ValueError(f"'{text}' is no time: write “every Monday 8:00”, “every weekday 7:30” or a cron expression")


@dataclass(frozen=True)
class Found:
    """A time of sending in a text: as a cron expression, where it stands, and whether the hour was said."""

    cron: str
    span: tuple[int, int]
    with_hour: bool


def find(text: str) -> Found | None:
    """The last time of sending that a text names; None where it names none.

    Of a time that cannot be, such as 25:00, there is none.
    """
    for match in reversed(list(_WHEN.finditer(text))):
        end = match.start() + len(match.group().rstrip())
        before, after = text[: match.start()], text[end:]
        if re.search(r"\w$", before) or re.match(r"\w", after) or re.match(r"[:.]\d", after):
            continue
        if cron := _cron(match):
            with_hour = any(match[name] for name in ("hour", "hourly", "part", "parts"))
            return Found(cron, (match.start(), end), with_hour)
    return None


def _cron(match: re.Match[str]) -> str:
    if match["hourly"]:
        return "0 * * * *"
    at = _clock(match)
    if at is None:
        return ""
    hour, minute = at
    if match["monthly"]:
        return f"{minute} {hour} 1 * *"
    return f"{minute} {hour} * * {_on(match)}"


def _clock(match: re.Match[str]) -> tuple[int, int] | None:
    """The hour and minute that are named, or those of a part of the day; None where no day has them."""
    part = (match["part"] or match["parts"] or "").lower()
    if not match["hour"]:
        return _HOURS[part] if part else _HOURS["morning"]
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    half = (match["half"] or ("pm" if part in ("evening", "night") and hour < 12 else "")).replace(".", "").lower()
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return (hour, minute) if hour < 24 and minute < 60 else None


def _on(match: re.Match[str]) -> str:
    if match["daily"] or match["parts"]:
        return "*"
    if match["weekdays"]:
        return _WEEKDAY
    named = re.findall(_DAY, match["days"] or match["weekly_on"] or "monday", re.IGNORECASE)
    return ",".join(str(_DAYS.index(day.lower().removesuffix("s"))) for day in named)


def check(cron: str) -> str:
    """A cron expression of five fields whose moments lie far enough apart.

    Raises:
        ValueError: it is none, or comes more often than every five minutes.
    """
    if len(cron.split()) != 5 or _BY_CHANCE.search(cron) or not croniter.is_valid(cron):
        raise ValueError(f"'{cron}' is no cron expression of five fields, such as 0 8 * * 1")
    moment, every = datetime(2024, 1, 1, tzinfo=UTC), croniter(cron, datetime(2024, 1, 1, tzinfo=UTC))
    for _ in range(_MOMENTS_TRIED):
        try:
            following = every.get_next(datetime)
        except CroniterError as error:
            raise ValueError(f"'{cron}' names a day that no calendar has") from error
        if moment != datetime(2024, 1, 1, tzinfo=UTC) and (following - moment).total_seconds() < _OFTEN_S:
            raise ValueError(f"'{cron}' comes more often than every five minutes")
        moment = following
    return cron


def following(cron: str, zone: str, moment: datetime) -> datetime:
    """The first moment of an expression after another, both UTC without zone, by the clock of a time zone.

    Of an hour that comes twice, as clocks are put back, what has an hour of its own comes in the first alone.
    """
    found = croniter(cron, moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)))
    while True:
        at = found.get_next(datetime).astimezone(UTC)
        if not (cron.split()[1].isdigit() and at.astimezone(ZoneInfo(zone)).fold):
            return at.replace(tzinfo=None)


def said(cron: str, zone: str) -> str:
    """An expression in words where it is of the kinds that words make, with its time zone."""
    minute, hour, of_month, month, of_week = cron.split()
    if cron == "0 * * * *":
        return "every hour"
    if not (minute.isdigit() and hour.isdigit() and month == "*"):
        return f"at {cron} ({zone})"
    at = f"at {int(hour)}:{int(minute):02} ({zone})"
    if (of_month, of_week) == ("1", "*"):
        return f"on the first of every month {at}"
    if of_month != "*":
        return f"at {cron} ({zone})"
    if of_week == "*":
        return f"every day {at}"
    if of_week == _WEEKDAY:
        return f"every weekday {at}"
    if re.fullmatch(r"[0-6](,[0-6])*", of_week):
        return f"every {' and '.join(_DAYS[int(day)].capitalize() for day in of_week.split(','))} {at}"
    return f"at {cron} ({zone})"
