"""The sensor that brings the index of `asklake search` up to date after publications.

Belongs here: when that is due. Does not belong here: the update (search.updating).
"""

import hashlib
from contextlib import closing
from typing import TYPE_CHECKING, Any

import dagster as dg

from lakehouse_assets.assets.steps.resources import Lakehouse
from lakehouse_assets.automation.attempts import unfinished_run

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

EVERY_S = 30
"""Seconds between looks: what was published is found within a minute."""


def search_sensor(job: Any) -> dg.SensorDefinition:
    """Requests a run where something that is searched has moved, or texts wait to be read for their meaning.

    Its cursor is the state in which nothing was left to do: most looks see that it is still the same, and end there.
    """

    @dg.sensor(
        name="search_index",
        job=job,
        minimum_interval_seconds=EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Brings the index of `asklake search` up to date when a publication moved what it is made of.",
    )
    def sensor(context: dg.SensorEvaluationContext, lakehouse: Lakehouse) -> dg.SensorResult | dg.SkipReason:
        lake = lakehouse.lake
        state = _state(lake)
        if state == context.cursor:
            return dg.SkipReason("the index is up to date, and nothing moved since")
        if run_id := unfinished_run(context.instance, job.name):
            return dg.SkipReason(f"run {run_id} is indexing")
        if due := _due(lake):
            context.log.info(due)
            return dg.SensorResult(run_requests=[dg.RunRequest()])
        return dg.SensorResult(skip_reason="the index is up to date", cursor=state)

    return sensor


def _state(lake: "Lake") -> str:
    """What the index is made of, as a digest that costs no look at the index."""
    settings = lake.settings
    files = [*sorted((settings.project_root / "semantic").rglob("*.yml")), settings.dbt_target_dir / "manifest.json"]
    stamps = [(str(file), file.stat().st_mtime_ns) for file in files if file.exists()]
    return hashlib.sha256(repr((sorted(lake.catalog.heads().items()), stamps)).encode()).hexdigest()


def _due(lake: "Lake") -> str:
    from lakehouse_assets.contracts import platform_contracts
    from lakehouse_assets.search.store import Store, url_of
    from lakehouse_assets.search.updating import is_due

    with closing(Store(url_of(lake.settings))) as store:
        return is_due(lake, platform_contracts(), store)
