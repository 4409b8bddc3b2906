"""The SQL around a compiled plan: one SELECT, of the plan's columns, and the right rows on a real engine."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from nlq.answering.compiling.sql import finish, statement
from nlq.core.columns import key_columns, value_columns
from nlq.core.plan import Comparator, Comparison, DimensionFilter, Grain, OrderBy, Plan, Share, Threshold, TimeRange
from semantic.errors import SemanticError

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


def test_a_place_in_the_order_counts_values_not_rows() -> None:
    assert rows(by_d(limit=1, skip=1, ties=True)) == [("a", 10)]
    assert rows(by_d(limit=2, skip=1, ties=True)) == [("a", 10), (None, 5)]


def test_ranks_are_counted_within_groups() -> None:
    inner = (
        "select * from (values ('a', 'x', 3), ('a', 'y', 3), ('a', 'z', 1), ('b', 'x', 1), ('b', 'z', 2)) t(g, d, m)"
    )
    order = (OrderBy(field="m", descending=True),)
    plan = Plan(metrics=("m",), group_by=("d", "g"), order_by=order, limit=1, ties=True, within=("g",))
    assert duckdb.sql(finish(inner, plan)).fetchall() == [("x", "a", 3), ("y", "a", 3), ("z", "b", 2)]
    second = plan.model_copy(update={"skip": 1})
    assert duckdb.sql(finish(inner, second)).fetchall() == [("z", "a", 1), ("x", "b", 1)]


def test_values_that_pass_a_threshold_are_counted() -> None:
    bound = Threshold(metric="m", comparator=Comparator.GT, value=4)
    plan = Plan(metrics=("m",), group_by=("d",), having=(bound,), count=True)
    assert (key_columns(plan), value_columns(plan)) == ((), ("d__count",))
    assert rows(plan) == [(3,)]  # the unknown one is no value


@pytest.mark.parametrize(
    "more",
    [
        {"within": ("d",), "limit": 1, "ties": True},
        {"within": ("m",), "limit": 1, "ties": True},
        {"within": ("g",)},
        {"count": True, "within": ("d",)},
    ],
)
def test_what_cannot_be_ranked_or_counted_is_no_plan(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"within|count"):
        by_d(**more)


# Sales of three days of two years: 2025-01-01 a 1, 2025-01-02 b 2, 2026-01-01 a 3, 2026-02-01 a 4, nobody 5.
SALES = """(values (date '2025-01-01', 'a', 1), (date '2025-01-02', 'b', 2), (date '2026-01-01', 'a', 3),
    (date '2026-02-01', 'a', 4), (date '2026-02-01', null, 5)) t(day, d, m)"""


def compiled(plan: Plan) -> str:
    """What the semantic layer would give for a plan over these sales."""
    keys = [f"date_trunc('{plan.grain}', day)::date as metric_time__{plan.grain}"] if plan.grain else []
    names = [*keys, *plan.group_by]
    span = plan.time_range
    conditions = [
        f"day {sign} '{day}'" for sign, day in ((">=", span and span.start), ("<=", span and span.end)) if day
    ]
    conditions += [f"d in ({', '.join(repr(v) for v in f.values)})" for f in plan.filters if f.values]
    where = f" where {' and '.join(conditions)}" if conditions else ""
    metrics = [f"{'sum(m)' if name == 'm' else 'count(*)'} as {name}" for name in plan.metrics]
    return f"select {', '.join([*names, *metrics])} from {SALES}{where}" + (" group by all" if names else "")


def sold(**parts: Any) -> list[tuple]:
    plan = Plan(**{"metrics": ("m",), **parts})
    found = duckdb.sql(statement(plan, compiled))
    assert found.columns == [*key_columns(plan), *value_columns(plan)]
    return found.fetchall()


YEAR_2026 = TimeRange(start=date(2026, 1, 1), end=date(2026, 12, 31))
YEAR_2025 = TimeRange(start=date(2025, 1, 1), end=date(2025, 12, 31))


def test_shares_are_of_everything_even_the_unknown() -> None:
    assert sold(group_by=("d",), share=Share()) == [("a", 8, 8 / 15), ("b", 2, 2 / 15), (None, 5, 5 / 15)]
    part = (DimensionFilter(dimension="d", values=("a",)),)
    assert sold(share=Share(part=part)) == [(8, 8 / 15)]
    by_year = sold(grain=Grain.YEAR, share=Share(part=part, within=("metric_time",)))
    assert by_year == [(date(2025, 1, 1), 1, 1 / 3), (date(2026, 1, 1), 7, 7 / 12)]
    assert sum(row[3] for row in sold(grain=Grain.YEAR, group_by=("d",), share=Share(within=("metric_time",)))) == 2


def test_what_is_missing_on_one_side_of_a_comparison_stays() -> None:
    assert sold(time_range=YEAR_2026, compare_with=YEAR_2025) == [(12, 3, 3.0)]
    found = sold(group_by=("d",), time_range=YEAR_2026, compare_with=YEAR_2025)
    assert found == [("a", 7, 1, 6.0), ("b", None, 2, None), (None, 5, None, None)]


def test_every_step_beside_the_one_before() -> None:
    yearly = sold(grain=Grain.YEAR, comparison=Comparison.PREVIOUS_PERIOD)
    assert yearly == [(date(2025, 1, 1), 3, None, None), (date(2026, 1, 1), 12, 3, 3.0)]
    monthly = sold(grain=Grain.MONTH, comparison=Comparison.PREVIOUS_YEAR, time_range=YEAR_2026)
    assert monthly == [(date(2026, 1, 1), 3, 3, 0.0), (date(2026, 2, 1), 9, None, None)]


def test_ratios_and_averages() -> None:
    assert sold(metrics=("m", "n"), ratio=True) == [(15, 5, 3.0)]
    assert sold(group_by=("d",), average=True) == [(5.0,)]  # a 8, b 2; what has no group is no group
    assert sold(grain=Grain.MONTH, average=True) == [(5.0,)]  # 3, 3, 9
    assert sold(grain=Grain.MONTH, average=True, time_range=YEAR_2026) == [(1.0,)]  # 12 in 12 months


def test_along_a_time_that_is_too_long_there_is_nothing() -> None:
    plan = Plan.model_validate({"metrics": ["m"], "grain": "day", "running": {"of": "total"}})
    with pytest.raises(SemanticError, match="shorter time"):
        statement(plan, compiled, TimeRange(start=date(1, 1, 1), end=date(2025, 1, 1)))


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


@pytest.mark.parametrize("dialect", ["duckdb", "trino"])
@pytest.mark.parametrize(
    "parts",
    [
        {"group_by": ("d",), "share": Share()},
        {"grain": Grain.MONTH, "group_by": ("d",), "share": Share(within=("metric_time",))},
        {"time_range": YEAR_2026, "compare_with": YEAR_2025, "group_by": ("d",)},
        {"grain": Grain.QUARTER, "comparison": Comparison.PREVIOUS_PERIOD},
        {"grain": Grain.WEEK, "comparison": Comparison.PREVIOUS_PERIOD},
        {"metrics": ("m", "n"), "ratio": True, "group_by": ("d",)},
        {"grain": Grain.DAY, "average": True, "time_range": YEAR_2026},
        {"grain": Grain.MONTH, "group_by": ("d",), "average": True, "within": ("d",)},
        {"group_by": ("d", "g"), "count": True, "within": ("g", "m")},
        {"metrics": ("m", "n"), "ratio": True, "percent": True},
        {"group_by": ("d",), "having": ({"metric": "m", "comparator": "gt", "value": 1, "of": "mean"},)},
        {"group_by": ("d",), "having": ({"metric": "m", "comparator": "gt", "value": 1, "of": "overall"},)},
        {"grain": Grain.MONTH, "group_by": ("d",), "running": {"of": "average", "steps": 3}, "time_range": YEAR_2026},
        {"grain": Grain.DAY, "running": {"of": "total"}},
    ],
)
def test_what_is_computed_is_one_select_too(dialect: str, parts: dict[str, Any]) -> None:
    plan = Plan(**{"metrics": ("m",), **parts})
    for known in (None, YEAR_2025):
        (parsed,) = sqlglot.parse(statement(plan, lambda _: "select * from gold.t", known), read=dialect)
        assert isinstance(parsed, exp.Select)
        assert [c.alias_or_name for c in parsed.expressions] == [*key_columns(plan), *value_columns(plan)]
        assert {t.sql() for t in parsed.find_all(exp.Table)} <= {"gold.t", "found"}
