"""Dashboards followed over a WebSocket: admitted as any call, by the rights of the key, and told what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from lakehouse_assets.service.dashboards.live import Live
from tests.http.attacked import within
from tests.service.conftest import SHAPE, Served


def opened(
    to: Served, dashboard: str = "pgr.complaints", holder: str | None = None, **headers: str
) -> ClientConnection:
    if holder:
        headers["authorization"] = f"Bearer {to.keys[holder]}"
    url = f"{to.url.replace('http', 'ws')}/ws/dashboards/{dashboard}"
    return connect(url, additional_headers=headers, max_size=None)


def tiles(socket: ClientConnection) -> dict[str, Any]:
    return {one["id"]: one for one in json.loads(socket.recv(60))["tiles"]}


def moved(to: Served, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets the service believe that a table was published, and that its figures are of another snapshot since."""
    live: Live = to.app.state.live
    heads, compute, seen = live._heads, live._compute, dict[str, str]()

    async def changed() -> dict[str, str]:
        return {**await heads(), **seen}

    async def computed(*wanted: Any) -> Any:
        found = await compute(*wanted)
        for tile, one in found.answers.items():
            snapshots = {table: number + (table in seen) for table, number in one.answer.snapshots.items()}
            answer = one.answer.model_copy(update={"snapshots": snapshots})
            found.answers[tile] = one.model_copy(update={"answer": answer})
        return found

    monkeypatch.setattr(live, "_heads", changed)
    monkeypatch.setattr(live, "_compute", computed)
    return lambda table: seen.update({table: "another"})


def test_a_viewer_gets_all_tiles_and_then_those_whose_tables_moved(
    service: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, live = moved(service, monkeypatch), service.app.state.live
    with opened(service) as one, opened(service) as other:
        for socket in (one, other):
            socket.send(json.dumps({"page": "backlog"}))
        every = tiles(one)
        assert tiles(other).keys() == every.keys()
        assert every["received"]["answer"]["outcome"] == "answered"
        assert live.followed == 1
        publish("gold.gold_pgr_backlog_daily")
        found = tiles(one)
        of_it = {name for name, tile in every.items() if "backlog_daily" in str(tile["answer"]["freshness"])}
        assert 0 < len(of_it) < len(every)
        assert found.keys() == tiles(other).keys() == of_it
        one.send(json.dumps({"page": "sla"}))
        assert tiles(one).keys() != every.keys()
        within(5, lambda: live.followed == 2)
    within(10, lambda: live.followed == 0)


def test_a_viewer_sees_by_its_key(keyed: Served) -> None:
    with opened(keyed, holder="amritsar") as mine, opened(keyed, holder="jalandhar") as theirs:
        for socket in (mine, theirs):
            socket.send("{}")
        for socket, tenant in ((mine, "pb.amritsar"), (theirs, "pb.jalandhar")):
            found = [one["answer"] for one in tiles(socket).values()]
            assert {answer["tenant"] for answer in found} == {tenant}
        within(5, lambda: keyed.app.state.live.followed == 2)


@pytest.mark.parametrize(
    ("holder", "headers", "status"),
    [(None, {}, 401), ("wrong", {}, 401), (None, {"cookie": "asklake=x", "origin": "http://elsewhere"}, 401)],
)
def test_nobody_else_is_let_in(keyed: Served, holder: str | None, headers: dict[str, str], status: int) -> None:
    keys = {**keyed.keys, "wrong": "no-key"}
    with pytest.raises(InvalidStatus) as refused:
        opened(Served(keyed.app, keyed.url, keyed.database, keys), holder=holder, **headers)
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body)["error"].keys() == SHAPE


def test_a_page_elsewhere_is_not_let_in(service: Served) -> None:
    with pytest.raises(InvalidStatus) as refused:
        opened(service, origin="http://elsewhere.example")
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("dashboard", "message", "code"),
    [
        ("pgr.nothing", "{}", "unknown_dashboard"),
        ("pgr.complaints", '{"page": "none"}', "unknown_page"),
        ("pgr.complaints", '{"tenant": "pb.jalandhar"}', "invalid_request"),
        ("pgr.complaints", "no json", "invalid_request"),
        ("pgr.complaints", '{"filters": [{"dimension": "colour", "values": ["red"]}]}', "unknown_dimension"),
    ],
)
def test_what_cannot_be_followed_is_told_and_ends_it(service: Served, dashboard: str, message: str, code: str) -> None:
    with opened(service, dashboard) as socket:
        socket.send(message)
        assert json.loads(socket.recv(60))["error"]["code"] == code
        with pytest.raises(ConnectionClosed) as ended:
            socket.recv(60)
    assert ended.value.rcvd
    assert ended.value.rcvd.code == 1008
    within(10, lambda: service.app.state.live.followed == 0)
