"""What follows from insights, by stated rules.

Belongs here: the rules, each of which says what it follows from. Does not belong here: finding insights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lakehouse_assets.insight.model import Insight, Kind, Severity
from lakehouse_assets.insight.telling import identity

_WEIGHTY = (Severity.HIGH, Severity.MEDIUM)
_MAIN = 0.4
RULES = {
    "missing": "Where nothing came for days: look at the loads before anything else is concluded.",
    "worse": "Where a metric got worse for good: begin with what makes up most of its change.",
    "mix": "Where a ratio moved by its mix more than by its rates: look at what comes in, not at how it is worked on.",
    "outlook": "Where a metric that got worse is foretold to stay so: plan for it.",
}


def recommendations(found: Sequence[Insight], tenant: str | None) -> list[Insight]:
    """What follows from insights of a domain; the same for the same insights."""
    rules = (_missing, _worse, _mix, _outlook)
    told = [(rule.__name__.strip("_"), *one) for rule in rules for one in rule(found)]
    return [_made(name, words, because, tenant) for name, words, because in told]


_Follows = Iterator[tuple[str, list[Insight]]]


def _missing(found: Sequence[Insight]) -> _Follows:
    gaps = [one for one in found if one.kind is Kind.MISSING]
    if gaps:
        named = ", ".join(dict.fromkeys(one.label for one in gaps))
        yield f"See whether the records of {named} were loaded: `asklake status`, then the source.", gaps


def _worse(found: Sequence[Insight]) -> _Follows:
    for one in found:
        lasting = one.kind in (Kind.SHIFT, Kind.TREND) and one.good is False and one.severity in _WEIGHTY
        if not lasting or one.dimension is not None:
            continue
        change = next((c for c in found if c.kind is Kind.CHANGE and c.metric == one.metric and c.good is False), None)
        if change and change.parts and change.actual is not None and change.expected is not None:
            whole, most = change.actual - change.expected, change.parts[0]
            if whole and most.part / whole >= _MAIN:
                share = f"{most.part / whole:.0%}" if most.part / whole <= 1 else "more than all"
                yield f"Begin with {most.value}: it makes up {share} of the change of {one.label}.", [one, change]


def _mix(found: Sequence[Insight]) -> _Follows:
    for one in found:
        if one.kind is Kind.CHANGE and one.parts and one.parts[0].mix is not None:
            mix, rate = (sum(getattr(p, name) or 0.0 for p in one.parts) for name in ("mix", "rate"))
            if abs(mix) > abs(rate):
                yield f"{one.label} moved because other things come in, not because they are done differently.", [one]


def _outlook(found: Sequence[Insight]) -> _Follows:
    for ahead in (one for one in found if one.kind is Kind.FORECAST):
        worse = [
            one for one in found
            if one.metric == ahead.metric and one.kind is Kind.SHIFT and one.good is False and one.dimension is None
        ]  # fmt: skip
        days = [step.expected for step in ahead.steps]
        for one in worse:
            if one.actual is None or one.expected is None or not days:
                continue
            middle = sum(days) / len(days)
            if abs(middle - one.actual) < abs(middle - one.expected):
                yield (
                    f"Plan for the new level of {one.label}: the next {len(days)} days are foretold on it.",
                    [one, ahead],
                )


def _made(rule: str, words: str, because: list[Insight], tenant: str | None) -> Insight:
    first = because[0]
    return Insight(
        insight_id=identity(first.domain, tenant, Kind.RECOMMENDATION, rule, first.insight_id),
        domain=first.domain, kind=Kind.RECOMMENDATION, severity=first.severity, metric=first.metric, label=first.label,
        format=first.format, unit=first.unit, grain=first.grain, start=first.start, end=first.end, sentence=words,
        method=f"Rule “{rule}”. {RULES[rule]}", because=tuple(one.insight_id for one in because), plan=first.plan,
    )  # fmt: skip
