"""`profile_of` against Python, NumPy and polars: small tables with whatever values an engine takes.

Belongs here: figures of relations. Does not belong here: tables of the lake (test_tables), issues (test_findings).
"""

from __future__ import annotations

import json
import math
import statistics
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets.lakehouse.engines.duckdb_spec import DIALECT
from lakehouse_assets.lakehouse.engines.instances import open_closed
from lakehouse_assets.profiling.compute import profile_of
from lakehouse_assets.profiling.model import Profile

FEW = settings(max_examples=25, deadline=None)
ROWS: dict[str, Any] = {"max_size": 30}


@pytest.fixture(scope="module")
def con():
    with open_closed() as made:
        yield made


def profiled(con: duckdb.DuckDBPyConnection, table: pa.Table, **more: Any) -> Profile:
    con.register("given", table)
    found = profile_of("given", lambda sql: con.execute(sql).to_arrow_table(), DIALECT, **more)
    assert Profile.model_validate(json.loads(json.dumps(found.to_json(), allow_nan=False))) == found
    return found


def column(con: duckdb.DuckDBPyConnection, values: list[Any], kind: pa.DataType) -> Any:
    return profiled(con, pa.table({"c": pa.array(values, kind)})).columns[0]


@FEW
@given(values=st.lists(st.none() | st.floats(), **ROWS))
def test_floats(con, values):
    found = column(con, values, pa.float64())
    there = [v for v in values if v is not None]
    usable = [v for v in there if abs(v) < 1e140]
    assert found.nulls == values.count(None)
    assert found.distinct == len(np.unique(np.array(there, float)))
    assert found.unusable == len(there) - len(usable)
    comparable = [v for v in there if not math.isnan(v)]
    assert float(found.low) == min(comparable) if comparable else found.low is None
    assert float(found.high) == max(comparable) if comparable else found.high is None
    if usable:
        scale = max(map(abs, usable))
        assert found.mean == pytest.approx(math.fsum(usable) / len(usable), rel=1e-9, abs=scale * 1e-9)
        assert all(min(usable) <= v <= max(usable) for v in found.quantiles.values())
    if len(usable) > 1:
        assert found.deviation == pytest.approx(np.std(usable, ddof=1), rel=1e-6, abs=max(map(abs, usable)) * 1e-6)
    assert sum(bar.count for bar in found.histogram) == (len(usable) if len(set(usable)) > 1 else 0)


@FEW
@given(values=st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), **ROWS))
def test_integers(con, values):
    found = column(con, values, pa.int64())
    there = [v for v in values if v is not None]
    assert (found.distinct, found.distinct_is_exact) == (len(set(there)), True)
    if there:
        assert (int(found.low), int(found.high)) == (min(there), max(there))
        assert found.mean == pytest.approx(statistics.fmean(there), rel=1e-9, abs=max(map(abs, there)) * 1e-12)
        assert all(isinstance(v, str) or abs(v) < 2**53 for v in (found.low, found.high))


@FEW
@given(values=st.lists(st.none() | st.decimals(1 - 10**27, 10**27 - 1, places=10), **ROWS))
def test_decimals_of_38_digits(con, values):
    found = column(con, values, pa.decimal128(38, 10))
    there = [v for v in values if v is not None]
    assert found.distinct == len(set(there))
    if there:
        assert (Decimal(found.low), Decimal(found.high)) == (min(there), max(there))


@FEW
@given(values=st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8), **ROWS))
def test_texts(con, values):
    found = column(con, values, pa.string())
    there = [v for v in values if v is not None]
    assert found.distinct == len(set(there))
    if there:
        order = sorted(there, key=lambda v: v.encode())
        assert (found.low, found.high) == (order[0], order[-1])
        assert (found.shortest, found.longest) == (min(map(len, there)), max(map(len, there)))
    counted = Counter(there)
    assert all(counted[one.value] == one.count for one in found.top)
    if found.top:
        assert [one.count for one in found.top] == [n for _, n in counted.most_common(len(found.top))]


@FEW
@given(values=st.lists(st.none() | st.datetimes(timezones=st.just(UTC)), **ROWS))
def test_times_with_a_zone(con, values):
    found = column(con, values, pa.timestamp("us", "UTC"))
    there = [v for v in values if v is not None]
    assert found.distinct == len(set(there))
    assert sum(bar.count for bar in found.histogram) in (0, len(there))
    if there and min(there).year > 1000:
        assert datetime.fromisoformat(found.low) == min(there)


@FEW
@given(
    rows=st.lists(st.tuples(st.sampled_from([None, 0.0, -0.0, math.nan, 1.5]), st.sampled_from([None, "", "a\nb"])),
                  **ROWS)
)  # fmt: skip
def test_copies_of_rows(con, rows):
    table = pa.table(
        {"a": pa.array([a for a, _ in rows], pa.float64()), "b": pa.array([b for _, b in rows], pa.string())}
    )
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    assert profiled(con, table).duplicates == len(rows) - frame.unique().height


def test_columns_of_every_type_there_is(con):
    con.execute("create or replace temp table every as select * from test_all_types() ")
    found = profile_of("every", lambda sql: con.execute(sql).to_arrow_table(), DIALECT)
    assert found.rows == 3 and all(c.nulls == 1 for c in found.columns)
    json.dumps(found.to_json(), allow_nan=False)


@pytest.mark.parametrize("names", [[], ["a"], ['a"b', "select", " ", "a\nb", "Ä"]])
def test_empty_tables_and_odd_names(con, names):
    found = profiled(
        con, pa.table({name: pa.array([], pa.int64()) for name in names} or {"x": pa.array([], pa.null())})
    )
    assert (found.rows, found.score, [i.code for i in found.issues]) == (0, None, ["no_rows"])


def test_nested_values_are_compared_as_texts(con):
    found = column(con, [[1, None], [1, None], None, []], pa.list_(pa.int64()))
    assert (found.kind, found.nulls, found.distinct) == ("other", 1, 2)


def test_more_columns_than_one_statement_has(con):
    table = pa.table({f"c{i}": pa.array([i, i, None]) for i in range(60)})
    found = profiled(con, table)
    assert [c.low for c in found.columns] == list(range(60)) and found.duplicates == 1


def test_different_values_are_estimated_beyond_a_bound_and_said_so(con):
    con.execute("create or replace temp table many as select range as i, range % 10 as few from range(300000)")
    found = profile_of("many", lambda sql: con.execute(sql).to_arrow_table(), DIALECT)
    many, few = found.columns
    assert not many.distinct_is_exact and many.distinct == pytest.approx(300_000, rel=0.2)
    assert (few.distinct, few.distinct_is_exact) == (10, True)


def test_a_sample_is_taken_of_more_rows_and_said_so(con, monkeypatch):
    monkeypatch.setattr("lakehouse_assets.profiling.compute.SAMPLE_ROWS", 20_000)
    con.execute("create or replace temp table many as select range as i from range(300000)")
    found = profile_of("many", lambda sql: con.execute(sql).to_arrow_table(), DIALECT, rows=300_000)
    assert found.sampled and found.rows == 300_000 and 0 < found.looked_at < 100_000


def test_figures_of_a_sample_go_together_and_none_is_said_to_be_exact(con, monkeypatch):
    monkeypatch.setattr("lakehouse_assets.profiling.compute.SAMPLE_ROWS", 20_000)
    con.execute("create or replace temp table many as select 1 as same, range % 5 as few from range(300000)")
    con.execute("insert into many select null, null from range(30000)")
    found = profile_of("many", lambda sql: con.execute(sql).to_arrow_table(), DIALECT, rows=330_000)
    same, few = found.columns
    assert found.duplicates < found.looked_at and found.score is not None and 0 <= found.score <= 1
    for one in (same, few):
        assert sum(top.count for top in one.top) == pytest.approx(found.looked_at - one.nulls, abs=5)
        assert not one.distinct_is_exact
    assert (same.distinct, few.distinct) == (1, 5)
    assert sum(bar.count for bar in few.histogram) == pytest.approx(found.looked_at - few.nulls, abs=12)
    assert ("constant", "same") in [(issue.code, issue.column) for issue in found.issues]


def test_columns_that_do_not_count_where_rows_are_compared(con):
    table = pa.table({"number": [1, 2, 3], "value": ["a", "a", "b"]})
    assert profiled(con, table).duplicates == 0
    assert profiled(con, table, ignoring=["number"]).duplicates == 1


def test_values_are_left_out_for_those_who_may_not_see_them(con):
    found = profiled(con, pa.table({"phone": ["0123", "0123"], "n": [1, 2]})).without_values({"phone"})
    assert "0123" not in json.dumps(found.to_json())
    assert found.columns[0].hidden and found.columns[0].distinct == 1 and found.columns[1].high == 2
