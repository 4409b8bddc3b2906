"""What is fetched into bronze: a database, changes of PostgreSQL, a topic of Kafka, an API; beside who only reads.

Belongs here: making what is fetched, fetching it, and reading the same plainly. Does not belong here: events over HTTP
(`bench.intake`), files (`bench.work`), or which figures are wanted (`bench.__main__`).
"""

from __future__ import annotations

import json
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg2
import pyarrow as pa
import pyarrow.parquet as pq
import requests
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic  # pyright: ignore[reportPrivateImportUsage]
from pydantic import SecretStr

from bench.data import fresh_lake
from bench.measure import Clock
from lakehouse_assets.ingest.loads.fetching import fetch
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.intake.standing import ends_of
from lakehouse_assets.intake.topics import TopicReader
from lakehouse_assets.lakehouse.lake import Lake

AT_ONCE, PARTITIONS, PAGE = 10_000, 3, 1_000
LINE = {
    "order_id": "O", "line_id": "1", "sale_time": "2026-02-01 10:00:00", "product_id": "P-17", "product_name": "Tea",
    "quantity": "2", "unit_price": "2.50",
}  # fmt: skip
COLUMNS = ", ".join(f"{name} text" for name in LINE)
INSERT = f"insert into lines select 'O-' || n, {', '.join(repr(v) for n, v in LINE.items() if n != 'order_id')}"


def source_of(kind: str, **more: Any) -> Source:
    """A source of order lines."""
    mapped = {name: name for name in LINE} | {"amount": "cast(quantity as decimal(18, 3)) * 2.5"}
    if "publication" in more.get("database", {}):
        mapped["is_deleted"] = "_op = 'delete'"
    document = {
        "name": "bench_lines", "kind": kind, "target": "bronze.sample_sales", "tenant": "bench",
        "dedup_key": ["order_id", "line_id"], "columns": mapped, **more,
    }  # fmt: skip
    return Source.model_validate(document)


def new_lake(folder: str, **settings: Any) -> Lake:
    """An empty lake."""
    lake = fresh_lake(Path(folder) / f"lake-{uuid.uuid4().hex[:8]}")
    return Lake(lake.settings.model_copy(update=settings))


def rows_in(lake: Lake) -> int:
    """How many rows bronze has."""
    with lake.session() as session:
        return int(session.query("select count(*) as n from bronze.sample_sales").to_pylist()[0]["n"])


def _figures(clock: Clock, rows: int) -> tuple[float, dict[str, Any]]:
    cpu_us = round(clock.cpu_s / rows * 1e6, 1)
    return clock.seconds, {"per_s": round(rows / clock.seconds), "cpu_us_per_row": cpu_us}


def make_database(file: str, rows: int) -> float:
    """A table in SQLite."""
    with closing(sqlite3.connect(file)) as con:
        con.execute(f"create table lines ({COLUMNS})")
        numbers = f"with recursive t(n) as (select 1 union all select n + 1 from t where n < {rows})"
        con.execute(
            f"{numbers} {INSERT} from t".replace(f"{numbers} insert into lines", f"insert into lines {numbers}")
        )
        con.commit()
    return 0.0


def fetch_database(folder: str, file: str, rows: int) -> tuple[float, dict[str, Any]]:
    """All rows of the table into bronze."""
    lake = new_lake(folder, source_access={"bench": SecretStr(f"sqlite:///{file}")})
    with Clock() as clock:
        fetch(lake, source_of("database", database={"access": "bench", "table": "lines"}))
    return _figures(clock, _all(lake, rows))


def read_database(folder: str, file: str, rows: int) -> tuple[float, dict[str, Any]]:
    """The limit: its rows read by the driver and written to Parquet."""
    schema, read = pa.schema([(name, pa.string()) for name in LINE]), 0
    with Clock() as clock, closing(sqlite3.connect(file)) as con, pq.ParquetWriter(f"{folder}/lines", schema) as writer:
        cursor = con.execute(f"select {', '.join(LINE)} from lines")
        while found := cursor.fetchmany(AT_ONCE):
            columns = [pa.array(column, pa.string()) for column in zip(*found, strict=True)]
            writer.write_batch(pa.record_batch(columns, schema=schema))
            read += len(found)
    return _figures(clock, read)


def fetch_changes(folder: str, address: str, rows: int) -> tuple[float, dict[str, Any]]:
    """Inserts that PostgreSQL has committed since a load into bronze."""
    lake = new_lake(folder, source_access={"bench": SecretStr(address)})
    source = source_of("database", database={"access": "bench", "table": "lines", "publication": "lake"})
    with _changing(address) as con:
        fetch(lake, source)
        _insert(con, rows)
        with Clock() as clock:
            fetch(lake, source)
        return _figures(clock, _all(lake, rows))


def read_changes(folder: str, address: str, rows: int) -> tuple[float, dict[str, Any]]:
    """The limit: the same messages of a slot, counted."""
    slot, file = "plain_bench", Path(folder) / "changes"
    peek = (
        f"copy (select data from pg_logical_slot_peek_binary_changes('{slot}', null, null, 'proto_version', '1', "
        "'publication_names', 'lake')) to stdout (format binary)"
    )
    with _changing(address) as con, con.cursor() as cursor:
        cursor.execute("select pg_create_logical_replication_slot(%s, 'pgoutput')", (slot,))
        _insert(con, rows)
        with Clock() as clock, file.open("wb") as out:
            cursor.copy_expert(peek, out)
    return _figures(clock, rows)


@contextmanager
def _changing(address: str) -> Iterator[Any]:
    with closing(psycopg2.connect(address)) as con:
        con.autocommit = True
        with con.cursor() as cursor:
            cursor.execute("drop publication if exists lake; drop table if exists lines")
            cursor.execute(f"create table lines ({COLUMNS}, primary key (order_id, line_id))")
            cursor.execute("alter table lines replica identity full; create publication lake for table lines")
            yield con
            cursor.execute("select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active")


def _insert(con: Any, rows: int) -> None:
    with con.cursor() as cursor:
        for first in range(1, rows + 1, AT_ONCE):
            last = min(rows, first + AT_ONCE - 1)
            cursor.execute(f"{INSERT} from generate_series({first}, {last}) n")


def make_topic(brokers: str, topic: str, messages: int) -> float:
    """A topic of order lines."""
    admin = AdminClient({"bootstrap.servers": brokers})
    admin.create_topics([NewTopic(topic, PARTITIONS, 1)])[topic].result(30)
    producer = Producer({"bootstrap.servers": brokers, "queue.buffering.max.messages": messages, "linger.ms": 20})
    for number in range(messages):
        producer.produce(topic, json.dumps({**LINE, "order_id": f"O-{number}"}).encode(), partition=number % PARTITIONS)
    if producer.flush(60):
        raise RuntimeError("the broker did not take all messages")
    return 0.0


def fetch_topic(folder: str, brokers: str, topic: str, messages: int) -> tuple[float, dict[str, Any]]:
    """All messages of the topic into bronze."""
    lake = new_lake(folder, kafka_brokers=brokers)
    source = source_of("kafka", topics=[topic], format="json")
    with Clock() as clock, closing(TopicReader(lake, source)) as reader:
        while sum(ends_of(lake, source).values()) < messages:
            reader.commit(lake.settings.intake_every_s)
    return _figures(clock, _all(lake, messages))


def read_topic(folder: str, brokers: str, topic: str, messages: int) -> tuple[float, dict[str, Any]]:
    """The limit: the same messages, each taken by a consumer, and let go."""
    group = {"group.id": uuid.uuid4().hex, "auto.offset.reset": "earliest", "enable.auto.commit": False}
    consumer, read = Consumer({"bootstrap.servers": brokers, **group}), 0
    with Clock() as clock:
        consumer.subscribe([topic])
        while read < messages:
            read += len(consumer.consume(AT_ONCE, 0.3))
    consumer.close()
    return _figures(clock, read)


@contextmanager
def api(records: int) -> Iterator[str]:
    """The address of an API that gives so many order lines, in pages that are made before."""
    lines = [{**LINE, "order_id": f"O-{n}"} for n in range(records)]
    pages = [json.dumps({"orders": lines[at : at + PAGE]}).encode() for at in range(0, records, PAGE)]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            (number,) = parse_qs(urlsplit(self.path).query)["p"]
            body = pages[int(number) - 1] if int(number) <= len(pages) else b'{"orders": []}'
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/orders"
    finally:
        server.shutdown()
        server.server_close()


def fetch_api(folder: str, url: str, records: int) -> tuple[float, dict[str, Any]]:
    """All pages of the API into bronze."""
    lake = new_lake(folder)
    with Clock() as clock:
        fetch(
            lake, source_of("rest", rest={"url": url, "records": "orders", "pages": {"by": "page", "parameter": "p"}})
        )
    return _figures(clock, _all(lake, records))


def read_api(folder: str, url: str, records: int) -> tuple[float, dict[str, Any]]:
    """The limit: the same pages by requests, parsed."""
    read, page = 0, 0
    with Clock() as clock, requests.Session() as session:
        while read < records:
            page += 1
            read += len(session.get(url, params={"p": page}, timeout=60).json()["orders"])
    return _figures(clock, read)


def _all(lake: Lake, rows: int) -> int:
    """See that all rows came.

    Raises:
        RuntimeError: they did not, or some came twice.
    """
    if (found := rows_in(lake)) != rows:
        raise RuntimeError(f"{found} rows are in bronze, and {rows} were to be fetched")
    return found
