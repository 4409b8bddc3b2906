"""What many requests need is done together, and each gets its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.service.admission.work import Work


def test_what_comes_meanwhile_is_done_at_once_and_each_gets_its_own() -> None:
    sizes: list[int] = []
    gate = threading.Event()

    def do(items: Sequence[int]) -> list[int | Exception]:
        sizes.append(len(items))
        assert gate.wait(10)
        return [ValueError(item) if item == 3 else item * 10 for item in items]

    async def go() -> None:
        together = Work(1).together(do)
        asked = [asyncio.create_task(together.result(n)) for n in range(6)]
        await asyncio.sleep(0.05)
        late = [asyncio.create_task(together.result(n)) for n in (6, 7)]
        await asyncio.sleep(0)
        asked[5].cancel()
        late[1].cancel()
        gate.set()
        results = await asyncio.gather(*asked, *late, return_exceptions=True)
        assert results[:3] == [0, 10, 20] and isinstance(results[3], ValueError) and results[4] == 40
        assert isinstance(results[5], asyncio.CancelledError) and results[6] == 60
        assert sizes == [6, 1], "who has left before its turn is not looked at"

    asyncio.run(go())


def test_an_error_of_all_is_everyones_and_the_next_are_served() -> None:
    def do(items: Sequence[int]) -> list[int | Exception]:
        return [12 // item for item in items]

    async def go() -> None:
        together = Work(1).together(do)
        results = await asyncio.gather(together.result(0), together.result(1), return_exceptions=True)
        assert [type(result) for result in results] == [ZeroDivisionError] * 2
        assert await together.result(4) == 3

    asyncio.run(go())


def test_nobody_waits_longer_than_for_a_thread() -> None:
    gate = threading.Event()

    def do(items: Sequence[int]) -> list[int | Exception]:
        assert gate.wait(10)
        return list(items)

    async def go() -> None:
        together = Work(1, longest_wait_s=0.1).together(do)
        with pytest.raises(ApiError) as refused:
            await together.result(1)
        assert refused.value.status == 503 and refused.value.headers["Retry-After"]
        gate.set()

    asyncio.run(go())
