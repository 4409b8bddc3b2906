"""Predictions of a day: who is at how much risk, when a model is due, and nothing without one that serves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from lakehouse_assets.assets.python_tables import make
from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.python_table import NothingToMakeError
from lakehouse_assets.ml.declared import all_models, find_model
from lakehouse_assets.ml.registry.registry import Version
from lakehouse_assets.ml.runs.training_run import train_now
from lakehouse_assets.ml.serving.predicting import predicted, prediction_tables, why_due
from lakehouse_assets.ml.training import search
from lakehouse_assets.ml.training.search import Recipe
from lakehouse_assets.ml.training.training import fit
from tests.ml.stores import STORES, fill, sales_of
from tests.ml.worlds import world

NOW = datetime(2026, 6, 30, tzinfo=UTC)
SPEC = find_model("ecommerce_churn")


def made(days_ago: float) -> Version:
    at = NOW - timedelta(days=days_ago)
    return Version("x", 1, "", True, int(at.timestamp() * 1000))


@pytest.mark.parametrize(
    ("days_ago", "drift", "why"),
    [
        (29, {"a": 0.2}, ""),
        (30, {}, "it was trained on 2026-05-31, 30 days ago or more"),
        (8, {"a": 0.3, "b": 0.26, "c": 0.1}, "features drifted: a (0.30), b (0.26)"),
        (6, {"a": 0.3}, ""),
    ],
)
def test_a_model_is_due_by_age_and_by_drift_but_not_every_night(
    days_ago: int, drift: dict[str, float], why: str
) -> None:
    assert why_due(SPEC, made(days_ago), drift, NOW) == why


def test_risk_is_by_rank_within_the_tenant() -> None:
    examples = world()
    names = {"strength": "days_since_order", "noise": "orders_28d", "kind": "customer"}
    frame = examples.frame.rename(names).with_columns(
        pl.when(pl.int_range(pl.len()) < 1000).then(pl.lit("a")).otherwise(pl.lit("b")).alias("tenant_id"),
        pl.int_range(pl.len()).cast(pl.String).alias("customer_id"),
    )
    known = type(examples).of(frame, ("tenant_id", "customer_id"), ("days_since_order", "orders_28d"), "binary")
    predictor = fit(known, Recipe("linear", {"penalty": 1.0}, 0, 1), date(2026, 2, 1))
    told = predicted(SPEC, predictor, 3, date(2026, 2, 1), frame)
    for (_,), rows in told.group_by("tenant_id"):
        counts = dict(rows["risk"].value_counts().iter_rows())
        assert counts["HIGH"] == pytest.approx(rows.height * 0.2, abs=1)
        assert counts["MEDIUM"] == pytest.approx(rows.height * 0.3, abs=1)
        least = rows.filter(pl.col("risk") == "HIGH")["probability"].min()
        assert least >= rows.filter(pl.col("risk") != "HIGH")["probability"].max()  # type: ignore[operator]
    assert told["drift"][0] == pytest.approx(0, abs=0.01)


def test_every_table_of_predictions_has_the_columns_of_its_contract() -> None:
    tables = {t.identifier: t for t in prediction_tables()}
    for spec in all_models().values():
        contract = tables[spec.predictions or ""].contract
        figures = {"amount"} if spec.problem == "regression" else {"probability", "risk"}
        assert set(contract.column_names) == {
            *spec.view.entity,
            "predicted_on",
            "model_version",
            "drift",
            *figures,
            *spec.shown,
        }


def test_predictions_are_published_once_a_model_serves(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "TRIALS", 0)
    monkeypatch.setattr(search, "_PORTFOLIO", search._PORTFOLIO[:1])
    (table,) = [t for t in prediction_tables() if t.identifier == "semantic.retail_demand_forecast"]
    fill(lake, sales_of())
    with pytest.raises(NothingToMakeError, match="no version of retail_demand serves: `asklake train"):
        make(lake, table, platform_contracts(), [], run_id="none")
    assert table.identifier not in lake.catalog.heads()
    assert train_now(lake.settings, find_model("retail_demand"), 600).facts["promoted"]
    result = make(lake, table, platform_contracts(), [], run_id="some")
    assert [p.identifier for p in result.published] == [table.identifier]
    with lake.session() as session:
        rows = session.query(f"select * from {table.identifier}").to_pylist()
    assert len(rows) == STORES
    assert {(r["predicted_on"], r["model_version"]) for r in rows} == {(date(2026, 3, 12), 1)}
    names = {r["store_id"]: r["store_name"] for r in rows}
    assert names["s07"] == "Store 7"
    assert names[f"s{STORES - 1}"] is None  # a store that is not known yet has a prediction all the same
