"""The online features as an asset, so that Dagit shows when they were brought up to date, and of which snapshots.

Belongs here: launching an update and reporting it. Does not belong here: the update (ml.serving), when it is due
(automation.features).
"""

from contextlib import closing

import dagster as dg

from lakehouse_assets.assets.steps.resources import Lakehouse
from lakehouse_assets.assets.steps.trying import told
from lakehouse_assets.assets.tableless import tableless

KEY = dg.AssetKey(["platform", "online_features"])


def features_asset() -> dg.AssetsDefinition:
    """The asset that keeps the newest features to be read one by one; it has no table, so no contract."""

    @tableless(KEY, "The newest features of every entity, which single predictions read: of the views that moved.")
    def online_features(context: dg.AssetExecutionContext, lakehouse: Lakehouse) -> dg.MaterializeResult:
        from lakehouse_assets.ml.serving.online import refresh
        from lakehouse_assets.ml.serving.stores import open_store

        with told(context), closing(open_store(lakehouse.settings())) as store:
            done = refresh(lakehouse.lake, store)
            metadata = {one.view: f"{one.state.rows} entities, newest day {one.state.newest}" for one in done}
            return dg.MaterializeResult(metadata={"moved": len(done), **metadata})

    return online_features
