"""Loading what an API answers with: each record once, whatever comes between."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from typer.testing import CliRunner

from lakehouse_assets.cli import app
from lakehouse_assets.ingest import IngestError, Source, unload
from lakehouse_assets.ingest.fetching.apis import client as asking
from lakehouse_assets.ingest.loads import of_apis
from lakehouse_assets.ingest.loads.fetching import fetch, look
from lakehouse_assets.ingest.loads.quarantine import list_quarantined
from lakehouse_assets.ingest.origins.registry import kind_of
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from tests.ingest.conftest import sales_source
from tests.ingest.fetching.answering import Api, Said, serving

ROWS = "select order_id, quantity, raw_payload from bronze.sample_sales order by order_id, loaded_at"
NEW = {"cursor": "at", "since": {"parameter": "since"}}


@pytest.fixture(scope="module")
def server() -> Iterator[Api]:
    with serving() as api:
        yield api


@pytest.fixture
def api(server: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr(asking, "_wait_longer", lambda _state: 0.0)
    server.asked.clear()
    return server


@pytest.fixture
def lake(settings: Settings) -> Lake:
    return Lake(settings.model_copy(update={"source_access": {"shop": SecretStr("hunter22:s3cr3t")}}))


def asking_of(api: Api, **said: Any) -> Source:
    document = sales_source().model_dump(exclude_defaults=True, exclude={"format"})
    return Source.model_validate({**document, "kind": "rest", "rest": {"url": api.url, "records": "d", **said}})


def order(number: int, qty: Any = 2, at: Any = None) -> dict[str, Any]:
    return {"sold": "2025-03-01 10:00:00", "order_id": f"O{number:03}", "line_id": 1, "product": "P1", "name": "Tea",
            "qty": qty, "price": 1.25, "at": at}  # fmt: skip


def answer(*orders: Any, next_page: str | None = None) -> dict[str, Any]:
    return {"d": list(orders), "n": next_page}


def orders(rows: Callable[..., Any]) -> list[str]:
    return [row["order_id"] for row in rows(ROWS)]


def test_all_records_are_loaded_once_until_they_change(lake: Lake, api: Api, rows: Callable[..., Any]):
    first, second = answer(order(1), "no record", next_page="?p=2"), answer(order(2, qty=None))
    source = asking_of(api, pages={"by": "next", "next": "n"}, access="shop", auth="basic")
    api.in_turn(first, second)
    result = fetch(lake, source)[0]
    assert (result.rows_read, result.rows_loaded, result.rows_quarantined) == (3, 1, 2)
    assert {q["source_file"].partition("/orders")[0] for q in list_quarantined(lake)} == {
        f"api://shop/{api.url.removeprefix('http://').removesuffix('/orders')}"
    }
    api.in_turn(first, second)
    assert fetch(lake, source)[0].already_loaded
    api.in_turn(answer(order(3)))
    assert fetch(lake, source)[0].rows_loaded == 1
    api.in_turn(first, second)  # as it was before
    assert not fetch(lake, source)[0].already_loaded
    assert kind_of(f"api://shop/{api.url}").name == "api"
    (text,) = {json.loads(r["raw_payload"])["price"] for r in rows(ROWS)}
    assert text in (1.25, "1.25")


def test_by_a_cursor_only_what_is_new_is_asked_for(lake: Lake, api: Api, rows: Callable[..., Any]):
    source = asking_of(api, **NEW, look_back="PT1H")
    api.in_turn(answer())
    assert fetch(lake, source) == []
    api.in_turn(answer(order(1, at="2025-03-01T12:00:00.5Z"), order(2, at="2025-03-01T13:00:00+02:00")))
    assert fetch(lake, source)[0].rows_read == 2
    assert fetch(lake, source) == []  # the same once more
    api.in_turn(answer())
    assert fetch(lake, source) == []
    late = answer(order(1, at="2025-03-01T12:00:00.5Z"), order(3, at="2025-03-01T11:30:00Z"))
    api.in_turn(late)  # no greater value, but another record within the look-back
    assert fetch(lake, source)[0].rows_read == 2
    assert fetch(lake, source) == []
    assert [q.get("since") for q in api.asked] == [None, None, *["2025-03-01T11:00:00.500000Z"] * 4]
    assert set(orders(rows)) == {"O001", "O002", "O003"}


def test_a_load_that_dies_neither_loses_nor_doubles(lake: Lake, api: Api, rows: Any, monkeypatch: Any):
    source = asking_of(api, cursor="at", since={"parameter": "$filter", "value": "at ge {cursor}"})
    api.in_turn(answer(order(1, at=10)))
    fetch(lake, source)
    api.in_turn(answer(order(1, at=10), order(2, at=11)))
    with monkeypatch.context() as dying:
        dying.setattr(of_apis.AnsweredRecords, "open", _die)
        with pytest.raises(KeyboardInterrupt):
            fetch(lake, source)
    fetch(lake, source)
    assert api.asked[-1] == api.asked[-2] == {"$filter": "at ge 10"}
    assert sorted(set(orders(rows))) == ["O001", "O002"]
    result = fetch(lake, source)
    assert result == [] and not list(lake.settings.scratch_dir.glob("records-*"))


def _die(*_args: object) -> None:
    raise KeyboardInterrupt


def test_of_two_loads_at_a_time_the_slower_one_changes_nothing(lake: Lake, api: Api, rows: Any, monkeypatch: Any):
    source = asking_of(api, **NEW)
    api.in_turn(answer(order(1, at=10)))
    slow = of_apis.AnsweredRecords.open

    def overtaken(self: Any, *args: Any) -> Any:
        monkeypatch.setattr(of_apis.AnsweredRecords, "open", slow)
        fetch(lake, source)
        return slow(self, *args)

    monkeypatch.setattr(of_apis.AnsweredRecords, "open", overtaken)
    assert fetch(lake, source)[0].already_loaded and orders(rows) == ["O001"]


def test_a_load_by_a_cursor_that_was_taken_back_is_not_loaded_again_by_itself(lake: Lake, api: Api):
    source = asking_of(api, **NEW)
    api.in_turn(answer(order(1, at=10)))
    unload(lake, fetch(lake, source)[0].load_id)
    assert fetch(lake, source) == []


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (Said(answer(order(2, at=11)), cut=9), "an answer is not whole"),
        (Said({}, 500), "it answers 500"),
        (answer(order(2)), r"record 2 has no value in the cursor 'at'"),
        (answer(order(2, at="Wed, 14 Jun 2017 07:00:00 GMT")), "neither a time in ISO 8601 nor a number"),
        (answer(order(2, at="2025-01-01")), "not the one that others have"),
        (answer(order(2, at=True)), "neither a time"),
        (Said(json.dumps(answer(order(2, at=7))).replace('"at": 7', '"at": 1e600').encode()), "neither a time"),
    ],
)
def test_where_a_page_cannot_be_read_nothing_is_loaded(lake: Lake, api: Api, second: Any, said: str, rows: Any):
    api.in_turn(answer(order(1, at=10), next_page="?p=2"), second)
    with pytest.raises(IngestError, match=said) as error:
        fetch(lake, asking_of(api, pages={"by": "next", "next": "n"}, **NEW))
    assert error.value.hint and "bronze.loads" not in lake.catalog.heads()


def test_copies_cannot_be_told_apart_by_their_occurrence(api: Api):
    document = asking_of(api).model_dump(exclude_defaults=True, exclude={"format"})
    with pytest.raises(ValidationError, match="may be read twice"):
        Source.model_validate({**document, "dedup_key": {"fields": ["order_id"], "occurrence": True}})


def test_what_is_seen_of_an_api(lake: Lake, api: Api):
    api.in_turn(answer(order(1, at="2025-03-01T12:00:00Z"), next_page="?p=2"))
    found = look(lake, asking_of(api, pages={"by": "next", "next": "n"}, **NEW))
    assert (found.rows, found.is_all, found.cursor, found.since, len(api.asked)) == (1, False, "at", None, 1)
    assert found.columns[:2] == ("sold", "order_id")


def test_what_a_load_would_read_is_told_without_the_secret(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    api.in_turn(answer({"sold": "2025-03-01", "extra": 1}))
    monkeypatch.setenv("ASKLAKE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("ASKLAKE_SOURCE_ACCESS", json.dumps({"shop": "hunter22"}))
    source = asking_of(api, access="shop").model_dump(mode="json", exclude_defaults=True, exclude={"format"})
    (mapping := tmp_path / "own.yml").write_text(json.dumps({"sources": [source]}))
    told = CliRunner().invoke(app, ["source", "test", "shop", "--mapping", str(mapping)])
    assert told.exit_code == 0 and f"Connected by access 'shop'; {api.url} can be read." in told.output
    assert "only kept: extra" in told.output and "None of the records that were seen has: line_id" in told.output
    api.in_turn(Said({"error": "hunter22 is no key"}, 403))
    told = CliRunner().invoke(app, ["source", "test", "shop", "--mapping", str(mapping)])
    assert told.exit_code and "it answers 403" in told.output and "hunter22" not in told.output
