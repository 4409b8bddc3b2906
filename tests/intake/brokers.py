"""Topics in memory, and a broker of them as a reader asks it.

Belongs here: what stands for servers of Kafka where each message and loss is to be at will; the real ones are asked by
the tests of the cluster. Does not belong here: a test.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lakehouse_assets.intake.broker import BrokerError, Extent, Topic
from tests.ingest.conftest import record


@dataclass(frozen=True)
class Sent:
    """A message, as the client's library gives it."""

    place: tuple[str, int]
    number: int
    body: bytes | None
    label: bytes | None = None
    notes: tuple[tuple[str, bytes], ...] = ()

    def __len__(self) -> int:
        return len(self.body or b"")

    def topic(self) -> str:
        return self.place[0]

    def partition(self) -> int:
        return self.place[1]

    def offset(self) -> int:
        return self.number

    def value(self) -> bytes | None:
        return self.body

    def key(self) -> bytes | None:
        return self.label

    def headers(self) -> list[tuple[str, bytes]]:
        return list(self.notes)

    def timestamp(self) -> tuple[int, int]:
        return 1, 1_782_800_000_000


@dataclass
class Brokers:
    """Topics in memory; the parts of a topic are its partitions."""

    ids: dict[str, str] = field(default_factory=dict)
    parts: dict[tuple[str, int], list[Sent]] = field(default_factory=dict)
    lows: dict[tuple[str, int], int] = field(default_factory=dict)
    made: int = 0
    open: int = 0

    def make(self, name: str, partitions: int = 1) -> None:
        self.made += 1
        self.ids[name] = f"{self.made:032x}"
        self.parts = {place: sent for place, sent in self.parts.items() if place[0] != name}
        self.parts |= {(name, p): [] for p in range(partitions)}

    def send(self, name: str, *bodies: Any, partition: int = 0, gap: int = 0, **rest: Any) -> None:
        sent = self.parts[name, partition]
        for body in bodies:
            raw = json.dumps(record(body)).encode() if isinstance(body, int) else body
            sent.append(Sent((name, partition), (sent[-1].number + 1 if sent else 0) + gap, raw, **rest))


class FakeBroker:
    """What a reader asks of them; see Broker."""

    def __init__(self, brokers: Brokers) -> None:
        self.brokers, self.at = brokers, {}

    def topic(self, name: str) -> Topic:
        if name not in self.brokers.ids:
            raise BrokerError(f"topic {name}: Broker: Unknown topic or partition")
        return Topic(name, self.brokers.ids[name], tuple(sorted(p for t, p in self.brokers.parts if t == name)))

    def extents(self, topic: Topic) -> dict[int, Extent]:
        sent = {p: self.brokers.parts[topic.name, p] for p in topic.partitions}
        ends = {p: s[-1].number + 1 if s else 0 for p, s in sent.items()}
        open_ = self.brokers.open
        return {p: Extent(self.brokers.lows.get((topic.name, p), 0), end, end + open_) for p, end in ends.items()}

    def since(self, topic: Topic, _time: datetime) -> dict[int, int]:
        return dict.fromkeys(topic.partitions, 1)

    def read_from(self, positions: dict[tuple[str, int], int]) -> None:
        self.at = dict(positions)

    def messages(self, most: int, _timeout_s: float) -> list[Sent]:
        found = [m for place, at in self.at.items() for m in self.brokers.parts.get(place, []) if m.number >= at][:most]
        for message in found:
            self.at[message.place] = message.number + 1
        return found

    def close(self) -> None:
        pass
