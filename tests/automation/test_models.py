"""The clock makes predictions, and trains a model anew first once its features drifted, by real ticks and runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from lakehouse_assets.assets.python_tables import python_assets
from lakehouse_assets.automation.jobs import job, make_job_name
from lakehouse_assets.automation.schedules import made_by_the_clock
from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.features.drift import LARGE
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.ml.declared import find_model
from lakehouse_assets.ml.registry.registry import Registry
from lakehouse_assets.ml.runs.training_run import train_now
from lakehouse_assets.ml.serving import predicting
from lakehouse_assets.ml.serving.predicting import prediction_tables
from lakehouse_assets.ml.training import search
from lakehouse_assets.settings import Settings
from tests.assets.tiny import resource
from tests.ml import stores

SPEC = find_model("retail_demand")
ENOUGH_FOR_DRIFT = 110
NIGHT = datetime(2026, 3, 12, 3, 45, tzinfo=UTC)


def test_a_model_is_trained_anew_when_its_features_drifted_and_not_otherwise(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ASKLAKE_HOME", str(settings.home))
    monkeypatch.setattr(search, "TRIALS", 0)
    monkeypatch.setattr(search, "_PORTFOLIO", search._PORTFOLIO[:1])
    monkeypatch.setattr(stores, "STORES", ENOUGH_FOR_DRIFT)
    monkeypatch.setattr(predicting, "train_apart", lambda of, spec: train_now(of, spec, 600))  # its settings are here
    lake, registry = Lake(settings), Registry(settings)
    (table,) = [t for t in prediction_tables() if t.identifier == SPEC.predictions]
    asset = python_assets([table], platform_contracts())[table]
    schedule = made_by_the_clock(table, job(make_job_name(table.identifier), [asset], "Makes it."))
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path / "dagster")) as instance:

        def tick() -> str:
            context = dg.build_schedule_context(
                scheduled_execution_time=NIGHT, resources={"lakehouse": resource(settings)}
            )
            found = schedule.evaluate_tick(context)
            if not found.run_requests:
                return found.skip_message or ""
            assert dg.materialize([asset], instance=instance, resources={"lakehouse": resource(settings)}).success
            return "run"

        def told() -> tuple[set[int], float]:
            with lake.session() as session:
                rows = session.query(f"select model_version, drift from {table.identifier}").to_pylist()
            assert len(rows) == ENOUGH_FOR_DRIFT
            return {row["model_version"] for row in rows}, max(row["drift"] for row in rows)

        stores.fill(lake, stores.sales_of())
        assert "makes it the first time" in tick()
        train_now(settings, SPEC, 600)
        assert dg.materialize([asset], instance=instance, resources={"lakehouse": resource(settings)}).success
        assert tick() == "run"
        assert [v.number for v in registry.versions(SPEC.name)] == [1]  # as it was, nothing is due

        stores.fill(lake, stores.sales_of(seed=9, swing=0.2) * 20)
        assert tick() == "run"
        assert [v.number for v in registry.versions(SPEC.name)] == [1]  # drifted, but it was trained a moment ago
        versions, drift = told()
        assert versions == {1} and drift >= LARGE

        with monkeypatch.context() as due:
            due.setattr(predicting, "LEAST_BETWEEN", timedelta(0))
            assert tick() == "run"
        # Twenty times the sales are told by the same rule: the new model is no better, so the old one goes on.
        assert [(v.number, v.is_serving) for v in registry.versions(SPEC.name)] == [(2, False), (1, True)]
        assert "not than the one before" in registry.facts(registry.version(SPEC.name, 2))["verdict"]
        assert told()[0] == {1}
        registry.promote(registry.version(SPEC.name, 2))
        assert tick() == "run"
        after, less = told()
        assert after == {2} and less < drift
