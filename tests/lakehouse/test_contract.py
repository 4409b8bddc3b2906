"""A contract says the same in Iceberg, in SQL and in Pandera."""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.errors import SchemaErrors, SchemaWarning

from lakehouse_assets.lakehouse.contract import Contract, TableModel, column, day
from lakehouse_assets.lakehouse.engines.duckdb_spec import DIALECT
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.publish.audit import audit, check_names
from lakehouse_assets.lakehouse.types import sql_type
from tests.lakehouse.readings import READINGS, RULES, Readings

ROWS_ONLY = replace(READINGS, key=())

record = st.fixed_dictionaries(
    {
        "taken_on": st.none() | st.sampled_from([date(2024, 1, d) for d in (1, 2)]),
        "meter": st.none() | st.sampled_from(["M1", "M2", "M33", "X1", "M", "aM1", "M1b"]),
        "state": st.none() | st.sampled_from(["ON", "OFF", "on", ""]),
        "value": st.none() | st.integers(-2, 102),
        "price": st.none() | st.sampled_from([Decimal("-1"), Decimal("0"), Decimal("0.2500")]),
    }
)
FRAME_SCHEMA = {
    "taken_on": pl.Date, "meter": pl.String, "state": pl.String, "value": pl.Int32, "price": pl.Decimal(18, 4),
}  # fmt: skip


def rejected_by_pandera(frame: pl.DataFrame) -> set[str]:
    """Columns and rules with errors, as Pandera sees the frame."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SchemaWarning)
        try:
            ROWS_ONLY.schema.validate(frame, lazy=True)
        except SchemaErrors as errors:
            rules = {r.name for r in RULES}
            cases = errors.failure_cases.to_dicts()
            return {c["check"] if c["check"] in rules else str(c["column"]) for c in cases}
    return set()


def _run(con: duckdb.DuckDBPyConnection, sql: str) -> pa.Table:
    return con.execute(sql).to_arrow_table()


def rejected_by_the_engine(frame: pl.DataFrame) -> set[str]:
    """The same from one aggregate query."""
    con = open_instance()
    con.register("frame", frame.to_arrow())
    columns = ", ".join(f'"{name}"::{kind} as "{name}"' for name, kind in ROWS_ONLY.types.items())
    outcomes = audit(partial(_run, con), ROWS_ONLY, f"(select {columns} from frame)", DIALECT)
    return {o.check.split("__")[0] for o in outcomes if o.blocking}


@settings(max_examples=60, deadline=None)
@given(st.lists(record, max_size=8))
def test_the_engine_rejects_exactly_what_pandera_rejects(records: list[dict]) -> None:
    frame = pl.DataFrame(records, schema=FRAME_SCHEMA)
    assert rejected_by_the_engine(frame) == rejected_by_pandera(frame)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 2), st.integers(1, 3)), max_size=6), st.sampled_from([1, 2, 1000]), st.booleans()
)
def test_a_repeated_key_is_found(keys: list[tuple[int, int]], rows_at_a_time: int, counted: bool) -> None:
    con = open_instance()
    con.execute("create table staged (taken_on date, meter varchar, state varchar, value int, price decimal(18,4))")
    for on, meter in keys:
        con.execute("insert into staged values (?, ?, 'ON', 1, 1)", [date(2024, 1, on), f"M{meter}"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lakehouse_assets.lakehouse.publish.audit.ROWS_AT_A_TIME", rows_at_a_time)
        outcomes = audit(partial(_run, con), READINGS, "staged", DIALECT, rows=len(keys) if counted else None)
    (key,) = [o for o in outcomes if o.check == "key__unique"]
    assert key.failed == len(keys) - len(set(keys))


def test_every_check_is_named_once() -> None:
    names = [name for name, _, _ in check_names(READINGS)]
    assert len(names) == len(set(names))
    assert "value__le" in names and "key__unique" in names and "schema" in names


def test_iceberg_schema_and_types_follow_the_model() -> None:
    assert READINGS.types == {
        "taken_on": "DATE", "meter": "VARCHAR", "state": "VARCHAR", "value": "INTEGER", "price": "DECIMAL(18,4)",
    }  # fmt: skip
    fields = READINGS.iceberg_schema().fields
    assert [str(f.field_type) for f in fields] == ["date", "string", "string", "int", "decimal(18, 4)"]
    assert fields[3].doc == "Reading, kWh"


def test_a_partition_on_an_unknown_column_is_refused() -> None:
    with pytest.raises(ValueError, match="'nowhere'"):
        Contract(Readings, "x", "gold", "test", grain="g", owner="o", partitions=(day("nowhere"),))


def test_an_undescribed_column_is_refused() -> None:
    class Bare(TableModel):
        """Bare."""

        a: pl.Int32 = column("")

    with pytest.raises(ValueError, match="without a description: a"):
        Contract(Bare, "x", "gold", "test", grain="g", owner="o")


def test_types_outside_the_contract_language_are_refused() -> None:
    with pytest.raises(TypeError, match="UInt8"):
        sql_type(pl.UInt8)


@pytest.mark.parametrize("dropped", [("meter",), ("gone", "gone"), ("was_a",)])
def test_a_name_is_of_one_column_now_or_before(dropped: tuple[str, ...]) -> None:
    class Renamed(TableModel):
        """Renamed."""

        meter: pl.Int32 = column("Meter", formerly=("was_a",))

    with pytest.raises(ValueError, match="names of more than one column"):
        Contract(Renamed, "x", "gold", "test", grain="g", owner="o", dropped=dropped)
