"""Files over HTTP: whole or not at all, shown as they would be loaded, loaded once, of the tenant of the key alone."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.admission.limits import LimiterInProcess
from lakehouse_assets.service.app import create_app
from lakehouse_assets.settings import Settings
from nlq.storage.keys import KeyStore
from tests.service.conftest import Served, problem, served

HOLDERS: dict[str, dict[str, Any]] = {
    "t1": {"tenant": "t1", "role": "writer"},
    "t2": {"tenant": "t2", "role": "writer"},
    "also t1": {"tenant": "t1", "role": "writer"},
    "viewer": {"tenant": "t1", "role": "viewer"},
}
HEADER = "sale_time,order_id,line_id,product_id,quantity,unit_price\n"

ODD = b"2026-02-01T11:00:00,o999,1,P1,-,1\n"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    home = tmp_path_factory.mktemp("uploads")
    return Lake(Settings(profile="local", home=home, landing="", upload_most="3MB", uploads_waiting=6))


@pytest.fixture(scope="module")
def taking(lake: Lake) -> Iterator[Served]:
    database = f"sqlite:///{lake.settings.home}/questions.db"
    store = KeyStore(database)
    keys = {name: store.create(name, **rights)[1] for name, rights in HOLDERS.items()}
    store.close()
    app = create_app(lake, loopback=True, limiter=LimiterInProcess(()), database=database)
    with served(app, database, keys) as running:
        yield running


def sales(rows: int, first: int = 0, bad: int = 0) -> bytes:
    """A file of sales, the last of which have no number where one belongs."""
    lines = [f"2026-02-01T10:00:00,o{first + i},1,P1,{'many' if i >= rows - bad else 1},2.50\n" for i in range(rows)]
    return (HEADER + "".join(lines)).encode()


def send(client: httpx.Client, body: bytes, **query: str) -> httpx.Response:
    return client.post("/uploads", content=body, params=query)


def when(client: httpx.Client, job: str, *states: str) -> dict[str, Any]:
    """What is told of a job once it is in one of these states."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = client.get(f"/uploads/{job}").raise_for_status().json()
        if found["state"] in states:
            return found
        time.sleep(0.05)
    raise AssertionError(f"still {found['state']}")


def folders(lake: Lake) -> set[str]:
    return {path.name for path in lake.settings.uploads_dir.iterdir() if len(path.name) == 32}


def test_a_file_is_sent_looked_at_shown_and_loaded_once(taking: Served, lake: Lake) -> None:
    body = sales(150, bad=2) + ODD
    with taking.client("t1") as client:
        response = send(client, body, filename="../../etc/sales.csv")
        assert response.status_code == 201
        job = response.json()["job"]
        assert response.headers["location"] == f"/uploads/{job}"
        found = when(client, job, "ready", "failed")
        assert (found["state"], found["name"], found["source"]) == ("ready", "sales.csv", "sales_csv")
        assert found["fits"][0]["good"] == 100

        shown = client.get(f"/uploads/{job}/preview").raise_for_status().json()
        assert (shown["source"], shown["records"], len(shown["rows"]), shown["faults"]) == ("sales_csv", 100, 100, [])
        row = dict(zip([c["name"] for c in shown["columns"]], shown["rows"][0], strict=True))
        assert (row["order_id"], row["tenant_id"]) == ("o0", "t1")

        like = client.get(f"/uploads/{job}/profile?source=sales_csv").raise_for_status().json()
        by_name = {column["name"]: column for column in like["columns"]}
        assert (like["rows"], like["sampled"], by_name["order_id"]["distinct"]) == (148, False, 148)
        assert by_name["quantity"]["histogram"] or by_name["quantity"]["top"]

        assert client.post(f"/uploads/{job}/load").status_code == 202
        done = when(client, job, "loaded", "failed")
        assert done["problem"] is None
        loaded = done["loaded"]
        assert (loaded["rows_read"], loaded["rows_loaded"], loaded["rows_quarantined"]) == (151, 148, 3)
        assert sum(reason["records"] for reason in loaded["quarantined"]) == 3
        assert loaded["quarantined"][0]["column"] == "quantity"
        deadline = time.monotonic() + 10
        while (lake.settings.uploads_dir / job / "content").exists():  # it is removed after that is known
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert client.post(f"/uploads/{job}/load").json()["state"] == "loaded"

        again = send(client, body, source="sales_csv").json()["job"]
        when(client, again, "ready")
        client.post(f"/uploads/{again}/load").raise_for_status()
        twice = when(client, again, "loaded", "failed")["loaded"]
        assert twice["already_loaded"] and twice["load_id"] == loaded["load_id"]
    with lake.session() as session:
        rows = session.query("select tenant_id, count(*), min(source_file) from bronze.sample_sales group by 1")
    ((tenant, count, file),) = [tuple(row.values()) for row in rows.to_pylist()]
    assert (tenant, count, file) == ("t1", 148, f"upload://{job}/sales.csv")


def test_files_of_nothing_known_are_drafted_and_rubbish_is_refused_with_a_next_step(taking: Served) -> None:
    with taking.client("t1") as client:
        planets = b"planet,discovered,mass\nUranus,1781-03-13,14.5\nNeptune,1846-09-23,17.1\n"
        new = send(client, planets, filename="Planets.csv").json()["job"]
        rubbish = send(client, bytes(range(256)) * 40, filename="photo.csv").json()["job"]
        found = when(client, new, "ready", "failed")
        assert found["source"] is None and found["draft"]["name"] == "planets"
        assert {"planet", "mass"} <= {column["name"] for column in found["draft"]["columns"]}
        commands = found["draft"]["commands"]
        assert commands[0] == "asklake new-domain planets --from Planets.csv"
        assert "asklake ingest Planets.csv --source planets" in commands
        like = client.get(f"/uploads/{new}/profile").raise_for_status().json()
        assert (like["rows"], like["score"], like["table"]) == (2, 1.0, "Planets.csv")
        assert [(c["name"], c["type"]) for c in like["columns"]][1] == ("discovered", "DATE")
        problem(client.get(f"/uploads/{new}/profile?source=sales_csv"), 422, "does_not_fit")
        problem(client.get(f"/uploads/{new}/preview"), 422, "no_source")
        told = problem(client.get(f"/uploads/{new}/preview?source=sales_csv"), 422, "does_not_fit")
        assert "lacks the field" in told["message"]

        refused = when(client, rubbish, "ready", "failed")
        assert refused["state"] == "failed" and refused["problem"]["next"]
        assert str(taking.database).rpartition("/")[0].removeprefix("sqlite:///") not in str(refused)
        problem(client.post(f"/uploads/{rubbish}/load"), 409, "not_loadable")
        for job in (new, rubbish):
            assert client.delete(f"/uploads/{job}").status_code == 204
            problem(client.get(f"/uploads/{job}"), 404, "unknown_upload")


def test_who_may_send_and_see_follows_from_the_key(taking: Served) -> None:
    with taking.client("t1") as client:
        job = send(client, sales(1, 5000)).json()["job"]
    for holder in ("t2", "also t1"):
        with taking.client(holder) as other:
            for response in (
                other.get(f"/uploads/{job}"), other.get(f"/uploads/{job}/preview"), other.post(f"/uploads/{job}/load"),
                other.delete(f"/uploads/{job}"),
            ):  # fmt: skip
                problem(response, 404, "unknown_upload")
            assert job not in other.get("/uploads").text
    with taking.client("viewer") as viewer:
        problem(send(viewer, sales(1)), 403, "forbidden")
        problem(viewer.get("/uploads"), 403, "forbidden")
    with taking.client() as nobody:
        problem(send(nobody, sales(1)), 401, "unauthorized")
    with taking.client("t1") as client:
        when(client, job, "ready")
        client.delete(f"/uploads/{job}")


@pytest.mark.parametrize("job", ["x", "..%2f..%2fetc%2fpasswd", "load.waiting", "A" * 32])
def test_what_is_no_id_is_refused(taking: Served, job: str) -> None:
    with taking.client("t1") as client:
        assert client.get(f"/uploads/{job}").status_code in (404, 422)


def test_what_is_refused_or_cut_off_leaves_nothing(taking: Served, lake: Lake) -> None:
    before = folders(lake)
    with taking.client("t1") as client:
        problem(send(client, b""), 400, "empty_file")
        problem(send(client, sales(1), source="nothing"), 404, "unknown_source")
        problem(send(client, bytes(3_000_001)), 413, "too_large")
        problem(client.post("/uploads", content=(bytes(1 << 20) for _ in range(4))), 413, "too_large")
    port = int(taking.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as cut:
        head = f"POST /uploads HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {taking.keys['t1']}\r\n"
        cut.sendall(f"{head}Content-Length: 100000\r\n\r\n".encode() + sales(20))
        deadline = time.monotonic() + 10
        while folders(lake) == before and time.monotonic() < deadline:
            time.sleep(0.01)
        assert folders(lake) != before
    while folders(lake) != before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert folders(lake) == before


def test_files_that_wait_are_bounded_by_key(taking: Served) -> None:
    with taking.client("t2") as client:
        jobs = [send(client, sales(1, i)).json()["job"] for i in range(6)]
        told = problem(send(client, sales(1)), 503, "uploads_full")
        assert "DELETE" in told["message"]
        with taking.client("also t1") as other:
            assert send(other, sales(1)).status_code == 201
        when(client, jobs[0], "ready")
        client.delete(f"/uploads/{jobs[0]}").raise_for_status()
        assert send(client, sales(1)).status_code == 201
