"""A condition has an outcome for every row, however large its values."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext
from functools import partial
from typing import Annotated

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lakehouse_assets.lakehouse.contract import Contract, TableModel, column, rule
from lakehouse_assets.lakehouse.engines.duckdb_spec import DIALECT
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.evaluation import decided
from lakehouse_assets.lakehouse.publish.audit import audit

MOST = 2**63 - 1
UNITS = Decimal("999999999999999.999")
TYPES = {"units": "DECIMAL(18,3)", "price": "DECIMAL(18,4)", "amount": "DECIMAL(18,4)", "a": "BIGINT", "b": "BIGINT"}
RULES = (
    rule("amount_fits", "abs(amount - units * price) <= 0.01", description="It does.", severity="warning"),
    rule("price_within_amount", "price <= amount + 0.01", description="It is."),
    rule("b_within_a", "a + b >= 2 * b", description="It is."),
)


class Amounts(TableModel):
    """Numbers up to the limits of their types."""

    units: Annotated[pl.Decimal, 18, 3] = column("Units", nullable=True)
    price: Annotated[pl.Decimal, 18, 4] = column("Price", nullable=True)
    amount: Annotated[pl.Decimal, 18, 4] = column("Amount", nullable=True)
    a: pl.Int64 = column("A number", nullable=True)
    b: pl.Int64 = column("A number", nullable=True)


AMOUNTS = Contract(Amounts, "amounts", "silver", "test", "row", "team:test", rules=RULES)
Row = tuple[Decimal | None, Decimal | None, Decimal | None, int | None, int | None]


def decimals(places: int) -> st.SearchStrategy[Decimal]:
    limit = Decimal(10**18 - 1).scaleb(-places)
    return st.one_of(st.sampled_from([limit, -limit]), st.decimals(-limit, limit, places=places))


rows = st.tuples(
    st.none() | decimals(3), st.none() | decimals(4), st.none() | decimals(4),
    *[st.none() | st.integers(-MOST - 1, MOST)] * 2,
)  # fmt: skip


def broken(row: Row) -> set[str]:
    """The rules that a row breaks, worked out without limits."""
    units, price, amount, a, b = row
    with localcontext() as context:
        context.prec = 60
        fits = None in (units, price, amount) or abs(amount - units * price) <= Decimal("0.01")  # pyright: ignore
        within = None in (price, amount) or price <= amount + Decimal("0.01")  # pyright: ignore
        less = None in (a, b) or a + b >= 2 * b  # pyright: ignore
    return {r.name for r, holds in zip(RULES, (fits, within, less), strict=True) if not holds}


def _run(con: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    return con.execute(sql).to_arrow_table()


def seen(contract: Contract, staged: list[Row]) -> dict[str, int]:
    """How many rows break each check, as the engine counts them."""
    con = open_instance()
    con.execute("create table staged (" + ", ".join(f"{n} {k}" for n, k in contract.types.items()) + ")")
    con.executemany("insert into staged values (?, ?, ?, ?, ?)", staged)
    return {o.check: o.failed for o in audit(partial(_run, con), contract, "staged", DIALECT)}


@settings(max_examples=60, deadline=None)
@given(st.lists(rows, min_size=1, max_size=4))
@example(
    [(Decimal("999999999999999.999"), Decimal("99999999999999.9999"), Decimal("-99999999999999.9999"), MOST, MOST)]
)
def test_arithmetic_at_the_limits_of_the_types_is_exact(staged: list[Row]) -> None:
    found = seen(AMOUNTS, staged)
    assert {r.name: found[r.name] for r in RULES} == {
        r.name: sum(r.name in broken(row) for row in staged) for r in RULES
    }


def test_a_row_that_a_rule_cannot_be_evaluated_for_breaks_it_and_no_other_row_does() -> None:
    hard = rule("cube", "amount * amount * amount >= 0", description="It is.", severity="warning")
    two = Decimal(2)
    staged: list[Row] = [
        (two, two, Decimal("99999999999999.9999"), 1, 1),
        (two, two, two, 1, 1),
        (None, None, None, 1, 1),
    ]
    assert seen(replace(AMOUNTS, rules=(hard,)), staged)["cube"] == 1


@pytest.mark.parametrize("dialect", ["duckdb", "trino"])
def test_what_is_always_evaluated_stays_as_it_is(dialect: str) -> None:
    assert decided('not ("a" <= "b")', TYPES, dialect) == 'NOT ("a" <= "b")'
    assert decided("not (a + b > units)", TYPES, dialect) == (
        "COALESCE(TRY(COALESCE(NOT (CAST(a AS DECIMAL(38, 0)) + CAST(b AS DECIMAL(38, 0)) > units), FALSE)), TRUE)"
    )
