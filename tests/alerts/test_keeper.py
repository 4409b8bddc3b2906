"""Looks that something goes wrong in: of one alert, and the others are judged."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.alerts.keeper import Around, Keeper
from lakehouse_assets.alerts.model import Draft
from lakehouse_assets.alerts.platform import FailedRunOf, Platform
from lakehouse_assets.alerts.store import AlertStore
from nlq.core.guard import Caller
from nlq.core.zones import Zones
from nlq.watching.conditions import FailedRun
from nlq.watching.states import State

NOW = datetime(2026, 1, 5, 12, 0)
NEVER: Any = None
"""What no look of these tests needs."""


def test_runs_that_cannot_be_looked_up_are_told_and_hold_no_other_alert_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def succeeded(job: str, source: str | None, since: datetime) -> bool:
        if job == "broken":
            raise RuntimeError("no such job any more")
        return True

    store = AlertStore(f"sqlite:///{tmp_path}/questions.db")
    ids = {
        job: store.add(Draft(name=job, condition=FailedRun(jobs=(job,))), Caller(), key_id="", made_by="me", now=NOW).id
        for job in ("broken", "nightly")
    }
    around = Around(Zones(), frozenset, lambda _: False, "", NEVER, NEVER, NEVER)
    keeper = Keeper(store, NEVER, Platform(NEVER, succeeded, "ingest"), around)
    assert sum(keeper.failed(FailedRunOf("1", job, NOW + timedelta(hours=1))) for job in ids) == 2
    looked = keeper.round({}, NOW + timedelta(hours=2))
    assert (looked.judged, looked.told) == (2, 2)
    assert store.get(ids["nightly"]).state is State.OK
    assert store.get(ids["broken"]).standings[""].state is State.UNKNOWN
    assert "no such job any more" in caplog.text
    assert keeper.round({}, NOW + timedelta(hours=3)).told == 0, "it is told once"
    store.close()
