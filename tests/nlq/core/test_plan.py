"""The plan: what goes together, and that plans which were stored earlier stay the same."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from nlq.core.columns import key_columns, value_columns
from nlq.core.plan import Plan

MANY = {"metric": "m", "comparator": "gt", "value": 4}
KNOWN = {"dimension": "a__d", "operator": "is_not_null"}
BEST = {"field": "m", "descending": True}


@pytest.mark.parametrize(
    ("stored", "fingerprint"),
    [
        ({"group_by": ["a__d"], "having": [MANY], "count": True}, "f47d6dcd65e42fb3"),
        (
            {"group_by": ["a__d"], "filters": [KNOWN, {"dimension": "a__e", "values": ["y", "x"]}], "order_by": [BEST],
             "limit": 1, "ties": True, "time_range": {"start": "2025-01-01"}},
            "a8c20ce7324b2303",
        ),
        ({"grain": "month", "average": True, "order_by": [{"field": "m"}]}, "b83a61e1a2dcfc8d"),
        ({"group_by": ["a__d"], "share": {"within": ["a__d"]}}, "b618c2cfba447f67"),
        ({"metrics": ["m", "n"], "ratio": True}, "58e82c1f6d03a5bc"),
    ],
)  # fmt: skip
def test_plans_that_were_stored_load_and_are_known_again(stored: dict[str, Any], fingerprint: str) -> None:
    plan = Plan.model_validate({"metrics": ["m"], **stored})
    assert plan.fingerprint == fingerprint
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"count": True}, "needs groups or a grain"),
        ({"count": True, "average": True, "group_by": ["d"]}, "at a time"),
        ({"count": True, "group_by": ["d"], "within": ["d"]}, "at least one group"),
        ({"average": True, "group_by": ["d"], "within": ["m"]}, "at least one group"),
        ({"count": True, "group_by": ["d"], "order_by": [BEST]}, "order_by names 'm'"),
        ({"group_by": ["d"], "having": [MANY | {"metric": "m__change"}]}, "having names 'm__change'"),
        ({"group_by": ["d"], "share": {}, "having": [MANY | {"metric": "m__share", "of": "mean"}]}, "having names"),
        ({"percent": True}, "needs one"),
        ({"running": {"of": "total"}}, "needs a grain"),
        ({"running": {"of": "total", "steps": 1}, "grain": "day"}, "greater than or equal to 2"),
        ({"filters": [KNOWN | {"operator": "contains"}]}, "at least one value"),
        ({"filters": [KNOWN | {"operator": "contains", "values": [" "]}]}, "not blank"),
        ({"filters": [KNOWN | {"operator": "contains", "values": ["a", "b"]}]}, "exactly one"),
    ],
)
def test_what_does_not_go_together_is_no_plan(parts: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Plan.model_validate({"metrics": ["m"], **parts})


@pytest.mark.parametrize(
    ("parts", "keys", "values"),
    [
        ({"group_by": ["d", "g"], "count": True}, (), ("d__count",)),
        ({"group_by": ["d", "g"], "count": True, "within": ["g"]}, ("g",), ("d__count",)),
        ({"grain": "month", "count": True}, (), ("metric_time__count",)),
        ({"group_by": ["d"], "count": True, "within": ["m"]}, ("m",), ("d__count",)),
        (
            {"group_by": ["d"], "grain": "month", "average": True, "within": ["metric_time"]},
            ("metric_time__month",),
            ("m",),
        ),
    ],
)
def test_columns_of_averages_and_counts(parts: dict[str, Any], keys: tuple[str, ...], values: tuple[str, ...]) -> None:
    plan = Plan.model_validate({"metrics": ["m"], **parts})
    assert (key_columns(plan), value_columns(plan)) == (keys, values)
