"""The SQL around a compiled plan: one SELECT, of the plan's columns, and the right rows on a real engine."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from nlq.plan import Comparator, Grain, OrderBy, Plan, Threshold
from nlq.sql import finish, key_columns

INNER = "select * from (values ('a', 10, 0.5), ('b', 30, null), ('c', 30, 0.1), (null, 5, 0.2)) t(d, m, r)"


def rows(plan: Plan) -> list[tuple]:
    return duckdb.sql(finish(INNER, plan)).fetchall()


def by_d(**more: Any) -> Plan:
    return Plan(metrics=("m",), group_by=("d",), order_by=(OrderBy(field="m", descending=True),), **more)


def test_order_is_total_and_nulls_are_last() -> None:
    assert rows(by_d()) == [("b", 30), ("c", 30), ("a", 10), (None, 5)]
    plan = Plan(metrics=("r",), group_by=("d",), order_by=(OrderBy(field="r"),))
    assert [row[0] for row in rows(plan)] == ["c", None, "a", "b"]


def test_ties_are_kept() -> None:
    assert rows(by_d(limit=1, ties=True)) == [("b", 30), ("c", 30)]
    assert rows(by_d(limit=2, ties=True)) == [("b", 30), ("c", 30)]
    assert rows(by_d(limit=3, ties=True)) == [("b", 30), ("c", 30), ("a", 10)]


def test_ranks_leave_out_rows_without_a_value() -> None:
    plan = Plan(metrics=("r",), group_by=("d",), order_by=(OrderBy(field="r"),), limit=10, ties=True)
    assert [row[0] for row in rows(plan)] == ["c", None, "a"]


def test_thresholds() -> None:
    plan = by_d(having=(Threshold(metric="m", comparator=Comparator.GE, value=10),))
    assert [row[0] for row in rows(plan)] == ["b", "c", "a"]


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(NAMES, NAMES, st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 1000), st.booleans())
@pytest.mark.parametrize("dialect", ["duckdb", "trino"])
def test_always_one_select(dialect: str, metric: str, group: str, bound: float, limit: int, ties: bool) -> None:
    """Even names that no layer would have cannot change the shape."""
    if metric == group:
        return
    plan = Plan(
        metrics=(metric,),
        group_by=(group,),
        grain=Grain.MONTH,
        having=(Threshold(metric=metric, comparator=Comparator.GT, value=bound),),
        order_by=(OrderBy(field=metric, descending=True), OrderBy(field="metric_time")),
        limit=limit,
        ties=ties,
    )
    parsed = sqlglot.parse(finish("select 1 as x from gold.t", plan), read=dialect)
    assert len(parsed) == 1
    assert isinstance(parsed[0], exp.Select)
    assert [c.alias_or_name for c in parsed[0].expressions] == [*key_columns(plan), metric]
    assert not list(parsed[0].find_all(exp.Command, exp.DDL))
    assert {t.sql() for t in parsed[0].find_all(exp.Table)} == {"gold.t"}
