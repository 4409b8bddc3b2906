"""Builds by hour killed between staging and publishing: no call is lost, none counts twice, nobody sees half an hour.

What is built then are calls that came late, of another hour and day, and corrections that move calls across midnight.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.faults import steps
from tests.faults.processes import done, until_left
from tests.faults.test_kills import Trial, told

pytestmark = pytest.mark.timeout(1200)

EVENING = datetime(2026, 3, 30, 20)
HOURS, EACH, KILLS = 10, 8, 4


def _lines(first: int, numbers: range) -> Iterator[str]:
    """Calls of some numbers, as many an hour, the first in the hour `first` of the evening."""
    for number in numbers:
        at = EVENING + timedelta(hours=first + number // EACH, minutes=7 * (number % EACH))
        call = {
            "tenant_id": "org", "call_id": f"c{number}", "called_at": str(at), "endpoint": f"/v1/{number % 3}",
            "status": (200, 404, 500)[number % 3], "duration_ms": number,
        }  # fmt: skip
        yield json.dumps(call) + "\n"


@pytest.fixture
def batches(tmp_path: Path) -> list[str]:
    """What comes in order of time, and what comes late or is corrected."""
    late = range(EACH * HOURS, EACH * HOURS + 2 * EACH)
    sent = [list(_lines(0, range(EACH * HOURS))), [*_lines(-HOURS, late), *_lines(6, range(EACH))]]
    files = [tmp_path / f"calls-{number}.ndjson" for number in range(len(sent))]
    for file, lines in zip(files, sent, strict=True):
        file.write_text("".join(lines))
    return list(map(str, files))


def test_killed_builds_by_hour(
    batches: list[str], homes: tuple[str, str], record_property: Callable[[str, object], None]
) -> None:
    victim, twin = homes
    trial = Trial(steps.follow_hours, victim, twin, seed=3, kills=KILLS)
    for home in homes:
        done(steps.load_calls, home, batches[:1])
        done(steps.follow_hours, home)
        done(steps.load_calls, home, batches[1:])
    with until_left(steps.read_hours_until, victim) as looked:
        trial.round(sweeping=True)
        assert done(steps.follow_hours, victim) == [0, 0], "nothing is behind any more"
    trial.clean()
    told(trial, looked, KILLS - 1, record_property)
