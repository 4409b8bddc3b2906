"""Small files that share a publication: each keeps its own load, counts, days, quarantine and errors."""

from __future__ import annotations

import gzip
from datetime import date
from typing import Any

import pytest

from lakehouse_assets.ingest import load
from lakehouse_assets.ingest.errors import IngestError, SourceError, WarehouseError
from lakehouse_assets.ingest.loads import groups, loader
from lakehouse_assets.ingest.loads.loader import Loader, SomeFilesFailedError
from lakehouse_assets.ingest.loads.quarantine import list_quarantined, replay
from lakehouse_assets.ingest.mapping.statements import RecordMapping
from lakehouse_assets.lakehouse.publish.protocol import AuditFailedError, Publication
from tests.ingest.conftest import HEADER, csv_file, json_line, line, sales_source

CSV = sales_source()
SWAPPED = "order_id,sold,line_id,product,name,qty,price,more\n"


def swapped(number: int, sold: str) -> str:
    return f"O{number},{sold},1,P1,Tea,2,1.25,x\n"


def test_each_file_of_a_group_has_its_own_load(lake, write, rows):
    files = [
        write("a.csv", csv_file(line(1), line(2, qty="x"))),
        write("b.csv", SWAPPED + swapped(3, "2025-03-05") + swapped(4, "05/03/2025") + swapped(5, "2025-03-04")),
        write("c.csv", gzip.compress(csv_file(line(6)).encode())),
    ]
    results = load(lake, files, CSV)
    assert [r.file for r in results] == [str(f) for f in files]
    assert [(r.rows_read, r.rows_loaded, r.rows_quarantined, r.rows_written) for r in results] == [
        (2, 1, 1, 1), (3, 2, 1, 2), (1, 1, 0, 1),
    ]  # fmt: skip
    assert results[1].days == (date(2025, 3, 4), date(2025, 3, 5))
    assert len({r.publication_id for r in results}) == 1 and len({r.load_id for r in results}) == 3
    noted = rows("select * from bronze.loads order by loaded_at")
    assert [n["load_id"] for n in noted] == [r.load_id for r in results]
    assert [n["content_sha256"] for n in noted] == [r.content_sha256 for r in results]
    assert [str(n["last_day"]) for n in noted] == ["2025-03-01", "2025-03-05", "2025-03-01"]
    loaded = rows("select load_id, source_file, source_row, loaded_at from bronze.sample_sales where order_id = 'O5'")
    assert loaded == [
        {"load_id": results[1].load_id, "source_file": str(files[1]), "source_row": 3,
         "loaded_at": noted[1]["loaded_at"]}
    ]  # fmt: skip
    bad = {r["load_id"]: r for r in list_quarantined(lake)}
    assert bad[results[0].load_id]["header"] == HEADER and bad[results[0].load_id]["line"] == 3
    assert bad[results[1].load_id]["header"] == SWAPPED.strip() and bad[results[1].load_id]["source_row"] == 2
    assert replay(lake, load_id=results[1].load_id, source=sales_source(date_formats=["%d/%m/%Y"])).loaded == 1


@pytest.mark.parametrize("format_", ["ndjson", "json", "parquet"])
def test_every_format_is_loaded_together(lake, write, rows, format_):
    import json

    import pyarrow as pa
    import pyarrow.parquet as pq

    from tests.ingest.conftest import record

    files = []
    for i in range(3):
        files.append(write(f"{i}", json_line(i) if format_ == "ndjson" else json.dumps([record(i)])))
        if format_ == "parquet":
            pq.write_table(pa.Table.from_pylist([record(i)]), files[-1])
    results = load(lake, files, sales_source(format=format_))
    assert len({r.publication_id for r in results}) == 1
    found = rows("select source_file as f, order_id as o from bronze.sample_sales order by 2")
    assert found == [{"f": str(f), "o": f"O{i}"} for i, f in enumerate(files)]


def test_of_two_copies_in_a_group_the_later_file_counts_and_of_one_file_the_later_row(lake, write, rows):
    files = [write(f"{i}.csv", csv_file(line(1, qty=str(i)), line(1, qty=str(i + 10)))) for i in range(1, 4)]
    load(lake, files, CSV)
    latest = "select quantity as q from bronze.sample_sales order by loaded_at desc, load_id desc, source_row desc"
    assert [int(r["q"]) for r in rows(latest)] == [13, 3, 12, 2, 11, 1]


def test_equal_records_are_numbered_by_file(lake, write, rows):
    source = sales_source(dedup_key={"fields": ["order_id"], "occurrence": True})
    load(
        lake, [write("a.csv", csv_file(line(1), line(1))), write("b.csv", csv_file(line(1), line(1), line(2)))], source
    )
    assert rows("select count(distinct record_key) as n, count(*) as c from bronze.sample_sales") == [{"n": 3, "c": 5}]


def test_groups_are_bounded_and_the_same_content_is_loaded_once(lake, write, rows, monkeypatch):
    monkeypatch.setattr(groups, "MOST_RECORDS", 4)
    monkeypatch.setattr(loader, "FILES_AT_ONCE", 6)
    monkeypatch.setattr(loader, "SMALL_FILE_BYTES", 300)
    contents = [csv_file(line(i)) for i in range(9)]
    contents[4] = csv_file(*(line(i) for i in range(100, 120)))
    files = [write(f"{i}.csv", text) for i, text in enumerate([*contents, contents[8], contents[1]])]
    results = load(lake, files, CSV)
    assert [r.already_loaded for r in results] == [False] * 9 + [True] * 2
    assert [r.load_id for r in results[9:]] == [results[8].load_id, results[1].load_id]
    assert len({r.publication_id for r in results[:4]}) == 1, "four are as many as fit"
    assert results[4].publication_id not in {r.publication_id for r in results if r.file != results[4].file}
    assert rows("select count(*) as n, count(distinct load_id) as l from bronze.sample_sales") == [{"n": 28, "l": 9}]
    before = lake.catalog.heads()
    again = load(lake, files, CSV)
    assert all(r.already_loaded for r in again) and lake.catalog.heads() == before
    assert [(a.load_id, a.rows_read, a.rows_loaded) for a in again] == [
        (r.load_id, r.rows_read, r.rows_loaded) for r in results
    ]


def test_only_the_guilty_file_of_a_group_is_refused(lake, write, rows, monkeypatch):
    """Whatever the engine or the audit says of a group, in words nobody foresaw."""
    files = [write(f"{i}.csv", csv_file(line(i))) for i in range(7)]
    honest = Publication.audit

    def audit(self, con: Any = None):
        outcomes = honest(self, con)
        staged = self.staged["bronze.sample_sales"].relation
        ids = {o for (o,) in con.execute(f"select order_id from {staged}").fetchall()}
        if "O2" in ids:
            con.execute("select cast('no number' as integer)")
        if "O5" in ids:
            raise AuditFailedError([outcomes[0]])
        return outcomes

    monkeypatch.setattr(Publication, "audit", audit)
    with pytest.raises(SomeFilesFailedError) as raised:
        load(lake, files, CSV)
    errors = raised.value.errors
    assert list(errors) == [str(files[2]), str(files[5])]
    assert isinstance(errors[str(files[5])], AuditFailedError)
    assert str(files[2]) in str(errors[str(files[2])]) and "Could not convert string 'no number'" in str(raised.value)
    assert [r["o"] for r in rows("select order_id as o from bronze.sample_sales order by 1")] == [
        "O0", "O1", "O3", "O4", "O6",
    ]  # fmt: skip
    assert rows("select count(*) as n from bronze.loads") == [{"n": 5}]


def test_an_error_of_the_engine_names_line_and_column(lake, write, monkeypatch):
    files = [write(f"{i}.csv", csv_file(line(10 * i), line(10 * i + 1), line(10 * i + 2))) for i in range(3)]
    honest = RecordMapping.rows
    wrong = (
        "case when order_id = 'O11' then cast(product_name || 'no number' as integer)::varchar else product_name end"
    )

    def rows(self, records):
        return f"select * replace ({wrong} as product_name) from ({honest(self, records)})"

    monkeypatch.setattr(RecordMapping, "rows", rows)
    with pytest.raises(SomeFilesFailedError) as raised:
        load(lake, files, CSV)
    (error,) = raised.value.errors.values()
    assert str(error).startswith(f"{files[1]}, line 3, column product_name: it could not be loaded: ")


def test_a_full_disk_stops_the_load(lake, write, monkeypatch):
    files = [write(f"{i}.csv", csv_file(line(i))) for i in range(3)]
    tries = []

    def full(self, con=None):
        tries.append(self.id)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Publication, "audit", full)
    with pytest.raises(WarehouseError, match="No space left"):
        load(lake, files, CSV)
    assert len(tries) == 1


def test_what_another_load_published_meanwhile_is_left_out_of_the_group(lake, write, rows, monkeypatch):
    files = [write(f"{i}.csv", csv_file(line(i))) for i in range(3)]
    honest = Publication.audit

    def audit(self, con=None):
        monkeypatch.setattr(Publication, "audit", honest)
        load(lake, [files[1]], CSV)
        return honest(self, con)

    monkeypatch.setattr(Publication, "audit", audit)
    results = load(lake, files, CSV)
    assert [r.already_loaded for r in results] == [False, True, False]
    assert rows("select count(*) as n from bronze.sample_sales") == [{"n": 3}]


def test_an_engine_that_gives_up_is_replaced(lake, write, rows, monkeypatch):
    import duckdb

    files = [write(f"{i}.csv", csv_file(line(i))) for i in range(4)]
    honest = Loader._filled

    def filled(self, publication, batch, marks):
        if any(o.id == str(files[1]) for o in batch.origins):
            self._con.close()
            raise duckdb.FatalException("database has been invalidated")
        return honest(self, publication, batch, marks)

    monkeypatch.setattr(Loader, "_filled", filled)
    with pytest.raises(SomeFilesFailedError) as raised:
        load(lake, files, CSV)
    assert list(raised.value.errors) == [str(files[1])]
    assert rows("select count(*) as n from bronze.sample_sales") == [{"n": 3}]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"sold,order_id\n", b"\x1f\x8bno gzip", b"PAR1"])
def test_a_file_that_cannot_be_read_stops_no_other(lake, write, rows, content):
    files = [write("a.csv", csv_file(line(1))), write("b.csv", content), write("c.csv", csv_file(line(2)))]
    with pytest.raises(SomeFilesFailedError) as raised:
        load(lake, files, CSV)
    assert [type(e) for e in raised.value.errors.values()] == [IngestError] and len(raised.value.results) == 2
    assert rows("select count(*) as n from bronze.sample_sales") == [{"n": 2}]


def test_names_of_fields_that_differ_in_case_are_different(lake, write, rows):
    head = f"Order_ID,ORDER_ID,{HEADER}\n"
    files = [write("a.csv", csv_file(line(1))), write("b.csv", head + "x,y," + line(2) + "\n")]
    load(lake, files, CSV)
    found = rows("select order_id as o, raw_payload as p from bronze.sample_sales order by 1")
    assert [r["o"] for r in found] == ["O1", "O2"]
    assert found[1]["p"].startswith('{"Order_ID":"x","ORDER_ID":"y","sold":')
    with pytest.raises(SourceError, match="'ORDER_ID' and 'order_id', which differ in case only"):
        load(lake, files, sales_source(columns={**CSV.columns, "channel": "ORDER_ID"}))
    load(lake, [write("c.ndjson", json_line(3, ORDER_ID="z"))], sales_source(format="ndjson", name="other"))
    assert rows("select count(*) as n from bronze.sample_sales where order_id = 'O3'") == [{"n": 1}]
