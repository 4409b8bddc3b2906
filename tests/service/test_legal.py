"""Requests at the ends of what the document allows are answered, or refused with a reason; never a defect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from lakehouse_assets.lakehouse.lake import Lake
from nlq.storage.keys import KeyStore
from tests.service.conftest import NOW, Served, problem

M = "pgr_complaints"
DIGITS = "9" * 310
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def client(service: Served) -> Iterator[httpx.Client]:
    with service.client() as client:
        yield client


def span(start: str, end: str) -> dict[str, str]:
    return {"start": start, "end": end}


def test_figures_by_a_date_and_its_rank(client: httpx.Client, asked_lake: Lake) -> None:
    by_day = client.post("/query", json={"metrics": [M], "group_by": ["submitted_date", "channel"], "limit": 4})
    with asked_lake.session() as session:
        expected = session.query(
            "select submitted_date::varchar as d, channel, count(*) as n from gold.gold_pgr_case_lifecycle "
            "group by all order by d, channel limit 4"
        ).to_pylist()
    assert by_day.json()["rows"] == [list(row.values()) for row in expected]
    ranked = {
        "metrics": [M], "group_by": ["closed_at"], "order_by": [{"field": M, "descending": True}], "ties": True,
        "limit": 1, "filters": [{"dimension": "closed_at", "operator": "is_not_null"}],
    }  # fmt: skip
    assert client.post("/query", json=ranked).json()["rows"][0][1] >= 1
    stepped = {"metrics": [M], "group_by": ["submitted_date"], "grain": "month", "share": {"within": ["metric_time"]}}
    assert client.post("/query", json=stepped).json()["columns"][1]["name"] == "complaint__submitted_date"


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("metric_time", {"grain": "month"}),
        ("metric_time", {"grain": "month", "group_by": ["channel"], "within": ["channel"]}),
        ("metric_time", {"grain": "quarter", "comparison": "previous_year"}),
        ("channel", {"group_by": ["channel"]}),
        ("channel", {"group_by": ["channel", "ward_id"], "within": ["ward_id"]}),
        ("submitted_date", {"group_by": ["submitted_date"]}),
    ],
)
@pytest.mark.parametrize("limit", [1, 3])
def test_ranks_by_what_rows_are_grouped_by(client: httpx.Client, field: str, more: dict[str, Any], limit: int) -> None:
    order = {"order_by": [{"field": field, "descending": True}], "ties": True, "limit": limit}
    answer = client.post("/query", json={"metrics": [M], **order, **more})
    assert answer.status_code == 200, answer.text
    names = [column["name"] for column in answer.json()["columns"]]
    place = next(n for n, name in enumerate(names) if name.startswith(field) or name.endswith(f"__{field}"))
    found = [row[place] for row in answer.json()["rows"]]
    assert "within" in more or found == sorted(found, reverse=True)
    assert answer.json()["question"] and answer.json()["sentence"]


@pytest.mark.parametrize(
    ("time_range", "more", "status"),
    [
        (span("0001-01-01", "0001-01-31"), {"comparison": "previous_period"}, 422),
        (span("0001-01-01", "0001-12-31"), {"comparison": "previous_year"}, 422),
        (span("0001-01-01", "0001-01-31"), {"comparison": "previous_year", "grain": "day"}, 422),
        (span("0001-01-01", "0001-01-07"), {"comparison": "previous_period", "grain": "week"}, 422),
        (span("0001-01-01", "9999-12-31"), {"comparison": "previous_period"}, 422),
        (span("9999-12-01", "9999-12-31"), {"comparison": "previous_period"}, 200),
        (span("9999-12-27", "9999-12-31"), {"comparison": "previous_year", "grain": "week"}, 422),
        (span("9999-01-01", "9999-12-31"), {"comparison": "previous_year", "grain": "quarter"}, 200),
        (span("9999-12-31", "9999-12-31"), {}, 200),
        (span("2025-01-01", "9999-12-31"), {"average": True, "grain": "month"}, 200),
        (span("0001-01-01", "9999-12-31"), {"average": True, "grain": "week"}, 200),
        ({"end": "2024-02-29"}, {"average": True, "grain": "month"}, 200),
        ({"start": "2030-01-01"}, {"average": True, "grain": "month"}, 200),
        (span("0001-01-01", "9999-12-31"), {"grain": "year"}, 200),
    ],
)
def test_the_first_and_the_last_days_of_the_calendar(
    client: httpx.Client, time_range: dict[str, str], more: dict[str, Any], status: int
) -> None:
    response = client.post("/query", json={"metrics": [M], "time_range": time_range, **more})
    if status == 200:
        assert response.status_code == 200, response.text
    else:
        assert problem(response, 422, response.json()["error"]["code"])["code"] in ("bad_time", "bad_comparison")


@pytest.mark.parametrize("metric", ["pgr_complaints_cumulative", "pgr_complaints_yoy", "sales_net_amount_cumulative"])
@pytest.mark.parametrize("grain", [None, "quarter", "year"])
def test_metrics_of_whole_periods_to_the_last_of_days(client: httpx.Client, metric: str, grain: str | None) -> None:
    for time_range in (span("0001-01-01", "9999-12-31"), {"end": "9999-12-31"}, {"start": "0001-01-01"}):
        response = client.post("/query", json={"metrics": [metric], "grain": grain, "time_range": time_range})
        assert response.status_code in (200, 422), response.text


@pytest.mark.parametrize(
    "values",
    [
        "[1]",
        "[1.5]",
        "[true]",
        '["2025-01-01"]',
        f"[{DIGITS}]",
        "[NaN]",
        "[1e400]",
        '["\\ud800"]',
        '["a\\u0000b"]',
        '[""]',
    ],
)
@pytest.mark.parametrize("dimension", ["channel", "complaint_id", "sla_breached", "submitted_date"])
def test_a_value_of_any_kind(client: httpx.Client, dimension: str, values: str) -> None:
    body = f'{{"metrics": ["{M}"], "filters": [{{"dimension": "{dimension}", "values": {values}}}]}}'
    response = client.post("/query", content=body, headers=JSON)
    assert response.status_code in (200, 422), response.text
    if response.status_code == 200:
        assert client.get(f"/answers/{response.json()['answer_id']}").status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/query", '{"metrics": ["\\ud800"]}'),
        ("/query", f'{{"metrics": ["{M}"], "group_by": ["\\ud800"]}}'),
        ("/query", f'{{"metrics": ["{M}"], "question": "\\ud800"}}'),
        ("/query", f'{{"metrics": ["{M}"], "\\ud800": 1}}'),
        ("/query", f'{{"metrics": ["{M}"], "group_by": ["channel"], "having": [{{"metric": "{M}", "comparator": "gt", '
                   f'"value": {DIGITS}}}]}}'),
        ("/nlq", '{"question": "complaints", "previous": {"metrics": ["\\ud800"]}}'),
        ("/nlq", '{"question": "complaints", "now": "0001-01-01T00:00:00+23:59"}'),
        ("/nlq", f'{{"question": "complaints", "now": {DIGITS}}}'),
        ("/questions", '{"question": "complaints", "idempotency_key": "\\ud800"}'),
        ("/answers/x/feedback", '{"verdict": "wrong", "comment": "\\ud800"}'),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused(client: httpx.Client, path: str, body: str) -> None:
    error = problem(client.post(path, content=body, headers=JSON), 422, "invalid_request")
    assert "Value error" not in error["message"]


@pytest.mark.parametrize(
    "question",
    [
        f"complaints by ward with more than {DIGITS} complaints",
        f"wards with turnaround of more than {'9' * 308} weeks",
        f"top {DIGITS} wards",
        f"complaints in the last {DIGITS} days",
        "complaints between 0001-01-01 and 9999-12-31 by day compared with the previous year",
        "complaints on 0001-01-01 compared with the day before",
        "complaints on 9999-12-31",
    ],
)
def test_a_question_with_a_number_or_a_day_at_the_end_has_an_outcome(client: httpx.Client, question: str) -> None:
    response = client.post("/nlq", json={"question": question, "now": NOW})
    assert response.status_code == 200, response.text
    assert response.json()["outcome"] in ("answered", "clarify", "refused")


@pytest.mark.parametrize("tenant", ["0", "-0", "86400", "1735689600000", "2025-01-01", "true", "1e3", "null"])
def test_a_text_stays_a_text_in_what_is_kept(keyed: Served, tenant: str) -> None:
    store = KeyStore(keyed.database)
    _, key = store.create("of digits", tenant=tenant, role="viewer")
    store.close()
    with httpx.Client(base_url=keyed.url, headers={"authorization": f"Bearer {key}"}, timeout=60) as client:
        answer = client.post("/query", json={"metrics": [M], "group_by": ["channel"]}).json()
        assert answer["plan"]["filters"][0]["values"] == [tenant] and answer["rows"] == []
        assert client.get(f"/answers/{answer['answer_id']}").json()["plan"] == answer["plan"]
        again = client.get(f"/answers/{answer['answer_id']}/replay")
        assert again.status_code == 200 and again.json()["same_rows"], again.text


@pytest.mark.parametrize("day", ['"0"', "0", "86400", '"1735689600"', '"2025-01-01T00:00:00"', '"20250101"', "true"])
def test_no_number_passes_for_a_day(client: httpx.Client, day: str) -> None:
    body = f'{{"metrics": ["{M}"], "time_range": {{"start": {day}}}}}'
    told = problem(client.post("/query", content=body, headers=JSON), 422, "invalid_request")
    assert "a day is written as 2025-03-31" in told["message"]


@pytest.mark.parametrize("now", ['"0"', "0", "1767225600", '"1767225600"'])
def test_no_number_passes_for_a_moment(client: httpx.Client, now: str) -> None:
    told = client.post("/nlq", content=f'{{"question": "complaints", "now": {now}}}', headers=JSON)
    assert "2025-03-31T14:30:00Z" in problem(told, 422, "invalid_request")["message"]


KINDS: list[dict[str, Any]] = [
    {"limit": "5"}, {"limit": True}, {"skip": "0"}, {"skip": False}, {"ties": 1}, {"ties": "yes"}, {"average": 0},
    {"count": "false"}, {"ratio": 1.0}, {"order_by": [{"field": M, "descending": "true"}]},
    {"having": [{"metric": M, "comparator": "gt", "value": "5"}]},
    {"having": [{"metric": M, "comparator": "gt", "value": True}]},
]  # fmt: skip


@pytest.mark.parametrize("more", KINDS)
def test_a_value_of_another_kind_is_not_taken_for_one_of_the_documents(
    client: httpx.Client, more: dict[str, Any]
) -> None:
    plan = {"metrics": [M], **more}
    problem(client.post("/query", json=plan), 422, "invalid_request")
    problem(client.post("/nlq", json={"question": "and by ward?", "previous": plan}), 422, "invalid_request")


def test_a_whole_number_may_be_written_as_a_fraction(client: httpx.Client) -> None:
    assert client.post("/query", json={"metrics": [M], "limit": 5.0, "skip": 0.0}).status_code == 200
