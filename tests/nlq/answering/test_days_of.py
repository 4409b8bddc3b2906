"""An answer says whose days it has, and is refused where its tables have those of another time zone."""

from __future__ import annotations

from datetime import date

import pytest

from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.zones import today_in
from lakehouse_assets.settings import Settings
from nlq.answering.tables.states import TableStates
from nlq.core.guard import Caller
from nlq.core.plan import Grain, Plan
from nlq.factory import open_answerer
from tests.nlq.answering.test_never_published import publish
from tests.semantic.tables import CASES, SPINE

ZONE = "Asia/Kolkata"
CALLS = """
select timestamp '2026-06-01 05:00:00' as hour_start, date '2026-06-01' as call_date, 'acme' as tenant_id,
  '/v1/search' as endpoint, 'success' as outcome, 3::bigint as call_count, 30::bigint as duration_millis,
  20::int as slowest_millis
"""
SAID = f"Days and hours are those of {ZONE}."


def test_whose_days_they_are(settings: Settings) -> None:
    there = Lake(settings.model_copy(update={"time_zone": ZONE}))
    publish(there, gold__time_spine_daily=SPINE, gold__gold_pgr_case_lifecycle=CASES)
    answerer = open_answerer(there)

    by_month, by_ward = answerer.ask("complaints by month"), answerer.ask("complaints by ward")

    assert by_month.outcome == by_ward.outcome == "answered"
    assert SAID in by_month.notes and SAID not in by_ward.notes

    elsewhere = open_answerer(Lake(settings)).ask("complaints by month")
    assert elsewhere.outcome == "failed"
    assert f"has days of {ZONE}, and the project's are those of UTC now" in elsewhere.sentence


def test_days_of_utc_are_said_to_be_so(settings: Settings) -> None:
    there = Lake(settings.model_copy(update={"time_zone": ZONE}))
    publish(there, gold__time_spine_daily=SPINE, gold__gold_pgr_case_lifecycle=CASES)
    publish(Lake(settings), gold__mart_api_calls_hourly=CALLS)
    answerer = open_answerer(there)

    answer = answerer.ask("API calls by day")

    assert answer.outcome == "answered" and answer.rows[0][-1] == 3, answer.sentence
    assert f"Days and hours are those of UTC, not of {ZONE}." in answer.notes


def test_figures_that_are_computed_on_from_have_the_days_of_the_project_too(settings: Settings) -> None:
    there = Lake(settings.model_copy(update={"time_zone": ZONE}))
    publish(there, gold__time_spine_daily=SPINE, gold__gold_pgr_case_lifecycle=CASES)
    by_month = Plan(metrics=("pgr_complaints",), grain=Grain.MONTH)

    with there.session() as session:
        assert open_answerer(there).figures.rows(by_month, Caller(None, "analyst"), session).num_rows > 0
    lake = Lake(settings)
    with lake.session() as session, pytest.raises(QueryRefusedError, match=f"has days of {ZONE}"):
        open_answerer(lake).figures.rows(by_month, Caller(None, "analyst"), session)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_day_on_which_a_table_was_written_is_that_of_the_project(settings: Settings, zone: str) -> None:
    there = Lake(settings.model_copy(update={"time_zone": zone}))
    publish(there, gold__time_spine_daily=SPINE, gold__gold_pgr_case_lifecycle=CASES)
    states, heads = TableStates(there, zone), there.catalog.heads()

    def written(table: str) -> date | None:
        return states.day_written(table, current_snapshot(heads[table]) or 0)

    assert written("gold.gold_pgr_case_lifecycle") == today_in(zone)
    assert written("gold.time_spine_daily") == today_in("UTC"), "its days are those of UTC"
