"""From a lake to a registered model that serves, in either profile; and what keeps it from being one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.ml.declared import find_model, spec_of_column
from lakehouse_assets.ml.features.examples import AS_OF, KNOWN_ON, TARGET, CannotLearnError
from lakehouse_assets.ml.features.frames import newest_features, read_examples
from lakehouse_assets.ml.registry.registry import NoVersionError, Registry
from lakehouse_assets.ml.runs import training_run
from lakehouse_assets.ml.runs.training_run import fitted_again, train_apart, train_now
from lakehouse_assets.ml.training import search
from lakehouse_assets.settings import Settings
from tests.ml.stores import BEFORE, DAYS, FIRST, STORES, fill, sales_of

SPEC = find_model("retail_demand")


@pytest.fixture(scope="module", autouse=True)
def few_trials() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "TRIALS", 0)
        patch.setattr(search, "_PORTFOLIO", search._PORTFOLIO[:1])
        yield


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(Settings(profile="local", home=tmp_path_factory.mktemp("models"), landing="", dagster_home=None))
    fill(lake, sales_of())
    return lake


def test_an_outcome_is_what_the_days_from_then_on_brought_once_all_of_them_passed(stores: Lake) -> None:
    sales, examples = sales_of(), read_examples(stores, SPEC).examples
    assert len(examples) == STORES * (DAYS - BEFORE - 7 + 1)
    for row in examples.frame.iter_rows(named=True):
        day = (row[AS_OF] - FIRST).days
        store = int(row["store_id"][1:])
        assert row[TARGET] == pytest.approx(sales[store, day : day + 7].sum())
        assert row["net_7d"] == pytest.approx(sales[store, day - 7 : day].sum())
        assert (row[KNOWN_ON] - row[AS_OF]).days == 7


def test_the_value_of_a_column_is_that_of_the_day_and_known_when_it_is_over(stores: Lake) -> None:
    spec = spec_of_column("gold.gold_retail_daily_store_sales.net_amount", "retail_store", None)
    frame = read_examples(stores, spec).examples.frame
    row = frame.filter(pl.col("store_id") == "s03").row(0, named=True)
    assert row[TARGET] == pytest.approx(sales_of()[3, (row[AS_OF] - FIRST).days])
    assert (row[KNOWN_ON] - row[AS_OF]).days == 1


def test_a_model_is_registered_serves_and_comes_out_the_same_again(stores: Lake) -> None:
    settings = stores.settings
    done = train_now(settings, SPEC, 600)
    assert done.facts["promoted"], done.facts["verdict"]
    assert {b["name"] for b in done.facts["baselines"]} == {"the median", "net_7d, as it is", "by net_7d alone"}
    registry = Registry(settings)
    serving = registry.serving(SPEC.name)
    assert serving is not None
    assert (serving.number, serving.name) == (1, SPEC.name)
    assert fitted_again(settings, serving)
    _, newest = newest_features(stores, SPEC)
    predicted = registry.predictor(serving).predict(newest)
    assert len(predicted) == STORES
    last = sales_of()[[int(store[1:]) for store in newest["store_id"]], -7:].sum(axis=1)
    assert np.corrcoef(predicted, last)[0, 1] > 0.9
    assert "| net_7d, as it is |" in registry.card(serving)
    assert "**Promoted**" in done.card

    again = train_now(settings, SPEC, 600)
    assert not again.facts["promoted"]
    assert registry.serving(SPEC.name) == serving
    assert [v.number for v in registry.versions(SPEC.name)] == [2, 1]
    registry.promote(again.version)
    assert registry.version(SPEC.name).number == 2
    with pytest.raises(NoVersionError, match="no version 7 of model 'retail_demand'"):
        registry.version(SPEC.name, 7)


def test_what_was_learnt_from_stays_what_it_was_when_tables_move_on(stores: Lake) -> None:
    version = Registry(stores.settings).version(SPEC.name, 1)
    fill(stores, sales_of(seed=9))
    assert fitted_again(stores.settings, version)
    fill(stores, sales_of())


def test_time_really_ends_it(stores: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_run, "_KEEPING_S", 0.3)
    with pytest.raises(CannotLearnError, match=r"it was ended after 0\.001 minutes"):
        train_apart(stores.settings, SPEC, 0.001)


def test_tables_that_were_never_published_are_named(lake: Lake) -> None:
    with pytest.raises(
        CannotLearnError, match=r"platinum\.platinum_retail_store_features and gold.* was never published"
    ):
        read_examples(lake, SPEC)


@pytest.mark.cluster
def test_the_registry_of_the_cluster_keeps_models_in_postgresql_and_the_bucket(cluster_lake: Lake) -> None:
    fill(cluster_lake, sales_of())
    done = train_now(cluster_lake.settings, SPEC, 600)
    assert done.version.source.startswith(cluster_lake.settings.warehouse_url)
    serving = Registry(cluster_lake.settings).version(SPEC.name, done.version.number)
    assert fitted_again(cluster_lake.settings, serving)
