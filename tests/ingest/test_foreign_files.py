"""Foreign files by YAML alone: they reconcile with an independent count of the raw file, to the row and the cent."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from lakehouse_assets.ingest import load
from lakehouse_assets.lakehouse.lake import Lake
from tests.public_data import DATA, rows_to_try

NYC = "nyc_311/service_requests.parquet"
UCI = "uci_online_retail/onlineretail.parquet"


def look_alike_nyc(folder: Path) -> Path:
    """A few cases in the shape of the data set."""
    path = folder / "nyc.parquet"
    duckdb.sql(
        """
        select 60000000 + i as unique_key, timestamp '2024-04-01 09:00' + to_hours(i::int * 7) as created_date,
          case when i % 9 > 0 then timestamp '2024-04-03' + to_hours(i::int * 7) end as closed_date, 'HPD' as agency,
          'elevator' as complaint_type, 'Out of service' as descriptor,
          ['PHONE', 'ONLINE', 'UNKNOWN'][1 + i % 3] as open_data_channel_type,
          '0' || (1 + i % 9) || ' BRONX' as community_board, 10450 + i % 9 as incident_zip
        from range(500) t(i)
        """
    ).write_parquet(str(path))
    return path


def look_alike_uci(folder: Path) -> Path:
    """A few invoice lines in the shape of the data set, with equal lines and returns."""
    path = folder / "uci.parquet"
    duckdb.sql(
        """
        select case when i % 50 = 0 then 'C' else '' end || (536000 + i // 10) as "InvoiceNo",
          '8512' || i % 7 as "StockCode", case when i % 400 > 0 then 'ITEM ' || i % 7 end as "Description",
          (case when i % 50 = 0 then -1 else 1 end) * (1 + i % 12)::double as "Quantity",
          timestamp '2011-03-26 20:00' + to_minutes((i // 10)::int) as "InvoiceDate",
          0.85 + (i % 7) * 0.42 as "UnitPrice", case when i % 4 > 0 then (17850 + i % 20)::double end as "CustomerID",
          'United Kingdom' as "Country"
        from (select n - n % 2 as i from range(3000) t(n))
        """
    ).write_parquet(str(path))
    return path


@pytest.fixture(params=rows_to_try(NYC))
def nyc(request, tmp_path) -> Path:
    return look_alike_nyc(tmp_path) if request.param == "look-alike" else DATA / NYC


@pytest.fixture(params=rows_to_try(UCI))
def uci(request, tmp_path) -> Path:
    return look_alike_uci(tmp_path) if request.param == "look-alike" else DATA / UCI


@pytest.mark.timeout(300)
def test_nyc_311(lake, rows, nyc):
    path = nyc
    (result,) = load(lake, [path], "nyc_311")
    raw = duckdb.sql(
        "select count(*), count(closed_date), count(*) filter (open_data_channel_type = 'PHONE'), "
        f"sum(epoch(closed_date - created_date)) from '{path}'"
    ).fetchone()
    assert raw and result.rows_read == result.rows_loaded == raw[0] and result.rows_quarantined == 0
    assert result.rows_written == raw[0] + raw[1]
    (found,) = rows(
        "select count(*) filter (event_type = 'CREATED') as created, "
        "count(*) filter (event_type = 'CLOSED') as closed, "
        "count(*) filter (event_type = 'CREATED' and channel = 'CALL_CENTER') as phone, "
        "count(distinct record_key) as k, "
        "count(distinct entity_id) as cases, min(attributes_json) as a from bronze.service_events_raw "
        "where tenant_id = 'nyc' and service = 'PGR'"
    )
    assert (found["created"], found["closed"], found["phone"]) == raw[:3]
    assert found["k"] == raw[0] + raw[1] and found["cases"] == raw[0]
    assert '"complaint_type":"ELEVATOR"' in found["a"]
    (hours,) = rows(
        "select sum(epoch(c.event_time - o.event_time)) as s from bronze.service_events_raw o join "
        "bronze.service_events_raw c on c.entity_id = o.entity_id and c.event_type = 'CLOSED' "
        "where o.event_type = 'CREATED'"
    )
    # Local times that cross a change of the clock are an hour off from the difference of their UTC times.
    assert abs(hours["s"] - raw[3]) <= 3600 * raw[1]


@pytest.mark.timeout(300)
def test_cases_lie_on_the_days_that_the_city_says(settings, nyc):
    lake = Lake(settings.model_copy(update={"time_zone": "America/New_York"}))
    load(lake, [nyc], "nyc_311")
    # The file has local times without an offset: what it writes is the day in the city.
    said = duckdb.sql(f"select cast(created_date as date) as day, count(*) as n from '{nyc}' group by 1").fetchall()
    with lake.session() as session:
        created = "select event_date as day from bronze.service_events_raw where event_type = 'CREATED'"
        found = session.query(f"select day, count(*) as n from ({created}) as cases group by day").to_pylist()
    assert {row["day"]: row["n"] for row in found} == dict(said)


@pytest.mark.timeout(300)
def test_uci_online_retail(lake, rows, uci):
    path = uci
    (result,) = load(lake, [path], "uci_online_retail")
    raw = duckdb.sql(
        "select count(*), sum(Quantity::bigint), sum(Quantity::bigint::decimal(18, 3) * UnitPrice::decimal(18, 4)), "
        'count(*) filter (Quantity < 0), count(distinct "InvoiceNo"), count(distinct "CustomerID") '
        f"from '{path}'"
    ).fetchone()
    (found,) = rows(
        "select count(*) as n, sum(quantity) as q, sum(amount) as a, count(*) filter (quantity < 0) as r, "
        "count(distinct order_id) as o, count(distinct customer_id) as c, count(distinct record_key) as k "
        "from bronze.sample_sales where tenant_id = 'uci'"
    )
    assert raw and result.rows_quarantined == 0
    assert (found["n"], found["q"], found["a"], found["r"], found["o"], found["c"]) == raw
    assert found["k"] == raw[0], "equal lines are sales of their own"
