"""From a lake to a registered model that serves, in either profile; and what keeps it from being one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.ml import frames, search, training_run
from lakehouse_assets.ml import registry as registry_module
from lakehouse_assets.ml.declared import find_model, spec_of_column
from lakehouse_assets.ml.examples import AS_OF, KNOWN_ON, TARGET, CannotLearnError
from lakehouse_assets.ml.frames import newest_features, read_examples
from lakehouse_assets.ml.registry import NoVersionError, Registry
from lakehouse_assets.ml.training import train
from lakehouse_assets.ml.training_run import fitted_again, train_apart, train_now
from lakehouse_assets.settings import Settings
from tests.ml.stores import BEFORE, DAYS, FIRST, STORES, fill, sales_of

SPEC = find_model("retail_demand")
_OPENED = """
import sys
from pathlib import Path
from lakehouse_assets.ml.registry import Registry
from lakehouse_assets.settings import Settings
print(Registry(Settings(profile="local", home=Path(sys.argv[1]), landing="", dagster_home=None)).names())
"""


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
    # The last day that there are sales of may be going on: what ends with it is not known yet.
    assert len(examples) == STORES * (DAYS - BEFORE - 7)
    assert examples.frame[KNOWN_ON].max() == FIRST + timedelta(days=DAYS - 1)
    for row in examples.frame.iter_rows(named=True):
        day = (row[AS_OF] - FIRST).days
        store = int(row["store_id"][1:])
        assert row[TARGET] == pytest.approx(sales[store, day : day + 7].sum())
        assert row["net_7d"] == pytest.approx(sales[store, day - 7 : day].sum())
        assert (row[KNOWN_ON] - row[AS_OF]).days == 7


def test_no_outcome_of_a_day_to_come_is_known_whatever_rows_say(stores: Lake) -> None:
    today = FIRST + timedelta(days=DAYS - 10)
    assert read_examples(stores, SPEC, today=today).examples.frame[KNOWN_ON].max() == today


def test_a_tenant_whose_loads_are_behind_did_not_sell_nothing(lake: Lake) -> None:
    """Of stores, every other is of tenant a: what it sold on the days that were not loaded nobody knows."""
    sales = sales_of()
    sales[1::2, DAYS - 20 :] = np.nan
    fill(lake, sales)
    frame = read_examples(lake, SPEC).examples.frame
    known = dict(frame.group_by("tenant_id").agg(pl.col(KNOWN_ON).max()).rows())
    assert known == {"a": FIRST + timedelta(days=DAYS - 21), "b": FIRST + timedelta(days=DAYS - 1)}
    assert (frame[TARGET] > 0).all()


def test_of_too_many_entities_some_are_learnt_from_and_no_day_is_left_out(
    stores: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "MOST_EXAMPLES", 900)
    frame = read_examples(stores, SPEC).examples.frame
    assert frame[AS_OF].n_unique() == DAYS - BEFORE - 7
    assert frame.height <= 900 and frame["store_id"].n_unique() > 15
    monkeypatch.setattr(frames, "FEWEST_DAYS", 5)
    newest = read_examples(stores, SPEC).examples.frame
    assert newest[AS_OF].n_unique() == 900 // STORES and newest[AS_OF].max() == frame[AS_OF].max()


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
    assert registry.versions("o'brien") == [] and registry.versions("nosuch") == []
    registry.promote(again.version)
    assert registry.version(SPEC.name).number == 2
    with pytest.raises(NoVersionError, match="no version 7 of model 'retail_demand'"):
        registry.version(SPEC.name, 7)


def test_of_two_trainings_at_once_the_later_is_not_promoted_past_the_first(
    stores: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is better than what served when it began; which of the two is, nobody knows."""
    registry, spec = Registry(stores.settings), SPEC.model_copy(update={"name": "at_once"})
    read = read_examples(stores, spec)
    trained = train(read.examples, seconds=600, naive=spec.naive, same_unit=spec.same_unit)
    first, later = (registry.record(spec, trained, read.snapshots, compared=None) for _ in range(2))
    assert first.is_serving and not later.is_serving
    assert "1 began to serve meanwhile" in registry.facts(later)["verdict"]
    serving = registry.serving(spec.name)
    assert serving == first and later.number == 2
    monkeypatch.setattr(registry_module, "_AT_ONCE", 1)
    assert registry.names() == ["at_once", SPEC.name]


def test_processes_that_open_a_new_registry_at_once_make_it_once(tmp_path: Path) -> None:
    begun = [
        subprocess.Popen([sys.executable, "-c", _OPENED, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [one.communicate(timeout=300)[0].strip() for one in begun] == ["[]", "[]"]


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
