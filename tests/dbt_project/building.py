"""What the tests of the dbt project share: rows put into bronze, tables built from them, tables read back.

Only helpers belong here; the ingestion has tests of its own, so rows go into bronze directly.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Protocol

import polars as pl

from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.domains import contract_of
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.dbt import runner
from lakehouse_assets.lakehouse.engines.duckdb import DuckDBSession
from lakehouse_assets.lakehouse.iceberg.overwrite import Append
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.settings import Settings

CONTRACTS = platform_contracts()
PGR_MODELS = (
    "silver_pgr_events",
    "silver_pgr_open_periods",
    "gold_pgr_case_lifecycle",
    "gold_pgr_funnel_daily",
    "gold_pgr_backlog_daily",
)
SALES_MODELS = ("silver_sales", "gold_sales_monthly")
FIRST_LOAD = datetime(2026, 9, 1)
"""After every day that the records are of."""


class Record(Protocol):
    """Something a feed sends."""

    def row(self) -> dict[str, Any]:
        """The columns of bronze that depend on it, its record_key among them."""
        ...


@dataclass(frozen=True)
class Event:
    """A complaint event as a feed sends it; `key` says which event it is, so a second one with it is a correction."""

    key: str
    complaint: str
    type: str
    time: datetime
    ward: str | None = "WARD_01"
    channel: str | None = "WEB"
    sla_hours: int | None = 24
    priority: str | None = "HIGH"
    tenant: str = "pb.amritsar"

    def row(self) -> dict[str, Any]:
        """The columns of bronze that depend on the event."""
        attributes = pl.DataFrame(
            {"complaint_type": ["GARBAGE"], "priority": [self.priority], "sla_hours": [self.sla_hours]}
        ).select(pl.struct(pl.all()).struct.json_encode())
        return {
            "event_date": self.time.date(),
            "event_time": self.time,
            "tenant_id": self.tenant,
            "service": "PGR",
            "entity_type": "COMPLAINT",
            "entity_id": self.complaint,
            "event_type": self.type,
            "channel": self.channel,
            "ward_id": self.ward,
            "attributes_json": attributes.item(),
            "record_key": md5_of(f"{self.tenant}|{self.key}"),
        }


@dataclass(frozen=True)
class Line:
    """An order line as a feed sends it; a second one with the same `key` is a correction."""

    key: str
    order: str
    time: datetime
    quantity: int = 1
    price: float = 10.0
    customer: str | None = "c1"
    city: str | None = "Pune"
    tenant: str = "acme"

    def row(self) -> dict[str, Any]:
        """The columns of bronze that depend on the line."""
        return {
            "sale_date": self.time.date(),
            "sale_time": self.time,
            "tenant_id": self.tenant,
            "order_id": self.order,
            "line_id": self.key,
            "product_id": "p1",
            "customer_id": self.customer,
            "country": "India",
            "city": self.city,
            "quantity": self.quantity,
            "unit_price": self.price,
            "amount": round(self.quantity * self.price, 2),
            "currency": "INR",
            "record_key": md5_of(f"{self.tenant}|{self.key}"),
        }


@dataclass(frozen=True)
class Sent:
    """A record of one of a domain's bronze tables, named without its prefix; `key` tells which thing it is a copy of.

    The class of a domain says what its tables begin with, whose the records are, and each table's columns of day and
    time.
    """

    PREFIX: ClassVar[str]
    TENANT: ClassVar[str]
    TIMES: ClassVar[Mapping[str, tuple[str, str]]]

    table: str
    key: str
    at: datetime
    values: Mapping[str, Any]

    @property
    def bronze(self) -> str:
        """The table it is loaded into."""
        return f"bronze.{self.PREFIX}{self.table}"

    def row(self) -> dict[str, Any]:
        """The columns of bronze that depend on it."""
        day, time = self.TIMES[self.table]
        return {
            **self.values, day: self.at.date(), time: self.at, "tenant_id": self.TENANT,
            "record_key": md5_of(f"{self.table}|{self.key}"),
        }  # fmt: skip


@contextmanager
def new_lake() -> Iterator[Lake]:
    """A lakehouse for one example of a property, gone after it."""
    with tempfile.TemporaryDirectory() as home:
        yield Lake(Settings(profile="local", home=Path(home), landing="", dagster_home=None))


def load(lake: Lake, table: str, records: Sequence[Record], number: int) -> set[date]:
    """Append records to a bronze table as load `number`; the days a build must now cover, see `closed`."""
    return load_tables(lake, {table: records}, number)


def load_tables(lake: Lake, records: Mapping[str, Sequence[Record]], number: int) -> set[date]:
    """Load records of several bronze tables of a domain as load `number`; the days a build must now cover."""
    days: set[date] = set()
    frames = {name: _frame(CONTRACTS[name], rows, number) for name, rows in records.items()}
    publication = open_publication(lake, run_id=f"load-{number}")
    publication.bytes_read = int(sum(frame.estimated_size() for frame in frames.values()))
    with publication.session() as session:
        assert isinstance(session, DuckDBSession)
        for name, frame in frames.items():
            session.con.register("incoming", frame.to_arrow())
            publication.stage_query(CONTRACTS[name], "select * from incoming", session, Append())
            days.update(frame[_day_of(CONTRACTS[name])].cast(pl.Date).unique())
        publication.audit()
    publication.publish()
    (domain,) = {CONTRACTS[name].domain for name in records}
    return closed(lake, domain, days)


def load_all(lake: Lake, records: Sequence[Sent], number: int) -> set[date]:
    """Load records, whichever tables they are of, as load `number`; the days a build must now cover."""
    by_table: dict[str, list[Sent]] = {}
    for record in records:
        by_table.setdefault(record.bronze, []).append(record)
    return load_tables(lake, by_table, number)


def _frame(contract: Contract, records: Sequence[Record], number: int) -> pl.DataFrame:
    """Records as rows of a bronze table, loaded as load `number`."""
    rows = [
        {
            **record.row(),
            "raw_payload": "{}",
            "load_id": f"load-{number:04d}",
            "source": "test",
            "source_file": f"file-{number}",
            "source_row": position,
            "loaded_at": FIRST_LOAD + timedelta(hours=number),
        }
        for position, record in enumerate(records, start=1)
    ]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return frame.with_columns(pl.lit(None).alias(n) for n in contract.column_names if n not in frame.columns)


def _day_of(contract: Contract) -> str:
    return contract.partitions[0].column


def closed(lake: Lake, domain: str, days: set[date]) -> set[date]:
    """These days, and those that hold another version of a record of the domain which these days hold.

    A day is built for all tables, so the copies of what any of them holds on it must be built with it.
    """
    with lake.session() as session:
        rows = " union all ".join(
            f"select distinct '{c.table}' as kind, record_key, cast({_day_of(c)} as date) as day from {c.identifier}"
            for c in CONTRACTS.values()
            if c.layer == "bronze" and c.domain == domain and c.identifier in session.heads
        )
        found = session.query(f"select list(day) as days from ({rows}) group by kind, record_key having count(*) > 1")
    groups = [set(group) for group in found["days"].to_pylist()]
    while True:
        wider = days.union(*(group for group in groups if group & days))
        if wider == days:
            return days
        days = wider


def build(
    lake: Lake, models: Sequence[str], days: Collection[date] = (), *, tests: bool = False, as_if_large: bool = False
) -> runner.DbtRun:
    """Build models for some days (all, if none are given), audit and publish them; a blocking outcome raises.

    Large tables are read, and their rows written, in other ways than small ones; with the same outcome.
    """
    publication = open_publication(lake, run_id=f"test-{datetime.now(UTC):%H%M%S%f}")
    publication.record_inputs([name for name in publication.heads if name.startswith("bronze.")])
    if as_if_large:
        publication.bytes_read = None
    kinds = ("model", "test") if tests else ("model",)
    outcome = runner.run(publication, CONTRACTS, select=models, days=sorted(days), resource_types=kinds)
    publication.audit()
    publication.publish()
    return outcome


def build_in_steps(lake: Lake, loads: Sequence[Sequence[Sent]], models: Sequence[str], waits: Sequence[bool]) -> None:
    """Build after each load but those after which it waits, and after the last."""
    pending: set[date] = set()
    for number, (records, wait) in enumerate(zip(loads, waits, strict=True)):
        pending |= load_all(lake, records, number)
        if pending and not (wait and number + 1 < len(loads)):
            build(lake, models, pending)
            pending = set()


def tables(lake: Lake, models: Sequence[str]) -> Mapping[str, list[tuple[Any, ...]]]:
    """Every row of the models' tables, in an order that depends on the rows alone."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with lake.session() as session:
        for contract in (c for c in CONTRACTS.values() if c.table in models):
            rows = session.query(f"select * from {contract.identifier}").to_pylist()
            found[contract.table] = sorted((tuple(r.values()) for r in rows), key=repr)
    return found


def table(lake: Lake, identifier: str) -> list[dict[str, Any]]:
    """The rows of one table, sorted by its key."""
    keys = ", ".join(contract_of(identifier).key)
    with lake.session() as session:
        return session.query(f"select * from {identifier} order by {keys}").to_pylist()


def md5_of(text: str) -> str:
    """The record key of a text."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
