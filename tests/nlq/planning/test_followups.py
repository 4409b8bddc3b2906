"""Follow-ups: what stays of the question before, and what does not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from nlq.outcome import Planned
from nlq.plan import Plan
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
