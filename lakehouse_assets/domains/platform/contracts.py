"""Contracts of the tables shared by all domains: the calendar. No table of a business domain."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from lakehouse_assets.domains.platform import OWNER
from lakehouse_assets.lakehouse.contract import Contract, Freshness, TableModel, column


class TimeSpineDaily(TableModel):
    """The calendar from 2009 to 2035, without gaps: what cumulative and offset metrics join to."""

    date_day: pl.Date = column("The calendar day.")


CONTRACTS: tuple[Contract, ...] = (
    Contract(
        model=TimeSpineDaily,
        table="time_spine_daily",
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
)
