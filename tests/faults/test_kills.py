"""Processes killed at random moments: after a rerun the tables are as if nothing had happened, and nobody saw a half.

Two lakes take the same steps. One is left in peace; in the other each step is killed, several times, before it is let
through. The moments are spread over as long as the step took in the first lake, and some are aimed at the commit.
"""

from __future__ import annotations

import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.faults import steps
from tests.faults.contents import contents, differences, files_of, unreferenced, where_it_died
from tests.faults.processes import Child, Ended, done, timed, until_left

pytestmark = pytest.mark.timeout(2400)

KILLS_BEFORE_COMPLETION = 7
FILES_PER_ROUND = 2
Aim = Callable[[Child, Path, float], Ended]


def at_random(rng: random.Random) -> Aim:
    """At any moment of the step."""
    return lambda child, _home, seconds: child.kill_after(rng.uniform(0, seconds))


def at_first(pattern: str) -> Aim:
    """Once the first new file of a kind is there: rows, a manifest, or metadata to which no pointer has moved yet."""
    return lambda child, home, _seconds: child.kill_when(
        _changed(lambda: len(list((home / "warehouse").glob(f"*/*/{pattern}"))))
    )


def at_transaction(child: Child, home: Path, _seconds: float) -> Ended:
    """Once the catalog's database is written to: inside the transaction, or right after it."""
    return child.kill_when(_changed(lambda: tuple(_written(home / f"catalog.db{s}") for s in ("", "-wal"))))


def _written(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except FileNotFoundError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _changed(look: Callable[[], Any]) -> Callable[[], bool]:
    before = look()

    def seen() -> bool:
        time.sleep(0.0002)
        return look() != before

    return seen


class Trial:
    """A step that is killed in one lake and left in peace in another, round after round."""

    def __init__(
        self, step: Callable[..., Any], victim: str, twin: str, seed: int, *, kills: int = KILLS_BEFORE_COMPLETION
    ) -> None:
        """Nothing is started.

        Args:
            step: What is killed.
            victim: Home of the lake in which it is.
            twin: Home of the other.
            seed: Of the random moments.
            kills: How often a step is killed before it is let through; so few that there is one of each aim have no
                random moments.
        """
        self.step, self.victim, self.twin, self.kills = step, victim, twin, kills
        self.fell: Counter[str] = Counter()
        anywhere = at_random(random.Random(seed))
        aimed = (
            at_first("data/**/*.parquet"),
            at_first("metadata/*.avro"),
            at_first("metadata/*.json"),
            at_transaction,
        )
        spread = aimed if kills <= len(aimed) else [aim for one in aimed for aim in (anywhere, one, anywhere)]
        self._aims = itertools.cycle(spread)

    def round(self, *arguments: Any, sweeping: bool) -> None:
        """Kill the step a few times, then let it through and compare."""
        seconds = timed(self.step, self.twin, *arguments)
        for _ in range(self.kills):
            before = files_of(Path(self.victim))
            aim = next(self._aims)
            if not aim(Child(self.step, self.victim, *arguments), Path(self.victim), seconds).killed:
                break
            self.fell[where_it_died(Path(self.victim), before)] += 1
        if sweeping:
            done(steps.sweep, self.victim)
        done(self.step, self.victim, *arguments)
        self.compare()

    def compare(self) -> None:
        """Every table of the one lake holds the rows of the other."""
        assert not differences(contents(Path(self.victim)), contents(Path(self.twin)))

    def clean(self) -> None:
        """Maintenance removes all that the dead left, and nothing else."""
        done(steps.maintain, self.victim, 0.0)
        assert not unreferenced(Path(self.victim))
        self.compare()


def rounds(files: Sequence[str]) -> list[list[str]]:
    return [list(files[i : i + FILES_PER_ROUND]) for i in range(0, len(files), FILES_PER_ROUND)]


def told(trial: Trial, looked: list[Any], kills: int, record: Callable[[str, object], None]) -> None:
    """The figures, for whoever reads the report; and that the readers saw nothing that does not go together."""
    views, wrong = looked[0]
    record("killed", dict(trial.fell))
    record("views", views)
    print(f"killed {trial.fell.total()} times: {dict(trial.fell)}; {views} views of readers")
    assert trial.fell.total() >= kills
    assert views > 0
    assert wrong == []


@pytest.mark.parametrize("step", [steps.ingest, steps.push])
def test_killed_ingest(
    files: list[str],
    homes: tuple[str, str],
    kills: int,
    record_property: Callable[[str, object], None],
    step: Callable[[str, Sequence[str]], list[tuple[str, bool]]],
) -> None:
    victim, twin = homes
    trial = Trial(step, victim, twin, seed=1)
    with until_left(steps.read_until, victim) as looked:
        for number, batch in enumerate(rounds(files)):
            trial.round(batch, sweeping=number % 2 == 1)
            if trial.fell.total() >= kills:
                break
        ((first, already),) = done(step, victim, files[:1])
        assert already
        trial.step = steps.take_back
        trial.round(first, sweeping=False)
        trial.clean()
    told(trial, looked, kills, record_property)


def test_killed_materialize(
    files: list[str], homes: tuple[str, str], kills: int, record_property: Callable[[str, object], None]
) -> None:
    victim, twin = homes
    trial = Trial(steps.materialize, victim, twin, seed=2)
    with until_left(steps.read_until, victim) as looked:
        for number, batch in enumerate(rounds(files)):
            loads = [Child(steps.ingest, home, batch) for home in homes]
            assert [load.result() for load in loads]
            trial.round(sweeping=number % 2 == 1)
            if trial.fell.total() >= kills:
                break
        trial.clean()
    told(trial, looked, kills, record_property)
