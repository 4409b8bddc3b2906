"""MetricFlow's SQL for Trino, made to mean what it means for DuckDB: exact percentiles, quotients that are not rounded.

Belongs here: what both dialects must agree on and MetricFlow leaves out for one. Does not belong here: compiling
(``engine``).
"""

from __future__ import annotations

from collections.abc import Collection

import sqlglot
from sqlglot import exp
from typing_extensions import override

from semantic.metricflow._internals import (
    SqlExpressionRenderResult,
    SqlPercentileExpression,
    SqlPercentileFunctionType,
    TrinoSqlExpressionRenderer,
    TrinoSqlPlanRenderer,
)

_SORTED = "array_sort(array_agg({value}) filter (where {value} is not null))"
_DISCRETE = "element_at(sorted, greatest(1, cast(ceil({p} * cardinality(sorted)) as bigint)))"
# The neighbours of position 1 + p (n - 1), weighed by how near they are.
_POSITION = "({p} * (cardinality(sorted) - 1))"
_CONTINUOUS = (
    "sorted[cast(floor({at}) as bigint) + 1] + ({at} - floor({at})) "
    "* (sorted[cast(ceil({at}) as bigint) + 1] - sorted[cast(floor({at}) as bigint) + 1])"
)


class ExactPercentiles(TrinoSqlExpressionRenderer):
    """Percentiles of a sorted array: exact as DuckDB's, at the cost of a group's values in memory."""

    @property
    @override
    def supported_percentile_function_types(self) -> Collection[SqlPercentileFunctionType]:
        exact = (SqlPercentileFunctionType.CONTINUOUS, SqlPercentileFunctionType.DISCRETE)
        return {*super().supported_percentile_function_types, *exact}

    @override
    def visit_percentile_expr(self, node: SqlPercentileExpression) -> SqlExpressionRenderResult:
        """Render a percentile."""
        kind, percentile = node.percentile_args.function_type, node.percentile_args.percentile
        if kind not in (SqlPercentileFunctionType.CONTINUOUS, SqlPercentileFunctionType.DISCRETE):
            return super().visit_percentile_expr(node)
        value = self.render_sql_expr(node.order_by_arg)
        template = _CONTINUOUS if kind is SqlPercentileFunctionType.CONTINUOUS else _DISCRETE
        # A decimal literal would make the position a decimal, and so the result.
        p = f"{percentile:e}"
        picked = template.format(p=p, at=_POSITION.format(p=p))
        # The lambda names the array, which would otherwise be sorted once for each time it is mentioned.
        array = _SORTED.format(value=value.sql)
        return SqlExpressionRenderResult(
            sql=f"element_at(transform(array[{array}], sorted -> {picked}), 1)",
            bind_parameter_set=value.bind_parameter_set,
        )


def dividing_as_doubles(sql: str) -> str:
    """The same query, in which every quotient is a double, as DuckDB has it.

    Trino would cut off that of whole numbers, and round that of decimals to their scale.
    """

    def as_double(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Div):
            node.set("this", exp.cast(node.this, "double", dialect="trino"))
        return node

    return sqlglot.parse_one(sql, read="trino").transform(as_double).sql("trino")


class PlanRenderer(TrinoSqlPlanRenderer):
    """MetricFlow's plan renderer for Trino, with exact percentiles."""

    EXPR_RENDERER = ExactPercentiles()
