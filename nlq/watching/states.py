"""Where an alert stands and what is told of it: each state once, whatever was seen how often.

Belongs here: the transitions, without a clock and without a database. Does not belong here: what is seen (``judging``),
keeping it.

    ok → pending (beyond the bound, not for long enough yet) → firing → ok, and from each to unknown and back.

A state is told when it is entered: firing, ok after firing or unknown, unknown. Pending is told to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """Where an alert stands, or one of its groups."""

    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What a look at the figure showed: ``between`` is inside the bound, but not yet where it is well again."""

    BREACHED = "breached"
    BETWEEN = "between"
    CLEAR = "clear"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Seen:
    """What was seen of a group (empty: there are none), and how that is said.

    ``evidence`` names what it was seen by, where that can be met twice, such as a run.
    """

    group: str
    verdict: Verdict
    says: str
    value: float | None = None
    evidence: str = ""


@dataclass(frozen=True)
class Standing:
    """The state of a group and since when (UTC), which was told last, and whether it fired before it was unknown."""

    state: State = State.OK
    since: datetime | None = None
    told: State = State.OK
    was_firing: bool = False


@dataclass(frozen=True)
class Turn:
    """A state that was entered and is to be told."""

    group: str
    state: State
    before: State
    says: str
    value: float | None


def turned(
    standing: Standing, seen: Seen, now: datetime, hold: timedelta = timedelta(0)
) -> tuple[Standing, Turn | None]:
    """The standing after a look, and what is to be told of it.

    Args:
        standing: Where it stood.
        seen: What was seen.
        now: When, UTC.
        hold: How long the figure has to be beyond its bound.
    """
    following = _following(standing, seen.verdict, now, hold)
    if following.state in (standing.state, State.PENDING) or following.state is following.told:
        return following, None
    turn = Turn(seen.group, following.state, standing.told, seen.says, seen.value)
    return replace(following, told=following.state), turn


def _following(standing: Standing, verdict: Verdict, now: datetime, hold: timedelta) -> Standing:
    """The state that a verdict leads to; what was told is that of before."""
    state = standing.state
    fires = state is State.FIRING or (state is State.UNKNOWN and standing.was_firing)
    if verdict is Verdict.UNKNOWN:
        into = State.UNKNOWN
    elif verdict is Verdict.BREACHED:
        into = _breached(standing, now, hold)
    else:
        into = State.FIRING if fires and verdict is Verdict.BETWEEN else State.OK
    if into is state:
        return standing
    return Standing(into, now, standing.told, was_firing=into is State.UNKNOWN and fires)


def _breached(standing: Standing, now: datetime, hold: timedelta) -> State:
    if standing.state is State.PENDING:
        long_enough = standing.since is not None and now - standing.since >= hold
        return State.FIRING if long_enough else State.PENDING
    return State.FIRING if not hold or standing.state is State.FIRING or standing.was_firing else State.PENDING
