"""Requests into SQL by one version of a semantic manifest, which keeps what it compiled.

Belongs here: splitting a request into what MetricFlow can compile at once, putting that together, its columns. Does not
belong here: which version lies there, running SQL (``layer``), what MetricFlow compiles (``metricflow``).
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import threading
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from cachetools import LRUCache
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_fixed

from lakehouse_assets.lakehouse.sql import quoted
from semantic.disk_cache.templates import Template, Templates, write_whole
from semantic.errors import SemanticError
from semantic.manifest.catalog import GRAINS, METRIC_TIME, MetricDefinition, SemanticCatalog
from semantic.manifest.instants import on_clock
from semantic.manifest.reading import build_catalog, without_moments
from semantic.manifest.running import total, with_bases
from semantic.metricflow.engine import Compiler
from semantic.requests import sqltext
from semantic.requests.filters import Filter, fill
from semantic.requests.request import MetricRequest, Part, Span, split
from semantic.requests.rollups import rollups_of, rollups_of_all

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.dialect import Dialect
    from lakehouse_assets.lakehouse.engines.protocol import Rollup

Naming = Literal["friendly", "qualified"]
_CACHED = 1024
READ_TRIES = 25
_T = TypeVar("_T")


@dataclass(frozen=True)
class QueryColumn:
    """A column of a result. ``source`` is the qualified name; ``kind`` is time, dimension or metric."""

    name: str
    source: str
    label: str
    kind: Literal["time", "dimension", "metric"]
    format: str | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Compiled:
    """SQL of a request: its columns in order, the tables it reads (``layer.table``), and remarks for people.

    ``rollups`` are parts of it that an engine may keep summed up.
    """

    sql: str
    columns: tuple[QueryColumn, ...]
    tables: tuple[str, ...]
    notes: tuple[str, ...] = ()
    rollups: tuple[Rollup, ...] = ()


class ManifestCompiler:
    """One version of a semantic manifest, with everything compiled from it."""

    def __init__(self, path: Path, dialect: Dialect, zone: str) -> None:
        self._raw = on_clock(_without_database(_read_whole(path)), dialect.local_time(zone), dialect.name)
        self._text = json.dumps(with_bases(without_moments(self._raw)))
        self._dialect, self._cache_file = dialect, path.with_name("asklake_dimensions.json")
        self._compiler = Compiler(self._text, dialect)
        self._on_disk = Templates(path.parent, self._fingerprint, dialect.compiled_as)
        # LRU; they live as long as this version of the manifest.
        self._templates: LRUCache[Hashable, Any] = LRUCache(_CACHED)
        self._compiled: LRUCache[Hashable, Any] = LRUCache(_CACHED)
        self._lock = threading.RLock()

    @cached_property
    def catalog(self) -> SemanticCatalog:
        """What can be asked."""
        with self._lock:
            return build_catalog(self._raw, self._dimensions(), self._fingerprint)

    @cached_property
    def _fingerprint(self) -> str:
        return hashlib.sha256(self._text.encode()).hexdigest()[:16]

    def _dimensions(self) -> dict[str, tuple[str, ...]]:
        """Which dimensions each metric has; kept beside the manifest, for asking MetricFlow takes seconds."""
        try:
            kept = json.loads(self._cache_file.read_text(encoding="utf-8"))
            if kept["fingerprint"] == self._fingerprint:
                return {metric: tuple(names) for metric, names in kept["dimensions"].items()}
        except (OSError, ValueError, KeyError, TypeError):
            pass  # absent, or not ours: made anew
        found = self._compiler.dimensions(metric["name"] for metric in self._raw["metrics"])
        with contextlib.suppress(OSError):  # it only saves time
            write_whole(self._cache_file, {"fingerprint": self._fingerprint, "dimensions": found})
        return found

    def compile(self, request: MetricRequest, names: Naming) -> Compiled:
        """One SELECT for a request.

        Raises:
            SemanticError: an unknown name, or a combination that has no answer.
        """
        key = (request.cache_key, names)
        return self._remembered(self._compiled, key, lambda: self._compile(request, names))

    def compile_saved_query(self, name: str) -> Compiled:
        """One SELECT for a saved query, with friendly names.

        Raises:
            SemanticError: no such saved query, or it filters.
        """
        saved = self.catalog.saved_query(name)
        if saved.where:
            raise SemanticError(f"saved query '{name}' has a where: filter what reads it instead")
        group_by = tuple(_dunder(item) for item in saved.group_by)
        return self.compile(MetricRequest(saved.metrics, group_by), "friendly")

    def _compile(self, request: MetricRequest, names: Naming) -> Compiled:
        parts, keys, notes = split(request, self.catalog)
        out_names = _names([key.requested for key in keys], names)
        metrics = [self.catalog.metric(name) for name in request.metrics]
        sources = [self._part(part, out_names) for part in parts]
        tables = {table for _, template in sources for table in template.tables}
        own = [(sql, part.metrics) for (sql, _), part in zip(sources, parts, strict=True)]
        sql = sqltext.side_by_side(own, out_names, request.metrics)
        columns = (
            *(
                QueryColumn(out, key.requested, key.label, "time" if key.grain else "dimension")
                for key, out in zip(keys, out_names, strict=True)
            ),
            *(QueryColumn(m.name, m.name, m.label, "metric", m.format, m.unit) for m in metrics),
        )
        having = [self._having(condition) for condition in request.having]
        order = _order(request.order_by, columns)
        finished = sqltext.finished(sql, having, order, request.limit)
        texts = [text for part in parts for text in part.values]
        # Whoever looks a rollup's rows up in the SQL is not to find them in a value that somebody wrote so.
        rollups = rollups_of_all([(template.sql, template.rollups) for _, template in sources])
        rollups = (rollup for rollup in rollups if not any(rollup.rows in text for text in texts))
        return Compiled(finished, columns, tuple(sorted(tables)), tuple(notes), tuple(rollups))

    def _part(self, part: Part, out_names: Sequence[str]) -> tuple[str, Template]:
        """SQL of one part with named columns, and what it is made from."""
        template = self._remembered(self._templates, part.shape, lambda: self._kept_template(part))
        keys = [
            sqltext.OutColumn(out, key.dunder, "DATE" if key.is_day_or_coarser else None)
            for out, key in zip(out_names, part.keys, strict=True)
        ]
        metrics = [sqltext.OutColumn(m, m, _cast(self.catalog.metric(m))) for m in part.metrics]
        return sqltext.part(fill(template.sql, part.values), keys, metrics), template

    def _kept_template(self, part: Part) -> Template:
        found = self._on_disk.get(part.shape)
        if found is None:
            found = self._template(part)
            self._on_disk.keep(part.shape, found)
        return found

    def _template(self, part: Part) -> Template:
        if part.running is not None:
            sql = self._running_total(part, part.running)
        else:
            keys = [key.dunder for key in part.keys]
            sql = self._compiler.sql(part.metrics, keys, part.conditions, part.start, part.end)
            times = [t for name in part.metrics for t in self.catalog.metric(name).times]
            sql = sqltext.within_data(sql, self.catalog.time_spines, list(dict.fromkeys(times)))
        return Template(sql, sqltext.tables_of(sql, self._dialect.name), rollups_of(sql, self._dialect.name))

    def _running_total(self, part: Part, span: Span) -> str:
        metric = self.catalog.metric(span.metric)
        assert metric.running is not None
        by_time = f"{METRIC_TIME}__"
        keys = [key.dunder for key in part.keys if not key.dunder.startswith(by_time)]
        period = next((key for key in part.keys if key.dunder.startswith(by_time)), None)
        base_keys = [*keys, f"{by_time}{metric.min_grain}"]
        return total(
            self._compiler.sql([metric.running.base], base_keys, part.conditions),
            metric.running,
            name=metric.name,
            keys=[quoted(key) for key in keys],
            unit=metric.min_grain,
            period=(period.dunder, period.grain or metric.min_grain) if period else None,
            days=sqltext.days_of_data(self.catalog.time_spines, metric.times),
            first=span.first,
            last=span.last,
        )

    def _having(self, condition: Filter) -> str:
        template, texts = condition.condition(quoted(condition.dimension), 0)
        return fill(template, texts)

    def _remembered(self, cache: LRUCache[Hashable, _T], key: Hashable, make: Callable[[], _T]) -> _T:
        with self._lock:
            if key in cache:
                return cache[key]
        made = make()
        with self._lock:
            cache[key] = made
        return made


def _without_database(raw: dict[str, Any]) -> dict[str, Any]:
    """The manifest with two-part table names, if all its tables are in one database.

    dbt bakes in the database it parsed with; a session of the lake has tables by ``layer.table``, in a database
    of its own.
    """
    spines = (raw.get("project_configuration") or {}).get("time_spines") or []
    relations = [item["node_relation"] for item in (*raw["semantic_models"], *spines)]
    if len({relation.get("database") for relation in relations}) == 1:
        for relation in relations:
            schema, table = quoted(relation["schema_name"]), quoted(relation["alias"])
            relation.update(relation_name=f"{schema}.{table}", database=None)
    return raw


def _names(requested: Sequence[str], names: Naming) -> list[str]:
    """The column names of the keys; short where that is not ambiguous."""
    if names == "qualified":
        return list(requested)
    short = [_friendly(name) for name in requested]
    return [one if short.count(one) == 1 else full for one, full in zip(short, requested, strict=True)]


def _friendly(name: str) -> str:
    if name.startswith(f"{METRIC_TIME}__"):
        return f"metric_{name.rsplit('__', 1)[1]}"
    *entities, last = name.split("__")

    return f"{entities[-1]}_{last}" if last in GRAINS and len(entities) > 1 else last


def _cast(metric: MetricDefinition) -> str | None:
    """Counts come out of engines in several widths; people get 64 bits."""
    return "BIGINT" if metric.format == "integer" else None


def _order(order_by: Sequence[str], columns: Sequence[QueryColumn]) -> list[tuple[str, bool]]:
    """Column and direction of each sort key; the keys of the rows come last, so that the order is total."""
    if not order_by:
        return []
    wanted = [(name.removeprefix("-"), name.startswith("-")) for name in order_by]
    found = [(_column(name, columns), down) for name, down in wanted]
    named = {name for name, _ in found}
    return found + [(c.name, False) for c in columns if c.kind != "metric" and c.name not in named]


def _column(name: str, columns: Sequence[QueryColumn]) -> str:
    for column in columns:
        short = column.source.rsplit("__", 1)[-1]
        is_time = name == METRIC_TIME and column.kind == "time" and column.source.startswith(f"{METRIC_TIME}__")
        if name in (column.name, column.source, short) or is_time:
            return column.name
    raise SemanticError(f"cannot order by '{name}': it is not in the result ({', '.join(c.name for c in columns)})")


def _dunder(item: str) -> str:
    """``TimeDimension('metric_time', 'month')`` as ``metric_time__month``."""
    call = ast.parse(item.strip(), mode="eval").body
    if not isinstance(call, ast.Call):
        return item
    parts = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    return "__".join(str(text).lower() for text in parts)


@retry(
    retry=retry_if_exception_type(json.JSONDecodeError),
    wait=wait_fixed(0.2),
    stop=stop_after_attempt(READ_TRIES),
    reraise=True,
)
def _read_whole(path: Path) -> dict[str, Any]:
    """A JSON file that another process may be writing this moment, as dbt writes its manifests in place."""
    return json.loads(path.read_text(encoding="utf-8"))
