"""What became of records that were sent: accepted, visible in bronze, in quarantine, or given up.

Belongs here: looking a position up. Does not belong here: committing (committer).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pyiceberg.expressions import And, EqualTo, GreaterThanOrEqual, In, LessThan

from lakehouse_assets.ingest.contracts import QUARANTINE
from lakehouse_assets.ingest.loads.notes import loads_table
from lakehouse_assets.ingest.origins.logged import MOST_SPAN, id_from, range_of
from lakehouse_assets.intake.log import Position, given_up, log_id, partitions
from lakehouse_assets.intake.segments import places, segments
from lakehouse_assets.lakehouse.iceberg.manifests import find

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

TOLD = 20
"""Quarantined records that are told of one by one."""
State = Literal["accepted", "visible", "quarantined", "given up"]


@dataclass(frozen=True)
class Refused:
    """A record that is in quarantine: its number in the request, from 1, and why."""

    record: int
    reason: str


@dataclass(frozen=True)
class Status:
    """What became of the records of a request.

    Attributes:
        state: `accepted` while they wait; `visible` once they are in bronze, but for those in quarantine; `quarantined`
            where all are there; `given up` where a person let go of them, since nothing could load them.
        quarantined: How many are in quarantine.
        refused: The first of them.
    """

    state: State
    quarantined: int = 0
    refused: tuple[Refused, ...] = ()


def status_of(lake: Lake, folder: Path, source: str, tenant: str | None, position: Position) -> Status:
    """What became of the records at a position of the log in a folder."""
    table, log = loads_table(lake), log_id(folder)
    if table is None or table.current_snapshot() is None:
        return _not_loaded(folder, (source, tenant), position)
    earliest = id_from(log, position.partition, max(0, position.first - MOST_SPAN))
    predicate: Any = And(
        EqualTo("source", source),  # pyright: ignore[reportCallIssue]
        And(
            GreaterThanOrEqual("source_file", earliest),  # pyright: ignore[reportCallIssue]
            LessThan("source_file", id_from(log, position.partition, position.end)),  # pyright: ignore[reportCallIssue]
        ),
    )
    notes = find(table, predicate, ("load_id", "source_file", "tenant_id")).to_pylist()
    loads = {n["load_id"]: range_of(n["source_file"]) for n in notes if n["tenant_id"] == tenant}
    is_begun = any(first <= position.first < end for _, first, end in loads.values())
    # What was given up lies before the later ones, and in none of them.
    if not is_begun or max(end for _, _, end in loads.values()) < position.end:
        return _not_loaded(folder, (source, tenant), position)
    firsts = {load: first for load, (_, first, end) in loads.items() if end > position.first}
    if not firsts or QUARANTINE.identifier not in lake.catalog.heads():
        return Status("visible")
    quarantine = lake.catalog.load_table(QUARANTINE.identifier)
    of_loads: Any = In("load_id", set(firsts))  # pyright: ignore[reportCallIssue]
    rows = find(quarantine, of_loads, ("load_id", "source_row", "reason")).to_pylist()
    found = {firsts[r["load_id"]] + r["source_row"] - position.first: r["reason"] for r in rows}
    refused = [Refused(n, reason) for n, reason in sorted(found.items()) if 1 <= n <= position.records]
    state: State = "quarantined" if len(refused) == position.records else "visible"
    return Status(state, len(refused), tuple(refused[:TOLD]))


def _not_loaded(folder: Path, stream: tuple[str, str | None], position: Position) -> Status:
    """What became of records that are not in bronze: they wait, or came before their stream was given up."""
    until, partition = given_up(folder).get(stream), partitions(folder).get(position.partition)
    if until is None or partition is None:
        return Status("accepted")
    for place in places(partition, position.first):
        if place.entry.first <= position.first:
            return Status("given up" if place.entry.received_ms <= until else "accepted")
        break
    kept = segments(partition)
    # What is kept no longer, and was never loaded, was given up.
    return Status("given up" if kept and kept[0].first > position.first else "accepted")
