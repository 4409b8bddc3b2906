"""The guard before Dagster's real webserver, as pages elsewhere and strangers try it."""

from __future__ import annotations

import json
import time
from typing import Any, cast
from urllib.parse import quote

import dagster as dg
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.dagit.conftest import HERE, TOKEN, Opening

MUTATION = 'mutation { setConcurrencyLimit(concurrencyKey: "taken", limit: 7) }'
SUBSCRIPTION = "subscription { locationStateChangeEvents { event { message } } }"
ELSEWHERE = "http://evil.example"
JSON = "application/json"
SOCKET = "ws://localhost:3000/graphql"


def taken(instance: dg.DagsterInstance) -> bool:
    """Whether the mutation was run."""
    return "taken" in instance.event_log_storage.get_concurrency_keys()


@pytest.fixture(autouse=True)
def not_taken(instance: dg.DagsterInstance) -> None:
    instance.event_log_storage.delete_concurrency_limit("taken")


def as_page(origin: str, site: str, **more: str) -> dict[str, str]:
    """What a browser adds to a request of a page's script."""
    return {"origin": origin, "sec-fetch-site": site, "sec-fetch-mode": "cors", "sec-fetch-dest": "empty", **more}


BODY = json.dumps({"query": MUTATION})
OF_DAGIT = as_page(HERE, "same-origin", **{"content-type": JSON})
ATTACKS: dict[str, dict[str, Any]] = {
    "by GET": {"method": "GET", "url": f"/graphql?query={quote(MUTATION)}"},
    "by GET, as JSON": {"method": "GET", "url": f"/graphql?query={quote(MUTATION)}", "headers": {"accept": JSON}},
    "by GET, of a picture": {
        "method": "GET", "url": f"/graphql?query={quote(MUTATION)}",
        "headers": {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
    },
    "by GET, with a line end": {"method": "GET", "url": f"/graphql%0A?query={quote(MUTATION)}"},
    "by HEAD": {"method": "HEAD", "url": f"/graphql?query={quote(MUTATION)}"},
    "by PUT": {"method": "PUT", "url": "/graphql", "content": BODY, "headers": {"content-type": JSON}},
    "in the address of a POST": {"method": "POST", "url": f"/graphql?query={quote(MUTATION)}"},
    "as a form": {"method": "POST", "url": f"/graphql?query={quote(MUTATION)}", "data": {"query": MUTATION}},
    "as parts": {"method": "POST", "url": f"/graphql?query={quote(MUTATION)}", "files": {"query": MUTATION}},
    "as text": {"method": "POST", "url": "/graphql", "content": BODY, "headers": {"content-type": "text/plain"}},
    "as text that names JSON": {
        "method": "POST", "url": "/graphql", "content": BODY,
        "headers": {"content-type": "text/plain; application/json"},
    },
    "as GraphQL": {
        "method": "POST", "url": "/graphql", "content": MUTATION, "headers": {"content-type": "application/graphql"}
    },
    "as two types": {
        "method": "POST", "url": "/graphql", "content": BODY,
        "headers": [("content-type", "text/plain"), ("content-type", JSON)],
    },
    "from a page elsewhere": {
        "method": "POST", "url": "/graphql", "content": BODY,
        "headers": as_page(ELSEWHERE, "cross-site", **{"content-type": JSON}),
    },
    "from a page elsewhere that says less": {
        "method": "POST", "url": "/graphql", "content": BODY, "headers": {"origin": ELSEWHERE, "content-type": JSON}
    },
    "from another port": {
        "method": "POST", "url": "/graphql", "content": BODY,
        "headers": {"origin": "http://localhost:8000", "content-type": JSON},
    },
    "from a page of no origin": {
        "method": "POST", "url": "/graphql", "content": BODY, "headers": {"origin": "null", "content-type": JSON}
    },
    "by a name that was made to mean this machine": {
        "method": "POST", "url": "http://evil.example:3000/graphql", "content": BODY,
        "headers": as_page("http://evil.example:3000", "same-origin", **{"content-type": JSON}),
    },
    "by an address that is none": {
        "method": "POST", "url": "http://0.0.0.0:3000/graphql", "content": BODY, "headers": {"content-type": JSON}
    },
    "of unknown length": {
        "method": "POST", "url": "/graphql", "content": iter([BODY.encode()]), "headers": {"content-type": JSON}
    },
    "too large": {
        "method": "POST", "url": "/graphql", "content": BODY + " " * (4 << 20), "headers": {"content-type": JSON}
    },
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_no_mutation_but_by_dagit_itself(server: TestClient, instance: dg.DagsterInstance, name: str) -> None:
    attack = {**ATTACKS[name]}
    answer = server.request(attack.pop("method"), attack.pop("url"), **attack)
    assert 400 <= answer.status_code < 500
    assert not taken(instance)
    if attack.get("method") != "HEAD" and answer.content:
        assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body",
    [
        "null", "true", "1", '"text"', "[]", f"[{BODY}]", "{}", "", "{", "[" * 100_000, '{"query": null}',
        '{"query": ["a"]}', '{"query": "{ version }", "variables": "text"}',
        '{"query": "{ version }", "variables": []}', '{"query": "{ version }", "operationName": 1}',
        '{"query": "{ version } #\\ud800"}', b'\xff', b'{"query": "\xff"}',
        '{"query": "{ version }", "variables": {"s": ["\\uDFFF"]}}',
    ],
)  # fmt: skip
def test_what_is_no_request_of_graphql_is_told_so(server: TestClient, body: str | bytes) -> None:
    told = server.post("/graphql", content=body, headers={"content-type": JSON})
    assert told.status_code == 400 and told.json()["error"]["code"] == "bad_request"


def test_pairs_of_surrogates_are_text(server: TestClient) -> None:
    body = '{"query": "{ version } # \\ud83d\\ude00", "variables": null, "operationName": null}'
    assert server.post("/graphql", content=body, headers={"content-type": JSON}).json()["data"]["version"]


@pytest.mark.parametrize("headers", [OF_DAGIT, {"content-type": "application/json; charset=utf-8"}])
def test_dagit_and_programs_may(server: TestClient, instance: dg.DagsterInstance, headers: dict[str, str]) -> None:
    assert server.post("/graphql", content=BODY, headers=headers).json() == {"data": {"setConcurrencyLimit": True}}
    assert taken(instance)


def test_the_page_for_graphql_runs_nothing(server: TestClient, instance: dg.DagsterInstance) -> None:
    for accept in ("text/html", "text/html, application/json"):
        answer = server.get(f"/graphql?query={quote(MUTATION)}", headers={"accept": accept})
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    two = [("accept", JSON), ("accept", "text/html")]
    assert server.get(f"/graphql?query={quote(MUTATION)}", headers=two).status_code == 405
    assert not taken(instance)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/", {}, 200),
        ("/assets", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}, 200),
        ("/assets", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}, 403),
        ("/server_info", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}, 403),
        ("/server_info", {"origin": ELSEWHERE}, 403),
        ("/server_info", {"host": "localhost:3000.evil.example"}, 403),
        ("/server_info", {"host": "127.0.0.1.evil.example"}, 403),
        ("/server_info", {"host": "[::1]:3000"}, 200),
        ("/server_info", {"host": "127.0.0.1"}, 200),
        ("/server_info", {"host": ""}, 403),
        ("/notebook?path=/x.ipynb&repoLocName=asklake", {}, 404),
        ("/logs/..%2f..%2f..%2fetc%2fpasswd/x.out", {}, 400),
        ("/logs/undefined", {}, 404),
        ("/logs/", {}, 404),
        ("/logs/history/runs/db", {}, 404),
        ("/logs/x//etc/passwd/out", {}, 404),
        (f"/logs/{'x' * 300}/y/out", {}, 404),
        ("/download_debug/undefined", {}, 404),
        ("/download_debug/d0ee8055-fc83-4178-b4a6-170ad7cae73c", {}, 404),
        ("/live", {"host": "10.1.2.3:3000"}, 200),
    ],
)  # fmt: skip
def test_what_may_be_fetched(server: TestClient, path: str, headers: dict[str, str], status: int) -> None:
    assert server.get(path, headers=headers).status_code == status


@pytest.mark.parametrize("path", ["/report_asset_materialization/a", "/report_asset_check/a"])
def test_events_are_not_reported_by_a_form(server: TestClient, instance: dg.DagsterInstance, path: str) -> None:
    assert server.post(path, headers={"origin": ELSEWHERE}).status_code == 403
    assert server.post(path).status_code == 415
    assert not instance.has_asset_key(dg.AssetKey("a"))


@dg.op
def speak() -> None:
    """Leave a log."""
    print("heard")


@dg.job
def spoken() -> None:
    """A run to look into."""
    speak()


@pytest.fixture(scope="module")
def log_key(instance: dg.DagsterInstance) -> list[str]:
    """The key of what a run printed."""
    run = spoken.execute_in_process(instance=instance).run_id
    events = [entry.dagster_event for entry in instance.all_logs(run, dg.DagsterEventType.LOGS_CAPTURED)]
    return [run, "compute_logs", cast("Any", events[0]).event_specific_data.file_key]


def test_what_a_run_left_can_be_fetched(server: TestClient, log_key: list[str]) -> None:
    query = "query Log($logKey: [String!]!) { capturedLogsMetadata(logKey: $logKey) { stdoutDownloadUrl } }"
    told = server.post("/graphql", json={"query": query, "variables": {"logKey": log_key}}).json()
    log = server.get(told["data"]["capturedLogsMetadata"]["stdoutDownloadUrl"])
    assert log.status_code == 200 and log.text == "heard\n"
    debug = server.get(f"/download_debug/{log_key[0]}")
    assert debug.status_code == 200 and debug.headers["content-type"] == "application/gzip"


def test_browsers_are_told_what_dagit_is_not_for(server: TestClient) -> None:
    headers = server.get("/").headers
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    policies = headers.get_list("content-security-policy")
    assert len(policies) == 2 and "script-src" in policies[0] and policies[1] == "frame-ancestors 'none'"
    assert server.post("/graphql").headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        ({"origin": HERE}, True),
        ({}, True),
        ({"origin": ELSEWHERE}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://localhost:8000"}, False),
        ({"origin": "http://evil.example:3000", "host": "evil.example:3000"}, False),
    ],
)
def test_subscriptions_from_a_page_elsewhere(server: TestClient, headers: dict[str, str], let_in: bool) -> None:
    assert connected(server, headers) is let_in


def connected(client: TestClient, headers: dict[str, str]) -> bool:
    """Whether a subscription is let in."""
    try:
        with client.websocket_connect(SOCKET, subprotocols=["graphql-ws"], headers=headers) as socket:
            socket.send_json({"type": "connection_init"})
            return socket.receive_json() == {"type": "connection_ack"}
    except WebSocketDisconnect:
        return False


def test_a_subscription_is_no_mutation(server: TestClient, instance: dg.DagsterInstance) -> None:
    with server.websocket_connect(SOCKET, subprotocols=["graphql-ws"]) as socket:
        socket.send_json({"type": "start", "id": "1", "payload": {"query": MUTATION}})
        assert socket.receive_json()["type"] == "error"
    assert not taken(instance)


def test_a_token_is_asked_of_everyone(locked: TestClient, instance: dg.DagsterInstance) -> None:
    for sent in (
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": f"Basic {TOKEN}"},
        {"cookie": f"asklake-dagit-3000={TOKEN}"},
    ):
        assert locked.post("/graphql", content=BODY, headers={**OF_DAGIT, **sent}).status_code == 401
        assert locked.get("/server_info", headers=sent).status_code == 401
        assert locked.get("/logs/x/y/out", headers=sent).status_code == 401
        assert not connected(locked, {"origin": HERE, **sent})
    assert not taken(instance)
    assert locked.get("/live").text == "ok"
    allowed = {"authorization": f"Bearer {TOKEN}"}
    assert locked.get("/server_info", headers=allowed).status_code == 200
    assert locked.get("/server_info", headers={**allowed, "host": "dagit.example.com"}).status_code == 200
    assert locked.get("/server_info", headers={**allowed, "host": "other.example.com"}).status_code == 403
    assert locked.post("/graphql", content=BODY, headers={**allowed, "content-type": "text/plain"}).status_code == 415
    assert connected(locked, {"authorization": f"Bearer {TOKEN}"})


def test_a_person_gives_the_token_once(opening: Opening, instance: dg.DagsterInstance) -> None:
    browser = opening("0.0.0.0", dagit_token=TOKEN)
    page = browser.get("/runs", headers={"accept": "text/html"})
    assert page.status_code == 401 and "Token of Dagit" in page.text
    form = {"origin": HERE, "sec-fetch-site": "same-origin"}
    assert browser.post("/asklake-login", data={"token": "wrong"}, headers=form).status_code == 401
    assert browser.post("/asklake-login", data={"token": TOKEN}, headers={"origin": ELSEWHERE}).status_code == 403
    assert not browser.cookies
    opened = browser.post("/asklake-login", data={"token": f" {TOKEN} "}, headers=form)
    assert opened.status_code == 303 and opened.headers["location"] == "/"
    cookie = opened.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and TOKEN not in cookie
    assert browser.get("/").status_code == 200 and connected(browser, {"origin": HERE})
    assert browser.post("/graphql", content=BODY, headers=OF_DAGIT).status_code == 200
    instance.event_log_storage.delete_concurrency_limit("taken")
    assert browser.post("/graphql", content=BODY, headers={"content-type": JSON}).status_code == 403
    assert (
        browser.post(
            "/graphql", content=BODY, headers={**OF_DAGIT, "origin": ELSEWHERE, "sec-fetch-site": "cross-site"}
        ).status_code
        == 403
    )
    assert not connected(browser, {"origin": ELSEWHERE}) and not taken(instance)


def test_a_session_ends_and_cannot_be_made(opening: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = opening("0.0.0.0", dagit_token=TOKEN)
    browser.post("/asklake-login", data={"token": TOKEN})
    (name, value) = next(iter(browser.cookies.items()))
    end, _, mark = value.partition(".")
    for forged in (f"{int(end) + 1}.{mark}", f"{end}.", f"{end}.{'0' * 64}", ".", "", "9" * 20 + f".{mark}", "é.é"):
        assert browser.get("/server_info", headers={"cookie": f"{name}={quote(forged)}"}).status_code == 401
    other = opening("0.0.0.0", dagit_token=TOKEN[::-1])
    assert other.get("/server_info", headers={"cookie": f"{name}={value}"}).status_code == 401
    assert browser.get("/server_info").status_code == 200
    later = time.time() + 13 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    assert browser.get("/server_info", headers={"cookie": f"{name}={value}"}).status_code == 401


def test_over_https_the_session_stays_there(locked: TestClient) -> None:
    secure = TestClient(locked.app, base_url="https://dagit.example.com", follow_redirects=False)
    cookie = secure.post("/asklake-login", data={"token": TOKEN}).headers["set-cookie"]
    assert cookie.startswith("__Host-asklake-dagit=") and "Secure" in cookie and "Path=/" in cookie
    assert secure.get("/server_info").status_code == 200


def test_a_mode_in_which_nothing_can_be_changed(opening: Opening, instance: dg.DagsterInstance) -> None:
    viewer = opening(read_only=True)
    answer = viewer.post("/graphql", content=BODY, headers=OF_DAGIT)
    assert "UnauthorizedError" in answer.text or answer.status_code >= 400
    assert not taken(instance)
    assert viewer.post("/graphql", json={"query": "{ version }"}).json()["data"]["version"] == dg.__version__


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dagit_token", "short"), ("dagit_token", "with spaces " * 3), ("dagit_token", "ümlaut" * 6),
        ("dagit_hosts", "https://dagit.example.com"), ("dagit_hosts", "dagit:3000"), ("dagit_hosts", "*"),
    ],
)  # fmt: skip
def test_settings_that_would_not_guard_are_refused(opening: Opening, field: str, value: str) -> None:
    with pytest.raises(ValueError, match=field):
        opening(**{field: value})
