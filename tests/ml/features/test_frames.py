"""What a target's SQL says of days is said by the clock of the project."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from lakehouse_assets.lakehouse.engines.instances import open_closed
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.ml.declared import find_model
from lakehouse_assets.ml.features.frames import in_sql
from lakehouse_assets.settings import Settings


@pytest.mark.parametrize(("zone", "known"), [("UTC", date(2026, 3, 2)), ("Asia/Kolkata", date(2026, 3, 3))])
def test_an_outcome_is_known_after_the_day_that_its_sla_runs_out_on(settings: Settings, zone: str, known: date) -> None:
    lake = Lake(settings.model_copy(update={"time_zone": zone}))
    target = in_sql(find_model("pgr_sla_breach"), lake).target
    with open_closed() as con:
        found = con.execute(f"select {target.known_on} from (select ? as sla_due_at)", [datetime(2026, 3, 1, 20)])
        assert found.fetchone() == (known,)
