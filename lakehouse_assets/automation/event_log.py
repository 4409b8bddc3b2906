"""Dagster's SQLite storage, able to take many events at once.

A run over 18 months of days reports thousands of events, one per table and day. Dagster's SQLite storage spends
25 ms on each, because it makes a database engine and a connection per statement and two transactions per event, each
of them synced to the disk; this one keeps the newest databases open, stores an event or a batch of them in two
transactions, and lets SQLite sync when it moves its write-ahead log into the database: a crash of the machine, not of
a process, may take the last events, never the log. A step reports a hundred checks in a row, each by two events, which
Dagster gives one by one; they are written together, when anything else is written or read: the end of the step, at the
latest. That is a third less for a step of a hundred checks.
Belongs here: only how events are written. Does not belong here: reading them, or any schema.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, Self

import sqlalchemy as db
from dagster import DagsterEventType, EventLogEntry
from sqlalchemy import event as engine_events
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from lakehouse_assets.automation._internals import (
    ASSET_CHECK_EVENTS,
    INDEX_SHARD_NAME,
    ConfigurableClassData,
    EventHandlerFn,
    OpenEventLog,
    OpenSqliteStorage,
    SqlEventLogStorageTable,
    SqlPollingEventWatcher,
    event_log_folder,
)
from lakehouse_assets.lockfile import one_process_at_a_time
from lakehouse_assets.private import make_folder

BATCH_SIZE = 5_000
GATHERED = 200
"""Events of checks and outputs that are written together at most."""
BUSY_TIMEOUT_S = 30
OPEN_DATABASES = 4
"""Databases kept open: the index of all runs, and those of the newest runs."""
_ASSET_EVENTS = {
    DagsterEventType.ASSET_MATERIALIZATION,
    DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    DagsterEventType.ASSET_OBSERVATION,
}
_INDEXED = _ASSET_EVENTS | set(ASSET_CHECK_EVENTS)
_GATHERED = {DagsterEventType.STEP_OUTPUT, DagsterEventType.ASSET_CHECK_EVALUATION}
_INSERT_FOR_IDS = SqlEventLogStorageTable.insert().returning(SqlEventLogStorageTable.c.id, sort_by_parameter_order=True)


class BatchingSqliteEventLog(OpenEventLog):
    """The event log of one machine."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Open the log; runs and asset events share one folder, as in Dagster's own storage."""
        # Those used longest ago come first. Not a cache of cachetools: what one drops has to be disposed of.
        self._engines: OrderedDict[str, db.Engine] = OrderedDict()
        self._held: db.Connection | None = None
        self._watcher: SqlPollingEventWatcher | None = None
        self._tables: set[str] = set()
        self._waiting: list[EventLogEntry] = []
        # Dagster asks the environment, not the storage, whether events may come in batches.
        os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(BATCH_SIZE))
        super().__init__(base_dir, inst_data)

    @contextmanager
    def connect(self, shard: str) -> Iterator[db.Connection]:
        """A connection to one of the databases kept open, after what waits is written."""
        with self.lock:
            if self._held and shard == INDEX_SHARD_NAME:
                yield self._held
                return
            self._write_waiting()
            engine = self._engine(shard)
            self.prepare(shard, engine)
            with engine.connect() as conn, conn.begin():
                yield conn

    @contextmanager
    def _one_index_transaction(self) -> Iterator[db.Connection]:
        """All that is written to the index inside is one transaction."""
        with self.index_connection() as conn:
            self._held = conn
            try:
                yield conn
            finally:
                self._held = None

    def _engine(self, shard: str) -> db.Engine:
        """The engine of a database; the storage's lock lets one connection be used at a time, and two to create it."""
        if shard not in self._engines:
            engine = db.create_engine(
                self.conn_string_for_shard(shard),
                poolclass=QueuePool,
                pool_size=1,
                max_overflow=1,
                connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
            )
            engine_events.listen(engine, "connect", _log_ahead)
            self._engines[shard] = engine
        self._engines.move_to_end(shard)
        while len(self._engines) > OPEN_DATABASES:
            self._engines.popitem(last=False)[1].dispose()
        return self._engines[shard]

    def wipe(self) -> None:
        """Delete everything; an open connection would go on writing to a deleted file."""
        with self.lock:
            self._waiting = []
            self._close()
        super().wipe()

    def watch(self, run_id: str, cursor: str | None, callback: EventHandlerFn) -> None:
        """Call back for each new event of a run: by asking, as a database kept open does not change its file."""
        if self._watcher is None:
            self._watcher = SqlPollingEventWatcher(self)
        self._watcher.watch_run(run_id, cursor, callback)

    def end_watch(self, run_id: str, handler: EventHandlerFn) -> None:
        """Stop calling back."""
        if self._watcher:
            self._watcher.unwatch_run(run_id, handler)

    def dispose(self) -> None:
        """Close everything."""
        if self._watcher:
            self._watcher.close()
            self._watcher = None
        with self.lock:
            # Of a log that cannot be written the run itself has told.
            with suppress(SQLAlchemyError):
                self._write_waiting()
            self._close()

    def _close(self) -> None:
        while self._engines:
            self._engines.popitem()[1].dispose()

    def has_table(self, table_name: str) -> bool:
        """Whether the index has this table; tables never go away."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event in one transaction of its run's log and, if it is of an asset or a check, one of the index."""
        # One of no run comes from a process that goes on: who tells it, and nobody else, is to hear that it failed.
        if event.dagster_event_type in _GATHERED and event.run_id:
            self._gather(event)
            return
        of_check = event.dagster_event_type in ASSET_CHECK_EVENTS
        with self._one_index_transaction() if of_check else nullcontext():
            super().store_event(event)

    def _gather(self, event: EventLogEntry) -> None:
        with self.lock:
            if self._waiting and (self._waiting[0].run_id != event.run_id or len(self._waiting) >= GATHERED):
                self._write_waiting()
            self._waiting.append(event)

    def _write_waiting(self) -> None:
        """Write what waits; what cannot be written goes on waiting, and whoever uses the log next hears of it."""
        with self.lock:
            events, self._waiting = self._waiting, []
            try:
                if events:
                    self.store_event_batch(events)
            except BaseException:
                self._waiting = events + self._waiting
                raise

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store the asset events of one run in one transaction of its own log and one of the index."""
        kinds = {event.dagster_event_type for event in events}
        if not kinds <= _INDEXED | _GATHERED or len({event.run_id for event in events}) != 1:
            super().store_event_batch(events)
            return
        rows = [self.row_of(event) for event in events]
        with self.run_connection(events[0].run_id) as conn:
            conn.execute(SqlEventLogStorageTable.insert(), rows)
        indexed = [(e, row) for e, row in zip(events, rows, strict=True) if e.dagster_event_type in _INDEXED]
        if not indexed:
            return
        with self._one_index_transaction() as conn:
            ids = conn.execute(_INSERT_FOR_IDS, [row for _, row in indexed]).scalars().all()
            self._index_assets(conn, [event for event, _ in indexed], ids)
            for (event, _), event_id in zip(indexed, ids, strict=True):
                if event.dagster_event_type in ASSET_CHECK_EVENTS:
                    self.store_asset_check_event(event, event_id)

    def _index_assets(self, conn: db.Connection, events: Sequence[EventLogEntry], ids: Sequence[int]) -> None:
        """Note the tags of every event, and the newest event of each kind for each asset."""
        pairs = [(e, i) for e, i in zip(events, ids, strict=True) if e.dagster_event_type in _ASSET_EVENTS]
        newest = {(e.get_dagster_event().asset_key, e.dagster_event_type): (e, i) for e, i in pairs}
        if pairs:
            self.index_tags(conn, *zip(*pairs, strict=True))
        for event, event_id in newest.values():
            self.index_asset(conn, event, event_id)


def _log_ahead(connection: Any, _record: Any) -> None:
    """Write ahead from the first statement: the schema of a new database is a dozen transactions."""
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")


class BatchingSqliteStorage(OpenSqliteStorage):
    """Dagster's SQLite storage of runs, schedules and events, with the event log above."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Open or create the storage in a folder."""
        # Two processes that find no databases would both stamp their version, after which Dagster refuses them.
        with one_process_at_a_time(Path(base_dir) / "storage.lock"):
            super().__init__(base_dir, inst_data=inst_data)
        self.log_into(BatchingSqliteEventLog(event_log_folder(base_dir)))

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Any) -> Self:
        """Make the storage that dagster.yaml describes."""
        make_folder(Path(config_value["base_dir"]))
        return cls(config_value["base_dir"], inst_data=inst_data)
