"""Links over real HTTP: what a stranger sees by one, never more than who made it may, and how it ends."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.admission.limits import LimiterInProcess, Rate
from lakehouse_assets.service.app import create_app
from nlq.storage.keys import KeyStore
from tests.service.conftest import NOW, Served, problem, served

TENANTS = {"amritsar": "pb.amritsar", "jalandhar": "pb.jalandhar"}
SPAN = {"start": "2025-03-01", "end": "2026-01-31"}
MEANS = {"sql", "plan", "asked_by", "tenant"}


def made(client: httpx.Client, **body: Any) -> tuple[dict[str, Any], str, dict[str, str]]:
    """A link: its document, the address of what it shows, and the headers with its secret."""
    response = client.post("/links", json=body)
    assert response.status_code == 201, response.text
    address, _, secret = response.json()["address"].partition("#")
    assert len(secret) >= 43
    return response.json(), address, {"authorization": f"Bearer {secret}"}


def test_a_stranger_sees_what_is_shown_and_asks_nothing(keyed: Served) -> None:
    ward = {"dimension": "ward_id", "values": ["WARD_02"]}
    chosen = {"page": "wards", "filters": [ward], "time_range": SPAN}
    with keyed.client("amritsar") as maker, keyed.client() as stranger:
        link, address, secret = made(maker, dashboard="pgr.complaints", chosen=chosen)
        shown = stranger.get(address, headers=secret).json()
        assert (shown["title"], shown["only"]) == ("Complaints", ["Ward: WARD_02"])
        board = shown["dashboard"]
        assert ([page["id"] for page in board["pages"]], board["filters"], board["definition"]) == (["wards"], [], None)
        assert all(tile["plan"] == {} for tile in board["pages"][0]["tiles"])
        found = stranger.post(f"{address}/tiles", headers=secret, json={}).json()
        for tile in found["tiles"]:
            answer = tile["answer"]
            assert {answer[name] for name in MEANS} == {None}
            names = [column["name"] for column in answer["columns"]]
            assert {row[names.index("complaint__ward_id")] for row in answer["rows"]} == {"WARD_02"}
        problem(stranger.post(f"{address}/tiles", headers=secret, json={"page": "backlog"}), 422, "unknown_page")
        for asked in ({"filters": []}, {"period": "all"}, {"now": NOW}, {"tiles": ["received"]}):
            problem(stranger.post(f"{address}/tiles", headers=secret, json=asked), 422, "invalid_request")
        for path in ("/catalog", "/dashboards", "/links", "/home"):
            problem(stranger.get(path, headers=secret), 401, "unauthorized")
        (listed,) = [one for one in maker.get("/links").json()["links"] if one["id"] == link["id"]]
        assert (listed["opened"], listed["state"]) == (1, "open")
        assert "address" not in listed
        assert maker.delete(f"/links/{link['id']}").status_code == 204
        problem(stranger.get(address, headers=secret), 404, "unknown_link")
        problem(stranger.post(f"{address}/tiles", headers=secret, json={}), 404, "unknown_link")


def test_an_answer_is_shown_as_it_was_given(keyed: Served) -> None:
    with keyed.client("amritsar") as maker, keyed.client() as stranger:
        asked = maker.post("/nlq", json={"question": "complaints by ward in january 2026", "now": NOW}).json()
        _, address, secret = made(maker, answer=asked["answer_id"])
        shown = stranger.get(address, headers=secret).json()
        assert (shown["answer"]["rows"], shown["title"]) == (asked["rows"], asked["question"])
        assert {shown["answer"][name] for name in MEANS} == {None}
        assert shown["drawing"]["spec"]
        assert not re.findall(r"\b(?:bronze|silver|gold|platinum|semantic)\.", json.dumps(shown)), "no table is named"
        assert shown["answer"]["freshness"][0]["newest_day"] == asked["freshness"][0]["newest_day"]
        refused = maker.post("/nlq", json={"question": "the colour of the sky"}).json()
        problem(maker.post("/links", json={"answer": refused["answer_id"]}), 422, "nothing_to_show")
        problem(maker.post("/links", json={"answer": "none"}), 404, "unknown_answer")
        problem(maker.post("/links", json={"dashboard": "none"}), 404, "unknown_dashboard")
        problem(maker.post("/links", json={}), 422, "invalid_request")
        unknown = {"filters": [{"dimension": "colour", "values": ["red"]}]}
        problem(maker.post("/links", json={"dashboard": "pgr.complaints", "chosen": unknown}), 422, "unknown_dimension")


def test_a_link_ends_with_the_key_that_made_it(keyed: Served) -> None:
    keys = KeyStore(keyed.database)
    key, text = keys.create("leaves", tenant="pb.amritsar")
    with httpx.Client(base_url=keyed.url, headers={"authorization": f"Bearer {text}"}) as maker:
        _, address, secret = made(maker, dashboard="pgr.complaints")
    assert httpx.get(f"{keyed.url}{address}", headers=secret).status_code == 200
    keys.revoke(key.id)
    keys.close()
    problem(httpx.get(f"{keyed.url}{address}", headers=secret), 404, "unknown_link")


def test_what_was_shared_without_keys_ends_with_the_first_key(asked_lake: Lake, database: str) -> None:
    """And calls by a link are counted for it, those with a wrong secret for the address alone."""
    limiter = LimiterInProcess([Rate(12, 3600)])
    app = create_app(asked_lake, loopback=True, limiter=limiter, database=database)
    with served(app, database) as running, running.client() as client:
        link, address, secret = made(client, dashboard="pgr.complaints")
        for _ in range(3):
            assert client.get(address, headers=secret).status_code == 200
        limiter.take(f"link:{link['id']}")
        for _ in range(8):
            limiter.take(f"link:{link['id']}")
        told = problem(client.get(address, headers=secret), 429, "rate_limited")
        assert told["details"]["retry_after_s"] > 0
        keys = KeyStore(database)
        keys.create("first")
        keys.close()
        problem(client.get(address, headers=secret), 404, "unknown_link")


def test_only_the_sites_that_are_named_may_show_it_in_a_frame(keyed: Served) -> None:
    html = {"accept": "text/html"}
    with keyed.client("amritsar") as maker, keyed.client() as stranger:
        link, address, _ = made(maker, dashboard="pgr.complaints", origins=["https://Intranet.example.org/"])
        page = stranger.get(address, headers=html)
        assert "frame-ancestors https://intranet.example.org" in page.headers["content-security-policy"]
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "x-frame-options" not in page.headers
        assert (page.headers["x-robots-tag"], page.headers["referrer-policy"]) == ("noindex", "no-referrer")
        assert 'aria-label="Pages"' not in page.text, "no way to other pages"
        maker.delete(f"/links/{link['id']}")
        _, closed, _ = made(maker, dashboard="pgr.complaints")
        for denied in (address, closed, "/shared/none", "/dashboards", "/dashboards/pgr.complaints"):
            headers = stranger.get(denied, headers=html).headers
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "origin",
    ["*", "https://*", "https://a.b; script-src *", "https://a.b/path", "javascript:x", "https://a b", "'self'", ""],
)
def test_a_site_is_one_site(keyed: Served, origin: str) -> None:
    with keyed.client("amritsar") as maker:
        body = {"dashboard": "pgr.complaints", "origins": [origin]}
        problem(maker.post("/links", json=body), 422, "invalid_request")


SECRETS = st.text(
    alphabet=st.characters(codec="ascii", categories=["L", "N"], include_characters="-_"), min_size=1, max_size=60
)
FILTERS = st.lists(
    st.fixed_dictionaries(
        {"dimension": st.just("tenant_id"), "values": st.lists(st.sampled_from(sorted(TENANTS.values())), min_size=1)}
    ),
    max_size=1,
)


@settings(max_examples=5, deadline=None)
@given(holder=st.sampled_from(sorted(TENANTS)), filters=FILTERS, guess=SECRETS)
def test_no_link_shows_another_tenants_rows(
    keyed: Served, holder: str, filters: list[dict[str, Any]], guess: str
) -> None:
    """Whatever is fixed in it; and no other key lists or ends it, nor does another secret open it."""
    other = next(name for name in TENANTS if name != holder)
    chosen = {"page": "channels", "filters": filters, "time_range": SPAN}
    with keyed.client(holder) as maker, keyed.client(other) as neighbour, keyed.client() as stranger:
        link, address, secret = made(maker, dashboard="pgr.complaints", chosen=chosen)
        found = stranger.post(f"{address}/tiles", headers=secret, json={}).json()
        own = maker.post("/dashboards/pgr.complaints/tiles", json=chosen).json()
        pairs = zip(found["tiles"], own["tiles"], strict=True)
        assert all(seen["answer"]["rows"] == mine["answer"]["rows"] for seen, mine in pairs)
        assert all(mine["answer"]["tenant"] == TENANTS[holder] for mine in own["tiles"])
        assert TENANTS[other] not in str(found["tiles"]) or filters
        problem(neighbour.delete(f"/links/{link['id']}"), 404, "unknown_link")
        assert link["id"] not in [one["id"] for one in neighbour.get("/links").json()["links"]]
        for text in (guess, keyed.keys[holder], keyed.keys["admin"]):
            wrong = {"authorization": f"Bearer {text}"}
            problem(stranger.get(address, headers=wrong), 404, "unknown_link")
        assert maker.delete(f"/links/{link['id']}").status_code == 204
