"""MetricFlow in this process: one manifest, one dialect, requests compiled to SQL.

Belongs here: asking MetricFlow, which is imported at first use, for that takes seconds. Does not belong here: its
internals (``_internals``), names as people write them (``manifest``), values and what is around a compiled query
(``requests``).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from semantic.errors import SemanticError
from semantic.manifest.dateparts import group_by_item

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.dialect import Dialect
    from semantic.metricflow._internals import MetricFlowEngine


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
        from semantic.metricflow._internals import MetricFlowException, MetricFlowQueryRequest, reason_of

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
            raise SemanticError(f"MetricFlow cannot compile {', '.join(metrics)}: {reason_of(error)}") from error
        if self._dialect.divides_as_doubles:
            return sql
        from semantic.metricflow.rendering import dividing_as_doubles

        return dividing_as_doubles(sql, self._dialect.name)

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
        from semantic.metricflow import _internals
        from semantic.metricflow.rendering import renderer_of

        engine = _internals.SqlEngine[self._dialect.metricflow]
        return _internals.open_engine(self._manifest_json, engine, renderer_of(self._dialect))


def _midnight(day: date | None) -> datetime | None:
    return datetime(day.year, day.month, day.day) if day else None
