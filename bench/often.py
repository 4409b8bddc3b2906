"""A table that is written often: what a publication costs after many others, and what a day of questions leaves.

Belongs here: the work that is measured, and the bytes it writes. Does not belong here: timing itself (measure).
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.measure import Contender, Result, compare
from bench.work import settings_of
from lakehouse_assets.lakehouse.lake import Lake

if TYPE_CHECKING:
    from nlq.answering.document.model import Answer

HISTORIES = (10, 100, 1000, 10_000)
ASKED_EVERY_S, DAY_S = 5, 86_400
BEGIN = datetime(2026, 1, 1)


def often(folder: Path, repeat: int, scale: float) -> Iterator[Result]:
    """One answer after another published by itself; then a day of one question each five seconds."""
    counts = [str(int(n * scale)) for n in HISTORIES if n * scale >= HISTORIES[0]]
    contenders = [Contender(f"after {n}", publish_after, (str(folder / n), int(n))) for n in counts]
    yield compare("often_publication", contenders, repeat=1, aim="flat within 20 %, in seconds of CPU and in bytes")
    day = Contender("a day", a_day, (str(folder / "day"), int(DAY_S * scale)))
    yield compare("often_day", [day], repeat=1, aim="at most 1 GB of metadata written a day, 100 MB of them kept")


def publish_after(home: str, publications: int) -> tuple[float, dict[str, Any]]:
    """The CPU a publication takes among the last of so many, of one answer each, the table tended as the journal does.

    Of as many as there are from one tending to the next, so that each has its part of it; of half of fewer.
    """
    from lakehouse_assets.lakehouse.upkeep.maintenance import TENDED_EVERY, tend_published
    from nlq.storage.contracts import ANSWERS
    from nlq.storage.store import store_given_answers

    lake = Lake(settings_of(Path(home)))
    table = lake.settings.warehouse / "semantic"
    seconds, written = [], []
    for number in range(publications):
        measured = number >= publications - min(TENDED_EVERY, publications // 2)
        before = _sizes(table) if measured else {}
        began = time.process_time()
        published = store_given_answers(lake, [_answer(60 * number)], "bench")
        tend_published(lake, [ANSWERS], filter(None, [published]), run_id="bench")
        if measured:
            seconds.append(time.process_time() - began)
            written.append(_written(before, _sizes(table)))
    return statistics.mean(seconds), {
        "metadata_written_kb": round(statistics.mean(written) / 1e3, 1),
        "metadata_kept_mb": round(sum(_sizes(table).values()) / 1e6, 2),
    }


def a_day(home: str, seconds: int) -> tuple[float, dict[str, Any]]:
    """A question each five seconds, written down and published when due, by a clock that runs ahead; then maintenance.

    Returns:
        Seconds of CPU, and what was written and is left.
    """
    from lakehouse_assets.contracts import platform_contracts
    from lakehouse_assets.lakehouse.upkeep.maintenance import maintain, tend_published
    from nlq.storage.contracts import ANSWERS
    from nlq.storage.journal import EVERY
    from nlq.storage.store import store_given_answers

    lake = Lake(settings_of(Path(home)))
    table = lake.settings.warehouse / "semantic"
    waits = int(EVERY.total_seconds()) + ASKED_EVERY_S
    began, written, publications = time.process_time(), 0, 0
    for second in range(0, seconds, waits):
        before = _sizes(table)
        answers = [_answer(s) for s in range(second, second + waits, ASKED_EVERY_S)]
        published = store_given_answers(lake, answers, "bench")
        tend_published(lake, [ANSWERS], filter(None, [published]), run_id="bench")
        written, publications = written + _written(before, _sizes(table)), publications + 1
        _age(table, waits)
    used = time.process_time() - began
    left = {"kept_mb": _mb(table), "files": sum(1 for p in table.rglob("*") if p.is_file())}
    began = time.process_time()
    maintain(lake, platform_contracts(), run_id="bench")
    return used, {
        "publications": publications,
        "metadata_written_mb": round(written / 1e6, 1),
        **left,
        "maintenance_s": round(time.process_time() - began, 2),
        "kept_after_maintenance_mb": _mb(table),
    }


def _answer(second: int) -> Answer:
    from nlq.answering.document.model import Answer

    at = BEGIN + timedelta(seconds=second)
    return Answer(
        answer_id=f"bench-{second:09d}", question="complaints by channel", outcome="clarify", sentence="x" * 500,
        asked_at=at, answered_at=at, elapsed_ms=1.0,
    )  # fmt: skip


def _sizes(table: Path) -> dict[str, int]:
    return {e.path: e.stat().st_size for folder in table.glob("*/metadata") for e in os.scandir(folder)}


def _written(before: dict[str, int], after: dict[str, int]) -> int:
    return sum(size for path, size in after.items() if path not in before)


def _mb(folder: Path) -> float:
    return round(sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6, 1)


def _age(folder: Path, seconds: int) -> None:
    """Make files older, as if the time had passed."""
    for path in (p for p in folder.rglob("*") if p.is_file()):
        then = path.stat().st_mtime - seconds
        os.utime(path, (then, then))
