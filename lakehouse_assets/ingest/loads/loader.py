"""Loading origins: publications of their rows, their quarantined records and the notes that they were loaded.

An origin has a publication of its own, or shares one with other small ones, for each publication costs about the same
however little it holds. What goes wrong with one origin befalls no other.
Belongs here: which origins are loaded, together or alone, and that each is loaded once.
Does not belong here: reading (origins), rows (mapping, staging), what is noted (notes), replaying (quarantine).
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from lakehouse_assets.ingest.contracts import LOADS, QUARANTINE
from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.faults import befalls_all, of_file
from lakehouse_assets.ingest.files.streams import Progress, expand
from lakehouse_assets.ingest.loads.groups import NOWHERE, Alone, Batch, Group, Place
from lakehouse_assets.ingest.loads.notes import (
    Earlier,
    EarlierLoads,
    Note,
    Stamp,
    earlier_loads,
    loads_table,
    stage_notes,
    stamps,
)
from lakehouse_assets.ingest.loads.staging import (
    Together,
    by_load,
    check_mapping,
    engine_for,
    stage_rejects,
    target_contract,
    write_rows,
    writing,
)
from lakehouse_assets.ingest.mapping.statements import RecordMapping
from lakehouse_assets.ingest.mapping.targets import refuse_undecided
from lakehouse_assets.ingest.origins.files import FileOrigin
from lakehouse_assets.ingest.origins.protocol import Origin
from lakehouse_assets.ingest.sources import Source, find_source
from lakehouse_assets.lakehouse.iceberg.overwrite import Append
from lakehouse_assets.lakehouse.publish.begin import begin
from lakehouse_assets.lakehouse.publish.protocol import Publication, Published
from lakehouse_assets.lakehouse.upkeep.maintenance import tend_published
from lakehouse_assets.shown import shown_in_line

if TYPE_CHECKING:
    from pyiceberg.table import Table

    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.lakehouse.publish.audit import CheckOutcome

LOAD_ID = "asklake.load-id"
CONTENT_HASH, SOURCE_FILE, POSITION = "asklake.content-sha256", "asklake.source-file", "asklake.position"
"""Properties of the snapshots that one origin made: its content, id and, where it has one, position."""
FILES_AT_ONCE = 500
"""Origins that are looked up together, and published together at most."""
SMALL_FILE_BYTES = 1 << 20
"""Size up to which origins are loaded together."""
TOLD = 20
"""Files that a message about several names at most."""


@dataclass(frozen=True)
class LoadResult:
    """What became of one origin; of one that was loaded before, the figures are those of that load.

    Attributes:
        file: Path or URL of the file; of other origins, their id.
        earlier: Loads of the same content by another mapping, or into another table, if there were any.
        publication_id: The publication; origins that were loaded together share it, `published` and `outcomes`.
    """

    load_id: str
    source: str
    target_table: str
    file: str
    already_loaded: bool
    rows_read: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    rows_written: int = 0
    bytes: int = 0
    content_sha256: str = ""
    days: tuple[date, ...] = ()
    publication_id: str = ""
    seconds: float = 0.0
    published: tuple[Published, ...] = ()
    outcomes: tuple[CheckOutcome, ...] = ()
    earlier: tuple[str, ...] = ()


class SomeFilesFailedError(IngestError):
    """Some of several files could not be loaded; the others were."""

    def __init__(self, errors: Mapping[str, Exception], results: Sequence[LoadResult]) -> None:
        """Keep what failed, by file, and what did not."""
        self.errors, self.results = dict(errors), list(results)
        told = [str(e) if isinstance(e, IngestError) else f"{shown_in_line(file)}: {e}" for file, e in errors.items()]
        if len(told) > TOLD:
            told = [*told[:TOLD], f"… and {len(told) - TOLD} more"]
        problem = "\n".join([f"{len(errors)} of {len(errors) + len(results)} files failed:", *told])
        Exception.__init__(self, problem)
        self.file, self.problem, self.hint, self.line, self.column = "", problem, "", None, None


class LoadedMeanwhileError(Exception):
    """Another load was faster with some of the origins, given by their ids; nothing was published."""

    def __init__(self, loads: Mapping[str, Earlier]) -> None:
        """Keep those loads."""
        super().__init__(f"already loaded as {', '.join(e.load_id for e in loads.values())}")
        self.loads = dict(loads)


def load(
    lake: Lake,
    files: Sequence[str | Path],
    source: Source | str,
    *,
    tenant: str | None = None,
    run_id: str | None = None,
    progress: Progress | None = None,
) -> list[LoadResult]:
    """Load files of one source into its bronze table; whatever is wrong with one of them stops no other.

    Args:
        lake: The lake.
        files: Paths, folders, globs or s3:// URLs.
        source: The source or its name.
        tenant: Tenant of the whole file, where the records do not say it.
        run_id: Identifier of the run, for the snapshots.
        progress: Called with file, bytes read and size.

    Returns:
        One result per file, in order; a file loaded before is reported with that load's id and figures.

    Raises:
        IngestError: the file cannot be loaded; nothing of it was published.
        AuditFailedError: the file's rows break the contract of their table; nothing of it was published.
        SomeFilesFailedError: one of these befell some of several files; the sound ones are loaded, and the error
            carries their results.
        SourceError: the source does not fit its table, or needs a tenant.
        WarehouseError: the disk is full, or cannot be written for another reason; the files before are loaded.
    """
    known = find_source(source) if isinstance(source, str) else source
    paths = expand(files)
    with Loader(lake, known, tenant, run_id or f"ingest-{uuid.uuid4().hex[:12]}", progress) as loader:
        loader.load_files(paths)
    if loader.errors and len(paths) == 1:
        raise loader.errors[paths[0]]
    results = [loader.results[path] for path in paths if path in loader.results]
    if loader.errors:
        raise SomeFilesFailedError({path: loader.errors[path] for path in paths if path in loader.errors}, results)
    return results


class Loader:
    """Loads origins of one source; `results` and `errors` say, by their ids, what became of each."""

    def __init__(
        self,
        lake: Lake,
        source: Source,
        tenant: str | None,
        run_id: str,
        progress: Progress | None = None,
        *,
        bound: bool = False,
    ) -> None:
        """Nothing is opened yet; `bound`: see `tenant_mapping`."""
        self._lake, self._source, self._tenant = lake, source, tenant
        self._run_id, self._progress = run_id, progress
        refuse_undecided(source, tenant)
        self._mapping = RecordMapping(
            source, target_contract(source), zone=lake.settings.time_zone, tenant=tenant, bound=bound
        )
        self._open = ExitStack()
        self._is_bound = False
        self._earlier = EarlierLoads()
        self._seen: int | None = None
        self.results: dict[str, LoadResult] = {}
        self.errors: dict[str, Exception] = {}

    def __enter__(self) -> Loader:
        """The engine is opened once there is something to load: to tell that nothing is needs none."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close it."""
        self._open.close()

    def load_files(self, paths: Sequence[str]) -> None:
        """Load files, some hundreds at a time.

        Raises:
            Exception: what would befall every other file, too; see faults.befalls_all.
        """
        for start in range(0, len(paths), FILES_AT_ONCE):
            self.load([f for p in paths[start : start + FILES_AT_ONCE] if (f := self._found(p))])

    def _found(self, path: str) -> FileOrigin | None:
        try:
            return FileOrigin(path, encoding=self._source.encoding, progress=self._progress)
        except Exception as error:
            self._refuse(path, error)
            return None

    def _refuse(self, origin_id: str, error: Exception, place: Place = NOWHERE) -> None:
        """Keep an error as that of an origin, unless it would befall every other, too."""
        if befalls_all(error):
            raise error
        self.errors[origin_id] = of_file(origin_id, error, line=place.line, column=place.column)

    def load(self, origins: Sequence[Origin]) -> None:
        """Load origins, each unless it was loaded before; `results` and `errors` say what became of them.

        Raises:
            SourceError: the engine refuses an expression of the source.
            Exception: what would befall every other origin, too; see faults.befalls_all.
        """
        table = loads_table(self._lake)
        self._seen = table.metadata.current_snapshot_id if table is not None else None
        sizes = {o.size for o in origins if o.position is None}
        self._earlier = earlier_loads(table, self._source, self._tenant, origins, bytes=sizes)
        fresh, repeats = self._unknown(origins)
        if fresh:
            self._bind()
        group: list[Origin] = []
        for origin in fresh:
            if origin.size <= SMALL_FILE_BYTES:
                group.append(origin)
                continue
            self._load_together(group)
            self._load_alone(origin)
            group = []
        self._load_together(group)
        for origin, first in repeats:
            self._repeat(origin.id, first)

    def _unknown(self, origins: Sequence[Origin]) -> tuple[list[Origin], list[tuple[Origin, str]]]:
        """Origins that are to be loaded, and those that repeat one of them, with its id.

        Only those without a position that have the size of another are hashed before they are read.
        """
        sizes = Counter(o.size for o in origins) + Counter({e.bytes for e in self._earlier.loads})
        fresh: list[Origin] = []
        repeats: list[tuple[Origin, str]] = []
        first: dict[str, str] = {}
        for origin in origins:
            try:
                looked_up = origin.position is not None or sizes[origin.size] > 1
                same = self._earlier.same(origin, self._source) if looked_up else None
                known_by = (origin.content_sha256 if looked_up else "") if origin.position is None else origin.id
            except Exception as error:
                self._refuse(origin.id, error)
                continue
            if same:
                self.results[origin.id] = self._known(origin, same)
            elif known_by and first.setdefault(known_by, origin.id) != origin.id:
                repeats.append((origin, first[known_by]))
            else:
                fresh.append(origin)
        return fresh, repeats

    def _known(self, origin: Origin, earlier: Earlier) -> LoadResult:
        days = {day for day in (earlier.first_day, earlier.last_day) if day}
        return LoadResult(
            earlier.load_id, self._source.name, earlier.target_table, origin.id, True, rows_read=earlier.rows_read,
            rows_loaded=earlier.rows_loaded, rows_quarantined=earlier.rows_quarantined, bytes=origin.size,
            content_sha256=earlier.content_sha256, days=tuple(sorted(days)),
        )  # fmt: skip

    def _repeat(self, origin_id: str, first: str) -> None:
        """Tell of an origin that has the content of another of this load."""
        if same := self.results.get(first):
            again = replace(same, file=origin_id, already_loaded=True, published=(), outcomes=(), earlier=())
            self.results[origin_id] = again
        else:
            problem = f"it has the content of {first}, which could not be loaded"
            self.errors[origin_id] = IngestError(origin_id, problem)

    def _load_alone(self, origin: Origin) -> None:
        try:
            self._publish(Alone(origin, self._mapping, self._lake.settings.scratch_dir))
        except LoadedMeanwhileError as error:
            self.results[origin.id] = self._known(origin, error.loads[origin.id])
        except (duckdb.FatalException, duckdb.InternalException) as error:
            self._reopen()
            self._refuse(origin.id, error)
        except Exception as error:
            self._refuse(origin.id, error)

    def _load_together(self, origins: Sequence[Origin]) -> None:
        """Load small origins, as many at once as fit; one by one where the engine gave up on them."""
        waiting = list(origins)
        while waiting:
            if len(waiting) == 1:
                self._load_alone(waiting.pop())
                return
            together = Together(self._con, self._mapping)
            group = Group(together, self._mapping, self._lake.settings.scratch_dir)
            try:
                taken = self._read(group, waiting)
                self._publish_parts(group)
                group.close()
            except (duckdb.FatalException, duckdb.InternalException):
                self._reopen()
                taken = len(waiting)
                for origin in waiting:
                    if origin.id not in self.results and origin.id not in self.errors:
                        self._load_alone(origin)
            del waiting[:taken]

    def _read(self, group: Group, origins: Sequence[Origin]) -> int:
        """Read origins into a group until it is full; gives how many were taken, the refused among them."""
        for number, origin in enumerate(origins):
            if group.full:
                return number
            try:
                group.add(origin)
            except (duckdb.FatalException, duckdb.InternalException):
                raise
            except Exception as error:
                self._refuse(origin.id, error)
        return len(origins)

    def _publish_parts(self, group: Group) -> None:
        """Publish a group, or where that fails its halves, so that only the guilty are refused."""
        if not group.origins:
            return
        try:
            self._publish(group)
        except LoadedMeanwhileError as error:
            for origin in group.origins:
                if origin.id in error.loads:
                    self.results[origin.id] = self._known(origin, error.loads[origin.id])
            self._publish_parts(group.part([o.id not in error.loads for o in group.origins]))
        except (duckdb.FatalException, duckdb.InternalException):
            raise
        except Exception as error:
            if len(group.origins) == 1 or befalls_all(error):
                place = NOWHERE if befalls_all(error) else group.place_of(self._con, error)
                self._refuse(group.origins[0].id, error, place)
                return
            early = [i < len(group.origins) // 2 for i in range(len(group.origins))]
            self._publish_parts(group.part(early))
            self._publish_parts(group.part([not e for e in early]))

    def _bind(self) -> None:
        """Open the engine, and let it bind the source's expressions before anything is read; done once."""
        if not self._is_bound:
            self._reopen()
            check_mapping(self._con, self._mapping)
            self._is_bound = True

    def _reopen(self) -> None:
        """A new engine in the place of one that gave up."""
        self._open.close()
        self._con = self._open.enter_context(engine_for(self._lake.settings, self._source))

    def _publish(self, batch: Batch) -> None:
        """Make the rows, the quarantined records and the notes of a batch visible at once."""
        started = time.monotonic()
        with writing(batch.origins[0].id):
            marks = stamps(loads_table(self._lake), len(batch.origins))
            properties = {LOAD_ID: marks[0].load_id} if len(marks) == 1 else {}
            with begin(self._lake, run_id=self._run_id, properties=properties) as publication:
                results = self._filled(publication, batch, marks)
        seconds = time.monotonic() - started
        self.results |= {r.file: replace(r, seconds=seconds) for r in results}
        written = (self._mapping.contract, LOADS, QUARANTINE)
        tend_published(self._lake, written, results[0].published, run_id=self._run_id)

    def _filled(self, publication: Publication, batch: Batch, marks: Sequence[Stamp]) -> list[LoadResult]:
        con, mapping = self._con, self._mapping
        publication.bytes_read = sum(o.size for o in batch.origins)
        with batch.errors():
            written = write_rows(publication, con, mapping, batch.relation(con, marks))
        parts = by_load(con, mapping, written, [m.load_id for m in marks])
        origins = batch.origins
        properties = _properties(origins[0]) if len(origins) == 1 else {}
        publication.adopt(mapping.contract, written.files, Append(), properties, rows=written.rows)
        if written.rejected:
            headers = {m.load_id: header for m, header in zip(marks, batch.headers, strict=True)}
            stage_rejects(publication, con, mapping, written, headers=headers, tenant=self._tenant)
        notes = [
            Note(
                mark, self._source, origin.id, origin.content_sha256, origin.size, self._tenant, count,
                count - parts[mark.load_id].rejected, parts[mark.load_id].rejected, parts[mark.load_id].days,
            )
            for mark, origin, count in zip(marks, origins, batch.counts, strict=True)
        ]  # fmt: skip
        stage_notes(publication, con, notes, properties)
        publication.audit(con)
        published = publication.publish(lambda tables: self._refuse_loaded(tables, origins))
        return [
            self._result(origin, note, parts[note.stamp.load_id].rows, publication, published)
            for origin, note in zip(origins, notes, strict=True)
        ]

    def _result(
        self, origin: Origin, note: Note, rows: int, publication: Publication, published: Sequence[Published]
    ) -> LoadResult:
        return LoadResult(
            load_id=note.stamp.load_id, source=self._source.name, target_table=self._source.target, file=note.file,
            already_loaded=False, rows_read=note.read, rows_loaded=note.loaded, rows_quarantined=note.quarantined,
            rows_written=rows, bytes=note.size, content_sha256=note.content_sha256, days=note.days,
            publication_id=publication.id, published=tuple(published), outcomes=tuple(publication.outcomes),
            earlier=tuple(e.load_id for e in self._earlier.of(origin)),
        )  # fmt: skip

    def _refuse_loaded(self, tables: Mapping[str, Table], origins: Sequence[Origin]) -> None:
        """Stop where another load was faster with the same origin since earlier loads were looked up."""
        table = tables.get(LOADS.identifier)
        if table is None or table.metadata.current_snapshot_id == self._seen:
            return
        contents = {o.content_sha256 for o in origins if o.position is None}
        found = earlier_loads(table, self._source, self._tenant, origins, content_sha256=contents)
        if same := {o.id: e for o in origins if (e := found.same(o, self._source))}:
            raise LoadedMeanwhileError(same)


def _properties(origin: Origin) -> dict[str, str]:
    """What snapshots say of the only origin of a publication."""
    position = {POSITION: origin.position} if origin.position is not None else {}
    return {CONTENT_HASH: origin.content_sha256, SOURCE_FILE: origin.id, **position}
