"""Parts of the calendar: the same numbers in both dialects, and a reason wherever a metric has none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from lakehouse_assets.lakehouse.engines.duckdb import DuckDBSession
from lakehouse_assets.lakehouse.engines.spec import spec_of
from lakehouse_assets.settings import Settings
from semantic.errors import SemanticError
from semantic.layer import SemanticLayer
from semantic.manifest.dateparts import DATE_PARTS, date_parts_of
from semantic.requests.filters import Filter
from tests.semantic.test_layer import metrics_here

DOW, MONTH = "metric_time__extract_dow", "metric_time__extract_month"


@pytest.fixture(scope="module")
def stays(hotels: Path) -> Any:
    with duckdb.connect(str(hotels.parent / "hotels.duckdb"), read_only=True) as con:  # noqa: TID251 - a file that a test made
        yield lambda sql: con.execute(sql).fetchall()


@pytest.fixture
def foreign(hotels: Path, settings: Settings) -> SemanticLayer:
    return SemanticLayer(settings, target_dir=hotels)


def test_a_foreign_project_by_weekday(foreign: SemanticLayer, stays: Any) -> None:
    compiled = foreign.compile(["nights", "guests"], [DOW, "town"], order_by=[DOW, "town"])
    assert [c.name for c in compiled.columns] == ["metric_extract_dow", "town", "nights", "guests"]
    assert [c.kind for c in compiled.columns[:2]] == ["dimension", "dimension"]
    assert stays(compiled.sql) == stays(
        "select isodow(arrival), town, sum(nights), count(distinct guest_id)"
        " from stays.bookings join stays.hotels using (hotel_id) group by all order by 1, 2"
    )


def test_filters_grain_and_time_go_with_a_part(foreign: SemanticLayer, stays: Any) -> None:
    weekend = Filter(DOW, "in", (6, 7))
    compiled = foreign.compile(["nights"], [MONTH], [weekend], grain="week", order_by=["metric_time"])
    assert [c.name for c in compiled.columns] == ["metric_week", "metric_extract_month", "nights"]
    assert stays(compiled.sql) == stays(
        "select date_trunc('week', arrival)::date, month(arrival), sum(nights) from stays.bookings"
        " where isodow(arrival) > 5 group by all order by 1, 2"
    )


@pytest.mark.parametrize(("dialect", "weekday"), [("duckdb", "ISODOW"), ("trino", "DAY_OF_WEEK")])
def test_a_weekday_begins_on_monday_in_both_dialects(
    hotels: Path, settings: Settings, dialect: str, weekday: str
) -> None:
    layer = SemanticLayer(settings, target_dir=hotels, dialect=spec_of(dialect).dialect)
    parts = list(DATE_PARTS)
    sql = layer.compile(["nights"], parts, [Filter(DOW, "not_in", (1,))]).sql
    tree = sqlglot.parse_one(sql, read=dialect)
    found = {e.this.name.upper() for e in tree.find_all(exp.Extract)}
    assert found == {weekday, "DAY", "MONTH", "QUARTER"}
    names = [f"metric_extract_{part}" for part in ("dow", "day", "month", "quarter")]
    assert [column.alias_or_name for column in tree.expressions] == [*names, "nights"]


@settings(max_examples=50, deadline=None)
@given(st.dates())
def test_the_engine_counts_days_as_the_calendar_does(day: Any) -> None:
    row = duckdb.execute("select extract(isodow from $1), extract(month from $1)", [day]).fetchone()
    assert row == (day.isoweekday(), day.month)


@pytest.mark.parametrize(
    ("metric", "part", "message"),
    [
        ("pgr_backlog", DOW, "taken at a moment .* no weekday: group it by time, as in grain day"),
        ("pgr_complaints_cumulative", MONTH, "per period only, so it has no month of the year"),
        ("pgr_complaints_mom", DOW, "per period only"),
        ("sales_monthly_net_amount", DOW, "known by month at best, so it has no weekday"),
    ],
)
def test_what_has_no_such_part_says_why(layer: SemanticLayer, metric: str, part: str, message: str) -> None:
    assert part not in date_parts_of(layer.catalog().metric(metric))
    with pytest.raises(SemanticError, match=message):
        layer.compile([metric], [part])
    with pytest.raises(SemanticError, match=message):
        layer.compile([metric], [], [Filter(part, "eq", (1,))])


def test_every_metric_compiles_by_the_parts_it_is_said_to_have(layer: SemanticLayer, session: DuckDBSession) -> None:
    for metric in metrics_here(layer):
        if parts := date_parts_of(metric):
            rows = session.query(layer.compile([metric.name], parts[-1:]).sql)
            assert rows.num_rows > 0, metric.name


def test_a_monthly_metric_has_months_of_the_year(layer: SemanticLayer) -> None:
    assert date_parts_of(layer.catalog().metric("sales_monthly_net_amount")) == (MONTH, "metric_time__extract_quarter")
