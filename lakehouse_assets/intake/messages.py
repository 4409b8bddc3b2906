"""Messages of Kafka as records: their values as JSON texts, and, where a source reads it, what stands around them.

Belongs here: what one message becomes. Does not belong here: reading them (broker), their formats (values), or what
records mean (ingest).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from lakehouse_assets.ingest.origins.logged import KAFKA, LogRange, Piece
from lakehouse_assets.intake.values import Decoder, UnreadableError, kept

if TYPE_CHECKING:
    from confluent_kafka import Message

AROUND = "_kafka"
"""The field by which an expression reads what stands around a message: `_kafka.key`, `_kafka.headers.trace`."""
NO_VALUE = "the message has no value (a tombstone)"


@dataclass(frozen=True)
class Messages:
    """Messages of one partition in memory; see Portion.

    Attributes:
        log: Name and id of the topic.
        partition: Number of the partition.
        first: Offset that the one before ended at.
        end: Offset after the last message.
        offsets: The offset of each message.
        data: Their texts, each with a line end.
        ends: Where in `data` each ends.
        poisoned: Offset to the reason, of those that cannot even be told as a text.
    """

    log: str
    partition: int
    first: int
    end: int
    offsets: np.ndarray
    data: bytes
    ends: np.ndarray
    poisoned: Mapping[int, str] = field(default_factory=dict)

    @property
    def first_record(self) -> int:
        """See Portion."""
        return int(self.offsets[0]) if self.records else self.first

    @property
    def records(self) -> int:
        """See Portion."""
        return len(self.offsets)

    def origin(self, refused: Mapping[int, str]) -> LogRange:
        """See Portion."""
        pieces = [Piece(self.offsets, self.data, self.ends)] if self.records else []
        return LogRange(
            self.log, self.partition, self.first, self.end, len(self.data), lambda: pieces,
            {**self.poisoned, **refused}, KAFKA,
        )  # fmt: skip

    def halves(self) -> tuple[Messages, Messages]:
        """See Portion."""
        cut = self.records // 2
        at, middle = int(self.ends[cut - 1]), int(self.offsets[cut])
        early = replace(self, end=middle, offsets=self.offsets[:cut], data=self.data[:at], ends=self.ends[:cut])
        late = replace(self, first=middle, offsets=self.offsets[cut:], data=self.data[at:], ends=self.ends[cut:] - at)
        return early, late


def messages_of(
    log: str, partition: int, first: int, found: Sequence[Message], *, around: bool, decoder: Decoder
) -> Messages:
    """Messages of one partition as a portion.

    Args:
        log: Name and id of the topic.
        partition: Number of the partition.
        first: Offset that the portion before ended at.
        found: The messages, in order; at least one.
        around: Whether what stands around them is told as the field AROUND.
        decoder: Makes JSON texts of values.

    Raises:
        RegistryError: it cannot be known what a message is, as long as the schema registry does not answer.
    """
    texts: list[bytes] = []
    offsets = np.fromiter((m.offset() or 0 for m in found), np.int64, len(found))
    poisoned: dict[int, str] = {}
    decoded = iter(decoder.texts([value for message in found if (value := message.value()) is not None]))
    for message, offset in zip(found, offsets.tolist(), strict=True):
        value = message.value()
        if value is None:
            value, poisoned[offset] = b"", NO_VALUE
        elif isinstance(text := next(decoded), UnreadableError):
            value, poisoned[offset] = kept(value), str(text)
        else:
            value = text
            try:
                value = _with_surroundings(value, message) if around else value
            except UnicodeDecodeError:
                poisoned[offset] = "its key or one of its headers is not UTF-8, and the source reads them"
        texts.append(value)
    ends = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1)
    data = b"\n".join([*texts, b""])
    return Messages(log, partition, first, int(offsets[-1]) + 1, offsets, data, ends, poisoned)


def _with_surroundings(value: bytes, message: Message) -> bytes:
    """A JSON object with one field more, and any other text as it is, for that is quarantined.

    Raises:
        UnicodeDecodeError: a key or header is no text.
    """
    inside = value.lstrip()
    if not inside.startswith(b"{"):
        return value
    key, (_, milliseconds) = message.key(), message.timestamp()
    told = {
        "topic": message.topic(),
        "partition": message.partition(),
        "offset": message.offset(),
        "timestamp_ms": milliseconds if milliseconds >= 0 else None,
        "key": _text(key),
        "headers": {name: _text(said) for name, said in message.headers() or ()},  # of one name the last counts
    }
    rest = inside[1:].lstrip()
    surroundings = json.dumps({AROUND: told}, ensure_ascii=False).encode()[:-1]
    return surroundings + (b"" if rest.startswith(b"}") else b",") + rest


def _text(value: str | bytes | None) -> str | None:
    return value.decode() if isinstance(value, bytes) else value
