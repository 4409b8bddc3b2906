"""Several processes that serve: what each may take, and calls counted for all. The real command is in tests/e2e."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import pytest

from lakehouse_assets.service.admission.limits import LimiterInProcess, Rate
from lakehouse_assets.service.processes import NEEDED, LimiterElsewhere, Processes, count_calls, count_of, part_of
from lakehouse_assets.settings import Settings

RATES = (Rate(5, 3600.0),)


def test_what_bounds_all_processes_is_parted_among_them():
    settings = Settings(
        memory_limit="3GB", spill_limit="1GiB", workers=8, workers_per_key=0, connections=0, connections_per_address=9
    )
    part = part_of(settings, 2)
    assert (part.memory_limit, part.spill_limit) == ("1500000000B", f"{1 << 29}B")
    assert (part.workers, part.workers_per_key) == (4, 0)
    assert (part.connections, part.connections_per_address) == (0, 5), "0 is as open files allow, of each process"
    assert part_of(Settings(workers=1), 3).workers == 1
    assert part_of(settings, 1) is settings


def test_there_are_as_many_as_the_settings_say_or_cores():
    assert count_of(Settings(processes=3)) == 3
    assert 1 <= count_of(Settings()) <= 4


def test_calls_are_counted_together_and_go_on_alone_where_nobody_counts(monkeypatch):
    address = count_calls(RATES)
    one, other = LimiterElsewhere(address, RATES), LimiterElsewhere(address, RATES)
    with ThreadPoolExecutor(4) as threads:
        waits = list(threads.map(lambda n: (one, other)[n % 2].take("a"), range(8)))
    assert waits.count(0.0) == 5 and all(0 < wait <= 720 for wait in waits if wait)
    assert one.take("b") == 0.0
    monkeypatch.setattr(one, "_elsewhere", Broken())
    assert [one.take("a") for _ in range(6)].count(0.0) == 5


class Broken(LimiterInProcess):
    """Nobody counts here any more."""

    def __init__(self) -> None:
        super().__init__(())

    def take(self, subject: str) -> float:
        raise EOFError


def test_processes_that_cannot_begin_are_not_started_for_ever():
    with pytest.raises(RuntimeError, match="ended with code 1 as soon as it began"):
        Processes(1, fail).run()


def fail(count: int) -> None:
    raise SystemExit(1)


def test_what_is_loaded_before_the_fork_is_there() -> None:
    """A module that is none would be passed over without a word, and each process load it for itself."""
    assert [name for name in NEEDED if find_spec(name) is None] == []
