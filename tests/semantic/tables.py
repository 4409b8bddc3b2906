"""A small lake with every table that the semantic models read: made from contracts, filled without randomness.

Sixteen months, but not every day of them: each day is a partition to be read.
"""

from __future__ import annotations

from pathlib import Path

from lakehouse_assets.domains import contract_of
from lakehouse_assets.lakehouse.engines.duckdb import DuckDBSession
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.settings import Settings

CASES = """
with n as (
  select i, (hash(i) >> 2)::bigint as h,
    timestamp '2025-01-01 08:00:00' + to_days((i // 5 * 3)::int) + to_hours(i % 5) as ts from range(700) t(i)
),
c as (
  select
    i, ts, case when i % 50 = 7 then null else 'WARD_' || lpad((1 + h % 4)::varchar, 2, '0') end as ward_id,
    'pb.' || ['amritsar', 'jalandhar', 'ludhiana'][1 + (h // 7) % 3] as tenant_id,
    ['WEB', 'WHATSAPP', 'MOBILE_APP'][1 + (h // 11) % 3] as channel,
    ['STREETLIGHT', 'GARBAGE', 'DRAINAGE'][1 + (h // 13) % 3] as complaint_type,
    ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'][1 + (h // 17) % 4] as priority,
    case when i % 40 = 3 then null else (12 + 12 * (h % 5))::int end as sla_hours,
    case when i % 9 = 0 then null else 1.5 + (h % 970) / 10.0 end as hours,
    (i % 23 = 0)::int as reopen_count
  from n
)
select
  tenant_id, 'PGR-2025-' || lpad(i::varchar, 6, '0') as complaint_id, ts as submitted_at, ts::date as submitted_date,
  ts + interval 1 hour as assigned_at, ts + to_minutes((hours * 60)::int) as resolved_at,
  case when i % 2 = 0 then ts + to_minutes((hours * 60)::int) end as closed_at,
  null::timestamp as reopened_at, reopen_count, ts as last_event_at,
  case when hours is null then 'OPEN' when i % 2 = 0 then 'CLOSED' else 'RESOLVED' end as status,
  hours is null as is_open, hours as turnaround_hours, sla_hours, hours > sla_hours as is_sla_breached,
  channel, ward_id, null::varchar as locality_id, complaint_type, priority, 3 as event_count
from c
"""

FUNNEL = """
select
  submitted_date as metric_date, tenant_id, ward_id, channel, complaint_type, priority, count(*) as submitted_count,
  count(assigned_at) as assigned_count, count(resolved_at) as resolved_count, count(closed_at) as closed_count,
  sum(reopen_count)::bigint as reopened_count,
  2 * count(*) + count(resolved_at) + count(closed_at) + sum(reopen_count)::bigint as event_count
from gold.gold_pgr_case_lifecycle group by all
"""

BACKLOG = """
select
  d.date_day as metric_date, tenant_id, ward_id, channel, complaint_type, priority, count(*) as open_cases,
  count(*) filter (date_diff('hour', submitted_at, d.date_day) > sla_hours) as overdue_cases,
  sum(date_diff('hour', submitted_at, d.date_day + 1))::double as age_hours_total
from gold.gold_pgr_case_lifecycle c
join gold.time_spine_daily d
  on d.date_day >= c.submitted_date and d.date_day < coalesce(c.resolved_at::date, date '2026-05-15')
group by all
"""

SALES = """
with n as (
  select i, (hash(i) >> 2)::bigint as h,
    timestamp '2025-01-03 05:00:00' + to_days((i // 8 * 4)::int) + to_hours(i % 8) as ts from range(1000) t(i)
),
l as (
  select
    i, ts, ['pb.amritsar', 'pb.ludhiana'][1 + h % 2] as tenant_id, 'SO-' || (i // 3) as order_id,
    case when i % 31 = 5 then -1.0 else 1.0 + h % 4 end as quantity, 10 + (h % 977) / 10.0 as price, h
  from n
)
select
  ts::date as sale_date, ts as sale_time, tenant_id, order_id, (i % 3 + 1)::varchar as line_id,
  'P' || h % 9 as product_id,
  'Item ' || h % 9 as product_name, ['Grocery', 'Clothing'][1 + h % 2] as category,
  case when i % 8 = 0 then null else 'C' || h % 60 end as customer_id, 'India' as country,
  ['Punjab', 'Delhi'][1 + (h // 3) % 2] as region, ['Amritsar', 'Ludhiana', 'New Delhi'][1 + (h // 5) % 3] as city,
  ['STORE', 'ONLINE'][1 + (h // 7) % 2] as channel, quantity, price as unit_price,
  (quantity::decimal(18, 3) * price::decimal(18, 4))::decimal(18, 4) as amount, 'INR' as currency,
  md5(i::varchar) as record_key, 'load' as load_id, 'sales_csv' as source, timestamp '2026-06-01' as loaded_at,
  quantity < 0 as is_return
from l
"""

SALES_MONTHLY = """
select
  date_trunc('month', sale_date)::date as month_date, tenant_id, country, region, city, category, channel, currency,
  count(distinct order_id) as order_count, count(*) as line_count, sum(quantity) as units,
  sum(case when is_return then 0 else amount end) as gross_amount,
  sum(case when is_return then -amount else 0 end) as return_amount, sum(amount) as net_amount,
  count(distinct customer_id) as customer_count
from silver.silver_sales group by all
"""

SPINE = """
select d::date as date_day from generate_series(date '2009-01-01', date '2035-12-31', interval 1 day) t(d)
"""

TABLES = {
    "gold.time_spine_daily": SPINE,
    "gold.gold_pgr_case_lifecycle": CASES,
    "gold.gold_pgr_funnel_daily": FUNNEL,
    "gold.gold_pgr_backlog_daily": BACKLOG,
    "silver.silver_sales": SALES,
    "gold.gold_sales_monthly": SALES_MONTHLY,
}


DOMAINS = {contract_of(identifier).domain for identifier in TABLES if identifier != "gold.time_spine_daily"}
"""The domains whose metrics have their tables here; the others are asked in tests of their own."""


def new_lake(home: Path, *, tenant: str | None = None) -> Lake:
    """A lake in a folder with these tables; of one tenant only, if one is named."""
    lake = Lake(Settings(profile="local", home=home, landing="", dagster_home=None))
    publish_all(lake, tenant=tenant)
    return lake


def publish_all(lake: Lake, *, tenant: str | None = None) -> None:
    """Publish every table, each from those before it; of one tenant only, if one is named."""
    publication = open_publication(lake, run_id="test")
    with publication.session() as session:
        assert isinstance(session, DuckDBSession)
        for identifier, rows in TABLES.items():
            only = tenant and "tenant_id" in rows
            session.keep(identifier, f"select * from ({rows}) as t where tenant_id = '{tenant}'" if only else rows)
            publication.stage_query(contract_of(identifier), f"select * from {identifier}", session, ReplaceTable())
        publication.audit()
    publication.publish()
