"""Declarations of models agree with views and contracts; what is wrong is told with file, line and field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.ml.declared import (
    ModelError,
    all_models,
    find_model,
    read_models,
    spec_of_column,
    views_for,
    wanted_model,
)

GOOD = """models:
  - name: some_demand
    title: Sales
    description: Sales of a store.
    owner: team:retail-data
    problem: regression
    features: retail_store
    target:
      description: Sales of a week.
      table: gold.gold_retail_daily_store_sales
      outcome: sum
      date: business_date
      column: net_amount
      horizon_days: 7
    naive: [net_7d]
"""
SALES = "gold.gold_retail_daily_store_sales"


def test_every_domain_s_models_read() -> None:
    assert set(all_models()) == {
        "ecommerce_churn", "pgr_sla_breach", "retail_demand", "telemetry_adoption", "telemetry_churn",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("problem: regression", "problem: guess", "line 6: field 'problem'"),
        ("outcome: sum", "outcome: none", "line 8: field 'target': outcome 'none' takes no column"),
        ("features: retail_store", "features: retail_shop", "model 'some_demand': field 'features': there is no"),
        ("date: business_date", "date: sold_on", "field 'target.date': .* has no date 'sold_on'"),
        ("[net_7d]", "[net_9d]", "field 'naive': view 'retail_store' has no feature net_9d"),
        (
            "gold.gold_retail_daily_store_sales",
            "gold.gold_pgr_case_lifecycle",
            "has no store_id, which names an entity",
        ),
        ("naive:", "shown: [store_name]\n    naive:", "field 'shown': view 'retail_store' has no feature store_name"),
        ("naive:", "described_by: silver.nothing\n    naive:", "field 'described_by': No contract"),
        (
            "naive:",
            "described_by: gold.gold_retail_daily_store_sales\n    naive:",
            "field 'described_by': gold.gold_retail_daily_store_sales has a row for each business_date",
        ),
        (
            "naive:",
            "described_by: silver.silver_retail_stores\n    shown: [colour]\n    naive:",
            "field 'shown': silver.silver_retail_stores has no colour",
        ),
        (
            "naive:",
            "predictions: semantic.retail_demand_forecast\n    shown: [net_1d]\n    naive:",
            "field 'predictions': the contract of semantic.retail_demand_forecast has no net_1d",
        ),
        ("gold.gold_retail_daily_store_sales", "gold.nothing", "No contract declares the table 'gold.nothing'"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, was: str, now: str, told: str) -> None:
    path = tmp_path / "models.yml"
    path.write_text(GOOD.replace(was, now))
    with pytest.raises(ModelError, match=rf"(?s){path}.*{told}"):
        read_models(path)


def test_a_column_is_a_target_where_it_has_a_value_for_each_entity_and_day() -> None:
    spec = spec_of_column(f"{SALES}.net_amount", "retail_store", None)
    assert (spec.problem, spec.target.date, spec.name) == (
        "regression", "business_date", "column_gold_retail_daily_store_sales_net_amount",
    )  # fmt: skip
    assert views_for(f"{SALES}.net_amount") == ["retail_store"]


@pytest.mark.parametrize(
    ("target", "features", "told"),
    [
        (f"{SALES}.net", "retail_store", "has no column 'net'; it has transaction_count"),
        (f"{SALES}.region", "retail_store", "is VARCHAR: a target is a number or a truth value"),
        (
            f"{SALES}.net_amount",
            "pgr_complaint",
            "and not for each tenant_id, complaint_id and day: declare the target",
        ),
        ("gold.nothing.x", "retail_store", "No contract declares the table 'gold.nothing'"),
        (f"{SALES}.net_amount", "nothing", "there is no feature view 'nothing'"),
    ],
)
def test_a_column_that_is_no_target_is_refused_with_why(target: str, features: str, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        spec_of_column(target, features, None)


def test_a_model_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(ModelError, match=r"no model 'churn'; known: ecommerce_churn"):
        find_model("churn")


@pytest.mark.parametrize(
    ("target", "features", "problem", "told"),
    [
        ("churn", None, None, "name one of ecommerce_churn.*, or a column as layer.table.column"),
        ("retail_demand", "retail_product", None, r"declares its features \(retail_store\)"),
        ("retail_demand", None, "binary", r"and its problem \(regression\): leave them out"),
        (f"{SALES}.net_amount", None, None, "by which features .* view retail_store fits"),
    ],
)
def test_what_is_wanted_is_one_of_those(target: str, features: str | None, problem: Any, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        wanted_model(target, features, problem)
    assert wanted_model("retail_demand", "retail_store", None) is find_model("retail_demand")
