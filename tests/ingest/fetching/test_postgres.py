"""Sources that read PostgreSQL: values that Python has not, wrong passwords, and positions in time zones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from lakehouse_assets.ingest import IngestError
from lakehouse_assets.ingest.fetching import connections
from lakehouse_assets.ingest.fetching.tables import Bounds, opened
from lakehouse_assets.ingest.loads.fetching import fetch, look
from lakehouse_assets.ingest.loads.quarantine import list_quarantined
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from lakehouse_assets.settings.types import password_in, sqlalchemy_postgres_url
from tests.ingest.fetching.test_databases import reading

pytestmark = [pytest.mark.cluster, pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)]
TABLE = """create table orders (id bigint, sold timestamptz, order_id text, line_id int, product text, name text,
    qty numeric, price numeric(18, 4), extra jsonb, days date[], pic bytea)"""


@pytest.fixture
def database(database_url: str) -> Iterator[tuple[str, sa.Connection]]:
    """Address and connection of a schema of the test's own."""
    engine = sa.create_engine(database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as con:
        con.exec_driver_sql(TABLE)
        yield database_url, con
    engine.dispose()


def lake_of(settings: Settings, address: str) -> Lake:
    return Lake(settings.model_copy(update={"source_access": {"shop": SecretStr(address)}}))


def add(con: sa.Connection, number: int, *, sold: str = "2025-03-01 10:00:00+02", qty: str = "2") -> None:
    con.exec_driver_sql(
        "insert into orders values (%(n)s, %(sold)s, %(name)s, 1, 'P', 'Tea', %(qty)s, 1.25, "
        "'{\"a\": 1.10}', '{infinity,2025-01-01}', '\\x00ff')",
        {"n": number, "sold": sold, "name": f"O{number}", "qty": qty},
    )


def test_values_that_python_has_not_are_exact(database: tuple[str, sa.Connection]) -> None:
    address, con = database
    for number, sold in enumerate(("infinity", "0044-03-15 BC", "20260-01-01", "2025-03-01 10:00:00.123456+02"), 1):
        add(con, number, sold=sold, qty="NaN" if number == 1 else "12345678901234567890.123456789")
    described = reading(cursor="id").database
    assert described is not None
    with opened(described, address, "orders") as table:
        rows = [row for batch in table.batches(Bounds(4)) for row in batch.to_pylist()]
    assert [row["sold"].decode() for row in rows] == [
        "infinity", "0044-03-15 00:00:00+00 BC", "20260-01-01 00:00:00+00", "2025-03-01 08:00:00.123456+00",
    ]  # fmt: skip
    assert [row["qty"] for row in rows[:2]] == [b"NaN", b"12345678901234567890.123456789"]
    assert (rows[0]["extra"], rows[0]["days"], rows[0]["pic"]) == (
        b'{"a": 1.10}', b'["infinity", "2025-01-01"]', b"\x00\xff",
    )  # fmt: skip


def test_what_is_new_is_read_by_a_cursor_of_instants(settings: Settings, database: tuple[str, sa.Connection]) -> None:
    address, con = database
    lake, source = lake_of(settings, address), reading(cursor="sold", look_back="PT1H")
    add(con, 1)
    add(con, 2, qty="NaN")
    first = fetch(lake, source)[0]
    assert (first.rows_loaded, first.rows_quarantined) == (1, 1) and fetch(lake, source) == []
    assert "NaN" in list_quarantined(lake)[0]["reason"]
    add(con, 3, sold="2025-03-01 09:30:00+02")
    assert fetch(lake, source)[0].rows_read == 3 and fetch(lake, source) == []


def test_nothing_is_written_and_no_error_tells_the_password(settings: Settings, database: tuple[str, Any]) -> None:
    address, _con = database
    secret = password_in(address)
    drop = reading(query="with gone as (delete from orders returning *) select * from gone")
    wrong = address.replace(f":{secret}@", ":not-the-password@")
    for lake, source, said in (
        (lake_of(settings, address), drop, "database says"),
        (lake_of(settings, wrong), reading(), "password authentication failed"),
        (lake_of(settings, address), reading(table="nothing"), '"nothing" does not exist'),
    ):
        with pytest.raises(IngestError, match=said) as error:
            look(lake, source)
        assert secret not in str(error.value) and "not-the-password" not in str(error.value)
    assert sqlalchemy_postgres_url("postgres://h/d") == "postgresql+psycopg2://h/d"


def test_names_lists_and_small_numbers_are_what_the_database_has(database: tuple[str, sa.Connection]) -> None:
    address, con = database
    con.exec_driver_sql("""create table "o:d%%d" as select 0.1::real as "a%%b", array['\\xff'::bytea] as "a:b",
        array['{"n": 1.10}'::jsonb] as "sel""ect", array[0.1::real] as "A", 'x' as a""")
    described = reading(table="o:d%d", columns=["a%b", "a:b", 'sel"ect', "A", "a"], cursor="a%b").database
    assert described is not None
    with opened(described, address, "odd") as table:
        end = table.end()
        assert (end, table.count(Bounds(end)), table.count(Bounds(end, end, True))) == ("0.1", 1, 1)
        ((*values,),) = [tuple(row.values()) for batch in table.batches(Bounds(end)) for row in batch.to_pylist()]
    assert values == [b"0.1", b'[{"base64": "/w=="}]', b'["{\\"n\\": 1.10}"]', b'["0.1"]', b"x"]


def test_rows_come_in_the_same_order_each_time(database: tuple[str, sa.Connection]) -> None:
    described = reading(query="select current_setting('synchronize_seqscans') as found").database
    assert described is not None
    with opened(described, database[0], "settings") as table:
        assert [batch.to_pylist() for batch in table.batches(None)] == [[{"found": b"off"}]]


def test_all_that_is_read_is_of_one_moment_and_locks_are_not_waited_for(
    database: tuple[str, sa.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, con = database
    described = reading(cursor="id").database
    assert described is not None
    add(con, 1)
    add(con, 5)
    with opened(described, address, "orders") as table:
        bounds = Bounds(table.end())
        add(con, 3)
        assert table.count(bounds) == sum(batch.num_rows for batch in table.batches(bounds)) == 2
    monkeypatch.setattr(connections, "LOCKED_S", 0.2)
    con.exec_driver_sql("begin; lock table orders")
    with pytest.raises(IngestError, match="lock timeout"), opened(described, address, "orders"):
        pass
    con.exec_driver_sql("rollback")
