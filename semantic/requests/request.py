"""A request, and its split into parts that MetricFlow can compile.

MetricFlow takes one name per dimension and one way of filtering for all metrics of a query. Metrics of several
models have their dimensions under several names, and metrics that are taken at a moment (a backlog) need another
filter on time than those that are summed. So a request becomes one part per such group of metrics.

Belongs here: resolving the names of a request and the rules on time. Does not belong here: SQL, caching.
"""

from __future__ import annotations

import calendar
from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from semantic.errors import SemanticError
from semantic.manifest.catalog import GRAINS, METRIC_TIME, MetricDefinition, SemanticCatalog
from semantic.manifest.dateparts import DATE_PARTS, LABELS, check_date_part, date_part_in_filter
from semantic.requests.filters import Filter, literal, placeholder
from semantic.requests.sqltext import moments


@dataclass(frozen=True)
class MetricRequest:
    """What is asked, as given. ``first`` and ``last`` day are included; None is open."""

    metrics: tuple[str, ...]
    group_by: tuple[str, ...] = ()
    where: tuple[Filter, ...] = ()
    first: date | None = None
    last: date | None = None
    grain: str | None = None
    order_by: tuple[str, ...] = ()
    limit: int | None = None

    @property
    def having(self) -> tuple[Filter, ...]:
        """Filters on requested metrics."""
        return tuple(f for f in self.where if f.dimension in self.metrics)

    @property
    def filters(self) -> tuple[Filter, ...]:
        """Filters on dimensions."""
        return tuple(f for f in self.where if f.dimension not in self.metrics)

    @property
    def cache_key(self) -> Hashable:
        """Equal for requests with the same SQL; 1, 1.0 and True are told apart."""
        values = tuple((f.dimension, f.operator, tuple(map(literal, f.values))) for f in self.where)
        return self.metrics, self.group_by, values, self.first, self.last, self.grain, self.order_by, self.limit


@dataclass(frozen=True)
class Key:
    """A group-by item: ``requested`` names the column in every part, ``dunder`` the column MetricFlow makes."""

    requested: str
    dunder: str
    label: str
    grain: str | None = None

    @property
    def is_day_or_coarser(self) -> bool:
        """Whether the values are days, or first days of periods."""
        return self.grain in GRAINS


@dataclass(frozen=True)
class Span:
    """The placeholders of the first and last day of a running total, where asked for."""

    metric: str
    first: str | None
    last: str | None


@dataclass(frozen=True)
class Part:
    """One MetricFlow query. ``values`` are the SQL texts that the placeholders in ``conditions`` stand for."""

    metrics: tuple[str, ...]
    keys: tuple[Key, ...]
    conditions: tuple[str, ...]
    values: tuple[str, ...]
    start: date | None = None
    end: date | None = None
    running: Span | None = None

    @property
    def shape(self) -> Hashable:
        """What the template depends on."""
        keys = tuple(key.dunder for key in self.keys)
        return self.metrics, keys, self.conditions, self.start, self.end, self.running


def split(request: MetricRequest, catalog: SemanticCatalog) -> tuple[list[Part], list[Key], list[str]]:
    """The parts of a request, its keys as the first part names them, and remarks.

    Raises:
        SemanticError: an unknown name, or a combination that has no answer.
    """
    _check(request, catalog)
    notes: list[str] = []
    grouped: dict[Part, list[str]] = {}
    for name in request.metrics:
        part = _part_of(catalog.metric(name), request, catalog, notes)
        grouped.setdefault(part, []).append(name)
    parts = [replace(part, metrics=tuple(names)) for part, names in grouped.items()]
    return parts, list(parts[0].keys), list(dict.fromkeys(notes))


def _check(request: MetricRequest, catalog: SemanticCatalog) -> None:
    if not request.metrics:
        raise SemanticError("a request needs at least one metric")
    for name in (*request.metrics, *request.group_by):
        if (*request.metrics, *request.group_by).count(name) > 1:
            raise SemanticError(f"'{name}' is named twice")
    if request.grain is not None and request.grain not in GRAINS:
        raise SemanticError(f"there is no grain '{request.grain}': use one of {', '.join(GRAINS)}")
    if request.first and request.last and request.first > request.last:
        raise SemanticError(f"the time range ends ({request.last}) before it begins ({request.first})")
    if request.limit is not None and request.limit < 0:
        raise SemanticError(f"a limit cannot be negative ({request.limit})")
    for condition in request.filters:
        if condition.dimension in catalog.metrics:
            raise SemanticError(f"a filter on metric '{condition.dimension}' needs the metric in the request")


def _part_of(metric: MetricDefinition, request: MetricRequest, catalog: SemanticCatalog, notes: list[str]) -> Part:
    """The part that a metric needs, without its metrics: metrics with equal parts are compiled together."""
    keys = _keys(metric, request, catalog)
    grain = next((k.grain for k in keys if k.grain and k.dunder.startswith(f"{METRIC_TIME}__")), None)
    _check_period(metric, grain)
    first, last = _range(metric, request, grain, notes)
    conditions, values = _conditions(metric, request, catalog)
    if metric.running is not None:
        return _running_part(metric, keys, conditions, values, (first, last))
    if metric.semi_additive is not None and grain != metric.semi_additive.time.grain:
        conditions.append(f"{_time(METRIC_TIME, metric.min_grain)} IN ({placeholder(len(values))})")
        values.append(moments(metric.semi_additive, grain, first, last))
        first = last = None
    for day, sign in ((first, ">="), (last, "<=")):
        if day is not None:
            conditions.append(f"{_time(METRIC_TIME, metric.min_grain)} {sign} {placeholder(len(values))}")
            values.append(literal(day))
    # Lets MetricFlow build fewer of the days that it joins; what is exact is the condition.
    bounds = (first, last) if metric.is_cumulative else (None, None)
    return Part((), tuple(keys), tuple(conditions), tuple(values), *bounds)


def _check_period(metric: MetricDefinition, grain: str | None) -> None:
    if metric.needs_time and grain is None:
        raise SemanticError(
            f"'{metric.name}' exists per period only: group by time, as in grain month or metric_time__month"
        )
    if metric.is_cumulative and metric.running is None and grain is None:
        raise SemanticError(f"'{metric.name}' is a running total: group it by time, as in grain day")
    if grain and _is_coarser(grain, metric.max_grain):
        raise SemanticError(
            f"'{metric.name}' compares with the {metric.max_grain} before: it has no meaning by {grain}"
        )


def _is_coarser(grain: str, other: str | None) -> bool:
    return other in GRAINS and grain in GRAINS and GRAINS.index(grain) > GRAINS.index(other)


def _running_part(
    metric: MetricDefinition,
    keys: list[Key],
    conditions: list[str],
    values: list[str],
    days: tuple[date | None, date | None],
) -> Part:
    """A running total's part: its days bound what is shown, not what is added up."""
    if any(METRIC_TIME in condition for condition in conditions):
        raise SemanticError(f"'{metric.name}' is a running total: give its time as a time range, not as a filter")
    names = [placeholder(len(values) + i) for i, day in enumerate(d for d in days if d)]
    values = [*values, *(literal(day) for day in days if day)]
    first = names[0] if days[0] else None
    last = names[-1] if days[1] else None
    return Part((), tuple(keys), tuple(conditions), tuple(values), running=Span(metric.name, first, last))


def _keys(metric: MetricDefinition, request: MetricRequest, catalog: SemanticCatalog) -> list[Key]:
    names = list(request.group_by)
    if request.grain:
        names = [n for n in names if n != METRIC_TIME]
        if not any(n.startswith(f"{METRIC_TIME}__") and n not in DATE_PARTS for n in names):
            names.insert(0, f"{METRIC_TIME}__{request.grain}")
    return [_key(name, metric, catalog) for name in names]


def _key(name: str, metric: MetricDefinition, catalog: SemanticCatalog) -> Key:
    if name in DATE_PARTS:
        check_date_part(metric, name)
        return Key(name, name, LABELS[DATE_PARTS[name]])
    base, grain = _without_grain(name)
    if base == METRIC_TIME:
        grain = _possible(grain or metric.min_grain, metric)
        return Key(f"{METRIC_TIME}__{grain}", f"{METRIC_TIME}__{grain}", grain.capitalize(), grain)
    if metric.rows and name == metric.rows.entity:
        return Key(name, name, name)
    dimension = catalog.resolve(base, metric.name)
    if dimension.type != "time":
        if grain:
            raise SemanticError(f"'{base}' is not a time: it has no {grain}")
        return Key(name if "__" in name else dimension.name, dimension.name, dimension.label)
    grain = grain or dimension.grain or "day"
    requested = base if "__" in base else dimension.name
    return Key(f"{requested}__{grain}", f"{dimension.name}__{grain}", f"{dimension.label}, {grain}", grain)


def _possible(grain: str, metric: MetricDefinition) -> str:
    if _is_coarser(metric.min_grain, grain):
        raise SemanticError(f"'{metric.name}' is known by {metric.min_grain} at best, not by {grain}")
    return grain


def _without_grain(name: str) -> tuple[str, str | None]:
    base, _, last = name.rpartition("__")
    return (base, last) if base and last in GRAINS else (name, None)


def _conditions(
    metric: MetricDefinition, request: MetricRequest, catalog: SemanticCatalog
) -> tuple[list[str], list[str]]:
    """Filters as MetricFlow templates with placeholders, and the texts these stand for."""
    conditions: list[str] = []
    values: list[str] = []
    for one in request.filters:
        days_only = all(isinstance(value, date) and not isinstance(value, datetime) for value in one.values)
        left = _left(one.dimension, metric, catalog, days_only=days_only)
        condition, texts = one.condition(left, len(values))
        conditions.append(condition)
        values += texts
    return conditions, values


def _left(name: str, metric: MetricDefinition, catalog: SemanticCatalog, *, days_only: bool) -> str:
    if name in DATE_PARTS:
        check_date_part(metric, name)
        return date_part_in_filter(name)
    base, grain = _without_grain(name)
    if base == METRIC_TIME:
        return _time(METRIC_TIME, _possible(grain or metric.min_grain, metric))
    dimension = catalog.resolve(base, metric.name)
    if dimension.type == "time":
        return _time(dimension.name, grain or _by_days(dimension.grain, days_only=days_only))
    element, links = _linked(dimension.name)
    return f"{{{{ Dimension('{element}'{links}) }}}}"


def _by_days(grain: str | None, *, days_only: bool) -> str:
    """The grain by which a time is compared: up to a day means to its end, however fine the time is."""
    return grain if grain and (grain in GRAINS or not days_only) else "day"


def _time(name: str, grain: str) -> str:
    element, links = _linked(name)
    return f"{{{{ TimeDimension('{element}', '{grain}'{links}) }}}}"


def _linked(name: str) -> tuple[str, str]:
    """A name as filters take it: with one entity, and the entities before that as an argument of their own."""
    *path, element = name.rsplit("__", 2)
    if len(path) < 2:
        return name, ""
    return f"{path[1]}__{element}", f", entity_path={path[0].split('__')!r}"


def _range(
    metric: MetricDefinition, request: MetricRequest, grain: str | None, notes: list[str]
) -> tuple[date | None, date | None]:
    """The days asked for; whole periods where the metric has or compares nothing else."""
    whole = metric.min_grain if metric.min_grain != "day" else grain if metric.max_grain else None
    first, last = request.first, request.last
    if whole not in GRAINS:
        return first, last
    widened = (first and _first_day(first, whole), last and _last_day(last, whole))
    if widened != (first, last):
        notes.append(f"'{metric.name}' is by {whole}: the time was widened to whole {whole}s")
    return widened


def _first_day(day: date, grain: str) -> date:
    if grain == "week":
        return day - timedelta(days=day.weekday())
    months = {"month": 1, "quarter": 3, "year": 12}.get(grain)
    return day if months is None else date(day.year, (day.month - 1) // months * months + 1, 1)


def _last_day(day: date, grain: str) -> date:
    first = _first_day(day, grain)
    if grain == "day":
        return day
    if grain == "week":
        return first + min(timedelta(days=6), date.max - first)
    month = first.month - 1 + {"month": 1, "quarter": 3, "year": 12}[grain]
    return date(first.year, month, calendar.monthrange(first.year, month)[1])
