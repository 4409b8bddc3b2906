"""Gives the rows of bronze tables the days that they have in the project's time zone as it is now.

The day of a row was worked out when it was loaded, unless its source says the day itself. The instant it was worked out
from is beside it, so nothing has to be loaded again. What the notes of loads say of days goes with their rows.
Belongs here: which days are worked out, and publishing them. Does not belong here: the tables that are made from
bronze, which builds make anew where their days are of another zone (assets.transform).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakehouse_assets.ingest.contracts import LOADS
from lakehouse_assets.ingest.loads.notes import loads_table, newest_property
from lakehouse_assets.ingest.mapping.columns import derived_days
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.iceberg.days_of import zone_noted
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplaceTable
from lakehouse_assets.lakehouse.iceberg.properties import TIME_ZONE
from lakehouse_assets.lakehouse.publish.begin import begin, rebuilding
from lakehouse_assets.lakehouse.sql import literal, quoted
from lakehouse_assets.lakehouse.upkeep.maintenance import notes_carried

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

_DAYS_NOTED = ("first_day", "last_day")
"""What the note of a load says of the days of its rows."""


@dataclass(frozen=True)
class Rezoned:
    """What became of a table: the zone its days were of, its rows, and how many of them lie on another day now."""

    identifier: str
    before: str
    rows: int
    moved: int


def rezone(lake: Lake, contracts: Sequence[Contract], sources: Sequence[Source], *, run_id: str) -> Iterator[Rezoned]:
    """Give the rows of every bronze table that has days of another time zone those of the project's, one by one.

    Args:
        lake: The lake.
        contracts: Of all tables.
        sources: What fills them.
        run_id: Run to name in the snapshots.

    Raises:
        PublicationConflictError: a table was written again and again meanwhile.
        AuditFailedError: rows cannot be written as their contract has them.
    """
    heads = lake.catalog.heads()
    for contract in contracts:
        if contract.made_by != "ingest" or contract.days_of_utc or contract.identifier not in heads:
            continue
        before = zone_noted(lake.catalog.load_table(contract.identifier).metadata)
        if before not in (None, lake.settings.time_zone):
            own = [source for source in sources if source.target == contract.identifier]
            rows, moved = rebuilding(lambda c=contract, s=own: _rezone_once(lake, c, s, run_id))
            yield Rezoned(contract.identifier, before, rows, moved)


def _rezone_once(lake: Lake, contract: Contract, sources: Sequence[Source], run_id: str) -> tuple[int, int]:
    notes = loads_table(lake)
    carried = notes_carried(lake.catalog.load_table(contract.identifier)) | (newest_property(notes) if notes else {})
    properties = {**carried, TIME_ZONE: lake.settings.time_zone}
    days = _days(lake, contract, sources)
    columns = ", ".join(
        f"{days[name]} as {quoted(name)}" if name in days else quoted(name) for name in contract.column_names
    )
    other = " or ".join(f"{day} is distinct from {quoted(name)}" for name, day in days.items()) or "false"
    with begin(lake, run_id=run_id, properties=properties) as publication:
        with lake.session(heads=publication.heads) as session:
            counted = f"select count(*) as n, count(*) filter (where {other}) as moved from {contract.identifier}"
            (count,) = session.query(counted).to_pylist()
        rows = publication.published(contract)
        with publication.session() as session:
            publication.stage_query(contract, f"select {columns} from {rows}", session, ReplaceTable())
            if notes and (day := _day_noted(contract)):
                now = f"cast({days.get(day, quoted(day))} as date)"
                noted = _notes(publication.published(LOADS), contract, f"select load_id, {now} as day from {rows}")
                publication.stage_query(LOADS, noted, session, ReplaceTable())
        # The rows are there already: rules that came after them do not keep them from their days.
        publication.outcomes = [o for o in publication.audit() if o.check == "schema" or not o.blocking]
        publication.publish()
    return count["n"], count["moved"]


def _day_noted(contract: Contract) -> str | None:
    """The column of whose days loads into a table note the first and the last."""
    of_loads = "load_id" in contract.column_names
    return next((p.column for p in contract.partitions if of_loads and p.transform == "day"), None)


def _notes(loads: str, contract: Contract, days: str) -> str:
    """A query of the notes of all loads, in which those into a table say which days its rows are of now.

    Args:
        loads: SQL that reads the notes.
        contract: The table.
        days: A query of load_id and day of each of its rows.
    """
    columns = ", ".join(
        f"coalesce(held.{name}, noted.{name}) as {name}" if name in _DAYS_NOTED else f"noted.{quoted(name)}"
        for name in LOADS.column_names
    )
    held = f"select load_id, min(day) as first_day, max(day) as last_day from ({days}) of_rows group by load_id"
    mine = f"noted.load_id = held.load_id and noted.target_table = {literal(contract.identifier)}"
    return f"select {columns} from (select * from {loads}) noted left join ({held}) held on {mine}"


def _days(lake: Lake, contract: Contract, sources: Sequence[Source]) -> dict[str, str]:
    """SQL of each day that is worked out from an instant, but for rows of sources that say the day themselves."""
    local = lake.engine.dialect.local_time(lake.settings.time_zone)
    found: dict[str, str] = {}
    for day, time in derived_days(contract).items():
        saying = sorted(s.name for s in sources if day in s.mapped_columns)
        worked_out = local.business_day(quoted(time))
        if saying:
            listed = ", ".join(map(literal, saying))
            worked_out = f"case when source in ({listed}) then {quoted(day)} else {worked_out} end"
        found[day] = worked_out
    return found
