"""Segments: the files of one partition of the log, each named by the offset of its first record.

One process at a time appends to a partition, and any may read it. What a process left half-written is cut off by the
next that appends.
Belongs here: files, their order, syncing and recovery. Does not belong here: which process has which partition (log).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lakehouse_assets.intake.entries import BEGINNING, DamagedError, Entry, Summary, decode, encode, summary

SUFFIX = ".log"
DIGITS = 20
SEGMENT_BYTES = 64 << 20
"""Size from which on the next entry begins another segment."""
_AT_ONCE = 256
"""Entries that are written by one call; each is two buffers, and Linux takes 1024."""


@dataclass(frozen=True)
class Segment:
    """A file of a partition."""

    path: Path
    first: int


def segments(folder: Path) -> list[Segment]:
    """The segments of a partition, in order."""
    found = [Segment(p, int(p.stem)) for p in folder.glob(f"*{SUFFIX}") if p.stem.isdecimal()]
    return sorted(found, key=lambda s: s.first)


@dataclass(frozen=True)
class Mark:
    """A place in a partition: the offset of the record there, and the segment and byte that it lies at."""

    offset: int = 0
    segment: int = 0
    byte: int = 0


NOWHERE = Mark()
"""The beginning of a partition."""


def size_after(folder: Path, mark: Mark) -> int:
    """Bytes of a partition from a place on."""
    sizes = ((s.first, s.path.stat().st_size) for s in segments(folder) if s.first >= mark.segment)
    return sum(size - mark.byte if first == mark.segment else size for first, size in sizes)


class Appender:
    """Appends to a partition; for one thread of the one process that has it."""

    def __init__(self, folder: Path, segment_bytes: int = SEGMENT_BYTES, committed: Mark = NOWHERE) -> None:
        """Cut off what is half-written at the end.

        Args:
            folder: Folder of the partition.
            segment_bytes: Size from which on the next entry begins another segment.
            committed: Up to where all is committed, as far as that is known: no offset before it is given again.

        Raises:
            OSError: the folder cannot be written to.
        """
        self._folder, self._most = folder, segment_bytes
        self._committed = committed
        self._file = -1
        self._size = 0
        self._synced: int | None = None
        self.next = committed.offset
        self._recover()

    def append(self, entries: Sequence[Entry]) -> list[Entry]:
        """Write entries and wait until they are on the disk.

        Returns:
            The entries with their offsets; after an error those that are on the disk nevertheless.

        Raises:
            OSError: none of them is on the disk.
        """
        if self._file < 0:
            self._recover()
        numbered: list[Entry] = []
        offset = self.next
        for entry in entries:
            numbered.append(replace(entry, first=offset))
            offset += len(entry.ends)
        try:
            if self._file < 0 or self._size >= self._most:
                self._begin_segment(self.next)
            for at in range(0, len(numbered), _AT_ONCE):
                self._write([part for e in numbered[at : at + _AT_ONCE] for part in encode(e)])
            os.fdatasync(self._file)
        except Exception:
            self._close()
            self._recover()
            left = [e for e in numbered if e.end <= self.next]
            if not left:
                raise
            return left
        self.next, self._synced = offset, self._size
        return numbered

    def _write(self, parts: list[bytes]) -> None:
        written = os.writev(self._file, parts)
        self._size += written
        if written == sum(map(len, parts)):
            return
        rest = memoryview(b"".join(parts))[written:]
        while rest:  # a write that stops short says why when it is tried again
            written = os.write(self._file, rest)
            self._size += written
            rest = rest[written:]

    def _begin_segment(self, first: int) -> None:
        self._close()
        path = self._folder / f"{first:0{DIGITS}}{SUFFIX}"
        self._file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        self._size = self._synced = os.fstat(self._file).st_size
        sync_folder(self._folder)

    def _recover(self) -> None:
        """Open the last segment behind its last whole entry, which from here on counts as written."""
        found = segments(self._folder)
        if not found:
            return
        last = found[-1]
        whole, end = 0, last.first
        for entry in _summaries(last.path, last.path.stat().st_size):
            # What is committed was whole once: to cut it off for a byte that turned would give its offsets again.
            if entry.end > self._committed.offset and not _is_whole(last.path, entry):
                break
            whole, end = entry.at + entry.size, entry.end
        if end < self._committed.offset:  # files were lost, or are damaged: a new segment begins behind what was there
            return
        _make_durable(last.path, whole, whole if self._synced is None else self._synced)
        file = os.open(last.path, os.O_WRONLY | os.O_APPEND)
        self._file, self.next = file, end
        self._size = self._synced = whole

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def close(self) -> None:
        """Let go of the file."""
        self._close()


def _make_durable(path: Path, size: int, synced: int) -> None:
    """Cut a segment, and sync it.

    What was not synced yet is written again, because a sync after one that failed says nothing of what that one was to
    write (Linux takes it for written).
    """
    file = os.open(path, os.O_RDWR)
    try:
        os.ftruncate(file, size)
        rest = memoryview(os.pread(file, size - synced, synced) if synced < size else b"")
        while rest:
            written = os.pwrite(file, rest, size - len(rest))
            rest = rest[written:]
        os.fdatasync(file)
    finally:
        os.close(file)


def durable_size(path: Path) -> int:
    """Bytes of a segment that are on the disk, whatever happens to its machine: who appends may not have waited yet."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        os.fdatasync(file.fileno())
    return size


@dataclass(frozen=True)
class Place:
    """An entry, and the segment it is in."""

    segment: Path
    entry: Summary

    @property
    def begin(self) -> Mark:
        """Where it begins."""
        return Mark(self.entry.first, int(self.segment.stem), self.entry.at)

    @property
    def end(self) -> Mark:
        """Where it ends."""
        return Mark(self.entry.end, int(self.segment.stem), self.entry.at + self.entry.size)


def places(folder: Path, since: int) -> Iterator[Place]:
    """The entries of a partition that end after an offset, in order, without their records.

    Only what is on the disk counts, so what is read from here is never taken back by a crash.
    """
    found = segments(folder)
    for segment, after in zip(found, [*found[1:], None][: len(found)], strict=True):
        if after is not None and after.first <= since:
            continue
        try:
            for entry in _summaries(segment.path, durable_size(segment.path)):
                if entry.end > since:
                    yield Place(segment.path, entry)
        except FileNotFoundError:  # an old one, which is kept no longer
            continue


def read(place: Place) -> Entry:
    """An entry with its records.

    Raises:
        DamagedError: it is not what was written; the message names file and byte.
    """
    with place.segment.open("rb") as file:
        file.seek(place.entry.at)
        data = file.read(place.entry.size)
    try:
        return decode(data)
    except DamagedError as error:
        raise DamagedError(f"{place.segment}, byte {place.entry.at}: {error}") from error


def _summaries(path: Path, size: int) -> Iterator[Summary]:
    """The whole entries among the first bytes of a segment; they are read, not mapped, for it may be cut off."""
    with path.open("rb") as file:
        at = 0
        while found := summary(os.pread(file.fileno(), BEGINNING, at), at, size - at):
            yield found
            at += found.size


def _is_whole(path: Path, entry: Summary) -> bool:
    try:
        read(Place(path, entry))
    except DamagedError:
        return False
    return True


def sync_folder(folder: Path) -> None:
    """Make the names in a folder as durable as what the files hold."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
