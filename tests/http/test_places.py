"""How many connections there are at a time, of one address and of all, and whose address counts."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace

import pytest
from pydantic import ValidationError

from lakehouse_assets.http.addresses import Proxies, caller_at
from lakehouse_assets.http.transport import Door
from lakehouse_assets.settings import Settings
from tests.http.attacked import (
    LAST,
    SMALL,
    answers,
    connect,
    everything,
    server,
    status,
    within,
)


def test_there_is_room_again_once_half_sent_headers_have_timed_out() -> None:
    bounds = replace(SMALL, connections=10, per_address=10)
    with server(bounds) as small, ExitStack() as held:
        for _ in range(10):
            held.enter_context(connect(small)).sendall(b"GET / HTTP/1.1\r\nx: ")
        time.sleep(0.1)
        with connect(small) as connection:
            said = everything(connection)
            assert status(said) == 503 and b"retry-after: 5" in said
        within(10, lambda: answers(small))


def test_many_at_once_are_answered_or_told_to_come_back_and_none_is_reset() -> None:
    def ask(_: int) -> int:
        with connect(small) as connection:
            connection.sendall(LAST.replace(b"/hello", b"/slow"))
            return status(everything(connection))

    with server(replace(SMALL, connections=60, per_address=60, header_s=10)) as small, ThreadPoolExecutor(200) as pool:
        found = list(pool.map(ask, range(75)))
    assert set(found) == {200, 503} and found.count(200) >= 60


def test_an_address_has_its_share_of_the_places_and_a_believed_proxy_all() -> None:
    bounds = replace(SMALL, connections=10, per_address=3)
    door = Door(bounds, Proxies(["10.0.0.0/8"]))
    assert [door.enter(f"2001:db8::{n}") is None for n in range(4)] == [True, True, True, False]
    assert door.enter("2001:db8:0:1::1") is None
    assert [door.enter("10.1.2.3") is None for _ in range(8)] == [True] * 6 + [False] * 2
    for n in range(3):
        door.leave(f"2001:db8::{n}", turned_away=False)
    door.leave("2001:db8::3", turned_away=True)
    assert door.enter("2001:db8::9") is None


def test_an_address_of_version_six_counts_by_its_subnet() -> None:
    assert caller_at("2001:db8:1:2::5") == caller_at("2001:db8:1:2:ffff::1") != caller_at("2001:db8:1:3::5")
    assert caller_at("::ffff:192.0.2.1") == caller_at("192.0.2.1") != caller_at("192.0.2.2")
    assert caller_at("fe80::1%eth0") == caller_at("fe80::2")
    assert caller_at("no address") == caller_at("x" * 5000)


@pytest.mark.parametrize(
    ("believed", "sent", "seen"),
    [
        ("", "203.0.113.7", "127.0.0.1"),
        ("10.0.0.1", "203.0.113.7", "127.0.0.1"),
        ("127.0.0.0/8", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.1, 203.0.113.0/24", "198.51.100.1, 203.0.113.7", "198.51.100.1"),
    ],
)
def test_only_a_named_proxy_says_who_calls(believed: str, sent: str, seen: str) -> None:
    with server(settings=Settings(trusted_proxies=believed)) as one, connect(one) as connection:
        connection.sendall(
            LAST.replace(b"/hello", b"/who").replace(b"\r\n\r\n", f"\r\nx-forwarded-for: {sent}\r\n\r\n".encode())
        )
        assert everything(connection).endswith(b"\r\n\r\n" + seen.encode())


@pytest.mark.parametrize("text", ["*", "proxy.example", "10.0.0.0/33"])
def test_a_proxy_is_named_by_its_address(text: str) -> None:
    with pytest.raises(ValidationError, match="no address or network"):
        Settings(trusted_proxies=text)
