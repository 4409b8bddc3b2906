"""Sources that read MySQL and MariaDB: every kind of value exact or in quarantine, cursors, and one moment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from lakehouse_assets.ingest import IngestError, Source
from lakehouse_assets.ingest.described.databases import Database
from lakehouse_assets.ingest.fetching.tables import Bounds, opened
from lakehouse_assets.ingest.loads.fetching import fetch, look
from lakehouse_assets.ingest.loads.quarantine import list_quarantined
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from tests import mariadb
from tests.ingest.fetching.test_databases import reading

KINDS: dict[str, tuple[str, str, str | None]] = {
    "largest unsigned": ("bigint unsigned", "18446744073709551615", "18446744073709551615"),
    "all digits": ("decimal(65,30)", f"'{'9' * 35}.{'1' * 30}'", f"{'9' * 35}.{'1' * 30}"),
    "the least fraction": ("decimal(65,30)", "-1e-30", f"-0.{'0' * 29}1"),
    "no day": ("date", "'0000-00-00'", "0000-00-00"),
    "half a day": ("date", "'2026-02-00'", "2026-02-00"),
    "no time": ("datetime(6)", "'0000-00-00 00:00:00'", "0000-00-00 00:00:00.000000"),
    "the last time": ("datetime(6)", "'9999-12-31 23:59:59.999999'", "9999-12-31 23:59:59.999999"),
    "a moment": ("timestamp(3) null", "'2026-01-01 05:30:00.250'", "2026-01-01 00:00:00.250000"),
    "more than a day": ("time", "'838:59:59'", "838:59:59"),
    "before zero": ("time(6)", "'-25:00:00.5'", "-25:00:00.500000"),
    "a year": ("year", "1901", "1901"),
    "bits": ("bit(12)", "b'101010101010'", "2730"),
    "one bit": ("bit(1)", "1", "1"),
    "tiny as a flag": ("tinyint(1)", "7", "7"),
    "json": ("json", """'{"a":1.10,"b":[1]}'""", '{"a":1.10,"b":[1]}'),
    "beyond three bytes": ("text", "'\U0001f600 na\u00efve'", "\U0001f600 na\u00efve"),
    "another encoding": ("varchar(9) character set latin1", "'caf\u00e9'", "caf\u00e9"),
    "a float": ("float", "1.1", "1.1"),
    "a float of more digits than are written": ("float", "16777216", "16777216.0"),
    "a double": ("double", "1.7976931348623157e308", "1.7976931348623157e+308"),
    "a choice": ("enum('a','b')", "'b'", "b"),
    "several": ("set('x','y')", "'x,y'", "x,y"),
    "filled up": ("int(8) zerofill", "42", "42"),
    "nothing": ("bit(3)", "null", None),
}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    if absent := mariadb.absent():
        pytest.skip(absent)
    with mariadb.running(tmp_path_factory.mktemp("mariadb")) as found:
        yield found


def address(port: int, user: str = "reader") -> str:
    return f"mysql+pymysql://{user}:{quote(mariadb.PASSWORD, safe='')}@127.0.0.1:{port}/shop"


@pytest.fixture(scope="module")
def owner(port: int) -> Iterator[sa.Connection]:
    engine = sa.create_engine(address(port, "owner"), isolation_level="AUTOCOMMIT")
    with engine.connect() as con:
        con.exec_driver_sql("set session sql_mode = ''")
        con.exec_driver_sql("set time_zone = '+05:30'")
        yield con
    engine.dispose()


def values(port: int, **said: Any) -> list[dict[str, str | None]]:
    bounds = said.pop("bounds", None)
    described = Database.model_validate({"access": "shop", **said})
    with opened(described, address(port), "shop") as table:
        found = [row for batch in table.batches(bounds) for row in batch.to_pylist()]
    return [{name: v if v is None else v.decode() for name, v in row.items()} for row in found]


def test_every_kind_of_value_is_told_to_its_last_digit(port: int, owner: sa.Connection) -> None:
    columns = {f"c{number}": kind for number, kind in enumerate(KINDS.values())}
    owner.exec_driver_sql(f"create table kinds ({', '.join(f'{n} {kind}' for n, (kind, _, _) in columns.items())})")
    owner.exec_driver_sql(
        f"insert into kinds values ({', '.join(v for _, v, _ in columns.values())})".replace("%", "%%")
    )
    (row,) = values(port, table="kinds")
    wrong = {
        what: (row[f"c{number}"], wanted)
        for number, (what, (_, _, wanted)) in enumerate(KINDS.items())
        if row[f"c{number}"] != wanted
    }
    assert not wrong
    assert values(port, query="select c17 as f, c11 as b, count(*) as n from kinds group by 1, 2") == [
        {"f": "1.1", "b": "2730", "n": "1"}
    ]


def test_a_cursor_of_decimals_misses_no_row_and_a_float_is_none(port: int, owner: sa.Connection) -> None:
    owner.exec_driver_sql("create table steps (d decimal(40,20), u bigint unsigned, f float)")
    near = "9007199254740993.00000000000000000001"  # the same double as its neighbours
    owner.exec_driver_sql(
        f"insert into steps values (9007199254740992, 1, 1), ({near}, 18446744073709551614, 2), "
        "(9007199254740993.00000000000000000002, 18446744073709551615, 3)"
    )
    last = f"{near[:-1]}2"
    assert [row["f"] for row in values(port, table="steps", cursor="d", bounds=Bounds(last, near))] == ["3.0"]
    assert [row["f"] for row in values(port, table="steps", cursor="d", bounds=Bounds(near))] == ["1.0", "2.0"]
    after = Bounds(18446744073709551615, 18446744073709551614)
    assert [row["f"] for row in values(port, table="steps", cursor="u", bounds=after)] == ["3.0"]
    with pytest.raises(IngestError, match="is a FLOAT"):
        values(port, table="steps", cursor="f", bounds=Bounds(1))


def test_rows_are_loaded_by_a_cursor_and_what_does_not_fit_is_in_quarantine(
    port: int, owner: sa.Connection, settings: Settings
) -> None:
    owner.exec_driver_sql(
        "create table orders (id bigint, sold timestamp(6) null, order_id varchar(20), line_id int, "
        "product varchar(20), name varchar(20), qty int, price decimal(65,30))"
    )
    lake = Lake(settings.model_copy(update={"source_access": {"shop": SecretStr(address(port))}}))
    source: Source = reading(cursor="sold")
    insert = "insert into orders values ({0}, '{1}', 'O{0}', 1, 'P', 'T\u00e9', 2, {2})"
    owner.exec_driver_sql(insert.format(1, "2025-03-01 10:00:00.000001", "1.25"))
    owner.exec_driver_sql(insert.format(2, "2025-03-01 10:00:00.000002", "1.000000000000000000000000000001"))
    (first,) = fetch(lake, source)
    assert (first.rows_loaded, first.rows_quarantined) == (1, 1)
    (fault,) = list_quarantined(lake)
    assert fault["column_name"] == "unit_price"
    owner.exec_driver_sql(insert.format(3, "2025-03-01 10:00:00.000003", "2"))
    seen = look(lake, source)
    assert seen.rows == 1
    (second,) = fetch(lake, source)
    assert second.rows_loaded == 1
    with lake.session() as session:
        rows = session.query("select order_id, sale_time, product_name from bronze.sample_sales order by 1").to_pylist()
    assert [(row["order_id"], str(row["sale_time"]), row["product_name"]) for row in rows] == [
        ("O1", "2025-03-01 04:30:00.000001", "T\u00e9"), ("O3", "2025-03-01 04:30:00.000003", "T\u00e9"),
    ]  # fmt: skip


def test_nothing_is_written_all_is_of_one_moment_and_no_password_is_told(port: int, owner: sa.Connection) -> None:
    owner.exec_driver_sql("create table moments (n int) engine=innodb")
    owner.exec_driver_sql("insert into moments select seq from seq_1_to_50000")
    described = Database.model_validate({"access": "shop", "table": "moments"})
    with opened(described, address(port, "owner"), "shop") as table:
        batches = table.batches(None)
        rows = next(batches).num_rows
        owner.exec_driver_sql("delete from moments where n > 10")
        assert rows + sum(batch.num_rows for batch in batches) == 50_000
    owner.exec_driver_sql("create sequence counted")
    described = Database.model_validate({"access": "shop", "query": "select nextval(counted) as n"})
    with pytest.raises(IngestError, match="READ ONLY"), opened(described, address(port, "owner"), "shop") as table:
        list(table.batches(None))
    with pytest.raises(IngestError) as error:
        values(port, table="nothing")
    assert mariadb.PASSWORD not in str(error.value) and "nothing" in str(error.value)
    other = address(port).replace("reader", "stranger")
    with pytest.raises(IngestError) as denied, opened(described, other, "shop"):
        pass
    assert mariadb.PASSWORD not in str(denied.value) and "denied" in str(denied.value).lower()
