"""Plans of real names with whatever values their schema allows: each is answered, or refused with a reason."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.service.conftest import Served

METRICS = ("pgr_complaints", "pgr_sla_breach_rate", "pgr_complaints_cumulative", "pgr_complaints_yoy")
GROUPS = ("channel", "ward_id", "submitted_date", "is_open", "metric_time__extract_dow")
DAYS = ("0001-01-01", "2024-02-29", "2025-01-01", "2025-12-31", "9999-12-31")
VALUES = ("WEB", "WARD_01", "2025-03-01", "Monday", "", "'", "\u202e", True, 0, -1.5, 10**40, 1e308)
COMPUTED = ({}, {"comparison": "previous_period"}, {"comparison": "previous_year"}, {"share": {}}, {"average": True})


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    groups = draw(st.lists(st.sampled_from(GROUPS), max_size=2, unique=True))
    metric, grain = draw(st.sampled_from(METRICS)), draw(st.sampled_from([None, "day", "week", "month", "year"]))
    first, last = sorted(draw(st.lists(st.sampled_from(DAYS), min_size=2, max_size=2)))
    plan = {"metrics": [metric], "group_by": groups, "grain": grain, **draw(st.sampled_from(COMPUTED))}
    plan["time_range"] = draw(st.sampled_from([None, {"start": first}, {"end": last}, {"start": first, "end": last}]))
    operator = draw(st.sampled_from(["in", "not_in", "ge", "is_null", "is_not_null"]))
    values = [] if operator.startswith("is") else [draw(st.sampled_from(VALUES))]
    if draw(st.booleans()):
        item = {"dimension": draw(st.sampled_from(GROUPS)), "operator": operator, "values": values}
        plan["filters"] = [item]
    if draw(st.booleans()):
        value = draw(st.sampled_from([0, -1, 1e308, 5e-324]))
        plan["having"] = [{"metric": metric, "comparator": draw(st.sampled_from(["gt", "le", "eq"])), "value": value}]
    fields = [metric, *groups, *(["metric_time"] if grain else [])]
    if draw(st.booleans()):
        plan["order_by"] = [{"field": draw(st.sampled_from(fields)), "descending": draw(st.booleans())}]
        plan |= {"ties": draw(st.booleans()), "limit": draw(st.sampled_from([1, 3, 1000]))}
    return plan


@seed(20261129)
@settings(
    max_examples=60, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(plan=plans())
def test_every_plan_is_answered_or_refused(service: Served, plan: dict[str, Any]) -> None:
    with service.client() as client:
        response = client.post("/query", json=plan)
        assert response.status_code in (200, 422), (plan, response.text)
        if response.status_code == 200:
            answer = response.json()
            assert answer["sentence"] and client.get(f"/answers/{answer['answer_id']}").json()["rows"] == answer["rows"]
