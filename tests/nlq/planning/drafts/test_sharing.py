"""A percent of things of which something is true is the layer's own rate, not how the part spreads over groups."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from nlq.core.outcome import Outcome, Planned
from nlq.core.vocabulary import Dimension, Metric, Values, Vocabulary
from nlq.planning.planner import Planner

TODAY = date(2026, 7, 15)
SUBJECTS = {"ticket": "escalated", "parcel": "damaged", "loan": "renewed"}


def asked(thing: str, question: str, *, has_rate: bool = True) -> Outcome:
    names = frozenset({f"{thing}__team", f"{thing}__{thing}_id"})
    of: dict[str, Any] = {"dimensions": names, "subjects": frozenset({thing})}
    whole, part = f"{thing}s", SUBJECTS[thing]
    metrics = [
        Metric(whole, whole.capitalize(), additive=True, **of),
        Metric(part, f"{part.capitalize()} {whole}", additive=True, **of),
    ]
    if has_rate:
        metrics.append(Metric("rate", f"Rate of the {part}", type="ratio", format="percent", parts=(part, whole), **of))
    keys = Dimension(f"{thing}__{thing}_id", thing.capitalize(), values=Values(complete=False))
    return Planner(Vocabulary.of(metrics, [Dimension(f"{thing}__team", "Team"), keys])).plan(question, TODAY)


@pytest.mark.parametrize("thing", SUBJECTS)
@pytest.mark.parametrize("ask", ["% of {0}s that were {1} by team", "share of {0}s which were {1} per team"])
def test_a_percent_of_things_by_group_is_the_rate(thing: str, ask: str) -> None:
    outcome = asked(thing, ask.format(thing, SUBJECTS[thing]))
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.metrics == ("rate",) and outcome.plan.share is None
    assert outcome.plan.group_by == (f"{thing}__team",)


@pytest.mark.parametrize("thing", SUBJECTS)
def test_without_a_rate_it_is_no_share_of_the_part(thing: str) -> None:
    outcome = asked(thing, f"% of {thing}s that were {SUBJECTS[thing]} by team", has_rate=False)
    assert not isinstance(outcome, Planned) or outcome.plan.ratio, outcome


@pytest.mark.parametrize("thing", SUBJECTS)
def test_the_part_may_still_be_spread_over_groups(thing: str) -> None:
    outcome = asked(thing, f"share of {SUBJECTS[thing]} {thing}s by team")
    assert isinstance(outcome, Planned), outcome
    assert outcome.plan.metrics == (SUBJECTS[thing],) and outcome.plan.share


@pytest.mark.parametrize("thing", SUBJECTS)
def test_a_year_behind_the_things_is_a_time_not_one_of_them(thing: str) -> None:
    outcome = asked(thing, f"{thing}s of 2025")
    assert isinstance(outcome, Planned), outcome
    assert not outcome.plan.filters and outcome.plan.time_range and outcome.plan.time_range.start == date(2025, 1, 1)
