"""Loads: what a row carries, that content is loaded once, several files, several events of one record."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

import pytest

from lakehouse_assets.ingest import IngestError, Source, SourceError, find_source, load
from lakehouse_assets.ingest.loads.loader import SomeFilesFailedError
from lakehouse_assets.lakehouse.engines.instances import open_instance
from tests.ingest.conftest import csv_file, json_line, line, sales_source

CSV = sales_source()
NDJSON = sales_source(format="ndjson")


def test_a_row_says_where_it_is_from(lake, write, rows):
    path = write("a.csv", csv_file(line(1), line(2)))
    (result,) = load(lake, [path], CSV)
    second = rows("select * from bronze.sample_sales order by source_row")[1]
    assert second["load_id"] == result.load_id and second["source"] == "shop"
    assert second["source_file"] == str(path) and second["source_row"] == 2
    assert json.loads(second["raw_payload"])["order_id"] == "O2"
    assert second["record_key"] == hashlib.md5(b"t1\x1fO2\x1f1").hexdigest()
    assert second["sale_date"] == date(2025, 3, 1) and result.days == (date(2025, 3, 1),)
    (note,) = rows("select * from bronze.loads")
    assert note["content_sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (note["rows_read"], note["rows_loaded"], note["rows_quarantined"]) == (2, 2, 0)
    assert note["publication_id"] == result.publication_id


def test_an_ndjson_payload_is_the_very_line(lake, write, rows):
    text = '{ "sold":"2025-03-01", "order_id" : "O1","line_id":1,"product":"P","name":"ü","qty":1,"price":2.50 }'
    load(lake, [write("a.ndjson", text)], NDJSON)
    assert rows("select raw_payload from bronze.sample_sales") == [{"raw_payload": text}]


def test_a_name_with_nul_is_a_name(lake, write, rows):
    text = json_line(1, **{"a\0b": {"c\0": 1}})
    (result,) = load(lake, [write("a.ndjson", text)], NDJSON)
    assert result.rows_loaded == 1 and rows("select raw_payload from bronze.sample_sales") == [{"raw_payload": text}]


def test_the_same_content_twice_adds_nothing(lake, write, rows):
    first = load(lake, [write("a.csv", csv_file(line(1)))], CSV)[0]
    again, under_another_name = load(lake, [write("a.csv", csv_file(line(1))), write("b.csv", csv_file(line(1)))], CSV)
    assert again.already_loaded and under_another_name.already_loaded
    assert again.load_id == under_another_name.load_id == first.load_id
    assert rows("select count(*) as n from bronze.sample_sales") == [{"n": 1}]
    assert rows("select count(*) as n from bronze.loads") == [{"n": 1}]


def test_other_content_of_the_same_size_is_loaded(lake, write, rows):
    load(lake, [write("a.csv", csv_file(line(1)))], CSV)
    assert not load(lake, [write("b.csv", csv_file(line(2)))], CSV)[0].already_loaded


def test_the_same_content_of_another_tenant_is_loaded(lake, write, rows):
    path = write("a.csv", csv_file(line(1)))
    load(lake, [path], CSV)
    assert not load(lake, [path], CSV, tenant="t2")[0].already_loaded
    assert load(lake, [path], CSV, tenant="t2")[0].already_loaded
    assert [r["tenant_id"] for r in rows("select tenant_id from bronze.sample_sales order by 1")] == ["t1", "t2"]


def test_two_loads_of_one_file_at_once_load_it_once(lake, write, rows):
    path = write("a.csv", csv_file(*(line(i) for i in range(50))))
    load(lake, [write("first.csv", csv_file(line(99)))], CSV)
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda _: load(lake, [path], CSV)[0], range(3)))
    assert sum(not r.already_loaded for r in results) == 1
    assert len({r.load_id for r in results}) == 1
    assert rows("select count(*) as n from bronze.sample_sales") == [{"n": 51}]


def test_the_content_hash_is_in_the_snapshot(lake, write):
    (result,) = load(lake, [write("a.csv", csv_file(line(1)))], CSV)
    snapshot = lake.catalog.load_table("bronze.sample_sales").current_snapshot()
    assert snapshot.summary.additional_properties["asklake.content-sha256"] == result.content_sha256


def test_folders_and_globs(lake, write, rows, tmp_path):
    for i in range(3):
        write(f"f{i}.csv", csv_file(line(i)))
    write("f9.csv.part", "half")
    assert len(load(lake, [tmp_path / "in"], CSV)) == 3
    assert all(r.already_loaded for r in load(lake, [str(tmp_path / "in" / "*.csv")], CSV))


def test_a_bad_file_does_not_hold_up_the_others(lake, write, rows):
    files = [write("a.csv", csv_file(line(1))), write("b.csv", b""), write("c.csv", csv_file(line(2)))]
    with pytest.raises(SomeFilesFailedError) as raised:
        load(lake, files, CSV)
    assert list(raised.value.errors) == [str(files[1])]
    assert len(raised.value.results) == 2
    assert rows("select count(*) as n from bronze.sample_sales") == [{"n": 2}]


def test_a_source_without_tenant_needs_one(lake, write):
    source = sales_source(tenant=None)
    path = write("a.csv", csv_file(line(1)))
    with pytest.raises(SourceError, match="--tenant"):
        load(lake, [path], source)
    assert load(lake, [path], source, tenant="x")[0].rows_loaded == 1


def test_a_tenant_read_from_the_records_cannot_be_overruled(lake, write):
    source = sales_source(tenant={"expression": "order_id"})
    with pytest.raises(SourceError, match="leave out the tenant"):
        load(lake, [write("a.csv", csv_file(line(1)))], source, tenant="x")


def test_unwritable_warehouse_is_said_in_words(lake, write):
    lake.settings.home.mkdir(parents=True)
    (lake.settings.home / "warehouse").write_text("in the way")
    with pytest.raises((IngestError, OSError)):
        load(lake, [write("a.csv", csv_file(line(1)))], CSV)


CASES = Source.model_validate(
    {
        "name": "cases", "format": "ndjson", "target": "bronze.service_events_raw", "tenant": "city",
        "time_zone": "America/New_York", "dedup_key": ["id"], "columns": {"entity_id": "id"},
        "constants": {"service": "PGR", "entity_type": "complaint"},
        "events": [
            {"name": "CREATED", "columns": {"event_time": "opened"}, "constants": {"event_type": "CREATED"}},
            {"name": "CLOSED", "when": "closed is not null", "columns": {"event_time": "closed"},
             "constants": {"event_type": "CLOSED"}},
        ],
    }
)  # fmt: skip


def test_one_record_yields_several_events(lake, write, rows):
    lines = [
        {"id": 1, "opened": "2025-07-01 20:30:00", "closed": "2025-07-02 09:00:00"},
        {"id": 2, "opened": "2025-01-01 09:00:00", "closed": None},
        {"id": 3, "opened": "2025-01-01 09:00:00", "closed": "when done"},
        {"id": 4, "opened": None, "closed": "2025-01-01 09:00:00"},
    ]
    (result,) = load(lake, [write("a.ndjson", "\n".join(map(json.dumps, lines)))], CASES)
    assert (result.rows_read, result.rows_loaded, result.rows_quarantined, result.rows_written) == (4, 2, 2, 3)
    found = rows("select entity_id, event_type, event_time, event_date from bronze.service_events_raw order by 3, 2")
    assert [tuple(r.values()) for r in found] == [
        ("2", "CREATED", datetime(2025, 1, 1, 14), date(2025, 1, 1)),
        ("1", "CREATED", datetime(2025, 7, 2, 0, 30), date(2025, 7, 2)),
        ("1", "CLOSED", datetime(2025, 7, 2, 13), date(2025, 7, 2)),
    ]
    assert len(rows("select distinct record_key from bronze.service_events_raw")) == 3
    bad = rows("select reason, column_name from bronze.quarantine order by source_row")
    assert bad[0]["reason"].startswith("CLOSED: event_time 'when done' matches none")
    assert bad[1]["reason"] == "CREATED: event_time is missing" and bad[1]["column_name"] == "event_time"


def test_the_hour_that_occurs_twice_is_the_later_one(lake, write, rows):
    times = ["2024-11-03 00:30:00", "2024-11-03 01:30:00", "2024-11-03 02:30:00", "2024-03-10 03:30:00"]
    lines = [json.dumps({"id": i, "opened": t}) for i, t in enumerate(times)]
    load(lake, [write("a.ndjson", "\n".join(lines))], CASES)
    found = rows("select event_time as t from bronze.service_events_raw order by source_row")
    assert [str(r["t"]) for r in found] == [
        "2024-11-03 04:30:00", "2024-11-03 06:30:00", "2024-11-03 07:30:00", "2024-03-10 07:30:00",
    ]  # fmt: skip


def test_equal_records_are_kept_apart_by_occurrence(lake, write, rows):
    keys = {"fields": ["order_id", "line_id"], "occurrence": True}
    text = csv_file(line(1), line(1), line(2), line(1))
    load(lake, [write("a.csv", text)], sales_source(dedup_key=keys))
    assert rows("select count(distinct record_key) as n from bronze.sample_sales") == [{"n": 4}]
    load(lake, [write("b.csv", text + line(3))], sales_source(dedup_key=keys))
    assert rows("select count(distinct record_key) as n from bronze.sample_sales") == [{"n": 5}]


def test_the_formats_agree(lake, write, rows):
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tests.ingest.conftest import record

    records = [record(i, name=f"n{i}") for i in range(5)]
    table = write("a.parquet", b"")
    pq.write_table(pa.Table.from_pylist(records), table)
    load(lake, [write("a.csv", csv_file(*(",".join(r.values()) for r in records)))], CSV)
    load(lake, [write("a.ndjson", "\n".join(json_line(i, name=f"n{i}") for i in range(5)))], NDJSON)
    load(lake, [write("a.json", json.dumps(records))], sales_source(format="json"))
    load(lake, [table], sales_source(format="parquet"))
    found = rows(
        "select record_key, sale_time, product_name, quantity, unit_price, amount, source_row, count(*) as n "
        "from bronze.sample_sales group by all order by source_row"
    )
    assert [r["n"] for r in found] == [4] * 5


@pytest.mark.parametrize("name", ["pgr_events", "pgr_events_csv", "sales_csv", "nyc_311", "uci_online_retail"])
def test_the_sources_of_the_domains_are_sound(lake, name):

    from lakehouse_assets.ingest.loads.staging import check_mapping, target_contract
    from lakehouse_assets.ingest.mapping.statements import RecordMapping

    source = find_source(name)
    mapping = RecordMapping(source, target_contract(source), zone="UTC")
    check_mapping(open_instance(), mapping)
