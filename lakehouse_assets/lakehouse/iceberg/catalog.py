"""The Iceberg catalog of the local profile: PyIceberg's SQL catalog, able to commit several tables at once.

Belongs here: loading, creating and atomically committing tables.
Does not belong here: what is committed and when (publish), or reading rows (engines).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.table import Table, TableProperties, Transaction
from sqlalchemy import and_, event, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session as SqlSession

from lakehouse_assets.lakehouse.contract import LAYERS, Contract
from lakehouse_assets.lakehouse.iceberg._internals import changes_of, file_io, stage, table_of, write_metadata
from lakehouse_assets.lakehouse.iceberg.locations import HomeWarehouse, OutsideWarehouseError, file_uri, local_path, own
from lakehouse_assets.lakehouse.iceberg.metadata_cache import read_metadata
from lakehouse_assets.lakehouse.iceberg.properties import DAYS_OF_UTC
from lakehouse_assets.lockfile import one_process_at_a_time
from lakehouse_assets.private import make_database, make_folder

if TYPE_CHECKING:
    from pyiceberg.io import FileIO
    from pyiceberg.typedef import Identifier
    from sqlalchemy import ColumnElement

    from lakehouse_assets.settings import Settings

NAME = "asklake"
"""Under which the catalog's database keeps its tables."""
FILE_IO = "lakehouse_assets.lakehouse.iceberg.file_io.LakeFileIO"
BUSY_TIMEOUT_MS = 30_000
TABLE_PROPERTIES = {
    "format-version": "2",
    TableProperties.PARQUET_COMPRESSION: "zstd",
    TableProperties.METADATA_PREVIOUS_VERSIONS_MAX: "20",
    # Parquet written by the engine carries no field ids, so only the name mapping can be relied on; statistics of
    # wide text columns would only bloat the manifests.
    TableProperties.DEFAULT_WRITE_METRICS_MODE: "truncate(16)",
}


class LakeTransaction(Transaction):
    """PyIceberg's transaction, which copies all metadata each time it is looked at: here once a change.

    The copy is as long as the list of snapshots, and a commit looks some twenty times.
    """

    _known: tuple[int, Any] | None = None

    @property
    def changed(self) -> bool:
        """Whether there is anything to commit."""
        return bool(changes_of(self))

    @property
    def io(self) -> FileIO:
        """What reads and writes the files of the table."""
        return table_of(self).io

    @property
    def table_metadata(self) -> Any:
        """The metadata as the updates so far make it."""
        if not (changes := changes_of(self)):
            return table_of(self).metadata
        if self._known is None or self._known[0] != changes:
            self._known = (changes, super().table_metadata)
        return self._known[1]


class LakeCatalog(SqlCatalog):
    """PyIceberg's SQL catalog whose `commit_all` makes changes of several tables visible in one SQL transaction.

    Every location in it has to lie in the warehouse of its home.
    """

    def __init__(self, name: str, home: Path, **properties: str) -> None:
        """Open the database; nothing is read yet."""
        super().__init__(name, **properties)
        self._warehouse = HomeWarehouse(home)
        # Each question asks this: the statement is put together once, and the ORM has no part in it.
        self._heads = select(
            IcebergTables.table_namespace, IcebergTables.table_name, IcebergTables.metadata_location
        ).where(IcebergTables.catalog_name == self.name)

    def heads(self) -> dict[str, str]:
        """Identifier to metadata location of every table, as of one moment.

        Raises:
            OutsideWarehouseError: a table lies elsewhere.
        """
        found = self.stored_heads()
        for identifier, location in found.items():
            own(self._warehouse, identifier, (location,))
        return found

    def stored_heads(self) -> dict[str, str]:
        """What `heads` gives, wherever it lies."""
        with self.engine.connect() as con:
            return {f"{ns}.{name}": location for ns, name, location in con.execute(self._heads) if location}

    def load_table(self, identifier: str | Identifier) -> Table:
        """The table as of now; see `Catalog.load_table`. Its metadata file is read unless it was read before.

        Raises:
            NoSuchTableError: there is no such table.
            OutsideWarehouseError: it lies elsewhere.
        """
        name = Catalog.identifier_to_tuple(identifier)
        with SqlSession(self.engine) as session:
            location = session.scalar(select(IcebergTables.metadata_location).where(self._is(name)))
        if not location:
            raise NoSuchTableError(f"Table does not exist: {'.'.join(name)}")
        own(self._warehouse, ".".join(name), (location,))
        metadata = read_metadata(location)
        snapshot = metadata.current_snapshot()
        own(self._warehouse, ".".join(name), (metadata.location, *([snapshot.manifest_list] if snapshot else ())))
        return Table(name, metadata, location, file_io(self, metadata.properties, location), self)

    def commit_all(self, transactions: Sequence[Transaction]) -> list[Table]:
        """Commit every transaction, or none.

        Each table's new metadata file is written first; then all pointers move in one SQL transaction that
        compares each with the metadata the change was made on.

        Raises:
            CommitFailedException: a table has moved since its transaction was opened; nothing was committed.
            CatalogUnwritableError: the catalog's database cannot be written; nothing was committed.
            OSError: the metadata cannot be written; nothing was committed.
        """
        staged = [(table_of(t), stage(self, t)) for t in transactions]
        try:
            for _, new in staged:
                write_metadata(self, new)
            with SqlSession(self.engine) as session:
                for old, new in staged:
                    self._move_pointer(session, old, new.metadata_location)
                session.commit()
        except OperationalError as error:
            _delete_quietly(new.metadata_location for _, new in staged)
            raise CatalogUnwritableError(self.engine.url.database, error) from error
        except (CommitFailedException, OSError):
            _delete_quietly(new.metadata_location for _, new in staged)
            raise
        return [self.load_table(old.name()) for old, _ in staged]

    def _is(self, identifier: Identifier) -> ColumnElement[bool]:
        """Whether a row of the catalog is that of a table."""
        return and_(
            IcebergTables.catalog_name == self.name,
            IcebergTables.table_namespace == Catalog.namespace_to_string(Catalog.namespace_from(identifier)),
            IcebergTables.table_name == Catalog.table_name_from(identifier),
        )

    def _move_pointer(self, session: SqlSession, table: Table, location: str) -> None:
        identifier = table.name()
        moved = session.execute(
            update(IcebergTables)
            .where(self._is(identifier), IcebergTables.metadata_location == table.metadata_location)
            .values(metadata_location=location, previous_metadata_location=table.metadata_location)
        )
        if moved.rowcount != 1:  # pyright: ignore[reportAttributeAccessIssue]
            raise CommitFailedException(f"{'.'.join(identifier)} was changed by another writer")

    def repoint(self, session: SqlSession, identifier: str, location: str) -> None:
        """Say where the metadata of a table lies; what was before it is forgotten."""
        session.execute(
            update(IcebergTables)
            .where(self._is(Catalog.identifier_to_tuple(identifier)))
            .values(metadata_location=location, previous_metadata_location=None)
        )

    def ensure(self, contract: Contract, location: str) -> Table:
        """The table of a contract, created empty where it does not exist yet.

        Raises:
            CatalogUnwritableError: it does not exist, and the catalog's database cannot be written.
        """
        try:
            return ensure_table(self, contract, location)
        except OperationalError as error:
            raise CatalogUnwritableError(self.engine.url.database, error) from error


def ensure_table(catalog: Catalog, contract: Contract, location: str) -> Table:
    """The table of a contract in a catalog, created empty where it does not exist yet."""
    try:
        return catalog.load_table(contract.identifier)
    except NoSuchTableError:
        return _create(catalog, contract, location)


def _create(catalog: Catalog, contract: Contract, location: str) -> Table:
    schema = contract.iceberg_schema()
    try:
        return catalog.create_table(
            contract.identifier,
            schema,
            location=location,
            partition_spec=contract.iceberg_spec(schema),
            properties={
                **TABLE_PROPERTIES,
                TableProperties.DEFAULT_NAME_MAPPING: schema.name_mapping.model_dump_json(),
                "comment": contract.description,
                "owner": contract.owner,
                **({DAYS_OF_UTC: "true"} if contract.days_of_utc else {}),
            },
        )
    except TableAlreadyExistsError:
        return catalog.load_table(contract.identifier)


class CatalogUnwritableError(OSError):
    """The catalog's database cannot be written: the disk is full, or may not be written to."""

    def __init__(self, database: str | None, error: OperationalError) -> None:
        """Say which database, in the words of SQLite."""
        super().__init__(f"the catalog {database} cannot be written: {error.orig}")


def open_catalog(settings: Settings) -> LakeCatalog:
    """Open the catalog of the profile, creating its database and namespaces on first use.

    Raises:
        OSError: the data folder cannot be created or written.
        OutsideWarehouseError: the tables lie elsewhere, for the home was moved or is a copy.
    """
    make_folder(settings.warehouse)
    # SQLAlchemy creates what it finds missing, in two steps.
    with home_lock(settings):
        if relocating_mark(settings).exists():
            raise OutsideWarehouseError(
                f"this home, {settings.home}, is not its own yet: `asklake relocate` was interrupted; run it again"
            )
        make_database(settings.catalog_file)
        catalog = opened(settings)
        catalog.heads()
        known = {".".join(ns) for ns in catalog.list_namespaces()}
        for layer in LAYERS:
            if layer not in known:
                _create_namespace(catalog, layer)
    return catalog


def opened(settings: Settings) -> LakeCatalog:
    """The catalog as it is, whatever is in it; for who holds the home's lock."""
    catalog = LakeCatalog(
        NAME, settings.home, uri=settings.catalog_uri, warehouse=file_uri(settings.warehouse),
        **{"py-io-impl": FILE_IO},
    )  # fmt: skip
    event.listen(catalog.engine, "connect", _configure_sqlite)
    catalog.engine.dispose()
    return catalog


def home_lock(settings: Settings) -> AbstractContextManager[None]:
    """Held by one process at a time, while it changes more than the tables of a home."""
    return one_process_at_a_time(settings.home.absolute() / "catalog.lock")


def relocating_mark(settings: Settings) -> Path:
    """A file that is there while the home is being made its own."""
    return settings.home.absolute() / "relocating"


def _configure_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"pragma busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("pragma journal_mode = wal")
    cursor.execute("pragma synchronous = full")
    cursor.close()


def _create_namespace(catalog: LakeCatalog, layer: str) -> None:
    try:
        catalog.create_namespace(layer)
    except (NamespaceAlreadyExistsError, IntegrityError):
        return


def _delete_quietly(locations: Iterable[str]) -> None:
    """Remove what no reader was shown; where that fails too, maintenance does it later."""
    for location in locations:
        with suppress(OSError):
            if path := local_path(location):
                path.unlink(missing_ok=True)


def require_local(catalog: object) -> LakeCatalog:
    """A catalog as the one of a folder that can be written.

    Raises:
        TypeError: it is another, such as that of a moment.
    """
    if not isinstance(catalog, LakeCatalog):
        raise TypeError(f"{type(catalog).__name__} cannot be written: only the newest state of a folder can")
    return catalog
