"""Dashboards that follow the data: what moved is computed once for all alike, and nothing stays of those who leave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.service.admission.access import Asker
from lakehouse_assets.service.dashboards import live as module
from lakehouse_assets.service.dashboards.documents import TilesWanted
from lakehouse_assets.service.dashboards.live import MOST_OF_ONE, Live, Viewer
from nlq.core.guard import Caller

ASKER = Asker(Caller(tenant="a", role="viewer"), "a", "key-a")


class Lake:
    """A lake of two tables, and what was computed over it."""

    def __init__(self) -> None:
        self.heads = {"gold.x": "1", "gold.y": "1"}
        self.computed: list[tuple[str, ...] | None] = []
        self.fails: Exception | None = None
        self.during: Callable[[], None] | None = None
        self.live = Live(self._now, self._compute, every_s=0.001)

    async def _now(self) -> dict[str, str]:
        return dict(self.heads)

    async def _compute(self, asker: Asker, dashboard: str, wanted: TilesWanted) -> Any:
        self.computed.append(wanted.tiles)
        if (fails := self.fails) is not None:
            self.fails = None
            raise fails
        found = {tile: self._answer(tile) for tile in wanted.tiles or ("x", "y", "both")}
        if self.during:
            during, self.during = self.during, None
            during()
        await asyncio.sleep(0.005)
        return SimpleNamespace(answers=found)

    def _answer(self, tile: str) -> Any:
        tables = [name for name in self.heads if tile in ("both", name[-1])]
        text = f'"{tile}:{",".join(self.heads[name] for name in tables)}"'
        answer = SimpleNamespace(error=None, snapshots={name: int(self.heads[name]) for name in tables})
        return SimpleNamespace(answer=answer, model_dump_json=lambda: text)

    async def join(self, viewer: Viewer, key: str = "k", asker: Asker = ASKER) -> None:
        await self.live.join(viewer, key, asker, "d", TilesWanted())


async def said(viewer: Viewer) -> list[str]:
    text = await asyncio.wait_for(viewer.next(), 10)
    return sorted(text.split('"tiles": [')[1].rstrip("]}").replace('"', "").split(", "))


def test_only_what_moved_is_computed_once_for_all_who_see_the_same() -> None:
    async def course() -> None:
        lake = Lake()
        viewers = [Viewer() for _ in range(50)]
        for viewer in viewers:
            await lake.join(viewer)
        assert [await said(viewer) for viewer in viewers] == [["both:1,1", "x:1", "y:1"]] * 50
        late = Viewer()
        await lake.join(late)
        assert await said(late) == ["both:1,1", "x:1", "y:1"]
        assert lake.computed == [None]

        lake.heads["gold.x"] = "2"
        assert [await said(viewer) for viewer in viewers] == [["both:2,1", "x:2"]] * 50
        assert lake.computed == [None, ("both", "x")]

        for viewer in (*viewers, late):
            lake.live.leave(viewer)
        assert lake.live.followed == 0
        lake.heads["gold.x"] = "3"
        await asyncio.sleep(0.05)
        assert lake.computed == [None, ("both", "x")]
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(course())


def test_what_is_published_while_it_is_computed_comes_after_it() -> None:
    async def course() -> None:
        lake, viewer = Lake(), Viewer()
        lake.during = lambda: lake.heads.update({"gold.y": "2"})
        await lake.join(viewer)
        found = await said(viewer)
        while "y:2" not in found:
            found = await said(viewer)
        lake.live.stop()

    asyncio.run(course())


def test_who_does_not_read_gets_the_newest_alone_and_another_choice_leaves_the_one_before() -> None:
    async def course() -> None:
        lake, slow = Lake(), Viewer()
        await lake.join(slow)
        other = Viewer()
        await lake.join(other)
        await said(other)
        for number in range(2, 6):
            lake.heads["gold.y"] = str(number)
            await said(other)
        assert await said(slow) == ["both:1,5", "x:1", "y:5"]
        await lake.join(slow, "another")
        assert lake.live.followed == 2
        lake.live.leave(other)
        assert lake.live.followed == 1
        lake.live.stop()

    asyncio.run(course())


def test_a_failure_is_tried_again_a_refusal_ends_it_and_choices_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AGAIN_S", 0.001)

    async def course() -> None:
        lake, viewer = Lake(), Viewer()
        lake.fails = RuntimeError("the engine fell over")
        await lake.join(viewer)
        assert len(await said(viewer)) == 3
        lake.fails = ApiError(404, "unknown_dashboard", "There is none.")
        lake.heads["gold.x"] = "2"
        with pytest.raises(ApiError, match="There is none"):
            await said(viewer)

        viewers = [Viewer() for _ in range(MOST_OF_ONE)]
        for number, one in enumerate(viewers[1:]):
            await lake.join(one, str(number))
        with pytest.raises(ApiError) as refused:
            await lake.join(Viewer(), "one more")
        assert refused.value.status == 503
        await lake.join(Viewer(), "of another", Asker(Caller(), "b", "key-b"))
        lake.live.stop()

    asyncio.run(course())


def test_of_two_who_are_the_first_at_once_one_begins_to_watch() -> None:
    async def course() -> None:
        lake, one, other = Lake(), Viewer(), Viewer()
        heads = lake.live._heads

        async def slow() -> dict[str, str]:
            await asyncio.sleep(0.005)
            return dict(await heads())

        lake.live._heads = slow
        await asyncio.gather(lake.join(one), lake.join(other, "another"))
        lake.live.stop()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1, "no watch goes on that nobody ends"

    asyncio.run(course())


def test_a_tile_that_came_to_nothing_is_tried_again_after_a_publication() -> None:
    async def course() -> None:
        lake, viewer = Lake(), Viewer()
        plain = lake._answer
        nothing = SimpleNamespace(
            answer=SimpleNamespace(error="took_too_long", snapshots={}), model_dump_json=lambda: '"x:nothing"'
        )
        lake._answer = lambda tile: nothing if tile == "x" else plain(tile)
        await lake.join(viewer)
        assert "x:nothing" in await said(viewer)
        lake._answer = plain
        lake.heads["gold.y"] = "2"
        assert "x:1" in await said(viewer)
        lake.live.stop()

    asyncio.run(course())
