"""Records that a program pushes: the way of a file, without one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import numpy as np
import pytest

from lakehouse_assets.ingest import IngestError, load, load_records, unload
from lakehouse_assets.ingest.loads.quarantine import list_quarantined, replay
from lakehouse_assets.ingest.origins import kept
from lakehouse_assets.ingest.origins.pushed import PushedRecords
from lakehouse_assets.ingest.origins.registry import KINDS, kind_of
from lakehouse_assets.lakehouse.publish.protocol import Publication
from tests.documents import blocks
from tests.ingest.conftest import csv_file, line, record, sales_source

CSV, NDJSON = sales_source(), sales_source(format="ndjson")
ROWS = "select order_id, quantity, source_file, source_row, tenant_id from bronze.sample_sales order by order_id"


@pytest.mark.parametrize("source", [CSV, NDJSON], ids=["csv", "ndjson"])
def test_records_go_the_way_of_a_file_whatever_the_format_of_files(lake, rows, source):
    result = load_records(lake, [record(1), record(2, qty="many"), '{"order_id": "O3"', record(4)], source, key="a-1")
    assert (result.rows_read, result.rows_loaded, result.rows_quarantined) == (4, 2, 2)
    assert [(r["order_id"], r["source_row"], r["source_file"]) for r in rows(ROWS)] == [
        ("O1", 1, "records://a-1"), ("O4", 4, "records://a-1")
    ]  # fmt: skip
    waiting = {r["source_row"]: r for r in list_quarantined(lake)}
    assert json.loads(waiting[2]["raw_text"]) == record(2, qty="many") and "many" in waiting[2]["reason"]
    assert waiting[3]["raw_text"] == '{"order_id": "O3"' and "not valid JSON" in waiting[3]["reason"]
    assert {(r["source_file"], r["line"], r["header"]) for r in waiting.values()} == {("records://a-1", None, None)}
    (note,) = rows("select * from bronze.loads")
    assert (note["source_file"], note["load_id"], note["bytes"]) == ("records://a-1", result.load_id, result.bytes)


@pytest.mark.parametrize("source", [CSV, NDJSON], ids=["csv", "ndjson"])
def test_they_are_replayed_out_of_quarantine_and_taken_back(lake, rows, source):
    result = load_records(lake, [record(1), record(2, qty="many")], source, key="a")
    lenient = {**source.columns, "quantity": "coalesce(try_cast(qty as int), 1)", "amount": "1"}
    mended = sales_source(format=source.format, columns=lenient)
    done = replay(lake, source_name=source.name, source=mended)
    assert (done.tried, done.loaded) == (1, 1)
    assert [(r["order_id"], r["quantity"], r["source_row"]) for r in rows(ROWS)] == [("O1", 2, 1), ("O2", 1, 2)]
    assert unload(lake, result.load_id).rows == 2
    assert rows(ROWS) == []
    assert not load_records(lake, [record(1)], source, key="a").already_loaded


@pytest.mark.parametrize("key", [None, "0001"])
def test_records_pushed_twice_are_loaded_once(lake, rows, key):
    records = [record(1), record(2)]
    first, second = (load_records(lake, iter(records), CSV, key=key) for _ in range(2))
    assert (first.already_loaded, second.already_loaded) == (False, True)
    assert first.load_id == second.load_id and second.rows_loaded == 2
    assert len(rows(ROWS)) == 2
    assert load_records(lake, records, CSV, tenant="t2", key=key).already_loaded is False, "another tenant"


def test_a_key_stands_for_certain_records(lake, rows):
    first = load_records(lake, [record(1)], CSV, key="7")
    with pytest.raises(IngestError, match=f"other records were loaded by this key, as load {first.load_id}"):
        load_records(lake, [record(2)], CSV, key="7")
    assert [r["order_id"] for r in rows(ROWS)] == ["O1"]
    assert load_records(lake, [record(1)], CSV, key="8").already_loaded is False, "the same event again is another one"
    assert load_records(lake, [record(1)], sales_source(null_values=["", "-"]), key="7").already_loaded is False


def test_a_key_that_another_push_was_faster_with_is_loaded_once(lake, rows, monkeypatch):
    honest = Publication.audit

    def audit(publication, *args):
        monkeypatch.setattr(Publication, "audit", honest)
        load_records(lake, [record(1)], CSV, key="7")
        return honest(publication, *args)

    monkeypatch.setattr(Publication, "audit", audit)
    assert load_records(lake, [record(1)], CSV, key="7").already_loaded
    assert len(rows("select * from bronze.loads")) == len(rows(ROWS)) == 1


def test_values_of_python_are_exact(lake, rows):
    values = {
        "price": Decimal("1234567.8901"), "qty": np.int64(3), "sold": datetime(2025, 3, 1, 10, 0, 0, 123456, UTC),
        "order_id": UUID(int=7), "name": "Tee ☕ \"x\"\n\\",
    }  # fmt: skip
    assert load_records(lake, [record(1, **values)], CSV).rows_loaded == 1
    (found,) = rows("select * from bronze.sample_sales")
    assert (found["unit_price"], found["quantity"]) == (Decimal("1234567.8901"), Decimal(3))
    assert (found["sale_time"], found["order_id"]) == (datetime(2025, 3, 1, 10, 0, 0, 123456), str(UUID(int=7)))
    assert found["product_name"] == 'Tee ☕ "x"\n\\'


def test_texts_are_kept_as_they_came(lake, rows):
    pretty = json.dumps(record(1), indent=2)
    bad = [b"\xff{}", "\ud800", "", "[1]", '{"a":1,"a":2}', "\0", '{"a":' * 600]
    result = load_records(lake, [pretty, *bad], CSV)
    assert (result.rows_loaded, result.rows_quarantined) == (1, len(bad))
    assert [r["raw_payload"] for r in rows("select raw_payload from bronze.sample_sales")] == [pretty]
    kept = {r["source_row"]: r["raw_text"] for r in list_quarantined(lake)}
    assert (kept[2], kept[4], kept[5], kept[7]) == ("\\xff{}", "", "[1]", "\\x00")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["a", 7], "record 2 is a int"),
        ([{1: 2}], "record 1 is a dict"),
        ([record(1), record(2, qty=b"2")], "column qty: record 2 cannot be written as JSON: a value is a bytes"),
        ([record(1, qty={"a": {2}})], "a value is a set"),
    ],
)
def test_what_is_no_record_is_refused_by_its_number_and_nothing_is_loaded(lake, given, words):
    with pytest.raises(IngestError, match=words):
        load_records(lake, given, CSV)
    assert not lake.catalog.heads()


@pytest.mark.parametrize("key", ["", "a\nb", "x" * 501, 7])
def test_a_key_is_a_text_for_people(lake, key):
    with pytest.raises(IngestError, match="A key is a text of 1 to 500 characters"):
        load_records(lake, [record(1)], CSV, key=key)


def test_nothing_to_load_is_a_load_too(lake, rows):
    result = load_records(lake, [], CSV, key="empty")
    assert (result.rows_read, result.already_loaded) == (0, False)
    assert load_records(lake, [], CSV, key="empty").already_loaded
    assert [r["rows_read"] for r in rows("select rows_read from bronze.loads")] == [0]


def test_many_records_wait_in_a_file_that_goes_with_them(lake, rows, monkeypatch):
    monkeypatch.setattr(kept, "BLOCK", 500)
    monkeypatch.setattr(kept, "IN_MEMORY", 1000)

    def stream() -> Iterator[dict[str, str]]:
        for number in range(200):
            yield record(number)

    assert load_records(lake, stream(), CSV).rows_loaded == 200
    assert {r["source_row"] for r in rows(ROWS)} == set(range(1, 201))
    assert not list(lake.settings.scratch_dir.glob("records-*"))


def test_the_content_is_known_by_its_records_and_not_by_how_they_are_handed_over(tmp_path, monkeypatch):
    def content(*texts: str) -> str:
        with PushedRecords(texts, tmp_path) as origin:
            return origin.content_sha256

    whole = content("{}", "[]", "1")
    assert content("{}\n[]", "1") != whole != content("[]", "{}", "1")
    monkeypatch.setattr(kept, "BLOCK", 1)
    assert content("{}", "[]", "1") == whole


def test_pushed_records_and_files_of_a_source_are_loads_beside_each_other(lake, write, rows):
    load(lake, [write("a.csv", csv_file(line(1)))], CSV)
    assert load_records(lake, [record(1)], CSV).already_loaded is False
    assert [kind_of(r["source_file"]).name for r in rows("select * from bronze.loads order by loaded_at")] == [
        "file", "records"
    ]  # fmt: skip


def test_no_two_kinds_of_origin_are_told_by_the_same_beginning():
    schemes = [kind.scheme for kind in KINDS]
    assert len(set(schemes)) == len(schemes) and schemes[-1] == ""
    assert all(scheme.endswith("://") for scheme in schemes[:-1]), "no path begins so, and no file system is called so"


def test_the_page_about_loading_pushes_as_printed(lake, rows, monkeypatch):
    monkeypatch.setenv("ASKLAKE_HOME", str(lake.settings.home))
    (block,) = blocks("loading.md", "python")
    names: dict = {}
    exec(block, names)
    result = names["result"]
    assert (result.rows_loaded, result.rows_quarantined) == (1, 0)
    found = rows("select entity_id, channel, source_file from bronze.service_events_raw")
    assert found == [{"entity_id": "PGR-7001", "channel": "MOBILE_APP", "source_file": "records://desk/000017"}]
