"""What probes are told: alive whatever else is wrong, and healthy by one look for all who ask."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse_assets.service import health
from lakehouse_assets.service.health import HealthCheck


class Parts:
    """Stand-ins of the parts that are looked at; `hang` holds whoever looks."""

    def __init__(self) -> None:
        self.looks = 0
        self.hang = threading.Event()
        self.hang.set()
        self.broken = False
        settings = SimpleNamespace(profile="local")
        self.handlers: Any = SimpleNamespace(
            lake=SimpleNamespace(catalog=SimpleNamespace(heads=self._look), settings=settings),
            answerer=SimpleNamespace(vocabulary=lambda: None, stale_layer=None),
            journal=SimpleNamespace(waiting=lambda: 0, failing=None),
        )
        self.access: Any = SimpleNamespace(keys_required=self._keys_required)

    def _look(self) -> None:
        self.looks += 1
        assert self.hang.wait(10)

    def _keys_required(self) -> bool:
        if self.broken:
            raise ConnectionError("the database is gone")
        return False

    def check(self) -> HealthCheck:
        return HealthCheck(self.handlers, self.access, "rules")


def test_one_look_is_for_all_who_ask_within_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> None:
        parts = Parts()
        check = parts.check()
        found = await asyncio.gather(*(check.now() for _ in range(20)))
        assert {(one.status, one.keys_required) for one in found} == {("ok", False)}
        assert parts.looks == 1
        await asyncio.sleep(0.3)
        await check.now()
        assert parts.looks == 2

    monkeypatch.setattr(health, "KEPT_S", 0.2)
    asyncio.run(go())


def test_a_part_that_hangs_is_told_of_in_time_and_holds_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> None:
        parts = Parts()
        parts.hang.clear()
        check = parts.check()
        found = await asyncio.gather(*(check.now() for _ in range(5)))
        assert {one.status for one in found} == {"degraded"}
        assert (await check.now()).status == "degraded" and parts.looks == 1
        parts.hang.set()
        monkeypatch.setattr(health, "LONGEST_S", 5.0)
        assert (await check.now()).status == "ok"

    monkeypatch.setattr(health, "LONGEST_S", 0.1)
    asyncio.run(go())


def test_a_database_that_is_gone_is_told_of() -> None:
    async def go() -> None:
        parts = Parts()
        parts.broken = True
        found = await parts.check().now()
        assert (found.status, found.checks["keys"], found.keys_required) == ("degraded", "not reachable", True)

    asyncio.run(go())


def test_a_look_reads_nothing_of_the_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other threads may be importing packages, and the list of what is installed with them."""

    def broken(_: str) -> str:
        raise NameError("half imported")

    async def go() -> None:
        check = Parts().check()
        monkeypatch.setattr(health, "version", broken)
        assert (await check.now()).status == "ok"

    asyncio.run(go())
