"""The sensor and the asset of online features by real ticks and runs: due after publications, of what is asked for."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest

from lakehouse_assets.assets.features import features_asset
from lakehouse_assets.assets.steps.resources import LakeResource
from lakehouse_assets.automation.features import features_sensor
from lakehouse_assets.automation.jobs import FEATURES, job
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.ml.serving.online import OnlineFeatures
from lakehouse_assets.ml.serving.stores import open_store
from lakehouse_assets.settings import Settings
from tests.assets.tiny import resource
from tests.features.test_retrieval import VIEW, publish


def test_what_is_asked_for_is_kept_up_to_date(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ASKLAKE_HOME", str(settings.home))
    lake, asset = Lake(settings), features_asset()
    sensor = features_sensor(job(FEATURES, [asset], "Keeps."))
    publish(lake, {"a": (0,)})
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path / "dagster")) as instance:
        cursor = ""

        def tick() -> str:
            nonlocal cursor
            context = dg.build_sensor_context(instance, cursor=cursor, resources={"lakehouse": LakeResource()})
            found = sensor(context)
            if isinstance(found, dg.SkipReason):
                return "same"
            assert isinstance(found, dg.SensorResult)
            cursor = found.cursor or cursor
            return "run" if found.run_requests else "done"

        assert (tick(), tick()) == ("done", "same")
        with closing(open_store(settings)) as store:
            features = OnlineFeatures(lake, store)
            assert features.latest(VIEW, {"tenant_id": "t", "store_id": "a"})
            publish(lake, {"a": (0, 2), "b": (1,)})
            assert tick() == "run"
            ran = dg.materialize([asset], instance=instance, resources={"lakehouse": resource(settings)})
            (done,) = ran.asset_materializations_for_node("platform__online_features")
            assert done.metadata["moved"].value == 1
            assert done.metadata[VIEW.name].value == "2 entities, newest day 2026-01-27"
            assert tick() == "done"
            latest = features.latest(VIEW, {"tenant_id": "t", "store_id": "a"})
        assert latest and str(latest.day) == "2026-01-27"
