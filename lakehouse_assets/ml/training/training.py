"""Training: from examples to a model that was judged beside baselines, and beside the one that serves now.

Belongs here: the order of it, and the rule by which a model is promoted. Does not belong here: where examples come from
(frames), keeping models (registry), the process and its time (apart, commands).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from lakehouse_assets.ml.declared import Problem
from lakehouse_assets.ml.features.encoding import Encoder
from lakehouse_assets.ml.features.examples import AS_OF, LEAST_ROWS, Examples, Split, split_by_time
from lakehouse_assets.ml.model.kinds import Constant, Model, SameAsBefore, fit_banded, typical
from lakehouse_assets.ml.model.predictor import Predictor
from lakehouse_assets.ml.training.scores import Difference, difference, losses, measures
from lakehouse_assets.ml.training.search import Recipe, search

SEED = 20_260_101
SEARCHING = 0.7
"""Share of the time that may go by before the last settings are tried."""


@dataclass(frozen=True)
class Compared:
    """A peer on the examples that judge.

    Attributes:
        name: What it is, in words.
        measures: Its measures.
        ahead: How much less the new model is wrong than it; below 0 the new one is better.
    """

    name: str
    measures: Mapping[str, float]
    ahead: Difference


@dataclass(frozen=True)
class Trained:
    """A model and how it came about.

    Attributes:
        predictor: The model with its encoding.
        recipe: What it was fitted by.
        problem: What is predicted.
        measures: Its measures on the examples that judge.
        baselines: What needs no model, on the same.
        before: The model that served before, on the same; None where there is none that can be compared.
        tried: Recipes tried.
        rows: How many examples learnt, chose, judged and were refitted to.
        chosen_from: First day of those that chose.
        judged_from: First day of those that judged.
        judged_until: Their last day.
        importance: Share of each feature in what a boosted model, or the weights of a linear one, go by.
        seconds: How long it took.
        ran_late: Whether time ended the search.
    """

    predictor: Predictor
    recipe: Recipe
    problem: Problem
    measures: Mapping[str, float]
    baselines: tuple[Compared, ...]
    before: Compared | None
    tried: int
    rows: Mapping[str, int]
    chosen_from: date
    judged_from: date
    judged_until: date
    importance: Mapping[str, float]
    seconds: float
    ran_late: bool
    not_compared: str = ""
    verdict: str = field(init=False)
    promoted: bool = field(init=False)

    def __post_init__(self) -> None:
        """Judge it."""
        promoted, verdict = _verdict(self.baselines, self.before, self.not_compared)
        object.__setattr__(self, "promoted", promoted)
        object.__setattr__(self, "verdict", verdict)


def train(
    examples: Examples,
    *,
    seconds: float,
    naive: Sequence[str] = (),
    same_unit: bool = False,
    before: Predictor | None = None,
    seed: int = SEED,
    tell: Callable[[str, int], None] = lambda stage, tried: None,
) -> Trained:
    """Choose a model, fit it to all that was known before the examples that judge, and judge it.

    Args:
        examples: Examples with known outcomes.
        seconds: After how long the search ends by itself.
        naive: Features of which rules of thumb are made, as baselines.
        same_unit: Whether these, as they stand, are what is predicted: last week's sales for next week's.
        before: The model that serves now.
        seed: Of chance.
        tell: Told what is being done, and how many settings were tried.

    Raises:
        CannotLearnError: there is nothing to learn from.
    """
    began = time.monotonic()
    late = began + seconds * SEARCHING
    split = split_by_time(examples)
    tried = search(split, seed, lambda: time.monotonic() > late, lambda count: tell("searching", count))
    ran_late = time.monotonic() > late
    tell("judging", len(tried))
    recipe = tried[0].recipe
    predictor = fit(split.refitting, recipe, split.judged_from)
    own = _losses(predictor, split.judging)
    compared, why_not = _before(before, predictor, split)
    return Trained(
        predictor=predictor,
        recipe=recipe,
        problem=examples.problem,
        measures=measures(examples.problem, _target(split.judging), predictor.predict(split.judging.frame)),
        baselines=tuple(
            _compared(name, _with(predictor, model), split.judging, own)
            for name, model in _baselines(predictor.encoder, split.refitting, naive, same_unit).items()
        ),
        before=compared,
        tried=len(tried),
        rows={n: len(getattr(split, n)) for n in ("learning", "choosing", "refitting", "judging")},
        chosen_from=split.chosen_from,
        judged_from=split.judged_from,
        judged_until=split.judging.frame[AS_OF].max(),  # type: ignore[arg-type]
        importance=_importance(predictor),
        seconds=time.monotonic() - began,
        ran_late=ran_late,
        not_compared=why_not,
    )


def fit(examples: Examples, recipe: Recipe, known_until: date) -> Predictor:
    """A model of all these examples by a recipe: the same of both give the same model, whatever the clock says."""
    encoder = Encoder.learnt(examples.frame, examples.features)
    spread = examples.frame.select(_of_entities(examples))
    return Predictor.made(encoder, recipe.fit(encoder, examples), examples.problem, known_until, spread)


def _of_entities(examples: Examples) -> list[str]:
    """The features without those that tell of the day alone, as the day of the week does.

    On one day these are never spread as over all days, which is no drift.
    """
    counts = pl.col(list(examples.features)).n_unique()
    in_days = examples.frame.group_by(AS_OF).agg(counts).max()
    in_all = examples.frame.select(counts)
    return [name for name in examples.features if in_days[name][0] != 1 or in_all[name][0] == 1]


def _baselines(encoder: Encoder, known: Examples, naive: Sequence[str], same_unit: bool) -> dict[str, Model]:
    """What predicts without a model, made of the same examples."""
    target, rows = _target(known), encoder.matrix(known.frame)
    usual = typical(known.problem, target)
    found: dict[str, Model] = {"the rate" if known.problem == "binary" else "the median": Constant(usual)}
    for name in naive:
        column = encoder.columns.index(name)
        if same_unit:
            found[f"{name}, as it is"] = SameAsBefore(column, usual)
        found[f"by {name} alone"] = fit_banded(known.problem, rows, target, column)
    return found


def _before(before: Predictor | None, new: Predictor, split: Split) -> tuple[Compared | None, str]:
    """The model that serves now on the rows that it did not learn from; or why there is no comparing."""
    if before is None:
        return None, ""
    if missing := sorted(set(before.encoder.columns) - set(split.judging.features)):
        return None, f"the one before goes by {', '.join(missing)}, which is no feature any more"
    fair = split.judging.where(pl.col(AS_OF) >= max(before.known_until, split.judged_from))
    if len(fair) < LEAST_ROWS:
        return None, f"only {len(fair)} examples are newer than what the one before has learnt from"
    return _compared("the one before", before, fair, _losses(new, fair)), ""


def _with(predictor: Predictor, model: Model) -> Predictor:
    return Predictor(predictor.encoder, model, predictor.problem, predictor.known_until, predictor.profile)


def _compared(name: str, peer: Predictor, judging: Examples, own: np.ndarray) -> Compared:
    predicted = peer.predict(judging.frame)
    apart = difference(own, losses(judging.problem, _target(judging), predicted), _clusters(judging))
    return Compared(name, measures(judging.problem, _target(judging), predicted), apart)


def _clusters(examples: Examples) -> list[np.ndarray]:
    """The entity and the day of each row, as numbers."""
    frame = examples.frame
    entity = frame.select(pl.struct(examples.entity).rank("dense").alias("n"))["n"] if examples.entity else None
    found = [frame[AS_OF].rank("dense").to_numpy().astype(int) - 1]
    return found if entity is None else [entity.to_numpy().astype(int) - 1, *found]


def _losses(predictor: Predictor, examples: Examples) -> np.ndarray:
    return losses(examples.problem, _target(examples), predictor.predict(examples.frame))


def _target(examples: Examples) -> np.ndarray:
    return examples.target.to_numpy()


def _verdict(baselines: Sequence[Compared], before: Compared | None, not_compared: str) -> tuple[bool, str]:
    """Whether the model is to serve, and why or why not."""
    unbeaten = [b for b in baselines if not b.ahead.is_better]
    if unbeaten:
        names = " and ".join(b.name for b in unbeaten)
        return (
            False,
            f"not better than {names} beyond chance: there is nothing in these features to go by, or too few rows",
        )
    if not_compared:
        return False, f"cannot be compared with the one that serves: {not_compared}"
    if before is None:
        return True, "better than every baseline beyond chance, and the first"
    if before.ahead.is_better:
        return True, "better than every baseline and than the one before, beyond chance"
    return False, "better than the baselines, but not than the one before beyond chance"


def _importance(predictor: Predictor) -> dict[str, float]:
    """Share of each feature, the largest first."""
    model, columns = predictor.model, predictor.encoder.columns
    if model.kind == "boosted":
        gains = model.booster.feature_importance("gain")  # type: ignore[attr-defined]
    else:
        widths = [w + 1 if w else 2 for w in model.widths]  # type: ignore[attr-defined]
        ends = np.cumsum(widths)
        weights = np.abs(np.array(model.weights))  # type: ignore[attr-defined]
        gains = np.array([weights[end - width : end].sum() for end, width in zip(ends, widths, strict=True)])
    total = float(np.sum(gains)) or 1.0
    shares: list[tuple[str, float]] = [(c, float(g) / total) for c, g in zip(columns, gains, strict=True)]
    return dict(sorted(shares, key=lambda s: -s[1]))


def explained(trained: Trained) -> dict[str, Any]:
    """How a model came about, as plain values: what its card and its run in the registry say."""

    def plain(compared: Compared) -> dict[str, Any]:
        d = compared.ahead
        return {
            "name": compared.name,
            "measures": dict(compared.measures),
            "ahead": {"mean": d.mean, "low": d.low, "high": d.high, "rows": d.rows},
        }

    return {
        "problem": trained.problem,
        "recipe": {
            "kind": trained.recipe.kind, "settings": dict(trained.recipe.settings), "rounds": trained.recipe.rounds,
            "seed": trained.recipe.seed,
        },
        "measures": dict(trained.measures),
        "baselines": [plain(b) for b in trained.baselines],
        "before": plain(trained.before) if trained.before else None,
        "tried": trained.tried,
        "rows": dict(trained.rows),
        "chosen_from": trained.chosen_from.isoformat(),
        "judged_from": trained.judged_from.isoformat(),
        "judged_until": trained.judged_until.isoformat(),
        "importance": dict(trained.importance),
        "seconds": round(trained.seconds, 2),
        "ran_late": trained.ran_late,
        "promoted": trained.promoted,
        "verdict": trained.verdict,
    }  # fmt: skip
