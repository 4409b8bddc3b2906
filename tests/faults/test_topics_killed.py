"""Messages of Kafka while their readers are killed: each is in bronze once, however many read.

Two children read one topic at once, while it is written to; both are killed at random moments and begun again, and one
is left in peace in the end. Or the broker is killed, and started again.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic  # pyright: ignore[reportPrivateImportUsage]

from tests.faults import steps
from tests.faults.processes import Child, done, timed
from tests.ingest.conftest import record
from tests.servers import Servers

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]
PARTITIONS, A_ROUND, ROUNDS = 3, 600, 12
OUTAGES, OUTAGE_S = 2, 0.7
POISON = b"{no json"


def write(brokers: str, topic: str, numbers: range) -> None:
    """Write order lines, and one message in a hundred that is none."""
    producer = Producer({"bootstrap.servers": brokers})
    for number in numbers:
        value = POISON if number % 100 == 99 else json.dumps(record(number)).encode()
        producer.produce(topic, value, partition=number % PARTITIONS)
    assert producer.flush(30) == 0


@pytest.fixture
def topic(servers: Servers) -> Iterator[tuple[str, str]]:
    """The brokers, and a topic of its own."""
    brokers, name = servers.variables["ASKLAKE_KAFKA_BROKERS"], f"sales-{uuid.uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": brokers})
    admin.create_topics([NewTopic(name, PARTITIONS, 1)])[name].result(30)
    yield brokers, name
    admin.delete_topics([name])[name].result(30)


def test_every_message_is_in_bronze_once_whoever_is_killed(tmp_path: Path, topic: tuple[str, str]) -> None:
    rng = random.Random(20261130)
    home, kills = str(tmp_path / "lake"), 0
    write(*topic, range(A_ROUND))
    done(steps.read_topic, home, *topic, A_ROUND)  # the table is there, so that a round is as short as a commit
    write(*topic, range(A_ROUND, 2 * A_ROUND))
    takes_s = timed(steps.read_topic, home, *topic, 2 * A_ROUND)
    for number in range(2, ROUNDS + 2):
        write(*topic, range(number * A_ROUND, (number + 1) * A_ROUND))
        readers = [Child(steps.read_topic, home, *topic, 1 << 40) for _ in range(2)]
        for reader in readers:
            time.sleep(rng.uniform(0.05, 1.2 * takes_s))
            kills += reader.kill().killed
    assert kills == 2 * ROUNDS
    sent = (ROUNDS + 2) * A_ROUND
    done(steps.read_topic, home, *topic, sent)
    with steps.lake_of(home).session() as session:
        rows = "select count(*) as n, count(distinct order_id) as orders from bronze.sample_sales"
        assert session.query(rows).to_pylist() == [{"n": sent * 99 // 100, "orders": sent * 99 // 100}]
        places = "select count(*) as n, count(distinct source_file || source_row) as places from bronze.quarantine"
        assert session.query(places).to_pylist() == [{"n": sent // 100, "places": sent // 100}]
        notes = session.query("select count(*) as loads, sum(rows_read) as n from bronze.loads").to_pylist()
    assert notes[0]["n"] == sent and notes[0]["loads"] > 3 * PARTITIONS, "none was killed after it committed"


def test_every_message_is_in_bronze_once_though_the_broker_is_killed(
    tmp_path: Path, servers: Servers, topic: tuple[str, str]
) -> None:
    """One reads all the while: what it has not committed it reads again, and nothing else."""
    home, sent = str(tmp_path / "lake"), 0
    reader = Child(steps.read_topic, home, *topic, OUTAGES * A_ROUND)
    for _ in range(OUTAGES):
        write(*topic, range(sent, sent + A_ROUND))
        sent += A_ROUND
        time.sleep(OUTAGE_S)
        servers.script("kill", "kafka")
        time.sleep(OUTAGE_S)
        servers.script("up", "kafka")
    reader.result()
    with steps.lake_of(home).session() as session:
        rows = "select count(*) as n, count(distinct order_id) as orders from bronze.sample_sales"
        assert session.query(rows).to_pylist() == [{"n": sent * 99 // 100, "orders": sent * 99 // 100}]
        assert session.query("select sum(rows_read) as n from bronze.loads").to_pylist() == [{"n": sent}]
