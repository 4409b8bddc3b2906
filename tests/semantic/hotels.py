"""A dbt project about something else: hotel bookings joined with hotels, in a database file of its own."""

from __future__ import annotations

from pathlib import Path

import duckdb

_FILES = {
    "dbt_project.yml": """
name: hotels
version: "1.0.0"
profile: hotels
flags: {send_anonymous_usage_stats: false}
""",
    "profiles.yml": """
hotels: {target: dev, outputs: {dev: {type: duckdb, path: "DATABASE", schema: stays}}}
""",
    "models/bookings.sql": "select 1 as booking_id",
    "models/hotels.sql": "select 1 as hotel_id",
    "models/owners.sql": "select 1 as owner_id",
    "models/days.sql": "select 1 as d",
    "models/semantic.yml": """
models:
  - name: days
    time_spine: {standard_granularity_column: d}
    columns: [{name: d, granularity: day}]
semantic_models:
  - name: bookings
    model: ref('bookings')
    defaults: {agg_time_dimension: arrival}
    entities:
      - {name: booking, type: primary, expr: booking_id}
      - {name: hotel, type: foreign, expr: hotel_id}
    dimensions:
      - {name: arrival, type: time, type_params: {time_granularity: day}}
      - {name: board, type: categorical}
    measures:
      - {name: nights, agg: sum}
      - {name: guests, agg: count_distinct, expr: guest_id}
      - {name: stays, agg: count, expr: booking_id}
  - name: hotels
    model: ref('hotels')
    entities:
      - {name: hotel, type: primary, expr: hotel_id}
      - {name: owner, type: foreign, expr: owner_id}
    dimensions: [{name: town, type: categorical}]
  - name: owners
    model: ref('owners')
    entities: [{name: owner, type: primary, expr: owner_id}]
    dimensions:
      - {name: joined, type: time, type_params: {time_granularity: day}}
      - {name: seen, type: time, type_params: {time_granularity: hour}}
metrics:
  - {name: nights, label: Nights, type: simple, type_params: {measure: nights}}
  - {name: guests, label: Guests, type: simple, type_params: {measure: guests}}
  - {name: bookings, label: Bookings, type: simple, type_params: {measure: stays}}
  - name: nights_3d
    label: Nights of three days
    type: cumulative
    type_params: {measure: nights, cumulative_type_params: {window: 3 days}}
  - name: guests_so_far
    label: Guests so far
    type: cumulative
    type_params: {measure: guests}
""",
}
_DATA = """
create schema stays;
create table stays.hotels as
  select * from (values (1, 'Bern', 1), (2, 'Chur', 2), (3, null, 2)) t(hotel_id, town, owner_id);
create table stays.owners as
  select * from (values (1, date '2019-05-04', timestamp '2026-01-31 23:30'), (2, date '2021-03-01', null))
    t(owner_id, joined, seen);
create table stays.bookings as
  select i as booking_id, 1 + i % 3 as hotel_id, 100 + i % 7 as guest_id,
    date '2026-01-01' + (i * 2 % 23)::int as arrival,
    1 + i % 5 as nights, ['half', 'full'][1 + i % 2] as board from range(60) t(i);
create table stays.days as
  select d::date as d from generate_series(date '2025-01-01', date '2027-12-31', interval 1 day) t(d);
"""


def parse_project(folder: Path) -> Path:
    """Write the project and its database ``hotels.duckdb`` into ``folder``; return its parsed target folder."""
    from dbt.cli.main import dbtRunner

    database = folder / "hotels.duckdb"
    for name, text in _FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("DATABASE", str(database)), encoding="utf-8")
    with duckdb.connect(str(database)) as con:  # noqa: TID251 - a file that a test made
        con.execute(_DATA)
    result = dbtRunner().invoke(
        ["--quiet", "parse", "--project-dir", str(folder), "--profiles-dir", str(folder), "--no-partial-parse"]
    )
    assert result.success, result.exception
    return folder / "target"
