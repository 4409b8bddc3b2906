"""The card of a model: what it is, what it learnt from, how good it is beside what needs no model, and its limits.

Belongs here: the text, from the facts alone. Does not belong here: computing any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakehouse_assets.ml.declared import ModelSpec

_SHOWN_FEATURES = 12
_NAMES = {
    "auc": "AUC", "average_precision": "average precision", "log_loss": "log loss", "brier": "Brier score",
    "rate": "rate", "mae": "mean absolute error", "rmse": "root of the mean squared error", "bias": "bias", "r2": "R²",
}  # fmt: skip


def card_of(spec: ModelSpec, facts: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    rows, recipe = facts["rows"], facts["recipe"]
    peers = [*facts["baselines"], *([facts["before"]] if facts["before"] else [])]
    keys = list(facts["measures"])
    lines = [
        f"# {spec.title}",
        "",
        spec.description,
        "",
        f"**{'Promoted' if facts['promoted'] else 'Not promoted'}**: {facts['verdict']}.",
        "",
        f"- Predicts: {spec.target.description} ({facts['problem']})",
        f"- Features: view `{spec.features}`, {len(facts['features'])} of them; owner {spec.owner}",
        f"- Made by: {_words(recipe)}; {facts['tried']} tried in {facts['seconds']:g} s"
        + (", until time ended it" if facts["ran_late"] else ""),
        f"- Learnt from {rows['refitting']:,} examples, of which {rows['choosing']:,} (from {facts['chosen_from']}) "
        f"chose the settings after {rows['learning']:,} older ones had been learnt from; all of their outcomes were "
        f"known on {facts['judged_from']}",
        f"- Judged by {rows['judging']:,} examples from {facts['judged_from']} to {facts['judged_until']}, which "
        "nothing was learnt from or chosen by",
        f"- Snapshots: {', '.join(f'{t} at {s}' for t, s in facts['snapshots'].items())}",
        "",
        "## On the examples that judge",
        "",
        f"| | {' | '.join(_NAMES[k] for k in keys)} | difference of the loss, 95 % |",
        f"|---|{'---|' * len(keys)}---|",
        f"| **this model** | {_figures(facts['measures'], keys)} | |",
        *(f"| {p['name']} | {_figures(p['measures'], keys)} | {_interval(p['ahead'])} |" for p in peers),
        "",
        "The difference is of the mean loss (log loss, or absolute error) of this model less that of the other, on the "
        "same rows; below 0 this model is better. Rows of one entity and of one day count as wrong together.",
        "",
        "## What it goes by",
        "",
        *(f"- {name}: {share:.0%}" for name, share in list(facts["importance"].items())[:_SHOWN_FEATURES]),
        "",
        "## Limits",
        "",
        "- It says what tends to follow, not what causes it.",
        "- It was judged by one stretch of time: what changes after it is seen by drift alone.",
        *(["- The days that judge are few, so that the interval is wide."] if rows["judging"] < 2_000 else []),
    ]
    return "\n".join(lines) + "\n"


def _words(recipe: Mapping[str, Any]) -> str:
    settings = ", ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in recipe["settings"].items())
    kind = f"gradient boosting, {recipe['rounds']} trees" if recipe["kind"] == "boosted" else "a linear model"
    return f"{kind} ({settings}), seed {recipe['seed']}"


def _figures(measures: Mapping[str, float], keys: list[str]) -> str:
    return " | ".join(f"{measures[k]:,.4g}" for k in keys)


def _interval(ahead: Mapping[str, float]) -> str:
    return f"{ahead['mean']:+.4g} ({ahead['low']:+.4g} to {ahead['high']:+.4g})"
