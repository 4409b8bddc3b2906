"""Threads are shared: one asker's questions keep nobody else waiting, and who waits too long is sent away."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.service.admission.access import ANONYMOUS
from lakehouse_assets.service.admission.work import QUICK, Work, begin_waiting


class Gate:
    """Work that goes on until it is let through."""

    def __init__(self) -> None:
        self.open, self.inside = threading.Event(), 0
        self._lock = threading.Lock()

    def work(self) -> str:
        with self._lock:
            self.inside += 1
        assert self.open.wait(10)
        return "done"


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.01)


def test_one_asker_has_no_more_than_its_share_and_all_its_questions_are_answered() -> None:
    async def go() -> None:
        work, gate = Work(4, per_asker=2), Gate()
        mine = [asyncio.create_task(work.run("a", gate.work)) for _ in range(8)]
        await until(lambda: gate.inside == 2)
        assert await work.run("b", lambda: "at once") == "at once"
        assert gate.inside == 2
        gate.open.set()
        assert await asyncio.gather(*mine) == ["done"] * 8

    asyncio.run(go())


def test_who_is_alone_on_this_machine_has_all_threads() -> None:
    async def go() -> None:
        work, gate = Work(4), Gate()
        mine = [asyncio.create_task(work.run(ANONYMOUS.share, gate.work)) for _ in range(6)]
        await until(lambda: gate.inside == 4)
        gate.open.set()
        await asyncio.gather(*mine)

    asyncio.run(go())


def test_keys_are_looked_up_while_questions_hold_every_thread() -> None:
    async def go() -> None:
        work, gate = Work(2, per_asker=2), Gate()
        mine = [asyncio.create_task(work.run("a", gate.work)) for _ in range(4)]
        await until(lambda: gate.inside == 2)
        assert await work.quick(lambda: "here") == "here"
        gate.open.set()
        await asyncio.gather(*mine)

    asyncio.run(go())


def test_who_waits_too_long_or_with_too_many_is_told_when_to_come_back() -> None:
    async def go() -> None:
        work, gate = Work(1, longest_wait_s=0.2, most_waiting=4), Gate()
        first = asyncio.create_task(work.run("a", gate.work))
        await until(lambda: gate.inside == 1)
        begun = time.monotonic()
        others = [asyncio.create_task(work.run(asker, gate.work)) for asker in "aaabbbccc"]
        for refused in await asyncio.gather(*others, return_exceptions=True):
            assert isinstance(refused, ApiError)
            assert (refused.status, refused.code) == (503, "overloaded") and refused.headers["Retry-After"]
        assert time.monotonic() - begun < 8
        gate.open.set()
        assert await first == "done"
        assert await work.run("b", lambda: "next") == "next"

    asyncio.run(go())


def test_who_leaves_while_waiting_takes_no_thread() -> None:
    async def go() -> None:
        work, gate = Work(1), Gate()
        first = asyncio.create_task(work.run("a", gate.work))
        await until(lambda: gate.inside == 1)
        left = [asyncio.create_task(work.run(asker, gate.work)) for asker in "ab"]
        await asyncio.sleep(0.05)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        gate.open.set()
        await first
        assert await work.run("c", lambda: "next") == "next"
        assert gate.inside == 1

    asyncio.run(go())


def test_an_error_gives_the_thread_back() -> None:
    async def go() -> None:
        work = Work(1)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await work.run("a", lambda: 1 // 0)

    asyncio.run(go())


def test_all_turns_of_a_request_share_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async def go() -> None:
        work, gate = Work(1, longest_wait_s=60.0), Gate()
        first = asyncio.create_task(work.run("a", gate.work))
        await until(lambda: gate.inside == 1)
        with monkeypatch.context() as earlier:
            clock = SimpleNamespace(monotonic=lambda: time.monotonic() - 59.8)
            earlier.setattr("lakehouse_assets.service.admission.work.time", clock)
            begin_waiting()
        async with asyncio.timeout(9):  # before the first is let through
            with pytest.raises(ApiError):
                await work.run("b", gate.work)
        gate.open.set()
        await first
        assert await work.run("b", lambda: "free") == "free", "what need not wait is not late"

    asyncio.run(go())


def test_a_lookup_waits_no_longer_than_a_question() -> None:
    async def go() -> None:
        work, gate = Work(1, longest_wait_s=0.2), Gate()
        lookups = [asyncio.create_task(work.quick(gate.work)) for _ in range(QUICK)]
        await until(lambda: gate.inside == QUICK)
        with pytest.raises(ApiError):
            await work.quick(gate.work)
        gate.open.set()
        await asyncio.gather(*lookups)

    asyncio.run(go())


def test_who_would_wait_in_vain_is_told_at_once() -> None:
    async def go() -> None:
        work, gate = Work(1, longest_wait_s=6.0), Gate()
        for _ in range(6):
            await work.run("", lambda: time.sleep(0.2))
        first = asyncio.create_task(work.run("", gate.work))
        await until(lambda: gate.inside == 1)
        others = [asyncio.create_task(work.run("", gate.work)) for _ in range(300)]
        done, waiting = await asyncio.wait(others, timeout=0.5)
        assert len(done) > 100 and len(waiting) > 10
        assert all(isinstance(task.exception(), ApiError) for task in done)
        gate.open.set()
        await asyncio.gather(first, *waiting)

    asyncio.run(go())
