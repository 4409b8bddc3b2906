"""Contracts of the tables shared by all domains: the calendar, what every table holds. None of a business domain."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from lakehouse_assets.domains.platform import OWNER
from lakehouse_assets.lakehouse.contract import DAILY, Contract, Freshness, TableModel, Timestamp, column, day


class TimeSpineDaily(TableModel):
    """The calendar from 2009 to 2035, without gaps: what cumulative and offset metrics join to."""

    date_day: pl.Date = column("The calendar day.")


class TableHealth(TableModel):
    """How large every table was at the end of each day, and how far its rows reached; of today, how it is now."""

    measured_on: pl.Date = column("Day, in UTC.")
    table_name: pl.String = column("The table, as layer.table.")
    layer: pl.String = column("Layer of the table.")
    domain: pl.String = column("Domain of the table; missing if no contract declares it.", nullable=True)
    row_count: pl.Int64 = column("Rows.", nullable=True, ge=0)
    bytes: pl.Int64 = column("Size of its data files, in bytes.", nullable=True, ge=0)
    files: pl.Int64 = column("Number of its data files.", nullable=True, ge=0)
    newest_day: pl.Date = column("Newest day its rows reach; missing if it has no days.", nullable=True)
    published_at: Timestamp = column("When it was last written, in UTC.")
    snapshot_id: pl.Int64 = column("Iceberg snapshot it was at.")


TABLE_HEALTH = Contract(
    model=TableHealth,
    table="table_health",
    days_of_utc=True,
    layer="semantic",
    domain="platform",
    key=("measured_on", "table_name"),
    grain="One row per day and published table.",
    partitions=(day("measured_on"),),
    owner=OWNER,
    freshness=DAILY,
    made_by="python",
)

CONTRACTS: tuple[Contract, ...] = (
    Contract(
        model=TimeSpineDaily,
        table="time_spine_daily",
        days_of_utc=True,
        layer="gold",
        domain="platform",
        key=("date_day",),
        grain="One row per calendar day.",
        partitions=(),
        owner=OWNER,
        # Built anew each month, so that a model that no longer runs is noticed.
        freshness=Freshness(warn_after=timedelta(days=35), fail_after=timedelta(days=65)),
        rules=(),
    ),
    TABLE_HEALTH,
)
