"""MetricFlow's SQL made to mean the same in every engine: exact percentiles, quotients that are not rounded.

Belongs here: what all dialects must agree on and MetricFlow leaves out for some. Does not belong here: compiling
(``engine``), or the SQL of any engine (its dialect).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from typing_extensions import override

from semantic.metricflow._internals import (
    DefaultSqlExpressionRenderer,
    DefaultSqlPlanRenderer,
    SqlEngine,
    SqlExpressionRenderResult,
    SqlPercentileExpression,
    SqlPercentileFunctionType,
    plan_renderer_of,
)

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.dialect import Dialect, Percentiles

_EXACT = (SqlPercentileFunctionType.CONTINUOUS, SqlPercentileFunctionType.DISCRETE)


def renderer_of(dialect: Dialect) -> DefaultSqlPlanRenderer:
    """MetricFlow's renderer for an engine, with exact percentiles where it has none of its own."""
    plans = plan_renderer_of(SqlEngine[dialect.metricflow])
    if dialect.percentiles is None:
        return plans()
    own = type(plans.EXPR_RENDERER)
    expressions = type("Expressions", (ExactPercentiles, own), {"percentiles": dialect.percentiles})
    return type("Plans", (plans,), {"EXPR_RENDERER": expressions()})()


class ExactPercentiles(DefaultSqlExpressionRenderer):
    """A renderer, to be mixed into that of an engine, of percentiles as the engine's dialect has them."""

    percentiles: Percentiles

    @property
    @override
    def supported_percentile_function_types(self) -> Collection[SqlPercentileFunctionType]:
        return {*super().supported_percentile_function_types, *_EXACT}

    @override
    def visit_percentile_expr(self, node: SqlPercentileExpression) -> SqlExpressionRenderResult:
        """Render a percentile."""
        kind, percentile = node.percentile_args.function_type, node.percentile_args.percentile
        if kind not in _EXACT:
            return super().visit_percentile_expr(node)
        value = self.render_sql_expr(node.order_by_arg)
        is_continuous = kind is SqlPercentileFunctionType.CONTINUOUS
        pattern = self.percentiles.continuous if is_continuous else self.percentiles.discrete
        # A decimal literal would make the position a decimal, and so the result.
        sql = pattern.format(value=value.sql, p=f"{percentile:e}")
        return SqlExpressionRenderResult(sql=sql, bind_parameter_set=value.bind_parameter_set)


def dividing_as_doubles(sql: str, dialect: str) -> str:
    """The same query, in which every quotient is a floating-point number.

    Args:
        sql: The query.
        dialect: sqlglot's name of its dialect, in which others would be cut off or rounded.
    """

    def as_double(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Div):
            node.set("this", exp.cast(node.this, "double", dialect=dialect))
        return node

    return sqlglot.parse_one(sql, read=dialect).transform(as_double).sql(dialect)
