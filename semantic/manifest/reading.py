"""The catalog read out of a semantic manifest.

Belongs here: where in the manifest each fact stands. Does not belong here: what a metric, a dimension or a saved query
is (``catalog``), or MetricFlow (``metricflow``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from semantic.manifest.catalog import (
    GRAINS,
    METRIC_TIME,
    DimensionDefinition,
    MetricDefinition,
    SavedQuery,
    SemanticCatalog,
    SemiAdditive,
    TimeColumn,
)
from semantic.manifest.definitions import definition_of
from semantic.manifest.rows import Rows, rows_of
from semantic.manifest.running import running_of
from semantic.manifest.sums import COUNTS, SUMS, parts_of, sums_up


def build_catalog(
    manifest: Mapping[str, Any], dimensions_by_metric: Mapping[str, Sequence[str]], fingerprint: str = ""
) -> SemanticCatalog:
    """The catalog of a semantic manifest (parsed JSON) and the valid dimensions per metric.

    ``dimensions_by_metric`` holds granularity-free dunder names, ``metric_time`` not among them.
    """
    return _Reader(manifest, dimensions_by_metric).catalog(fingerprint)


def without_moments(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with those measures made additive that are semi-additive in every metric (``SemiAdditive``).

    The layer picks the moments itself; MetricFlow would find them once more, by reading the table again.
    """
    reader = _Reader(manifest, {})
    metrics = [metric["name"] for metric in manifest["metrics"]]
    picked = {leaf for name in metrics if reader.is_semi_additive(name) for leaf in reader.leaves(name)}
    others = {leaf for name in metrics if not reader.is_semi_additive(name) for leaf in reader.leaves(name)}
    models = [
        {**model, "measures": [_additive(m, m["name"] in picked - others) for m in model.get("measures") or []]}
        for model in manifest["semantic_models"]
    ]
    return {**manifest, "semantic_models": models}


def _additive(measure: Mapping[str, Any], wanted: bool) -> Mapping[str, Any]:
    return {**measure, "non_additive_dimension": None} if wanted else measure


class _Reader:
    """Reads a manifest; holds its lookups while doing so."""

    def __init__(self, manifest: Mapping[str, Any], dimensions_by_metric: Mapping[str, Sequence[str]]) -> None:
        self._manifest = manifest
        self._dimensions_by_metric = dimensions_by_metric
        # dbt lists what it parsed again behind what it remembered; of choices alike, the same is to come first.
        self._metrics = {metric["name"]: metric for metric in sorted(manifest["metrics"], key=itemgetter("name"))}
        self._measures = {
            measure["name"]: (model, measure)
            for model in manifest["semantic_models"]
            for measure in model.get("measures") or []
        }

    def catalog(self, fingerprint: str) -> SemanticCatalog:
        dimensions = self._dimensions()
        spines = (self._manifest.get("project_configuration") or {}).get("time_spines") or []
        return SemanticCatalog(
            metrics={name: self._metric(name) for name in self._metrics},
            dimensions=dimensions,
            saved_queries={q["name"]: _saved_query(q) for q in self._manifest.get("saved_queries") or []},
            time_spines=tuple(_spine(spine) for spine in spines),
            fingerprint=fingerprint,
        )

    def _dimensions(self) -> dict[str, DimensionDefinition]:
        """All dimensions under the names by which some metric reaches them (a join makes longer names)."""
        local = {}
        for model in self._manifest["semantic_models"]:
            for entity in _primary_entities(model):
                for dimension in model.get("dimensions") or []:
                    local[f"{entity}__{dimension['name']}"] = (model, dimension)
        found = {}
        for name in sorted({d for names in self._dimensions_by_metric.values() for d in names} | set(local)):
            base = "__".join(name.split("__")[-2:])
            if base in local:
                found[name] = _dimension(name, *local[base])
        return found

    def _metric(self, name: str) -> MetricDefinition:
        raw = self._metrics[name]
        meta = _meta(raw)
        leaves = self.leaves(name)
        measures = {measure: raw for measure, (_, raw) in self._measures.items()}
        times = tuple(dict.fromkeys(self._time_of(leaf) for leaf in leaves))
        min_grain = max((t.grain for t in times), key=_coarseness, default="day")
        measure = self._measures[leaves[0]][1] if len(leaves) == 1 else None
        running = running_of(raw, measure, min_grain)
        offsets = self._offsets(name)
        windowed = self._any_metric(name, _is_windowed) and running is None
        return MetricDefinition(
            name=name,
            label=raw.get("label") or _words(name),
            description=raw.get("description") or "",
            synonyms=tuple(str(s) for s in meta.get("synonyms", ())),
            type=raw["type"],
            format=meta.get("format") or ("percent" if raw["type"] == "ratio" else None),
            unit=meta.get("unit"),
            direction=meta.get("direction"),
            headline=int(meta.get("headline", 0)),
            variant_of=str(meta.get("variant_of") or ""),
            parts=parts_of(raw),
            insights=meta.get("insights") is not False,
            model=str(meta.get("model", "")),
            domain=meta.get("domain") or self._domain(name),
            definition=definition_of(raw, [(leaf, *self._measures[leaf]) for leaf in leaves]),
            dimensions=tuple(d for d in self._dimensions_by_metric.get(name, ()) if d != METRIC_TIME),
            min_grain=min_grain,
            max_grain=min(offsets, key=_coarseness, default=None),
            needs_time=bool(offsets) or windowed,
            is_cumulative=self._any_metric(name, lambda m: m["type"] == "cumulative"),
            times=times,
            running=running,
            semi_additive=self._semi_additive(leaves),
            adds_up=not any(self._measures[leaf][1].get("non_additive_dimension") for leaf in leaves),
            nothing=_nothing(raw),
            additive=sums_up(name, self._metrics, measures, SUMS),
            tally=sums_up(name, self._metrics, measures, COUNTS),
            rows=self._rows(raw, leaves),
        )

    def _rows(self, raw: Mapping[str, Any], leaves: Sequence[str]) -> Rows | None:
        """What the rows of a metric are, where it is of one measure of a model whose rows have a name."""
        if raw["type"] != "simple" or len(leaves) != 1:
            return None
        model, measure = self._measures[leaves[0]]
        entity = next(iter(_primary_entities(model)), None)
        time = measure.get("agg_time_dimension") or (model.get("defaults") or {}).get("agg_time_dimension")
        return rows_of(model, measure, entity, time) if entity and time else None

    def _domain(self, name: str) -> str:
        """The first word of the name where all metrics of the same models begin with it; else where its table is."""
        models = {self._measures[leaf][0]["name"] for leaf in self.leaves(name)}
        first = name.split("_")[0]
        alike = [n for n in self._metrics if any(self._measures[leaf][0]["name"] in models for leaf in self.leaves(n))]
        if not models or (len(alike) > 1 and all(n.split("_")[0] == first for n in alike)):
            return first
        return self._measures[self.leaves(name)[0]][0]["node_relation"].get("schema_name") or first

    def leaves(self, name: str) -> list[str]:
        """Names of the measures a metric is made of."""
        inputs = self._metrics[name]["type_params"].get("input_measures") or []
        return [measure["name"] for measure in inputs if measure["name"] in self._measures]

    def is_semi_additive(self, name: str) -> bool:
        """Whether a metric is taken at a moment of each period."""
        return self._semi_additive(self.leaves(name)) is not None

    def _time_of(self, measure_name: str) -> TimeColumn:
        model, measure = self._measures[measure_name]
        default = (model.get("defaults") or {}).get("agg_time_dimension")
        return _time_column(model, str(measure.get("agg_time_dimension") or default))

    def _semi_additive(self, leaves: Sequence[str]) -> SemiAdditive | None:
        """How a metric is semi-additive, if all its measures are so in the same way and over their own time."""
        found = set()
        for leaf in leaves:
            model, measure = self._measures[leaf]
            rule = measure.get("non_additive_dimension")
            time = self._time_of(leaf)
            over_own_time = rule and _time_column(model, rule["name"]) == time and not rule.get("window_groupings")
            found.add(SemiAdditive(time, rule["window_choice"]) if rule and over_own_time else None)
        return found.pop() if len(found) == 1 else None

    def _inputs(self, name: str) -> list[Mapping[str, Any]]:
        params = self._metrics[name]["type_params"]
        inputs = [params.get("numerator"), params.get("denominator"), *(params.get("metrics") or [])]
        return [i for i in inputs if i and i["name"] in self._metrics]

    def _offsets(self, name: str) -> list[str]:
        """The grains by which a metric looks back, at any depth."""
        found = []
        for one in self._inputs(name):
            if one.get("offset_window"):
                found.append(one["offset_window"]["granularity"])
            if one.get("offset_to_grain"):
                found.append(one["offset_to_grain"])
            found += self._offsets(one["name"])
        return found

    def _any_metric(self, name: str, test: Any) -> bool:
        return bool(test(self._metrics[name])) or any(self._any_metric(i["name"], test) for i in self._inputs(name))


def _nothing(raw: Mapping[str, Any]) -> float | None:
    measure = raw["type_params"].get("measure") if raw["type"] == "simple" else None
    return measure.get("fill_nulls_with") if measure else None


def _primary_entities(model: Mapping[str, Any]) -> list[str]:
    named = [e["name"] for e in model.get("entities") or [] if e["type"] == "primary"]
    return named or ([model["primary_entity"]] if model.get("primary_entity") else [])


def _dimension(name: str, model: Mapping[str, Any], raw: Mapping[str, Any]) -> DimensionDefinition:
    meta = _meta(raw)
    params = raw.get("type_params") or {}
    return DimensionDefinition(
        name=name,
        element=raw["name"],
        label=raw.get("label") or _words(raw["name"]),
        description=raw.get("description") or "",
        synonyms=tuple(str(s) for s in meta.get("synonyms", ())),
        type=raw["type"],
        relation=model["node_relation"]["relation_name"],
        expr=raw.get("expr") or raw["name"],
        grain=params.get("time_granularity") if raw["type"] == "time" else None,
        identifier=bool(meta.get("identifier", False)),
        personal=bool(meta.get("personal", False)),
        insights=meta.get("insights") is not False,
        value_labels=_labels(meta.get("value_labels")),
        value_words=meta.get("value_words") is True,
        value_names=str(meta.get("value_names") or ""),
    )


def _labels(declared: Any) -> dict[str, str]:
    """Names of codes; of a declaration that is no map of them, none: `asklake check` says what is wrong."""
    return {str(code): str(name) for code, name in declared.items()} if isinstance(declared, Mapping) else {}


def _spine(raw: Mapping[str, Any]) -> TimeColumn:
    column = raw["primary_column"]
    return TimeColumn(raw["node_relation"]["relation_name"], column["name"], column["time_granularity"])


def _time_column(model: Mapping[str, Any], name: str) -> TimeColumn:
    raw = next(d for d in model["dimensions"] if d["name"] == name)
    grain = (raw.get("type_params") or {}).get("time_granularity") or "day"
    names = (name, raw.get("label") or "", raw.get("description") or "")
    return TimeColumn(model["node_relation"]["relation_name"], raw.get("expr") or name, grain, names)


def _saved_query(raw: Mapping[str, Any]) -> SavedQuery:
    params = raw["query_params"]
    where = params.get("where") or {}
    return SavedQuery(
        name=raw["name"],
        label=raw.get("label") or _words(raw["name"]),
        description=raw.get("description") or "",
        metrics=tuple(params["metrics"]),
        group_by=tuple(params["group_by"]),
        where=tuple(w["where_sql_template"] for w in where.get("where_filters", ())),
    )


def _is_windowed(raw: Mapping[str, Any]) -> bool:
    params = raw["type_params"]
    cumulative = params.get("cumulative_type_params") or {}
    return any(p.get("window") or p.get("grain_to_date") for p in (params, cumulative))


def _meta(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    return (raw.get("config") or {}).get("meta") or {}


def _words(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()


def _coarseness(grain: str) -> int:
    return GRAINS.index(grain) + 1 if grain in GRAINS else 0
