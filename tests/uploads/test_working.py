"""Files that are made to take any time or memory: given up with a reason, while others are seen to."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import Pipe
from pathlib import Path

import pytest

from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.ingest.sources import find_source
from lakehouse_assets.service.intake.looks import Looks
from lakehouse_assets.settings import Settings
from lakehouse_assets.uploads import working
from lakehouse_assets.uploads.jobs import Job, Jobs
from lakehouse_assets.uploads.looking import previewed
from lakehouse_assets.uploads.working import Workers

HEADER = b"sale_time,order_id,line_id,product_id,quantity,unit_price\n"
ROW = b"2026-02-01 10:00:00,A1,1,P1,1,2.50\n"
NEVER_CLOSED = b'2026-02-01 10:00:00,"A1,1,P1,1,2.50\n'
LONG = HEADER + NEVER_CLOSED * (16 << 20 >> 5)
"""Takes some ten seconds of a core to read the first 100 records of."""
LARGE = HEADER + b'"' + ROW * (16 << 20 >> 5)
"""Takes some 400 MB to read the first record of."""


def settings_of(home: Path, **bounds: float | str) -> Settings:
    return Settings(profile="local", home=home, landing="", intake_every_s=60, **bounds)  # pyright: ignore


def kept(settings: Settings, body: bytes, name: str) -> Job:
    receiving = Jobs(settings).begin("someone", "t1", name, source="sales_csv")
    receiving.write(body)
    job = receiving.keep()
    receiving.close()
    return job


@pytest.fixture
def seen_to(tmp_path: Path) -> Iterator[Callable[[Settings, Job], Job]]:
    running: list[Workers] = []

    def see_to(settings: Settings, job: Job) -> Job:
        if not running:
            running.append(Workers(settings))
            running[0].start()
        deadline = time.monotonic() + 150  # a process that does not begin is replaced meanwhile
        while time.monotonic() < deadline:
            found = Jobs(settings).get(job.id)
            if found and found.state in ("ready", "failed"):
                return found
            time.sleep(0.05)
        raise AssertionError("nobody sees to it")

    yield see_to
    for one in running:
        one.stop()


def test_a_check_that_takes_too_long_is_given_up(tmp_path: Path, seen_to: Callable[[Settings, Job], Job]) -> None:
    settings = settings_of(tmp_path, look_timeout_s=1.0)
    found = seen_to(settings, kept(settings, LONG, "bad.csv"))
    assert found.state == "failed" and found.problem and found.problem.next
    assert "took more than 4 s" in found.problem.message


def test_a_check_that_takes_too_much_memory_is_given_up_and_the_next_is_done(
    tmp_path: Path, seen_to: Callable[[Settings, Job], Job]
) -> None:
    settings = settings_of(tmp_path, look_memory="150MB")
    found = seen_to(settings, kept(settings, LARGE, "bad.csv"))
    assert found.state == "failed" and found.problem and "memory" in found.problem.message
    assert seen_to(settings, kept(settings, HEADER + ROW, "good.csv")).state == "ready"


@pytest.mark.parametrize(
    ("body", "bounds", "told"),
    [(LONG, {"look_timeout_s": 1.0}, "took more than 1 s"), (LARGE, {"look_memory": "60MB"}, "memory")],
    ids=["long", "large"],
)
def test_a_preview_that_takes_too_much_is_given_up_while_others_are_served(
    tmp_path: Path, body: bytes, bounds: dict[str, float], told: str
) -> None:
    settings, source = settings_of(tmp_path, **bounds), find_source("sales_csv")
    bad = kept(settings, body, "bad.csv")
    looks = Looks(settings)

    async def given_up() -> tuple[float, float]:
        refused = asyncio.create_task(looks.run("one", previewed, settings, bad, source))
        longest, begun = 0.0, time.monotonic()
        last = begun
        while not refused.done():
            await asyncio.sleep(0.01)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        with pytest.raises(ApiError, match=told) as error:
            await refused
        assert (error.value.status, error.value.code) == (422, "too_costly")
        return longest, last - begun

    try:
        longest, took = asyncio.run(given_up())
        assert longest < max(1.0, took / 3), "the loop was held"
    finally:
        looks.close()


def test_a_process_that_never_begins_a_job_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    told, _telling = Pipe(duplex=False)
    assert working._followed(told, 0.01, threading.Event()) == (None, "too_long")
    monkeypatch.setattr(working, "BEGINS_WITHIN_S", 0.01)
    assert working._followed(told, 3600.0, threading.Event()) == (None, "too_long")
