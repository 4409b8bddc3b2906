"""Times that say twice when: "on New Year 2017 (1 Jan)", "in May, the last week of May", "for Christmas (Nov + Dec)".

Belongs here: which of two times is meant where the later only says once more, or more closely, what the first says.
Does not belong here: two times that are compared (``comparing``), or that follow each other (``reading.finishing``).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from nlq.core.plan import TimeRange
from nlq.planning.drafts.draft import Decision, Draft, NotReadableError
from nlq.planning.drafts.mentions import Kind, Mention
from nlq.planning.times.words import TimeSpan

_JOINTS = {Kind.AND, Kind.OR, Kind.VERSUS, Kind.NOT, Kind.DIFFERENCE, Kind.MORE}


def agree(draft: Draft, mentions: Sequence[Mention]) -> None:
    """Keep one of two times that say the same: the one in brackets, else the narrower.

    Raises:
        NotReadableError: what stands in brackets is another time than what stands before.
    """
    if draft.versus or draft.growth or draft.difference or draft.either_time:
        return
    for first, second in itertools.pairwise(list(draft.times)):
        one, other = first[1], second[1]
        between = [m for m in mentions if one.last <= m.first < other.first]
        if one.range is None or other.range is None or one.last > other.first:
            continue
        again = one.bound and one.bound.named == other.range and all(m.text == "," for m in between)
        if not again and {m.kind for m in between} & _JOINTS:
            continue
        if one.bound and (again or (other.aside and not _says_all(other, one.bound.named))):
            _said_of_bound(draft, first, second)
            return
        if other.aside and not _overlap(one.range, other.range):
            reason = f"“{first[2]}” and “{second[2]}” are not the same time; leave one of them out."
            raise NotReadableError(2, reason, first[2], second[2], final=True)
        if other.aside or _within(other.range, one.range):
            kept, dropped = second, first
        elif _within(one.range, other.range):
            kept, dropped = first, second
        else:
            continue
        draft.times = [said for said in draft.times if said is not dropped]
        draft.because.append(Decision(dropped[2], f"the same time as “{kept[2]}”"))
        return


def _said_of_bound(draft: Draft, first: tuple[int, TimeSpan, str], second: tuple[int, TimeSpan, str]) -> None:
    """Begin or end with what says once more where: "since Easter (5 April)" is since 5 April, not that one day.

    Raises:
        NotReadableError: it is another time.
    """
    (position, one, text), other = first, second[1]
    assert one.bound and one.range and other.range
    named = one.bound.named
    narrower = other.range if _within(other.range, named) else named
    days = one.bound.days(narrower, one.range.end or date.max)
    if other.bound or not (_within(other.range, named) or _within(named, other.range)) or days is None:
        reason = f"“{text}” and “{second[2]}” are not the same time; leave one of them out."
        raise NotReadableError(2, reason, text, second[2], final=True)
    kept = (position, replace(one, range=days), text)
    draft.times = [kept if said is first else said for said in draft.times if said is not second]
    draft.because.append(Decision(second[2], f"the same time as “{text}”"))


def _says_all(span: TimeSpan, named: TimeRange) -> bool:
    """Whether brackets say from when to when: the months of "before Christmas (Nov + Dec)"."""
    return span.range is not None and span.ends is not None and not _within(span.range, named)


def _within(inner: TimeRange, outer: TimeRange) -> bool:
    """Whether days lie in others; what has an open end contains much that it does not say."""
    if inner.start is None or inner.end is None or outer.start is None or outer.end is None:
        return False
    return outer.start <= inner.start and inner.end <= outer.end


def _overlap(one: TimeRange, other: TimeRange) -> bool:
    return (one.start or date.min) <= (other.end or date.max) and (other.start or date.min) <= (one.end or date.max)
