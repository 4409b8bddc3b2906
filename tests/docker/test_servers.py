"""Each server of the cluster, started by docker/native, answers as the profile needs it to."""

from __future__ import annotations

import json
import socket
import urllib.request
import uuid
from typing import Any

import boto3
import psycopg2
import pytest
import trino
from botocore.config import Config
from botocore.exceptions import ClientError
from confluent_kafka import Consumer, Producer

from tests.servers import PARTS, Servers

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def lake(servers: Servers) -> dict[str, str]:
    return servers.variables


def query(lake: dict[str, str], sql: str) -> list[list[Any]]:
    connection = trino.dbapi.connect(host="127.0.0.1", port=int(lake["LAKE_TRINO_PORT"]), user="test", catalog="lake")
    cursor = connection.cursor()
    cursor.execute(sql)
    return cursor.fetchall()


def nessie(lake: dict[str, str], method: str, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        f"{lake['LAKE_NESSIE_URI']}/api/v2/{path}", method=method, headers={"Content-Type": "application/json"},
        data=None if body is None else json.dumps(body).encode(),
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def s3(lake: dict[str, str], secret: str) -> Any:
    return boto3.client(
        "s3", endpoint_url=lake["LAKE_S3_ENDPOINT"], region_name=lake["LAKE_S3_REGION"],
        aws_access_key_id=lake["LAKE_S3_ACCESS_KEY"], aws_secret_access_key=secret,
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
    )  # fmt: skip


def test_trino_answers_and_has_the_lake(servers: Servers, lake: dict[str, str]) -> None:
    assert query(lake, "select 1") == [[1]]
    versions = dict(line.split() for line in servers.script("versions").stdout.splitlines())
    assert query(lake, "select node_version, coordinator from system.runtime.nodes") == [[versions["trino"], True]]
    assert ["lake"] in query(lake, "show catalogs")


def test_trino_ranks_versions_of_more_records_than_a_query_has_memory_for(lake: dict[str, str]) -> None:
    made = "unnest(sequence(1, 3500)) as thousands (x) cross join unnest(sequence(1, 1000)) as ones (y)"
    rows = f"select x * 1000 + y as record, rpad(cast(y as varchar), 400, 'x') as version from {made}"
    ranked = f"select *, row_number() over (partition by record order by version desc) as place from ({rows})"
    assert lake["LAKE_TRINO_QUERY_MEMORY"] == "1GB"
    first = query(lake, f"select count(*), max(length(version)) from ({ranked}) where place = 1")
    assert first == [[3_500_000, 400]]


def test_nessie_has_main_by_default(lake: dict[str, str]) -> None:
    assert nessie(lake, "GET", "trees/-")["reference"]["name"] == "main"
    assert nessie(lake, "GET", "config")["defaultBranch"] == "main"


def test_s3_has_the_buckets_and_refuses_a_wrong_key(lake: dict[str, str]) -> None:
    listed = s3(lake, lake["LAKE_S3_SECRET_KEY"]).list_buckets()["Buckets"]
    assert {bucket["Name"] for bucket in listed} == {"warehouse", "landing", "logs"}
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        s3(lake, "wrong").list_buckets()


@pytest.mark.parametrize("name", ["nessie", "asklake", "superset"])
def test_postgres_has_a_database_per_user_and_refuses_a_wrong_password(lake: dict[str, str], name: str) -> None:
    address = f"host=127.0.0.1 port={lake['LAKE_POSTGRES_PORT']} dbname={name} user={name}"
    with psycopg2.connect(address, password=lake[f"LAKE_{name.upper()}_DB_PASSWORD"]) as connection:
        assert connection.server_version // 10000 == 15
        with connection.cursor() as cursor:
            cursor.execute("create temporary table t as select 1 as a; select a from t")
            assert cursor.fetchall() == [(1,)]
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(address, password="wrong")


def test_redis_answers_who_knows_the_password(lake: dict[str, str]) -> None:
    with socket.create_connection(("127.0.0.1", int(lake["LAKE_REDIS_PORT"])), timeout=10) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(100).startswith(b"-NOAUTH")
        connection.sendall(f"AUTH {lake['LAKE_REDIS_PASSWORD']}\r\nPING\r\n".encode())
        received = b""
        while received.count(b"\r\n") < 2:
            received += connection.recv(100)
        assert received == b"+OK\r\n+PONG\r\n"


def test_the_broker_gives_back_what_it_was_given(lake: dict[str, str]) -> None:
    address, topic = f"127.0.0.1:{lake['LAKE_KAFKA_PORT']}", f"test-{uuid.uuid4().hex}"
    producer = Producer({"bootstrap.servers": address, "enable.idempotence": True})
    for number in range(100):
        producer.produce(topic, str(number).encode())
    assert producer.flush(60) == 0
    consumer = Consumer({"bootstrap.servers": address, "group.id": topic, "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    seen: set[int] = set()
    try:
        for _ in range(120):
            seen |= {int(m.value() or b"") for m in consumer.consume(100, 0.5) if not m.error()}
            if len(seen) == 100:
                break
    finally:
        consumer.close()
    assert seen == set(range(100))


def test_a_branch_is_written_through_a_catalog_that_holds_no_key(servers: Servers, lake: dict[str, str]) -> None:
    """Trino → Nessie → S3, on main and on a branch; the catalog's file names variables, not keys."""
    branch = f"test_{uuid.uuid4().hex}"
    query(lake, f"create schema lake.{branch}")
    query(lake, f"create table lake.{branch}.t as select 1 as a")
    main = nessie(lake, "GET", "trees/main")["reference"]
    nessie(lake, "POST", f"trees?name={branch}&type=BRANCH", main)
    shared = (servers.home / "data" / "trino" / "catalogs" / "lake.properties").read_text()
    settings = dict(line.split("=", 1) for line in shared.splitlines() if line and not line.startswith("#"))
    settings["iceberg.rest-catalog.uri"] = settings["iceberg.rest-catalog.uri"].replace("/main", f"/{branch}")
    given = ", ".join(f"\"{name}\" = '{value}'" for name, value in settings.items() if name != "connector.name")
    query(lake, f"create catalog {branch} using iceberg with ({given})")
    query(lake, f"insert into {branch}.{branch}.t values 2")
    assert sorted(query(lake, f"select a from {branch}.{branch}.t")) == [[1], [2]]
    assert query(lake, f"select a from lake.{branch}.t") == [[1]]
    stored = (servers.home / "data" / "trino" / "catalogs" / f"{branch}.properties").read_text()
    assert lake["LAKE_S3_SECRET_KEY"] not in shared + stored
    query(lake, f"drop catalog {branch}")
    head = nessie(lake, "GET", f"trees/{branch}")["reference"]["hash"]
    nessie(lake, "DELETE", f"trees/{branch}@{head}?type=BRANCH")
    query(lake, f"drop table lake.{branch}.t")


@pytest.mark.parametrize("part", PARTS)
def test_a_server_is_reached_from_this_machine_only(servers: Servers, part: str) -> None:
    loopback = {"0100007F", "0000000000000000FFFF00000100007F"}  # of IPv4, and the same written as IPv6
    assert servers.addresses(part)
    assert servers.addresses(part) <= loopback


def test_a_second_start_starts_nothing(servers: Servers) -> None:
    pids = {part: servers.pid(part) for part in PARTS}
    assert servers.script("up").stdout == ""
    assert {part: servers.pid(part) for part in PARTS} == pids
    assert [line.split()[1] for line in servers.script("status").stdout.splitlines()] == ["ready"] * len(PARTS)
