"""A model is promoted where there is something to learn and not where there is not, and comes out the same again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from lakehouse_assets.ml.features.examples import AS_OF, KNOWN_ON, TARGET, Examples, split_by_time
from lakehouse_assets.ml.model.kinds import read_model
from lakehouse_assets.ml.model.predictor import Predictor
from lakehouse_assets.ml.training import search
from lakehouse_assets.ml.training.scores import losses
from lakehouse_assets.ml.training.training import Trained, explained, fit, train
from tests.ml.worlds import FIRST, shuffled, world


@pytest.fixture(scope="module", autouse=True)
def few_trials() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "TRIALS", 1)
        patch.setattr(search, "_PORTFOLIO", search._PORTFOLIO[:2])
        yield


@pytest.fixture(scope="module")
def learnt() -> Trained:
    return train(world(), seconds=600, naive=["strength"])


def test_what_can_be_learnt_is_and_is_promoted(learnt: Trained) -> None:
    assert learnt.promoted, learnt.verdict
    assert learnt.measures["auc"] > 0.85
    assert [b.name for b in learnt.baselines] == ["the rate", "by strength alone"]
    assert all(b.ahead.is_better for b in learnt.baselines)
    assert {name for name, share in learnt.importance.items() if share > 0.15} == {"strength", "kind"}


def test_nothing_is_learnt_from_outcomes_that_were_shuffled() -> None:
    nothing = train(shuffled(world(days=40, each=100)), seconds=600)
    assert abs(nothing.measures["auc"] - 0.5) < 0.06
    assert not nothing.promoted
    assert "not better than the rate" in nothing.verdict


@pytest.mark.parametrize(("known_after", "is_seen"), [(20, False), (0, True)])
def test_what_was_known_only_later_does_not_help(known_after: int, is_seen: bool) -> None:
    """What becomes of an entity is drawn anew every 20 days, so that who knew a day of them would know all.

    Where outcomes are said to be known at once, that is what happens: so this can see it.
    """
    days, entities, copies = 100, 12, 3
    drawn = np.random.default_rng(5).integers(2, size=(entities, 6))
    day = np.repeat(np.arange(days), entities * copies)
    number = np.tile(np.repeat(np.arange(entities), copies), days)
    stretch = (day + 10) // 20
    frame = pl.DataFrame(
        {
            "entity": number,
            "stretch": [f"{n} in {s}" for n, s in zip(number, stretch, strict=True)],
            AS_OF: [FIRST + timedelta(days=int(d)) for d in day],
            KNOWN_ON: [FIRST + timedelta(days=int(d) + known_after) for d in day],
            TARGET: drawn[number, stretch].astype(float),
        }
    )
    found = train(Examples.of(frame, ("entity",), ("stretch",), "binary"), seconds=600)
    assert (found.measures["auc"] > 0.65) == is_seen


def test_numbers_are_predicted_better_than_the_median_and_a_rule_of_thumb() -> None:
    found = train(world("regression"), seconds=600, naive=["strength"], same_unit=True)
    assert found.promoted, found.verdict
    assert [b.name for b in found.baselines] == ["the median", "strength, as it is", "by strength alone"]
    assert found.measures["mae"] < 3
    assert found.measures["r2"] > 0.9


def test_the_same_model_again_is_not_better_than_itself(learnt: Trained) -> None:
    again = train(world(), seconds=600, naive=["strength"], before=learnt.predictor)
    assert again.before is not None
    assert again.before.ahead.mean == 0
    assert not again.promoted
    assert "not than the one before" in again.verdict


def test_a_better_model_takes_the_place_of_the_one_before(learnt: Trained) -> None:
    poor = train(Examples.of(world().frame, ("entity",), ("noise", "kind"), "binary"), seconds=600)
    again = train(world(), seconds=600, before=poor.predictor)
    assert again.promoted, again.verdict


def test_one_that_has_learnt_from_what_judges_is_not_compared(learnt: Trained) -> None:
    newer = replace(learnt.predictor, known_until=learnt.judged_until)
    again = train(world(), seconds=600, before=newer)
    assert not again.promoted
    assert "are newer than what the one before has learnt from" in again.verdict


def test_the_same_recipe_and_examples_give_the_same_model(learnt: Trained) -> None:
    split = split_by_time(world())
    assert fit(split.refitting, learnt.recipe, split.judged_from).document() == learnt.predictor.document()


def test_a_model_that_was_kept_predicts_what_it_did(learnt: Trained) -> None:
    kept = Predictor.read(json.loads(json.dumps(learnt.predictor.document())))
    rows = world(seed=9).frame
    rows = pl.concat([rows.head(50), rows.head(2).with_columns(kind=pl.lit("new"), strength=pl.lit(None, pl.Float64))])
    predicted = learnt.predictor.predict(rows)
    assert np.allclose(kept.predict(rows), predicted)
    assert np.allclose([kept.predict_one(row) for row in rows.to_dicts()], predicted)


def test_what_tells_of_the_day_alone_does_not_drift() -> None:
    examples = world()
    weekday = examples.frame.with_columns(pl.col(AS_OF).dt.weekday().alias("weekday"), pl.lit(1.0).alias("always"))
    known = Examples.of(weekday, examples.entity, (*examples.features, "weekday", "always"), "binary")
    made = fit(known, search.Recipe("linear", {"penalty": 1.0}, 0, 1), FIRST)
    one_day = world(days=1, each=400, seed=3).frame.with_columns(weekday=pl.lit(1), always=pl.lit(2.0))
    drift = made.drift(one_day)
    assert drift.keys() == {*examples.features, "always"} and max(drift.values()) < 0.25


@pytest.mark.parametrize("logarithms", [False, True])
@pytest.mark.parametrize("problem", ["binary", "regression"])
def test_a_linear_model_fills_gaps_alike_wherever_it_is_kept(problem: object, logarithms: bool) -> None:
    examples = world(problem)  # type: ignore[arg-type]
    recipe = search.Recipe("linear", {"penalty": 1.0, "logarithms": logarithms}, 0, 1)
    made = fit(examples, recipe, examples.frame[AS_OF].max())  # type: ignore[arg-type]
    kept = Predictor.read(json.loads(json.dumps(made.document())))
    row = {"strength": None, "noise": 0.5, "kind": None}
    assert kept.predict_one(row) == pytest.approx(
        made.predict(pl.DataFrame([row], schema=examples.frame.select("strength", "noise", "kind").schema))[0]
    )


def test_of_counts_that_are_mostly_small_and_rarely_vast_logarithms_tell_more() -> None:
    examples = world()
    tailed = examples.frame.with_columns(pl.col("strength").exp().pow(3))
    vast = Examples.of(tailed, examples.entity, examples.features, "binary")
    split = split_by_time(vast)
    plain, by_logarithms = (
        fit(split.refitting, search.Recipe("linear", {"penalty": 1.0, **more}, 0, 1), split.judged_from)
        for more in ({}, {"logarithms": True})
    )
    target = split.judging.target.to_numpy()
    loss = [float(losses("binary", target, m.predict(split.judging.frame)).mean()) for m in (plain, by_logarithms)]
    assert loss[1] < loss[0] - 0.01


def test_a_linear_model_that_an_earlier_version_kept_goes_by_its_numbers() -> None:
    document = fit(world(), search.Recipe("linear", {"penalty": 1.0}, 0, 1), FIRST).model.document()
    older = {name: value for name, value in document.items() if name != "logarithms"}
    assert read_model(older) == read_model(document)


def test_late_is_late_and_the_search_ends_with_what_it_has() -> None:
    found = train(world(), seconds=0)
    assert found.ran_late
    assert explained(found)["tried"] == 1
