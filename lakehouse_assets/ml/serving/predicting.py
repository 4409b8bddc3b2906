"""Predictions: of every entity on the newest day, as tables that Python makes, and of one at a time.

Belongs here: those tables, the training that is due before they are made, and who is at how much risk. Does not belong
here: a model (predictor), training (training_run), contracts of the tables (domains).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import polars as pl

from lakehouse_assets.domains import contract_of
from lakehouse_assets.features.drift import LARGE
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.python_table import Inputs, NothingToMakeError, PythonTable, python_table
from lakehouse_assets.ml.declared import ModelSpec, all_models
from lakehouse_assets.ml.features.examples import CannotLearnError
from lakehouse_assets.ml.features.frames import newest_features, with_shown
from lakehouse_assets.ml.model.predictor import Predictor
from lakehouse_assets.ml.registry.registry import Registry, Version
from lakehouse_assets.ml.runs.training_run import train_apart
from lakehouse_assets.settings import Settings

BY_NIGHT = "45 3 * * *"
"""When predictions are made: after the features."""
LEAST_BETWEEN = timedelta(days=7)
"""Time between trainings at least, however far features drift: counts that only grow always do."""
_HIGH, _MEDIUM = 0.2, 0.5
_LOG = logging.getLogger(__name__)


@cache
def prediction_tables() -> tuple[PythonTable, ...]:
    """The table of predictions of each model that declares one."""
    return tuple(_table(spec) for spec in all_models().values() if spec.predictions)


def predicted(spec: ModelSpec, predictor: Predictor, version: int, day: Any, features: pl.DataFrame) -> pl.DataFrame:
    """What a model says of each row of features, with what is shown beside it: the columns of the contract."""
    drift = next(iter(predictor.drift(features).values()), None)
    figures = pl.Series("figure", predictor.predict(features))
    told = features.select(*spec.view.entity, *spec.shown).with_columns(
        pl.lit(day, pl.Date).alias("predicted_on"),
        pl.lit(version, pl.Int64).alias("model_version"),
        pl.lit(drift, pl.Float64).alias("drift"),
    )
    if spec.problem == "regression":
        return told.with_columns(figures.alias("amount"))
    share = pl.col("probability").rank("ordinal", descending=True).over("tenant_id") / pl.len().over("tenant_id")
    risk = pl.when(share <= _HIGH).then(pl.lit("HIGH")).when(share <= _MEDIUM).then(pl.lit("MEDIUM"))
    return told.with_columns(figures.alias("probability")).with_columns(risk.otherwise(pl.lit("LOW")).alias("risk"))


def why_due(spec: ModelSpec, newest: Version, drift: Mapping[str, float], now: datetime) -> str:
    """Why a model is to be trained anew; empty if it is not.

    Args:
        spec: The model.
        newest: Its newest version, whether or not it serves: what was not promoted is not tried again each night.
        drift: How far features moved from what the one that serves learnt from.
        now: Now.
    """
    made = datetime.fromtimestamp(newest.made_at_ms / 1000, UTC)
    if now - made >= timedelta(days=spec.retrain_after_days):
        return f"it was trained on {made.date()}, {spec.retrain_after_days} days ago or more"
    if now - made < LEAST_BETWEEN:
        return ""
    moved = [f"{name} ({index:.2f})" for name, index in drift.items() if index >= LARGE]
    return f"features drifted: {', '.join(moved)}" if moved else ""


def _table(spec: ModelSpec) -> PythonTable:
    assert spec.predictions is not None

    reads = (spec.view.table, spec.described_by) if spec.described_by else (spec.view.table,)

    @python_table(contract_of(spec.predictions), reads=reads, cron=BY_NIGHT, on_demand=True)
    def predictions_of_model(inputs: Inputs) -> pl.DataFrame:
        return _made(inputs.lake, spec)

    return predictions_of_model


def _made(lake: Lake, spec: ModelSpec) -> pl.DataFrame:
    """Train the model anew if that is due, and say what the one that serves says.

    Raises:
        NothingToMakeError: no version serves, or there are no features.
    """
    registry = Registry(lake.settings)
    serving = registry.serving(spec.name) if registry.exists else None
    if serving is None:
        raise NothingToMakeError(f"no version of {spec.name} serves: `asklake train --target {spec.name}` trains one")
    day, features = newest_features(lake, spec)
    if day is None:
        raise NothingToMakeError(f"{spec.view.table} has no rows")
    predictor = registry.predictor(serving)
    if why := why_due(spec, registry.versions(spec.name)[0], predictor.drift(features), datetime.now(UTC)):
        serving = _trained_anew(lake.settings, registry, spec, serving, why)
        predictor = registry.predictor(serving)
    return predicted(spec, predictor, serving.number, day, with_shown(lake, spec, features))


def _trained_anew(settings: Settings, registry: Registry, spec: ModelSpec, serving: Version, why: str) -> Version:
    """The version that serves after a training; one that cannot learn leaves it as it was."""
    _LOG.info("training %s anew: %s", spec.name, why)
    try:
        train_apart(settings, spec)
    except CannotLearnError as error:
        _LOG.warning("%s could not be trained anew, version %d goes on: %s", spec.name, serving.number, error)
    return registry.serving(spec.name) or serving
