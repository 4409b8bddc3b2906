"""Events over HTTP: kept once acknowledged, in bronze soon after, of the tenant of the key; and all that is refused."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from lakehouse_assets.intake.log import BusyError, IntakeLog
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.admission.limits import LimiterInProcess, Rate
from lakehouse_assets.service.app import create_app
from lakehouse_assets.settings import Settings
from nlq.storage.keys import KeyStore
from tests.service.conftest import Served, problem, served

NDJSON = {"content-type": "application/x-ndjson"}
JSON = {"content-type": "application/json"}
CSV = {"content-type": "text/csv"}
HOLDERS: dict[str, dict[str, Any]] = {
    "t1": {"tenant": "t1", "role": "writer"},
    "t2": {"tenant": "t2", "role": "writer"},
    "any": {"role": "writer"},
    "viewer": {"tenant": "t1", "role": "viewer"},
}


@pytest.fixture(scope="module")
def intake_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    home = tmp_path_factory.mktemp("events")
    return Lake(Settings(profile="local", home=home, landing="", intake_every_s=0.2))


@pytest.fixture(scope="module")
def taking(intake_lake: Lake) -> Iterator[Served]:
    database = f"sqlite:///{intake_lake.settings.home}/questions.db"
    store = KeyStore(database)
    keys = {name: store.create(name, **rights)[1] for name, rights in HOLDERS.items()}
    store.close()
    app = create_app(intake_lake, loopback=True, limiter=LimiterInProcess((Rate(40, 3600),)), database=database)
    with served(app, database, keys) as running:
        yield running


def sale(order: str, **changes: Any) -> dict[str, Any]:
    return {
        "sale_time": "2026-02-01T10:00:00", "order_id": order, "line_id": "1", "product_id": "P1", "quantity": 1,
        "unit_price": "2.50", **changes,
    }  # fmt: skip


def lines(*records: Any) -> bytes:
    return b"".join(json.dumps(r).encode() + b"\n" for r in records)


def as_csv(*records: dict[str, Any]) -> bytes:
    rows = (",".join(f'"{value}"' for value in record.values()) for record in records)
    return "\n".join([",".join(records[0]), *rows]).encode()


def as_arrow(*records: dict[str, Any]) -> bytes:
    table, out = pa.Table.from_pylist(list(records)), io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def as_parquet(*records: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(records)), out)
    return out.getvalue()


def send(client: httpx.Client, body: bytes, source: str = "sales_csv", **headers: str) -> httpx.Response:
    return client.post(
        f"/events/{source}", content=body, headers=NDJSON | {k.replace("_", "-"): v for k, v in headers.items()}
    )


def when_loaded(client: httpx.Client, response: httpx.Response, source: str = "sales_csv") -> dict[str, Any]:
    """What became of records, once they do not wait any more."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        told = client.get(f"/events/{source}/position/{response.json()['position']}")
        # A service on a machine that others use may have no room for a moment, and says so.
        if told.status_code != 503 and (found := told.raise_for_status().json())["state"] != "accepted":
            return found
        time.sleep(0.05)
    raise AssertionError("the records are still waiting")


def orders(lake: Lake, prefix: str) -> list[tuple[str, str]]:
    with lake.session() as session:
        sql = "select order_id, tenant_id from bronze.sample_sales where starts_with(order_id, ?) order by 1, 2"
        return [(r["order_id"], r["tenant_id"]) for r in session.query(sql, [prefix], limit=None).to_pylist()]


def test_what_was_acknowledged_is_in_bronze_soon_after(taking: Served, intake_lake: Lake) -> None:
    with taking.client("t1") as client:
        response = send(client, lines(sale("A1"), sale("A2", quantity="many"), sale("A3", tenant_id="t2"), sale("A4")))
        assert response.status_code == 202 and response.json()["records"] == 4
        became = when_loaded(client, response)
    assert (became["state"], became["quarantined"]) == ("visible", 2)
    assert [r["record"] for r in became["refused"]] == [2, 3] and "many" in became["refused"][0]["reason"]
    assert orders(intake_lake, "A") == [("A1", "t1"), ("A4", "t1")]


@pytest.mark.parametrize(
    "form", ["array", "pretty", "one", "gzip", "zstd", "windows", "blanks", "csv", "arrow", "parquet"]
)
def test_the_forms_of_a_body(taking: Served, intake_lake: Lake, form: str) -> None:
    first, second = sale(f"B-{form}-1"), sale(f"B-{form}-2")
    both = lines(first, second)
    body, headers, wanted = {
        "array": (json.dumps([first, second]).encode(), JSON, 2),
        "pretty": (json.dumps([first, second], indent=2).encode(), JSON, 2),
        "one": (json.dumps(first).encode(), JSON | {"content-type": "application/json; charset=utf-8"}, 1),
        "gzip": (gzip.compress(both), NDJSON | {"content-encoding": "gzip"}, 2),
        "zstd": (zstandard.compress(both), NDJSON | {"content-encoding": "zstd"}, 2),
        "windows": (both.replace(b"\n", b"\r\n"), NDJSON, 2),
        "csv": (gzip.compress(as_csv(first, second)), CSV | {"content-encoding": "gzip"}, 2),
        "arrow": (as_arrow(first, second), {"content-type": "application/vnd.apache.arrow.stream"}, 2),
        "parquet": (as_parquet(first, second), {"content-type": "application/vnd.apache.parquet"}, 2),
        "blanks": (b"\n" + both.replace(b"\n", b"\n\n").rstrip(), NDJSON, 2),
    }[form]
    with taking.client("t1") as client:
        response = client.post("/events/sales_csv", content=body, headers=headers)
        assert (response.status_code, response.json()["records"]) == (202, wanted), response.text
        assert when_loaded(client, response) == {"state": "visible", "quarantined": 0, "refused": []}
    assert len(orders(intake_lake, f"B-{form}-")) == wanted


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", NDJSON, 400, "no_records"),
        (b"\n \n", NDJSON, 400, "no_records"),
        (b"[]", JSON, 400, "no_records"),
        (b'[{"a": 1}', JSON, 400, "not_records"),
        (b'{"a": "', JSON, 400, "not_records"),
        (b"a,b\n1,2\n", {"content-type": "text/html"}, 415, "unsupported_media_type"),
        (b"a,b\n1,2\n", CSV, 400, "not_records"),
        (gzip.compress(b"a" * (9 << 20)), CSV | {"content-encoding": "gzip"}, 413, "too_large"),
        (b"a\n1\n", {"content-type": "text/csv; charset=klingon"}, 400, "unknown_charset"),
        (b"{}", {"content-type": ""}, 415, "unsupported_media_type"),
        (b"{}", NDJSON | {"content-encoding": "br"}, 415, "unsupported_encoding"),
        (b"{}", NDJSON | {"content-encoding": "gzip"}, 400, "not_compressed"),
        (gzip.compress(b"{}\n")[:-4], NDJSON | {"content-encoding": "gzip"}, 400, "not_compressed"),
        (zstandard.compress(b"{}\n" * 1000)[:-4], NDJSON | {"content-encoding": "zstd"}, 400, "not_compressed"),
        (gzip.compress(b" " * (9 << 20)), NDJSON | {"content-encoding": "gzip"}, 413, "too_large"),
        (zstandard.compress(b" " * (9 << 20)), NDJSON | {"content-encoding": "zstd"}, 413, "too_large"),
        (b"x" * (9 << 20), NDJSON, 413, "too_large"),
    ],
    ids=itertools.count(),
)  # fmt: skip
def test_bodies_that_are_not_taken(
    taking: Served, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    with taking.client("t1") as client:
        problem(client.post("/events/sales_csv", content=body, headers=headers), status, code)


@pytest.mark.parametrize(
    ("path", "key", "status"), [("/events/Sales", "k", 422), ("/events/sales_csv", "two words", 422),
                                ("/events/sales_csv", "k" * 201, 422), ("/events/sales_csv/", "k", 404)],
)  # fmt: skip
def test_paths_and_keys_that_are_not_taken(taking: Served, path: str, key: str, status: int) -> None:
    with taking.client("t1") as client:
        response = client.post(path, content=lines(sale("N1")), headers=NDJSON | {"idempotency-key": key})
    assert response.status_code == status and response.json()["error"]["request_id"] == response.headers["x-request-id"]


def test_records_that_are_no_json_are_kept_in_quarantine(taking: Served) -> None:
    with taking.client("t1") as client:
        response = send(client, b'{"order_id": \n\xff\xfe\nhello\n')
        assert (response.status_code, response.json()["records"]) == (202, 3)
        became = when_loaded(client, response)
    assert (became["state"], became["quarantined"]) == ("quarantined", 3)
    assert "not valid UTF-8" in became["refused"][1]["reason"]


def test_only_a_key_for_sending_sends_and_it_asks_nothing(taking: Served) -> None:
    with taking.client() as nobody, taking.client("viewer") as viewer, taking.client("t1") as writer:
        problem(send(nobody, lines(sale("C1"))), 401, "unauthorized")
        assert "--role writer" in problem(send(viewer, lines(sale("C1"))), 403, "forbidden")["message"]
        problem(viewer.get("/events/sales_csv/position/0-0-1"), 403, "forbidden")
        asked = writer.post("/nlq", json={"question": "complaints by ward"})
        assert asked.json().get("outcome") != "answered", asked.text
        assert writer.get("/catalog").json()["metrics"] == []


def test_sources_that_are_not_there_or_need_a_tenant(taking: Served) -> None:
    with taking.client("t1") as client, taking.client("any") as without:
        assert "pgr_event" in problem(send(client, b"{}\n", "pgr_event"), 404, "unknown_source")["message"]
        problem(send(client, b"{}\n", "Bad-Name"), 422, "invalid_request")
        response = send(without, lines(sale("D1", tenant_id="t9"), sale("D2")))
        became = when_loaded(without, response)
    assert (became["state"], became["quarantined"]) == ("visible", 1)


def test_positions_of_others_and_of_nobody(taking: Served) -> None:
    with taking.client("t1") as mine, taking.client("t2") as other:
        response = send(mine, lines(sale("E1")))
        at = response.json()["position"]
        when_loaded(mine, response)
        assert other.get(f"/events/sales_csv/position/{at}").json()["state"] == "accepted"
        for wrong in ("1", "0-0", "a-b-c", "0-0-1-2", "9" * 40, "0-0-0"):
            problem(mine.get(f"/events/sales_csv/position/{wrong}"), 404, "unknown_position")


def test_a_request_that_is_sent_again_by_its_key_is_the_same(taking: Served, intake_lake: Lake) -> None:
    with taking.client("t1") as client:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: send(client, lines(sale("F1")), idempotency_key="f"), range(4)))
        assert len({r.json()["position"] for r in found}) == 1
        problem(send(client, lines(sale("F2")), idempotency_key="f"), 409, "other_content")
        when_loaded(client, found[0])
    assert orders(intake_lake, "F") == [("F1", "t1")]


def test_calls_that_send_are_not_counted(taking: Served) -> None:
    with taking.client("t2") as client:
        assert [send(client, lines(sale(f"G{n}"))).status_code for n in range(60)] == [202] * 60


def test_a_full_log_or_disk_is_said_with_when_to_come_again(taking: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    for error, code in ((BusyError("full"), "intake_full"), (OSError("No space left"), "intake_unavailable")):

        def refused(_log: IntakeLog, _entry: Any, error: Exception = error) -> Any:
            raise error

        monkeypatch.setattr(IntakeLog, "append", refused)
        with taking.client("t1") as client:
            response = send(client, lines(sale("H1")))
            problem(response, 503, code)
            assert int(response.headers["retry-after"]) > 0


def test_the_log_is_for_its_owner_alone(taking: Served, intake_lake: Lake) -> None:
    folder: Path = intake_lake.settings.intake_dir
    assert all(not p.stat().st_mode & 0o077 for p in (folder, *folder.glob("*/*.log"), *folder.glob("[0-9]*")))
