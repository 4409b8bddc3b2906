"""The sensor and the asset of the search index by real ticks and runs: due after what moved, and not otherwise."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest

from lakehouse_assets.assets.search import search_asset
from lakehouse_assets.assets.steps.resources import LakeResource
from lakehouse_assets.automation.jobs import SEARCH, job
from lakehouse_assets.automation.search import search_sensor
from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.search import meaning
from lakehouse_assets.search.store import Store, url_of
from lakehouse_assets.settings import Settings
from tests.assets.tiny import resource
from tests.search.gathering.test_documents import CONTRACT, publish


def test_what_moved_is_indexed_by_the_next_run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(meaning, "is_installed", lambda: False)  # words alone: reading all takes a minute
    monkeypatch.setenv("ASKLAKE_HOME", str(settings.home))
    manifest.ensure(settings)
    lake, asset = Lake(settings), search_asset(platform_contracts())
    publish(lake, [("a", "D1", "Sacks were torn")])
    sensor = search_sensor(job(SEARCH, [asset], "Indexes."))
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path / "dagster")) as instance:
        cursor = ""

        def tick() -> str:
            nonlocal cursor
            context = dg.build_sensor_context(instance, cursor=cursor, resources={"lakehouse": LakeResource()})
            found = sensor(context)
            if isinstance(found, dg.SkipReason):
                return str(found.skip_message)
            assert isinstance(found, dg.SensorResult)
            cursor = found.cursor or cursor
            return "run" if found.run_requests else str(found.skip_reason.skip_message if found.skip_reason else "")

        def index() -> dg.ExecuteInProcessResult:
            return dg.materialize([asset], instance=instance, resources={"lakehouse": resource(settings)})

        assert tick() == "run"
        (done,) = index().asset_materializations_for_node("platform__search_index")
        assert done.metadata["added"].value and done.metadata["read_for_meaning"].value == 0
        assert tick() == "the index is up to date"
        assert tick() == "the index is up to date, and nothing moved since"
        publish(lake, [("a", "D1", "Sacks were wet")])
        assert tick() == "run"
        (done,) = index().asset_materializations_for_node("platform__search_index")
        assert done.metadata["moved"].value == f"table:{CONTRACT.identifier}"
        assert (done.metadata["added"].value, done.metadata["removed"].value) == (1, 1)
    with closing(Store(url_of(settings))) as store:
        assert store.states()[f"table:{CONTRACT.identifier}"]
