"""Taking a load back: its rows, its quarantined records and the note that it was loaded go at once.

What was loaded of its quarantined records by replays goes with it, for it came of the same file; of a load that is a
replay, the records wait in quarantine again. Tables made from the rows see which days lost some (assets.losses).
Belongs here: what belongs to a load. Does not belong here: the days to build again.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from pyiceberg.expressions import BooleanExpression, EqualTo
from tenacity import retry, retry_if_exception_type, stop_after_attempt

from lakehouse_assets.domains import contract_of
from lakehouse_assets.ingest.contracts import LOADS, QUARANTINE, RESOLUTIONS
from lakehouse_assets.ingest.loads.notes import loads_table, newest_property
from lakehouse_assets.ingest.origins.registry import kind_of
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.iceberg.manifests import find
from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot
from lakehouse_assets.lakehouse.iceberg.overwrite import (
    ReplacePartitions,
    ReplaceTable,
    partition_values,
    period_predicate,
    unit_sql,
)
from lakehouse_assets.lakehouse.periods import periods_in
from lakehouse_assets.lakehouse.publish.begin import begin
from lakehouse_assets.lakehouse.publish.protocol import Publication, PublicationConflictError, Published
from lakehouse_assets.lakehouse.sql import literal, quoted

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

UNLOADED = "asklake.unloaded"
"""Property of the snapshots that took a load back: its id."""
TRIES = 5
_EMPTIED = {
    **dict.fromkeys(("rows_read", "rows_loaded", "rows_quarantined"), "cast(0 as bigint)"),
    **dict.fromkeys(("first_day", "last_day"), "cast(null as date)"),
}
"""What the note of a load that was taken back says of its rows, where it stays."""


class UnknownLoadError(LookupError):
    """There is no load of this id."""


@dataclass(frozen=True)
class Unloaded:
    """What was taken back.

    Attributes:
        load_id: The load.
        source_file: The file it was of.
        target_table: The table its rows were in.
        rows: Rows taken out of it, those of replays included.
        quarantined: Records taken out of quarantine.
        waiting: Records that wait in quarantine again, for the load was a replay of them.
        days: Days, or first days of months, that the rows were on.
        already: Whether it had been taken back before; then there are no figures.
        published: What became visible of the tables that lost something.
    """

    load_id: str
    source_file: str = ""
    target_table: str = ""
    rows: int = 0
    quarantined: int = 0
    waiting: int = 0
    days: tuple[date, ...] = ()
    already: bool = False
    published: tuple[Published, ...] = ()


def unload(lake: Lake, load_id: str, *, run_id: str | None = None) -> Unloaded:
    """Take a load back, in one publication; its file can be loaded again.

    Args:
        lake: The lake.
        load_id: The load, as bronze.loads names it.
        run_id: Identifier of the run, for the snapshots.

    Raises:
        UnknownLoadError: there is no such load, and none was taken back as far as the history of bronze.loads reaches.
        PublicationConflictError: other loads were faster again and again; try later.
    """
    return _unload(lake, load_id, run_id or f"unload-{uuid.uuid4().hex[:12]}")


@retry(retry=retry_if_exception_type(PublicationConflictError), stop=stop_after_attempt(TRIES), reraise=True)
def _unload(lake: Lake, load_id: str, run_id: str) -> Unloaded:
    table = loads_table(lake)
    properties = {UNLOADED: load_id, **(newest_property(table) if table is not None else {})}
    with begin(lake, run_id=run_id, properties=properties) as publication:
        with publication.session() as session:
            work = _Work(publication, session, load_id)
            notes = work.rows(LOADS, "*", f"load_id = {literal(load_id)}")
            if not notes:
                return _known(table, load_id)
            (note,) = notes
            done = work.stage(contract_of(note["target_table"]), note["source_file"])
            # The rows that stay are there already: rules that came after them do not keep others from being taken back.
            outcomes = publication.audit()
            publication.outcomes = [o for o in outcomes if o.check == "schema" or not o.blocking]
        published = tuple(publication.publish())
    return replace(done, published=published)


def refuse_unknown(lake: Lake, load_id: str) -> None:
    """Refuse the id of a load that is in bronze.loads no more than in its history.

    Raises:
        UnknownLoadError: it is.
    """
    table = loads_table(lake)
    if table is None or not find(table, _of_load(load_id), ("load_id",)).num_rows:
        _known(table, load_id)


def _of_load(load_id: str) -> BooleanExpression:
    predicate: Any = EqualTo("load_id", load_id)  # pyright: ignore[reportCallIssue]
    return predicate


def _known(table: Any, load_id: str) -> Unloaded:
    """A load that was taken back before, as the history says."""
    for snapshot in table.metadata.snapshots if table is not None else ():
        if snapshot.summary and snapshot.summary.additional_properties.get(UNLOADED) == load_id:
            return Unloaded(load_id, already=True)
    raise UnknownLoadError(f"there is no load '{load_id}' in {LOADS.identifier}")


class _Work:
    """The statements that take a load back, on the state that a publication is built on."""

    def __init__(self, publication: Publication, session: Any, load_id: str) -> None:
        self._publication, self._session, self._id = publication, session, literal(load_id)
        self._load_id = load_id

    def rows(self, contract: Contract, columns: str, condition: str) -> list[dict[str, Any]]:
        """Rows of a table of which a condition is true; none where it was never published."""
        if not self._is_there(contract):
            return []
        sql = f"select {columns} from {self._publication.published(contract)} where {condition}"
        found: list[dict[str, Any]] = self._run(sql).to_pylist()
        return found

    def _run(self, sql: str) -> Any:
        return self._session.run(sql)

    def _is_there(self, contract: Contract) -> bool:
        location = self._publication.heads.get(contract.identifier)
        return bool(location and current_snapshot(location))

    @property
    def _replays(self) -> str:
        """A query of what replays loaded of the load's quarantined records: load_id, source_file, source_row."""
        return (
            f"(select r.load_id as load_id, q.source_file as source_file, q.source_row as source_row "
            f"from {self._table(RESOLUTIONS)} r join {self._table(QUARANTINE)} q on q.quarantine_id = r.quarantine_id "
            f"where q.load_id = {self._id})"
        )

    def _table(self, contract: Contract) -> str:
        return f"(select * from {self._publication.published(contract)})"

    def stage(self, target: Contract, source_file: str) -> Unloaded:
        """Stage what stays of every table that holds anything of the load."""
        replayed = self._is_there(RESOLUTIONS)
        mine = f"load_id = {self._id}"
        if replayed:
            same = " and ".join(f"p.{c} = t.{c}" for c in ("load_id", "source_file", "source_row"))
            mine = f"({mine} or exists (select 1 from {self._replays} p where {same}))"
        rows, days = self._take(target, mine)
        waiting = self._stage_resolutions() if replayed else 0
        self._stage_notes(replayed, stays_noted=kind_of(source_file).is_read_on)
        quarantined, _ = self._take(QUARANTINE, f"load_id = {self._id}")
        return Unloaded(self._load_id, source_file, target.identifier, rows, quarantined, waiting, days)

    def _take(self, contract: Contract, mine: str) -> tuple[int, tuple[date, ...]]:
        """Take rows out of a table by days; tells how many, and of which days."""
        if not self._is_there(contract):
            return 0, ()
        day = unit_sql(contract)
        relation = f"{self._table(contract)} t"
        counted = self._run(f"select {day} as day, count(*) as n from {relation} where {mine} group by 1").to_pylist()
        if not counted:
            return 0, ()
        parts = partition_values(contract, [row["day"] for row in counted])
        kept = f"select * from {relation} where {period_predicate(contract, parts)} and not {mine}"
        self._publication.stage_query(contract, kept, self._session, ReplacePartitions(parts))
        return sum(row["n"] for row in counted), tuple(sorted(periods_in(parts, "day")))

    def _stage_resolutions(self) -> int:
        """Take out how records of the load were settled, and what the load settled; tells how many of these."""
        of_records = (
            f"quarantine_id in (select quarantine_id from {self._table(QUARANTINE)} where load_id = {self._id})"
        )
        gone = f"(load_id = {self._id} or {of_records})"
        if not self.rows(RESOLUTIONS, "1 as one", gone):
            return 0
        (settled,) = self.rows(RESOLUTIONS, "count(*) as n", f"load_id = {self._id}")
        kept = f"select * from {self._table(RESOLUTIONS)} t where not {gone}"
        self._publication.stage_query(RESOLUTIONS, kept, self._session, ReplaceTable())
        return int(settled["n"])

    def _stage_notes(self, replayed: bool, *, stays_noted: bool) -> None:
        """Take out the load's note, or what it says of rows, and its records out of the notes of their replays."""
        others = f"{self._table(LOADS)} t"
        columns = ", ".join(f"t.{quoted(c)}" for c in LOADS.column_names)
        kept = f"select {columns} from {others} where load_id <> {self._id}"
        if replayed:
            gone = f"coalesce((select count(*) from {self._replays} p where p.load_id = t.load_id), 0)"
            counted = ", ".join(
                f"t.{quoted(c)} - gone as {quoted(c)}" if c in ("rows_read", "rows_loaded") else f"t.{quoted(c)}"
                for c in LOADS.column_names
            )
            kept = (
                f"select {counted} from (select *, {gone} as gone from {others} where load_id <> {self._id}) t "
                "where gone = 0 or t.rows_read > gone"
            )
        if stays_noted:
            emptied = ", ".join(f"{_EMPTIED.get(c, f't.{quoted(c)}')} as {quoted(c)}" for c in LOADS.column_names)
            kept += f" union all select {emptied} from {others} where load_id = {self._id}"
        self._publication.stage_query(LOADS, kept, self._session, ReplaceTable())
