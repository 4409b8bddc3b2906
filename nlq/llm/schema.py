"""The JSON schema of a model's reply, in which hardly anything can be said that the guard would refuse.

Belongs here: which names and values may be said, and together. Does not belong here: the prompt (``prompt``), and what
a schema cannot say, such as that a share is of one metric: the plan itself and the guard check every reply again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import permutations
from typing import Any

from nlq.core.plan import Plan, plan_schema, ratio_column
from nlq.core.vocabulary import TIME_DIMENSION, Dimension, Metric
from nlq.llm.retrieval import Part

_MOST = {"metrics": 4, "group_by": 3, "filters": 4, "having": 2, "order_by": 3, "within": 2}
"""The most of each that a reply may have: more is what a model says that does not know when to stop."""
_MOST_VALUES, _VALUE_LENGTH = 4, 80
_COMPUTED = ("__change", "__share")
"""Columns computed from a metric that ranks and thresholds go by."""
_ORDERED = ["gt", "ge", "lt", "le"]
Schema = dict[str, Any]


def reply_schema(part: Part) -> Schema:
    """The schema of a reply: a plan over metrics that share the dimensions it may name, or null."""
    filters = {d.name: f"filter_{number}" for number, d in enumerate(part.dimensions)}
    defs = _shared() | {filters[d.name]: _filter(d, part.values[d.name]) for d in part.dimensions}
    plans = [_plan(metrics, dimensions, filters) for metrics, dimensions in _together(part)]
    return {
        "type": "object",
        "properties": {"plan": {"anyOf": [*plans, {"type": "null"}]}},
        "required": ["plan"],
        "additionalProperties": False,
        "$defs": defs,
    }


def _together(part: Part) -> list[tuple[list[Metric], list[Dimension]]]:
    """Sets of the shown dimensions, each with the metrics that have all of it; the likeliest metric's set first."""
    sets = dict.fromkeys(frozenset(d.name for d in part.dimensions if d.name in m.dimensions) for m in part.metrics)
    return [
        ([m for m in part.metrics if names <= m.dimensions], [d for d in part.dimensions if d.name in names])
        for names in sets
    ]


def _plan(metrics: Sequence[Metric], dimensions: Sequence[Dimension], filters: Mapping[str, str]) -> Schema:
    names = [m.name for m in metrics]
    groups = [d.name for d in dimensions if not d.is_time]
    columns = [f"{name}{what}" for name in names for what in ("", *_COMPUTED)]
    columns += [ratio_column(*pair) for pair in permutations(names, 2)]
    bound = {"metric": _one_of(columns), "comparator": _ref("Comparator"), "value": {"type": "number"}}
    field = {"field": _one_of([*columns, *groups, TIME_DIMENSION])}
    items = {
        "metrics": _one_of(names),
        "group_by": _one_of(groups),
        "filters": {"anyOf": [_ref(filters[d.name]) for d in dimensions]} if dimensions else {},
        "having": _object(bound, {"of": _ref("Reference")}),
        "order_by": _object(field, {"descending": {"type": "boolean"}}),
        "within": _one_of([*groups, TIME_DIMENSION]),
    }
    lists = {name: _list(item, _MOST[name], least=int(name == "metrics")) for name, item in items.items() if item}
    share = _object({}, {"part": lists.get("filters", {}), "within": lists["within"]})
    times = _one_of([d.name for d in dimensions if d.is_time])
    fields = lists | {"share": share, "time_of": times, **_rest()}
    optional = {name: fields.get(name, {}) for name in Plan.model_fields if name != "metrics"}
    return _object({"metrics": fields["metrics"]}, optional)


@cache
def _rest() -> Schema:
    """The fields that name nothing of the catalog, as the plan has them; what is found out the rules alone plan."""
    named = {*_MOST, "share", "time_of", "analysis"}
    fields = {name: _bare(field) for name, field in plan_schema()["properties"].items() if name not in named}
    # A field may be left out, so that none of them need be null.
    return {name: field["anyOf"][0] if "anyOf" in field else field for name, field in fields.items()}


@cache
def _shared() -> Schema:
    kept = ("Comparator", "Comparison", "Grain", "Reference", "Running")
    day = {"type": "string", "format": "date"}
    spans = [{"start": day, "end": day}, {"start": day}, {"end": day}]
    defs = {name: _bare(schema) for name, schema in plan_schema()["$defs"].items() if name in kept}
    return defs | {"TimeRange": {"anyOf": [_object(span) for span in spans]}}


def _filter(dimension: Dimension, values: Iterable[Any]) -> Schema:
    """What may be asked of one dimension: of its values, those that are shown."""
    name, day, number = _one_of([dimension.name]), {"type": "string", "format": "date"}, {"type": "number"}
    if dimension.is_time:
        return _object({"dimension": name, "operator": _one_of(_ORDERED), "values": _list(day, 1, least=1)})
    shown = [_plain(value) for value in values if value is not None]
    value = _one_of(shown) if shown else {"type": "string", "maxLength": _VALUE_LENGTH}
    some = _list(number if dimension.is_numeric else value, _MOST_VALUES, least=1)
    forms = [
        _object({"dimension": name, "values": some}, {"operator": _one_of(["in", "not_in"])}),
        _object({"dimension": name, "operator": _one_of(["is_null", "is_not_null"])}),
    ]
    if dimension.is_numeric:
        forms.append(_object({"dimension": name, "operator": _one_of(_ORDERED), "values": _list(number, 1, least=1)}))
    return {"anyOf": forms}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date) else value


def _one_of(values: Sequence[Any]) -> Schema:
    return {"enum": list(values)} if values else {}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _list(item: Schema, most: int, least: int = 0) -> Schema:
    return {"type": "array", "items": item, "minItems": least, "maxItems": most, "uniqueItems": True}


def _object(properties: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """An object of some properties, and of others that may be left out; of those that nothing fits, of none."""
    there = {name: item for name, item in {**properties, **(optional or {})}.items() if item}
    return {"type": "object", "properties": there, "required": list(properties), "additionalProperties": False}


def _bare(schema: Any, *, names: bool = False) -> Any:
    """A schema without titles, descriptions and defaults, which forbid nothing; ``names`` are those of its fields."""
    if isinstance(schema, list):
        return [_bare(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = schema if names else {k: v for k, v in schema.items() if k not in ("title", "description", "default")}
    return {key: _bare(item, names=key in ("properties", "$defs")) for key, item in kept.items()}
