"""A database file of somebody else: read by the project's names, never written, nothing beside it read."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from lakehouse_assets.lakehouse.foreign.duckdb_file import DatabaseLake
from lakehouse_assets.settings import Settings


@pytest.fixture
def lake(settings: Settings, tmp_path: Path) -> DatabaseLake:
    path = tmp_path / "shop.duckdb"
    with open_instance() as con:
        con.execute(f"attach '{path}' as made")
        con.execute("create schema made.shop; create table made.shop.orders as select 7 as n")
        con.execute("create schema made.old; create table made.old.items as select 1 as n")
        con.execute("create table made.shop.items as select 2 as n")
    return DatabaseLake(settings, path)


def test_tables_are_read_by_name_even_if_the_file_is_called_like_the_schema(lake: DatabaseLake) -> None:
    with lake.session() as session:
        assert session.query("select n from shop.orders").to_pylist() == [{"n": 7}]


def test_the_schema_of_the_project_need_not_be_that_of_the_file(lake: DatabaseLake) -> None:
    with lake.session() as session:
        assert session.query('select n from "dev_shop"."orders"').to_pylist() == [{"n": 7}]
        assert session.query("select n from shop.items").to_pylist() == [{"n": 2}]
        with pytest.raises(QueryRefusedError, match="old, shop"):
            session.query("select n from dev_shop.items")
        with pytest.raises(QueryRefusedError, match="no table 'nothing'"):
            session.query("select n from shop.nothing")


@pytest.mark.parametrize(
    "sql",
    [
        "drop table shop.orders",
        "select * from read_csv('/etc/passwd')",
        "attach 'x.db'",
        "insert into shop.orders values (1)",
    ],
)
def test_nothing_is_written_and_nothing_else_read(lake: DatabaseLake, sql: str) -> None:
    with lake.session() as session, pytest.raises(QueryRefusedError):
        session.query(sql)
    with lake.session() as session, pytest.raises(duckdb.Error):
        session.con.execute(sql)


def test_there_are_no_older_states(lake: DatabaseLake) -> None:
    with pytest.raises(QueryRefusedError), lake.session(at={"shop.orders": 1}):
        pass
    with pytest.raises(FileNotFoundError):
        DatabaseLake(lake.settings, lake.path.with_name("absent.duckdb"))
