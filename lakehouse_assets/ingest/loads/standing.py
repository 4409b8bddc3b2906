"""Where tables that are followed stand: what bronze has, what the server keeps, and what is wrong.

Belongs here: comparing bronze.loads with the server. Does not belong here: loading (following), or statements
(fetching.slots).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyiceberg.expressions import And, EqualTo, GreaterThanOrEqual, LessThan

from lakehouse_assets.ingest.described.databases import Database
from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.fetching.connections import address_of
from lakehouse_assets.ingest.fetching.fitness import Problem, lacking, unfit
from lakehouse_assets.ingest.fetching.pgoutput import lsn_text
from lakehouse_assets.ingest.fetching.slots import Server, SlotState, TableState, followed
from lakehouse_assets.ingest.loads.notes import loads_table
from lakehouse_assets.ingest.loads.staging import refuse_unusable, target_contract
from lakehouse_assets.ingest.mapping.placing import placing_fields, required_fields
from lakehouse_assets.ingest.origins.followed import BEGUN, Followed, Shape, track_of
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.lakehouse.iceberg.manifests import find

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

MUCH = 1 << 30
"""Bytes of log that a server keeps for a slot, from which on people are told."""
ANEW = "Load the table anew: `asklake ingest --source {name} --anew`"
DROP = "select pg_drop_replication_slot('{slot}')"


@dataclass(frozen=True)
class Track:
    """How far a source followed its table for one tenant.

    Attributes:
        last: How far; BEGUN where the copy is not in bronze yet.
        shape: What the table was like as it was copied; None before the copy is there.
        older: Slots of earlier copies.
    """

    last: Followed
    shape: Shape | None
    older: frozenset[str]


@dataclass(frozen=True)
class Standing:
    """Where a followed table stands.

    Attributes:
        table: The table, as the source names it.
        slot: The slot; empty where there is none yet.
        loaded_up_to: Position up to which bronze has its changes; None before the copy is there.
        waiting: Bytes of log, of whatever tables, behind it.
        kept: Bytes of log that the server keeps for it.
        problems: What a person must know, each with what to do.
    """

    table: str
    slot: str = ""
    loaded_up_to: str | None = None
    waiting: int = 0
    kept: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Look:
    """Whether a table can be followed.

    Attributes:
        problems: Why it cannot; none where it can.
        notes: What a person should know all the same.
        columns: Columns that are published.
        standing: Where it stands.
    """

    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    columns: tuple[str, ...]
    standing: Standing


def described_of(source: Source) -> tuple[Database, str]:
    """What a source that follows a table says of it, and what errors name as the place.

    Raises:
        IngestError: it follows none.
    """
    described = source.database
    if described is None or described.publication is None:
        raise IngestError(source.name, "this source follows no table", hint="State a `publication` of its database.")
    return described, f"source '{source.name}', {described.table}"


def track_name(source: Source) -> str:
    """What the ids of all loads begin with by which a source follows its table."""
    described, _ = described_of(source)
    return track_of(source.name, json.dumps([described.access, described.table, described.publication]))


def tracks(lake: Lake, source: Source) -> dict[str | None, Track]:
    """How far a source followed its table, by the tenant that the caller named."""
    table, name = loads_table(lake), track_name(source)
    if table is None or table.metadata.current_snapshot_id is None:
        return {}
    of_source: Any = EqualTo("source", source.name)  # pyright: ignore[reportCallIssue]
    within: Any = And(GreaterThanOrEqual("source_file", f"{name}/"), LessThan("source_file", f"{name}0"))  # pyright: ignore
    ids: dict[str | None, list[str]] = {}
    for row in find(table, And(of_source, within), ("source_file", "tenant_id")).to_pylist():
        ids.setdefault(row["tenant_id"], []).append(row["source_file"])
    return {tenant: _track(found) for tenant, found in ids.items()}


def _track(ids: list[str]) -> Track:
    last = Followed.of(max(ids))
    notes = [Followed.of(found) for found in ids]
    shape = next((n.shape for n in notes if n.generation == last.generation and n.shape), None)
    return Track(last, shape, frozenset(n.slot for n in notes if n.generation < last.generation))


def out_of_step(server: Server, slot: SlotState | None, last: Followed) -> str:
    """Why a server does not have all that changed behind a position; empty where it does."""
    where = lsn_text(last.position)
    if problem := _of_another_log(server, last):
        return problem
    if slot is None:
        return f"the slot {last.slot} is gone: what changed since {where} is not kept"
    if not slot.is_ours:
        return f"the slot {last.slot} is another one now, which does not tell of the changes of this database"
    if slot.is_lost:
        return f"the server has removed what the slot {last.slot} should keep since {where}"
    if slot.position > last.position:
        at = lsn_text(slot.position)
        return f"the slot {last.slot} was read up to {at} by another, or made anew; bronze is at {where}"
    if server.end < last.position:
        return f"the log of the database ends before {where}, where bronze is: it is an older state of it"
    return ""


def _of_another_log(server: Server, last: Followed) -> str:
    """Why what was read is not the past of the log that a server writes now; empty where it is, or nothing says it."""
    now, where = server.identity, lsn_text(last.position)
    if last.log is None or last.log == now:
        return ""
    if last.log.system != now.system:
        return f"this is another server than the one of which bronze has the changes up to {where}"
    parted = server.parted(last.log.timeline)
    if parted is None or parted < last.position:
        at = "elsewhere" if parted is None else f"at {lsn_text(parted)}"
        return (
            f"the database was restored, or a standby of it promoted: its log goes on {at}, bronze has what was "
            f"committed up to {where}"
        )
    return ""


def altered(table: TableState, shape: Shape, described: Database) -> str:
    """Why a server may not have told all that changed in a table since its copy; empty where it has."""
    if table.number != shape.number:
        return f"another table is called {described.table} now"
    if not table.is_published:
        return (
            f"the publication {described.publication} does not have the table any more: what changes meanwhile is not "
            "told. Let its owner put it back first"
        )
    if shape.entry is not None and table.entry != shape.entry:
        return (
            f"the publication {described.publication} was altered or made anew, or the table was out of it, since the "
            "copy: what changed meanwhile may not be told"
        )
    return ""


def unready(server: Server, table: TableState, last: Followed | None) -> Iterator[Problem]:
    """Why a server would not tell of the changes of a table."""
    if server.level != "logical":
        yield Problem(
            f"the server's wal_level is {server.level}, by which it tells of no changes",
            "Say: alter system set wal_level = logical; then start the server again",
        )
    if not server.may_replicate:
        yield Problem("this user may not read changes", f"Say: alter role {server.user} replication")
    if not server.may_read(table):
        yield Problem(f"this user may not read {table.name}", f"Say: grant select on {table.name} to {server.user}")
    if last is None and server.free_slots < 1:
        yield Problem(
            "the server has no replication slot left",
            "Raise max_replication_slots, or drop a slot that nobody reads; pg_replication_slots lists them",
        )


def look(lake: Lake, source: Source, tenant: str | None) -> Look:
    """Whether the table of a source can be followed.

    Raises:
        IngestError: the database cannot be read, or has no such table or publication.
        SourceError: the source does not fit its table, or needs a tenant.
    """
    described, place = described_of(source)
    refuse_unusable(source, tenant)
    track = tracks(lake, source).get(tenant)
    with followed(address_of(lake.settings, described.access, place), place) as server:
        table = server.table(str(described.table), str(described.publication))
        last = track.last if track else None
        contract = target_contract(source)
        placing, required = placing_fields(source, contract), required_fields(source, contract)
        problems = (*unready(server, table, last), *unfit(source, placing, table))
        known = {last.slot, *track.older} if last and track else set()
        strange = [s for s in server.slots_like(f"asklake_{source.name[:40]}_") if s not in known]
        notes = [f"the slot {slot} is not of this lake, and nobody reads it now: if its lake is gone, say: "
                 + DROP.format(slot=slot) for slot in strange]  # fmt: skip
        standing = _standing(server, source, track)
        columns = tuple(c.name for c in table.columns if c.is_published)
        return Look(problems, (*lacking(source, required, table), *notes), columns, standing)


def standings(lake: Lake, sources: Iterable[Source], within_s: float) -> list[tuple[Source, Standing]]:
    """Where the tables of sources stand; what a server refuses to tell is its problem.

    Args:
        lake: Where they are loaded to.
        sources: Any; those that follow no table have none.
        within_s: Longest time to wait for a server, in seconds.
    """
    found: list[tuple[Source, Standing]] = []
    for source in sources:
        if not source.follows:
            continue
        described, place = described_of(source)
        named = list(tracks(lake, source).values()) or [None]
        try:
            address = address_of(lake.settings, described.access, place)
            with followed(address, place, within_s=max(1, int(within_s))) as server:
                found += [(source, _standing(server, source, track)) for track in named]
        except IngestError as error:
            found.append((source, Standing(str(described.table), problems=(str(error),))))
    return found


def _standing(server: Server, source: Source, track: Track | None) -> Standing:
    described, place = described_of(source)
    table = str(described.table)
    if track is None or track.last.position == BEGUN:
        return Standing(table, track.last.slot if track else "")
    last, slot = track.last, server.slot(track.last.slot)
    problems = []
    if problem := out_of_step(server, slot, last) or (
        altered(server.table(table, str(described.publication)), track.shape, described) if track.shape else ""
    ):
        problems.append(f"{place}: {problem}. {ANEW.format(name=source.name)}")
    elif slot is not None and (slot.kept >= MUCH or (slot.safe is not None and slot.safe < MUCH)):
        rest = f" and removes it once {_size(max(0, slot.safe))} more are written" if slot.safe is not None else ""
        problems.append(
            f"{place}: the server keeps {_size(slot.kept)} of its log for the slot {last.slot}{rest}. "
            f"`asklake ingest --source {source.name}` loads what waits; to give the source up, say: "
            + DROP.format(slot=last.slot)
        )
    waiting, kept = (slot.waiting, slot.kept) if slot else (0, 0)
    return Standing(table, last.slot, lsn_text(last.position), waiting, kept, tuple(problems))


def _size(count: int) -> str:
    return f"{count / (1 << 20):,.0f} MiB"
