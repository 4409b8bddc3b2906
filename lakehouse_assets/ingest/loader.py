"""Loading files: one publication per file, of its rows, its quarantined records and the note that it was loaded.

Belongs here: the order of a load, and that a file is loaded once.
Does not belong here: reading (records), SQL of a mapping (mapping), replaying (quarantine).
"""

from __future__ import annotations

import hashlib
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from lakehouse_assets.ingest.batches import KEPT_TEXT
from lakehouse_assets.ingest.contracts import LOADS, QUARANTINE
from lakehouse_assets.ingest.errors import IngestError, SomeFilesFailedError, SourceError
from lakehouse_assets.ingest.mapping import RecordMapping
from lakehouse_assets.ingest.records import Records, open_records
from lakehouse_assets.ingest.sources import Source, find_source
from lakehouse_assets.ingest.streams import S3_VARIABLES, InputFile, Progress, expand
from lakehouse_assets.lakehouse.contract import Contract, literal, quoted
from lakehouse_assets.lakehouse.duckdb import connect, parquet_files, parquet_options
from lakehouse_assets.lakehouse.lookup import find
from lakehouse_assets.lakehouse.publication import Append, AuditFailedError, Publication, Published

if TYPE_CHECKING:
    from pyiceberg.table import Table

    from lakehouse_assets.lakehouse.audit import CheckOutcome
    from lakehouse_assets.lakehouse.lake import Lake

CONTENT_HASH = "asklake.content-sha256"
LOAD_ID = "asklake.load-id"
FLUSH_ROWS = 100_000
"""Rows a thread gathers before it writes them to their partitions; bounds its memory."""


@dataclass(frozen=True)
class LoadResult:
    """What became of one file."""

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


class AlreadyLoadedError(Exception):
    """The same content was loaded before, with the same source and tenant."""

    def __init__(self, load_id: str) -> None:
        """Keep the earlier load."""
        super().__init__(f"already loaded as {load_id}")
        self.load_id = load_id


@dataclass
class Written:
    """What the statement of a load wrote."""

    files: list[Path] = field(default_factory=list)
    rejects: list[Path] = field(default_factory=list)
    rows: int = 0
    rejected: int = 0
    days: set[date] = field(default_factory=set)


def load(
    lake: Lake,
    files: Sequence[str | Path],
    source: Source | str,
    *,
    tenant: str | None = None,
    run_id: str | None = None,
    progress: Progress | None = None,
) -> list[LoadResult]:
    """Load files of one source into its bronze table, each file by a publication of its own.

    Args:
        lake: The lake.
        files: Paths, folders, globs or s3:// URLs.
        source: The source or its name.
        tenant: Tenant of the whole file, where the records do not say it.
        run_id: Identifier of the run, for the snapshots.
        progress: Called with file, bytes read and size.

    Returns:
        One result per file, in order; a file loaded before is reported with that load's id.

    Raises:
        IngestError: the file cannot be read; nothing of it was published.
        AuditFailedError: the file's rows break the contract of their table; nothing of it was published.
        SomeFilesFailedError: one of these befell some of several files; the sound ones are loaded, and the error
            carries their results.
        SourceError: the source does not fit its table, or needs a tenant.
    """
    known = find_source(source) if isinstance(source, str) else source
    paths = expand(files)
    results: list[LoadResult] = []
    errors: dict[str, Exception] = {}
    with engine_for(lake.settings, known) as con:
        loader = Loader(lake, con, known, tenant, run_id or f"ingest-{uuid.uuid4().hex[:12]}", progress)
        for path in paths:
            try:
                results.append(loader.load(path))
            except (IngestError, AuditFailedError) as error:
                errors[path] = error
    if errors and len(paths) == 1:
        raise errors[paths[0]]
    if errors:
        raise SomeFilesFailedError(errors, results)
    return results


class Loader:
    """Loads files of one source."""

    def __init__(
        self,
        lake: Lake,
        con: duckdb.DuckDBPyConnection,
        source: Source,
        tenant: str | None,
        run_id: str,
        progress: Progress | None = None,
    ) -> None:
        """Nothing is opened yet."""
        self._lake, self._con, self._source = lake, con, source
        self._tenant, self._run_id, self._progress = tenant, run_id, progress
        self._contract = target_contract(source)
        self._checked = False

    def load(self, path: str) -> LoadResult:
        """Load one file; see `load`."""
        started = time.monotonic()
        file = InputFile(path, encoding=self._source.encoding, progress=self._progress)
        try:
            self._refuse_known_content(file)
            result = self._load_new(file)
        except AlreadyLoadedError as known:
            result = LoadResult(
                known.load_id, self._source.name, self._source.target, path, True,
                bytes=file.size, content_sha256=file.sha256,
            )  # fmt: skip
        return LoadResult(**{**result.__dict__, "seconds": time.monotonic() - started})

    def _refuse_known_content(self, file: InputFile) -> None:
        """Spare the work of a file that was loaded before; hash it first only if one of its size was."""
        from pyiceberg.exceptions import NoSuchTableError

        try:
            table = self._lake.catalog.load_table(LOADS.identifier)
        except NoSuchTableError:
            return
        if find_loads(table, self._source.name, bytes=file.size):
            self._refuse_loaded(table, file)

    def _refuse_loaded(self, table: Table | None, file: InputFile) -> None:
        if table is None:
            return
        for earlier in find_loads(table, self._source.name, bytes=file.size, content_sha256=file.sha256):
            if earlier["tenant_id"] == self._tenant:
                raise AlreadyLoadedError(earlier["load_id"])

    def _load_new(self, file: InputFile) -> LoadResult:
        now = datetime.now(UTC).replace(tzinfo=None)
        load_id = f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:12]}"
        mapping = RecordMapping(
            self._source, self._contract, load_id=load_id, loaded_at=now.isoformat(sep=" "), tenant=self._tenant
        )
        if not self._checked:
            check_mapping(self._con, mapping)
            self._checked = True
        records = open_records(file, self._source, mapping, self._lake.settings.scratch_dir)
        with writing(file.path):
            publication = Publication.begin(self._lake, run_id=self._run_id, properties={LOAD_ID: load_id})
            try:
                return self._publish(publication, self._con, file, mapping, records)
            except BaseException:
                publication.abandon()
                raise

    def _publish(
        self,
        publication: Publication,
        con: duckdb.DuckDBPyConnection,
        file: InputFile,
        mapping: RecordMapping,
        records: Records,
    ) -> LoadResult:
        publication.bytes_read = file.size
        written = write_rows(publication, con, mapping, records)
        properties = {CONTENT_HASH: file.sha256, "asklake.source-file": file.path}
        publication.adopt(self._contract, written.files, Append(), properties, rows=written.rows)
        if written.rejected:
            stage_rejects(publication, con, mapping, written, header=records.header, tenant=self._tenant)
        note = LoadNote(
            mapping, file.path, file.sha256, file.size, self._tenant, records.count,
            records.count - written.rejected, written.rejected, tuple(sorted(written.days)),
        )  # fmt: skip
        publication.stage(LOADS, note.sql(publication.id), con, Append(), properties)
        published = audit_and_publish(
            publication, con, lambda tables: self._refuse_loaded(tables.get(LOADS.identifier), file)
        )
        return LoadResult(
            load_id=mapping.load_id, source=self._source.name, target_table=self._source.target, file=file.path,
            already_loaded=False, rows_read=note.read, rows_loaded=note.loaded, rows_quarantined=note.quarantined,
            rows_written=written.rows, bytes=file.size, content_sha256=file.sha256, days=note.days,
            publication_id=publication.id, published=tuple(published), outcomes=tuple(publication.outcomes),
        )  # fmt: skip


@dataclass(frozen=True)
class LoadNote:
    """A row of bronze.loads."""

    mapping: RecordMapping
    file: str
    sha256: str
    size: int
    tenant: str | None
    read: int
    loaded: int
    quarantined: int
    days: tuple[date, ...]

    def sql(self, publication_id: str) -> str:
        """The row as a query."""
        values = {
            "load_id": self.mapping.load_id, "source": self.mapping.source.name,
            "target_table": self.mapping.contract.identifier, "source_file": self.file,
            "content_sha256": self.sha256, "tenant_id": self.tenant, "bytes": self.size, "rows_read": self.read,
            "rows_loaded": self.loaded, "rows_quarantined": self.quarantined,
            "first_day": str(self.days[0]) if self.days else None,
            "last_day": str(self.days[-1]) if self.days else None,
            "loaded_at": self.mapping.loaded_at, "publication_id": publication_id,
        }  # fmt: skip
        return "select " + ", ".join(f"{'null' if v is None else literal(v)} as {quoted(k)}" for k, v in values.items())


def target_contract(source: Source) -> Contract:
    """Contract of the table a source fills.

    Raises:
        SourceError: no domain has such a table.
    """
    from lakehouse_assets.domains import contract_of

    try:
        return contract_of(source.target)
    except LookupError as error:
        raise SourceError(f"{source.origin or 'source'}: source '{source.name}': field 'target': {error}") from error


@contextmanager
def engine_for(settings: Any, source: Source) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads times without an offset as local times of the source.

    It is closed explicitly: one left to the garbage collector would wait for its threads while holding the
    interpreter's lock, which they may need to give back a batch of records.
    """
    con = connect(settings, iceberg=False)
    try:
        con.execute(f"set timezone = {literal(source.time_zone)}")
        con.execute(f"set partitioned_write_flush_threshold = {FLUSH_ROWS}")
        yield con
    finally:
        con.close()


@contextmanager
def writing(file: str) -> Iterator[None]:
    """Say in words what the operating system or the engine says about a full or read-only disk."""
    try:
        yield
    except (duckdb.IOException, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        way_out = f"put {S3_VARIABLES} right" if "AWS Error" in reason else "make room or restore access"
        raise IngestError(
            file, f"writing to the warehouse failed: {reason}",
            hint=f"Nothing was published; {way_out}, then load the file again.",
        ) from error  # fmt: skip


def check_mapping(con: duckdb.DuckDBPyConnection, mapping: RecordMapping) -> None:
    """Let the engine bind the source's expressions before anything is read.

    Raises:
        SourceError: an expression uses an unknown function, or types that do not go together.
    """
    try:
        con.execute("explain " + mapping.rows(mapping.empty_records()))
    except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
        text = str(error).splitlines()[0]
        where = mapping.blame(lambda sql: _binds(con, sql))
        origin = mapping.source.origin or "source"
        raise SourceError(f"{origin}: source '{mapping.source.name}'{where}: {text}") from error


def _binds(con: duckdb.DuckDBPyConnection, sql: str) -> bool:
    try:
        con.execute("explain " + sql)
    except duckdb.Error:
        return False
    return True


def write_rows(
    publication: Publication, con: duckdb.DuckDBPyConnection, mapping: RecordMapping, records: Records
) -> Written:
    """Read all records once and write the good ones to the target's staging folder, the others beside them."""
    contract = mapping.contract
    folder = publication.data_dir(contract)
    keys = ["_rejected", *(f"_{p.name}" for p in contract.partitions)]
    rows = mapping.rows(records.relation(con))
    with records.errors():
        # The engine could also return statistics, but gathering them for wide texts costs a tenth of the load.
        total, names = con.execute(
            f"copy ({rows}) to {literal(str(folder))} ({parquet_options(publication.bytes_read)}, "
            f"partition_by ({', '.join(map(quoted, keys))}), "
            "filename_pattern 'part-{uuid}', overwrite_or_ignore true, return_files true)"
        ).fetchall()[0]
    return _sorted_out(con, [Path(n) for n in names or ()], total, contract)


def _sorted_out(con: duckdb.DuckDBPyConnection, files: Sequence[Path], total: int, contract: Contract) -> Written:
    """Tell apart the files of good and of rejected rows by the folders the engine put them in."""
    written = Written()
    day_key = next((f"_{p.name}" for p in contract.partitions if p.transform == "day"), None)
    for file in files:
        folders = dict(part.split("=", 1) for part in file.parts if "=" in part)
        if folders["_rejected"] == "true":
            written.rejects.append(file)
            continue
        written.files.append(file)
        if day_key:
            written.days.add(date.fromisoformat(folders[day_key]))
    if written.rejects:
        counted = con.execute(f"select count(*) from {parquet_files(written.rejects)}").fetchall()
        written.rejected = int(counted[0][0])
    written.rows = total - written.rejected
    return written


def stage_rejects(
    publication: Publication,
    con: duckdb.DuckDBPyConnection,
    mapping: RecordMapping,
    written: Written,
    *,
    header: str | None,
    tenant: str | None,
) -> None:
    """Explain the rejected records, stage them for quarantine, and remove the files that carried them."""
    con.execute(f"create or replace temp table explained as {explained(mapping, written)}")
    rest = {"header": header, "tenant_id": tenant, "load_id": mapping.load_id, "source": mapping.source.name,
            "target_table": mapping.contract.identifier}  # fmt: skip
    constants = ", ".join(f"{'null' if v is None else literal(v)} as {k}" for k, v in rest.items())
    publication.stage(
        QUARANTINE,
        f"select md5({literal(mapping.load_id)} || '/' || source_row) as quarantine_id, {constants}, source_file, "
        "line, source_row, column_name, "
        "case when cut then concat(reason, '; only the beginning of the record is kept') else reason end as reason, "
        f"case when cut then left(raw_text, {KEPT_TEXT // 4}) else raw_text end as raw_text, "
        "case when cut then 'cut' else coalesce(form, 'record') end as form, occurrence, "
        f"timestamp {literal(mapping.loaded_at)} as loaded_at "
        f"from (select *, strlen(raw_text) > {KEPT_TEXT} and coalesce(form, '') <> 'cut' as cut from explained)",
        con,
        Append(),
    )
    for folder in {file.parents[len(mapping.contract.partitions)] for file in written.rejects}:
        shutil.rmtree(folder)


def explained(mapping: RecordMapping, written: Written) -> str:
    """Query for the rejected records with their reasons."""
    return mapping.rejects(parquet_files(written.rejects))


def audit_and_publish(
    publication: Publication,
    con: duckdb.DuckDBPyConnection,
    precondition: Callable[[Mapping[str, Table]], None] | None,
) -> list[Published]:
    """Audit on the load's own connection, then publish."""
    publication.audit(con)
    return publication.publish(precondition)


def find_loads(table: Table, source: str, **equals: Any) -> list[dict[str, Any]]:
    """Loads of a source with these values, in the newest state of bronze.loads."""
    from pyiceberg.expressions import And, EqualTo

    predicate: Any = EqualTo("source", source)  # pyright: ignore[reportCallIssue]
    for name, value in equals.items():
        predicate = And(predicate, EqualTo(name, value))  # pyright: ignore[reportCallIssue]
    return find(table, predicate, ("load_id", "tenant_id")).to_pylist()


def content_hash(parts: Sequence[str]) -> str:
    """SHA-256 of texts, for loads that are of no file."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
