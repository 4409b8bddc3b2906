"""The topics of a source: their messages become publications of bronze, each message once.

As with the intake log, what is committed is said by bronze.loads alone: a range of a partition is a load whose id names
the topic and the offsets, noted by the commit that shows its rows. No offset is kept at the broker. Several processes
may read one source; what one has committed another is refused, and goes on behind it.
Belongs here: reading, and which ranges. Does not belong here: what a message becomes (messages), where topics stand
(standing), or when it is done (service).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lakehouse_assets.http.logs import logger
from lakehouse_assets.ingest.loads.staging import refuse_unusable
from lakehouse_assets.ingest.origins.logged import KAFKA
from lakehouse_assets.intake.broker import Broker, BrokerError
from lakehouse_assets.intake.messages import AROUND, Messages, messages_of
from lakehouse_assets.intake.portions import Portions
from lakehouse_assets.intake.standing import BEGUN, TopicStanding, ends_of, log_of, standing_of
from lakehouse_assets.intake.values import decoder

if TYPE_CHECKING:
    from confluent_kafka import Message

    from lakehouse_assets.ingest.sources import Source
    from lakehouse_assets.lakehouse.lake import Lake

RUN_ID = "asklake-kafka"
LOOKS_EVERY_S = 10.0
"""Seconds after which partitions that are new are found."""
MOST_MESSAGES, MOST_BYTES = 200_000, 32 << 20
"""Messages, and bytes of them, that are committed together at most, but for the last ones that came together."""
_FIRST_AT_ONCE, _AT_ONCE = 16, 5_000
"""Messages that are asked for together first, while nothing is known of their size, and at most."""


@dataclass(frozen=True)
class CommittedRange:
    """A range of a partition that became visible."""

    topic: str
    partition: int
    first: int
    end: int
    loaded: int
    quarantined: int


class TopicReader:
    """Reads the topics of one source into bronze; for one thread. Close it."""

    def __init__(self, lake: Lake, source: Source) -> None:
        """Nothing is read yet.

        Raises:
            SourceError: the source cannot be used without a tenant, or does not fit its table.
        """
        self._source = KAFKA.as_read(source)
        refuse_unusable(self._source, None)
        self._lake, self._broker = lake, Broker(lake.settings)
        self._portions = Portions(lake, source, None, KAFKA, RUN_ID)
        self._around = AROUND in self._source.fields
        self._decoder = decoder(source.format, lake.settings)
        self._next: dict[tuple[str, int], int] = {}
        self._known: set[tuple[str, int]] = set()
        self._logs: dict[str, str] = {}
        self._looked: float | None = None
        self._told: set[str] = set()
        self._at_once = _FIRST_AT_ONCE

    def commit(self, wait_s: float) -> list[CommittedRange]:
        """Commit what comes within a time, or until it is much.

        Returns:
            The ranges that became visible; none where nothing came, or another process was faster.

        Raises:
            Exception: something could not be committed; it is read again next time.
        """
        try:
            if self._looked is None:
                self._look()
            found = self._messages(wait_s)
            # A topic that is made anew gives offsets anew: what was read is of this one if it is still there.
            if (found or self._is_time()) and self._is_changed():
                self._forget()
                return []
            return list(self._commit(found))
        except BaseException:
            self._forget()
            raise

    def close(self) -> None:
        """Leave the brokers."""
        self._broker.close()
        self._decoder.close()

    def _forget(self) -> None:
        """Know nothing: what is committed is looked up again."""
        self._next, self._logs, self._looked = {}, {}, None

    def _look(self) -> None:
        """See which partitions there are, and where to go on."""
        self._looked = time.monotonic()
        ends = ends_of(self._lake, self._source)
        found = [standing_of(self._broker, self._source, name, ends) for name in self._source.topics]
        self._tell(found)
        if self._source.start != "earliest" and (fresh := [t for t in found if t.partitions and not t.is_begun]):
            self._begin(fresh)
            self._forget()
            return
        parts = [p for topic in found for p in topic.partitions if p.is_readable]
        self._known = {(topic.name, p.partition) for topic in found for p in topic.partitions}
        self._next = {(p.topic.name, p.partition): p.begin for p in parts}
        self._logs = {p.topic.name: log_of(p.topic) for topic in found for p in topic.partitions}
        self._broker.read_from(self._next)

    def _is_time(self) -> bool:
        return self._looked is not None and time.monotonic() - self._looked > LOOKS_EVERY_S

    def _is_changed(self) -> bool:
        """Whether there are other topics or partitions than were seen."""
        self._looked = time.monotonic()
        now: set[tuple[str, int]] = set()
        for name in self._source.topics:
            try:
                topic = self._broker.topic(name)
            except BrokerError as error:
                self._tell([TopicStanding(name, problems=(str(error),))])
                if name in self._logs:
                    return True
                continue
            if self._logs.get(name) != log_of(topic):
                return True
            now |= {(name, p) for p in topic.partitions}
        return now != self._known

    def _tell(self, found: Iterable[TopicStanding]) -> None:
        problems = {problem for topic in found for problem in topic.problems}
        for problem in sorted(problems - self._told):
            logger().error("topic", source=self._source.name, problem=problem)
        self._told |= problems

    def _begin(self, topics: Iterable[TopicStanding]) -> None:
        """Note where topics are begun with, all partitions at once: one that is new later is read from its start."""
        nothing = np.array([], np.int64)
        for topic in topics:
            log = log_of(topic.partitions[0].topic)
            begins = {BEGUN: 0, **{p.partition: p.begin for p in topic.partitions if p.begin > p.low}}
            marks = [Messages(log, p, 0, begin, nothing, b"", nothing) for p, begin in begins.items()]
            for _ in self._portions.load(marks):
                pass

    def _messages(self, wait_s: float) -> Mapping[tuple[str, int], list[Message]]:
        """What comes within a time, or until it is much, by partition."""
        found: dict[tuple[str, int], list[Message]] = defaultdict(list)
        if not self._next:
            time.sleep(wait_s)
            return found
        until, count, size = time.monotonic() + wait_s, 0, 0
        while count < MOST_MESSAGES and size < MOST_BYTES and (left := until - time.monotonic()) > 0:
            came = self._broker.messages(self._at_once, left)
            for message in came:
                found[str(message.topic()), message.partition() or 0].append(message)
            size += (of_these := sum(len(m) + len(m.key() or b"") for m in came))
            count += len(came)
            if came:  # the next ones are about as long
                self._at_once = max(1, min(_AT_ONCE, MOST_BYTES // 8 * len(came) // max(1, of_these)))
        return found

    def _commit(self, found: Mapping[tuple[str, int], list[Message]]) -> Iterator[CommittedRange]:
        portions = {
            place: messages_of(
                self._logs[place[0]], place[1], self._next[place], messages, around=self._around, decoder=self._decoder
            )
            for place, messages in found.items()
        }
        if not portions:
            return
        for part, result in self._portions.load(list(portions.values())):
            if result.already_loaded:
                self._forget()  # by another process; where it ended is looked up
                continue
            name = part.log.partition("/")[0]
            if self._next:
                self._next[name, part.partition] = part.end
            yield CommittedRange(
                name, part.partition, part.first, part.end, result.rows_loaded, result.rows_quarantined
            )
