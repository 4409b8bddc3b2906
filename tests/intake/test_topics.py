"""Topics into bronze, with brokers in memory: every message once, in bronze or in quarantine, and nothing silently."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import fastavro
import pytest
from structlog.testing import capture_logs

from lakehouse_assets.commands.lake import overview, quarantine
from lakehouse_assets.commands.output import Out
from lakehouse_assets.ingest.errors import SourceError
from lakehouse_assets.ingest.loads.quarantine import list_quarantined
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.intake import standing
from lakehouse_assets.intake import topics as reading
from lakehouse_assets.intake.registry import Registry, RegistryError, Written
from lakehouse_assets.intake.standing import ends_of, standing_of, topics_of
from lakehouse_assets.intake.topics import CommittedRange, TopicReader
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.protocol import AuditFailedError, Publication
from tests.ingest.conftest import record, sales_source
from tests.intake.brokers import Brokers, FakeBroker, Sent

WAIT_S = 0.01


@pytest.fixture
def brokers(monkeypatch: pytest.MonkeyPatch) -> Brokers:
    made = Brokers()
    monkeypatch.setattr(reading, "Broker", lambda _settings: FakeBroker(made))
    monkeypatch.setattr(reading, "LOOKS_EVERY_S", 0.0)
    return made


def source(**changes: Any) -> Source:
    return sales_source(**{"format": "json", "kind": "kafka", "topics": ["sales"], **changes})


@pytest.fixture
def reader(lake: Lake, brokers: Brokers) -> Iterator[TopicReader]:
    brokers.make("sales", 2)
    yield TopicReader(lake, source())


def ranges(done: list[CommittedRange]) -> list[tuple[int, int, int, int, int]]:
    return sorted((c.partition, c.first, c.end, c.loaded, c.quarantined) for c in done)


@pytest.fixture
def orders(rows: Callable[..., Any]) -> Callable[[], list[str]]:
    return lambda: [r["order_id"] for r in rows("select order_id from bronze.sample_sales order by order_id")]


def test_messages_are_in_bronze_once_by_whoever_reads_on(
    brokers: Brokers, reader: TopicReader, lake: Lake, rows: Callable[..., Any], orders: Callable[[], list[str]]
) -> None:
    brokers.send("sales", 1, 2)
    brokers.send("sales", 3, partition=1, gap=4)
    assert ranges(reader.commit(WAIT_S)) == [(0, 0, 2, 2, 0), (1, 0, 5, 1, 0)]
    assert reader.commit(WAIT_S) == []
    brokers.send("sales", 4)
    assert ranges(TopicReader(lake, source()).commit(WAIT_S)) == [(0, 2, 3, 1, 0)]
    assert orders() == ["O1", "O2", "O3", "O4"]
    places = rows("select source_file, source_row from bronze.sample_sales where order_id = 'O3'")
    place = f"kafka://sales/{1:032x}/1/{0:020}-{5:020}"
    assert [(r["source_file"], r["source_row"]) for r in places] == [(place, 5)]


def test_of_two_readers_the_slower_one_commits_nothing_and_goes_on(
    brokers: Brokers, reader: TopicReader, lake: Lake, orders: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    brokers.send("sales", 1)
    honest = Publication.audit

    def audit(publication: Publication, *args: object) -> object:
        monkeypatch.setattr(Publication, "audit", honest)
        brokers.send("sales", 2)
        assert ranges(TopicReader(lake, source()).commit(WAIT_S)) == [(0, 0, 2, 2, 0)]
        return honest(publication, *args)

    monkeypatch.setattr(Publication, "audit", audit)
    assert reader.commit(WAIT_S) == []
    brokers.send("sales", 3)
    assert ranges(reader.commit(WAIT_S)) == [(0, 2, 3, 1, 0)]
    assert orders() == ["O1", "O2", "O3"]


def test_a_message_that_cannot_be_read_is_in_quarantine_by_its_offset_and_stops_no_other(
    brokers: Brokers, reader: TopicReader, lake: Lake
) -> None:
    brokers.send("sales", 1, b"{no json", None, b"\xff", b"", b"\0\0\0\0\1x", 2)
    assert ranges(reader.commit(WAIT_S)) == [(0, 0, 7, 2, 5)]
    found = {r["source_row"] - 1: r["reason"] for r in list_quarantined(lake)}
    assert sorted(found) == [1, 2, 3, 4, 5]
    assert found[2] == "the message has no value (a tombstone)" and "UTF-8" in found[3] and "NUL" in found[5]


def test_what_stands_around_a_message_is_a_field_of_it(brokers: Brokers, lake: Lake, rows: Callable[..., Any]) -> None:
    brokers.make("sales")
    columns = {**source().columns, "product_name": "_kafka.key || '/' || _kafka.headers.trace || '/' || _kafka.offset"}
    found = TopicReader(lake, source(columns=columns))
    brokers.send("sales", 1, label="schlüssel".encode(), notes=(("trace", b"a"), ("trace", b"b")))
    brokers.send("sales", 2, label=b"\xff")
    brokers.send("sales", b"[]", b"{ }", label=b"k")
    assert ranges(found.commit(WAIT_S)) == [(0, 0, 4, 1, 3)]
    assert rows("select product_name from bronze.sample_sales") == [{"product_name": "schlüssel/b/0"}]
    reasons = {r["source_row"]: r["reason"] for r in list_quarantined(lake)}
    assert reasons[2] == "its key or one of its headers is not UTF-8, and the source reads them"


def test_messages_whose_schema_cannot_be_known_wait_for_the_registry(
    brokers: Brokers, lake: Lake, orders: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = {"type": "record", "name": "R", "fields": [{"name": name, "type": "string"} for name in record(1)]}
    brokers.make("sales")
    brokers.send("sales", *(avro(schema, record(n)) for n in (1, 2)), b"no head", None)
    found = TopicReader(lake, source(format="avro"))
    for _ in range(2):
        with pytest.raises(RegistryError, match="set ASKLAKE_SCHEMA_REGISTRY"):
            found.commit(WAIT_S)
    monkeypatch.setattr(Registry, "avro", lambda _self, _number: Written(fastavro.parse_schema(schema), False))
    assert ranges(found.commit(WAIT_S)) == [(0, 0, 4, 2, 2)] and orders() == ["O1", "O2"]
    assert {r["source_row"]: r["raw_text"] for r in list_quarantined(lake)}[
        3
    ] == '{"value": {"base64": "bm8gaGVhZA=="}}'


def avro(schema: dict[str, Any], value: dict[str, str]) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), value)
    return b"\0\0\0\0\1" + out.getvalue()


def test_a_raw_message_is_a_field(brokers: Brokers, lake: Lake, orders: Callable[[], list[str]]) -> None:
    brokers.make("sales")
    fixed = {name: f"'{record(1)[field]}'" for name, field in source().columns.items() if field in record(1)}
    columns = {**fixed, "order_id": "split_part(value, ';', 1)", "amount": "'1'"}
    found = TopicReader(lake, source(format="raw", columns=columns, dedup_key=["value"]))
    brokers.send("sales", b"O7;x", b"O8;y")
    assert ranges(found.commit(WAIT_S)) == [(0, 0, 2, 2, 0)] and orders() == ["O7", "O8"]


def test_a_new_partition_is_read_from_its_beginning_even_where_the_topic_was_begun_at_its_end(
    brokers: Brokers, lake: Lake, orders: Callable[[], list[str]]
) -> None:
    brokers.make("sales")
    brokers.send("sales", 1)
    found = TopicReader(lake, source(start="latest"))
    assert found.commit(WAIT_S) == []
    brokers.send("sales", 2)
    brokers.parts["sales", 1] = []
    brokers.send("sales", 3, partition=1)
    again = TopicReader(lake, source(start="latest"))
    assert ranges(again.commit(WAIT_S)) == [(0, 1, 2, 1, 0), (1, 0, 1, 1, 0)]
    brokers.parts["sales", 2] = []
    brokers.send("sales", 4, partition=2)
    assert again.commit(WAIT_S) == []
    assert ranges(again.commit(WAIT_S)) == [(2, 0, 1, 1, 0)]
    assert orders() == ["O2", "O3", "O4"]


def test_a_topic_that_was_empty_when_it_was_begun_at_its_end_is_read_whole(brokers: Brokers, lake: Lake) -> None:
    brokers.make("sales")
    assert TopicReader(lake, source(start="latest")).commit(WAIT_S) == []
    brokers.send("sales", 1)
    assert ranges(TopicReader(lake, source(start="latest")).commit(WAIT_S)) == [(0, 0, 1, 1, 0)]


def test_a_topic_can_be_begun_at_a_time(brokers: Brokers, lake: Lake) -> None:
    brokers.make("sales")
    brokers.send("sales", 1, 2)
    found = TopicReader(lake, source(start="2026-06-30T00:00:00Z"))
    assert found.commit(WAIT_S) == []
    assert ranges(found.commit(WAIT_S)) == [(0, 1, 2, 1, 0)]


@pytest.mark.parametrize("start", ["earliest", "latest"])
def test_a_topic_that_is_made_anew_is_read_whole_and_told_of(
    brokers: Brokers, lake: Lake, orders: Callable[[], list[str]], start: str
) -> None:
    brokers.make("sales")
    found = TopicReader(lake, source(start=start))
    found.commit(WAIT_S)
    brokers.send("sales", 1, 2)
    found.commit(WAIT_S)
    brokers.make("sales")
    brokers.send("sales", 3, 4, 5)
    with capture_logs() as lines:
        done = [c for _ in range(3) for c in found.commit(WAIT_S)]
    assert ranges(done) == [(0, 0, 3, 3, 0)]
    assert orders() == ["O1", "O2", "O3", "O4", "O5"]
    assert any("was deleted and made anew" in line.get("problem", "") for line in lines)


def test_a_topic_that_is_made_anew_while_it_is_read_gives_no_message_of_it_twice(
    brokers: Brokers, reader: TopicReader, orders: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    brokers.send("sales", 1)
    reader.commit(WAIT_S)
    honest = FakeBroker.messages

    def messages(broker: FakeBroker, most: int, timeout_s: float) -> list[Sent]:
        monkeypatch.setattr(FakeBroker, "messages", honest)
        brokers.make("sales")
        brokers.send("sales", 2, 3)
        return honest(broker, most, timeout_s)

    monkeypatch.setattr(FakeBroker, "messages", messages)
    assert reader.commit(WAIT_S) == []
    assert ranges(reader.commit(WAIT_S)) == [(0, 0, 2, 2, 0)]
    assert orders() == ["O1", "O2", "O3"]


def test_a_broker_that_lost_messages_is_told_of_and_its_partition_left_alone(
    brokers: Brokers, reader: TopicReader, lake: Lake
) -> None:
    brokers.send("sales", 1, 2)
    reader.commit(WAIT_S)
    brokers.parts["sales", 0] = []
    brokers.send("sales", 9)
    brokers.send("sales", 3, partition=1)
    assert ranges(TopicReader(lake, source()).commit(WAIT_S)) == [(1, 0, 1, 1, 0)]
    ends = ends_of(lake, source())
    (said,) = standing_of(FakeBroker(brokers), source(), "sales", ends).problems  # pyright: ignore[reportArgumentType]
    assert "it ends at 1, but bronze has it up to 2: the broker lost messages" in said


def test_messages_that_were_deleted_before_they_were_loaded_are_told_of(
    brokers: Brokers, reader: TopicReader, lake: Lake
) -> None:
    brokers.send("sales", 1)
    reader.commit(WAIT_S)
    brokers.send("sales", 2, 3, 4)
    brokers.lows["sales", 0] = 3
    ends = ends_of(lake, source())
    (said,) = standing_of(FakeBroker(brokers), source(), "sales", ends).problems  # pyright: ignore[reportArgumentType]
    assert "messages 1 to 2 were deleted before they were loaded" in said
    assert ranges(TopicReader(lake, source()).commit(WAIT_S)) == [(0, 3, 4, 1, 0)]


def test_where_topics_stand_is_known_without_reading_them(brokers: Brokers, reader: TopicReader, lake: Lake) -> None:
    brokers.send("sales", 1, 2)
    reader.commit(WAIT_S)
    brokers.send("sales", 3)
    brokers.send("sales", 4, 5, partition=1)
    both = source(topics=["sales", "gone"])
    ends = ends_of(lake, both)
    found = [standing_of(FakeBroker(brokers), both, name, ends) for name in both.topics]  # pyright: ignore
    assert [(t.name, t.lag, t.problems) for t in found] == [
        ("sales", 3, ()), ("gone", 0, ("topic gone: Broker: Unknown topic or partition",)),
    ]  # fmt: skip


def test_what_failed_is_read_again(
    brokers: Brokers, reader: TopicReader, orders: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    brokers.send("sales", 1)
    with monkeypatch.context() as broken:
        broken.setattr(Publication, "audit", lambda *_: (_ for _ in ()).throw(OSError("no room")))
        with pytest.raises(Exception, match="no room"):
            reader.commit(WAIT_S)
    assert ranges(reader.commit(WAIT_S)) == [(0, 0, 1, 1, 0)]
    assert orders() == ["O1"]


def test_a_record_that_no_table_takes_is_found_and_the_others_are_loaded(
    brokers: Brokers, reader: TopicReader, lake: Lake, orders: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    brokers.send("sales", *range(1, 8))
    honest = Publication.audit

    def audit(publication: Publication, con: Any) -> Any:
        outcomes = honest(publication, con)
        staged = publication.staged["bronze.sample_sales"]
        if staged.files and con.execute(f"select 1 from {staged.relation} where order_id = 'O5'").fetchall():
            raise AuditFailedError([outcomes[0]])
        return outcomes

    monkeypatch.setattr(Publication, "audit", audit)
    assert sum(c.loaded for c in reader.commit(WAIT_S)) == 6
    assert orders() == ["O1", "O2", "O3", "O4", "O6", "O7"]
    (waiting,) = list_quarantined(lake)
    assert json.loads(waiting["raw_text"])["order_id"] == "O5" and "audit failed" in waiting["reason"]
    assert reader.commit(WAIT_S) == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"topics": []}, "names at least one topic"),
        ({"topics": ["a b"]}, "pattern"),
        ({"topics": ["a", "a"]}, "named twice"),
        ({"format": "csv"}, "has one of json, ndjson, avro, json_schema, raw"),
        ({"start": "yesterday"}, "neither earliest nor latest nor a time"),
        ({"start": "2026-06-30"}, "neither earliest nor latest nor a time"),
        ({"kind": "file"}, "only a source of kind kafka"),
    ],
)
def test_a_source_that_cannot_be_meant_is_refused(said: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        source(**said)


def test_a_source_that_does_not_say_whose_its_messages_are_is_refused(lake: Lake, brokers: Brokers) -> None:
    with pytest.raises(SourceError, match="tenant"):
        TopicReader(lake, source(tenant=None))


def test_status_says_what_waits_and_what_is_wrong(
    brokers: Brokers,
    reader: TopicReader,
    lake: Lake,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    both = source(topics=["sales", "gone"])
    monkeypatch.setattr(overview, "all_sources", lambda: {"shop": both})
    monkeypatch.setattr(overview, "open_lake", lambda: lake)
    overview.status(Out(as_json=True))
    told = json.loads(capsys.readouterr().out)
    assert told["topics"][0]["problems"] == ["topic sales: ASKLAKE_KAFKA_BROKERS names no brokers"]
    named = Lake(lake.settings.model_copy(update={"kafka_brokers": "b:9092"}))
    monkeypatch.setattr(overview, "open_lake", lambda: named)
    monkeypatch.setattr(standing, "Broker", lambda *_: FakeBroker(brokers))
    brokers.send("sales", 1, b"{")
    reader.commit(WAIT_S)
    brokers.send("sales", 2, partition=1)
    brokers.open = 3
    overview.status(Out(as_json=True))
    told = json.loads(capsys.readouterr().out)
    assert [(t["topic"], t["lag"]) for t in told["topics"]] == [("sales", 1), ("gone", 0)]
    assert told["topics"][0]["partitions"][0] == {"partition": 0, "loaded_up_to": 2, "ends_at": 2, "lag": 0, "held": 3}
    assert "topic gone: Broker: Unknown topic or partition" in told["next"]
    overview.status(Out(as_json=False))
    assert "in open transactions" in capsys.readouterr().out
    brokers.send("sales", 3, 4, 5)
    brokers.lows["sales", 0] = 4
    TopicReader(lake, source()).commit(WAIT_S)
    lost = topics_of(named, [both], 1)[0][1].problems
    assert [p.partition(" were deleted")[0] for p in lost] == ["topic sales, partition 0: messages 2 to 3"]
    monkeypatch.setattr(standing, "TOLD_FOR", timedelta(seconds=-1))
    assert topics_of(named, [both], 1)[0][1].problems == ()


def test_a_message_in_quarantine_is_shown_by_topic_partition_and_offset(
    brokers: Brokers,
    reader: TopicReader,
    lake: Lake,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    brokers.send("sales", 1, 2)
    reader.commit(WAIT_S)
    brokers.send("sales", b"{no json")
    reader.commit(WAIT_S)
    monkeypatch.setattr(quarantine, "open_lake", lambda: lake)
    quarantine.show(Out(as_json=False), [], None, None, limit=5)
    assert "topic sales, partition 0, offset 2" in capsys.readouterr().out


def test_long_messages_are_asked_for_a_few_at_a_time(
    brokers: Brokers, reader: TopicReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 1 << 20)
    brokers.send("sales", *[b"x" * (1 << 15)] * 30)
    brokers.send("sales", *[None] * 30, label=b"x" * (1 << 15))
    ends = [one.end for _ in range(2) for one in reader.commit(WAIT_S * 100)]
    assert ends == [32, 60]
