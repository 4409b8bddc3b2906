"""The door into Dagster: every use of what it does not call public, each with the reason.

Belongs here: names for those members, and hooks in place of them. Does not belong here: how events are written
(event_log), which storage a profile has (storage), what stands before the webserver (dagit.server).

`tests/automation/test_internals.py` tells what moved when Dagster is upgraded.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import dagster as dg
import sqlalchemy as db
from dagster import EventLogEntry
from dagster._core.definitions.definitions_load_context import DefinitionsLoadContext, DefinitionsLoadType
from dagster._core.definitions.repository_definition.valid_definitions import SINGLETON_REPOSITORY_NAME
from dagster._core.event_api import EventHandlerFn
from dagster._core.events import ASSET_CHECK_EVENTS
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.event_log.polling_event_watcher import SqlPollingEventWatcher
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from dagster._core.storage.sqlite import create_db_conn_string
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._serdes import ConfigurableClassData, serialize_value

if TYPE_CHECKING:
    from starlette.types import ASGIApp

# dagster.yaml names a storage and a log manager by their classes; those to build them on have no public address.
__all__ = [
    "ASSET_CHECK_EVENTS",
    "INDEX_SHARD_NAME",
    "ConfigurableClassData",
    "DagsterStorage",
    "EventHandlerFn",
    "LocalComputeLogManager",
    "OpenEventLog",
    "OpenSqliteStorage",
    "SqlEventLogStorageTable",
    "SqlPollingEventWatcher",
    "event_log_folder",
    "executable_keys",
    "is_first_load",
    "of_code_location",
    "webserver",
]


class OpenEventLog(SqliteEventLogStorage):
    """Dagster's event log on SQLite, whose connections a subclass makes.

    Dagster's makes an engine and a connection for each statement, and stores each event by itself: 25 ms an event.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Open the log."""
        super().__init__(base_dir, inst_data)
        self._db_lock = RLock()

    @abstractmethod
    def connect(self, shard: str) -> AbstractContextManager[db.Connection]:
        """A connection to the database of a run or of the index, in a transaction."""

    @property
    def lock(self) -> Any:
        """Held while a connection is used; the thread that holds it may take it again."""
        return self._db_lock

    def prepare(self, shard: str, engine: db.Engine) -> None:
        """Make the tables of a database, once."""
        if shard not in self._initialized_dbs:
            self._initdb(engine)
            self._initialized_dbs.add(shard)

    def row_of(self, event: EventLogEntry) -> dict[str, Any]:
        """An event as a row of the table of events."""
        return self._event_to_row(event)

    def index_tags(self, conn: db.Connection, events: Sequence[EventLogEntry], ids: Sequence[int]) -> None:
        """Note the tags of events of assets."""
        self._store_asset_event_tags(conn, events, ids)

    def index_asset(self, conn: db.Connection, event: EventLogEntry, event_id: int) -> None:
        """Note the newest event of an asset."""
        self._store_asset_event(conn, event, event_id)

    def _connect(self, shard: str) -> Any:
        return self.connect(shard)

    def _store_asset_check_evaluation_planned(self, event: EventLogEntry, event_id: int | None) -> None:
        """Plan a check once per run.

        Dagster plans a check without partitions once per partition of a run over a range, finds none of these rows
        when the result comes, and leaves them planned for ever: of a step of 100 checks and 31 days, 3,100 rows and two
        thirds of the time.
        """
        planned = event.get_dagster_event().asset_check_planned_data
        with self.index_connection() as conn:
            conn.execute(
                AssetCheckExecutionsTable.insert().values(
                    asset_key=planned.asset_key.to_string(),
                    check_name=planned.check_name,
                    run_id=event.run_id,
                    execution_status=AssetCheckExecutionRecordStatus.PLANNED.value,
                    evaluation_event=serialize_value(event),
                    evaluation_event_timestamp=self._event_insert_timestamp(event),
                    evaluation_event_storage_id=event_id,
                )
            )


class OpenSqliteStorage(DagsterSqliteStorage):
    """Dagster's SQLite storage of runs, schedules and events, with another event log."""

    def log_into(self, log: SqliteEventLogStorage) -> None:
        """Keep events there: the constructor of Dagster's takes none."""
        self._event_log_storage = log


def event_log_folder(base_dir: str) -> str:
    """Where Dagster's SQLite storage keeps the events."""
    return os.path.join(base_dir, "history", "runs", "")


def _url(base_dir: str, db_name: str) -> str:
    """Dagster's address of a database, of which SQLAlchemy decodes what is percent-encoded and cuts off at a `?`."""
    return create_db_conn_string(quote(os.path.abspath(base_dir)), db_name)


for _module in (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage):
    vars(_module)["create_db_conn_string"] = _url


def executable_keys(job: dg.JobDefinition) -> set[dg.AssetKey]:
    """The tables that a job makes; only of a definition by selection does Dagster tell them publicly."""
    return set(job.asset_layer.executable_asset_keys)


@contextmanager
def of_code_location(instance: dg.DagsterInstance, location: str, job: str) -> Iterator[None]:
    """Let runs of a job in this process be the code location's: on Dagit's timeline stand no others.

    What runs a job in process makes a run that names no code location, and takes none to name.

    Args:
        instance: The instance that records the runs.
        location: Name of the code location.
        job: Name of the job.
    """
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin(location), SINGLETON_REPOSITORY_NAME)
    origin = RemoteJobOrigin(repository, job)
    members = vars(instance)
    members["create_run_for_job"] = partial(instance.create_run_for_job, remote_job_origin=origin)
    try:
        yield
    finally:
        members.pop("create_run_for_job", None)


@contextmanager
def webserver(instance: dg.DagsterInstance, workspace: str, *, read_only: bool, poll_ms: int) -> Iterator[ASGIApp]:
    """The app of `dagster-webserver`, which has no way to put anything before it.

    Its factory is public, but what that wants, the workspace, has no public constructor.

    Args:
        instance: The instance that it shows.
        workspace: The file that says where the code location is.
        read_only: Whether every mutation is refused, by Dagster's own permissions.
        poll_ms: How often a page asks for what is new, in milliseconds.
    """
    from dagster_webserver.app import create_app_from_workspace_process_context

    with WorkspaceProcessContext(
        instance,
        WorkspaceFileTarget([workspace]),
        version=dg.__version__,
        read_only=read_only,
        code_server_log_level="WARNING",
    ) as context:
        yield create_app_from_workspace_process_context(context, live_data_poll_rate=poll_ms)


def is_first_load() -> bool:
    """Whether definitions are made anew, and not again from those that a code location has made.

    Dagster says so itself to what it calls components; functions marked as definitions are not told.
    """
    return DefinitionsLoadContext.get().load_type == DefinitionsLoadType.INITIALIZATION
