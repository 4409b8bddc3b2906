"""The intake log of this machine: partitions of segment files, one for each process that accepts events.

An acknowledgement promises that the records are on the disk. One thread writes what all callers wait for, and syncs
once for all of them; who comes meanwhile waits for the next time.
Belongs here: accepting, and when no more is accepted. Does not belong here: files (segments), or what becomes of the
records (committer).
"""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from lakehouse_assets.intake.entries import MOST_TEXT, Entry
from lakehouse_assets.intake.segments import NOWHERE, Appender, Mark, places, size_after, sync_folder
from lakehouse_assets.lockfile import one_process_at_a_time, take
from lakehouse_assets.private import make_folder

MOST_WAITING = 64 << 20
"""Bytes that may wait for the disk before callers are told to come later."""
KEYS = 100_000
"""Requests that are known again by their key."""
LOOKS_EVERY_S = 1.0
HELD_SHARE = 10
"""A stream that cannot be committed may hold one such part of what may wait; it takes nothing from the others."""
_ID, _COMMITTED, _GIVEN_UP = "id", "committed.json", "given_up.json"


class BusyError(Exception):
    """The log takes no more for now; nothing of the request is kept."""


class OtherContentError(Exception):
    """Another request was sent by the same key."""


@dataclass(frozen=True)
class Held:
    """A stream that cannot be committed: how many bytes of it wait, and why."""

    source: str
    tenant: str | None
    bytes: int
    problem: str


@dataclass(frozen=True)
class Position:
    """Where in the log the records of a request are: they are one after the other in one partition."""

    partition: int
    first: int
    records: int

    def __str__(self) -> str:
        """As it is told to who sent them."""
        return f"{self.partition}-{self.first}-{self.records}"

    @property
    def end(self) -> int:
        """Offset after the last record."""
        return self.first + self.records


def log_id(folder: Path) -> str:
    """What tells this log from every other: offsets of a new one begin anew. It is made where there is none."""
    make_folder(folder)
    file = folder / _ID
    with one_process_at_a_time(folder / "id.lock"):
        if not file.exists():
            fresh = folder / "id.new"
            fresh.write_text(uuid.uuid4().hex)
            with fresh.open("rb") as handle:
                os.fsync(handle.fileno())
            fresh.replace(file)
            sync_folder(folder)  # an id that a power loss takes would be another one, and all of the log new
    return file.read_text()


def partitions(folder: Path) -> dict[int, Path]:
    """The partitions of a log, by number."""
    return {int(p.name): p for p in folder.glob("[0-9]*") if p.name.isdecimal() and p.is_dir()}


def committed(folder: Path) -> dict[int, Mark]:
    """By partition up to where the committer looked at all, as it said last; less where it could not say it."""
    return {int(partition): Mark(*mark) for partition, mark in _said(folder).get("looked_at", {}).items()}


def held(folder: Path) -> list[Held]:
    """The streams that cannot be committed, as the committer said last."""
    return [Held(*stream) for stream in _said(folder).get("held", [])]


def _said(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / _COMMITTED).read_text())
    except (FileNotFoundError, ValueError):
        return {}


def backlog(folder: Path) -> int:
    """Bytes of the log that the committer has not come to yet, as it said last."""
    marks = committed(folder)
    return sum(size_after(path, marks.get(number, NOWHERE)) for number, path in partitions(folder).items())


@dataclass(frozen=True)
class Lag:
    """What was accepted and is not looked at by the committer yet: records, bytes, and when the first of it came."""

    records: int
    bytes: int
    since: datetime | None


def lag(folder: Path) -> Lag:
    """How far the committer is behind those who accept, as it said last; streams that are held back are not in it."""
    marks, records, size, since = committed(folder), 0, 0, list[int]()
    for number, path in partitions(folder).items():
        looked_at = marks.get(number, NOWHERE).offset
        for entry in (place.entry for place in places(path, looked_at)):
            records += entry.end - max(entry.first, looked_at)
            size += entry.size
            since.append(entry.received_ms)
    return Lag(records, size, datetime.fromtimestamp(min(since) / 1000, UTC) if since else None)


def say_committed(folder: Path, marks: Mapping[int, Mark], streams: Sequence[Held] = ()) -> None:
    """Say by partition up to where all was looked at, and what is held back nevertheless.

    It is a hint for who accepts: how much waits, and which offsets were given. What is committed bronze.loads says.
    """
    said = {"looked_at": {p: astuple(mark) for p, mark in marks.items()}, "held": [astuple(s) for s in streams]}
    _write(folder / _COMMITTED, said)


def given_up(folder: Path) -> dict[tuple[str, str | None], int]:
    """The streams whose records a person gave up: those that came until then, in ms since 1970."""
    try:
        return {(source, tenant): until for source, tenant, until in json.loads((folder / _GIVEN_UP).read_text())}
    except FileNotFoundError:
        return {}


def give_up(folder: Path, source: str) -> list[Held]:
    """Give up the records of a source that cannot be committed; those that come later are not.

    Returns:
        The streams that were given up; they are held no longer once the committer has looked.
    """
    found = [stream for stream in held(folder) if stream.source == source]
    with one_process_at_a_time(folder / "given_up.lock"):
        now = {(stream.source, stream.tenant): int(time.time() * 1000) for stream in found}
        _write(folder / _GIVEN_UP, [[*stream, until] for stream, until in {**given_up(folder), **now}.items()])
    return found


def _write(file: Path, said: Any) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(said))
    fresh.replace(file)


class _Known(NamedTuple):
    """A request that was sent by a key; of one from before this process no digest is known."""

    digest: bytes | None
    position: Future[Position]
    received_ms: int


class IntakeLog:
    """Accepts records for one process. Thread-safe."""

    def __init__(self, folder: Path, *, most_backlog: int, most_waiting: int = MOST_WAITING) -> None:
        """Take a partition that no living process has, or make one.

        Args:
            folder: Folder of the log.
            most_backlog: Bytes that are not committed from which on nothing more is accepted.
            most_waiting: Bytes that may wait for the disk.

        Raises:
            OSError: the folder cannot be written to.
        """
        log_id(folder)
        self._folder, self._most_backlog, self._most_waiting = folder, most_backlog, most_waiting
        self.partition, self._lock = _free_partition(folder)
        mark = committed(folder).get(self.partition, NOWHERE)
        self._appender = Appender(folder / str(self.partition), committed=mark)
        self._known: OrderedDict[tuple[str, str | None, str], _Known] = OrderedDict()
        self._given_up = given_up(folder)
        self._remember_keys()
        self._waiting: list[tuple[Entry, Future[Position]]] = []
        self._bytes = 0
        self._full = False
        self._closed: set[tuple[str, str | None]] = set()
        self._turn = threading.Condition()
        self._ending = False
        self._looked = 0.0
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)
        self._thread.start()

    def append(self, entry: Entry) -> Future[Position]:
        """Accept the records of a request; the result comes once they are on the disk.

        A request whose key is known has the position of the first one of that key, unless that was given up.

        Raises:
            BusyError: too much waits for the disk, or to be committed.
            OtherContentError: other records were sent by its key.
            ValueError: its key or tenant is too long.
        """
        if any(len((text or "").encode()) > MOST_TEXT for text in (entry.tenant, entry.key)):
            raise ValueError(f"a key and a tenant have at most {MOST_TEXT} bytes")
        with self._turn:
            name = (entry.source, entry.tenant, entry.key) if entry.key is not None else None
            digest = sha256(entry.data).digest() if name else b""
            # Of a clock that was set back, too, what comes after a stream was given up is later.
            until = self._given_up.get((entry.source, entry.tenant), -1)
            if name and (known := self._known.get(name)) and known.received_ms > until:
                if known.digest is not None and known.digest != digest:
                    raise OtherContentError("other records were sent by this key")
                return known.position
            if (entry.source, entry.tenant) in self._closed:
                raise BusyError("as much of its source as is kept cannot be loaded")
            if self._ending or self._full or self._bytes > self._most_waiting:
                raise BusyError("too much waits to be written or loaded")
            future: Future[Position] = Future()
            received_ms = max(int(time.time() * 1000), until + 1)
            self._waiting.append((replace(entry, received_ms=received_ms), future))
            self._bytes += len(entry.data)
            if name:
                self._known[name] = _Known(digest, future, received_ms)
                if len(self._known) > KEYS:
                    self._known.popitem(last=False)
            self._turn.notify()
        return future

    def close(self) -> None:
        """Write what waits, and let go of the partition."""
        with self._turn:
            self._ending = True
            self._turn.notify()
        self._thread.join()
        self._appender.close()
        os.close(self._lock)

    def _run(self) -> None:
        while True:
            with self._turn:
                while not self._waiting and not self._ending:
                    self._turn.wait(LOOKS_EVERY_S)
                    self._look()
                if not self._waiting:
                    return
                waiting, self._waiting = self._waiting, []
            self._write(waiting)
            self._look()

    def _write(self, waiting: Sequence[tuple[Entry, Future[Position]]]) -> None:
        written: Sequence[Entry] = ()
        error: Exception | None = None
        try:
            written = self._appender.append([entry for entry, _ in waiting])
        except Exception as raised:  # whatever it is, who waits is told, and the next ones are written
            error = raised
        with self._turn:
            self._bytes -= sum(len(entry.data) for entry, _ in waiting)
            for entry, _ in waiting[len(written) :]:
                if entry.key is not None:
                    self._known.pop((entry.source, entry.tenant, entry.key), None)
        for (_, future), entry in zip(waiting, written, strict=False):
            future.set_result(Position(self.partition, entry.first, len(entry.ends)))
        for _, future in waiting[len(written) :]:
            future.set_exception(error or BusyError("the disk took no more"))

    def _look(self) -> None:
        """See now and then how much is not committed yet."""
        now = time.monotonic()
        if now - self._looked >= LOOKS_EVERY_S:
            self._looked = now
            with suppress(OSError):  # a segment was removed meanwhile, or too many files are open: it is seen next time
                self._given_up = given_up(self._folder)
                self._full = backlog(self._folder) > self._most_backlog
                most = self._most_backlog // HELD_SHARE
                self._closed = {(h.source, h.tenant) for h in held(self._folder) if h.bytes > most}

    def _remember_keys(self) -> None:
        for place in places(self._folder / str(self.partition), 0):
            entry = place.entry
            if entry.key is None:
                continue
            done: Future[Position] = Future()
            done.set_result(Position(self.partition, entry.first, entry.end - entry.first))
            name, known = (entry.source, entry.tenant, entry.key), _Known(None, done, entry.received_ms)
            if entry.received_ms > self._given_up.get(entry.stream, -1):
                self._known.setdefault(name, known)
            if len(self._known) > KEYS:
                self._known.popitem(last=False)


def _free_partition(folder: Path) -> tuple[int, int]:
    """The lowest partition that no living process appends to, and the handle that holds it."""
    for number in itertools.count():
        make_folder(folder / str(number))
        if (handle := take(folder / str(number) / "lock")) is not None:
            return number, handle
    raise AssertionError("numbers do not end")
