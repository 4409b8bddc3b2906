"""What MetricFlow keeps to itself is as its door uses it: an upgrade that moves it fails here first."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from lakehouse_assets.lakehouse.engines.spec import all_specs
from semantic.errors import SemanticError
from semantic.layer import SemanticLayer
from semantic.metricflow import _internals

MOVED = "MetricFlow was upgraded and {}: mend semantic/metricflow/_internals.py"


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (_internals.MetricFlowEngine.__init__, ("semantic_manifest_lookup", "sql_client")),
        (
            _internals.MetricFlowQueryRequest.create,
            ("metric_names", "group_by_names", "where_constraints", "time_constraint_start", "time_constraint_end"),
        ),
        (_internals.MetricFlowEngine.explain, ("mf_request",)),
        (_internals.MetricFlowEngine.simple_dimensions_for_metrics, ("metric_names",)),
        (_internals.DefaultSqlExpressionRenderer.visit_percentile_expr, ("node",)),
    ],
    ids=lambda given: getattr(given, "__qualname__", ""),
)
def test_functions_take_what_they_are_given(function: Callable[..., Any], names: tuple[str, ...]) -> None:
    known = inspect.signature(function).parameters
    missing = [name for name in names if name not in known]
    assert not missing, MOVED.format(f"{function.__qualname__} no longer takes {', '.join(missing)}")


@pytest.mark.parametrize("engine", [spec.dialect.metricflow for spec in all_specs()])
def test_renderers_have_what_is_overridden(engine: str) -> None:
    plan = _internals.plan_renderer_of(_internals.SqlEngine[engine])
    expressions = getattr(plan, "EXPR_RENDERER", None)
    assert isinstance(expressions, _internals.DefaultSqlExpressionRenderer), MOVED.format(
        f"the plan renderer for {engine} no longer names its expression renderer EXPR_RENDERER"
    )
    assert hasattr(expressions, "supported_percentile_function_types"), MOVED.format(
        f"the renderer for {engine} no longer says which percentiles it can do"
    )
    kinds = {kind.name for kind in _internals.SqlPercentileFunctionType}
    assert {"CONTINUOUS", "DISCRETE"} <= kinds, MOVED.format("kinds of percentile have other names")


def test_the_reason_of_an_error_is_found(layer: SemanticLayer) -> None:
    compiler = layer._manifest()._compiler
    with pytest.raises(SemanticError) as error:
        compiler.sql(["no_such_metric"], [], [])
    said = error.value.__cause__
    assert isinstance(said, _internals.MetricFlowException), MOVED.format("raises other errors")
    lines = [line.strip() for line in str(said).splitlines()]
    assert _internals.HEADING in lines, MOVED.format("its errors no longer say where the reason begins")
    assert _internals.reason_of(said) != "no reason given", MOVED.format("its errors no longer say the reason there")
