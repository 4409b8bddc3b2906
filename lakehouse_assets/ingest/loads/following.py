"""Following a table of PostgreSQL: a copy of it, then every insert, update and delete, each loaded once.

How far it was followed is said by bronze.loads alone (origins.followed): the commit that shows the rows of some
transactions notes the position behind them, and is refused if another one went on from the same position. The slot is
moved on afterwards. So a load that was killed changes nothing, and the server keeps what is not in bronze.
Belongs here: copies, positions, and what stops a load. Does not belong here: statements (fetching.slots), what a change
becomes (fetching.changed_rows), or where sources stand (standing).
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from lakehouse_assets.ingest.described.databases import Database
from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.fetching.changed_rows import AROUND, REFUSED, ChangedRows, Commits, Stop, Wanted
from lakehouse_assets.ingest.fetching.connections import address_of
from lakehouse_assets.ingest.fetching.fitness import unfit
from lakehouse_assets.ingest.fetching.pgoutput import lsn_text
from lakehouse_assets.ingest.fetching.slots import Server, TableState, followed
from lakehouse_assets.ingest.fetching.tables import opened
from lakehouse_assets.ingest.loads.live_rows import deletes_of_live
from lakehouse_assets.ingest.loads.loader import Loader, LoadResult
from lakehouse_assets.ingest.loads.staging import target_contract
from lakehouse_assets.ingest.loads.standing import ANEW, altered, described_of, out_of_step, track_name, tracks, unready
from lakehouse_assets.ingest.mapping.placing import placing_fields
from lakehouse_assets.ingest.origins.followed import BEGUN, NONE, Followed, Shape
from lakehouse_assets.ingest.origins.queried import KeptRows
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.lakehouse.sql import quoted

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

MOST_CHANGES = 200_000
"""Changes from which on no further transaction is loaded with them."""
_ALL = 2**31 - 1
IDLE_BYTES = 16 << 20
"""Bytes of log without a change of the table, from which on its position is noted all the same."""


def follow(
    lake: Lake, source: Source, *, tenant: str | None = None, run_id: str | None = None, anew: bool = False
) -> list[LoadResult]:
    """Load what changed in the table of a source since the last load; a copy of it first, where there was none.

    Args:
        lake: The lake.
        source: The source; its `database` names a publication.
        tenant: Tenant of all records, where they do not say it.
        run_id: Identifier of the run, for the snapshots.
        anew: Whether to begin again with a copy, which what was loaded before gives way to.

    Returns:
        What became of the copy and of each part of the changes; nothing where nothing changed.

    Raises:
        IngestError: the database cannot be read, another process follows the table, the table changed so that the
            source may not fit it, or the server kept not all that changed; what was loaded before stays.
        AuditFailedError: the rows break the contract of their table; nothing more was published.
        SourceError: the source does not fit its table, or needs a tenant.
        WarehouseError: the warehouse cannot be written to; nothing more was published.
    """
    described, place = described_of(source)
    with Loader(lake, source, tenant, run_id or f"follow-{uuid.uuid4().hex[:12]}") as loader:
        address = address_of(lake.settings, described.access, place)
        with followed(address, place) as server:
            return list(_Follower(lake, source, tenant, loader, server, address).follow(anew=anew))


class _Follower:
    """Follows the table of one source while a session of its server lasts."""

    def __init__(
        self, lake: Lake, source: Source, tenant: str | None, loader: Loader, server: Server, address: str
    ) -> None:
        self._lake, self._source, self._tenant = lake, source, tenant
        self._loader, self._server, self._address = loader, server, address
        self._described, self._place = described_of(source)
        self._placing = placing_fields(source, target_contract(source))

    def follow(self, *, anew: bool) -> Iterator[LoadResult]:
        """Copy the table where that is due, and load what changed after it."""
        track = tracks(self._lake, self._source).get(self._tenant)
        known, shape, older = (track.last, track.shape, set(track.older)) if track else (None, None, set[str]())
        if known is not None:
            self._take(known)
        if known is None or (anew and known.position != BEGUN):
            older |= {known.slot} if known else set()
            known, shape = self._begun(known), None
        while True:
            if shape is None:
                result, known, shape = self._copied(known)
                yield result
            self._tidy(older)
            self._keep_in_step(known, shape)
            found = self._changes(known, shape)
            if isinstance(found, Stop):
                self._refuse(found)
                older |= {known.slot}
                known, shape = self._begun(known), None
                continue
            if found is None:
                return
            result, known, is_all = found
            yield from [result] if result.rows_read else []
            if is_all:
                return

    def _table(self) -> TableState:
        return self._server.table(str(self._described.table), str(self._described.publication))

    def _fit_table(self) -> TableState:
        """The table as it is now.

        Raises:
            IngestError: its changes would not say all that the source needs.
        """
        table = self._table()
        for problem in (*unready(self._server, table, None), *unfit(self._source, self._placing, table)):
            raise IngestError(self._place, problem.words, hint=problem.hint, column=problem.column)
        return table

    def _begun(self, before: Followed | None) -> Followed:
        """Note that a copy is begun, with a slot that no other lake has."""
        names, track = self._names(self._fit_table()), track_name(self._source)
        slot = f"asklake_{self._source.name[:40]}_{secrets.token_hex(4)}"
        known = Followed(track, before.generation + 1 if before else 1, slot)
        self._take(known)
        with KeptRows(self._lake.settings.scratch_dir, (*AROUND, *names)) as rows:
            rows.fill([])
            self._load(rows.known_as(known.id, lsn_text(BEGUN), known.claims))
        return known

    def _take(self, known: Followed) -> None:
        if not self._server.take(known.slot):
            raise _overtaken(self._place)

    def _load(self, rows: KeptRows) -> LoadResult:
        self._loader.load([rows])
        if rows.id in self._loader.errors:
            raise self._loader.errors.pop(rows.id)
        result = self._loader.results.pop(rows.id)
        if result.already_loaded:
            raise _overtaken(self._place)
        return result

    def _names(self, table: TableState) -> tuple[str, ...]:
        """The columns that records have."""
        return tuple(self._described.columns) or tuple(c.name for c in table.columns if c.is_published)

    def _copied(self, begun: Followed) -> tuple[LoadResult, Followed, Shape]:
        """Load the table as it is where a new slot begins; what is in bronze of it is deleted before."""
        table = self._fit_table()
        names = self._names(table)
        kinds = {c.name: c.kind for c in table.columns if c.name in self._source.fields}
        shape = Shape(table.number, kinds, table.entry)
        self._server.drop(begun.slot)
        with KeptRows(self._lake.settings.scratch_dir, (*AROUND, *names, REFUSED), refusals=REFUSED) as rows:
            with (
                self._server.made(begun.slot) as (position, snapshot),
                opened(_copy(self._described, table, names), self._address, self._place, snapshot) as read,
                rows.filling() as keep,
            ):
                for batch in deletes_of_live(self._lake, self._source, self._tenant, names):
                    keep(_around(batch, rows.schema, b"delete", position))
                for batch in read.batches(None):
                    keep(_around(batch, rows.schema, b"copy", position))
            known = replace(begun, position=position, shape=shape, log=self._server.identity, last=NONE)
            result = self._load(rows.known_as(known.id, lsn_text(position), begun.claims_after))
        return result, known, shape

    def _tidy(self, slots: set[str]) -> None:
        """Remove the slots of earlier copies, which nobody goes on from."""
        for slot in slots:
            if (state := self._server.slot(slot)) is not None and state.reader is None:
                self._server.drop(slot)

    def _keep_in_step(self, known: Followed, shape: Shape) -> None:
        """Move the slot to where bronze is; refuse to go on where the server has not kept all behind it."""
        slot = self._server.slot(known.slot)
        if problem := out_of_step(self._server, slot, known) or altered(self._table(), shape, self._described):
            raise self._error(problem)
        if slot is not None and slot.position < known.position:
            self._refuse_another_past(slot.position, known)
            self._server.move_on(known.slot, known.position)

    def _refuse_another_past(self, kept_from: int, known: Followed) -> None:
        """Refuse a server whose log up to where bronze is is another one than was loaded.

        A slot lies behind bronze where a reader or the server was killed before it was moved on; and where the files of
        the server were put back as they were earlier, which changes neither its number nor that of its log. Then what
        the slot still keeps tells of other transactions.
        """
        if known.last is None:
            return
        found = Commits(known.position)
        described = str(self._described.publication)
        self._server.peek(known.slot, described, found.take, most=_ALL, up_to=known.position)
        if found.last != (known.last if known.last.end > kept_from else NONE):
            raise self._error(
                f"the log of the database up to {lsn_text(known.position)} is not the one that was loaded: the server "
                "goes on from an older state of its files, such as a snapshot of their volume"
            )

    def _changes(self, known: Followed, shape: Shape) -> tuple[LoadResult, Followed, bool] | Stop | None:
        """Load some transactions, whole ones; None where there is nothing, what stops the first one otherwise.

        Returns:
            Also whether these were all.
        """
        waiting, reached = self._server.slot(known.slot), self._server.reached()
        wanted, up_to = self._wanted(shape), None
        while True:
            with KeptRows(
                self._lake.settings.scratch_dir, (*AROUND, *wanted.columns, REFUSED), refusals=REFUSED
            ) as rows:
                with rows.filling() as keep:
                    found = ChangedRows(wanted, keep)
                    self._server.peek(
                        known.slot, str(self._described.publication), found.take, most=MOST_CHANGES, up_to=up_to
                    )
                    found.finish()
                if found.others:
                    wanted = replace(wanted, columns=(*wanted.columns, *found.others))
                    continue
                if found.stop and not found.changes:
                    return found.stop
                if found.stop:
                    up_to = found.end
                    continue
                is_all = found.messages < MOST_CHANGES and up_to is None
                behind = max(found.end or BEGUN, (reached or BEGUN) if is_all else BEGUN)
                is_much = waiting is not None and waiting.waiting >= IDLE_BYTES
                if behind <= known.position or (is_all and not found.changes and not is_much):
                    return None
                last = found.commits.last if found.end else known.last
                after = replace(known, position=behind, shape=None, log=self._server.identity, last=last)
                result = self._load(rows.known_as(after.id, lsn_text(behind), known.claims_after))
            self._server.move_on(after.slot, after.position)
            return result, after, is_all

    def _wanted(self, shape: Shape) -> Wanted:
        table = self._table()
        fields = frozenset(self._source.fields)
        return Wanted(
            table.schema, table.table, shape.number, self._names(table), fields, self._placing & fields,
            {name: kind for name, kind in shape.kinds.items() if name in fields},
            frozenset(c.name for c in table.columns if c.is_required), not self._described.columns,
            {c.kind: c.base for c in table.columns},
        )  # fmt: skip

    def _refuse(self, stop: Stop) -> None:
        """Refuse to go on where the table is another than the source was made for; one that was emptied is copied."""
        if stop.is_emptied:
            return
        where = lsn_text(stop.lsn)
        if stop.is_other:
            raise self._error(f"another table is called {self._described.table} since {where}")
        told = "; ".join(self._told(name, *kinds) for name, kinds in (stop.changed or {}).items())
        raise self._error(
            f"the table was changed at {where}: {told}. What was committed before is loaded, and the server keeps what "
            "came after. See whether the source still reads it rightly"
        )

    def _told(self, name: str, before: str, now: str | None) -> str:
        was = self._server.type_of(before)
        return f"column '{name}' ({was}) is gone" if now is None else (
            f"column '{name}' was {was} and is {self._server.type_of(now)}"
        )  # fmt: skip

    def _error(self, problem: str) -> IngestError:
        return IngestError(self._place, problem, hint=ANEW.format(name=self._source.name))


def _overtaken(place: str) -> IngestError:
    return IngestError(
        place, "another process follows this table now", hint="Nothing is to be done: that one loads its changes."
    )


def _copy(described: Database, table: TableState, names: tuple[str, ...]) -> Database:
    """What is read for a copy: the rows that the publication has, and no row of a table that inherits."""
    columns = ", ".join(map(quoted, names)) or "1"
    only = "only " if table.is_only else ""
    condition = f" where {table.condition}" if table.condition else ""
    query = f"select {columns} from {only}{table.name}{condition}"
    return described.model_copy(update={"query": query, "table": None, "columns": []})


def _around(batch: pa.RecordBatch, schema: pa.Schema, operation: bytes, position: int) -> pa.RecordBatch:
    """Rows as records of a copy."""
    told = {"_op": operation, "_lsn": lsn_text(position).encode()}
    columns = [
        batch.column(name) if name in batch.schema.names
        else pa.array([told.get(name)] * batch.num_rows, pa.binary()) for name in schema.names
    ]  # fmt: skip
    return pa.RecordBatch.from_arrays(columns, schema=schema)
