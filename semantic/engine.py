"""MetricFlow in this process: one manifest, one dialect, requests compiled to SQL.

Belongs here: every import of MetricFlow (they take seconds, so they happen at first use). Does not belong here:
names as people write them (``catalog``), values (``filters``), what is around a compiled query (``sqltext``).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from semantic.dateparts import group_by_item
from semantic.errors import SemanticError

if TYPE_CHECKING:
    from metricflow.engine.metricflow_engine import MetricFlowEngine

Dialect = Literal["duckdb", "trino"]


class _RendererOnly:
    """What MetricFlow asks of a client, as far as compiling goes: the dialect. Running is not its business."""

    def __init__(self, sql_engine_type: Any, sql_plan_renderer: Any) -> None:
        self.sql_engine_type = sql_engine_type
        self.sql_plan_renderer = sql_plan_renderer

    def query(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError("this client only renders SQL")

    execute = dry_run = query

    def close(self) -> None:
        """Nothing to close."""

    def render_bind_parameter_key(self, bind_parameter_key: str) -> str:
        return bind_parameter_key


class Compiler:
    """Compiles requests against one semantic manifest. Thread-safe: one request at a time."""

    def __init__(self, manifest_json: str, dialect: Dialect) -> None:
        self._manifest_json, self._dialect = manifest_json, dialect
        self._lock = threading.RLock()

    def sql(
        self,
        metrics: Sequence[str],
        group_by: Sequence[str],
        where: Sequence[str],
        start: date | None = None,
        end: date | None = None,
    ) -> str:
        """SQL of metrics by dunder names; ``where`` are MetricFlow filter templates.

        Raises:
            SemanticError: MetricFlow refuses the combination.
        """
        from metricflow.engine.metricflow_engine import MetricFlowQueryRequest
        from metricflow_semantics.errors.error_classes import MetricFlowException

        try:
            with self._lock:
                request = MetricFlowQueryRequest.create(
                    metric_names=list(metrics),
                    group_by_names=[group_by_item(name) for name in group_by] or None,
                    where_constraints=list(where) or None,
                    time_constraint_start=_midnight(start),
                    time_constraint_end=_midnight(end),
                )
                sql = self._engine.explain(request).sql_statement.without_descriptions.sql
        except MetricFlowException as error:
            raise SemanticError(f"MetricFlow cannot compile {', '.join(metrics)}: {_reason(error)}") from error
        if self._dialect != "trino":
            return sql
        from semantic.trino import dividing_as_doubles

        return dividing_as_doubles(sql)

    def dimensions(self, metrics: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """For each metric, the dunder names (without grain) of what it can be grouped by, ``metric_time`` left out."""
        with self._lock:
            return {metric: self._dimensions_of(metric) for metric in metrics}

    def _dimensions_of(self, metric: str) -> tuple[str, ...]:
        found = self._engine.simple_dimensions_for_metrics([metric])
        names = dict.fromkeys(dimension.granularity_free_dunder_name for dimension in found)
        names.pop("metric_time", None)
        return tuple(names)

    @cached_property
    def _engine(self) -> MetricFlowEngine:
        from metricflow.engine.metricflow_engine import MetricFlowEngine
        from metricflow.protocols.sql_client import SqlEngine
        from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
        from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

        if self._dialect == "trino":
            from semantic.trino import PlanRenderer

            client = _RendererOnly(SqlEngine.TRINO, PlanRenderer())
        else:
            from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer

            client = _RendererOnly(SqlEngine.DUCKDB, DuckDbSqlPlanRenderer())
        manifest = parse_manifest_from_dbt_generated_manifest(self._manifest_json)
        return MetricFlowEngine(SemanticManifestLookup(manifest), client)  # pyright: ignore[reportArgumentType]


def _midnight(day: date | None) -> datetime | None:
    return datetime(day.year, day.month, day.day) if day else None


def _reason(error: Exception) -> str:
    """MetricFlow's message without its headings and drawings."""
    lines = [line.strip() for line in str(error).splitlines()]
    if "Message:" not in lines:
        return " ".join(lines)[:400]
    after = [line for line in lines[lines.index("Message:") + 1 :] if line]
    return after[0] if after else "no reason given"
