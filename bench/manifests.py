"""Semantic manifests of any size, for timing the planner: made-up businesses, ten metrics to a model.

Names are made of everyday words, so that many metrics share words and the planner has to choose, as in a real layer.
"""

from __future__ import annotations

import itertools
from typing import Any

from semantic.values import CountedValues

_SUBJECT_WORDS = (
    "shipment invoice booking ticket claim visit subscription payment delivery contract incident lead campaign machine "
    "patient course loan policy parcel meter"
)
SUBJECTS = _SUBJECT_WORDS.split()
QUALITIES = ["open", "late", "new", "lost", "paid", "active", "urgent", "failed", "repeat", "partial"]
PLACES = ("Berlin", "Paris", "Madrid", "Vienna", "Lisbon", "Oslo", "Prague", "Dublin", "Rome", "Athens")
DIMENSIONS = {
    "region": ("North", "South", "East", "West"),
    "city": PLACES,
    "channel": ("PHONE", "WEB_SHOP", "PARTNER", "MOBILE_APP"),
    "segment": ("CONSUMER", "BUSINESS", "PUBLIC"),
    "tier": ("GOLD", "SILVER", "BRONZE"),
    "product_line": tuple(f"Line {n}" for n in range(1, 31)),
}


def manifest(metrics: int) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    """A manifest with so many metrics, and the dimensions of each by their qualified names."""
    models, listed, dimensions = [], [], {}
    for number in range(metrics // 10):
        subject = _subject(number)
        entity = subject.replace(" ", "_")
        models.append(_model(entity, subject))
        own = tuple(f"{entity}__{name}" for name in (*DIMENSIONS, f"{entity}_date"))
        for quality in QUALITIES:
            name = f"{entity}_{quality}"
            listed.append(_metric(name, f"{quality.capitalize()} {subject}s", f"{entity}_{quality}_count"))
            dimensions[name] = own
    return {"semantic_models": models, "metrics": listed, "project_configuration": {}, "saved_queries": []}, dimensions


def values_of(names: list[str]) -> dict[str, CountedValues]:
    """The values of dimensions by qualified name."""
    found = {name: DIMENSIONS[name.split("__")[-1]] for name in names}
    return {name: CountedValues(tuple((value, 1) for value in values), True) for name, values in found.items()}


def questions(metrics: int) -> list[str]:
    """Questions of every sort about the metrics of such a manifest."""
    frames = (
        "how many {q} {s}s were there last month",
        "{q} {s}s by region and channel",
        "which city has the most {q} {s}s",
        "top 5 product lines by {q} {s}s in 2025 excluding partner",
        "share of {q} {s}s by segment",
        "{q} {s}s in Berlin vs Paris by month",
        "what percentage of {q} {s}s came via the web shop in the north",
        "cities with more than 100 {q} {s}s since March",
        "{q} {s}s in Q1 2026 compared with Q1 2025 by tier",
        "year over year growth of {q} {s}s",
        "how many {q} unicorns by hovercraft",
        "{q} {s} by chanel and regoin",
    )
    asked = zip(itertools.cycle(frames), itertools.cycle(QUALITIES), range(120), strict=False)
    return [frame.format(q=quality, s=_subject(n % max(1, metrics // 10))) for frame, quality, n in asked]


def _subject(number: int) -> str:
    """A subject of its own for every model: "invoice", later "city invoice"."""
    one, more = SUBJECTS[number % len(SUBJECTS)], number // len(SUBJECTS)
    return one if not more else f"{SUBJECTS[more % len(SUBJECTS)]} {one}"


def _model(entity: str, subject: str) -> dict[str, Any]:
    time = {"name": f"{entity}_date", "type": "time", "type_params": {"time_granularity": "day"}}
    return {
        "name": f"{entity}_model",
        "defaults": {"agg_time_dimension": time["name"]},
        "primary_entity": entity,
        "entities": [],
        "node_relation": {"relation_name": f'"gold"."{entity}"', "schema_name": "gold", "alias": entity},
        "dimensions": [
            time,
            *({"name": n, "type": "categorical", "description": f"{n} of the {subject}"} for n in DIMENSIONS),
        ],
        "measures": [{"name": f"{entity}_{quality}_count", "agg": "count"} for quality in QUALITIES],
    }


def _metric(name: str, label: str, measure: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "description": f"Number of {label.lower()}.",
        "type": "simple",
        "type_params": {"measure": {"name": measure}, "input_measures": [{"name": measure}]},
    }
