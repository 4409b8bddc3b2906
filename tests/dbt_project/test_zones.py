"""Macros of days and hours follow the project's time zone, at both ends of a day, and so do the tables."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings, get_settings
from tests.dbt_project.building import PGR_MODELS, Event, build, load, table, tables
from tests.dbt_project.test_incremental import EVENTS, random_feed
from tests.zones import ZONES, begin_of, days, local

MACROS = """
    select
        day, {{ business_day("t") }} as its_day, {{ local_hour("t") }} as its_hour,
        {{ start_of_day("day") }} as begins, {{ end_of_day("day") }} as ends
    from moments
"""


def rendered(zone: str, target: Path) -> str:
    """What dbt compiles the macros to in a time zone."""
    project = get_settings().dbt_project_dir
    macros = manifest.part(manifest.load(get_settings()), ())
    command = ["compile", "--inline", MACROS, "--vars", json.dumps({"time_zone": zone})]
    result = manifest.invoke(command, project, project, target, macros)
    assert result.success, result.exception
    return result.result.results[0].node.compiled_code  # pyright: ignore


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York", "America/Havana", "Pacific/Apia"])
def test_days_begin_and_end_where_the_clock_says(zone: str, tmp_path: Path) -> None:
    known = days(date(2000, 1, 1), 25 * 365)
    moments = [(d, begin_of(d, zone) + timedelta(microseconds=n % 3 - 1)) for n, d in enumerate(known)]
    with open_instance() as con:
        con.execute("create table moments (day date, t timestamp)")
        con.execute(
            "insert into moments select unnest(cast(? as date[])), unnest(cast(? as timestamp[]))",
            [known, [at for _, at in moments]],
        )
        found = {row[0]: row[1:] for row in con.execute(rendered(zone, tmp_path)).fetchall()}
    for day, at in moments:
        shown = local(at, zone)
        assert found[day] == (
            shown.date(), shown.hour, begin_of(day, zone), begin_of(day + timedelta(days=1), zone),
        ), (day, at)  # fmt: skip
    assert zone in ZONES


@dataclass(frozen=True)
class LocalEvent(Event):
    """An event whose day is that of a time zone, as ingestion would have it."""

    zone: str = "UTC"

    def row(self) -> dict[str, Any]:
        """See Event."""
        return {**super().row(), "event_date": local(self.time, self.zone).date()}


def there(zone: str, event: Event) -> LocalEvent:
    """An event in a time zone."""
    return LocalEvent(**vars(event), zone=zone)


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York"])
def test_any_order_of_loads_gives_what_one_build_gives_in_any_zone(settings: Settings, zone: str) -> None:
    lake, rng = Lake(settings.model_copy(update={"time_zone": zone})), random.Random(7)
    pending: set[date] = set()
    loads = random_feed(rng)
    for number, records in enumerate(loads):
        pending |= load(lake, EVENTS, [there(zone, event) for event in records], number)
        if rng.random() < 0.5:
            build(lake, PGR_MODELS, pending)
            pending.clear()
    if pending:
        build(lake, PGR_MODELS, pending)
    step_by_step = tables(lake, PGR_MODELS)

    build(lake, PGR_MODELS, tests=True)

    assert tables(lake, PGR_MODELS) == step_by_step
    newest = {event.row()["record_key"]: event for records in loads for event in records}
    assert _per_day(lake) == Counter(local(event.time, zone).date() for event in newest.values())


def _per_day(lake: Lake) -> Mapping[date, int]:
    counts: Counter[date] = Counter()
    for row in table(lake, "gold.gold_pgr_funnel_daily"):
        counts[row["metric_date"]] += row["event_count"]
    return counts


def test_a_complaint_of_the_evening_is_open_at_the_end_of_its_own_day(settings: Settings) -> None:
    zone = "America/New_York"
    lake = Lake(settings.model_copy(update={"time_zone": zone}))
    evening, noon = begin_of(date(2024, 3, 10), zone) - timedelta(hours=2), begin_of(date(2024, 3, 11), zone)
    events = [
        Event("a", "C1", "CREATED", evening), Event("b", "C1", "RESOLVED", noon + timedelta(hours=12)),
    ]  # fmt: skip
    build(lake, PGR_MODELS, load(lake, EVENTS, [there(zone, e) for e in events], 0))

    backlog = {str(r["metric_date"]): r["age_hours_total"] for r in table(lake, "gold.gold_pgr_backlog_daily")}
    # Clocks were put on in the night before 10 March: that day has 23 hours.
    assert backlog == {"2024-03-09": 2.0, "2024-03-10": 25.0}
    (case,) = table(lake, "gold.gold_pgr_case_lifecycle")
    assert (str(case["submitted_date"]), case["submitted_at"]) == ("2024-03-09", evening)
