"""Tables of PostgreSQL that are followed: what bronze has as the last of each key is what the table has."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import SecretStr

from lakehouse_assets.commands.lake import sources as commands
from lakehouse_assets.commands.output import Out
from lakehouse_assets.ingest import IngestError
from lakehouse_assets.ingest.fetching.slots import followed
from lakehouse_assets.ingest.loads import following as loads
from lakehouse_assets.ingest.loads.fetching import fetch
from lakehouse_assets.ingest.loads.loader import LoadResult
from lakehouse_assets.ingest.loads.quarantine import list_quarantined
from lakehouse_assets.ingest.loads.standing import look, standings
from lakehouse_assets.ingest.sources import read_sources
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from tests.documents import blocks
from tests.followed import TABLE, TRUTH, Database, following, live

pytestmark = pytest.mark.cluster


@pytest.fixture
def lake(settings: Settings, shop: Database) -> Lake:
    shop.run(TABLE)
    return Lake(settings.model_copy(update={"source_access": {"shop": SecretStr(shop.address)}}))


def read(results: list[LoadResult]) -> list[int]:
    return [result.rows_read for result in results]


def assert_followed(lake: Lake, shop: Database) -> None:
    assert live(lake) == shop.run(TRUTH)


def test_silver_has_what_the_table_has_after_every_kind_of_change(lake: Lake, shop: Database) -> None:
    source = following()
    shop.add(1, 40)
    assert read(fetch(lake, source)) == [40] and fetch(lake, source) == []
    shop.run("update lines set name = 'Coffee' where id < 5")
    shop.run("delete from lines where id between 10 and 12")
    shop.run("update lines set sold = sold + interval '3 days' where id = 20")  # in another partition
    shop.run("update lines set id = 900 where id = 21")  # another record
    shop.run("begin; insert into lines values (901, 1, '2025-01-01Z', 'P', null, 1, 1); rollback")
    shop.run("begin; insert into lines values (902, 1, '2025-01-01Z', '', '', 1, 1); update lines set name = 'é\n\"' "
             "where id = 902; commit")  # fmt: skip
    assert read(fetch(lake, source)) == [4 + 3 + 2 + 2 + 2]
    assert_followed(lake, shop)
    assert len(shop.slots) == 1 and fetch(lake, source) == []


def test_values_are_the_same_by_a_copy_and_by_a_change(lake: Lake, shop: Database) -> None:
    shop.run("create domain yes as bool; create domain raw as bytea; create domain two as raw; create extension hstore")
    shop.run(
        "alter table lines add k yes, add l two, add o hstore, add p int4range, add q tsrange[], add r uuid[], "
        "add s money, add m bool, add t timestamp, add d date, add f float8, add n numeric, add j jsonb, "
        "add b bytea, add a int[], add tt text[], add i interval, add u uuid, add c char(4), "
        "add g int generated always as (id) stored"
    )
    values = (
        "true, '\\x00ff', 'a=>1', '(,9]', array['[2025-01-01,2025-02-01)'::tsrange], "
        "array['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid], 1.5, "
        "true, '2025-01-01 00:00:00.000001', '0044-03-15 BC', '0.1', 'NaN', '{\"a\": 1.10}', '\\x00ff', '{1,null}', "
        "'{\"a,b\",\"NULL\"}', '1 day -00:00:01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'ab'"
    )
    into = "insert into lines (id, line, sold, product, name, qty, price, k, l, o, p, q, r, s, m, t, d, f, n, "
    into += "j, b, a, tt, i, u, c) values"
    for number in (1, 2):
        shop.run(f"{into} ({number}, 1, '2025-03-01Z', 'P', 'Tea', 2, 1.25, {values})")
        fetch(lake, following())
    with lake.session() as session:
        copied, changed = session.query("select raw_payload from bronze.sample_sales order by order_id").to_pylist()
    beside = [text["raw_payload"].partition('"line"')[2] for text in (copied, changed)]
    assert beside[0] == beside[1] and '"b":{"base64":"AP8="}' in beside[0] and '"g"' not in beside[0]
    assert '"j":"{\\"a\\": 1.10}"' in beside[0] and '"d":"0044-03-15 BC"' in beside[0] and '"n":"NaN"' in beside[0]


def test_what_changes_while_the_table_has_another_name_is_not_lost(lake: Lake, shop: Database) -> None:
    source = following()
    shop.add(1, 2)
    fetch(lake, source)
    shop.run("alter table lines rename to others")
    shop.run("update others set name = 'meanwhile'")
    shop.run("alter table others rename to lines")
    assert read(fetch(lake, source)) == [2]
    assert_followed(lake, shop)


def test_what_a_column_cannot_hold_is_quarantined(lake: Lake, shop: Database) -> None:
    source = following()
    fetch(lake, source)
    shop.run("insert into lines values (1, 1, 'infinity', 'P', 'x', 1, 1), (2, 1, '2025-03-01Z', 'P', 'x', 'NaN', 1)")
    shop.run(
        "insert into lines values (3, 1, '2025-03-01Z', 'P', 'x', 1.00001, 1), (4, 1, '2025-03-01Z', 'P', 'x', 1, 1)"
    )
    assert [(r.rows_loaded, r.rows_quarantined) for r in fetch(lake, source)] == [(1, 3)]


def test_an_update_that_leaves_a_long_text_alone_is_exact_or_refused(lake: Lake, shop: Database) -> None:
    source = following()
    shop.run("alter table lines alter name set storage external")
    shop.run("insert into lines values (1, 1, '2025-03-01Z', 'P', repeat('long', 3000), 1, 1)")
    fetch(lake, source)
    shop.run("update lines set qty = 3")
    fetch(lake, source)
    assert_followed(lake, shop)
    by_key = following(dedup_key=["id", "line", "sold"])
    shop.run("alter table lines drop constraint lines_pkey, add primary key (id, line, sold), replica identity default")
    shop.run("update lines set qty = 4")
    fetch(lake, by_key)
    (refused,) = list_quarantined(lake)
    assert "does not send again what an update left alone, in name" in refused["reason"]
    assert '"qty":"4"' in refused["raw_text"] and "replica identity full" in refused["reason"]


def test_a_table_that_is_emptied_is_copied_again(lake: Lake, shop: Database) -> None:
    source = following()
    shop.add(1, 20)
    fetch(lake, source)
    shop.add(21, 25)
    shop.run("begin; insert into lines values (77, 1, '2025-03-01Z', 'P', 'gone', 1, 1); truncate lines; commit")
    shop.add(5, 6)
    assert read(fetch(lake, source)) == [5, 25 + 2]
    assert_followed(lake, shop)
    shop.add(7, 7)
    assert read(fetch(lake, source)) == [1] and len(shop.slots) == 1
    assert_followed(lake, shop)


def test_a_changed_column_is_refused_and_nothing_is_lost(lake: Lake, shop: Database) -> None:
    source = following()
    shop.add(1, 2)
    fetch(lake, source)
    shop.add(3, 3)
    shop.run("alter table lines add more text default 'x'")  # nothing reads it
    shop.add(4, 4)
    assert read(fetch(lake, source)) == [2]
    shop.add(5, 5)
    shop.run("alter table lines alter qty type bigint")
    shop.add(6, 6)
    said = r"column 'qty' was numeric and is bigint\. What was committed before is loaded.*--source shop_lines --anew"
    for _ in range(2):
        with pytest.raises(IngestError, match=said):
            fetch(lake, source)
        assert len(live(lake)) == 5 and len(shop.slots) == 1
    assert read(fetch(lake, source, anew=True)) == [5 + 6]
    assert_followed(lake, shop)
    shop.run("alter table lines rename qty to quantity")
    add_nothing = "insert into lines (id, line, sold, product) values (9, 1, '2025-03-01Z', 'P')"
    shop.run(add_nothing)
    with pytest.raises(IngestError, match=r"column 'qty' \(bigint\) is gone"):
        fetch(lake, source)
    with pytest.raises(IngestError, match="there is no column 'qty'"):
        fetch(lake, source, anew=True)


def test_another_table_of_the_name_is_refused(lake: Lake, shop: Database) -> None:
    source = following()
    fetch(lake, source)
    shop.run("alter table lines rename to old; create table lines (like old including all); "
             "alter table lines replica identity full; alter publication lake add table lines")  # fmt: skip
    shop.add(1, 1)
    with pytest.raises(IngestError, match=r"another table is called lines now.*anew"):
        fetch(lake, source)
    fetch(lake, source, anew=True)
    assert_followed(lake, shop)


def test_what_a_publication_did_not_tell_of_is_refused(lake: Lake, shop: Database) -> None:
    source = following()
    fetch(lake, source)
    shop.add(1, 1)
    shop.run("alter publication lake drop table lines")
    shop.add(2, 2)
    with pytest.raises(IngestError, match=r"lake does not have the table any more.*put it back.*--anew"):
        fetch(lake, source)
    shop.run("alter publication lake add table lines")
    shop.add(3, 3)
    ((_, stands),) = standings(lake, [source], 5)
    assert "was altered or made anew" in stands.problems[0] and "--anew" in stands.problems[0]
    with pytest.raises(IngestError, match=r"was altered or made anew, or the table was out of it.*--anew"):
        fetch(lake, source)
    fetch(lake, source, anew=True)
    assert_followed(lake, shop)
    shop.add(4, 4)
    assert read(fetch(lake, source)) == [1]


def test_of_a_publication_that_was_another_for_a_while_the_entry_is_another(lake: Lake, shop: Database) -> None:
    with followed(shop.address, "here") as server:

        def entry() -> str:
            return server.table("lines", "lake").entry

        first = entry()
        for harmless in (
            "vacuum freeze pg_publication", "vacuum full pg_publication", "vacuum full pg_publication_rel",
            "alter table lines add x int", "create publication other for table lines", "drop publication other",
        ):  # fmt: skip
            shop.run(harmless)
            assert entry() == first, harmless
        seen = [first]
        for there, back in (
            ("alter publication lake set table lines where (id < 0)", "alter publication lake set table lines"),
            ("alter publication lake set table lines (id, line, sold)", "alter publication lake set table lines"),
            (
                "alter publication lake set (publish = 'delete')",
                "alter publication lake set (publish = 'insert')",
            ),
            ("alter publication lake rename to other", "alter publication other rename to lake"),
            ("drop publication lake", "create publication lake for tables in schema public"),
            ("alter publication lake set table lines", "alter publication lake set tables in schema public"),
        ):
            shop.run(there)
            shop.run(back)
            assert entry() not in seen, there
            seen.append(entry())
    assert any("by its schema" in note for note in look(lake, following(), None).notes)


def test_a_slot_whose_log_the_server_removed_is_told(lake: Lake, shop: Database) -> None:
    source = following()
    fetch(lake, source)
    shop.run("alter system set max_slot_wal_keep_size = '1MB'")
    try:
        shop.run("select pg_reload_conf()")
        shop.add(1, 1)
        for _ in range(3):
            shop.run("select pg_switch_wal()")
            shop.run("create table if not exists filler (n int); insert into filler values (1); checkpoint")
        with pytest.raises(IngestError, match=r"removed what the slot .* should keep.*--anew"):
            fetch(lake, source)
    finally:
        shop.run("alter system reset max_slot_wal_keep_size")
        shop.run("select pg_reload_conf()")
    fetch(lake, source, anew=True)
    assert_followed(lake, shop)


def test_a_slot_that_was_made_anew_is_told(lake: Lake, shop: Database) -> None:
    source = following()
    fetch(lake, source)
    (slot,) = shop.slots
    for plugin, said in (("pgoutput", "made anew"), ("test_decoding", "is another one now")):
        shop.run("select pg_drop_replication_slot(%s)", slot)
        shop.add(*((1, 1) if plugin == "pgoutput" else (2, 2)))
        shop.run("select pg_create_logical_replication_slot(%s, %s)", slot, plugin)
        with pytest.raises(IngestError, match=f"{said}.*--anew"):
            fetch(lake, source)


def test_a_slot_that_is_gone_or_was_read_by_another_is_told(lake: Lake, shop: Database) -> None:
    source = following()
    fetch(lake, source)
    shop.add(1, 1)
    (slot,) = shop.slots
    shop.run("select count(*) from pg_logical_slot_get_binary_changes(%s, null, null, 'proto_version', '1', "
             "'publication_names', 'lake')", slot)  # fmt: skip
    with pytest.raises(IngestError, match=f"{slot} was read up to .* by another.*anew"):
        fetch(lake, source)
    shop.run("select pg_drop_replication_slot(%s)", slot)
    with pytest.raises(IngestError, match=f"{slot} is gone.*anew"):
        fetch(lake, source)
    fetch(lake, source, anew=True)
    assert_followed(lake, shop)


def test_two_lakes_follow_one_table(lake: Lake, shop: Database, settings: Settings, tmp_path: Any) -> None:
    access = lake.settings.source_access
    other = Lake(settings.model_copy(update={"home": tmp_path / "other", "source_access": access}))
    shop.add(1, 3)
    for one in (lake, other):
        fetch(one, following())
    shop.run("delete from lines where id = 2")
    for one in (lake, other):
        assert read(fetch(one, following())) == [1]
        assert_followed(one, shop)
    assert len(shop.slots) == 2


@pytest.mark.parametrize("first", [True, False])
def test_of_two_readers_the_second_stops_and_says_so(lake: Lake, shop: Database, monkeypatch: Any, first: bool) -> None:
    source, said = following(), "another process follows this table now"
    shop.add(1, 5)
    if not first:
        fetch(lake, source)
        shop.add(6, 9)
    reading, go_on = threading.Event(), threading.Event()
    load = loads.KeptRows.open

    def slow(self: Any, *args: Any) -> Any:
        reading.set()
        assert go_on.wait(60)
        return load(self, *args)

    monkeypatch.setattr(loads.KeptRows, "open", slow)
    found: list[Any] = []
    reader = threading.Thread(target=lambda: found.append(_outcome(lake, source)))
    reader.start()
    assert reading.wait(60)
    monkeypatch.setattr(loads.KeptRows, "open", load)
    second = _outcome(lake, source)
    go_on.set()
    reader.join()
    assert [said in str(outcome) for outcome in (second, *found)].count(True) == 1
    fetch(lake, source)
    assert_followed(lake, shop)


def _outcome(lake: Lake, source: Any) -> list[int] | str:
    try:
        return read(fetch(lake, source))
    except IngestError as error:
        return str(error)


def test_a_partitioned_table_is_followed_as_one(lake: Lake, shop: Database) -> None:
    shop.run(
        "drop table lines; create table lines (id int, line int, sold timestamptz, product text, name text, qty int, "
        "price int, primary key (id, line, sold)) partition by range (sold); "
        "create table early partition of lines for values from ('2020-01-01Z') to ('2025-03-02Z'); "
        "create table late partition of lines for values from ('2025-03-02Z') to ('2030-01-01Z'); "
        "alter table lines replica identity full; alter table early replica identity full; "
        "alter publication lake add table lines"
    )
    for mend, said in (
        ("alter publication lake set (publish_via_partition_root)", "does not have the table .*lines"),
        ("alter table late replica identity full", "of partitions the replica identity is another"),
    ):
        with pytest.raises(IngestError, match=said):
            fetch(lake, following())
        shop.run(mend)
    shop.add(1, 5)
    fetch(lake, following())
    shop.run("update lines set sold = '2025-03-05Z' where id = 3; delete from lines where id = 4")
    fetch(lake, following())
    assert_followed(lake, shop)


def test_only_what_is_published_is_copied(lake: Lake, shop: Database) -> None:
    shop.run("drop publication lake; create publication lake for table lines where (id < 4)")
    shop.add(1, 6)
    fetch(lake, following())
    shop.run("update lines set id = 9 where id = 2")
    fetch(lake, following())
    assert [row[0] for row in live(lake)] == ["1", "3"]


def test_columns_that_are_not_published_do_not_come_and_of_a_delete_only_the_key(lake: Lake, shop: Database) -> None:
    shop.run(
        "alter table lines add secret text default 'x', drop constraint lines_pkey, add primary key (id, line, sold), "
        "replica identity default; drop publication lake; "
        "create publication lake for table lines (id, line, sold, product, name, qty, price)"
    )
    shop.add(1, 1)
    fetch(lake, following())
    assert any("of a deleted row it says only id, line, sold" in note for note in look(lake, following(), None).notes)
    shop.add(2, 2)
    shop.run("delete from lines where id = 1")
    assert [(r.rows_loaded, r.rows_quarantined) for r in fetch(lake, following())] == [(1, 1)]
    with lake.session() as session:
        texts = session.query("select raw_payload from bronze.sample_sales").column("raw_payload").to_pylist()
    assert len(texts) == 2 and not any("secret" in text for text in texts)


def test_many_changes_are_loaded_in_parts_and_a_long_transaction_at_once(
    lake: Lake, shop: Database, monkeypatch: Any
) -> None:
    monkeypatch.setattr(loads, "MOST_CHANGES", 30)
    fetch(lake, following())
    for first in range(0, 100, 10):
        shop.add(first, first + 9)
    shop.add(1000, 1099)
    found = read(fetch(lake, following()))
    assert sum(found) == 200 and len(found) > 3 and max(found) >= 100
    assert_followed(lake, shop)


def test_a_slot_moves_on_though_only_other_tables_change(lake: Lake, shop: Database, monkeypatch: Any) -> None:
    monkeypatch.setattr(loads, "IDLE_BYTES", 1 << 20)
    fetch(lake, following())
    ours = "from pg_replication_slots where database = current_database()"
    (before,) = shop.run(f"select confirmed_flush_lsn {ours}")
    shop.run("create table other as select n, repeat('x', 1000) x from generate_series(1, 3000) n")
    assert fetch(lake, following()) == []
    assert shop.run(f"select confirmed_flush_lsn > %s::pg_lsn {ours}", before[0]) == [(True,)]
    shop.add(1, 2)
    assert read(fetch(lake, following())) == [2] and fetch(lake, following()) == []


def test_a_copy_that_died_is_begun_again_with_its_slot(lake: Lake, shop: Database, monkeypatch: Any) -> None:
    shop.add(1, 5)

    def die(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(loads, "_around", die)
        with pytest.raises(KeyboardInterrupt):
            fetch(lake, following())
    (slot,) = shop.slots
    shop.add(6, 6)
    assert read(fetch(lake, following())) == [6] and shop.slots == [slot]
    assert_followed(lake, shop)


@pytest.mark.parametrize(
    ("make", "more", "said"),
    [
        ("drop publication lake", {}, "there is no publication lake.*create publication lake for table lines"),
        ("alter publication lake drop table lines", {}, 'alter publication lake add table "public"."lines"'),
        ("alter table lines replica identity default", {}, "would not say sold.*replica identity full"),
        ("select 1", {"database": {"table": "nothing"}}, "there is no table nothing"),
        ("select 1", {"columns": {"order_id": "id"}}, "."),
        ("select 1", {"dedup_key": {"fields": ["id"], "occurrence": True}}, "counts occurrences"),
        ("alter table lines add _op text", {}, "has a column '_op'"),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_told(lake: Lake, shop: Database, make: str, more: Any, said: str) -> None:
    shop.run(make)
    with pytest.raises(Exception, match=said) as error:
        fetch(lake, following(**more))
    assert shop.slots == [] and shop.address.split(":")[2].split("@")[0] not in str(error.value)


def test_another_database_has_no_changes(lake: Lake, rows: Callable[..., Any]) -> None:
    other = lake.settings.model_copy(update={"source_access": {"shop": SecretStr("sqlite:////nowhere.db")}})
    with pytest.raises(IngestError, match="only PostgreSQL tells of its changes"):
        fetch(Lake(other), following())


def test_the_example_of_the_documentation_runs(
    lake: Lake, shop: Database, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    statements = next(block for block in blocks("loading.md", "sql") if "create publication" in block).splitlines()
    mapping = tmp_path / "shop.yml"
    mapping.write_text(next(block for block in blocks("loading.md", "yaml") if "publication:" in block))
    (source,) = read_sources(mapping)
    shop.run(
        "drop publication lake; create schema sales; create role reader login password 'reads_only'; "
        "create table sales.orders (order_id text, line_id text, sold_at timestamptz not null, product text, "
        "quantity numeric, price numeric, primary key (order_id, line_id)); "
        "insert into sales.orders values ('a', '1', '2025-03-01Z', 'P', 2, 1.25), ('b', '1', '2025-03-01Z', 'P', 1, 2)"
    )
    address = shop.address.replace(shop.address.split("@")[0], "postgresql://reader:reads_only")
    reader = Lake(lake.settings.model_copy(update={"source_access": {"shop": SecretStr(address)}}))
    monkeypatch.setattr(commands, "open_lake", lambda: reader)
    try:
        for statement in statements:
            if "publication" in statement or "usage" in statement:
                shop.run(statement)
        with pytest.raises(typer.Exit):
            commands.test(Out(as_json=False), source.name, mapping, None)
        told = capsys.readouterr().out.replace("\n", " ")
        for words in ('alter role "reader" replication', "grant select on", "replica identity full"):
            assert words in told
        for statement in statements:
            if "publication" not in statement:
                shop.run(statement)
        commands.test(Out(as_json=False), source.name, mapping, None)
        assert "the first load copies the table" in capsys.readouterr().out.replace("\n", " ")
        assert read(fetch(reader, source)) == [2]
        shop.run("delete from sales.orders where order_id = 'a'")
        assert read(fetch(reader, source)) == [1] and [row[0] for row in live(reader)] == ["b"]
        ((_, stands),) = standings(reader, [source], 5)
        assert stands.loaded_up_to and not stands.problems and stands.slot == shop.slots[0]
        shop.run("select pg_drop_replication_slot(%s)", stands.slot)
        ((_, stands),) = standings(reader, [source], 5)
        assert "is gone" in stands.problems[0] and "--anew" in stands.problems[0]
    finally:
        shop.run("drop owned by reader; drop role reader")
