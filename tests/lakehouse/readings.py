"""A small table the tests of the port publish."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace as altered
from typing import Annotated, Any, get_type_hints

import polars as pl

from lakehouse_assets.lakehouse.contract import Contract, TableModel, column, day, month, rule
from lakehouse_assets.lakehouse.iceberg.overwrite import Replace
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.lakehouse.publish.protocol import Published


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


class Evolved(TableModel):
    """Readings of a meter, as they are taken now. One row per reading."""

    taken_on: pl.Date = column("Day of the reading")
    device: pl.String = column("Meter", formerly=("meter",))
    quality: pl.String = column("How the reading was taken", nullable=True)
    state: pl.String = column("State of the meter", nullable=True, isin=["ON", "OFF"])
    value: pl.Int64 = column("Reading, Wh", ge=0)
    price: Annotated[pl.Decimal, 28, 4] = column("Price per kWh", nullable=True)


EVOLVED_READINGS = altered(READINGS, model=Evolved, key=("taken_on", "device"), rules=())
RENAMED = {"meter": "device"}
BIG = 3_000_000_000
"""More than the value of a reading was able to be."""
ODD = "o'd % %20 #h ?q=1&r [a] *st {b} é日"
"""Name of a folder with characters that mean something in SQL, URLs, patterns and templates."""
MEANT_BY_ODD = "o'd % %20 #h Xq=1&r a XXst {b} é日"
"""A name that it stands for where it is taken for a pattern."""
BY_QUALITY = "select quality, count(*) n, count(device) d, max(value) v from silver.readings group by 1 order by 1"


def rows(first_day: str, days: int, meters: int = 3, value: str = "1") -> str:
    """A query of one reading a day and meter."""
    return (
        f"select (date '{first_day}' + d::int) as taken_on, 'M' || m as meter, 'ON' as state, ({value})::int as value, "
        f"0.25 as price from range({days}) days(d), range({meters}) meters(m)"
    )


def evolved(readings: str) -> str:
    """A query of readings as the new contract has them, made of one of readings as they were."""
    columns = f"taken_on, meter as device, 'exact' as quality, state, {BIG} + value as value, price"
    return f"select {columns} from ({readings})"


def publish(lake: Lake, sql: str, replace: Replace, contracts: Sequence[Contract] = (READINGS,)) -> list[Published]:
    """One publication of the same rows to each of the tables."""
    publication = open_publication(lake, run_id="test")
    with publication.session() as session:
        for contract in contracts:
            publication.stage_query(contract, sql, session, replace)
        publication.audit()
    return publication.publish()


def count(lake: Lake, identifier: str = "silver.readings") -> int:
    """Rows of a table as a reader sees it."""
    with lake.session() as session:
        return session.query(f"select count(*) as n from {identifier}").to_pylist()[0]["n"]


def with_column(contract: Contract, name: str, kind: Any, **options: Any) -> Contract:
    """The contract with one more column."""
    model = type("More", (contract.model,), {
        "__annotations__": {name: kind}, name: column("More", **options), "__doc__": contract.description,
    })  # fmt: skip
    return altered(contract, model=model)


def without_column(contract: Contract, name: str, **options: Any) -> Contract:
    """The contract with one column less."""
    hints = get_type_hints(contract.model, include_extras=True)
    kinds = {c: hints[c] for c in contract.column_names if c != name}
    fields = {c: column("Less", nullable=True) for c in kinds}
    model = type("Less", (TableModel,), {"__annotations__": kinds, "__doc__": contract.description, **fields})
    return altered(contract, model=model, rules=(), **options)
