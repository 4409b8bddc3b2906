"""No value of a filter is ever read as Jinja or SQL."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlglot
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from lakehouse_assets.lakehouse.engines.instances import open_instance
from semantic.errors import SemanticError
from semantic.layer import SemanticLayer
from semantic.requests.filters import OPERATORS, Filter, fill, literal, placeholder

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
HOSTILE = st.sampled_from(
    [
        "'; drop table gold.gold_pgr_case_lifecycle; --",
        "{{ Dimension('complaint__tenant_id') }}",
        "{% for x in range(9**9) %}{% endfor %}",
        "{# comment #}",
        "\\' or 1=1 --",
        "' or ''='",
        "'__asklake_value_0__'",
        "__asklake_value_1__",
        "$$",
        '/* */ " ` \n\r\t',
    ]
)
CON = open_instance()


@settings(deadline=None)
@given(TEXT | HOSTILE)
def test_text_stays_what_it_is(value: str) -> None:
    assert CON.execute(f"select {literal(value)}").fetchall() == [(value,)]
    for dialect in ("duckdb", "trino"):
        (tree,) = sqlglot.parse(f"select {literal(value)}", read=dialect)
        assert isinstance(tree, exp.Select)
        (only,) = tree.expressions
        assert isinstance(only, exp.Literal)
        assert only.this == value


@settings(deadline=None)
@given(
    st.integers(-(10**18), 10**18)
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=4)
    | st.dates()
    | st.datetimes()
)
def test_other_values_stay_what_they_are(value: Any) -> None:
    assert CON.execute(f"select {literal(value)}").fetchall() == [(value,)]


@pytest.mark.parametrize("value", ["a\x00b", "\ud800", float("nan"), float("inf"), Decimal("NaN"), None, b"x", [1]])
def test_what_has_no_literal_is_refused(value: Any) -> None:
    with pytest.raises(SemanticError):
        Filter("ward_id", "eq", (value,))


def test_a_time_with_a_zone_is_refused() -> None:
    with pytest.raises(SemanticError, match="UTC"):
        Filter("closed_at", "ge", (datetime.fromisoformat("2026-01-01T00:00:00+05:30"),))


@pytest.mark.parametrize(
    ("operator", "values"),
    [("like", ("a",)), ("eq", ()), ("eq", (1, 2)), ("in", ()), ("between", (1,)), ("is_null", (1,))],
)
def test_operators_take_the_values_they_take(operator: str, values: tuple[int, ...]) -> None:
    with pytest.raises(SemanticError):
        Filter("ward_id", operator, values)


@settings(deadline=None)
@given(st.lists(TEXT | HOSTILE, min_size=1, max_size=4))
def test_what_was_put_in_is_not_looked_at_again(values: list[str]) -> None:
    template = " | ".join(placeholder(i) for i in range(len(values)))
    assert fill(template, values) == " | ".join(values)


ROWS = "(values ('a', 1), ('B', 2), ('a''c', 3), (null, 4)) t(x, n)"


MEANINGS = [
    (Filter("x", "eq", ("a",)), [1]),
    (Filter("x", "ne", ("a",)), [2, 3, 4]),
    (Filter("x", "in", ("a", "B")), [1, 2]),
    (Filter("x", "not_in", ("a", "B")), [3, 4]),
    (Filter("x", "contains", ("A",)), [1, 3]),
    (Filter("x", "contains", ("%",)), []),
    (Filter("x", "contains", ("b", "C")), [2, 3]),
    (Filter("x", "contains", ("'C",)), [3]),
    (Filter("x", "is_null"), [4]),
    (Filter("x", "not_null"), [1, 2, 3]),
    (Filter("x", "is_not_null"), [1, 2, 3]),
    (Filter("n", "gt", (2,)), [3, 4]),
    (Filter("n", "ge", (2,)), [2, 3, 4]),
    (Filter("n", "lt", (2,)), [1]),
    (Filter("n", "le", (2.5,)), [1, 2]),
    (Filter("n", "between", (2, Decimal("3.0"))), [2, 3]),
]


@pytest.mark.parametrize(("condition", "kept"), MEANINGS)
def test_operators_mean_what_they_say(condition: Filter, kept: list[int]) -> None:
    template, texts = condition.condition(condition.dimension, 0)
    found = CON.execute(f"select n from {ROWS} where {fill(template, texts)} order by n").fetchall()
    assert [n for (n,) in found] == kept


def test_every_operator_is_tested() -> None:
    assert {condition.operator for condition, _ in MEANINGS} == set(OPERATORS)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=TEXT | HOSTILE, operator=st.sampled_from(["eq", "ne", "in", "not_in", "contains"]))
@example(value="{{ 1/0 }}", operator="eq")
def test_compiled_sql_differs_by_one_literal_only(layer: SemanticLayer, value: str, operator: str) -> None:
    def literals(text: str) -> tuple[str, list[str]]:
        compiled = layer.compile(["pgr_complaints"], ["channel"], [Filter("ward_id", operator, (text,))])
        (tree,) = sqlglot.parse(compiled.sql, read="duckdb")
        assert tree is not None
        strings = [node for node in tree.find_all(exp.Literal) if node.is_string]
        found = [node.this for node in strings]
        for node in strings:
            node.set("this", "")
        return tree.sql(dialect="duckdb"), found

    shape, found = literals(value)
    plain_shape, plain = literals("WARD_01")
    assert shape == plain_shape
    assert [a for a, b in zip(found, plain, strict=True) if a != b] == ([] if value == "WARD_01" else [value])


def test_dates_and_booleans_filter_as_such(layer: SemanticLayer) -> None:
    compiled = layer.compile(
        ["pgr_complaints"],
        where=[Filter("is_open", "eq", (True,)), Filter("submitted_date", "lt", (date(2025, 2, 1),))],
    )
    assert "= TRUE" in compiled.sql
    assert "< DATE '2025-02-01'" in compiled.sql
