"""Where the topics of a source stand: what is in bronze, what waits, and what went wrong between.

Belongs here: comparing bronze with the brokers. Does not belong here: asking these (broker), or loading (topics).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lakehouse_assets.ingest.origins.logged import KAFKA, range_of, topic_of
from lakehouse_assets.intake.broker import Broker, BrokerError, Topic
from lakehouse_assets.intake.ends import gaps, newest_ranges
from lakehouse_assets.intake.registry import Registry, RegistryError

if TYPE_CHECKING:
    from lakehouse_assets.ingest.sources import Source
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.settings import Settings

TOLD_FOR = timedelta(days=7)
"""How long it is told that messages were lost."""
BEGUN = -1
"""Instead of the number of a partition: the range of no messages which says that a topic was begun with."""
MADE_ANEW = (
    "topic {name}: it was deleted and made anew since it was first read. What was not loaded of the old one is lost; "
    "the new one is read from its beginning."
)
Ends = Mapping[tuple[str, int], int]
"""By log and partition the offset up to which all is in bronze."""


@dataclass(frozen=True)
class Standing:
    """A partition of a topic.

    Attributes:
        topic: The topic.
        partition: Its number.
        committed: Offset up to which all is in bronze; None where nothing is.
        low: Offset of the first message that the broker still has.
        high: Offset after the last one that can be read.
        begin: Offset to go on from.
        held: Offsets after that, which wait for transactions that are not ended.
    """

    topic: Topic
    partition: int
    committed: int | None
    low: int
    high: int
    begin: int
    held: int = 0

    @property
    def lag(self) -> int:
        """Offsets that are not in bronze yet."""
        return max(0, self.high - self.begin)

    @property
    def problem(self) -> str:
        """What a person must know of the partition; empty where all is well."""
        where = f"topic {self.topic.name}, partition {self.partition}"
        if self.committed is not None and self.high < self.committed:
            return (
                f"{where}: it ends at {self.high}, but bronze has it up to {self.committed}: the broker lost messages, "
                "and gives their offsets again. Nothing more is read of it: write to a topic made anew."
            )
        if self.committed is not None and self.low > self.committed:
            return (
                f"{where}: messages {self.committed} to {self.low - 1} were deleted before they were loaded; raise "
                "the topic's retention, and send them again."
            )
        return ""

    @property
    def is_readable(self) -> bool:
        """Whether it can be gone on with."""
        return self.committed is None or self.high >= self.committed


@dataclass(frozen=True)
class TopicStanding:
    """A topic of a source: its partitions, or why nothing is known of it.

    Attributes:
        name: Its name.
        partitions: Its partitions, in order.
        is_begun: Whether a range of it is in bronze.
        problems: What a person must know.
    """

    name: str
    partitions: tuple[Standing, ...] = ()
    is_begun: bool = True
    problems: tuple[str, ...] = ()

    @property
    def lag(self) -> int:
        """Offsets that are not in bronze yet."""
        return sum(p.lag for p in self.partitions)

    @property
    def held(self) -> int:
        """Offsets that wait for transactions which are not ended."""
        return sum(p.held for p in self.partitions)


def log_of(topic: Topic) -> str:
    """What the ids of a topic's ranges name it by."""
    return f"{topic.name}/{topic.id}"


def ends_of(lake: Lake, source: Source) -> dict[tuple[str, int], int]:
    """How far the topics of a source are in bronze."""
    found: dict[tuple[str, int], int] = {}
    for name, _, newest in newest_ranges(lake, KAFKA.scheme):
        if name == source.name:
            partition, _, end = range_of(newest)
            found["/".join(topic_of(newest)), partition] = end
    return found


def standing_of(broker: Broker, source: Source, name: str, ends: Ends) -> TopicStanding:
    """Where one topic of a source stands; what the brokers refuse to tell is its problem."""
    try:
        topic = broker.topic(name)
        extents = broker.extents(topic)
        known = {partition: end for (log, partition), end in ends.items() if log == log_of(topic)}
        older = [end for (log, _), end in ends.items() if log.startswith(f"{name}/") and log != log_of(topic)]
        starts = {} if known or older else _starts(broker, source, topic)
    except BrokerError as error:
        return TopicStanding(name, problems=(str(error),))
    found = []
    for partition, extent in extents.items():
        committed = known.get(partition)
        begin = starts.get(partition, extent.low) if committed is None else max(committed, extent.low)
        held = max(0, extent.written - extent.high)
        found.append(Standing(topic, partition, committed, extent.low, extent.high, begin, held))
    problems = [p.problem for p in found if p.problem]
    if older:
        problems.insert(0, MADE_ANEW.format(name=name))
    return TopicStanding(name, tuple(found), bool(known), tuple(problems))


def topics_of(lake: Lake, sources: Iterable[Source], within_s: float) -> list[tuple[Source, TopicStanding]]:
    """Where the topics of sources stand.

    Args:
        lake: Where they are loaded to.
        sources: Any; those of another kind have none.
        within_s: Longest time to wait for an answer of the brokers.
    """
    wanted = [(s, name) for s in sources if s.kind == "kafka" for name in s.topics]
    if not wanted:
        return []
    if not lake.settings.kafka_brokers:
        return [(s, TopicStanding(name, problems=(f"topic {name}: ASKLAKE_KAFKA_BROKERS names no brokers",)))
                for s, name in wanted]  # fmt: skip
    broker, ends = Broker(lake.settings, within_s), {s.name: ends_of(lake, s) for s, _ in wanted}
    unknown = _registry_problem(lake.settings, wanted)
    lost = _lost(lake)
    found = []
    for source, name in wanted:
        topic = standing_of(broker, source, name, ends[source.name])
        more = (*lost.get((source.name, name), ()), *(unknown if source.format == "avro" else ()))
        found.append((source, replace(topic, problems=(*topic.problems, *more))))
    return found


def _lost(lake: Lake) -> dict[tuple[str, str], list[str]]:
    """By source and topic what was deleted lately before it was loaded, as the ranges in bronze tell it."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, next_id, end, seen in gaps(lake, KAFKA.scheme, datetime.now(UTC) - TOLD_FOR):
        partition, first, _ = range_of(next_id)
        topic = topic_of(next_id)[0]
        found[name, topic].append(
            f"topic {topic}, partition {partition}: messages {end} to {first - 1} were deleted before they were "
            f"loaded, seen on {seen:%Y-%m-%d %H:%M} UTC; raise the topic's retention, and send them again."
        )
    return found


def _registry_problem(settings: Settings, wanted: Iterable[tuple[Source, str]]) -> tuple[str, ...]:
    """What keeps messages waiting whose schema is to be asked for."""
    if not any(s.format == "avro" for s, _ in wanted):
        return ()
    try:
        Registry(settings).check()
    except RegistryError as error:
        return (f"messages of format avro wait: {error}",)
    return ()


def _starts(broker: Broker, source: Source, topic: Topic) -> dict[int, int]:
    """By partition where a topic is begun with, where that is not its earliest message."""
    if source.start == "earliest":
        return {}
    if source.start == "latest":
        return {p: extent.high for p, extent in broker.extents(topic).items()}
    return broker.since(topic, datetime.fromisoformat(source.start))
