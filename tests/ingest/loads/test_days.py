"""Records of days that no table is built for: refused with the reason, and let in once the domain begins earlier."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from lakehouse_assets.domains import all_contracts, sales
from lakehouse_assets.ingest import load
from lakehouse_assets.ingest.loads.quarantine import list_quarantined, replay
from tests.ingest.conftest import csv_file, line, sales_source

SOURCE = sales_source()
OLD = "2009-11-30 12:00:00"


def sold(rows) -> list[tuple[str, str]]:
    found = rows("select order_id as o, cast(sale_date as varchar) as d from bronze.sample_sales order by all")
    return [(r["o"], r["d"]) for r in found]


def test_a_record_moved_before_the_first_day_waits_and_the_one_before_stays(lake, write, rows):
    load(lake, [write("a.csv", csv_file(line(1), line(2, sold="2009-12-01 00:00:00")))], SOURCE)
    load(lake, [write("b.csv", csv_file(line(1, sold=OLD)))], SOURCE)
    assert sold(rows) == [("O1", "2025-03-01"), ("O2", "2009-12-01")]
    (refused,) = list_quarantined(lake)
    assert refused["column_name"] == "sale_date"
    assert refused["reason"] == (
        "sale_date '2009-11-30' breaks the rule: sale_date is not before 2009-12-01, the first day of the domain; an "
        "earlier FIRST_DAY in lakehouse_assets/domains/sales/__init__.py lets earlier records in"
    )


def test_an_earlier_first_day_lets_it_in(lake, write, rows, monkeypatch: pytest.MonkeyPatch):
    (result,) = load(lake, [write("a.csv", csv_file(line(1, sold=OLD)))], SOURCE)
    with monkeypatch.context() as patch:
        patch.setattr(sales, "FIRST_DAY", date(2009, 11, 1))
        all_contracts.cache_clear()
        assert replay(lake, load_id=result.load_id, source=SOURCE).loaded == 1
    all_contracts.cache_clear()
    assert sold(rows) == [("O1", "2009-11-30")]


def test_the_day_after_the_load_is_the_last(lake, write, rows):
    now = datetime.now(UTC)
    tomorrow, later = now + timedelta(hours=23), now + timedelta(days=2)
    lines = [line(n, sold=f"{at:%Y-%m-%d %H:%M:%S}") for n, at in enumerate((tomorrow, later))]
    load(lake, [write("a.csv", csv_file(*lines))], SOURCE)
    assert sold(rows) == [("O0", f"{tomorrow:%Y-%m-%d}")]
    (refused,) = list_quarantined(lake)
    assert "sale_date is not after the day that follows the load" in refused["reason"]
