"""The sensor that brings online features up to date after publications.

Belongs here: when that is due. Does not belong here: the update (ml.serving.online).
"""

import hashlib
from contextlib import closing
from typing import Any

import dagster as dg

from lakehouse_assets.assets.steps.resources import Lakehouse
from lakehouse_assets.automation.attempts import unfinished_run
from lakehouse_assets.features import all_views

EVERY_S = 30
"""Seconds between looks: what was published is served within a minute."""
_DONE = "the features that are kept are those of the newest publications"


def features_sensor(job: Any) -> dg.SensorDefinition:
    """Requests a run where a feature table has moved since it was kept; of those that nobody asked for, never."""

    @dg.sensor(
        name="online_features",
        job=job,
        minimum_interval_seconds=EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Keeps the newest features of every entity when a publication moved a feature table.",
    )
    def sensor(context: dg.SensorEvaluationContext, lakehouse: Lakehouse) -> dg.SensorResult | dg.SkipReason:
        from lakehouse_assets.ml.serving.online import is_due
        from lakehouse_assets.ml.serving.stores import open_store

        heads, tables = lakehouse.lake.catalog.heads(), sorted({v.table for v in all_views().values()})
        state = hashlib.sha256(repr([(table, heads.get(table)) for table in tables]).encode()).hexdigest()
        if state == context.cursor:
            return dg.SkipReason(_DONE)
        if run_id := unfinished_run(context.instance, job.name):
            return dg.SkipReason(f"run {run_id} keeps features")
        with closing(open_store(lakehouse.lake.settings)) as store:
            due = is_due(lakehouse.lake, store)
        if due:
            context.log.info(f"{', '.join(due)} moved")
            return dg.SensorResult(run_requests=[dg.RunRequest()])
        return dg.SensorResult(skip_reason=_DONE, cursor=state)

    return sensor
