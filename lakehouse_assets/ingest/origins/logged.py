"""A range of a log as an origin: records of one source and tenant, told apart by their offsets alone.

The log is the intake log or a topic of Kafka; these differ in what the ids of their ranges begin with.
Belongs here: what such a range is to a load. Does not belong here: the log and its files, or the broker (intake), or
choosing ranges (intake.committer, intake.topics).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from lakehouse_assets.ingest.mapping.statements import RecordMapping
from lakehouse_assets.ingest.origins.protocol import Kind
from lakehouse_assets.ingest.origins.relations import TextRecords
from lakehouse_assets.ingest.readers.batches import Bad, Chunk, Counter, bad_records, batch
from lakehouse_assets.ingest.readers.json.faults import note_faults

KIND = Kind("log", "log://", lambda source: source.for_json, is_read_on=True, is_bound=True)
KAFKA = Kind("kafka", "kafka://", lambda source: source.for_json, is_read_on=True)
"""Of a topic, the log is its name and the id that its broker gave it: one that is made anew is another."""
_DIGITS = 20
MOST_SPAN = 1_000_000
"""Offsets from the first of a range to its end at most."""

MOST_AT_ONCE = 50_000
"""Records of one batch."""


@dataclass(frozen=True)
class Piece:
    """Records of a partition, in their order.

    Attributes:
        offsets: The offset of each.
        data: Their texts, each with a line end.
        ends: Where in `data` each ends, after its line end.
    """

    offsets: np.ndarray
    data: bytes
    ends: np.ndarray


@dataclass(frozen=True)
class LogRange:
    """Records from one partition; see Origin.

    Two ranges of a source and tenant never overlap: of what follows the last committed range, one is committed first,
    and every other that was made of the same records is refused then.

    Attributes:
        log: Id of the log, without which its offsets mean nothing.
        partition: Number of the partition.
        first: Offset of the first record.
        end: Offset after the last.
        size: Bytes of the records.
        pieces: Reads the records, in order.
        refused: Offset to the reason, of records that are to be quarantined whatever they hold.
        kind: KIND, or KAFKA.
    """

    log: str
    partition: int
    first: int
    end: int
    size: int
    pieces: Callable[[], Iterable[Piece]]
    refused: Mapping[int, str] = field(default_factory=dict)
    kind: Kind = KIND

    @property
    def id(self) -> str:
        """See Origin."""
        return f"{id_from(self.log, self.partition, self.first, self.kind)}-{self.end:0{_DIGITS}}"

    @property
    def claims(self) -> tuple[str, str]:
        """See Origin: every range of the partition from this one's first offset on."""
        first = id_from(self.log, self.partition, self.first, self.kind)
        return first, f"{self.kind.scheme}{self.log}/{self.partition}0"

    @property
    def position(self) -> str:
        """See Origin."""
        return f"{self.partition}/{self.first}-{self.end}"

    @property
    def content_sha256(self) -> str:
        """See Origin."""
        content = hashlib.sha256()
        for piece in self.pieces():
            content.update(piece.data)
            content.update(np.diff(piece.ends, prepend=0).astype("<i8").tobytes())
        return content.hexdigest()

    def open(self, mapping: RecordMapping, scratch: Path) -> TextRecords:
        """See Origin."""
        counter = Counter()
        return TextRecords(self.id, mapping, self._batches(counter), counter)

    def _batches(self, counter: Counter) -> Iterator[pa.RecordBatch]:
        for piece in (part for whole in self.pieces() for part in _parts(whole)):
            starts = np.concatenate([[0], piece.ends[:-1]])
            chunk = Chunk(piece.data, starts, piece.ends, np.ones_like(piece.ends))
            bad = bad_records(chunk)
            note_faults(chunk, bad)
            if self.refused:
                bad |= {i: Bad(self.refused[o]) for i, o in enumerate(piece.offsets.tolist()) if o in self.refused}
            found = batch(chunk, bad, counter)
            # By its number a record is found in the log again, though records of others lie between.
            number = piece.offsets - (self.first - 1)
            found = found.set_column(0, found.schema.field("source_row"), pa.array(number, pa.int64()))
            yield found.set_column(1, found.schema.field("line"), pa.nulls(found.num_rows, pa.int64()))


def _parts(piece: Piece) -> Iterator[Piece]:
    """A piece by not too many records, for each may be bad, and what is told of bad ones is large beside them."""
    for at in range(0, len(piece.ends), MOST_AT_ONCE):
        ends = piece.ends[at : at + MOST_AT_ONCE]
        begin = int(piece.ends[at - 1]) if at else 0
        yield Piece(piece.offsets[at : at + MOST_AT_ONCE], piece.data[begin : int(ends[-1])], ends - begin)


def id_from(log: str, partition: int, first: int, kind: Kind = KIND) -> str:
    """What the ids of all ranges of a partition from an offset on are not less than; they sort by their offsets."""
    return f"{kind.scheme}{log}/{partition}/{first:0{_DIGITS}}"


def range_of(origin_id: str) -> tuple[int, int, int]:
    """Partition, first offset and end of the range that an id names.

    Raises:
        ValueError: it is the id of none.
    """
    _, partition, offsets = origin_id.rsplit("/", 2)
    first, _, end = offsets.partition("-")
    return int(partition), int(first), int(end)


def place_of(origin_id: str, source_row: int | None) -> str | None:
    """Topic, partition and offset of a record of KAFKA, for people; None of any other."""
    if source_row is None or not origin_id.startswith(KAFKA.scheme):
        return None
    partition, first, _ = range_of(origin_id)
    return f"topic {topic_of(origin_id)[0]}, partition {partition}, offset {first + source_row - 1}"


def topic_of(origin_id: str) -> tuple[str, str]:
    """Name and id of the topic that the id of a range of KAFKA names."""
    name, topic_id, _, _ = origin_id.removeprefix(KAFKA.scheme).split("/")
    return name, topic_id
