"""The semantic layer as the planner sees it: its catalog as a vocabulary, a plan as a request.

Belongs here: the only translation between ``semantic`` and ``nlq``. Does not belong here: understanding, guarding
or running anything.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache

from lakehouse_assets.lakehouse.sql import quoted
from nlq.answering.parts import STATES_KEPT, CompiledPlan, StaleLayer
from nlq.answering.tables.coverage import TimeSource
from nlq.core.columns import time_column
from nlq.core.dateparts import DATE_PARTS, numbered
from nlq.core.guard import TENANT_COLUMN
from nlq.core.plan import DimensionFilter, Grain, Operator, Plan, TimeRange
from nlq.core.spelling import written_forms
from nlq.core.valuenames import ValueNames
from nlq.core.vocabulary import Dimension, Metric, Rows, Values, Vocabulary
from nlq.english.places import places_of
from nlq.english.tokens import words_of
from semantic.compiling import Compiled
from semantic.layer import SemanticLayer
from semantic.manifest.dateparts import date_parts_of
from semantic.requests.filters import Filter
from semantic.values import DimensionValues, Only

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.protocol import Session
    from semantic.faults import Fault
    from semantic.manifest import catalog as semantic
    from semantic.values import CountedValues as Listed


class PlannedLayer:
    """One semantic layer with the values its dimensions have in one lake. Thread-safe."""

    def __init__(
        self, layer: SemanticLayer, values: DimensionValues, stale: Fault | None = None, *, root: Path | None = None
    ) -> None:
        """Nothing is read until the first question.

        Args:
            layer: What can be asked.
            values: The values of its dimensions.
            stale: Why the layer is not that of the project as it is.
            root: Of the project, from which its files are named.
        """
        self._layer, self._values = layer, values
        self._fault, self._root = stale, root or Path()
        self._lock = Lock()
        self._states: _State | None = None
        self._tables: tuple[semantic.SemanticCatalog, list[str]] | None = None
        # LRU; another stamp, of the layer and the tables it reads, invalidates it.
        self._last: LRUCache[tuple[str | None, bool], tuple[Any, Vocabulary]] = LRUCache(STATES_KEPT)

    def vocabulary(self, heads: Mapping[str, str], tenant: str | None = None, *, whole: bool = False) -> Vocabulary:
        """What may be asked about at a state of the lake; the same object until the layer or its tables change.

        Args:
            heads: The state.
            tenant: Whose rows the values are taken from alone: it is not to learn what others have.
            whole: Whether metrics whose tables were never published are in it, too.
        """
        state = self._state(heads)
        key = (tenant, whole)
        with self._lock:
            if key not in self._last or self._last[key][0] != state.stamp:
                known = self._read(state.whole if whole else state.catalog, tenant)
                self._last[key] = (state.stamp, replace(known, fingerprint=state.fingerprint))
            return self._last[key][1]

    def fingerprint(self, heads: Mapping[str, str]) -> str:
        """The fingerprint of the vocabulary at a state of the lake."""
        return self._state(heads).fingerprint

    @property
    def stale(self) -> StaleLayer | None:
        """Why the layer is an earlier one than the project's files, if it is."""
        fault = self._layer.fault or self._fault
        if fault is None:
            return None
        file = fault.place(self._root).partition(":")[0] or None
        return StaleLayer(problem=fault.problem, file=file, line=fault.line)

    def unpublished(self, heads: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
        """The metrics that have no figures yet at a state of the lake, with their tables that were never published."""
        return self._state(heads).unpublished

    def _state(self, heads: Mapping[str, str]) -> _State:
        """What there is at a state of the lake; the same object until the layer or its tables change."""
        catalog = self._layer.catalog()
        relations = self._relations(catalog)
        stamp = (catalog.fingerprint, tuple(heads.get(relation, heads.get("")) for relation in relations))
        with self._lock:
            if self._states and self._states.stamp == stamp:
                return self._states
        # Somebody else's database says itself what it lacks, or that it cannot be reached.
        there = set(relations) if "" in heads else self._values.published(r for r in relations if r in heads)
        state = _State.of(catalog, stamp, relations, there)
        with self._lock:
            self._states = state
        return state

    def _relations(self, catalog: semantic.SemanticCatalog) -> list[str]:
        """The tables that the layer reads, sorted."""
        known = self._tables
        if known is None or known[0] is not catalog:
            tables = (*catalog.dimensions.values(), *_times(catalog))
            self._tables = known = (catalog, sorted({identifier(t.relation) for t in tables}))
        return known[1]

    def compile(self, plan: Plan) -> CompiledPlan:
        """SQL of a plan's metrics, groups, filters and times; ``sql.statement`` adds the rest.

        Raises:
            SemanticError: the combination has no answer.
        """
        groups = (*plan.group_by, *(self._row_entity(plan) if plan.records else ()))
        filters, span, grain = [_filter(item) for item in plan.filters], plan.time_range, plan.grain
        if plan.time_of:
            filters += _bounds(plan.time_of, span)
            groups, span, grain = (*([f"{plan.time_of}__{grain}"] if grain else ()), *groups), None, None
        compiled = self._layer.compile(
            plan.metrics,
            groups,
            filters,
            (span.start, span.end) if span else None,
            grain.value if grain else None,
            names="qualified",
        )
        return CompiledPlan(_as_grouped(compiled, plan), compiled.notes, compiled.rollups)

    def _row_entity(self, plan: Plan) -> tuple[str, ...]:
        """What tells rows apart that are alike in all their columns."""
        rows = self._layer.catalog().metric(plan.metrics[0]).rows
        return (rows.entity,) if rows and rows.entity else ()

    def names_of(
        self, metric: str, codes: Mapping[str, Sequence[Any]], session: Session, tenant: str | None
    ) -> dict[str, dict[str, str]]:
        """What codes are called in the rows of a metric, by dimension and code, where another column has that."""
        catalog = self._layer.catalog()
        only = Only(TENANT_COLUMN, tenant) if tenant is not None else None
        found = {}
        for name, wanted in codes.items():
            dimension = catalog.resolve(name, metric)
            said = catalog.dimensions.get(_beside(dimension))
            if said and wanted:
                found[name] = self._values.names(dimension, said, wanted, only, session)
        return found

    def sources(self, metrics: Iterable[str]) -> tuple[TimeSource, ...]:
        """The times that metrics are counted by, and where they are."""
        catalog = self._layer.catalog()
        tenants = {d.relation: d.expr for d in catalog.dimensions.values() if d.element == TENANT_COLUMN}
        times = dict.fromkeys(time for name in metrics for time in catalog.metric(name).times)
        return tuple(
            TimeSource(t.relation, t.expr, t.grain if t.grain in list(Grain) else "day", tenants.get(t.relation))
            for t in times
        )

    def _read(self, catalog: semantic.SemanticCatalog, tenant: str | None) -> Vocabulary:
        only = Only(TENANT_COLUMN, tenant) if tenant is not None else None
        return vocabulary_of(
            catalog,
            lambda names: self._values.read(names, only),
            lambda names, text: self._values.look_up(names, text, only),
        )


@dataclass(frozen=True)
class _State:
    """What a catalog can answer at a state of the lake.

    ``catalog`` has what can be answered from the tables that are there, ``whole`` all of it; so have both in a lake
    without any of them.
    """

    whole: semantic.SemanticCatalog
    catalog: semantic.SemanticCatalog
    stamp: Any
    relations: Sequence[str]
    unpublished: Mapping[str, tuple[str, ...]]

    @cached_property
    def fingerprint(self) -> str:
        """The same as long as words mean the same."""
        return hashlib.sha256(repr((self.stamp, self.relations)).encode()).hexdigest()[:16]

    @classmethod
    def of(cls, catalog: semantic.SemanticCatalog, stamp: Any, relations: Sequence[str], there: Set[str]) -> _State:
        """The state in which these tables are there."""
        needed = {n: dict.fromkeys(identifier(t.relation) for t in m.times) for n, m in catalog.metrics.items()}
        missing = {n: tuple(table for table in tables if table not in there) for n, tables in needed.items()}
        unpublished = {name: tables for name, tables in missing.items() if tables}
        metrics = {n: m for n, m in catalog.metrics.items() if n not in unpublished}
        there_is = catalog
        if metrics and unpublished:
            reached = {name for metric in metrics.values() for name in metric.dimensions}
            dimensions = {name: d for name, d in catalog.dimensions.items() if name in reached}
            there_is = replace(catalog, metrics=metrics, dimensions=dimensions)
        return cls(catalog, there_is, stamp, relations, unpublished)


def _filter(item: DimensionFilter) -> Filter:
    values = numbered(item.dimension, item.values)
    if item.operator is Operator.CONTAINS:
        values = written_forms(str(item.values[0]))
    return Filter(item.dimension, item.operator.value, values)


def _bounds(time: str, span: TimeRange | None) -> Iterator[Filter]:
    """The days of a time dimension that are asked for; all that are known where none are said."""
    if span is None:
        yield Filter(time, Operator.IS_NOT_NULL.value)
    for operator, day in ((Operator.GE, span and span.start), (Operator.LE, span and span.end)):
        if day:
            yield Filter(time, operator.value, (day,))


def _as_grouped(compiled: Compiled, plan: Plan) -> str:
    """Compiled SQL whose columns have the names of the plan's groups: the layer names a time by its step as well.

    The steps of another time than the metrics' own are called as theirs would be.
    """
    times = {c.name: c.source.rpartition("__")[0] for c in compiled.columns if c.kind == "time"}
    given = {name: time for name, time in times.items() if time in plan.group_by}
    if plan.time_of and plan.grain:
        given[f"{plan.time_of}__{plan.grain}"] = str(time_column(plan))
    if not given:
        return compiled.sql
    named = ", ".join(f"{quoted(c.name)} AS {quoted(given.get(c.name, c.name))}" for c in compiled.columns)
    return f"SELECT {named}\nFROM (\n{compiled.sql}\n) AS named"


def vocabulary_of(
    catalog: semantic.SemanticCatalog,
    read: Callable[[list[str]], Mapping[str, Listed]],
    look_up: Callable[[list[str], str], tuple[Any, ...] | None] | None = None,
) -> Vocabulary:
    """A catalog as a vocabulary.

    Args:
        catalog: What the layer has.
        read: Gives the values of the categorical dimensions it is asked for.
        look_up: Finds values of dimensions that are too many to be listed.
    """
    canonical = _canonical_names(catalog)
    metrics = [_metric(metric, canonical) for metric in catalog.metrics.values()]
    listed = read([d.name for d in catalog.dimensions.values() if d.type == "categorical" and not d.identifier])
    alike: dict[str, list[Listed]] = {}
    for name, one in canonical.items():
        alike.setdefault(one, []).extend([listed[name]] if name in listed else [])
    chosen = [catalog.dimensions[name] for name in sorted(set(canonical.values()))]
    names: dict[str, list[str]] = {}
    for name, one in canonical.items():
        names.setdefault(one, []).append(name)
    dimensions = [
        _dimension(
            d,
            replace(_together(alike[d.name]), look_up=look_up and partial(look_up, names[d.name])),
            canonical.get(_beside(d), ""),
        )
        for d in chosen
    ]
    parts = [part for name, part in DATE_PARTS.items() if any(name in metric.dimensions for metric in metrics)]
    return Vocabulary.of(metrics, [*dimensions, *parts])


def _together(listed: Sequence[Listed]) -> Values:
    """The values of dimensions that mean the same, of all their tables, most frequent first.

    A table that was never published has no values yet; that is not to know them all.
    """
    known = [one for one in listed if one.items]
    counts: Counter[Any] = Counter()
    for one in known:
        counts.update(dict(one.items))
    items = sorted(counts.items(), key=lambda item: -item[1])
    return Values(tuple(value for value, _ in items), complete=bool(known) and all(one.complete for one in known))


def _times(catalog: semantic.SemanticCatalog) -> Iterator[semantic.TimeColumn]:
    """The times of all metrics: each names the table that a measure of the metric is summed from."""
    return (time for metric in catalog.metrics.values() for time in metric.times)


def identifier(relation: str) -> str:
    """``layer.table`` of a relation as dbt writes it."""
    return ".".join(relation.replace('"', "").split(".")[-2:])


def _dimension(dimension: semantic.DimensionDefinition, values: Values, beside: str) -> Dimension:
    labels = {**_places(dimension, values), **dimension.value_labels}
    return Dimension(
        dimension.name,
        dimension.label,
        dimension.description,
        dimension.synonyms,
        dimension.type,
        values,
        dimension.personal,
        dimension.insights,
        ValueNames(labels, dimension.value_words, beside),
    )


def _beside(dimension: semantic.DimensionDefinition) -> str:
    """The dimension that has the names of another's codes, in the same rows; empty where none is declared."""
    path = dimension.name.removesuffix(dimension.element)
    return f"{path}{dimension.value_names}" if dimension.value_names else ""


def _places(dimension: semantic.DimensionDefinition, values: Values) -> dict[str, str]:
    """What codes of countries and of their parts are called."""
    found = places_of(values.items, (*words_of(dimension.element), *words_of(dimension.label)))
    return {code: place.name for code, place in found.named.items() if code.isupper()} if found else {}


def _metric(metric: semantic.MetricDefinition, canonical: Mapping[str, str]) -> Metric:
    return Metric(
        name=metric.name,
        label=metric.label,
        description=metric.description,
        synonyms=metric.synonyms,
        type=metric.type,
        format=metric.format,
        domain=metric.domain,
        unit=metric.unit,
        direction=metric.direction,
        headline=metric.headline,
        variant_of=metric.variant_of,
        moment=not metric.adds_up,
        parts=metric.parts,
        insights=metric.insights,
        model=metric.model,
        dimensions=frozenset(canonical[name] for name in metric.dimensions if name in canonical).union(
            date_parts_of(metric)
        ),
        subjects=frozenset(name.rsplit("__", 1)[0] for name in metric.dimensions if "__" in name),
        needs_time=metric.needs_time,
        min_grain=metric.min_grain,
        time_names=metric.times[0].names if len(metric.times) == 1 else (),
        nothing=metric.nothing,
        cumulative=metric.is_cumulative,
        additive=metric.additive,
        tally=metric.tally,
        rows=metric.rows and _rows(metric.rows, metric.dimensions, canonical),
    )


def _rows(rows: semantic.Rows, reached: Sequence[str], canonical: Mapping[str, str]) -> Rows:
    def known(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(canonical[name] for name in names if name in reached and name in canonical)

    time = "".join(known([rows.time]))
    return Rows(known(rows.columns), known(rows.keys), time, rows.counts, rows.zero_is_none)


def _canonical_names(catalog: semantic.SemanticCatalog) -> dict[str, str]:
    """One name for dimensions of several models that mean the same, so that their metrics go together.

    The name that most metrics use; where a metric reaches two of them, they are told apart.
    """
    used = Counter(name for metric in catalog.metrics.values() for name in metric.dimensions)
    first: dict[Any, str] = {}
    names = {}
    for name, dimension in sorted(catalog.dimensions.items(), key=lambda item: (-used[item[0]], item[0])):
        names[name] = first.setdefault(dimension.identity, name)
    for metric in catalog.metrics.values():
        chosen = [names[name] for name in metric.dimensions if name in names]
        names |= {n: n for n in metric.dimensions if n in names and chosen.count(names[n]) > 1}
    return names
