"""Loads that are taken back: nothing of them stays, and their file can be loaded again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from lakehouse_assets.domains import contract_of
from lakehouse_assets.ingest import load, unload
from lakehouse_assets.ingest.loads import unloading
from lakehouse_assets.ingest.loads.notes import loads_table, newest_load
from lakehouse_assets.ingest.loads.quarantine import list_quarantined, replay
from lakehouse_assets.ingest.loads.unloading import UnknownLoadError
from lakehouse_assets.lakehouse.contract import rule
from lakehouse_assets.lakehouse.publish.protocol import Publication
from tests.ingest.conftest import csv_file, line, sales_source

CSV = sales_source()
MENDED = sales_source(date_formats=["%d/%m/%Y"])
TABLES = ("bronze.sample_sales", "bronze.quarantine", "bronze.quarantine_resolutions", "bronze.loads")


def contents(lake) -> dict[str, list[str]]:
    with lake.session() as session:
        there = [t for t in TABLES if t in session.heads]
        return {t: sorted(map(str, session.query(f"select * from {t}").to_pylist())) for t in there}


def test_a_load_is_taken_back_whole_and_can_be_loaded_again(lake, write, rows):
    files = [
        write("a.csv", csv_file(line(1), line(2, sold="2025-03-02 10:00:00"), line(3, qty="x"))),
        write("b.csv", csv_file(line(1, qty="9"), line(4, sold="2025-03-05 10:00:00"), line(5, qty="x"))),
    ]
    (first,) = load(lake, [files[0]], CSV)
    before = contents(lake)
    (second,) = load(lake, [files[1]], CSV)
    done = unload(lake, second.load_id)
    assert (done.rows, done.quarantined, done.target_table) == (2, 1, "bronze.sample_sales")
    assert done.days == (date(2025, 3, 1), date(2025, 3, 5)) and done.source_file == str(files[1])
    assert contents(lake) == before
    again = unload(lake, second.load_id)
    assert again.already and contents(lake) == before
    (loaded,) = load(lake, [files[1]], CSV)
    assert not loaded.already_loaded and loaded.load_id != second.load_id
    for result in (first, loaded):
        unload(lake, result.load_id)
    assert {t: len(r) for t, r in contents(lake).items()} == dict.fromkeys(before, 0)
    assert newest_load(loads_table(lake)), "what is loaded next is still newer"


def test_one_of_a_group_is_taken_back_alone(lake, write, rows):
    results = load(lake, [write(f"{i}.csv", csv_file(line(i), line(10 + i))) for i in range(3)], CSV)
    unload(lake, results[1].load_id)
    found = rows("select distinct load_id as l from bronze.sample_sales order by 1")
    assert [r["l"] for r in found] == sorted([results[0].load_id, results[2].load_id])
    assert rows("select count(*) as n from bronze.loads") == [{"n": 2}]


def test_what_was_replayed_of_a_load_goes_with_it(lake, write, rows):
    (first,) = load(lake, [write("a.csv", csv_file(line(1, sold="02/03/2025"), line(2)))], CSV)
    (second,) = load(lake, [write("b.csv", csv_file(line(3, sold="03/03/2025"), line(4, qty="x")))], CSV)
    (together,) = replay(lake, source_name="shop", source=MENDED).load_ids
    done = unload(lake, first.load_id)
    assert (done.rows, done.quarantined, done.waiting) == (2, 1, 0)
    assert [r["o"] for r in rows("select order_id as o from bronze.sample_sales")] == ["O3"]
    noted = rows("select load_id as l, rows_read as r, rows_loaded as n from bronze.loads order by loaded_at")
    assert noted == [{"l": second.load_id, "r": 2, "n": 0}, {"l": together, "r": 1, "n": 1}]
    assert len(rows("select * from bronze.quarantine_resolutions")) == 1
    done = unload(lake, together)
    assert (done.rows, done.quarantined, done.waiting) == (1, 0, 1)
    assert {r["line"] for r in list_quarantined(lake)} == {2, 3}
    (third,) = replay(lake, source_name="shop", source=MENDED).load_ids
    unload(lake, second.load_id)
    assert third not in [r["l"] for r in rows("select load_id as l from bronze.loads")]
    assert {t: len(r) for t, r in contents(lake).items()} == dict.fromkeys(TABLES, 0)


def test_an_unknown_load_is_refused(lake, write):
    with pytest.raises(UnknownLoadError, match="no load 'x'"):
        unload(lake, "x")
    load(lake, [write("a.csv", csv_file(line(1)))], CSV)
    before = contents(lake)
    with pytest.raises(UnknownLoadError, match="no load 'x'"):
        unload(lake, "x")
    assert contents(lake) == before


def test_loads_at_the_same_time_lose_nothing(lake, write, rows, monkeypatch):
    (first,) = load(lake, [write("a.csv", csv_file(line(1), line(2)))], CSV)
    honest = Publication.audit

    def audit(self, con=None):
        monkeypatch.setattr(Publication, "audit", honest)
        load(lake, [write("b.csv", csv_file(line(3)))], CSV)
        return honest(self, con)

    monkeypatch.setattr(Publication, "audit", audit)
    assert unload(lake, first.load_id).rows == 2
    assert [r["o"] for r in rows("select order_id as o from bronze.sample_sales")] == ["O3"]
    assert rows("select count(*) as n from bronze.loads") == [{"n": 1}]


def test_a_load_of_which_every_record_was_refused(lake, write):
    (first,) = load(lake, [write("a.csv", csv_file(line(1, qty="x")))], CSV)
    done = unload(lake, first.load_id)
    assert (done.rows, done.quarantined, done.days) == (0, 1, ())
    assert list_quarantined(lake) == []


def test_rows_that_stay_and_break_a_newer_rule_keep_no_load_from_being_taken_back(lake, write, rows, monkeypatch):
    (_, second) = load(lake, [write(f"{i}.csv", csv_file(line(i))) for i in range(2)], CSV)
    contract = contract_of(CSV.target)
    newer = rule("none_is_right", "quantity < 0", description="No row keeps it.")
    monkeypatch.setattr(unloading, "contract_of", lambda name: replace(contract, rules=(*contract.rules, newer)))
    assert unload(lake, second.load_id).rows == 1
    assert rows("select count(*) as n from bronze.sample_sales") == [{"n": 1}]
