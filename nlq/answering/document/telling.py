"""Rows of a chart told apart, and made whole: names that are given once, numbers that can be drawn, steps left out.

Belongs here: what keeps a picture from saying what the rows do not. Does not belong here: which rows are drawn
(``drawing``), marks (``marks``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from datetime import date
from typing import Any

from nlq.core.periods import steps_in
from nlq.core.plan import Grain, TimeRange

_MOST_FILLED = 4_000


class Names:
    """What values are called, each by a name of its own: two that read alike would be drawn as one."""

    def __init__(self, say: Callable[[Any], str]) -> None:
        """Nothing has a name yet."""
        self._say = say
        self._names: dict[Hashable, str] = {}
        self._taken: set[str] = set()

    def of(self, value: Any) -> str:
        """The name of a value, the same each time."""
        key = (type(value).__name__, str(value))
        if key not in self._names:
            self._names[key] = self.new(self._say(value))
        return self._names[key]

    def new(self, name: str) -> str:
        """The name, or the like where something has it already."""
        found, number = name, 1
        while found in self._taken:
            number += 1
            found = f"{name} ({number})"
        self._taken.add(found)
        return found


def number(value: Any) -> Any:
    """A figure that can be drawn: what is no finite number is not known."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def drawable(value: Any) -> bool:
    """Whether a figure is a number, or not known."""
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def left_out(steps: Sequence[Any], grain: Grain, parts: int) -> list[str]:
    """The steps of time between the first and the last that no row is of.

    Args:
        steps: First days of those that there are rows of, as ISO text.
        grain: Their length.
        parts: How many rows a step has at most.
    """
    known = {step for step in steps if isinstance(step, str)}
    try:
        first, last = (date.fromisoformat(step) for step in (min(known), max(known)))
    except ValueError:  # none, or moments
        return []
    found = [step.isoformat() for step in steps_in(TimeRange(start=first, end=last), grain) or ()]
    return [step for step in found if step not in known] if len(found) * parts <= _MOST_FILLED else []
