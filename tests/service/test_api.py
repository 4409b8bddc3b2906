"""The addresses over real HTTP: right rows, choices, the queue, replay, feedback, and what is published of it all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from lakehouse_assets.assets.questions.batch import answer_batch
from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answerer
from nlq.storage.journal import Journal
from nlq.storage.queue import QuestionQueue
from tests.service.conftest import NOW, Served, problem

CASES = "gold.gold_pgr_case_lifecycle"


@pytest.fixture(scope="module")
def client(service: Served) -> Iterator[httpx.Client]:
    with service.client() as client:
        yield client


def asked(client: httpx.Client, question: str) -> dict[str, Any]:
    response = client.post("/nlq", json={"question": question, "now": NOW})
    assert response.status_code == 200, response.text
    return response.json()


def sql_rows(lake: Lake, sql: str) -> list[list[Any]]:
    with lake.session() as session:
        return [list(row.values()) for row in session.query(sql).to_pylist()]


def test_health_says_that_it_answers_and_wants_no_key(client: httpx.Client) -> None:
    health = client.get("/health").json()
    assert health["status"] == "ok"
    assert health["keys_required"] is False
    assert set(health["checks"].values()) == {"ok"}


def test_an_answer_has_the_rows_and_all_that_stands_behind_them(client: httpx.Client, asked_lake: Lake) -> None:
    answer = asked(client, "complaints by channel last month")
    assert answer["rows"] == sql_rows(
        asked_lake,
        f"""select channel, count(*) n from {CASES} where submitted_date between '2026-01-01' and '2026-01-31'
            group by 1 order by n desc, 1""",
    )
    assert answer["outcome"] == "answered"
    assert (answer["chart"]["kind"], answer["chart"]["x"]) == ("bar", "complaint__channel")
    assert answer["chart"]["y"] == ["pgr_complaints"]
    assert answer["sql"].startswith("SELECT")
    assert list(answer["snapshots"]) == [CASES] == [state["table"] for state in answer["freshness"]]
    # 19 digits are more than a number keeps in JavaScript
    assert all(isinstance(snapshot, str) for snapshot in answer["snapshots"].values())
    assert answer["definitions"] and answer["because"] and answer["plan"]["metrics"] == ["pgr_complaints"]


def test_a_choice_is_a_plan_that_runs(client: httpx.Client) -> None:
    answer = asked(client, "turnaround")
    assert answer["outcome"] == "clarify"
    assert 2 <= len(answer["choices"]) <= 4
    for choice in answer["choices"]:
        ran = client.post("/query", json={**choice["plan"], "question": choice["question"]})
        assert ran.status_code == 200, ran.text
        assert ran.json()["question"] == choice["question"]
        assert ran.json()["plan"]["metrics"] == choice["plan"]["metrics"]


def test_a_follow_up_takes_what_it_does_not_say_from_the_plan_before(client: httpx.Client) -> None:
    first = asked(client, "complaints last month")
    body = {"question": "and by channel?", "now": NOW, "previous": first["plan"]}
    answer = client.post("/nlq", json=body).json()
    assert answer["rows"] == asked(client, "complaints by channel last month")["rows"]


def test_what_the_layer_does_not_have_is_refused_with_the_nearest(client: httpx.Client) -> None:
    answer = asked(client, "average rainfall by ward")
    assert answer["outcome"] == "refused"
    assert answer["rows"] == [] and answer["nearest"]


def test_figures_by_short_names(client: httpx.Client, asked_lake: Lake) -> None:
    response = client.post(
        "/query",
        json={
            "metrics": ["pgr_complaints"],
            "group_by": ["ward_id"],
            "filters": [{"dimension": "channel", "values": ["web", "WHATSAPP"]}],
            "order_by": [{"field": "pgr_complaints", "descending": True}, {"field": "ward_id"}],
            "limit": 3,
        },
    )
    assert response.json()["rows"] == sql_rows(
        asked_lake,
        f"""select ward_id, count(*) n from {CASES} where channel in ('WEB', 'WHATSAPP')
            group by 1 order by n desc, 1 nulls last limit 3""",
    )


def test_a_query_that_the_guard_refuses_says_what_exists(client: httpx.Client) -> None:
    error = problem(client.post("/query", json={"metrics": ["pgr_complaint"]}), 422, "unknown_metric")
    assert "pgr_complaints" in client.get("/catalog").text and error["details"]["nearest"]
    body = {"metrics": ["pgr_complaints"], "having": [{"metric": "other", "comparator": "gt", "value": 1}]}
    problem(client.post("/query", json=body), 422, "invalid_request")


def test_the_catalog_says_what_can_be_asked_and_its_examples_can_be(client: httpx.Client) -> None:
    catalog = client.get("/catalog").json()
    metrics = {metric["name"]: metric for metric in catalog["metrics"]}
    assert "complaint__ward_id" in metrics["pgr_complaints"]["dimensions"]
    assert len(catalog["demo"]) == 10
    channel = next(d for d in catalog["dimensions"] if d["name"] == "complaint__channel")
    assert set(channel["values"]) == {"WEB", "WHATSAPP", "MOBILE_APP"} and channel["all_values"]
    published = {"pgr", "sales"}  # the tests' lake has the whole data of no other domain
    starters = [starter for starter in catalog["starters"] if starter["domain"] in published]
    assert {starter["domain"] for starter in starters} == published
    examples = [e for m in catalog["metrics"] if m["domain"] in published for e in m["examples"]]
    for example in (*starters, *examples[::9]):
        ran = client.post("/query", json={**example["plan"], "question": example["question"]})
        assert ran.status_code == 200, (example, ran.text)
    found = client.get("/catalog", params={"search": "breach"}).json()
    assert 0 < len(found["metrics"]) < len(catalog["metrics"])


def test_a_queued_question_gets_its_answer(service: Served, asked_lake: Lake, answerer: Answerer) -> None:
    with service.client() as client:
        body = {"question": "Complaints by ward", "idempotency_key": "monday"}
        first = client.post("/questions", json=body)
        assert first.status_code == 202
        assert client.post("/questions", json=body).json()["id"] == first.json()["id"]
        assert client.get(first.headers["location"]).json()["status"] == "queued"
        queue = QuestionQueue(service.database)
        answer_batch(queue, answerer, asked_lake)
        queue.close()
        done = client.get(first.headers["location"]).json()
    assert done["status"] == "answered"
    assert done["answer"]["rows"] and done["answer"]["answer_id"] == done["id"]


def test_replay_gives_the_same_rows_and_feedback_is_kept_with_the_answer(service: Served, asked_lake: Lake) -> None:
    with service.client() as client:
        answer = asked(client, "complaints by priority")
        address = f"/answers/{answer['answer_id']}"
        assert client.get(address).json()["rows"] == answer["rows"]
        replay = client.get(f"{address}/replay").json()
        assert replay["same_rows"] is True and replay["answer"]["rows"] == answer["rows"]
        given = client.post(f"{address}/feedback", json={"verdict": "wrong", "comment": "by type, please"})
        assert given.status_code == 201
        refused = asked(client, "average rainfall by ward")
        problem(client.get(f"/answers/{refused['answer_id']}/replay"), 409, "nothing_to_replay")
    assert _published(asked_lake, service.database, answer["answer_id"]) == [[json.dumps(answer["rows"])]]
    kept = sql_rows(
        asked_lake,
        f"""select verdict, comment, given_by from semantic.nlq_feedback where answer_id = '{answer["answer_id"]}'""",
    )
    assert kept == [["wrong", "by type, please", "anonymous"]]
    with service.client() as client:  # and from the table, once the journal has forgotten it
        assert client.get(f"{address}/replay").json()["same_rows"] is True


def _published(lake: Lake, database: str, answer_id: str) -> list[list[Any]]:
    """The stored rows of an answer, after what waits was published."""
    journal = Journal(database)
    journal.publish(lake, "test")
    journal.close()
    return sql_rows(lake, f"select rows_json from semantic.nlq_answers where answer_id = '{answer_id}'")


def test_every_example_of_the_document_works(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    tried = 0
    for path, methods in document["paths"].items():
        body = methods.get("post", {}).get("requestBody")
        if body is None or "{" in path or "application/json" not in body["content"]:
            continue
        if path.startswith("/ml/"):  # wants a model that was trained: see tests/service/ml
            continue
        schema = body["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
        for example in document["components"]["schemas"][schema].get("examples", []):
            assert client.post(path, json=example).is_success, (path, example)
            tried += 1
    assert tried >= 4


def test_the_page_and_its_files_are_served(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.status_code == 200 and "<title>asklake" in page.text
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy and "http" not in policy
    for path in ("/ask", "/dictionary", "/upload", "/web/style.css", "/web/js/main.js", "/web/icon.svg"):
        assert client.get(path).headers["cache-control"] == "no-cache"
    tag = client.get("/web/style.css").headers["etag"]
    assert client.get("/web/style.css", headers={"if-none-match": tag}).status_code == 304


def test_an_address_gives_people_a_page_and_programs_a_document(client: httpx.Client) -> None:
    answer_id = client.post("/nlq", json={"question": "complaints by channel", "now": NOW}).json()["answer_id"]
    address = f"/answers/{answer_id}"
    assert client.get(address).json()["answer_id"] == answer_id
    page = client.get(address, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.headers["content-type"].startswith("text/html") and page.headers["vary"].startswith("Accept")
    assert answer_id not in page.text


def test_no_file_beside_those_of_the_pages_is_served(client: httpx.Client) -> None:
    problem(client.get("/web/../service/app.py"), 404, "not_found")
    problem(client.get("/web/%2e%2e/keys.py"), 404, "not_found")


def test_an_answer_given_again_has_a_row_and_a_line_of_its_own(service: Served) -> None:
    ask = {"question": "complaints by channel", "now": NOW}
    with capture_logs() as lines, service.client() as client:
        first = client.post("/nlq", json=ask).json()
        again = client.post("/nlq", json=ask, headers={"x-request-id": "mine"}).json()
        assert again["cached"] and again["rows"] == first["rows"] and again["answer_id"] != first["answer_id"]
        assert client.get(f"/answers/{again['answer_id']}").json() == again
    assert [line["answer_id"] for line in lines if line["event"] == "asked"] == [first["answer_id"], again["answer_id"]]
