"""The kinds of models there are: fitting one with given settings, predicting, and keeping it as plain values.

What is kept is text that is read, never an object that runs when it is loaded. Predicting with a linear model needs
numpy alone, with a boosted one LightGBM.
Belongs here: one model of each kind. Does not belong here: choosing among them (search), baselines of a target.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from lakehouse_assets.ml import libraries
from lakehouse_assets.ml.declared import Problem
from lakehouse_assets.ml.features.encoding import Encoder
from lakehouse_assets.ml.features.examples import Examples

THREADS = 2
"""Cores that fitting takes."""
MOST_ROUNDS = 600
"""Trees of a boosted model at most."""
PATIENCE = 25
"""Rounds without improvement after which a boosted model is grown enough."""
_BINS = 127
_BANDS = 10


class Model(Protocol):
    """Something that predicts: a probability, or a number, for each row of a matrix that the encoder made."""

    @property
    def kind(self) -> str:
        """What `read_model` knows it by."""
        ...

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """A figure for each row."""
        ...

    def document(self) -> dict[str, Any]:
        """As plain values, for `read_model`."""
        ...


@dataclass(frozen=True)
class Constant:
    """The same figure for every row: the rate, or the median."""

    value: float
    kind: str = "constant"

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """The figure, as often as there are rows."""
        return np.full(len(rows), self.value)

    def document(self) -> dict[str, Any]:
        """The figure."""
        return {"kind": self.kind, "value": self.value}


@dataclass(frozen=True)
class SameAsBefore:
    """A feature as it stands, for what is predicted: sales of the last week for those of the next."""

    column: int
    otherwise: float
    kind: str = "same_as_before"

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """The feature; where it is missing, the figure for that."""
        return np.where(np.isnan(rows[:, self.column]), self.otherwise, rows[:, self.column])

    def document(self) -> dict[str, Any]:
        """Which column."""
        return {"kind": self.kind, "column": self.column, "otherwise": self.otherwise}


@dataclass(frozen=True)
class Banded:
    """The rate, or median, of each tenth of one feature: what a rule of thumb knows."""

    column: int
    edges: tuple[float, ...]
    values: tuple[float, ...]
    kind: str = "banded"

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """The figure of the band that each row is in; the last is of rows where the feature is missing."""
        feature = rows[:, self.column]
        bands = np.searchsorted(np.array(self.edges), feature, side="right")
        return np.array(self.values)[np.where(np.isnan(feature), len(self.values) - 1, bands)]

    def document(self) -> dict[str, Any]:
        """Bands and figures."""
        return {"kind": self.kind, "column": self.column, "edges": list(self.edges), "values": list(self.values)}


@dataclass(frozen=True)
class Linear:
    """A weighted sum of scaled features, as a probability or a number.

    With ``logarithms`` it is of ±ln(1 + |x|) of numbers: of counts and amounts, of which most are small and few vast.
    """

    widths: tuple[int, ...]
    centres: tuple[float, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    is_probability: bool
    logarithms: bool = False
    kind: str = "linear"

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """The sum for each row."""
        wide = _widened(rows, self.widths, np.array(self.centres), logarithms=self.logarithms)
        total = ((wide - np.array(self.means)) / np.array(self.scales)) @ np.array(self.weights) + self.intercept
        return 1 / (1 + np.exp(-np.clip(total, -35, 35))) if self.is_probability else total

    def document(self) -> dict[str, Any]:
        """The weights, and what features are scaled by."""
        lists = {n: list(getattr(self, n)) for n in ("widths", "centres", "means", "scales", "weights")}
        plain = {n: getattr(self, n) for n in ("intercept", "is_probability", "logarithms")}
        return {"kind": self.kind, **lists, **plain}


@dataclass(frozen=True)
class Boosted:
    """Trees by gradient boosting."""

    text: str
    kind: str = "boosted"

    @cached_property
    def booster(self) -> Any:
        """LightGBM's own object."""
        return libraries.lightgbm().Booster(model_str=self.text)

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """What the trees say of each row."""
        return np.asarray(self.booster.predict(rows, num_threads=1 if len(rows) < 1_000 else THREADS))

    def document(self) -> dict[str, Any]:
        """LightGBM's own text."""
        return {"kind": self.kind, "text": self.text}


def read_model(document: Mapping[str, Any]) -> Model:
    """A model from what its `document` gave.

    Raises:
        ValueError: there is no such kind.
    """
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in document.items() if k != "kind"}
    for kind in (Constant, SameAsBefore, Banded, Linear, Boosted):
        if kind.kind == document.get("kind"):
            return kind(**values)
    raise ValueError(f"there is no kind of models '{document.get('kind')}'")


def typical(problem: Problem, target: np.ndarray) -> float:
    """The one figure that is least wrong of all: the rate, or the median."""
    return float(target.mean() if problem == "binary" else np.median(target))


def fit_banded(problem: Problem, rows: np.ndarray, target: np.ndarray, column: int) -> Banded:
    """The figure of each tenth of a feature."""
    feature = rows[:, column]
    has = ~np.isnan(feature)
    inner = np.linspace(0, 1, _BANDS + 1)[1:-1]
    edges = np.unique(np.quantile(feature[has], inner)) if has.any() else np.array([])
    bands = np.where(has, np.searchsorted(edges, feature, side="right"), len(edges) + 1)
    overall = typical(problem, target)
    figures = [typical(problem, target[bands == b]) if (bands == b).any() else overall for b in range(len(edges) + 2)]
    return Banded(column, tuple(map(float, edges)), tuple(figures))


def fit_linear(encoder: Encoder, examples: Examples, settings: Mapping[str, Any], seed: int) -> Linear:
    """A linear model.

    Args:
        encoder: How features become numbers.
        examples: What is learnt from.
        settings: `penalty`, how much weights are held back, and whether it goes by `logarithms`.
        seed: Of chance, which has no part in it.
    """
    linear = libraries.sklearn("linear_model")
    rows, target = encoder.matrix(examples.frame), examples.target.to_numpy()
    widths = tuple(len(encoder.categories.get(name, ())) for name in encoder.columns)
    has = ~np.isnan(rows)
    centres = np.array([np.median(rows[has[:, i], i]) if has[:, i].any() else 0.0 for i in range(rows.shape[1])])
    logarithms = bool(settings.get("logarithms"))
    wide = _widened(rows, widths, centres, logarithms=logarithms)
    means, scales = wide.mean(axis=0), wide.std(axis=0)
    scales[scales < 1e-12] = 1.0
    scaled = (wide - means) / scales
    if examples.problem == "binary":
        made = linear.LogisticRegression(C=1 / settings["penalty"], max_iter=300).fit(scaled, target)
        weights, intercept = made.coef_[0], float(made.intercept_[0])
    else:
        made = linear.Ridge(alpha=settings["penalty"]).fit(scaled, target)
        weights, intercept = made.coef_, float(made.intercept_)
    return Linear(
        widths=widths, centres=_floats(centres), means=_floats(means), scales=_floats(scales), weights=_floats(weights),
        intercept=intercept, is_probability=examples.problem == "binary", logarithms=logarithms,
    )  # fmt: skip


def _floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(map(float, values))


def fit_boosted(
    encoder: Encoder,
    examples: Examples,
    settings: Mapping[str, Any],
    seed: int,
    *,
    rounds: int | None = None,
    choosing: Examples | None = None,
    is_late: Callable[[], bool] = lambda: False,
) -> tuple[Boosted, int]:
    """Trees, and how many rounds they took.

    Args:
        encoder: How features become numbers.
        examples: What is learnt from.
        settings: LightGBM's own parameters.
        seed: Of chance.
        rounds: How many, where that is known already.
        choosing: Otherwise, examples by which it is found out.
        is_late: Whether no further round may begin.
    """
    lgb = libraries.lightgbm()
    fixed = {
        "verbosity": -1, "num_threads": THREADS, "seed": seed, "deterministic": True, "force_row_wise": True,
        "max_bin": _BINS, "feature_pre_filter": False,
    }  # fmt: skip
    if examples.problem == "binary":
        fixed |= {"objective": "binary", "metric": "binary_logloss"}
    else:
        fixed |= {"metric": "l1"}
    train = _dataset(lgb, encoder, examples, fixed)
    callbacks: list[Any] = []
    valid: list[Any] = []
    if choosing is not None:
        valid = [_dataset(lgb, encoder, choosing, fixed, reference=train)]
        callbacks = [lgb.early_stopping(PATIENCE, verbose=False)]

    def ended(env: Any) -> None:
        if is_late():
            raise lgb.callback.EarlyStopException(env.iteration, env.evaluation_result_list or [])

    made = lgb.train(fixed | dict(settings), train, rounds or MOST_ROUNDS, valid_sets=valid,
                     callbacks=[*callbacks, ended])  # fmt: skip
    grown = rounds or max(made.best_iteration, 1)
    return Boosted(made.model_to_string(num_iteration=grown)), grown


def _dataset(lgb: Any, encoder: Encoder, examples: Examples, fixed: Mapping[str, Any], reference: Any = None) -> Any:
    return lgb.Dataset(
        encoder.matrix(examples.frame), examples.target.to_numpy(), reference=reference, params=dict(fixed),
        categorical_feature=encoder.categorical, free_raw_data=False,
    )  # fmt: skip


def _widened(rows: np.ndarray, widths: tuple[int, ...], centres: np.ndarray, *, logarithms: bool) -> np.ndarray:
    """Numbers, or logarithms of them, with gaps filled and marked, texts as a column for each value."""
    columns: list[np.ndarray] = []
    for i, width in enumerate(widths):
        feature = rows[:, i]
        missing = np.isnan(feature)
        if width:
            columns += [(feature == value).astype(float) for value in range(width)]
        else:
            filled = np.where(missing, centres[i], feature)
            columns.append(np.sign(filled) * np.log1p(np.abs(filled)) if logarithms else filled)
        columns.append(missing.astype(float))
    return np.column_stack(columns) if columns else np.empty((len(rows), 0))
