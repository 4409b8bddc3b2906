"""What each part of a plan gives, in rows, beside SQL written by hand over the same tables."""

from __future__ import annotations

from typing import Any

import pytest

from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answerer
from nlq.answering.model import Answer
from nlq.answering.sameness import same_rows
from nlq.core.plan import Plan
from nlq.wording.explain import as_question

CASES = "gold.gold_pgr_case_lifecycle"
COMPLAINTS = {"metrics": ["pgr_complaints"]}


def check(answerer: Answerer, lake: Lake, parts: dict[str, Any], sql: str) -> Answer:
    """The answer to a plan, whose rows are those of the SQL."""
    answer = answerer.run(Plan.model_validate(parts))
    assert answer.outcome == "answered", answer.sentence
    with lake.session() as session:
        expected = [tuple(row.values()) for row in session.query(sql).to_pylist()]
    assert expected
    assert same_rows(plain(answer.rows), plain(expected)), (answer.rows[:5], expected[:5])
    return answer


def plain(rows: Any) -> list[tuple[Any, ...]]:
    """Rows in which a number is the same number whatever its type, and a day its text."""
    return [tuple(_plain(value) for value in row) for row in rows]


def _plain(value: Any) -> Any:
    is_text = value is None or isinstance(value, bool | str)
    return value if is_text else float(value) if hasattr(value, "__float__") else str(value)[:10]


def where(dimension: str, operator: str, *values: Any) -> dict[str, Any]:
    return {"filters": [{"dimension": f"complaint__{dimension}", "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("filters", "condition", "words"),
    [
        (where("ward_id", "is_null"), "ward_id is null", "Ward is unknown"),
        (where("ward_id", "is_not_null"), "ward_id is not null", "Ward is known"),
        (where("sla_hours", "gt", 36), "sla_hours > 36", "SLA hours is more than 36"),
        (where("sla_hours", "ge", "36"), "sla_hours >= 36", "SLA hours is at least 36"),
        (where("sla_hours", "lt", 36.5), "sla_hours < 36.5", "SLA hours is less than 36.50"),
        (where("sla_hours", "le", 36), "sla_hours <= 36", "SLA hours is at most 36"),
        (where("sla_hours", "in", "36"), "sla_hours = 36", "SLA hours is 36"),
        (where("channel", "contains", "pp"), "channel like '%PP%'", "Channel contains pp"),
        (where("complaint_id", "contains", "-00001"), "complaint_id like '%-00001%'", "Complaint contains -00001"),
        (where("resolved_at", "is_null"), "resolved_at is null", "Resolved at is unknown"),
    ],
)
def test_filters_keep_what_they_say(
    answerer: Answerer, asked_lake: Lake, filters: dict[str, Any], condition: str, words: str
) -> None:
    answer = check(answerer, asked_lake, COMPLAINTS | filters, f"select count(*) from {CASES} where {condition}")
    assert answer.rows[0][0] > 0
    assert answer.filters == (words,)
    assert answer.plan and as_question(answer.plan, answerer.vocabulary()) == f"Complaints where {words}"


@pytest.mark.parametrize("text", ["W%", "W_B", "\\", "' or 1=1 --", "{{ 1 }}", "'__asklake_value_0__'"])
def test_a_piece_of_text_is_no_pattern_and_no_sql(answerer: Answerer, text: str) -> None:
    answer = answerer.run(Plan.model_validate(COMPLAINTS | where("channel", "contains", text)))
    assert answer.rows == ((0,),)


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        (where("channel", "gt", 3), "bad_operator"),
        (where("sla_hours", "gt", "long"), "bad_value"),
        (where("sla_hours", "contains", "3"), "bad_operator"),
        (where("is_open", "contains", "t"), "bad_operator"),
        (where("submitted_date", "contains", "2025"), "bad_operator"),
        (where("channel", "contains", "w" * 201), "bad_value"),
    ],
)
def test_filters_that_a_dimension_cannot_have(answerer: Answerer, filters: dict[str, Any], code: str) -> None:
    answer = answerer.run(Plan.model_validate(COMPLAINTS | filters))
    assert (answer.outcome, answer.error) == ("refused", code)
