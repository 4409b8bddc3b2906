"""How a metric is computed, in a line for people.

Belongs here: the words. Does not belong here: other facts about metrics (``catalog``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def definition_of(
    metric: Mapping[str, Any], measures: Sequence[tuple[str, Mapping[str, Any], Mapping[str, Any]]]
) -> str:
    """The definition of a metric of the manifest, which is made of some measures: name, model and measure of each."""
    params = metric["type_params"]
    if metric["type"] == "ratio":
        return f"{params['numerator']['name']} / {params['denominator']['name']}"
    if metric["type"] == "derived":
        return f"{params['expr']}, where {'; '.join(_input_text(one) for one in params['metrics'])}"
    text = ", ".join(_measure_text(*measure) for measure in measures)
    if metric["type"] == "cumulative":
        return f"running total of {text}{_window_text(params)}"
    return text


def _measure_text(name: str, model: Mapping[str, Any], measure: Mapping[str, Any]) -> str:
    expr = measure.get("expr") or name
    percentile = (measure.get("agg_params") or {}).get("percentile")
    agg = f"percentile {percentile:g}" if percentile is not None else measure["agg"]
    relation = model["node_relation"]["relation_name"].replace('"', "")
    return f"{agg.replace('_', ' ')} of {expr} in {relation}"


def _window_text(params: Mapping[str, Any]) -> str:
    cumulative = params.get("cumulative_type_params") or {}
    window = params.get("window") or cumulative.get("window")
    grain = params.get("grain_to_date") or cumulative.get("grain_to_date")
    if window:
        return f" over {window['count']} {window['granularity']}s"
    return f" since the start of the {grain}" if grain else " since the beginning"


def _input_text(raw: Mapping[str, Any]) -> str:
    name, offset = raw["name"], raw.get("offset_window")
    shift = f" {offset['count']} {offset['granularity']} earlier" if offset else ""
    return f"{raw.get('alias') or name} = {name}{shift}"
