"""A catalog of a Trino of somebody else: its address, and what is said where it cannot be read."""

from __future__ import annotations

import socket

import pytest

from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from lakehouse_assets.lakehouse.foreign.duckdb_file import one_schema
from lakehouse_assets.lakehouse.foreign.trino_catalog import STATE_S, TrinoAddress, TrinoDatabase
from lakehouse_assets.settings import Settings


def test_an_address_names_a_catalog_and_perhaps_a_schema() -> None:
    address = TrinoAddress.of("trino+https://ann:s%40cret@trino.example:8443/lake/shop")
    assert (address.url.scheme, address.url.hostname, address.url.port) == ("https", "trino.example", 8443)
    assert (address.catalog, address.schema, address.url.username) == ("lake", "shop", "ann")
    assert str(address) == "https://trino.example:8443/lake"
    assert TrinoAddress.of("trino://localhost/lake").schema == "default"


@pytest.mark.parametrize(
    "text",
    ["trino://host", "trino://host/a/b/c", "http://host/lake", "trino:///lake", "mysql://host/lake", "shop.duckdb"],
)
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="trino://user@host:8080/catalog"):
        TrinoAddress.of(text)


def test_a_password_is_neither_sent_in_the_clear_nor_shown() -> None:
    with pytest.raises(ValueError, match=r"trino\+https") as refused:
        TrinoAddress.of("trino://ann:hidden@host:8080/lake")
    assert "hidden" not in str(refused.value)


def test_a_server_that_is_not_there_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trino.constants.DEFAULT_MAX_ATTEMPTS", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        lake = TrinoDatabase(settings, TrinoAddress.of(f"trino://127.0.0.1:{taken.getsockname()[1]}/lake"))
        with lake.session() as session, pytest.raises(QueryRefusedError, match="cannot be reached"):
            session.query("select count(*) from shop.orders")


def test_it_is_not_written_and_has_no_older_states(settings: Settings) -> None:
    lake = TrinoDatabase(settings, TrinoAddress.of("trino://127.0.0.1:1/lake"))
    with pytest.raises(QueryRefusedError, match="as it is"), lake.session(writer=True):
        pass
    with pytest.raises(QueryRefusedError, match="as it is"), lake.session(at={"shop.orders": 1}):
        pass
    with lake.session() as session, pytest.raises(QueryRefusedError):
        session.query("drop table shop.orders")


def test_its_state_lasts_for_minutes(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = TrinoDatabase(settings, TrinoAddress.of("trino://127.0.0.1:1/lake"))
    monkeypatch.setattr("time.time", lambda: 10.0 * STATE_S)
    first = lake.catalog.heads()
    monkeypatch.setattr("time.time", lambda: 10.0 * STATE_S + STATE_S - 1)
    assert lake.catalog.heads() == first
    monkeypatch.setattr("time.time", lambda: 11.0 * STATE_S)
    assert lake.catalog.heads() != first


def test_the_schema_of_a_table_is_the_projects_or_the_only_one() -> None:
    assert one_schema("shop.orders", ["old", "shop"], "lake") == "shop"
    assert one_schema("dev.orders", ["shop"], "lake") == "shop"
    with pytest.raises(QueryRefusedError, match="old, shop"):
        one_schema("dev.orders", ["shop", "old"], "lake")
    with pytest.raises(QueryRefusedError, match="no table 'orders'"):
        one_schema("dev.orders", [], "lake")
