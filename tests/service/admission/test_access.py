"""Whose rows a caller gets follows from the key alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi import Request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse_assets.http.addresses import is_loopback
from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.admission.access import Access, Asker
from lakehouse_assets.service.admission.limits import LimiterInProcess, Rate
from lakehouse_assets.service.app import create_app
from nlq.storage.keys import KeyStore
from tests.service.conftest import NOW, Served, problem, served

TENANTS = ("pb.amritsar", "pb.jalandhar", "pb.ludhiana")
ASK = {"question": "complaints by tenant", "now": NOW}


def test_without_a_key_nothing_is_answered_once_there_is_one(keyed: Served) -> None:
    with keyed.client() as client:
        assert client.get("/health").json()["keys_required"] is True
        for method, path in (("GET", "/catalog"), ("POST", "/nlq"), ("POST", "/query"), ("POST", "/questions")):
            response = client.request(method, path, json=ASK)
            problem(response, 401, "unauthorized")
            assert response.headers["www-authenticate"] == "Bearer"


def test_each_key_gets_its_own_tenant(keyed: Served) -> None:
    def tenants(holder: str) -> list[str]:
        with keyed.client(holder) as client:
            return [row[0] for row in client.post("/nlq", json=ASK).json()["rows"]]

    assert tenants("amritsar") == ["pb.amritsar"]
    assert tenants("jalandhar") == ["pb.jalandhar"]
    assert sorted(tenants("admin")) == list(TENANTS)
    assert tenants("amritsar") == ["pb.amritsar"], "remembered for another"


@pytest.mark.parametrize(
    "question", ["complaints in jalandhar", "complaints of tenant pb.jalandhar by ward", "complaints not in amritsar"]
)
def test_a_question_that_names_another_tenant_gets_nothing_of_it(keyed: Served, question: str) -> None:
    with keyed.client("amritsar") as client:
        answer = client.post("/nlq", json={"question": question, "now": NOW}).json()
    assert answer["outcome"] in ("refused", "clarify")
    assert answer["rows"] == []


def test_the_catalog_names_no_other_tenant(keyed: Served) -> None:
    with keyed.client("amritsar") as client:
        text = client.get("/catalog").text
    assert "pb.amritsar" in text
    assert "pb.jalandhar" not in text and "pb.ludhiana" not in text


filters = st.lists(
    st.fixed_dictionaries(
        {
            "dimension": st.sampled_from(["tenant_id", "complaint__tenant_id", "channel", "ward_id"]),
            "operator": st.sampled_from(["in", "not_in", "is_null", "is_not_null"]),
            "values": st.lists(
                st.sampled_from([*TENANTS, "PB.JALANDHAR", "WEB", "WARD_01", "' or 1=1 --"]), max_size=3
            ),
        }
    ),
    max_size=3,
)
plans = st.fixed_dictionaries(
    {
        "metrics": st.sampled_from([["pgr_complaints"], ["pgr_backlog"], ["sales_orders"], ["pgr_complaints"] * 2]),
        "group_by": st.lists(st.sampled_from(["tenant_id", "complaint__tenant_id", "channel", "ward_id"]), max_size=3),
        "filters": filters,
        "limit": st.integers(1, 1000),
    }
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=plans)
def test_no_plan_gets_a_row_of_another_tenant(keyed: Served, plan: dict[str, Any]) -> None:
    with keyed.client("amritsar") as client:
        response = client.post("/query", json=plan)
    assert response.status_code in (200, 422), response.text
    if response.status_code == 200:
        text = json.dumps(response.json()["rows"])
        assert "pb.jalandhar" not in text and "pb.ludhiana" not in text
        assert "'pb.amritsar'" in response.json()["sql"]


def test_what_one_tenant_asked_another_cannot_see(keyed: Served) -> None:
    with keyed.client("amritsar") as mine, keyed.client("jalandhar") as other, keyed.client("admin") as admin:
        answer = mine.post("/nlq", json=ASK).json()["answer_id"]
        queued = mine.post("/questions", json={**_words(), "idempotency_key": "k"}).json()["id"]
        assert other.post("/questions", json={**_words(), "idempotency_key": "k"}).json()["id"] != queued
        for path in (f"/answers/{answer}", f"/answers/{answer}/replay"):
            problem(other.get(path), 404, "unknown_answer")
            assert mine.get(path).status_code == admin.get(path).status_code == 200
        problem(other.post(f"/answers/{answer}/feedback", json={"verdict": "wrong"}), 404, "unknown_answer")
        problem(other.get(f"/questions/{queued}"), 404, "unknown_question")
        assert mine.get(f"/questions/{queued}").status_code == 200


def _words() -> dict[str, str]:
    return {"question": ASK["question"]}


def test_a_revoked_key_ends_at_once_and_opens_nothing(asked_lake: Lake, database: str) -> None:
    store = KeyStore(database)
    key, text = store.create("one", tenant="pb.amritsar", role="viewer")
    app = create_app(asked_lake, loopback=True, limiter=LimiterInProcess(()), database=database)
    with served(app, database, {"one": text}) as running, running.client("one") as client:
        assert client.get("/catalog").status_code == 200
        store.revoke(key.id)
        problem(client.get("/catalog"), 401, "unauthorized")
        with running.client() as nobody:
            problem(nobody.get("/catalog"), 401, "unauthorized")
    store.close()


def test_an_address_others_can_reach_wants_a_key_from_the_first_call(asked_lake: Lake, database: str) -> None:
    app = create_app(asked_lake, loopback=False, limiter=LimiterInProcess(()), database=database)
    with served(app, database) as running, running.client() as client:
        assert client.get("/health").json()["keys_required"] is True
        problem(client.get("/catalog"), 401, "unauthorized")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.0.1", True), ("localhost", True), ("[::1]", True), ("::1", True),
     ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("localhost.evil.example", False), ("", False)],
)  # fmt: skip
def test_which_addresses_only_this_machine_reaches(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def _request(key: str = "", address: str = "192.0.2.1", path: str = "/") -> Request:
    headers = [(b"host", b"localhost"), *([(b"authorization", f"Bearer {key}".encode())] if key else [])]
    return Request({"type": "http", "method": "GET", "path": path, "headers": headers, "client": (address, 1),
                    "server": ("localhost", 80), "scheme": "http", "query_string": b""})  # fmt: skip


@pytest.fixture
def two_keys(database: str) -> Iterator[tuple[Access, str, str]]:
    store = KeyStore(database)
    first, second = (store.create(name)[1] for name in ("first", "second"))
    yield Access(store, LimiterInProcess([Rate(3, 60)]), loopback=False, session_life=timedelta(hours=1)), first, second
    store.close()


def _refused(access: Access, request: Request) -> int:
    (refusal,) = access.admit([request])
    assert isinstance(refusal, ApiError)
    return refusal.status


def _name(access: Access, request: Request) -> str:
    (asker,) = access.admit([request])
    assert isinstance(asker, Asker)
    return asker.name


def test_keys_of_one_address_do_not_spend_each_others_calls(two_keys: tuple[Access, str, str]) -> None:
    access, first, second = two_keys
    access.admit([_request(first)] * 3)
    assert _refused(access, _request(first)) == 429
    assert _refused(access, _request(first, "192.0.2.99")) == 429, "a key is one caller wherever it calls from"
    assert _name(access, _request(second)) == "second"


def test_who_guesses_keys_is_stopped_and_keeps_nobody_else_out(two_keys: tuple[Access, str, str]) -> None:
    access, first, _ = two_keys
    guesses = [_refused(access, _request(f"alk_0_{n}", "2001:db8::1")) for n in range(3)]
    assert guesses == [401] * 3
    assert _refused(access, _request("alk_0_4", "2001:db8::2")) == 429, "one subscriber has all addresses of a /64"
    assert _refused(access, _request("", "2001:db8::3")) == 429
    assert _refused(access, _request("alk_0_4", "2001:db8:0:1::1")) == 401
    assert _name(access, _request(first, "2001:db8::1")) == "first"


def test_events_of_a_machine_without_keys_are_bounded_by_the_log_and_not_by_calls(database: str) -> None:
    store = KeyStore(database)
    access = Access(store, LimiterInProcess([Rate(2, 60)]), loopback=True, session_life=timedelta(hours=1))
    events = [_request(path="/events/pgr_events") for _ in range(9)]
    assert all(isinstance(asker, Asker) for asker in access.admit(events))
    access.admit([_request()] * 2)
    assert _refused(access, _request()) == 429
    store.create("one")
    assert [_refused(access, one) for one in events] == [429] * 9, "once there are keys, who has none is counted"
    store.close()
