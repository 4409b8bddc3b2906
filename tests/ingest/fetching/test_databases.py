"""Sources that read a database: every kind of value, positions, and what a person is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import pytest
from pydantic import SecretStr

from lakehouse_assets.ingest import IngestError, Source, unload
from lakehouse_assets.ingest.fetching.tables import BATCH_BYTES, Bounds, opened
from lakehouse_assets.ingest.fetching.texts import as_text
from lakehouse_assets.ingest.loads import of_databases
from lakehouse_assets.ingest.loads.fetching import fetch, look
from lakehouse_assets.ingest.loads.quarantine import list_quarantined, replay
from lakehouse_assets.ingest.origins.positions import Position, track_of
from lakehouse_assets.ingest.origins.registry import KINDS, kind_of
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from tests.ingest.conftest import sales_source

COLUMNS = "id bigint, sold timestamp, order_id varchar, line_id int, product varchar, name varchar, qty int, price {}"
ROWS = "select order_id, quantity, unit_price from bronze.sample_sales order by order_id, loaded_at"


ONE = pytest.mark.parametrize("shop", ["sqlite"], indirect=True)
"""What does not depend on the database."""


class Shop:
    """A database of order lines, in a file of either kind."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.path = kind, folder / f"shop.{kind}"
        self.run(f"create table orders ({COLUMNS.format('decimal(18, 4)' if kind == 'duckdb' else 'text')})")

    @property
    def address(self) -> str:
        return f"{self.kind}:///{self.path}"

    def run(self, sql: str) -> None:
        if self.kind == "duckdb":
            with open_instance() as con:
                con.execute(f"attach '{self.path}' as shop; use shop; {sql}")
            return
        with sqlite3.connect(self.path) as con:
            con.execute(sql)
        con.close()

    def add(self, *numbers: int, sold: str = "2025-03-01 10:00:00", qty: str = "2") -> None:
        for n in numbers:
            self.run(f"insert into orders values ({n}, '{sold}', 'O{n:03}', 1, 'P1', 'Tea', {qty}, '1.25')")


@pytest.fixture(params=["sqlite", "duckdb"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Shop:
    return Shop(request.param, tmp_path)


@pytest.fixture
def lake(settings: Settings, shop: Shop) -> Lake:
    return Lake(settings.model_copy(update={"source_access": {"shop": SecretStr(shop.address)}}))


def reading(**described: Any) -> Source:
    document = sales_source().model_dump(exclude_defaults=True, exclude={"format"})
    found = {"access": "shop", **described}
    if "query" not in found:
        found = {"table": "orders", **found}
    return Source.model_validate({**document, "kind": "database", "database": found})


def test_a_whole_table_is_loaded_once_until_it_changes(lake: Lake, shop: Shop, rows: Callable[..., Any]):
    shop.add(1, 2)
    shop.add(3, qty="null")
    first, again = fetch(lake, reading())[0], fetch(lake, reading())[0]
    assert (first.rows_read, first.rows_loaded, first.rows_quarantined) == (3, 2, 1)
    assert again.already_loaded and again.load_id == first.load_id
    assert [(r["order_id"], str(r["unit_price"])) for r in rows(ROWS)] == [("O001", "1.2500"), ("O002", "1.2500")]
    (note,) = rows("select source_file, bytes from bronze.loads")
    assert note["source_file"] == "database://shop/orders" and note["bytes"] > 0
    shop.add(4)
    assert fetch(lake, reading())[0].rows_read == 4


@ONE
def test_rows_out_of_quarantine_are_replayed_and_a_load_is_taken_back(lake: Lake, shop: Shop, rows: Callable[..., Any]):
    shop.add(1)
    shop.add(2, qty="null")
    result = fetch(lake, reading())[0]
    (waiting,) = list_quarantined(lake)
    assert '"order_id":"O002"' in waiting["raw_text"] and waiting["source_file"] == "database://shop/orders"
    columns = {**reading().columns, "quantity": "coalesce(qty, '1')", "amount": "1"}
    mended = reading().model_copy(update={"columns": columns})
    assert replay(lake, source_name="shop", source=mended).loaded == 1
    assert [(r["order_id"], r["quantity"]) for r in rows(ROWS)] == [("O001", 2), ("O002", 1)]
    assert unload(lake, result.load_id).rows == 2
    assert rows(ROWS) == [] and not fetch(lake, reading())[0].already_loaded


@pytest.mark.parametrize("cursor", ["id", "order_id"])
def test_by_a_cursor_only_what_is_new_is_read(lake: Lake, shop: Shop, rows: Callable[..., Any], cursor: str):
    source = reading(cursor=cursor)
    assert fetch(lake, source) == []
    shop.add(1, 2)
    assert fetch(lake, source)[0].rows_read == 2
    assert fetch(lake, source) == []
    shop.add(3)
    assert look(lake, source).rows == 1
    assert fetch(lake, source)[0].rows_read == 1
    assert [r["order_id"] for r in rows(ROWS)] == ["O001", "O002", "O003"]


def test_a_look_back_finds_rows_that_became_visible_late(lake: Lake, shop: Shop, rows: Callable[..., Any]):
    source = reading(cursor="sold", look_back="PT1H")
    shop.add(1, sold="2025-03-01 10:00:00")
    shop.add(2, sold="2025-03-01 11:00:00")
    assert fetch(lake, source)[0].rows_read == 2
    assert fetch(lake, source) == []
    shop.add(3, sold="2025-03-01 10:30:00")  # nothing beyond the cursor, but more within the hour
    assert fetch(lake, source)[0].rows_read == 3
    assert fetch(lake, source) == []
    assert {r["order_id"] for r in rows(ROWS)} == {"O001", "O002", "O003"}


@ONE
def test_rows_that_come_with_the_last_value_of_the_cursor_are_not_lost(lake: Lake, shop: Shop, rows: Any):
    source = reading(cursor="sold")
    shop.add(1, sold="2025-03-01 10:00:00")
    fetch(lake, source)
    shop.add(2, sold="2025-03-01 10:00:00")
    shop.add(3, sold="2025-03-01 10:00:01")
    fetch(lake, source)
    assert {r["order_id"] for r in rows(ROWS)} == {"O001", "O002", "O003"}


@ONE
def test_a_load_that_dies_neither_loses_nor_doubles(lake: Lake, shop: Shop, rows: Any, monkeypatch: Any):
    source = reading(cursor="id")
    shop.add(1, 2)
    fetch(lake, source)
    shop.add(3, 4)
    with monkeypatch.context() as dying:
        dying.setattr(of_databases.KeptRows, "open", _die)
        with pytest.raises(KeyboardInterrupt):
            fetch(lake, source)
    assert fetch(lake, source)[0].rows_read == 2
    assert [r["order_id"] for r in rows(ROWS)] == ["O001", "O002", "O003", "O004"]
    assert not list(lake.settings.scratch_dir.glob("rows-*"))


def _die(*_args: object) -> None:
    raise KeyboardInterrupt


@ONE
def test_of_two_loads_at_a_time_the_slower_one_changes_nothing(lake: Lake, shop: Shop, rows: Any, monkeypatch: Any):
    source = reading(cursor="id")
    shop.add(1)
    slow = of_databases.KeptRows.open

    def overtaken(self: Any, *args: Any) -> Any:
        monkeypatch.setattr(of_databases.KeptRows, "open", slow)
        fetch(lake, source)
        return slow(self, *args)

    monkeypatch.setattr(of_databases.KeptRows, "open", overtaken)
    assert fetch(lake, source)[0].already_loaded
    assert [r["order_id"] for r in rows(ROWS)] == ["O001"]


@ONE
def test_a_load_by_a_cursor_that_was_taken_back_is_not_loaded_again_by_itself(lake: Lake, shop: Shop):
    source = reading(cursor="id")
    shop.add(1)
    unload(lake, fetch(lake, source)[0].load_id)
    assert fetch(lake, source) == []
    assert fetch(lake, reading())[0].rows_loaded == 1


def test_a_query_is_read_like_a_table(lake: Lake, shop: Shop):
    shop.add(1, 2, 3)
    query = "select id, sold, order_id, line_id, product, name, qty, price from orders where name = ':Tea' or id > 1;"
    assert fetch(lake, reading(query=query, cursor="id"))[0].rows_read == 2


def test_a_query_may_end_in_a_comment(lake: Lake, shop: Shop):
    shop.add(1)
    assert look(lake, reading(query="select * from orders -- all of them")).rows == 1


@pytest.mark.parametrize(
    ("value", "said"), [("cast('a' as blob)", "has bytes"), (f"'{'é' * 501}'", "has texts of more than 500 characters")]
)
def test_what_no_position_can_be_noted_by_is_no_cursor(lake: Lake, shop: Shop, value: str, said: str):
    shop.add(1)
    with pytest.raises(IngestError, match=f"the cursor 'version' {said}"):
        look(lake, reading(query=f"select {value} as version, * from orders", cursor="version"))


@ONE
@pytest.mark.parametrize("name", ["50%41.db", "a?mode=rwc.db", "a#b.db", "ä b'c.db"])
def test_a_file_of_any_name_is_read_and_none_is_made(shop: Shop, tmp_path: Path, name: str):
    shop.add(1)
    folder = tmp_path / "odd"
    folder.mkdir()
    shop.path.rename(folder / name)
    described = reading().database
    assert described is not None
    with opened(described, f"sqlite:///{quote(str(folder / name))}", "orders") as table:
        assert table.count(None) == 1
    assert [path.name for path in folder.iterdir()] == [name]


@ONE
def test_all_that_is_read_is_of_one_moment(lake: Lake, shop: Shop):
    shop.run("pragma journal_mode = wal")
    shop.add(1, 5)
    described = reading(cursor="id").database
    assert described is not None
    with opened(described, shop.address, "orders") as table:
        bounds = Bounds(table.end())
        shop.add(3)
        assert table.count(bounds) == sum(batch.num_rows for batch in table.batches(bounds)) == 2
    assert fetch(lake, reading(cursor="id"))[0].rows_read == 3


@ONE
def test_a_look_back_from_a_day_takes_the_whole_day_before(lake: Lake, shop: Shop):
    source = reading(cursor="sold", look_back="PT1H")
    shop.add(1, sold="2025-03-01")
    shop.add(2, sold="2025-03-02")
    fetch(lake, source)
    shop.add(3, sold="2025-03-01")
    assert fetch(lake, source)[0].rows_read == 3


@pytest.mark.parametrize(("of", "more"), [("cast(id as decimal(20, 2))", 3), ("cast(id as double)", 3), ("id", 3)])
def test_a_look_back_goes_back_from_any_number(lake: Lake, shop: Shop, of: str, more: int):
    source = reading(query=f"select {of} as number, * from orders", cursor="number", look_back=1)
    shop.add(4, 5)
    fetch(lake, source)
    shop.add(4)
    assert fetch(lake, source)[0].rows_read == more


def test_texts_and_bytes_stay_what_they_are(lake: Lake, shop: Shop, rows: Callable[..., Any]):
    shop.add(1, 2)
    shop.run("update orders set name = 'Tee 🍵 ''x''' where id = 1")
    shop.run("alter table orders add column picture blob")
    shop.run(f"update orders set picture = {'unhex' if shop.kind == 'duckdb' else 'X'}('ff00')"
             if shop.kind == "duckdb" else "update orders set picture = X'ff00'")  # fmt: skip
    assert fetch(lake, reading())[0].rows_loaded == 2
    found = rows("select product_name, raw_payload from bronze.sample_sales order by order_id")
    assert found[0]["product_name"] == "Tee 🍵 'x'" and '{"base64":"/wA="}' in found[0]["raw_payload"]


def test_a_text_longer_than_any_record_is_quarantined(lake: Lake, shop: Shop):
    shop.add(*range(1, 4))
    long = "repeat('x', 17000000)" if shop.kind == "duckdb" else "replace(hex(zeroblob(8500000)), '0', 'x')"
    shop.run(f"update orders set name = {long} where id = 2")
    result = fetch(lake, reading())[0]
    assert (result.rows_loaded, result.rows_quarantined) == (2, 1)
    assert "longer than 16 MiB" in list_quarantined(lake)[0]["reason"]


@ONE
def test_rows_of_which_all_are_too_long_are_quarantined(lake: Lake, shop: Shop):
    shop.add(1)
    shop.run("update orders set name = replace(hex(zeroblob(8500000)), '0', 'x')")
    result = fetch(lake, reading(cursor="id"))[0]
    assert (result.rows_loaded, result.rows_quarantined) == (0, 1)


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ({"table": "nothing"}, "nothing"),
        ({"columns": ["sold", "nowhere"]}, "nowhere"),
        ({"cursor": "nowhere"}, "there is no column 'nowhere' for the cursor; there are id, sold"),
        ({"query": "selec 1"}, "syntax error"),
        ({"query": "select *, 1 as QTY from orders"}, "two columns are called qty"),
        ({"query": "select 1 as sold"}, "there is no column 'line_id', 'name'"),
        ({"access": "other"}, "the environment holds no access 'other'; it holds shop"),
        ({"cursor": "sold", "look_back": 5}, "State a time such as PT1H"),
        ({"query": "delete from orders"}, "syntax error"),
    ],
)
def test_what_is_not_there_is_told(lake: Lake, shop: Shop, described: dict[str, Any], said: str):
    shop.add(1)
    for what in (look, fetch):
        with pytest.raises(IngestError) as error:
            what(lake, reading(**described))
        assert said in str(error.value) and error.value.hint


def test_a_row_without_a_value_in_the_cursor_is_told_not_left_out(lake: Lake, shop: Shop):
    shop.add(1)
    shop.run("update orders set id = null")
    with pytest.raises(IngestError, match="would never be read"):
        fetch(lake, reading(cursor="id"))


@ONE
def test_a_column_that_went_away_is_told(lake: Lake, shop: Shop):
    shop.add(1)
    fetch(lake, reading(cursor="id"))
    shop.add(2)
    shop.run("alter table orders drop column price")
    with pytest.raises(IngestError, match=r"no column 'price'.*Has the table changed\?"):
        fetch(lake, reading(cursor="id"))


def test_a_file_that_is_not_there_or_none_is_told(settings: Settings, shop: Shop, tmp_path: Path):
    nowhere = f"{shop.kind}:///{tmp_path}/nowhere"
    (tmp_path / "text").write_text("no database, but a text that is long enough to be looked at as one\n" * 100)
    for address, said in ((nowhere, "there is no database file"), (f"{shop.kind}:///{tmp_path}/text", "not a")):
        lake = Lake(settings.model_copy(update={"source_access": {"shop": SecretStr(address)}}))
        with pytest.raises(IngestError, match=said):
            fetch(lake, reading())


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://me:hunter22secret@127.0.0.1:1/name", "the database says: connection to server"),
        ("mysql+pymysql://me:hunter22secret@127.0.0.1:1/name", "the database says: (2003"),
        ("mysql+cymysql://me:hunter22secret@host/name", "the driver of the address is not installed"),
        ("nosuch://me:hunter22secret@host/name", "no database is called 'nosuch'"),
        ("me:hunter22secret@host", "the address cannot be read"),
        ("postgresql://me:hunter22secret@host:port/name", "the address cannot be read"),
        ("postgresql://me:a@hunter22secret/b@127.0.0.1:1/name", "where its password ends"),
        ("postgresql://me:hunter22secret@127.0.0.1:1/a%00b", "the database says"),
    ],
)
def test_no_error_tells_the_password(settings: Settings, address: str, said: str):
    lake = Lake(settings.model_copy(update={"source_access": {"shop": SecretStr(address)}}))
    with pytest.raises(IngestError) as error:
        look(lake, reading())
    assert said in str(error.value) and "hunter22secret" not in f"{error.value} {error.value!r}"
    assert any("hunter22secret" in secret for secret in lake.settings.secrets) or "://" not in address


def test_sources_and_positions_say_what_they_are():
    track = track_of("shop", "reads")
    position = Position(12, "2025-03-01 10:00:00/x", 3)
    assert Position.of(position.id_in(track)) == position
    assert [kind_of(i).name for i in (position.id_in(track), "database://shop/orders")] == ["cursor", "database"]
    assert len({k.scheme for k in KINDS}) == len(KINDS)
    for wrong in (
        {"table": None},
        {"query": "select 1"},
        {"look_back": "PT1H"},
        {"every": "PT1S"},
        {"columns": ["a"], "cursor": "b"},
    ):
        with pytest.raises(ValueError, match="database"):
            reading(**{"table": "orders", **wrong})


def test_rows_of_a_duckdb_file_come_in_batches_of_bounded_size(tmp_path: Path):
    with duckdb.connect(str(tmp_path / "t.duckdb")) as con:  # noqa: TID251
        con.execute("create table t as select i as id, repeat('x', 500000) as text from range(32) _(i)")
    described = reading(table="t").database
    assert described is not None
    with opened(described, f"duckdb:///{tmp_path}/t.duckdb", "t") as table:
        assert max(batch.num_rows for batch in table.batches(None)) <= BATCH_BYTES // 500000


def test_every_number_time_and_nested_value_of_duckdb_is_exact(settings: Settings, tmp_path: Path):
    with duckdb.connect(str(tmp_path / "t.duckdb")) as con:  # noqa: TID251
        con.execute(
            "create table t as select 170141183460469231731687303715884105727 as h, 1.1::double as d, "
                    "'2025-01-01 12:00:00.123456+02'::timestamptz as z, [1, null] as l, 'nan'::double as n, "
                    "timestamp_ns '2025-01-01 00:00:00.123456789' as ns, 12.340::decimal(9,3) as dec, true as b"
        )  # fmt: skip
    described = reading(table="t").database
    assert described is not None
    with opened(described, f"duckdb:///{tmp_path}/t.duckdb", "t") as table:
        (row,) = [r for batch in table.batches(None) for r in batch.to_pylist()]
    assert row == {
        "h": b"170141183460469231731687303715884105727", "d": b"1.1", "z": b"2025-01-01 10:00:00.123456+00",
        "l": b"[1,null]", "n": b"nan", "ns": b"2025-01-01 00:00:00.123456789", "dec": b"12.340", "b": b"true",
    }  # fmt: skip


@ONE
def test_a_table_that_is_again_what_it_was_is_loaded_again(lake: Lake, shop: Shop, rows: Callable[..., Any]):
    shop.add(1)
    results = [fetch(lake, reading())[0]]
    for quantity in (3, 2):
        shop.run(f"update orders set qty = {quantity}")
        results += [fetch(lake, reading())[0], fetch(lake, reading())[0]]
    assert [r.already_loaded for r in results] == [False, False, True, False, True]
    assert [r["quantity"] for r in rows(ROWS)] == [2, 3, 2]
    assert results[-1].load_id == results[-2].load_id


@ONE
def test_how_often_a_table_is_read_does_not_load_it_again(lake: Lake, shop: Shop):
    shop.add(1)
    fetch(lake, reading())
    assert fetch(lake, reading(every="PT1H"))[0].already_loaded


@ONE
def test_a_cursor_that_is_not_told_exactly_is_refused(lake: Lake, shop: Shop, monkeypatch: pytest.MonkeyPatch):
    """As a float of MySQL, which is told as 0.1 and is not less than that."""
    shop.add(1)
    query = "select 1.5 as told, * from orders"
    monkeypatch.setattr(of_databases, "opened", _rounding(of_databases.opened))
    with pytest.raises(IngestError, match="no row has the greatest value of the cursor 'told', 2"):
        fetch(lake, reading(query=query, cursor="told"))


def _rounding(opening: Any) -> Any:
    @contextmanager
    def rounding(*args: Any) -> Iterator[Any]:
        with opening(*args) as table:
            end = table.end()
            table.end = lambda: round(end)
            yield table

    return rounding


@pytest.mark.parametrize(
    ("hours", "text"), [(-25, "-25:00:00"), (838.5, "838:30:00"), (0, "00:00:00"), (1 / 3.6e9, "00:00:00.000001")]
)
def test_a_time_that_is_no_time_of_a_day_is_told_as_the_database_writes_it(hours: float, text: str):
    assert as_text(timedelta(hours=hours)) == text
