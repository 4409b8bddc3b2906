"""The brokers of Kafka: which topics and partitions there are, how far they go, and their messages.

The only module that knows the client's library. A consumer is assigned its partitions and keeps no offsets at the
broker: where to go on is said by bronze.loads alone.
Belongs here: asking the brokers. Does not belong here: what messages mean (messages), or what is read when (topics).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    OffsetSpec,  # pyright: ignore[reportPrivateImportUsage] - public by its documentation
)

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings

ANSWERS_WITHIN_S = 10.0
AHEAD_KIB = 32 << 10
"""KiB of messages that are fetched before they are asked for."""
_EARLIEST: Any = OffsetSpec.earliest()
_LATEST: Any = OffsetSpec.latest()
_LOG = logging.getLogger(__name__)


class BrokerError(Exception):
    """The brokers do not answer, or refuse; the message says what, and never holds a password."""


@dataclass(frozen=True)
class Topic:
    """A topic as it is now.

    Attributes:
        name: Its name.
        id: What tells it from one of the same name that was deleted; 32 hexadecimal digits.
        partitions: The numbers of its partitions.
    """

    name: str
    id: str
    partitions: tuple[int, ...]


@dataclass(frozen=True)
class Extent:
    """The offsets of a partition.

    Attributes:
        low: Of its first message that is still there.
        high: After its last one that can be read.
        written: After its last one, also where that waits for a transaction that is not ended.
    """

    low: int
    high: int
    written: int


class Broker:
    """The brokers that the settings name; for one thread. Close it."""

    def __init__(self, settings: Settings, within_s: float = ANSWERS_WITHIN_S) -> None:
        """Nothing is asked yet; an answer must come within so many seconds."""
        self._settings, self._within_s = _settings_of_client(settings), within_s
        self._admin = AdminClient(self._settings, logger=_LOG)
        self._consumer: Consumer | None = None

    def topic(self, name: str) -> Topic:
        """What a topic is now.

        Raises:
            BrokerError: there is no such topic, or the brokers do not answer.
        """
        described = self._admin.describe_topics(TopicCollection([name]), request_timeout=self._within_s)
        found = _answer(described[name], f"topic {name}")
        bits = (found.topic_id.get_most_significant_bits(), found.topic_id.get_least_significant_bits())
        id_ = "".join(f"{part & (1 << 64) - 1:016x}" for part in bits)
        if not int(id_, 16):
            raise BrokerError(f"topic {name}: its broker gives topics no ids; use Kafka 2.8 or later.")
        return Topic(name, id_, tuple(sorted(p.id for p in found.partitions)))

    def extents(self, topic: Topic) -> dict[int, Extent]:
        """How far each partition goes.

        Raises:
            BrokerError: the brokers do not answer.
        """
        low, high = (self._offsets(topic, spec) for spec in (_EARLIEST, _LATEST))
        written = self._offsets(topic, _LATEST, IsolationLevel.READ_UNCOMMITTED)
        return {p: Extent(low[p], high[p], written[p]) for p in topic.partitions}

    def since(self, topic: Topic, time: datetime) -> dict[int, int]:
        """By partition the offset of the first message from a time on, or after the last where there is none."""
        found = self._offsets(topic, OffsetSpec.for_timestamp(int(time.timestamp() * 1000)))
        ends = self._offsets(topic, _LATEST)
        return {p: ends[p] if offset < 0 else offset for p, offset in found.items()}

    def _offsets(
        self, topic: Topic, spec: OffsetSpec, isolation: IsolationLevel = IsolationLevel.READ_COMMITTED
    ) -> dict[int, int]:
        wanted = {TopicPartition(topic.name, p): spec for p in topic.partitions}
        asked = self._admin.list_offsets(wanted, isolation_level=isolation, request_timeout=self._within_s)
        return {tp.partition: _answer(future, f"topic {topic.name}").offset for tp, future in asked.items()}

    def read_from(self, positions: Mapping[tuple[str, int], int]) -> None:
        """Read the partitions of topics from these offsets on, and no others."""
        if self._consumer is None:
            self._consumer = Consumer(
                {
                    **self._settings,
                    "group.id": "asklake",  # the library asks for one; nothing is kept for it
                    "enable.auto.commit": False,
                    "enable.auto.offset.store": False,
                    "auto.offset.reset": "error",
                    "isolation.level": "read_committed",
                    "allow.auto.create.topics": False,
                    "queued.max.messages.kbytes": AHEAD_KIB,
                    "fetch.wait.max.ms": 100,
                },
                logger=_LOG,
            )
        self._consumer.assign([TopicPartition(topic, p, offset) for (topic, p), offset in positions.items()])

    def messages(self, most: int, timeout_s: float) -> list[Message]:
        """Some messages, in the order of each partition.

        Raises:
            BrokerError: a partition cannot be read on from where it was; begin again with `read_from`.
        """
        assert self._consumer is not None
        found: list[Message] = []
        for message in self._consumer.consume(most, timeout_s):
            if (error := message.error()) is not None:
                raise BrokerError(f"topic {message.topic()}, partition {message.partition()}: {error.str()}")
            found.append(message)
        return found

    def close(self) -> None:
        """Leave the brokers."""
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None


def _answer(future: Any, asked: str) -> Any:
    try:
        return future.result(ANSWERS_WITHIN_S + 1)
    except (KafkaException, TimeoutError) as error:
        reason = error.args[0].str() if error.args and isinstance(error.args[0], KafkaError) else "no answer in time"
        raise BrokerError(f"{asked}: {reason}") from error


def _settings_of_client(settings: Settings) -> dict[str, Any]:
    found: dict[str, Any] = {
        "bootstrap.servers": settings.kafka_brokers,
        "client.id": "asklake",
        "security.protocol": settings.kafka_protocol,
        "socket.timeout.ms": int(ANSWERS_WITHIN_S * 1000),
        "log_level": 3,
        "error_cb": _note,  # what the library mends by itself; what concerns a partition comes with its messages
    }
    if settings.kafka_ca:
        found["ssl.ca.location"] = str(settings.kafka_ca)
    if settings.kafka_user:
        found |= {
            "sasl.mechanism": settings.kafka_mechanism,
            "sasl.username": settings.kafka_user,
            "sasl.password": settings.kafka_password.get_secret_value(),
        }
    return found


def _note(error: KafkaError) -> None:
    _LOG.warning("the brokers: %s", error.str())
