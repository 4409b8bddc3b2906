"""What stays from the question before is said as it is said in a question."""

from __future__ import annotations

import pytest

from nlq.answering.document.carrying import carried_over
from nlq.core.outcome import Carried
from nlq.core.plan import Plan
from tests.nlq.vocabularies import complaints


@pytest.mark.parametrize(
    ("bound", "parts", "says"),
    [
        ({"metric": "pgr_complaints", "value": 10}, {}, "more than 10 Complaints"),
        ({"metric": "pgr_complaints", "value": 2, "of": "mean"}, {}, "more than 2 times the mean Complaints"),
        (
            {"metric": "pgr_complaints__share", "value": 0.2},
            {"share": {}},
            "Share of Complaints more than 20.0 %",
        ),
    ],
)
def test_thresholds_that_stay(bound: dict, parts: dict, says: str) -> None:
    plan = Plan.model_validate(
        {
            "metrics": ["pgr_complaints"],
            "group_by": ["complaint__channel"],
            "having": [bound | {"comparator": "gt"}],
            **parts,
        }
    )
    (told,) = carried_over(plan, [Carried(part="having")], complaints(), str)
    assert told.says == says
    assert told.without and not told.without.plan.having
