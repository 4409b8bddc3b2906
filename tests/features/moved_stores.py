"""A feature table of stores of which one feature moved in the last week, another did not, and one is of the weekday."""

from __future__ import annotations

from pathlib import Path

from lakehouse_assets.features import find_view
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.settings import Settings

VIEW = find_view("retail_store")
TABLE = VIEW.table
STORES, DAYS = 20, 60
#: `average_basket_28d` is a hundred times as much in the last week; `conversion_7d` is missing for every fourth store.
SAID = {
    "feature_date": "cast(date '2026-01-01' + to_days(cast(day as integer)) as date)",
    "tenant_id": "case when store < 12 then 'ph.a' else 'ph.b' end",
    "store_id": "'S' || store",
    "average_basket_28d": "(1 + (store * 7 + day * 3) % 50) * case when day >= 53 then 100 else 1 end",
    "net_28d": "1 + (store * 7 + day * 3) % 50",
    "conversion_7d": "case when store % 4 = 0 then null else (store % 10) / 10.0 end",
    "day_of_week": "1 + day % 7",
    "days_since_sale": "1",
}


def moved_stores(home: Path) -> Lake:
    """A lake in a folder with that table alone, of STORES rows on each of DAYS days."""
    lake = Lake(Settings(profile="local", home=home, landing="", dagster_home=None))
    columns = ", ".join(f"cast({SAID.get(n, '0')} as {kind}) as {n}" for n, kind in VIEW.contract.types.items())
    query = f"select {columns} from range({STORES}) as s (store), range({DAYS}) as d (day)"
    publication = open_publication(lake, run_id="features")
    with publication.session() as session:
        publication.stage_query(VIEW.contract, query, session, ReplaceTable())
    publication.audit()
    publication.publish()
    return lake
