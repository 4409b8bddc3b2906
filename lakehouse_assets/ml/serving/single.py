"""One prediction at a time: of an entity by its newest features, or of features that are given.

Belongs here: which model serves, held in memory; features held to their types; predicting. Does not belong here: who
may ask for it, HTTP (service), tables of predictions (predicting).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from lakehouse_assets.ml.declared import ModelSpec
from lakehouse_assets.ml.model.predictor import Predictor
from lakehouse_assets.ml.registry.registry import NoVersionError, Registry, Version
from lakehouse_assets.ml.serving.online import OnlineFeatures

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings

LOOKS_EVERY_S = 10.0
"""Seconds between looks of a process at which version serves; each is made after an answer, not before."""
_LARGEST = 1e300
_LOG = logging.getLogger(__name__)


class NoFeaturesError(LookupError):
    """There are no features of the entity on the newest day; the message says so."""


class WrongFeaturesError(ValueError):
    """Features, or the columns of an entity, are missing, unknown or of another type; the message names them."""


@dataclass(frozen=True)
class Predicted:
    """What a model says.

    Attributes:
        value: A probability, or a number.
        version: The version that says it.
        day: At whose beginning the features held; None where they were given.
        newest: Newest day of the feature table; None where they were given.
        snapshot: Snapshot of that table.
        features: What it goes by.
        unseen: Features whose text the model did not learn: it takes them for missing.
    """

    value: float
    version: int
    day: date | None
    newest: date | None
    snapshot: int | None
    features: Mapping[str, Any]
    unseen: tuple[str, ...]


@dataclass(frozen=True)
class _Held:
    version: Version
    predictor: Predictor


class Predictions:
    """Predicts by the versions that serve. Thread-safe; a model is loaded with its first prediction."""

    def __init__(self, settings: Settings, online: OnlineFeatures) -> None:
        """Nothing is loaded yet."""
        self._registry, self._online = Registry(settings), online
        self._loading, self._lock = threading.Lock(), threading.Lock()
        self._held: dict[str, _Held] = {}
        self._looked: dict[str, float] = {}
        self._later = ThreadPoolExecutor(1, thread_name_prefix="serving-models")

    def of_entity(self, spec: ModelSpec, entity: Mapping[str, Any]) -> Predicted:
        """What the model says of an entity by its newest features.

        Raises:
            NoVersionError: no version serves.
            NoFeaturesError: there are no features of it.
            WrongFeaturesError: columns of the entity are missing or unknown.
            ModelsMissingError: the libraries are not installed.
        """
        view = spec.view
        _refuse_other("entity", entity, view.entity)
        if wrong := [c for c in view.entity if not isinstance(entity[c], str | int) or isinstance(entity[c], bool)]:
            raise WrongFeaturesError(f"{', '.join(wrong)} of the entity must be a text or a whole number")
        held = self._serving(spec)
        latest = self._online.latest(view, entity)
        if latest is None:
            named = ", ".join(f"{c} {entity[c]}" for c in view.entity)
            raise NoFeaturesError(
                f"there are no features of {named}: {view.table} has no row of it on its newest day, nor on the "
                f"{view.freshness_days - 1} days before"
            )
        return _predicted(held, latest.features, latest.day, latest.newest, latest.snapshot)

    def of_features(self, spec: ModelSpec, features: Mapping[str, Any]) -> Predicted:
        """What the model says of given features, each of them; null where one is not known.

        Raises:
            NoVersionError: no version serves.
            WrongFeaturesError: features are missing, unknown or of another type.
            ModelsMissingError: the libraries are not installed.
        """
        held = self._serving(spec)
        columns = held.predictor.encoder.columns
        _refuse_other("features", features, columns)
        types = spec.view.contract.types
        for name in columns:
            if problem := _of_other_type(features[name], types.get(name, "")):
                raise WrongFeaturesError(f"feature {name} {problem}")
        return _predicted(held, features, None, None, None)

    def close(self) -> None:
        """Wait for a look that is under way."""
        self._later.shutdown(cancel_futures=True)

    def _serving(self, spec: ModelSpec) -> _Held:
        with self._lock:
            held = self._held.get(spec.name)
        if held is None:
            with self._loading:
                held = self._held.get(spec.name) or self._load(spec)
        else:
            self._look_later(spec)
        return held

    def _load(self, spec: ModelSpec) -> _Held:
        serving = self._registry.serving(spec.name) if self._registry.exists else None
        if serving is None:
            with self._lock:
                self._held.pop(spec.name, None)
            raise NoVersionError(f"no version of {spec.name} serves: `asklake train --target {spec.name}` trains one")
        before = self._held.get(spec.name)
        if before and before.version.number == serving.number:
            return before
        predictor = self._registry.predictor(serving)
        predictor.predict_one({})  # what a library does with the first of all is done before it is needed
        held = _Held(serving, predictor)
        with self._lock:
            self._held[spec.name] = held
        return held

    def _look_later(self, spec: ModelSpec) -> None:
        now = time.monotonic()
        with self._lock:
            if now - self._looked.get(spec.name, -LOOKS_EVERY_S) < LOOKS_EVERY_S:
                return
            self._looked[spec.name] = now
        self._later.submit(self._look, spec)

    def _look(self, spec: ModelSpec) -> None:
        try:
            with self._loading:
                self._load(spec)
        except NoVersionError:
            return
        except Exception:  # the version that is held serves on
            _LOG.exception("which version of %s serves could not be read", spec.name)


def _predicted(
    held: _Held, features: Mapping[str, Any], day: date | None, newest: date | None, snapshot: int | None
) -> Predicted:
    encoder = held.predictor.encoder
    unseen = tuple(
        name for name, texts in encoder.categories.items()
        if features.get(name) is not None and str(features[name]) not in texts
    )  # fmt: skip
    used = {name: features.get(name) for name in encoder.columns}
    value = held.predictor.predict_one(features)
    return Predicted(value, held.version.number, day, newest, snapshot, used, unseen)


def _refuse_other(what: str, given: Mapping[str, Any], wanted: tuple[str, ...]) -> None:
    if unknown := sorted(set(given) - set(wanted)):
        raise WrongFeaturesError(f"{what} has no {', '.join(unknown)[:200]}: it has {', '.join(wanted)}")
    if missing := [name for name in wanted if name not in given]:
        hint = "; null is for what is not known" if what == "features" else ""
        raise WrongFeaturesError(f"{what} lacks {', '.join(missing)}{hint}")


def _of_other_type(value: Any, kind: str) -> str:
    """What is wrong with the value of a feature, given the type of its column; empty if nothing is."""
    if value is None:
        return ""
    if kind == "VARCHAR":
        return "" if isinstance(value, str) else "must be a text"
    if kind == "BOOLEAN":
        return "" if isinstance(value, bool) else "must be true or false"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "must be a number"
    # Compared before it is made a floating number, which whole numbers may be too large for.
    return "" if abs(value) <= _LARGEST else "must be a finite number"
