"""Dashboards that follow the data: after a publication, the tiles whose tables moved, computed once for all alike.

Viewers with the same rights who chose the same are one group. One task looks at the catalog for all of them, as long as
there are any; what a viewer does not read in time is replaced by what is newer, so that none holds memory or others up.
Belongs here: groups, what they are sent, and when. Does not belong here: WebSockets (routes), computing (handlers).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.http.logs import logger
from lakehouse_assets.service.admission.work import overloaded
from nlq.core.utc import utc_now

if TYPE_CHECKING:
    from lakehouse_assets.service.admission.access import Asker
    from lakehouse_assets.service.dashboards.documents import TilesWanted
    from lakehouse_assets.service.dashboards.handlers import Seen

MOST_GROUPS, MOST_OF_ONE = 200, 20
"""Choices that are followed in this process, and of these, of one key: each is computed after a publication."""
_AGAIN_S = 1.0
"""Seconds until what found no room, or failed, is tried again."""
Compute = Callable[["Asker", str, "TilesWanted"], Awaitable["Seen"]]


class Viewer:
    """One who looks: the newest of each tile that is yet to be sent, and why there will be no more, if so."""

    def __init__(self) -> None:
        """Nothing is to be sent."""
        self._tiles: dict[str, str] = {}
        self._problem: ApiError | None = None
        self._wake = asyncio.Event()

    def offer(self, tiles: Mapping[str, str]) -> None:
        """Take tiles, as JSON by id, instead of older ones of the same."""
        self._tiles.update(tiles)
        self._wake.set()

    def end(self, problem: ApiError) -> None:
        """Take why nothing follows."""
        self._problem = problem
        self._wake.set()

    def forget(self) -> None:
        """Leave what was chosen before."""
        self._tiles.clear()

    async def next(self) -> str:
        """The next message, once there is something to send.

        Raises:
            ApiError: there will be none.
        """
        await self._wake.wait()
        self._wake.clear()
        if self._problem:
            raise self._problem
        tiles, self._tiles = self._tiles, {}
        return f'{{"at": "{utc_now().isoformat(timespec="milliseconds")}Z", "tiles": [{", ".join(tiles.values())}]}}'


@dataclass
class _Group:
    """Those who see the same.

    Attributes:
        asker: One of them, for all.
        read: The snapshots of the tables that each tile was read from.
        sent: The newest of each tile, as JSON.
        moved: Tables that were published since what is known of the tiles was computed.
        due: Tiles to be computed.
    """

    dashboard: str
    wanted: TilesWanted
    asker: Asker
    viewers: set[Viewer] = field(default_factory=set)
    read: dict[str, Mapping[str, int]] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)
    due: set[str] = field(default_factory=set)
    task: asyncio.Task[None] | None = None

    def moved_for(self, tile: str) -> bool:
        """Whether a table that a tile was read from has moved; of one that came to nothing nobody knows its tables."""
        return tile not in self.read or bool(self.read[tile].keys() & self.moved)


class Live:
    """Follows the catalog for viewers. Its methods are called by one event loop alone."""

    def __init__(self, heads: Callable[[], Awaitable[Mapping[str, str]]], compute: Compute, *, every_s: float) -> None:
        """Nothing is followed.

        Args:
            heads: Gives the state of the lake.
            compute: Computes tiles at the newest state; what stayed is remembered.
            every_s: Seconds between two looks at the state.
        """
        self._heads, self._compute, self._every_s = heads, compute, every_s
        self._groups: dict[Hashable, _Group] = {}
        self._watch: asyncio.Task[None] | None = None
        self._beginning = asyncio.Lock()

    @property
    def followed(self) -> int:
        """How many choices are followed."""
        return len(self._groups)

    async def join(self, viewer: Viewer, key: Hashable, asker: Asker, dashboard: str, wanted: TilesWanted) -> None:
        """Let a viewer follow a choice, and no other; first it is sent all of it as it is.

        Args:
            viewer: Who.
            key: What is the same of all who see the same: rights, dashboard, choice.
            asker: Who asks, with these rights.
            dashboard: Its id.
            wanted: The choice.

        Raises:
            ApiError: there is no such choice, or too many are followed.
        """
        self.leave(viewer)
        viewer.forget()
        if (group := self._groups.get(key)) is None:
            of_one = sum(one.asker.share == asker.share for one in self._groups.values())
            if len(self._groups) >= MOST_GROUPS or (asker.share and of_one >= MOST_OF_ONE):
                raise overloaded()
            group = self._groups[key] = _Group(dashboard, wanted, asker)
        group.viewers.add(viewer)
        async with self._beginning:  # of several who are the first at once, one begins
            if self._watch is None:
                # Read before anything is computed: what is published meanwhile is seen as a change.
                self._watch = asyncio.create_task(self._follow(await self._heads()))
        if group.sent:
            viewer.offer(group.sent)
        elif group.task is None:
            group.task = asyncio.create_task(self._refresh(group, first=True))

    def leave(self, viewer: Viewer) -> None:
        """Let a viewer follow nothing; what nobody follows any more is forgotten."""
        for key, group in list(self._groups.items()):
            group.viewers.discard(viewer)
            if not group.viewers:
                self._drop(key)

    def stop(self) -> None:
        """Follow nothing any more."""
        for key in list(self._groups):
            self._drop(key)

    # --- inside

    def _drop(self, key: Hashable) -> None:
        group = self._groups.pop(key)
        if group.task:
            group.task.cancel()
        if not self._groups and self._watch:
            self._watch.cancel()
            self._watch = None

    async def _follow(self, known: Mapping[str, str]) -> None:
        """Look for publications, and have computed what they moved."""
        while True:
            await asyncio.sleep(self._every_s)
            try:
                heads = await self._heads()
            except Exception:
                logger().exception("live_not_followed")
                await asyncio.sleep(_AGAIN_S)
                continue
            moved = {table for table in heads.keys() | known.keys() if heads.get(table) != known.get(table)}
            known = heads
            for group in self._groups.values():
                group.moved |= moved
                if group.task is None:  # else once it has ended: it may have read what was there before
                    group.due |= {tile for tile in group.sent if group.moved and group.moved_for(tile)}
                    group.moved.clear()
                    if group.due:
                        group.task = asyncio.create_task(self._refresh(group))

    async def _refresh(self, group: _Group, *, first: bool = False) -> None:
        """Compute what is due of a group, or all at first, until that is done, and offer it to its viewers."""
        try:
            while first or group.due:
                due, group.due = group.due, set()
                wanted = group.wanted if first else group.wanted.model_copy(update={"tiles": tuple(sorted(due))})
                try:
                    seen = await self._compute(group.asker, group.dashboard, wanted)
                except ApiError as error:
                    for viewer in group.viewers:
                        viewer.end(error)
                    return
                except Exception:
                    logger().exception("live_not_computed", dashboard=group.dashboard)
                    group.due |= due
                else:
                    first = False
                    self._offer(group, seen)
                if first or group.due:
                    await asyncio.sleep(_AGAIN_S)
        finally:
            group.task = None

    @staticmethod
    def _offer(group: _Group, seen: Seen) -> None:
        """Offer what was computed and is of other snapshots than what was sent; what found no room is due again."""
        group.due |= {tile for tile, one in seen.answers.items() if one.answer.error == "overloaded"}
        found = {tile: one for tile, one in seen.answers.items() if tile not in group.due}
        found = {tile: one for tile, one in found.items() if one.answer.snapshots != group.read.get(tile)}
        group.read |= {tile: one.answer.snapshots for tile, one in found.items() if one.answer.snapshots}
        tiles = {tile: one.model_dump_json() for tile, one in found.items()}
        group.sent |= tiles
        for viewer in group.viewers if tiles else ():
            viewer.offer(tiles)
