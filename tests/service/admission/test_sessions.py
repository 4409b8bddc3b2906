"""A key goes in once: what the browser holds instead, whose requests it lets through, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookies import Morsel, SimpleCookie
from typing import Any

import anyio
import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.admission.limits import LimiterInProcess
from lakehouse_assets.service.app import create_app
from nlq.storage.keys import KeyStore
from tests.service.conftest import NOW, Served, problem, served

ASK = {"question": "complaints by tenant", "now": NOW}


def cookie_of(response: httpx.Response) -> Morsel[str]:
    (header,) = response.headers.get_list("set-cookie")
    (morsel,) = SimpleCookie(header).values()
    return morsel


def sign_in(client: httpx.Client, key: str, **headers: str) -> httpx.Response:
    return client.post("/session", json={"key": key}, headers=headers)


@pytest.fixture
def browser(keyed: Served) -> Iterator[httpx.Client]:
    """A client that says, as a page of the service does, where its requests come from."""
    with keyed.client() as client:
        client.headers["origin"] = keyed.url
        yield client


def test_a_session_asks_as_its_key_does_until_it_is_ended(browser: httpx.Client, keyed: Served) -> None:
    none = {"keys_required": True, "key": None, "expires_at": None, "way_back": ""}
    assert browser.get("/session").json() == none
    opened = sign_in(browser, keyed.keys["amritsar"])
    assert opened.status_code == 201
    shown = opened.json()
    assert (shown["key"]["tenant"], shown["key"]["role"]) == ("pb.amritsar", "viewer")
    assert shown["key"]["id"] == keyed.keys["amritsar"].split("_")[1]
    assert browser.get("/session").json() == shown
    assert [row[0] for row in browser.post("/nlq", json=ASK).json()["rows"]] == ["pb.amritsar"]
    assert browser.get("/catalog").status_code == 200
    held = dict(browser.cookies)
    assert browser.delete("/session").status_code == 204
    assert not dict(browser.cookies), "the browser keeps what has ended"
    problem(browser.get("/catalog"), 401, "unauthorized")
    browser.cookies.update(held)
    ended = problem(browser.get("/catalog"), 401, "unauthorized")
    assert "session has ended" in ended["message"]


def test_the_cookie_is_not_the_key_and_no_script_sees_it(browser: httpx.Client, keyed: Served) -> None:
    response = sign_in(browser, keyed.keys["amritsar"])
    cookie = cookie_of(response)
    assert cookie["httponly"] is True and cookie["samesite"].lower() == "strict" and cookie["path"] == "/"
    assert 0 < int(cookie["max-age"]) <= 12 * 3600
    assert not cookie["domain"] and not cookie["secure"]
    assert keyed.keys["amritsar"].split("_", 2)[2] not in str(response.headers) + response.text
    assert cookie.key.endswith(keyed.url.rpartition(":")[2]), "another service of this machine would end it"


def test_under_https_it_travels_only_there(keyed: Served) -> None:
    """As behind a proxy that ends TLS and that the service was told of."""
    config = uvicorn.Config(keyed.app, proxy_headers=True, forwarded_allow_ips="127.0.0.1", log_config=None)
    config.load()
    transport = httpx.ASGITransport(app=config.loaded_app, client=("127.0.0.1", 1))  # type: ignore[arg-type]

    async def open_it() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://lake.example") as client:
            forwarded = {"x-forwarded-proto": "https", "origin": "https://lake.example"}
            return await client.post("/session", json={"key": keyed.keys["amritsar"]}, headers=forwarded)

    cookie = cookie_of(anyio.run(open_it))
    assert cookie.key == "__Host-asklake" and cookie["secure"] is True and cookie["path"] == "/"


@dataclass(frozen=True)
class From:
    """What a browser says of the page that makes a request."""

    headers: dict[str, str]
    here: bool


PAGES = {
    "own page": From({"sec-fetch-site": "same-origin", "origin": "OWN"}, True),
    "own page behind a proxy that gives another name": From(
        {"sec-fetch-site": "same-origin", "origin": "https://lake.example"}, True
    ),
    "own page by plain HTTP from another machine": From({"origin": "OWN"}, True),
    "another site": From({"sec-fetch-site": "cross-site", "origin": "https://evil.example"}, False),
    "another port of this machine": From({"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:9"}, False),
    "another site in an old browser": From({"origin": "https://evil.example"}, False),
    "a page that hides where it is": From({"origin": "null"}, False),
    "what is no origin": From({"origin": "http://["}, False),
    "nothing said": From({}, False),
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_session_acts_only_for_the_services_own_pages(keyed: Served, page: From) -> None:
    headers = {name: keyed.url if value == "OWN" else value for name, value in page.headers.items()}
    with keyed.client() as client:
        assert sign_in(client, keyed.keys["amritsar"], origin=keyed.url).status_code == 201
        asked = client.post("/nlq", json=ASK, headers=headers)
        assert client.get("/catalog", headers=headers).status_code == 200, "reading changes nothing"
        bearer = {**headers, "authorization": f"Bearer {keyed.keys['jalandhar']}"}
        by_key = client.post("/nlq", json=ASK, headers=bearer)
    assert [row[0] for row in by_key.json()["rows"]] == ["pb.jalandhar"], "a key that is sent decides"
    if page.here:
        assert asked.status_code == 200
    else:
        assert "Open the service itself" in problem(asked, 403, "forbidden")["message"]


@pytest.mark.parametrize("name", [name for name, page in PAGES.items() if not page.here and page.headers])
def test_a_page_elsewhere_neither_signs_in_nor_out_nor_asks_without_a_key(
    service: Served, keyed: Served, name: str
) -> None:
    headers = PAGES[name].headers
    with keyed.client() as client:
        problem(sign_in(client, keyed.keys["amritsar"], **headers), 403, "forbidden")
        sign_in(client, keyed.keys["amritsar"], origin=keyed.url)
        problem(client.delete("/session", headers=headers), 403, "forbidden")
        assert client.get("/session").json()["key"]
    with service.client() as anyone:
        problem(anyone.post("/questions", json={"question": "complaints"}, headers=headers), 403, "forbidden")


@pytest.mark.parametrize("key", ["alk_wrong_key", "x", "\ud800", "alk_\ud800_x", "ключ", "alk_0_" + "a" * 190])
def test_what_is_no_key_opens_no_session(browser: httpx.Client, key: str) -> None:
    body = json.dumps({"key": key})  # in ASCII: the half of a pair goes as an escape
    response = browser.post("/session", content=body, headers={"content-type": "application/json"})
    assert "not valid" in problem(response, 401, "unauthorized")["message"]
    assert "set-cookie" not in response.headers


def test_a_body_that_does_not_fit_is_not_repeated(browser: httpx.Client, keyed: Served) -> None:
    key = keyed.keys["amritsar"]
    for body in ({"key": [key]}, {"key": key, "other": key}, {"key": key * 9}, {}, {"key": ""}):
        response = browser.post("/session", json=body)
        problem(response, 422, "invalid_request")
        assert key not in response.text


def two_processes(lake: Lake, database: str) -> list[FastAPI]:
    return [create_app(lake, loopback=True, limiter=LimiterInProcess(()), database=database) for _ in range(2)]


def test_a_session_holds_in_every_process_and_ends_in_all_with_its_key(asked_lake: Lake, database: str) -> None:
    store = KeyStore(database)
    key, text = store.create("page", tenant="pb.amritsar", role="viewer")
    one, other = two_processes(asked_lake, database)
    with served(one, database) as first, served(other, database) as second:
        with first.client() as client:
            held = cookie_of(sign_in(client, text)).value
        port = second.url.rpartition(":")[2]  # behind one address both would have the port of that
        with second.client() as client:
            client.cookies.set(f"asklake-{port}", held)
            assert client.get("/catalog").status_code == 200
            store.revoke(key.id)
            message = problem(client.get("/catalog"), 401, "unauthorized")["message"].partition(". ")[2]
            assert "Every key was revoked" in message and "`asklake key forget`" in message
            assert problem(sign_in(client, text), 401, "unauthorized")["message"].endswith(message)
            assert client.get("/session").json()["way_back"] == message
            store.forget_revoked()
            assert client.get("/catalog").status_code == 200, "as if there had never been a key"
    store.close()


def test_where_others_can_call_there_is_no_way_without_a_key(asked_lake: Lake, database: str) -> None:
    def says(client: httpx.Client) -> Any:
        return problem(client.get("/catalog"), 401, "unauthorized")["message"]

    store = KeyStore(database)
    app = create_app(asked_lake, loopback=False, limiter=LimiterInProcess(()), database=database)
    with served(app, database) as running, running.client() as client:
        assert "There is no key yet" in says(client)
        key, _ = store.create("page")
        assert "Authorization: Bearer" in says(client)
        store.revoke(key.id)
        assert "makes one with `asklake key create NAME`." in says(client) and "forget" not in says(client)
        store.forget_revoked()
        assert "There is no key yet" in says(client)
    store.close()
