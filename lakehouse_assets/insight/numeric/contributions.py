"""What a change is made of: the parts of it by value of a dimension, that add up to it exactly.

Belongs here: the arithmetic of sums and of ratios. Does not belong here: which change is worth it, words.

A ratio is the mean of its groups' rates, weighted by their shares of the denominator. Its change is split at the mean
of both times: what the rates did, and what the shares did (the mix), so that nothing is left over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Contribution:
    """What a value of a dimension contributes to a change; `rate` and `mix` of a ratio add up to `part`."""

    value: Any
    before: float | None
    after: float | None
    part: float
    rate: float = 0.0
    mix: float = 0.0


def of_sum(before: Mapping[Any, float], after: Mapping[Any, float]) -> list[Contribution]:
    """The contributions to the change of a sum, the largest first."""
    values = dict.fromkeys([*before, *after])
    found = [
        Contribution(v, before.get(v, 0.0), after.get(v, 0.0), after.get(v, 0.0) - before.get(v, 0.0)) for v in values
    ]
    return _ordered(found)


def of_ratio(
    above: tuple[Mapping[Any, float], Mapping[Any, float]], below: tuple[Mapping[Any, float], Mapping[Any, float]]
) -> list[Contribution]:
    """The contributions to the change of a ratio, the largest first; empty where it is nothing in one of the times.

    Args:
        above: The numerator by value, before and after.
        below: The denominator by value, before and after.
    """
    whole = [sum(one.values()) for one in below]
    if not all(whole):
        return []
    overall = sum(sum(a.values()) / w for a, w in zip(above, whole, strict=True)) / 2
    found = []
    for value in dict.fromkeys(v for one in (*below, *above) for v in one):
        rates = [a.get(value, 0.0) / b[value] if b.get(value) else None for a, b in zip(above, below, strict=True)]
        # A group that comes or goes has one rate alone: that it came is mix.
        first, last = (r if r is not None else rates[1 - i] for i, r in enumerate(rates))
        if first is None or last is None:
            continue
        shares = [b.get(value, 0.0) / w for b, w in zip(below, whole, strict=True)]
        rate = (last - first) * sum(shares) / 2
        mix = (shares[1] - shares[0]) * ((first + last) / 2 - overall)
        found.append(Contribution(value, rates[0], rates[1], rate + mix, rate, mix))
    return _ordered(found)


def all_against(parts: list[Contribution], change: float) -> bool:
    """Whether a ratio moved one way while the rates of all its groups moved the other: Simpson's paradox.

    A group that came or went moved neither way, and one whose rate stayed not the other: then it is none.
    """
    moved = [p.after - p.before for p in parts if p.before is not None and p.after is not None]
    against = all(abs(one) > 1e-12 and one * change < 0 for one in moved)
    return change != 0 and 1 < len(moved) == len(parts) and against


def concentration(parts: list[Contribution], change: float) -> float:
    """How much more of a change its largest part makes up than its share of the whole before would."""
    whole = sum(p.before or 0.0 for p in parts)
    if not parts or not change or not whole:
        return 0.0
    return max(p.part / change - (p.before or 0.0) / whole for p in parts)


def _ordered(found: list[Contribution]) -> list[Contribution]:
    return sorted(found, key=lambda one: (-abs(one.part), str(one.value)))
