"""The sensor that tells Dagster of rows in tables of accepted drafts, which `asklake serve` loads.

Belongs here: noticing them. Does not belong here: the assets (assets.accepted), or loading (uploads).
"""

from __future__ import annotations

import json
from collections.abc import Collection

import dagster as dg

from lakehouse_assets.assets.accepted import key_of_table, not_declared
from lakehouse_assets.assets.steps.resources import Lakehouse
from lakehouse_assets.builds.losses import records_in

EVERY_S = 30
"""Seconds between looks."""


def accepted_sensor(declared: Collection[str]) -> dg.SensorDefinition:
    """Reports each new state of a table of an accepted draft, also of one that was accepted after Dagster started.

    Args:
        declared: Identifiers of the tables of all domains.
    """

    @dg.sensor(
        name="accepted_drafts",
        minimum_interval_seconds=EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reports what was loaded into tables of drafts that were accepted on the upload page; a new one "
        "has its description, columns and freshness here once the code location is reloaded.",
    )
    def sensor(context: dg.SensorEvaluationContext, lakehouse: Lakehouse) -> dg.SensorResult | dg.SkipReason:
        accepted = {one.table: one for one in not_declared(lakehouse.settings(), declared)}
        if not accepted:
            return dg.SkipReason("no draft was accepted that is no domain yet")
        lake = lakehouse.lake
        known: dict[str, str] = json.loads(context.cursor or "{}")
        told: list[dg.AssetMaterialization] = []
        for table in sorted(accepted.keys() & lake.catalog.heads().keys()):
            loaded = lake.catalog.load_table(table)
            snapshot = loaded.current_snapshot()
            if snapshot is None or known.get(table) == str(snapshot.snapshot_id):
                continue
            known[table] = str(snapshot.snapshot_id)
            rows = {"dagster/row_count": records_in(loaded, snapshot), "snapshot_id": known[table]}
            told.append(dg.AssetMaterialization(key_of_table(accepted[table]), metadata=rows))
        cursor = json.dumps({table: at for table, at in known.items() if table in accepted})
        return dg.SensorResult(
            asset_events=told, cursor=cursor, skip_reason=f"rows came into {len(told)} tables of accepted drafts"
        )

    return sensor
