"""Sources that ask an API by POST, as GraphQL and search APIs want it, and tokens for client credentials."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import ValidationError

from lakehouse_assets.ingest.described.apis import Rest
from lakehouse_assets.ingest.fetching.apis import client as asking
from tests.ingest.fetching.answering import Api, Said, serving
from tests.ingest.fetching.test_apis import read, refused

CLIENT = "shop app:s3cr3t/with:colon+"
ORDERS = [{"id": number, "at": f"2026-01-{number:02}"} for number in range(1, 8)]


@pytest.fixture(scope="module")
def server() -> Iterator[Api]:
    with serving() as api:
        yield api


@pytest.fixture
def api(server: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr(asking, "_wait_longer", lambda _state: 0.0)
    for asked in (server.asked, server.headers, server.bodies, server.paths):
        asked.clear()
    server.by_body = server.by_path = None
    return server


def graph(body: Any) -> Said:
    """Orders, two at a time, as GraphQL connections tell them."""
    after = int(body["variables"].get("after") or 0)
    size = body["variables"]["first"]
    nodes = [order for order in ORDERS if order["id"] > after][:size]
    page = {"endCursor": str(nodes[-1]["id"]), "hasNextPage": nodes[-1] != ORDERS[-1]}
    return Said({"data": {"orders": {"nodes": nodes, "pageInfo": page}}})


GRAPH = {
    "body": json.dumps({"query": "query($first: Int, $after: String) { orders { nodes { id } } }", "variables": {}}),
    "records": "data.orders.nodes",
    "errors": "errors",
    "pages": {
        "by": "cursor", "parameter": "variables.after", "next": "data.orders.pageInfo.endCursor",
        "more": "data.orders.pageInfo.hasNextPage", "size": 3, "size_parameter": "variables.first",
    },
}  # fmt: skip


def test_a_query_is_posted_page_by_page(api: Api) -> None:
    api.by_body = graph
    assert [json.loads(text)["id"] for text in read(api, **GRAPH)] == [order["id"] for order in ORDERS]
    variables = [json.loads(body)["variables"] for body in api.bodies]
    assert variables == [{"first": 3}, {"first": 3, "after": "3"}, {"first": 3, "after": "6"}]
    assert all(headers["content-type"] == "application/json" for headers in api.headers)


def test_pages_of_a_search_are_numbers_in_the_body_and_a_cursor_keeps_its_kind(api: Api) -> None:
    found: list[Any] = []

    def search(body: Any) -> Said:
        found.append(body)
        start = body["page"]["from"]
        return Said({"hits": ORDERS[start : start + body["page"]["size"]]})

    api.by_body = search
    pages = {"by": "offset", "parameter": "page.from", "size": 4, "size_parameter": "page.size"}
    assert len(read(api, body='{"sort": "id"}', records="hits", pages=pages, since={"after": 5})) == 7
    assert found[1] == {"sort": "id", "after": 5, "page": {"size": 4, "from": 4}}

    api.by_body = lambda body: Said({"hits": ORDERS[body.get("after", 0) :][:3]})
    assert len(read(api, body="{}", records="hits", pages={"by": "cursor", "parameter": "after", "of_last": "id"})) == 7
    assert [json.loads(body).get("after") for body in api.bodies[-4:]] == [None, 3, 6, 7]


@pytest.mark.parametrize(
    "answer",
    [
        {"errors": [{"message": "no field `idd`"}]},
        {"data": None, "errors": [{"message": "no field `idd`"}]},
        {"data": {"orders": {"nodes": ORDERS}}, "errors": [{"message": "no field `idd`"}]},
    ],
)
def test_an_answer_with_errors_loads_nothing_though_it_is_200(api: Api, answer: Any) -> None:
    api.by_body = lambda _body: Said(answer)
    assert "no field `idd`" in refused(api, **GRAPH)


def test_what_is_posted_is_not_taken_elsewhere(api: Api) -> None:
    api.by_body = lambda _body: Said({}, 303, {"location": "/other"})
    assert "redirects what is sent" in refused(api, body="{}")
    turns = iter([Said({}, 307, {"location": "/other"}), Said([{"id": 1}])])
    api.by_body = lambda _body: next(turns)
    assert read(api, body='{"a": 1}') == ['{"id": 1}']
    assert api.paths[-1] == "/other" and api.bodies[-1] == b'{"a": 1}'


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"body": "{"}, "not JSON"),
        ({"body": "[]"}, "JSON object"),
        ({"body": '{"auth": {"api_key": "x"}}'}, "looks like a secret"),
        ({"body": "{}", "pages": {"by": "link"}}, "page, offset or cursor"),
        ({"access": "shop", "auth": {"by": "oauth2"}}, "needs the address"),
        ({"access": "shop", "auth": {"by": "bearer", "scope": "x"}}, "only oauth2"),
        ({"access": "shop", "auth": {"by": "oauth2", "url": "http://login.example.com/token"}}, "https"),
    ],
)
def test_what_cannot_be_asked_is_refused_as_it_is_read(said: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Rest.model_validate({"url": "https://api.example.com/orders", **said})


class Login:
    """Gives tokens, each of which is good for some requests."""

    def __init__(self, api: Api, uses: int, **more: Any) -> None:
        self.api, self.uses, self.more, self.given = api, uses, more, 0
        self.used: dict[str, int] = {}

    def __call__(self, path: str) -> Said:
        if path == "/token":
            self.given += 1
            self.used[f"t0ken-{self.given}-abcdefgh"] = 0
            return Said({"access_token": f"t0ken-{self.given}-abcdefgh", "token_type": "Bearer", **self.more})
        token = self.api.headers[-1].get("authorization", "").removeprefix("Bearer ")
        if self.used.get(token, self.uses) >= self.uses:
            return Said({"error": f"token {token} is over"}, 401)
        self.used[token] += 1
        page = int(self.api.asked[-1].get("page", 1))
        return Said(ORDERS[2 * page - 2 : 2 * page])


def oauth(api: Api, **more: Any) -> dict[str, Any]:
    url = api.url.replace("/orders", "/token")
    return {
        "access": "shop", "secret": CLIENT, "auth": {"by": "oauth2", "url": url, **more},
        "pages": {"by": "page", "parameter": "page"}, "headers": {"x-shop": "1"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("uses", "more", "tokens"),
    [
        (99, {"expires_in": 3600}, 1),
        (99, {}, 1),
        (2, {"expires_in": 3600}, 3),
        (99, {"expires_in": "3599.5"}, 1),
        (99, {"expires_in": "²"}, 1),
        (99, {"expires_in": 10**400}, 1),
        (99, {"expires_in": [1]}, 1),
        (99, {"expires_in": float("nan")}, 1),
        (99, {"expires_in": -1}, 1),
    ],
    ids=[
        "until it is over",
        "that does not say how long",
        "taken back before its time",
        "a part of a second",
        "a digit that is no number",
        "longer than can be counted",
        "no number",
        "not a number",
        "before now",
    ],
)
def test_a_token_is_asked_for_sent_and_asked_for_again(api: Api, uses: int, more: dict[str, Any], tokens: int) -> None:
    api.by_path = login = Login(api, uses, **more)
    assert len(read(api, **oauth(api, scope="orders:read", parameters={"audience": "shop"}))) == 7
    assert login.given == tokens
    form = parse_qs(api.bodies[0].decode())
    assert form == {"grant_type": ["client_credentials"], "scope": ["orders:read"], "audience": ["shop"]}
    asked = api.headers[api.paths.index("/token")]
    basic = base64.b64encode(b"shop%20app:s3cr3t%2Fwith%3Acolon%2B").decode()
    assert asked["authorization"] == f"Basic {basic}" and "x-shop" not in asked


def test_a_token_that_ends_soon_is_not_sent_after_its_end(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from lakehouse_assets.ingest.fetching.apis import tokens

    moments = iter(range(0, 10_000, 40))  # each look at the clock is 40 s after the one before
    monkeypatch.setattr(tokens.time, "monotonic", lambda: float(next(moments)))
    monkeypatch.setattr(asking.Client, "_refuse_late", lambda _self: None)
    api.by_path = login = Login(api, 99, expires_in=100)
    assert len(read(api, **oauth(api, client_in="body"))) == 7
    assert login.given > 1
    assert parse_qs(api.bodies[0].decode())["client_secret"] == ["s3cr3t/with:colon+"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Said({"error": "invalid_client", "error_description": "no s3cr3t/with:colon+"}, 401), "it answers 401"),
        (Said({"error": "slow_down"}, 503), "it answers 503"),
        (Said({"error": base64.b64encode(b"shop%20app:s3cr3t%2Fwith%3Acolon%2B").decode()}, 401), "it answers 401"),
        (Said({"token_type": "bearer"}), "no access_token"),
        (Said({"access_token": "a\r\nx: y"}), "no access_token"),
        (Said({"access_token": "t", "token_type": "mac"}), "not bearer"),
        (Said(b"<html>"), "no access_token"),
        (Said({}, 302, {"location": "http://127.0.0.1:1/"}), "it answers 302"),
    ],
)
def test_where_no_token_is_given_the_load_says_so_and_tells_no_secret(
    api: Api, said: Said, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api.by_path = lambda _path: said
    told = refused(api, **oauth(api)) + caplog.text
    assert words in told and "s3cr3t" not in told and "c2hvcC" not in told
    assert "/orders" not in api.paths


def test_a_token_is_told_nowhere(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    api.by_path = Login(api, 0)
    told = refused(api, **oauth(api)) + caplog.text
    assert "401" in told and "t0ken" not in told and "s3cr3t" not in told
