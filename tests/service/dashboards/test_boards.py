"""Dashboards that people make, over real HTTP: whose they are, what fits, pins, and changes at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlq.storage.keys import KeyStore
from tests.service.conftest import NOW, Served, problem

COUNT = {"metrics": ["pgr_complaints"]}
BY_WARD = {**COUNT, "group_by": ["complaint__ward_id"]}


@pytest.fixture(scope="module")
def client(service: Served) -> Iterator[httpx.Client]:
    with service.client() as client:
        yield client


def created(client: httpx.Client, **body: Any) -> dict[str, Any]:
    response = client.post("/dashboards", json={"title": "My morning", **body})
    assert response.status_code == 201, response.text
    assert response.headers["location"] == f"/dashboards/{response.json()['id']}"
    return response.json()


def saved(client: httpx.Client, board: dict[str, Any], **changes: Any) -> httpx.Response:
    body = {"version": board["version"], "definition": {**board["definition"], **changes}}
    return client.put(f"/dashboards/{board['id']}", json=body)


def test_an_answer_is_pinned_and_computed(client: httpx.Client) -> None:
    asked = client.post("/nlq", json={"question": "complaints by ward in january 2026", "now": NOW}).json()
    pin = {"plan": asked["plan"], "title": "By ward", "chart": {"kind": "bar"}}
    board = created(client, pin=pin)
    assert (board["built_in"], board["editable"], board["version"], board["undoable"]) == (False, True, 1, False)
    (tile,) = board["pages"][0]["tiles"]
    assert tile["at"] == {"x": 0, "y": 0, "w": 6, "h": 4}
    board = client.post(f"/dashboards/{board['id']}/pins", json={**pin, "follows": True}).json()
    first, second = board["pages"][0]["tiles"]
    assert (second["id"], second["at"]["x"]) == ("by_ward_2", 6)
    assert (first["plan"]["time_range"]["start"], second["plan"].get("time_range")) == ("2026-01-01", None)
    found = client.post(f"/dashboards/{board['id']}/tiles", json={"now": NOW, "period": "all"}).json()
    rows, everything = (tile["answer"]["rows"] for tile in found["tiles"])
    assert rows == asked["rows"]
    assert sum(row[1] for row in everything) > sum(row[1] for row in rows)
    assert board["id"] in [one["id"] for one in client.get("/dashboards").json()["dashboards"]]


def test_a_pin_that_cannot_be_drawn_so_is_a_table_and_one_of_all_time_stays_so(client: httpx.Client) -> None:
    board = created(client, pin={"plan": BY_WARD, "title": "Wards", "chart": {"kind": "number"}})
    (tile,) = board["pages"][0]["tiles"]
    assert (tile["chart"]["kind"], tile["period"]) == ("table", "all")
    problem(client.post("/dashboards", json={"title": "x", "pin": {"plan": {"metrics": ["none"]}, "title": "x"}}), 422,
            "invalid_board")  # fmt: skip
    problem(client.post("/dashboards", json={"title": "x", "pin": {"plan": {"sql": "x"}, "title": "x"}}), 422,
            "invalid_plan")  # fmt: skip


def test_it_is_arranged_undone_and_looked_back_at(client: httpx.Client) -> None:
    board = created(client, copy_of="pgr.complaints")
    assert len(board["definition"]["pages"]) == 5
    page = board["definition"]["pages"][0]
    words = {"id": "words", "text": "What we look at.", "at": {"x": 0, "y": 30, "w": 6, "h": 2}}
    changed = saved(client, board, title="Ours", pages=[{**page, "tiles": [*page["tiles"], words]}]).json()
    assert (changed["version"], changed["title"], len(changed["pages"])) == (2, "Ours", 1)
    told = problem(saved(client, board, title="Mine"), 409, "changed_meanwhile")
    assert told["details"] == {"version": 2}
    address = f"/dashboards/{board['id']}"
    undone = client.post(f"{address}/undo", json={"version": 2}).json()
    assert (undone["title"], len(undone["pages"]), undone["undoable"]) == ("My morning", 5, False)
    problem(client.post(f"{address}/undo", json={"version": 3}), 409, "nothing_to_undo")
    assert [one["version"] for one in client.get(f"{address}/versions").json()["versions"]] == [3, 2, 1]
    earlier = client.get(address, params={"version": 2}).json()
    assert (earlier["title"], earlier["editable"]) == ("Ours", False)
    found = client.post(f"{address}/tiles", json={"version": 2, "now": NOW, "tiles": ["received"]}).json()
    assert found["tiles"][0]["answer"]["outcome"] == "answered"
    back = client.post(f"{address}/restore", json={"version": 3, "to": 2}).json()
    assert (back["title"], back["version"], back["undoable"]) == ("Ours", 4, True)
    problem(client.post(f"{address}/restore", json={"version": 4, "to": 99}), 404, "unknown_version")
    assert client.delete(address).status_code == 204
    problem(client.get(address), 404, "unknown_dashboard")


def test_what_does_not_fit_is_refused_with_its_place(client: httpx.Client) -> None:
    board = created(client, pin={"plan": BY_WARD, "title": "Wards", "chart": {"kind": "bar"}})
    (tile,) = board["definition"]["pages"][0]["tiles"]
    other = {**tile, "id": "other"}
    pages = [{"id": "page", "title": "Page", "tiles": [tile, other]}]
    told = problem(saved(client, board, pages=pages), 422, "invalid_board")
    assert told["details"]["problems"][0]["where"] == "pages.0.tiles.1.at"
    pages[0]["tiles"] = [{**tile, "plan": {"metrics": ["nothing"]}}]
    problem(saved(client, board, pages=pages), 422, "invalid_board")
    pages[0]["tiles"] = [{**tile, "sql": "select 1"}]
    problem(saved(client, board, pages=pages), 422, "invalid_request")
    idle = saved(client, board, filters=[{"dimension": "ward_id"}, {"dimension": "colour"}]).json()
    assert [one["dimension"] for one in idle["filters"]] == ["ward_id"], "one that no tile knows is left out"


OTHERS = st.sampled_from(["jalandhar", "admin"])
CALLS = st.sampled_from(
    [
        ("GET", "", None),
        ("GET", "/versions", None),
        ("GET", "?version=1", None),
        ("POST", "/tiles", {}),
        ("POST", "/tiles", {"version": 1}),
        ("POST", "/export", {"format": "csv"}),
        ("POST", "/pins", {"plan": COUNT, "title": "x"}),
        ("POST", "/undo", {"version": 1}),
        ("POST", "/restore", {"version": 1, "to": 1}),
        ("PUT", "", {"version": 1, "definition": {"title": "x", "pages": [{"id": "page", "title": "Page"}]}}),
        ("DELETE", "", None),
    ]
)


@settings(max_examples=12, deadline=None)
@given(other=OTHERS, call=CALLS)
def test_no_key_reaches_another_keys_dashboard(keyed: Served, other: str, call: tuple[str, str, Any]) -> None:
    """By any address, whoever it is; nor is it listed or copied."""
    method, rest, body = call
    with keyed.client("amritsar") as maker, keyed.client(other) as stranger:
        mine = [one for one in maker.get("/dashboards").json()["dashboards"] if one["title"] == "Counted"]
        pin = {"plan": COUNT, "title": "Count", "chart": {"kind": "number"}}
        board = mine[0] if mine else created(maker, title="Counted", pin=pin)
        problem(stranger.request(method, f"/dashboards/{board['id']}{rest}", json=body), 404, "unknown_dashboard")
        problem(stranger.post("/dashboards", json={"title": "x", "copy_of": board["id"]}), 404, "unknown_dashboard")
        assert board["id"] not in [one["id"] for one in stranger.get("/dashboards").json()["dashboards"]]
        assert maker.get(f"/dashboards/{board['id']}").json()["version"] == 1
        found = maker.post(f"/dashboards/{board['id']}/tiles", json={}).json()["tiles"][0]["answer"]
        assert found["tenant"] == "pb.amritsar"


def test_what_was_made_before_there_were_keys_is_for_those_who_could_see_it(keyed: Served) -> None:
    admin = KeyStore(keyed.database)
    text = admin.create("all", role="analyst")[1]
    narrow = admin.create("one", tenant="pb.amritsar")[1]
    admin.close()
    handlers = keyed.app.state.service.dashboards
    definition = {"title": "Old", "pages": [{"id": "page", "title": "Page"}]}
    model = type(handlers.project.all()["pgr.complaints"]).model_validate(definition)
    old = handlers.kept.create(model, owner="", made_by="anonymous", what="Made")
    for key, status in ((text, 200), (narrow, 404)):
        found = httpx.get(f"{keyed.url}/dashboards/{old.id}", headers={"authorization": f"Bearer {key}"})
        assert found.status_code == status
    handlers.kept.remove(old.id)
