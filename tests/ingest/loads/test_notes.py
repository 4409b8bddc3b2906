"""What makes two loads the same, and that loads follow one another whatever clocks say."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.ingest import load
from lakehouse_assets.ingest.contracts import LOADS
from lakehouse_assets.ingest.loads import notes
from lakehouse_assets.ingest.loads.notes import NEWEST, fingerprint, loads_table, newest_load, stamps
from lakehouse_assets.lakehouse.upkeep import maintenance
from tests.ingest.conftest import csv_file, line, sales_source

CSV = sales_source()
LATEST = "select quantity as q from bronze.sample_sales order by loaded_at desc, load_id desc, source_row desc limit 1"


class Clock(datetime):
    """A clock that is wrong by so much."""

    wrong = timedelta()

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + cls.wrong


@pytest.fixture
def clock(monkeypatch):
    monkeypatch.setattr(notes, "datetime", Clock)
    yield Clock
    Clock.wrong = timedelta()


def noted(lake) -> Any:
    return loads_table(lake)


def newest(lake) -> datetime:
    found = newest_load(noted(lake))
    assert found
    return found


def test_a_mended_mapping_loads_the_file_again_and_says_so(lake, write, rows):
    path = write("a.csv", csv_file(line(1)))
    (first,) = load(lake, [path], CSV)
    mended = sales_source(columns={**CSV.columns, "quantity": "cast(qty as decimal(18, 3)) * 10"})
    (second,) = load(lake, [path], mended)
    assert not second.already_loaded and second.earlier == (first.load_id,)
    assert int(rows(LATEST)[0]["q"]) == 20
    assert rows("select count(distinct record_key) as n from bronze.sample_sales") == [{"n": 1}]
    for source, known in ((CSV, first), (mended, second)):
        (again,) = load(lake, [path], source)
        assert again.already_loaded and again.load_id == known.load_id
        assert (again.rows_read, again.rows_loaded, again.rows_quarantined) == (1, 1, 0) and again.days == known.days


def test_another_target_is_another_load(lake, write, rows):
    path = write("a.csv", csv_file(line(1)))
    load(lake, [path], CSV)
    other = sales_source(
        target="bronze.service_events_raw", columns={"entity_id": "order_id", "event_time": "sold"},
        constants={"service": "PGR", "entity_type": "complaint", "event_type": "CREATED"},
    )  # fmt: skip
    (result,) = load(lake, [path], other)
    assert not result.already_loaded
    assert rows("select count(*) as n from bronze.service_events_raw") == [{"n": 1}]


def test_a_load_that_did_not_note_its_mapping_counts_for_every_mapping_into_its_table(lake, write, monkeypatch):
    path = write("a.csv", csv_file(line(1)))
    before = tuple(c for c in LOADS.columns if c.name != "mapping_sha256")
    assert len(before) == len(LOADS.columns) - 1
    with monkeypatch.context() as then:
        for name, value in {
            "columns": before,
            "column_names": tuple(c.name for c in before),
            "types": {c.name: c.type for c in before},
        }.items():
            then.setitem(vars(LOADS), name, value)
        load(lake, [path], CSV)
    assert "mapping_sha256" not in noted(lake).schema().column_names
    assert load(lake, [path], sales_source(date_formats=["%d/%m/%Y"]))[0].already_loaded
    load(lake, [write("b.csv", csv_file(line(2)))], CSV)
    assert "mapping_sha256" in noted(lake).schema().column_names


def test_words_for_people_and_defaults_make_no_other_mapping():
    assert fingerprint(CSV) == fingerprint(sales_source(description="Shops", name="other", null_values=[""]))
    assert fingerprint(CSV) == fingerprint(CSV.model_copy(update={"origin": "elsewhere.yml"}))
    others = [{"date_formats": ["%d/%m/%Y"]}, {"time_zone": "Asia/Kolkata"}, {"tenant": "t2"}, {"null_values": ["-"]},
              {"dedup_key": ["order_id"]}, {"constants": {"channel": "WEB"}}, {"delimiter": ";"}]  # fmt: skip
    assert len({fingerprint(sales_source(**change)) for change in others} | {fingerprint(CSV)}) == len(others) + 1


@given(st.permutations(sorted(CSV.columns)))
def test_the_order_of_columns_makes_no_other_mapping(order):
    assert fingerprint(sales_source(columns={name: CSV.columns[name] for name in order})) == fingerprint(CSV)


def test_the_newest_copy_counts_though_the_clock_went_back(lake, write, rows, clock):
    for i, wrong in enumerate([0, 90, -60, -600, 0], start=1):
        clock.wrong = timedelta(minutes=wrong)
        (result,) = load(lake, [write(f"{i}.csv", csv_file(line(1, qty=str(i))))], CSV)
        assert int(rows(LATEST)[0]["q"]) == i
        at = newest(lake)
        assert result.load_id.startswith(f"{at:%Y%m%dT%H%M%S}-")
        if i == 3:
            maintenance.tend(lake, LOADS, run_id="m")
    times = [r["t"] for r in rows("select loaded_at as t from bronze.loads order by loaded_at")]
    assert len(set(times)) == 5 and times[-1] == newest(lake)


def test_a_load_that_ends_late_does_not_take_the_time_back(lake, write, clock):
    """Of two loads at once either may be the newer; the next is newer than both."""
    load(lake, [write("a.csv", csv_file(line(1)))], CSV)
    (early,) = stamps(loads_table(lake), 1)
    clock.wrong = timedelta(hours=1)
    load(lake, [write("b.csv", csv_file(line(2)))], CSV)
    latest = newest(lake)
    from lakehouse_assets.lakehouse.publish.begin import open_publication

    publication = open_publication(lake, run_id="late")
    with notes_engine(lake) as con:
        note = notes.Note(early, CSV, "late.csv", "x", 1, None, 0, 0, 0, ())
        notes.stage_notes(publication, con, [note])
        publication.audit(con)
        publication.publish()
    clock.wrong = timedelta()
    assert newest(lake) == latest > early.loaded_at
    assert stamps(loads_table(lake), 1)[0].loaded_at > latest


def notes_engine(lake):
    from lakehouse_assets.lakehouse.engines.duckdb import connect

    return connect(lake.settings, {}, iceberg=False)


def test_loads_at_once_have_times_of_their_own(lake, write, rows):
    load(lake, [write("first.csv", csv_file(line(99)))], CSV)
    files = [write(f"{i}.csv", csv_file(line(i))) for i in range(4)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda f: load(lake, [f], CSV), files))
    assert rows("select count(*) as n, max(loaded_at) as t from bronze.loads") == [{"n": 5, "t": newest(lake)}]


def test_the_time_is_found_in_lakes_that_did_not_note_it(lake, write, monkeypatch):
    with monkeypatch.context() as then:
        then.setattr(notes, "NEWEST", "asklake.something")
        load(lake, [write("a.csv", csv_file(line(1)))], CSV)
    table = noted(lake)
    assert NEWEST not in table.metadata.current_snapshot().summary.additional_properties
    assert datetime.now(UTC).replace(tzinfo=None) - newest(lake) < timedelta(minutes=5)
