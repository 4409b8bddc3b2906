"""GET /search gives each key what is near and its own, and nothing of another tenant, whatever is asked."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.search.model import OPERATORS, SHARED, Kind, namespace_of
from lakehouse_assets.search.store import Store, url_of
from tests.search.passages import document
from tests.service.conftest import Served, problem

OF = {"amritsar": "pb.amritsar", "jalandhar": "pb.jalandhar"}
WORDS = ("potholes", "lamps", "drains")


@pytest.fixture(scope="module", autouse=True)
def notes(asked_lake: Lake) -> Iterator[None]:
    """Notes of two tenants, of none and of everyone, that differ in whose they are alone."""
    store = Store(url_of(asked_lake.settings))
    namespaces = {
        **{name: namespace_of(tenant) for name, tenant in OF.items()},
        "operators": OPERATORS,
        "everyone": SHARED,
    }
    store.replace(
        "notes",
        "1",
        [document(f"{word} of {name}", namespace) for name, namespace in namespaces.items() for word in WORDS],
    )
    yield
    store.replace("notes", "2", [])
    store.close()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([*OF, "admin"]),
    st.lists(st.sampled_from([*WORDS, *OF, "of", "operators", "tenant:pb.jalandhar"]), min_size=1, max_size=4),
    st.lists(st.sampled_from(list(Kind)), max_size=2),
    st.integers(1, 50),
)
def test_no_tenant_finds_anothers(keyed: Served, holder: str, words: list[str], kinds: list[Kind], limit: int) -> None:
    parameters = {"q": " ".join(words), "kind": [str(kind) for kind in kinds], "limit": limit}
    with keyed.client(holder) as client:
        response = client.get("/search", params=parameters)
    assert response.status_code == 200, response.text
    hits = response.json()["hits"]
    assert len(hits) <= limit and all(not kinds or hit["kind"] in kinds for hit in hits)
    owners = {hit["passage"].rpartition(" of ")[2] for hit in hits if hit["source"].get("table") == "silver.notes"}
    assert owners <= ({holder, "everyone"} if holder in OF else {*OF, "operators", "everyone"})


def test_each_finds_its_own_with_the_source(keyed: Served) -> None:
    for holder in OF:
        with keyed.client(holder) as client:
            found = client.get("/search", params={"q": "lamps", "kind": "document"}).json()
        assert {hit["passage"] for hit in found["hits"]} == {f"lamps of {holder}", "lamps of everyone"}
        assert found["hits"][0]["source"]["key"] and found["passages"] == 6
    with keyed.client("admin") as client:
        assert len(client.get("/search", params={"q": "lamps", "kind": "document"}).json()["hits"]) == 4


def test_a_key_is_needed_and_a_query(keyed: Served) -> None:
    with keyed.client() as client:
        problem(client.get("/search", params={"q": "lamps"}), 401, "unauthorized")
    with keyed.client("admin") as client:
        for parameters in ({}, {"q": ""}, {"q": "x" * 501}, {"q": "a", "kind": "song"}, {"q": "a", "limit": 51}):
            problem(client.get("/search", params=parameters), 422, "invalid_request")
        problem(client.get("/search", params={"q": "   "}), 422, "nothing_asked")


def test_a_browser_gets_the_page_and_a_program_the_document(service: Served) -> None:
    with httpx.Client(base_url=service.url) as client:
        page = client.get("/search", headers={"accept": "text/html"})
        assert "<title>Search" in page.text
        assert client.get("/search", params={"q": "lamps"}).json()["query"] == "lamps"
