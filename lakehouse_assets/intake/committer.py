"""The committer: ranges of the intake log become publications of bronze, each record once.

What is committed is said by bronze.loads alone: a range is a load whose id names its offsets, noted by the commit that
shows its rows, and the next one begins where the last ended. So a committer that was killed, or was slower than
another, changes nothing. One works at a time, which a lock of the machine sees to; exactness does not depend on that,
but for requests that were sent twice, by one key, to two processes.
Belongs here: which ranges, in what order, and what follows from a refusal. Does not belong here: loading
(ingest.loads), files (segments), or when it is done (service.events).
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lakehouse_assets.http.logs import logger
from lakehouse_assets.ingest.errors import IngestError, SourceError
from lakehouse_assets.ingest.faults import is_of_warehouse
from lakehouse_assets.ingest.origins.logged import KIND, MOST_SPAN, LogRange, Piece, range_of
from lakehouse_assets.ingest.sources import find_source
from lakehouse_assets.intake.ends import newest_ranges
from lakehouse_assets.intake.log import Held, given_up, log_id, partitions, say_committed
from lakehouse_assets.intake.portions import Portions
from lakehouse_assets.intake.segments import NOWHERE, Mark, Place, places, read, segments
from lakehouse_assets.lakehouse.iceberg.evolution import SchemaDriftError
from lakehouse_assets.lakehouse.publish.protocol import AuditFailedError
from lakehouse_assets.lockfile import take

if TYPE_CHECKING:
    from lakehouse_assets.ingest.loads.loader import LoadResult
    from lakehouse_assets.lakehouse.lake import Lake

MOST_BYTES = 64 << 20
"""Bytes of entries from which on the rest is another range."""
KEYS = 1_000_000
"""Requests that are known to be committed by their key."""
REFUSED_FOR_S = 30.0
"""Seconds for which a stream that cannot be committed is left alone."""
RUN_ID = "asklake-intake"
Stream = tuple[str, str | None]
"""A source and a tenant."""
Track = tuple[int, str, str | None]
"""A partition, a source and a tenant: what is committed in order."""


@dataclass(frozen=True)
class Slice:
    """Some of the records of an entry: those from `start` on, before `stop`."""

    place: Place
    start: int
    stop: int

    @property
    def first(self) -> int:
        """Offset of the first."""
        return self.place.entry.first + self.start

    @property
    def end(self) -> int:
        """Offset after the last."""
        return self.place.entry.first + self.stop

    def piece(self) -> Piece:
        """The records."""
        entry = read(self.place)
        at = int(entry.ends[self.start - 1]) if self.start else 0
        ends = entry.ends[self.start : self.stop]
        offsets = np.arange(self.first, self.end)
        return Piece(offsets, entry.data[at : int(ends[-1])], ends - at)


@dataclass(frozen=True)
class SomeSlices:
    """Slices of one stream, read when they are loaded; see Portion."""

    log: str
    partition: int
    first: int
    end: int
    slices: Sequence[Slice]

    @property
    def first_record(self) -> int:
        """See Portion."""
        return self.slices[0].first if self.slices else self.first

    @property
    def records(self) -> int:
        """See Portion."""
        return sum(s.stop - s.start for s in self.slices)

    def origin(self, refused: Mapping[int, str]) -> LogRange:
        """See Portion."""
        size, slices = sum(s.place.entry.size for s in self.slices), self.slices
        return LogRange(
            self.log, self.partition, self.first, self.end, size, lambda: (s.piece() for s in slices), refused
        )

    def halves(self) -> tuple[SomeSlices, SomeSlices]:
        """See Portion."""
        counts = [s.stop - s.start for s in self.slices]
        before = np.array([0, *accumulate(counts)])
        half = self.records // 2
        number = int(np.searchsorted(before, half, side="right")) - 1
        divided = self.slices[number]
        cut = divided.start + half - int(before[number])
        early, late = list(self.slices[:number]), list(self.slices[number + 1 :])
        if cut > divided.start:
            early.append(Slice(divided.place, divided.start, cut))
        late.insert(0, Slice(divided.place, cut, divided.stop))
        middle = late[0].first
        return replace(self, end=middle, slices=early), replace(self, first=middle, slices=late)


@dataclass(frozen=True)
class Committed:
    """A range that became visible."""

    source: str
    tenant: str | None
    partition: int
    first: int
    end: int
    loaded: int
    quarantined: int


class _OvertakenError(Exception):
    """Another committer, which this one knew nothing of, has committed the same records."""


class Committer:
    """Commits what is in a log; for one thread. Close it."""

    def __init__(self, lake: Lake, folder: Path) -> None:
        """Nothing is read yet."""
        self._lake, self._folder = lake, folder
        self._lock: int | None = None
        self._ends: dict[Track, int] | None = None
        self._looked_at: dict[int, Mark] = {}
        self._held: dict[int, dict[Stream, list[Place]]] = {}
        self._problems: dict[Stream, str] = {}
        self._given_up: dict[Stream, int] = {}
        self._keys: OrderedDict[tuple[str, str | None, str], tuple[int, int]] = OrderedDict()
        self._left_alone: dict[Track, float] = {}

    def commit(self) -> list[Committed]:
        """Commit what has come, of every stream that can be committed, and forget old segments.

        Returns:
            The ranges that became visible; none where another process commits.

        Raises:
            Exception: what befalls every stream, such as a full disk; what became visible stays so.
        """
        if self._lock is None:
            self._lock = take(self._folder / "committer.lock")
        if self._lock is None:
            return []
        log = log_id(self._folder)
        if self._ends is None:
            self._ends, self._looked_at, self._held = self._read_ends(log), {}, {}
        self._given_up = given_up(self._folder)
        found = {p: self._waiting(p, folder) for p, folder in sorted(partitions(self._folder).items())}
        done: list[Committed] = []
        try:
            for partition, (waiting, last) in found.items():
                done.extend(self._commit_partition(log, partition, waiting, last))
        except _OvertakenError:
            self._ends = None  # read anew next time: until then nothing is known of what is committed
        say_committed(self._folder, self._looked_at, self._streams_held())
        for partition, folder in partitions(self._folder).items():
            self._forget(folder, partition)
        return done

    def close(self) -> None:
        """Let another process commit."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _read_ends(self, log: str) -> dict[Track, int]:
        """By track the offset up to which bronze.loads says that it is committed."""
        ends: dict[Track, int] = {}
        for source, tenant, newest in newest_ranges(self._lake, f"{KIND.scheme}{log}/"):
            partition, _, end = range_of(newest)
            ends[partition, source, tenant] = end
        return ends

    def _waiting(self, partition: int, folder: Path) -> tuple[dict[Stream, list[Place]], Mark]:
        """The entries of a partition that are not committed, by stream, and its end."""
        assert self._ends is not None
        waiting: dict[Stream, list[Place]] = defaultdict(list)
        last = self._looked_at.get(partition, NOWHERE)
        held = [place for found in self._held.get(partition, {}).values() for place in found]
        for place in chain(held, places(folder, last.offset)):
            entry = place.entry
            end = self._ends.get((partition, *entry.stream), 0)
            is_given_up = entry.end > end and entry.received_ms <= self._given_up.get(entry.stream, -1)
            if entry.end > end and not is_given_up:
                waiting[entry.stream].append(place)
            if entry.first < end and not is_given_up:
                self._remember(partition, [place])
            last = max(last, place.end, key=_offset)
        return waiting, last

    def _commit_partition(
        self, log: str, partition: int, waiting: Mapping[Stream, Sequence[Place]], last: Mark
    ) -> Iterator[Committed]:
        held: dict[Stream, list[Place]] = {}
        for stream, found in waiting.items():
            for portion in _portions(found):
                try:
                    yield from self._commit_stream(log, (partition, *stream), portion)
                except (SourceError, SchemaDriftError, IngestError, AuditFailedError) as error:
                    if is_of_warehouse(error):
                        raise
                    self._leave_alone((partition, *stream), error)
                end = self._end(partition, stream)
                self._remember(partition, [place for place in portion if place.entry.first < end])
                if end < portion[-1].entry.end:
                    held[stream] = [place for place in found if place.entry.end > end]
                    break
        self._looked_at[partition], self._held[partition] = last, held

    def _streams_held(self) -> list[Held]:
        """The streams that cannot be committed."""
        sizes: dict[Stream, int] = defaultdict(int)
        for stream, found in (item for held in self._held.values() for item in held.items()):
            sizes[stream] += sum(place.entry.size for place in found)
        return [Held(*stream, size, self._problems.get(stream, "")) for stream, size in sizes.items()]

    def _end(self, partition: int, stream: Stream) -> int:
        assert self._ends is not None
        return self._ends.get((partition, *stream), 0)

    def _leave_alone(self, track: Track, error: Exception) -> None:
        self._problems[track[1:]] = str(error)
        self._left_alone[track] = time.monotonic() + REFUSED_FOR_S
        logger().error("not_committed", source=track[1], tenant=track[2], problem=str(error), next="tried again")

    def _commit_stream(self, log: str, track: Track, portion: Sequence[Place]) -> Iterator[Committed]:
        """Commit entries of one stream, without those that were committed by their key elsewhere."""
        if time.monotonic() < self._left_alone.get(track, 0.0):
            return
        end = self._end(track[0], track[1:])
        slices = [Slice(p, max(0, end - p.entry.first), p.entry.end - p.entry.first) for p in portion]
        before: dict[str | None, Place] = {}
        fresh = [s for s in slices if not self._is_repeated(track[0], s.place, before)]
        whole = SomeSlices(log, track[0], slices[0].first, slices[-1].end, fresh)
        portions = Portions(self._lake, find_source(track[1]), track[2], KIND, RUN_ID)
        for part, result in portions.load([whole]):
            yield self._noted(track, part, result)

    def _noted(self, track: Track, part: SomeSlices, result: LoadResult) -> Committed:
        if result.already_loaded:
            raise _OvertakenError
        assert self._ends is not None
        self._ends[track] = part.end
        return Committed(
            track[1], track[2], track[0], part.first, part.end, result.rows_loaded, result.rows_quarantined
        )

    def _is_repeated(self, partition: int, place: Place, before: dict[str | None, Place]) -> bool:
        """Whether another entry of the same key is committed, even in part, or is before it in the same range.

        One that only waits does not count: it may never be committed.
        """
        entry = place.entry
        if entry.key is None:
            return False
        mine = (partition, entry.first)
        known = self._keys.get((entry.source, entry.tenant, entry.key), mine)
        return known != mine or before.setdefault(entry.key, place) is not place

    def _remember(self, partition: int, committed: Iterable[Place]) -> None:
        for entry in (place.entry for place in committed):
            if entry.key is None:
                continue
            name, mine = (entry.source, entry.tenant, entry.key), (partition, entry.first)
            if self._keys.setdefault(name, mine) != mine and entry.end > self._end(partition, entry.stream):
                self._keys[name] = mine  # what is committed in part was not left out as another's repetition
        while len(self._keys) > KEYS:
            self._keys.popitem(last=False)

    def _forget(self, folder: Path, partition: int) -> None:
        """Remove segments of which nothing waits, and that were there for as long as the settings keep them."""
        end = self._looked_at.get(partition, NOWHERE).offset
        holding = {place.segment for held in self._held.get(partition, {}).values() for place in held}
        before = time.time() - self._lake.settings.intake_retention.total_seconds()
        found = segments(folder)
        for segment, after in pairwise(found):
            with suppress(FileNotFoundError):
                if after.first <= end and segment.path not in holding and segment.path.stat().st_mtime < before:
                    segment.path.unlink()


def _offset(mark: Mark) -> int:
    return mark.offset


def _portions(found: Sequence[Place]) -> Iterator[Sequence[Place]]:
    """Entries of one stream, as many at once as may be one range."""
    begin, size = 0, 0
    for number, place in enumerate(found):
        span = place.entry.end - found[begin].entry.first
        if number > begin and (size + place.entry.size > MOST_BYTES or span > MOST_SPAN):
            yield found[begin:number]
            begin, size = number, 0
        size += place.entry.size
    yield found[begin:]
