"""Keeps every table small and quick to read: few files, statistics, nothing kept that nobody needs.

Belongs here: what one run of maintenance does to a table, and how many files are too many. Does not belong here: what
may be deleted (local_gc, nessie_gc), or when it runs (automation).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pyiceberg.manifest import DataFileContent

from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.iceberg.days_of import zone_noted
from lakehouse_assets.lakehouse.iceberg.evolution import EVOLVED, Shape, evolution
from lakehouse_assets.lakehouse.iceberg.overwrite import (
    Replace,
    ReplacePartitions,
    ReplaceTable,
    date_partition,
    periods_held,
)
from lakehouse_assets.lakehouse.iceberg.properties import COMPACTION, PUBLICATION_ID, RUN_ID, TIME_ZONE
from lakehouse_assets.lakehouse.periods import period_of, unit_of
from lakehouse_assets.lakehouse.publish.begin import begin
from lakehouse_assets.lakehouse.publish.protocol import PublicationConflictError, Published
from lakehouse_assets.lakehouse.upkeep import local_gc, nessie_gc
from lakehouse_assets.lakehouse.upkeep.report import FileCounts, Freed, Maintained, told
from lakehouse_assets.lakehouse.zones import NO_ZONE

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table

    from lakehouse_assets.lakehouse.lake import Lake

_OF_ONE_PUBLICATION = (PUBLICATION_ID, RUN_ID, EVOLVED, COMPACTION)
"""What a snapshot says of itself alone."""
SMALL_FILES_PER_PARTITION = 8
COMPACTED_PARTITIONS_PER_RUN = 64
TENDED_EVERY = 64
"""Publications of a table from one time that it is tended beside its writer to the next."""
REWRITES_AT_MOST = 8
"""So many times the bytes of the small files are rewritten, to be rid of them, before there are too many of these."""
MOST_SMALL_FILES = 512
"""Small files of a partition that are put together whatever else it holds."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tended:
    """Partitions of one table that were rewritten, and whether statistics were made; what stopped it, if anything."""

    partitions_compacted: int = 0
    analyzed: bool = False
    problem: str = ""


def maintain(lake: Lake, contracts: Mapping[str, Contract], *, run_id: str) -> list[Maintained]:
    """Maintain every table that exists; safe beside running writers and readers.

    What goes wrong with one table is told of it; the others are maintained, and what nobody needs is removed.

    Args:
        lake: The lake.
        contracts: Contract of every table, by identifier.
        run_id: Run to name in the snapshots that compaction makes.

    Returns:
        What was done, by table; files that belonged to no table of this moment come under the name of their folder,
        what stopped the clean-up of all tables under "branches" or "warehouse".
    """
    known = sorted(i for i in lake.catalog.heads() if i in contracts)
    tended = {i: _tended(lake, contracts[i], run_id) for i in known}
    freed = _collect(lake)
    done = []
    for identifier in sorted(tended.keys() | freed.keys()):
        gone, made = freed.get(identifier, Freed()), tended.get(identifier, Tended())
        left, unread = FileCounts(), ""
        if identifier in tended:
            try:
                left = counted(lake.catalog.load_table(identifier))
            except Exception as error:
                unread = told(error)
        problems = tuple(dict.fromkeys(filter(None, (made.problem, gone.problem, unread))))
        done.append(
            Maintained(
                identifier, gone.snapshots, gone.files, gone.bytes, made.partitions_compacted, made.analyzed, left,
                problems,
            )
        )  # fmt: skip
    return done


def _tended(lake: Lake, contract: Contract, run_id: str) -> Tended:
    try:
        return Tended(*tend(lake, contract, run_id=run_id))
    except Exception as error:
        return Tended(problem=told(error))


def _collect(lake: Lake) -> dict[str, Freed]:
    """Remove what nobody needs any more; what that was, by table."""
    collect = {"folder": local_gc.collect, "nessie": nessie_gc.collect_all}[lake.settings.parts.tables]
    return collect(lake)


def tend(
    lake: Lake, contract: Contract, *, run_id: str, pays: Callable[[FileCounts], bool] = lambda _counts: True
) -> tuple[int, bool]:
    """Rewrite what consists of many small files, and bring the engine's statistics up to date, in one publication.

    Args:
        lake: The lake.
        contract: The table's.
        run_id: Run to name in the snapshots.
        pays: Whether a crowded partition is rewritten now.

    Returns:
        How many partitions were rewritten, and whether statistics were made. Neither, where a writer was faster: the
        next run of maintenance finds the same.
    """
    table = lake.catalog.load_table(contract.identifier)
    crowded = {d: counts for d, counts in crowded_partitions(contract, table).items() if pays(counts)}
    stale = contract.layer != "bronze" and lake.engine.wants_statistics(table)
    if not crowded and not stale:
        return 0, False
    try:
        with begin(lake, run_id=run_id, properties=_carried(table)) as publication:
            with publication.session() as session:
                if crowded:
                    publication.bytes_read = sum(counts.bytes for counts in crowded.values())
                    publication.stage_compacted(contract, _replaced(list(crowded)), session)
                # The rows are there already: rules that came after them do not keep them from being put together.
                publication.outcomes = [o for o in publication.audit() if o.check == "schema" or not o.blocking]
                if stale:
                    publication.analyze(contract, session)
            publication.publish()
    except PublicationConflictError:
        return 0, False
    return len(crowded), stale


def tend_published(lake: Lake, contracts: Iterable[Contract], published: Iterable[Published], *, run_id: str) -> None:
    """Tend tables at every 64th of their publications, for who writes small files all day long.

    So a partition has some hundreds of files at most before maintenance comes. One is rewritten once the small files
    are a part of it that pays, or are too many: of one that grows all day, each row is written some times again, not
    hundreds of times. Where that fails, what was published is, and maintenance tries again.

    Args:
        lake: The lake.
        contracts: Of tables that may be tended.
        published: What was just published.
        run_id: Run to name in the snapshots.
    """
    moved = {done.identifier for done in published}
    for contract in (c for c in contracts if c.identifier in moved):
        try:
            snapshot = lake.catalog.load_table(contract.identifier).current_snapshot()
            if snapshot and (snapshot.sequence_number or 0) % TENDED_EVERY == 0:
                tend(lake, contract, run_id=run_id, pays=_pays)
        except Exception:
            _log.exception("the small files of %s were not put together", contract.identifier)


def _pays(counts: FileCounts) -> bool:
    """Whether a partition is worth being rewritten in the middle of the day."""
    return counts.small_bytes * REWRITES_AT_MOST >= counts.bytes or counts.small >= MOST_SMALL_FILES


def _replaced(crowded: list[date | None]) -> Replace:
    days = tuple(day for day in crowded if day is not None)
    return ReplacePartitions(days) if days else ReplaceTable()


def _carried(table: Table) -> dict[str, str]:
    """Properties of a compaction: its own, and what the current snapshot says of the rows."""
    zone = zone_noted(table.metadata) or NO_ZONE
    return {**notes_carried(table), TIME_ZONE: zone, COMPACTION: "true"}


def notes_carried(table: Table) -> dict[str, str]:
    """What the current snapshot of a table says of its rows, which stays true where they are only written anew."""
    snapshot = table.current_snapshot()
    said = snapshot.summary.additional_properties if snapshot and snapshot.summary else {}
    return {k: v for k, v in said.items() if k.startswith("asklake.") and k not in _OF_ONE_PUBLICATION}


def crowded_partitions(contract: Contract, table: Table) -> dict[date | None, FileCounts]:
    """The time partitions that hold many small files, by first day, the most crowded first, as many as one run takes.

    An hour is known by its beginning. A table without time partitions is one partition, whose first day is None.
    """
    counts: dict[date | None, FileCounts] = {}
    first_day = _first_day_of(contract, table)
    for file in data_files(table):
        first = first_day(file)
        counts[first] = counts.get(first, FileCounts()).with_file(file.file_size_in_bytes)
    crowded = [(d, found) for d, found in counts.items() if found.small >= SMALL_FILES_PER_PARTITION]
    return dict(sorted(crowded, key=lambda item: -item[1].small)[:COMPACTED_PARTITIONS_PER_RUN])


def _first_day_of(contract: Contract, table: Table) -> Callable[[DataFile], date | None]:
    if contract.time_partition is None:
        return lambda _file: None
    partition = date_partition(contract)
    period = partition.transform_of_time
    column = evolution(contract, Shape.of(table.metadata)).sources[partition.column].field_id

    def first_day(file: DataFile) -> date | None:
        held = periods_held(table.metadata, file, column, unit_of(period))
        return period_of(held[0], period) if held else None

    return first_day


def counted(table: Table) -> FileCounts:
    """The data files of a table's current snapshot."""
    counts = FileCounts()
    for file in data_files(table):
        counts = counts.with_file(file.file_size_in_bytes)
    return counts


def data_files(table: Table) -> Iterator[DataFile]:
    """The data files of a table's current snapshot, manifest by manifest."""
    snapshot = table.current_snapshot()
    for manifest in snapshot.manifests(table.io) if snapshot else ():
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
            if entry.data_file.content == DataFileContent.DATA:
                yield entry.data_file
