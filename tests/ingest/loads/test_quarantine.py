"""Quarantine: listing, showing and replaying records after a fix."""

from __future__ import annotations

import pytest

from lakehouse_assets.ingest import load
from lakehouse_assets.ingest.loads import quarantine
from lakehouse_assets.ingest.loads.quarantine import (
    UnknownRecordError,
    count_quarantined,
    list_quarantined,
    replay,
    show,
)
from tests.ingest.conftest import HEADER, csv_file, json_line, line, sales_source

CSV = sales_source()
MENDED = sales_source(date_formats=["%d/%m/%Y"])


def order_ids(rows) -> list[str]:
    return [r["o"] for r in rows("select order_id as o from bronze.sample_sales order by source_row")]


def test_nothing_in_quarantine(lake):
    assert list_quarantined(lake) == [] and count_quarantined(lake) == (0, [])
    with pytest.raises(UnknownRecordError):
        show(lake, "x")


def test_list_and_show(lake, write):
    path = write("a.csv", csv_file(line(1), line(2, sold="02/03/2025"), line(3, qty="x")))
    (result,) = load(lake, [path], CSV)
    first, second = list_quarantined(lake)
    assert first["source_file"] == str(path) and first["line"] == 3 and second["line"] == 4
    assert list_quarantined(lake, source="other") == [] and len(list_quarantined(lake, load_id=result.load_id)) == 2
    assert show(lake, first["quarantine_id"])["raw_text"] == line(2, sold="02/03/2025")
    assert len(list_quarantined(lake, limit=1)) == 1


def test_counts_by_what_is_wrong_with_them_whatever_their_values(lake, write):
    days = [line(i, sold=f"{i:02}/03/2025' is '; x") for i in range(3, 6)]
    lines = line(1, qty="x"), line(2, qty="it's"), *days, "r,a", "r,a,b", line(6, name="y" * 900, qty="z")
    (result,) = load(lake, [write("a.csv", csv_file(*lines))], CSV)
    listed = {r["quarantine_id"]: r for r in list_quarantined(lake)}
    waiting, groups = count_quarantined(lake, source="shop", load_id=result.load_id)
    assert waiting == 8 and count_quarantined(lake, limit=1) == (8, groups[:1])
    assert [(g["source"], g["column_name"], g["records"]) for g in groups] == [
        ("shop", "quantity", 3), ("shop", "sale_time", 3), ("shop", None, 2),
    ]  # fmt: skip
    assert groups[0]["reason"].startswith("quantity '…' is not a DECIMAL(18,3); amount '…' is not a DECIMAL(18, 3)")
    assert "has … fields where the header has …" in groups[2]["reason"]
    assert all(listed[g["quarantine_id"]]["cause"] == g["reason"] for g in groups)
    assert count_quarantined(lake, source="other") == (0, [])
    replay(lake, source=sales_source(date_formats=["%d/%m/%Y' is '; x"]), source_name="shop")
    assert count_quarantined(lake)[1] == [groups[0], groups[2]]


def test_a_quarantine_from_before_there_were_causes_is_counted(lake, write):
    load(lake, [write("a.csv", csv_file(line(1, qty="x")))], CSV)
    with lake.catalog.load_table("bronze.quarantine").update_schema() as update:
        update.delete_column("cause")
    waiting, (group,) = count_quarantined(lake)
    assert (waiting, group["records"]) == (1, 1) and "quantity 'x'" in group["reason"]


def test_replay_after_a_fix(lake, write, rows):
    (result,) = load(
        lake, [write("a.csv", csv_file(line(1), line(2, sold="02/03/2025"), line(3, qty="x"), "r,a"))], CSV
    )
    assert replay(lake, load_id=result.load_id, source=CSV).loaded == 0
    done = replay(lake, load_id=result.load_id, source=MENDED)
    assert (done.tried, done.loaded, len(done.still_bad)) == (3, 1, 2)
    reasons = sorted(s.reason for s in done.still_bad)
    assert "quantity 'x' is not a DECIMAL(18,3)" in reasons[0] and "has 2 fields" in reasons[1]
    assert order_ids(rows) == ["O1", "O2"]
    (row,) = rows("select * from bronze.sample_sales where order_id = 'O2'")
    assert row["source_row"] == 2 and row["load_id"] == done.load_ids[0] and row["source_file"].endswith("a.csv")
    again = replay(lake, source_name="shop", source=MENDED)
    assert (again.tried, again.loaded) == (2, 0)
    assert order_ids(rows) == ["O1", "O2"]
    assert len(list_quarantined(lake)) == 2 and len(list_quarantined(lake, resolved=True)) == 3


@pytest.mark.parametrize(("records", "text"), [(2, quarantine.PAGE_TEXT), (quarantine.PAGE, 100), (1, 1)])
def test_any_number_is_replayed_in_pages(lake, write, rows, monkeypatch, records, text):
    monkeypatch.setattr(quarantine, "PAGE", records)
    monkeypatch.setattr(quarantine, "PAGE_TEXT", text)
    lines = [line(i, sold="02/03/2025", qty="x" if i % 3 == 0 else "2") for i in range(1, 8)]
    load(lake, [write("a.csv", csv_file(*lines))], CSV)
    done = replay(lake, source_name="shop", source=MENDED)
    assert (done.tried, done.loaded, len(done.still_bad)) == (7, 5, 2)
    assert len(done.load_ids) > 1
    assert order_ids(rows) == ["O1", "O2", "O4", "O5", "O7"]
    assert {r["quarantine_id"] for r in list_quarantined(lake)} == {s.quarantine_id for s in done.still_bad}


def test_replay_of_json_records(lake, write, rows):
    ndjson = {"format": "ndjson"}
    load(lake, [write("a.ndjson", json_line(1, sold="02/03/2025") + "\n" + json_line(2))], sales_source(**ndjson))
    (bad,) = list_quarantined(lake)
    done = replay(lake, [bad["quarantine_id"]], source=sales_source(**ndjson, date_formats=["%d/%m/%Y"]))
    assert done.loaded == 1 and order_ids(rows) == ["O1", "O2"]
    assert rows("select raw_payload as p from bronze.sample_sales where order_id = 'O1'") == [
        {"p": json_line(1, sold="02/03/2025")}
    ]


def test_replay_in_the_right_encoding(lake, write, rows):
    load(lake, [write("a.csv", csv_file(line(1, name="Caf\xe9 \\x41")).encode("latin-1"))], CSV)
    (bad,) = list_quarantined(lake)
    assert replay(lake, [bad["quarantine_id"]], source=CSV).loaded == 0
    assert replay(lake, [bad["quarantine_id"]], source=sales_source(encoding="latin-1")).loaded == 1
    assert rows("select product_name as n from bronze.sample_sales") == [{"n": "Café \\x41"}]


def test_replay_reads_records_as_their_file_was_read(lake, write, rows):
    layout = {"delimiter": "||", "quote": "'", "escape": "\\", "header": False, "names": HEADER.split(","),
              "skip_lines": 1, "skip_last_lines": 1}  # fmt: skip
    long = "x" * 200_000
    names = ["'It\\'s||\ntwo'", long, "'torn'x"]
    lines = [line(i, sold="02/03/2025", name=name).replace(",", "||") for i, name in enumerate(names)]
    load(lake, [write("a.txt", "Sales\n" + "\n".join([*lines, "total 3"]))], sales_source(**layout))
    assert len(list_quarantined(lake)) == 3
    done = replay(lake, source_name="shop", source=sales_source(**layout, date_formats=["%d/%m/%Y"]))
    assert (done.tried, done.loaded) == (3, 2) and "field 5 does not close" in done.still_bad[0].reason
    found = rows("select product_name as n from bronze.sample_sales order by source_row")
    assert [r["n"] for r in found] == ["It's||\ntwo", long]


def test_replay_of_equal_records_keeps_them_apart(lake, write, rows):
    keys = {"fields": ["order_id"], "occurrence": True}
    text = csv_file(line(1), line(1, sold="02/03/2025"), line(1, sold="02/03/2025"))
    load(lake, [write("a.csv", text)], sales_source(dedup_key=keys))
    replay(lake, source_name="shop", source=sales_source(dedup_key=keys, date_formats=["%d/%m/%Y"]))
    assert rows("select count(distinct record_key) as n, count(*) as c from bronze.sample_sales") == [{"n": 3, "c": 3}]


def test_a_cut_record_cannot_be_replayed(lake, write):
    load(lake, [write("a.ndjson", "y" * 3_000_000)], sales_source(format="ndjson"))
    (bad,) = list_quarantined(lake)
    done = replay(lake, [bad["quarantine_id"]], source=sales_source(format="ndjson"))
    assert done.loaded == 0 and "mended file" in done.still_bad[0].reason


def test_replay_needs_to_know_what(lake):
    with pytest.raises(ValueError, match="which records"):
        replay(lake)
