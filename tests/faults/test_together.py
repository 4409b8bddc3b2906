"""Several writers at once: nothing is lost, nothing is there twice, and nobody sees a half state."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import steps
from tests.faults.contents import contents, differences
from tests.faults.processes import Child, done, until_left

pytestmark = pytest.mark.timeout(2400)


def test_two_ingests_and_a_materialize_at_once(sound_files: list[str], homes: tuple[str, str]) -> None:
    together, serial = homes
    pairs = [sound_files[i : i + 2] for i in range(0, len(sound_files), 2)]
    with (
        until_left(steps.read_until, together) as looked,
        until_left(steps.materialize_until, together) as built,
        until_left(steps.maintain_until, together),
    ):
        for one, other in pairs:
            loads = [Child(steps.ingest, together, [file]) for file in (one, other, one)]
            first, second, again = [known for load in loads for _, known in load.result()]
            assert second is False
            assert sorted([first, again]) == [False, True]
    for builder in [Child(steps.materialize, together) for _ in range(2)]:
        builder.result()
    for pair in pairs:
        done(steps.ingest, serial, pair)
    done(steps.materialize, serial)
    assert not differences(contents(Path(together)), contents(Path(serial)))
    assert built[0] > 0
    views, wrong = looked[0]
    assert views > 0
    assert wrong == []
