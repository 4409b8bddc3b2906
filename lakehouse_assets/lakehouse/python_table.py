"""Tables made by Python: how a domain declares one, and what its function is given.

Belongs here: the declaration, and the rows it gives as the port stages them. Does not belong here: the contract of any
table (domains), running the function and publishing its rows (assets.python_tables).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import polars as pl

from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.zones import IN_UTC, LocalTime

if TYPE_CHECKING:
    import pyarrow as pa

    from lakehouse_assets.lakehouse.engines.protocol import Session
    from lakehouse_assets.lakehouse.lake import Lake

Rows: TypeAlias = "pa.Table | pl.DataFrame | Iterable[Mapping[str, Any]]"
"""An Arrow table, a polars frame, or rows by column name; with the columns of the contract."""


class Orchestrator(Protocol):
    """What the one who runs everything tells a table of its runs."""

    def runs_of(self, day: date) -> Iterable[Mapping[str, Any]]:
        """The runs asked for on a day (UTC), as rows of semantic.run_history."""
        ...

    def checks_of(self, identifiers: Iterable[str]) -> Mapping[str, tuple[int, int]]:
        """Of tables that a run made last, how many rules of their audit held then, and how many did not."""
        ...


class NothingToMakeError(Exception):
    """A function has nothing to make its table of yet, which is no failure: the table stays as it is."""


@dataclass(frozen=True)
class Inputs:
    """What the function of a table is given.

    Attributes:
        session: Queries over one state of the lake, the one that the publication is built on.
        lake: The lake itself, for what no query tells.
        contracts: The contract of every table, by identifier.
        days: The days to make rows of, in order; none where the table is made as a whole.
        orchestrator: What runs it; None where nothing does.
        local: The clock of the project, in the SQL of the session: by it instants have days.
    """

    session: Session
    lake: Lake
    contracts: Mapping[str, Contract]
    days: tuple[date, ...] = ()
    orchestrator: Orchestrator | None = None
    local: LocalTime = IN_UTC


@dataclass(frozen=True, eq=False)
class PythonTable:
    """A table and the function that makes its rows; made by `python_table`."""

    contract: Contract
    function: Callable[[Inputs], Rows]
    reads: tuple[str, ...]
    cron: str | None
    first_day: date | None
    pool: str
    today: bool = False
    on_demand: bool = False
    at_most: str | None = None
    reads_what_is_there: bool = False

    @property
    def identifier(self) -> str:
        """`layer.table`."""
        return self.contract.identifier

    @property
    def name(self) -> str:
        """The function, as `module.function`."""
        return f"{self.function.__module__}.{self.function.__qualname__}"

    def missing(self, there: Container[str]) -> list[str]:
        """The tables that it waits for: those it reads which were never published; of some tables any one will do."""
        absent = [read for read in self.reads if read not in there]
        return [] if self.reads_what_is_there and len(absent) < len(self.reads) else absent

    @property
    def by_day(self) -> str | None:
        """The column whose days are made one by one; None where the table is made as a whole."""
        return next((p.column for p in self.contract.partitions if p.transform == "day"), None)

    def rows(self, inputs: Inputs) -> pa.Table:
        """What the function gives, as an Arrow table.

        Raises:
            ValueError: it lacks columns of the contract, or has rows of days that were not asked for.
        """
        given = self.function(inputs)
        if isinstance(given, Iterable) and not isinstance(given, pl.DataFrame) and not hasattr(given, "schema"):
            given = pl.DataFrame(list(given), schema=self._types())
        rows: pa.Table = given.to_arrow() if isinstance(given, pl.DataFrame) else given
        if missing := [name for name in self.contract.column_names if name not in rows.column_names]:
            raise ValueError(f"{self._named} gave no column {', '.join(missing)}; its contract has it")
        if self.by_day and (others := set(rows.column(self.by_day).unique().to_pylist()) - set(inputs.days)):
            day = min(others, key=str)
            raise ValueError(f"{self._named} gave rows of {day}, but was asked for {', '.join(map(str, inputs.days))}")
        return rows

    @property
    def _named(self) -> str:
        return f"{self.identifier}: {self.name}"

    def _types(self) -> dict[str, Any]:
        return {name: column.dtype.type for name, column in self.contract.model.to_schema().columns.items()}


def python_table(
    contract: Contract,
    *,
    reads: Iterable[str] = (),
    cron: str | None = None,
    first_day: date | None = None,
    pool: str | None = None,
    today: bool = False,
    on_demand: bool = False,
    at_most: str | None = None,
    reads_what_is_there: bool = False,
) -> Callable[[Callable[[Inputs], Rows]], PythonTable]:
    """Declare that a function makes a table; in `tables.py` of a domain, where Dagster and the commands find it.

    Its rows are staged, audited by the contract and published. A table with a partition by day is made day by day, of
    which each replaces the rows it had; any other as a whole.

    Args:
        contract: What the table is; `made_by="python"`.
        reads: Identifiers of the tables that the function queries.
        cron: When it is made, in UTC: of a table with days, the day before. None for: after the tables it reads.
        first_day: Where its days begin, if it has any.
        pool: Tables of one pool are not made at the same time; a pool of its own if none is named.
        today: Whether the day that is not over is made too, each time, of a table with days.
        on_demand: Whether the clock and commands that build everything leave it out until it was made once.
        at_most: Of a table that is made after those it reads, and may come later than others: the ticks (cron, in UTC)
            between which it is made once, however often these move.
        reads_what_is_there: Whether it is made though some of the tables it reads were never published.

    Raises:
        ValueError: the declaration contradicts itself or the contract.
    """
    reads = tuple(reads)

    def declared(function: Callable[[Inputs], Rows]) -> PythonTable:
        table = PythonTable(
            contract, function, reads, cron, first_day, pool or contract.table, today, on_demand, at_most,
            reads_what_is_there,
        )  # fmt: skip
        if wrong := _contradiction(table):
            raise ValueError(f"{contract.identifier}: {wrong}")
        return table

    return declared


def _contradiction(table: PythonTable) -> str:
    """What is wrong with a declaration, with what to do; empty if nothing is."""
    contract = table.contract
    if contract.made_by != "python":
        return 'its contract says nothing of Python: state made_by="python"'
    if other := next((p.transform for p in contract.partitions if p.transform in ("month", "hour")), None):
        return f"a table made by Python has no partitions by {other}: partition it by day"
    if table.by_day and not (table.first_day and table.cron):
        return "it has days, so state where they begin (first_day=) and when the newest is made (cron=)"
    if table.first_day and not table.by_day:
        return "it has a first day and no days: partition it by day"
    if table.today and not table.by_day:
        return "it has no days, so there is no today to make: take out today="
    if table.at_most and table.cron:
        return "it is made by the clock (cron=), so nothing makes it too often: take out at_most="
    if not (table.cron or table.reads):
        return "nothing says when it is made: state cron=, or the tables it reads (reads=)"
    return ""
