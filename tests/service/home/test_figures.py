"""Which figures stand for a domain, over which period, and how people are helped to begin."""

from __future__ import annotations

from datetime import date

import pytest

from lakehouse_assets.service.home.figures import course_of, domains_of, headlines, label_of, period_of, starters
from nlq.core.plan import Grain, Plan, TimeRange
from nlq.core.vocabulary import Dimension, Metric, Values, Vocabulary

WARD, CITY = "case__ward", "case__tenant_id"
PLAIN = Metric("cases", "Cases", domain="civic", tally=True, dimensions=frozenset({WARD, CITY}))
GOOD = Metric("solved", "Solved cases", domain="civic", tally=True, direction="up")
RATE = Metric("rate", "SLA rate", type="ratio", domain="civic", direction="up")
MONTHLY = Metric("monthly", "Sales of the month", domain="shop", tally=True, min_grain="month")
WORDS = Vocabulary.of(
    [PLAIN, GOOD, RATE, MONTHLY],
    [
        Dimension(WARD, "Ward", values=Values(("W1", "W2", "W3"))),
        Dimension(CITY, "City", values=Values(("a", "b", "c", "d"))),
    ],
)


def span(first: str, last: str) -> TimeRange:
    return TimeRange.model_validate({"start": first, "end": last})


def test_the_layer_names_the_figures_or_they_are_plain_counts() -> None:
    assert headlines(WORDS, "civic") == [GOOD, PLAIN]
    named = Metric("named", "Named", type="ratio", domain="civic", headline=1)
    assert headlines(Vocabulary.of([PLAIN, GOOD, named], []), "civic") == [named]


@pytest.mark.parametrize(
    ("metric", "first", "last", "today", "grain", "step"),
    [
        (PLAIN, "2026-01-01", "2026-03-18", "2026-03-19", "week", span("2026-03-09", "2026-03-15")),
        (PLAIN, "2026-01-01", "2026-03-15", "2026-03-19", "week", span("2026-03-09", "2026-03-15")),
        (PLAIN, "2026-01-01", "2026-03-19", "2026-03-15", "week", span("2026-03-02", "2026-03-08")),
        (PLAIN, "2026-03-10", "2026-03-18", "2026-03-19", "day", span("2026-03-18", "2026-03-18")),
        (MONTHLY, "2025-01-01", "2026-03-31", "2026-03-19", "month", span("2026-02-01", "2026-02-28")),
    ],
)
def test_the_period_is_the_last_whole_step_of_the_data(
    metric: Metric, first: str, last: str, today: str, grain: str, step: TimeRange
) -> None:
    found = period_of([metric], span(first, last), date.fromisoformat(today))
    assert found == (Grain(grain), step)


def test_without_a_whole_step_there_is_no_period() -> None:
    assert period_of([MONTHLY], span("2026-03-05", "2026-03-20"), date(2026, 3, 21)) is None


def test_the_course_ends_with_the_period() -> None:
    plan = course_of(["cases"], Grain.WEEK, span("2026-03-09", "2026-03-15"))
    assert plan.time_range == span("2026-01-12", "2026-03-15")
    assert label_of(Grain.MONTH, span("2026-02-01", "2026-02-28")) == "Feb 2026"


def test_starters_are_what_people_say_and_only_what_is_understood() -> None:
    asked: list[str] = []

    def understood(question: str) -> Plan | None:
        asked.append(question)
        return None if "by week" in question else Plan(metrics=(PLAIN.name,))

    found = starters(WORDS, [PLAIN], understood)
    assert [one.question for one in found] == [
        "cases by ward last month", "cases last month compared to the month before"
    ]  # fmt: skip
    assert asked[1] == "cases by week"
    (first, *_) = starters(WORDS, [RATE], lambda _: Plan(metrics=("rate",)))
    assert first.question == "SLA rate by week"


def test_what_the_lakehouse_tells_of_itself_comes_last() -> None:
    of = [Metric(name, name, domain=name) for name in ("platform", "civic", "shop")]
    assert domains_of(Vocabulary.of(of, [])) == ["civic", "shop", "platform"]
