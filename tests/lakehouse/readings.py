"""A small table the tests of the port publish."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import polars as pl

from lakehouse_assets.lakehouse.contract import Contract, TableModel, column, day, month, rule
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publication import Publication, Published, Replace


class Readings(TableModel):
    """Readings of a meter. One row per reading."""

    taken_on: pl.Date = column("Day of the reading")
    meter: pl.String = column("Meter", str_matches=r"^M\d+$")
    state: pl.String = column("State of the meter", nullable=True, isin=["ON", "OFF"])
    value: pl.Int32 = column("Reading, kWh", ge=0, le=100)
    price: Annotated[pl.Decimal, 18, 4] = column("Price per kWh", nullable=True, gt=0, severity={"gt": "warning"})


RULES = (
    rule("off_is_zero", "state <> 'OFF' or value = 0", description="a meter that is off reads nothing"),
    rule("not_suspicious", "value < 90", description="few meters read this much", severity="warning"),
)
READINGS = Contract(
    Readings, "readings", "silver", "test", grain="reading", owner="team:test", key=("taken_on", "meter"),
    partitions=(day("taken_on"),), rules=RULES,
)  # fmt: skip
MONTHLY = Contract(
    Readings, "readings_by_month", "gold", "test", grain="reading", owner="team:test", key=("taken_on", "meter"),
    partitions=(month("taken_on"),),
)  # fmt: skip


def rows(first_day: str, days: int, meters: int = 3, value: str = "1") -> str:
    """A query of one reading a day and meter."""
    return (
        f"select (date '{first_day}' + d::int) as taken_on, 'M' || m as meter, 'ON' as state, ({value})::int as value, "
        f"0.25 as price from range({days}) days(d), range({meters}) meters(m)"
    )


def publish(lake: Lake, sql: str, replace: Replace, contracts: Sequence[Contract] = (READINGS,)) -> list[Published]:
    """One publication of the same rows to each of the tables."""
    publication = Publication.begin(lake, run_id="test")
    with publication.session() as session:
        for contract in contracts:
            publication.stage(contract, sql, session.con, replace)
        publication.audit(session.con)
    return publication.publish()


def count(lake: Lake, identifier: str = "silver.readings") -> int:
    """Rows of a table as a reader sees it."""
    with lake.session() as session:
        return session.query(f"select count(*) as n from {identifier}").to_pylist()[0]["n"]
