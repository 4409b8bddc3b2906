"""Follow-ups: what stays of the question before, and what does not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from nlq.core.outcome import Carried, Planned
from nlq.core.plan import Plan
from nlq.planning.followups import parts_of, without_part
from nlq.planning.planner import Planner
from tests.nlq.vocabularies import complaints
from tests.questions.expected import meant, written

TODAY = date(2026, 7, 15)
PLANNER = Planner(complaints())
JUNE = [date(2026, 6, 1), date(2026, 6, 30)]


def after(*questions: str) -> Plan | None:
    plan: Plan | None = None
    for question in questions:
        outcome = PLANNER.plan(question, TODAY, plan)
        plan = outcome.plan if isinstance(outcome, Planned) else None
    return plan


@pytest.mark.parametrize(
    ("questions", "plan"),
    [
        (["complaints by ward", "and by channel?"], {"by": ["channel"]}),
        (["complaints by ward", "by month"], {"grain": "month"}),
        (["complaints by ward", "only last month"], {"by": ["ward_id"], "time": JUNE}),
        (["complaints by ward", "only whatsapp"], {"by": ["ward_id"], "where": {"channel": ["WHATSAPP"]}}),
        (["complaints in ward 3", "what about ward 4?"], {"where": {"ward_id": ["WARD_04"]}}),
        (["complaints in ward 3", "and via web"], {"where": {"ward_id": ["WARD_03"], "channel": ["WEB"]}}),
        (["top 3 wards by complaints", "only via web"], {"by": ["ward_id"], "top": 3, "where": {"channel": ["WEB"]}}),
        (["complaints by ward", "the top 3"], {"by": ["ward_id"], "top": 3}),
        (["complaints by ward and channel", "the top 3"], {"by": ["ward_id", "channel"], "top": 3}),
        (["complaints by ward", "as percentages"], {"by": ["ward_id"], "share": {}}),
        (["complaints", "the top 3"], None),
        (["complaints by ward in June", "how many orders in total"], {"metrics": ["sales_orders"]}),
        (["complaints by ward", "and the resolution rate?"], {"metrics": ["pgr_resolution_rate"], "by": ["ward_id"]}),
        (["complaints by ward", "and sales?"], None),
        (["share of complaints by ward", "and by channel?"], {"by": ["channel"], "share": {}}),
        (["complaints by ward", "and rainfall?"], None),
        (["complaints in June", "compared with the previous month"],
         {"time": JUNE, "compare": [date(2026, 5, 1), date(2026, 5, 31)]}),
        (["complaints in June", "against the year before"],
         {"time": JUNE, "compare": [date(2025, 6, 1), date(2025, 6, 30)]}),
        (["complaints in June", "compared with the previous quarter"], None),
    ],
)  # fmt: skip
def test_the_rest_stays(questions: list[str], plan: dict[str, Any] | None) -> None:
    found = after(*questions)
    if plan is None:
        assert found is None
    else:
        assert found is not None
        assert written(found) == meant({"metrics": ["pgr_complaints"], **plan})


def test_without_a_question_before_a_follow_up_is_none() -> None:
    assert after("and by channel?") is None


@pytest.mark.parametrize(
    ("questions", "carried"),
    [
        (["complaints by ward", "and by channel?"], {("metrics", None)}),
        (["complaints by ward", "only last month"], {("metrics", None), ("group", "complaint__ward_id")}),
        (
            ["complaints in June 2026 in ward 3", "and via web"],
            {("metrics", None), ("filter", "complaint__ward_id"), ("time", None)},
        ),
        (["complaints in ward 3", "what about ward 4?"], {("metrics", None)}),
        (["complaints by month", "and the resolution rate?"], {("grain", None)}),
        (["complaints by ward in June", "how many orders in total"], set()),
    ],
)
def test_what_stays_is_told(questions: list[str], carried: set[tuple[str, str | None]]) -> None:
    previous = after(*questions[:-1])
    outcome = PLANNER.plan(questions[-1], TODAY, previous)
    assert isinstance(outcome, Planned)
    assert {(part.part, part.name) for part in outcome.carried} == carried
    for part in outcome.carried:
        rest = without_part(outcome.plan, part)
        assert (rest is None) == (part.part == "metrics")
        assert rest is None or part not in parts_of(rest)


def test_a_rank_goes_with_its_group() -> None:
    plan = after("top 3 wards by complaints", "only via web")
    assert plan is not None
    rest = without_part(plan, Carried(part="group", name="complaint__ward_id"))
    assert rest is not None
    assert written(rest) == meant({"metrics": ["pgr_complaints"], "where": {"channel": ["WEB"]}})
