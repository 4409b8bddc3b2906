"""The one door into MetricFlow, which promises no Python API: its command line is all that it keeps stable.

What is used, and why:

- ``MetricFlowEngine``, ``MetricFlowQueryRequest``, ``SemanticManifestLookup``, the parser of manifests: the command
  line loads all of it for each request anew, which takes seconds; in this process, a request takes milliseconds.
- ``SqlEngine`` and a client that only renders: the engine asks for a connection to a warehouse, which compiling needs
  for nothing but the dialect.
- The renderers of its engines, which it lists for its command line alone, together with every adapter of dbt, and the
  percentile they render: of some engines MetricFlow has no exact one (``rendering``).
- The text of its errors: the reason stands in it between headings and drawings.

Belongs here: every import of MetricFlow; ruff forbids it elsewhere, and ``tests/semantic/metricflow/test_internals.py``
fails where an upgrade moves something. Import this module at first use only: it takes seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql import render
from metricflow.sql.render.expr_renderer import DefaultSqlExpressionRenderer, SqlExpressionRenderResult
from metricflow.sql.render.sql_plan_renderer import DefaultSqlPlanRenderer
from metricflow_semantics.errors.error_classes import MetricFlowException
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup
from metricflow_semantics.sql.sql_exprs import SqlPercentileExpression, SqlPercentileFunctionType

__all__ = [
    "DefaultSqlExpressionRenderer",
    "DefaultSqlPlanRenderer",
    "MetricFlowEngine",
    "MetricFlowException",
    "MetricFlowQueryRequest",
    "SqlEngine",
    "SqlExpressionRenderResult",
    "SqlPercentileExpression",
    "SqlPercentileFunctionType",
    "open_engine",
    "plan_renderer_of",
    "reason_of",
]
HEADING = "Message:"
"""The line of an error that the reason stands below."""


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


def open_engine(manifest_json: str, dialect: SqlEngine, renderer: Any) -> MetricFlowEngine:
    """MetricFlow over one semantic manifest; it only compiles."""
    manifest = parse_manifest_from_dbt_generated_manifest(manifest_json)
    client = _RendererOnly(dialect, renderer)
    return MetricFlowEngine(SemanticManifestLookup(manifest), client)  # pyright: ignore[reportArgumentType]


def plan_renderer_of(engine: SqlEngine) -> type[DefaultSqlPlanRenderer]:
    """MetricFlow's renderer of plans for an engine; that of expressions is its `EXPR_RENDERER`.

    Raises:
        LookupError: it has none.
    """
    for module in iter_modules(render.__path__, f"{render.__name__}."):
        import_module(module.name)
    for kind in _below(DefaultSqlPlanRenderer):
        if kind.__module__.startswith(render.__name__) and kind.EXPR_RENDERER.sql_engine is engine:
            return kind
    raise LookupError(f"MetricFlow renders no SQL for {engine.name}")


def _below(kind: type[DefaultSqlPlanRenderer]) -> Iterator[type[DefaultSqlPlanRenderer]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


def reason_of(error: Exception) -> str:
    """MetricFlow's message without its headings and drawings."""
    lines = [line.strip() for line in str(error).splitlines()]
    if HEADING not in lines:
        return " ".join(lines)[:400]
    after = [line for line in lines[lines.index(HEADING) + 1 :] if line]
    return after[0] if after else "no reason given"
