"""Dashboards that follow the data: how long after a publication every viewer has the tiles that moved.

Belongs here: the work that is measured. Does not belong here: timing itself (measure), serving (serving).
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import statistics
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench.dashboards import call, make_demo
from bench.measure import Contender, Result, compare, in_own_process
from bench.serving import Server, serving

_BOARD, _TABLE = "pgr.complaints", "gold.gold_pgr_backlog_daily"
_PUBLICATIONS, _APART_S = 6, 4.0
"""How often the table is published, and how long after the one before: until that was surely pushed."""
Pushed = list[tuple[float, float, int]]
"""When a viewer had each message, on the clock that all processes share, the seconds of its
slowest query, and the snapshot of the table that it is of."""


def live(folder: Path, repeat: int, scale: float) -> Iterator[Result]:
    """A page of the complaints, followed by 100 and by 500 WebSockets in a process of their own; p95 of the push."""
    home = folder / "demo"
    if not (home / "warehouse").is_dir():
        in_own_process(make_demo, str(home), scale)
    aim = "p95 from publication to push at most 0.1 s beside the query's own time, 500 held"
    sockets = [Contender(f"{count} sockets", push, (str(home), count)) for count in (100, 500)]
    yield compare("live", sockets, repeat=min(repeat, 3), aim=aim)


def push(home: str, count: int) -> tuple[float, dict[str, Any]]:
    """Publish a table that a page shows, while viewers follow it.

    Returns:
        The 95th percentile, seconds, of the time from a commit until a viewer has what moved, without the time of the
        query; and the other figures.
    """
    with serving(home, ASKLAKE_PROCESSES="1", ASKLAKE_QUEUE_TIMEOUT_S="60") as server:
        page = next(one for one in call(server, "/dashboards")["dashboards"] if one["id"] == _BOARD)["pages"][0]["id"]
        call(server, f"/dashboards/{_BOARD}/tiles", {"page": page})  # what a process does once is not what a push takes
        ours, theirs = multiprocessing.Pipe()
        viewers = multiprocessing.get_context("spawn").Process(
            target=_look, args=(server, page, count, theirs), daemon=True
        )
        viewers.start()
        ours.recv()
        commits = _publish(home)
        time.sleep(_APART_S)
        ours.send("end")
        seen: list[Pushed] = ours.recv()
        viewers.join()
    pairs = [pair for pushed in seen for pair in _after(commits, pushed)]
    whole, beside = sorted(taken for taken, _ in pairs), sorted(taken - query for taken, query in pairs)
    facts = {
        "pushes": len(pairs), "of": count * len(commits), "p95_with_the_query_s": round(_p95(whole), 4),
        "median_s": round(statistics.median(beside), 4), "query_p95_s": round(_p95([q for _, q in pairs]), 4),
        "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip
    return _p95(beside), facts


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _after(commits: dict[int, float], pushed: Pushed) -> Iterator[tuple[float, float]]:
    """Seconds from each commit until a viewer had what is of it, with those of the query in it."""
    for at, query, snapshot in pushed:
        if snapshot in commits:
            yield at - commits[snapshot], query


def _publish(home: str) -> dict[int, float]:
    """Publish a day of the table again and again.

    Returns:
        When each snapshot could be seen.
    """
    from lakehouse_assets.domains import contract_of
    from lakehouse_assets.lakehouse.iceberg.manifests import newest_day
    from lakehouse_assets.lakehouse.iceberg.overwrite import ReplacePartitions, partition_values
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.lakehouse.publish.begin import begin
    from lakehouse_assets.settings import Settings

    lake, contract = Lake(Settings(profile="local", home=Path(home))), contract_of(_TABLE)
    column = contract.partitions[0].column
    table = lake.catalog.load_table(_TABLE)
    snapshot = table.current_snapshot()
    day = snapshot and newest_day(table, snapshot)
    assert day
    seen: list[float] = []
    found: dict[int, float] = {}

    def watch(before: str) -> None:
        while lake.catalog.heads()[_TABLE] == before:
            time.sleep(0.001)
        seen.append(time.monotonic())

    for _ in range(_PUBLICATIONS):
        watcher = threading.Thread(target=watch, args=(lake.catalog.heads()[_TABLE],), daemon=True)
        watcher.start()
        with begin(lake, run_id="bench") as publication:
            publication.record_inputs([_TABLE])
            with publication.session() as session:
                rows = session.query(f"select * from {_TABLE} where cast({column} as date) = date '{day}'")
            publication.stage_rows(contract, rows, ReplacePartitions(partition_values(contract, [day])))
            publication.audit()
            (published,) = publication.publish()
        watcher.join()
        found[published.snapshot_id] = seen[-1]
        time.sleep(_APART_S)
    return found


def _look(server: Server, page: str, count: int, pipe: Connection) -> None:
    """Follow the page by so many WebSockets; say when all have it, and at the end what each was sent."""
    asyncio.run(_looking(f"ws://127.0.0.1:{server.port}/ws/dashboards/{_BOARD}", page, count, pipe))


async def _looking(address: str, page: str, count: int, pipe: Connection) -> None:
    from websockets.asyncio.client import connect

    seen: list[Pushed] = [[] for _ in range(count)]
    ready, ends = asyncio.Semaphore(0), asyncio.Event()

    async def one(pushed: Pushed) -> None:
        async with connect(address, max_size=None, open_timeout=60) as socket:
            await socket.send(json.dumps({"page": page}))
            await socket.recv()
            came: list[tuple[float, Any]] = []
            ready.release()
            while not ends.is_set():
                try:
                    text = await asyncio.wait_for(socket.recv(), 0.5)
                except TimeoutError:
                    continue
                came.append((time.monotonic(), text))
        pushed.extend((at, *_read(text)) for at, text in came)

    tasks = [asyncio.ensure_future(one(pushed)) for pushed in seen]
    for _ in tasks:
        await ready.acquire()
    pipe.send("ready")
    await asyncio.to_thread(pipe.recv)
    ends.set()
    await asyncio.gather(*tasks)
    pipe.send(seen)


def _read(text: str) -> tuple[float, int]:
    answers = [tile["answer"] for tile in json.loads(text)["tiles"]]
    snapshots = {int(answer["snapshots"][_TABLE]) for answer in answers if _TABLE in answer["snapshots"]}
    return max(answer["elapsed_ms"] for answer in answers) / 1000, max(snapshots, default=0)
