"""The freshness policy of every table, evaluated by Dagster's daemon in the instance that dagster.yaml describes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions import freshness_evaluator
from dagster._core.loader import LoadingContextForTest
from dagster._daemon.freshness import FreshnessDaemon

from lakehouse_assets.definitions import build_defs
from lakehouse_assets.settings import Settings
from lakehouse_assets.settings.lake import PROJECT_ROOT
from tests.assets import tiny

LONG_AGO = "2019-06-01"


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("ASKLAKE_DAGSTER_HOME", str(tmp_path / "dagster"))
    with dg.DagsterInstance.from_config(str(PROJECT_ROOT)) as made:
        yield made


def test_every_policy_is_evaluated(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = build_defs(tiny.parsed(settings)).get_repository_def().asset_graph
    tables = graph.materializable_asset_keys

    class Context(LoadingContextForTest):
        asset_graph: Any = graph

    def states() -> Counter[str]:
        """What an iteration of the daemon makes of each table."""
        process: Any = SimpleNamespace(create_request_context=lambda: Context(instance))
        for _ in FreshnessDaemon().run_iteration(process):
            pass
        records = instance.get_freshness_state_records(sorted(tables))
        return Counter(records[key].freshness_state.value for key in tables)

    everything = len(tables)
    for key in tables:
        # A policy takes a backfill of a day long ago for news; the check of the newest day does not.
        day = LONG_AGO if graph.get(key).partitions_def else None
        instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=day))
    assert states() == {"PASS": everything}
    later = time.time() + timedelta(days=731).total_seconds()
    monkeypatch.setattr(freshness_evaluator, "get_current_timestamp", lambda: later)
    assert states() == {"FAIL": everything}
