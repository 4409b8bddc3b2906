"""The work of the benchmarks over whole domains: samples of a size, histories of many changes, sessions of many clicks.

Belongs here: making the inputs, and the builds that are timed. Does not belong here: timing (measure).
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from bench.measure import Clock
from bench.work import settings_of
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings

CHANGED_ON = date(2026, 6, 30)
CUSTOMERS = ("silver.silver_ecommerce_customers",)
SESSIONS = ("silver.silver_ecommerce_events", "silver.silver_ecommerce_sessions")
_TECHNICAL = """
    '{{}}' as raw_payload, md5({key}) as record_key, '{load}' as load_id, 'bench' as source, 'bench' as source_file,
    i + 1 as source_row, timestamp '2026-07-01' as loaded_at
"""
_CUSTOMERS = """
    select
        cast(moment as date) as change_date, moment as changed_at, 'shop' as tenant_id,
        'C' || {account} as customer_id, 'P' || {account} as person_id, 'CONSUMER' as segment, 'NONE' as loyalty_tier,
        'India' as country, 'Punjab' as region, 'City ' || (i % 97) as city, true as marketing_consent,
"""
_CLICKS = """
    select
        cast(moment as date) as event_date, moment as event_time, 'shop' as tenant_id, 'E' || i as event_id,
        'V' || (i // 32) as visitor_id, null as customer_id,
        ['PAGE_VIEW', 'VIEW_PRODUCT', 'ADD_TO_CART', 'CHECKOUT'][1 + i % 4] as event_type,
        'EP' || (i % 997) as product_id, null as order_id, 'MOBILE' as device, 'SEARCH' as traffic_source, '/' as page,
"""


def sampled_domains() -> list[str]:
    """The domains that have a sample."""
    from lakehouse_assets.domains import DOMAINS

    return [d for d in DOMAINS if importlib.util.find_spec(f"lakehouse_assets.domains.{d}.sample")]


def make_domain(home: str, domain: str, factor: float) -> tuple[float, dict[str, Any]]:
    """The sample of a domain, so many times its usual size, in bronze; not timed."""
    from bench.data import fresh_lake
    from lakehouse_assets.ingest.loads.loader import load

    lake = fresh_lake(Path(home))
    sample = importlib.import_module(f"lakehouse_assets.domains.{domain}.sample")
    written = sample.write_sample(Path(home) / "sample", size=int(sample.SIZE * factor))
    rows = sum(
        result.rows_loaded
        for source, paths in written.files.items()
        for result in load(lake, [str(p) for p in paths], source)
    )
    return 0.0, {"rows": rows}


def make_customers(home: str, changes: int) -> float:
    """A history of accounts with so many changes, built; then a hundredth as many on one day, not built."""
    from bench.data import fresh_lake

    lake, key = fresh_lake(Path(home)), "customer_id || moment"
    over_a_year = "timestamp '2025-07-01' + to_seconds((i * 7919) % (86400 * 364))"
    on_one_day = f"timestamp '{CHANGED_ON}' + to_seconds(i % 86400)"
    table = "bronze.ecommerce_customers"
    _append(lake, table, _CUSTOMERS.format(account="(i // 4)"), over_a_year, key, changes)
    _build(lake, CUSTOMERS)
    _append(lake, table, _CUSTOMERS.format(account="(i * 25)"), on_one_day, key, changes // 100)
    return 0.0


def make_clicks(home: str, clicks: int) -> float:
    """So many actions of visitors in bronze, four visits of eight actions each."""
    from bench.data import fresh_lake

    moment = "timestamp '2026-01-01' + to_seconds((i // 8 * 7919) % (86400 * 180) + i % 8 * 90)"
    _append(fresh_lake(Path(home)), "bronze.ecommerce_clickstream", _CLICKS, moment, "event_id", clicks)
    return 0.0


def build_tables(home: str, tables: Sequence[str], days: Sequence[date], memory: str) -> tuple[float, dict[str, Any]]:
    """Tables of e-commerce built for some days, all if none: staged, audited, published; warm."""
    lake = Lake(settings_of(Path(home)).model_copy(update={"memory_limit": memory}))
    _parse(lake.settings)
    with Clock() as clock:
        rows = _build(lake, tables, days)
    return clock.seconds, {"rows_written": rows}


def _parse(settings: Settings) -> None:
    from lakehouse_assets.lakehouse.dbt import manifest

    manifest.load(settings)


def _build(lake: Lake, tables: Sequence[str], days: Sequence[date] = ()) -> int:
    from lakehouse_assets.assets.transform import rebuild
    from lakehouse_assets.builds.dbt_graph import load
    from lakehouse_assets.contracts import platform_contracts

    _parse(lake.settings)
    contracts = platform_contracts()
    result = rebuild(lake, load(lake.settings), contracts, tables, days, run_id="bench")
    if result.failures:
        raise RuntimeError("; ".join(result.failures))
    return sum(p.rows for p in result.published)


def _append(lake: Lake, table: str, columns: str, moment: str, key: str, rows: int) -> None:
    """Rows made by SQL into a bronze table, published as every row is."""
    from lakehouse_assets.domains import contract_of
    from lakehouse_assets.lakehouse.iceberg.overwrite import Append
    from lakehouse_assets.lakehouse.publish.begin import open_publication

    numbered = f"(select i, {moment} as moment from range({rows}) as numbers(i))"
    publication = open_publication(lake, run_id="bench")
    sql = f"{columns}{_TECHNICAL.format(key=key, load=publication.id)} from {numbered}"
    with publication.session() as session:
        publication.stage_query(contract_of(table), sql, session, Append())
        publication.audit()
    publication.publish()
