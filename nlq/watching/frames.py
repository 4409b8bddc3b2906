"""The frame of a wish: "tell me when … passes 100", "send me … every Monday", around a question that is asked as usual.

Belongs here: taking a sentence apart into condition or time and question. Does not belong here: what the question
means (``planning``), whether the condition fits its figure (``wishes``).

What is not of these forms is no wish. A wish that leaves open what it waits for is `Unclear`: it is asked back, with
sentences that are clear.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from nlq.core.plan import Comparator, Grain
from nlq.english.tokens import NUMBERS, SCALES
from nlq.watching import times
from nlq.watching.conditions import (
    AboveOrBelow,
    Changes,
    Direction,
    FailedLoad,
    FailedRun,
    NoData,
    OfFigures,
    OfPlatform,
    Quarantined,
    Stale,
    Unusual,
)

MOST_WORDS = 1_000
"""Characters of a sentence."""


@dataclass(frozen=True)
class Told:
    """To be told when something is so; ``question`` is that of the figure, empty where it is of the platform.

    ``percent``: the bound was said in percent. ``each``: it is of any of some groups.
    """

    condition: OfFigures | OfPlatform | Unusual
    question: str = ""
    percent: bool = False


@dataclass(frozen=True)
class Sent:
    """To be sent the answer to a question by the clock; ``dashboard`` where it is a dashboard's title that was said."""

    question: str
    cron: str
    dashboard: bool = False


@dataclass(frozen=True)
class Unclear:
    """A wish that is open: what to ask back, and sentences that would be clear."""

    question: str
    choices: tuple[str, ...] = ()


Frame = Told | Sent | Unclear

_PLEASE = r"^\s*(?:please[,\s]+|can you\s+|could you\s+|i want (?:you )?to\s+|i(?:'d| would) like (?:you )?to\s+)*"
_WHEN = r"(?:when(?:ever)?|if|once|as soon as|every time|in case)"
_TELL = re.compile(
    rf"{_PLEASE}(?:(?:tell|alert|notify|warn|inform|remind|ping|message|e-?mail|write(?: to)?)\s+(?:me|us)"
    rf"|let\s+(?:me|us)\s+know|(?:be|get) (?:told|alerted|notified|warned)|(?:an? )?alert(?: me| us)?|know)"
    rf"(?:\s+by\s+e-?mail)?\s*,?\s+{_WHEN}\s+(?P<rest>.+?)\s*[.!?]*\s*$",
    re.IGNORECASE | re.DOTALL,
)
_TELL_AFTER = re.compile(
    rf"{_PLEASE}{_WHEN}\s+(?P<rest>.+?)\s*,?\s+(?:then\s+)?(?:please\s+)?"
    r"(?:(?:tell|alert|notify|warn|inform|ping|message|e-?mail)\s+(?:me|us)|let\s+(?:me|us)\s+know)\s*[.!?]*\s*$",
    re.IGNORECASE | re.DOTALL,
)
_SEND = re.compile(
    rf"{_PLEASE}(?:send|e-?mail|mail|give|report|deliver|post|show)\s+(?:to\s+)?(?:me|us)\s+(?P<rest>.+?)\s*[.!?]*\s*$",
    re.IGNORECASE | re.DOTALL,
)
_NUMBER = (
    r"(?P<number>[+-]?(?:\d{1,3}(?:,\d{2,3})+|\d+)(?:\.\d+)?)\s*"
    r"(?P<scale>k|thousand|lakhs?|m|mn|million|crores?|bn|billion)?\b\s*(?P<percent>%|per\s?cent\b)?"
)
_SCALES = {**SCALES, "mn": 1e6, "bn": 1e9}
_NOW = r"(?:(?:ever|first|again|suddenly|has|have|gets?|goes|go|rises?|climbs?|grows?|is|are|becomes?)\s+)*"
_ABOVE = (
    rf"{_NOW}(?P<above>pass(?:es|ed)?|exceeds?|surpass(?:es)?|tops?|cross(?:es)?|above|over|beyond|"
    rf"(?:more|greater|higher|larger) than)"
)
_REACHES = rf"{_NOW}(?P<reaches>reach(?:es)?|hits?|at least|up to)"
_FALLS = r"(?:(?:falls?|drops?|sinks?|dips?|slips?)\s+)?"
_BELOW = rf"{_FALLS}{_NOW}(?P<below>below|under|beneath|(?:less|fewer|lower|smaller) than)"
_AT_MOST = rf"{_NOW}(?P<at_most>at most|no more than)"
_THRESHOLD = re.compile(
    rf"^(?P<subject>.+?)\s+(?:{_ABOVE}|{_REACHES}|{_BELOW}|{_AT_MOST})\s+(?:the\s+)?{_NUMBER}(?P<tail>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_SIGNS = {
    "above": Comparator.GT, "reaches": Comparator.GE, "below": Comparator.LT, "at_most": Comparator.LE,
}  # fmt: skip
_UP, _DOWN = (
    r"rises?|increases?|grows?|jumps?|climbs?|goes up|go up|is up|are up",
    (r"drops?|falls?|declines?|decreases?|shrinks?|goes down|go down|is down|are down|sinks?"),
)
_CHANGE = re.compile(
    rf"^(?P<subject>.+?)\s+(?:(?P<up>{_UP})|(?P<down>{_DOWN})|(?P<either>changes?|moves?|varies|differs?))\s+"
    rf"(?P<by>by\s+)?(?:more than\s+|at least\s+)?{_NUMBER}(?P<tail>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_STEP = r"(?P<step>day|week|month|quarter|year)"
_AGAINST = re.compile(
    r"\s*(?P<twice>(?P<first>day|week|month|quarter|year)[ -](?:over|on|by|to)[ -](?P=first))"
    r"|(?:,?\s*(?:compared (?:with|to)|against|from|versus|vs\.?|than|over|within|in|since)\s+)?"
    rf"(?:(?:(?:the|a|one)\s+)?(?:whole\s+)?(?:previous|last|prior|preceding)?\s*{_STEP}(?:\s+(?:before|earlier))?"
    r"(?!\w)|(?P<yesterday>yesterday))",
    re.IGNORECASE,
)
_ADVERB = re.compile(r"\b(?P<adverb>daily|weekly|monthly|quarterly|yearly)\b", re.IGNORECASE)
_DIRECTIONS: tuple[Direction, ...] = ("up", "down", "either")
_BY_YEAR = ("daily", "monthly", "quarterly")
_ADVERBS = {"daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter", "yearly": "year"}
_YEAR_AGO = re.compile(
    r",?\s*(?:compared (?:with|to)|against|from|than)?\s*\ba year (?:earlier|before|ago)\b", re.IGNORECASE
)
_COUNTS = {"a": 1, "an": 1} | {word: number for word, number in NUMBERS.items() if 1 <= number <= 10}
_UNIT = rf"(?P<count>\d{{1,4}}|{'|'.join(_COUNTS)})\s+(?P<unit>minute|hour|day|week)s?"
_FOR = re.compile(
    rf",?\s*\bfor\s+(?:more than\s+|at least\s+|over\s+|longer than\s+|the last\s+)?{_UNIT}\b", re.IGNORECASE
)
_ANY = re.compile(
    r"\b(?:in|for|at|of|on)\s+(?:any|each|every|one|some)(?:\s+of\s+the)?\s+(?P<group>\w[\w ]*?)\s*$", re.IGNORECASE
)
_ANYS = re.compile(
    r"^\s*(?:any|each|every|some)\s+(?P<group>[\w ]+?)(?:'s|’s|\s+has(?:\s+an?)?)\s+(?P<of>.+)$", re.IGNORECASE
)
_CLEARS = re.compile(
    rf",?\s*(?:and\s+)?(?:until|till|clear(?:s|ed|ing)?)\s+(?:it\s+(?:is|falls|drops|rises|gets)\s+)?(?:back\s+)?"
    rf"(?:at|to|below|above|under|over)\s+{_NUMBER}", re.IGNORECASE,
)  # fmt: skip
_NO_DATA = (
    re.compile(
        r"^(?:there (?:is|are|come|comes) |we (?:get|have|receive) )?no (?:new |more )?(?:data (?:for|of|on|about) )?"
        r"(?P<subject>.+?)(?: (?:come|comes|arrive|arrives|are loaded|is loaded|came|arrived)(?: in)?)?$",
        re.IGNORECASE,
    ),
    re.compile(
        r"^(?P<subject>.+?) (?:(?:has|have|gets?) no (?:new )?data|stops? (?:coming|arriving)(?: in)?|"
        r"(?:is|are) missing)$", re.IGNORECASE,
    ),
)  # fmt: skip
_STALE = re.compile(
    r"^(?:the )?(?:data (?:for|of|on|about) )?(?P<subject>.+?)(?:'s data|’s data)? (?:(?:is|are|gets?|becomes?|goes) "
    r"(?:stale|out of date|outdated|too old|old)|(?:is|are|has|have) not (?:been )?(?:updated|refreshed|published|"
    rf"built)|(?:is|are|gets?) older than (?P<age>{_UNIT}))$",
    re.IGNORECASE,
)
_FAILED_RUN = re.compile(
    r"^(?:an?y? |the )?(?:(?:dagster )?(?:run|build|job|pipeline)s?"
    r"(?: (?:of|called|named))?(?: (?P<job>[a-z][a-z0-9_]*))?|"
    r"(?P<named>[a-z]+_[a-z0-9_]+)(?: (?:run|job|build))?) (?:fails?|failed|breaks?|crashes)$",
    re.IGNORECASE,
)
_FAILED_LOAD = re.compile(
    r"^(?:an?y? |the )?(?:(?:load|loading|ingest|ingestion|upload)s?"
    r"(?: (?:of|from)(?: source)? (?P<source>[a-z][a-z0-9_]*))?) "
    r"(?:fails?|failed|breaks?)$",
    re.IGNORECASE,
)
_QUARANTINE = (
    re.compile(
        rf"^(?:more than\s+|over\s+)?(?:(?P<any>any)|{_NUMBER})\s*(?:of\s+)?(?:the\s+)?(?:records?|rows?)"
        r"(?:\s+(?:of|from)\s+(?P<source>[a-z][a-z0-9_]*))?\s+(?:go(?:es)?|went|are|is|gets?|land)\s*(?:in|to|into)?\s*"
        r"(?:the\s+)?quarantined?$", re.IGNORECASE,
    ),
    re.compile(
        r"^(?:the\s+)?quarantine(?:\s+share)?(?:\s+of\s+(?P<source>[a-z][a-z0-9_]*))?\s+"
        r"(?:passes|exceeds|is above|is over|"
        rf"goes above|rises above)\s+{_NUMBER}$", re.IGNORECASE,
    ),
)  # fmt: skip
_ODD = r"(?:unusual|odd|strange|weird|abnormal|anomalous|suspicious|unexpected|out of the ordinary)"
_COMES_UP = r"(?:happens?|happened|occurs?|occurred|(?:comes?|shows?|turns?|pops?) up|(?:is )?(?:going on|happening))"
_FOUND = r"(?:(?:is|are|was|were|gets?) (?:found|seen|detected|noticed))"
_WITH = r"(?: (?:to|in|with|of|for|among|on|about) (?P<subject>.+))?"
_UNUSUAL = (
    re.compile(
        rf"^(?:there (?:is|are) |(?:you|we) (?:see|find|notice) )?(?:some|any)thing (?:(?:that )?(?:is|looks|seems) )?"
        rf"{_ODD}(?: (?:{_COMES_UP}|{_FOUND}))?{_WITH}$", re.IGNORECASE,
    ),
    re.compile(
        rf"^(?:there (?:is|are) |(?:you|we) (?:see|find|notice|detect) )?(?:(?:an?|any|some|new) )*(?:{_ODD} )?"
        rf"(?:anomal(?:y|ies)|outliers?)(?: (?:{_COMES_UP}|{_FOUND}))?{_WITH}$", re.IGNORECASE,
    ),
    re.compile(
        r"^(?P<subject>.+?) (?:is|are|gets?|becomes?|looks?|seems?|behaves?|acts?|(?:does|do|shows?) (?:some|any)thing)"
        rf" {_ODD}(?:ly)?$", re.IGNORECASE,
    ),
)  # fmt: skip
_DASHBOARD = re.compile(r"^(?:the\s+)?(?:(?P<before>.+?)\s+dashboard|dashboard\s+(?P<after>.+))$", re.IGNORECASE)


def frame_of(sentence: str) -> Frame | None:
    """What a sentence wishes for; None where it is no such wish."""
    plain = " ".join(sentence.split())
    if not plain or len(plain) > MOST_WORDS:
        return None
    if match := _TELL.match(plain) or _TELL_AFTER.match(plain):
        return _told(match["rest"])
    if match := _SEND.match(plain):
        return _sent(match["rest"])
    found = times.find(plain)
    if found and (match := _SEND.match(plain[found.span[1] :].lstrip(" ,"))) and not plain[: found.span[0]].strip():
        return _sent_at(match["rest"], found.cron)
    return None


def _sent(rest: str) -> Frame | None:
    found = times.find(rest)
    if found is None:
        return None
    start, end = found.span
    about = " ".join(f"{rest[:start].rstrip(' ,')} {rest[end:].lstrip(' ,')}".split())
    return _sent_at(about, found.cron)


def _sent_at(about: str, cron: str) -> Frame:
    if not about:
        example = "send me complaints by ward every Monday"
        return Unclear("What is to be sent? Name a figure or a dashboard.", (example,))
    match = _DASHBOARD.match(about)
    return Sent((match["before"] or match["after"]) if match else about, cron, dashboard=bool(match))


def _told(rest: str) -> Frame:
    hold, words = _taken(_FOR, rest)
    for reading in (_of_platform, _of_quarantine, _of_unusual, _of_change, _of_threshold):
        if found := reading(words, hold):
            return found
    return _of_freshness(words, hold) or Unclear(
        f"When is “{rest}” so? Say what passes or falls below which number, changes by how much, or is missing.",
        ("tell me when backlog passes 100", "tell me when complaints drop by 20 % week over week"),
    )


def _taken(pattern: re.Pattern[str], text: str) -> tuple[re.Match[str] | None, str]:
    """The last place where a pattern is, and the text without it."""
    matches = list(pattern.finditer(text))
    if not matches:
        return None, text
    last = matches[-1]
    return last, " ".join(f"{text[: last.start()]} {text[last.end() :]}".split())


def _of_platform(words: str, hold: re.Match[str] | None) -> Frame | None:
    if match := _FAILED_LOAD.match(words):
        return _at_once(Told(FailedLoad(source=match["source"])), hold)
    if match := _FAILED_RUN.match(words):
        job = match["job"] or match["named"]
        return _at_once(Told(FailedRun(jobs=(job,) if job else ())), hold)
    return None


def _at_once(told: Told, hold: re.Match[str] | None) -> Frame:
    """A failure is told at once: it does not last."""
    return Unclear("A failure is told at once: leave out for how long.") if hold else told


def _of_quarantine(words: str, hold: re.Match[str] | None) -> Frame | None:
    for pattern in _QUARANTINE:
        if match := pattern.match(words):
            if "any" in match.groupdict() and match["any"]:
                return _at_once(Told(Quarantined(source=match["source"])), hold)
            value = _value(match)
            share = value / 100
            if not match["percent"] or not 0 <= share < 1:
                return Unclear(
                    "How large a part of the records? Say it in percent, below 100 %.",
                    (f"tell me when more than {min(value, 99):g} % of records are quarantined",),
                )
            return _at_once(Told(Quarantined(share=share, source=match["source"])), hold)
    return None


def _of_unusual(words: str, hold: re.Match[str] | None) -> Frame | None:
    match = next(filter(None, (pattern.match(words) for pattern in _UNUSUAL)), None)
    if match is None:
        return None
    if hold:
        return Unclear("Something unusual is told once, when it is found: leave out for how long.")
    return Told(Unusual(), _question(match["subject"] or "", ""))


def _of_change(words: str, hold: re.Match[str] | None) -> Frame | None:
    match = _CHANGE.match(words)
    if match is None or not (match["by"] or match["percent"]):
        return None
    if hold:
        return Unclear("A change is of whole periods: leave out for how long.")
    value, percent = _value(match), bool(match["percent"])
    subject, tail = match["subject"], match["tail"]
    if value <= 0:
        return Unclear("By how much? Say a number above 0.")
    year_ago, tail = _taken(_YEAR_AGO, tail)
    step, tail = _step(tail)
    if step is None and (adverb := _ADVERB.search(subject)):
        step, subject = _ADVERBS[adverb["adverb"].lower()], _taken(_ADVERB, subject)[1]
    direction: Direction = next(name for name in _DIRECTIONS if match[name])
    amount = f"{match[direction]} by {match['number']}{' %' if percent else ''}{_with(tail)}"
    if year_ago and step in (None, "week"):
        months = tuple(f"tell me when {one} {subject} {amount} compared with a year earlier" for one in _BY_YEAR)
        return Unclear("Of which periods, compared with those a year earlier?", months)
    if step is None:
        each = tuple(f"tell me when {subject} {amount} {one} over {one}" for one in ("day", "week", "month"))
        return Unclear("Compared with what? A change is from one whole period to the next.", each)
    condition = Changes(
        direction=direction, by=value / 100 if percent else value, relative=percent, period=Grain(step),
        against="previous_year" if year_ago else "previous_period",
    )  # fmt: skip
    return Told(condition, _question(subject, tail))


def _with(tail: str) -> str:
    return f" {tail.strip()}" if tail.strip() else ""


def _step(tail: str) -> tuple[str | None, str]:
    for match in _AGAINST.finditer(tail):
        step = match["step"] or match["first"] or ("day" if match["yesterday"] else None)
        # "in week 3" is a value, not a step to compare with
        if step and not re.match(r"\s*\d", tail[match.end() :]):
            return step.lower(), " ".join(f"{tail[: match.start()]} {tail[match.end() :]}".split())
    return None, tail


def _of_threshold(words: str, hold: re.Match[str] | None) -> Frame | None:
    clears, bare = _taken(_CLEARS, words)
    match = _THRESHOLD.match(bare)
    if match is None:
        return None
    if re.match(r".*\b(?:and|or|but)\b.*\d", match["tail"], re.IGNORECASE | re.DOTALL):
        return Unclear("One condition at a time: make an alert of each.")
    sign = next(sign for name, sign in _SIGNS.items() if match[name])
    bounds = {"value": _value(match), "clear": _value(clears) if clears else None}
    length = _length(hold) if hold else timedelta(0)
    try:
        condition = AboveOrBelow(comparator=sign, hold=length, **bounds)
    except ValueError:
        return Unclear("Where is it well again? Say a number on the good side of the bound, and at most 31 days.")
    return Told(condition, _question(match["subject"], match["tail"]), percent=bool(match["percent"]))


def _of_freshness(words: str, hold: re.Match[str] | None) -> Frame | None:
    length = _length(hold) if hold else timedelta(days=1)
    if match := _STALE.match(words):
        age = _length(match) if match["age"] else length
        return _bounded(lambda: Told(Stale(older_than=age), _question(match["subject"], "")))
    for pattern in _NO_DATA:
        if match := pattern.match(words):
            if length % timedelta(days=1):
                return Unclear("For how many days? Data are counted by days.")
            return _bounded(lambda: Told(NoData(days=length.days), _question(match["subject"], "")))
    return None


def _bounded(make: Callable[[], Told]) -> Frame:
    try:
        return make()
    except ValueError:
        return Unclear("For how long? From a minute to 366 days.")


def _question(subject: str, tail: str) -> str:
    """The question of a figure: what was said before the condition and after it; of any of some groups, by group."""
    subject, tail = subject.strip(" ,").removesuffix(" data"), tail.strip(" ,.")
    if match := _ANYS.match(subject):
        subject = f"{match['of']} by {match['group']}"
    words = f"{_without_article(subject)} {tail}".strip()
    return _ANY.sub(lambda match: f"by {match['group']}", words)


def _without_article(subject: str) -> str:
    return re.sub(r"^(?:the|our|my)\s+", "", subject, flags=re.IGNORECASE)


def _value(match: re.Match[str]) -> float:
    scale = (match["scale"] or "").lower().removesuffix("s")
    return float(match["number"].replace(",", "")) * _SCALES.get(scale, 1)


def _length(match: re.Match[str]) -> timedelta:
    count = match["count"].lower()
    number = int(count) if count.isdigit() else _COUNTS[count]
    return timedelta(**{f"{match['unit'].lower()}s": number})
