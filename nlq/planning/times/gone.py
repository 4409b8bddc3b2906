"""Units that are over, by their place before this one: "the quarter just ended", "week before last".

Does not belong here: "last month" and "2 weeks ago" (``periods``), a time before another one (``words``).
"""

from __future__ import annotations

from collections.abc import Callable

from nlq.core.periods import shift, unit_start
from nlq.planning.times.tokens import PREVIOUS, THIS, Found, TimeTokens, period_of

_OVER = {"ended", "finished", "closed", "completed", "gone", "passed", "past"}


class GoneReader(TimeTokens):
    """Reads units that are over."""

    def rules(self) -> tuple[Callable[[int], Found | None], ...]:
        """The rules, each of which reads one form at a place."""
        return self._just_over, self._before_last, self._but_one

    def _just_over(self, at: int) -> Found | None:
        """The latest whole unit: "quarter just ended", "this quarter that has just finished"."""
        unit_at = at + (self._norm(at) in THIS)
        just = unit_at + 1
        just += self._norm(just) in {"that", "which"}
        just += self._norm(just) in {"has", "have"}
        return self._ago(unit_at, just + 2, 1) if self._norm(just) == "just" and self._norm(just + 1) in _OVER else None

    def _before_last(self, at: int) -> Found | None:
        """The unit before the last one: "week before last"."""
        said = self._norms(at + 1, 2) == ["before", "last"] and self._unit_at(at + 3) is None
        return self._ago(at, at + 3, 2) if said and self._month_number(at + 3) is None else None

    def _but_one(self, at: int) -> Found | None:
        """The unit before the last one: "last month but one"."""
        said = self._norm(at) in PREVIOUS and self._norms(at + 2, 2) == ["but", "1"]
        return self._ago(at + 1, at + 4, 2) if said else None

    def _ago(self, unit_at: int, last: int, count: int) -> Found | None:
        unit = self._unit_at(unit_at)
        if unit is None:
            return None
        return Found(last, period_of(shift(unit_start(self._today, unit), unit, -count), unit))
