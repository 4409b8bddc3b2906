"""A contract says the same in Iceberg, in SQL and in Pandera."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.errors import SchemaErrors

from lakehouse_assets.lakehouse.audit import audit, check_names
from lakehouse_assets.lakehouse.contract import Contract, TableModel, column, day, sql_type
from tests.lakehouse.readings import READINGS, Readings

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


def pandera_failures(frame: pl.DataFrame) -> set[str]:
    """Names of the columns and rules Pandera rejects, warnings left out."""
    try:
        READINGS.schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        return {
            row["check"] if row["check"] in {r.name for r in READINGS.rules} else str(row["column"])
            for row in errors.failure_cases.to_dicts()
        }
    return set()


@settings(max_examples=60, deadline=None)
@given(st.lists(record, max_size=8))
def test_the_engine_rejects_exactly_what_pandera_rejects(records: list[dict]) -> None:
    frame = pl.DataFrame(records, schema=FRAME_SCHEMA)
    con = duckdb.connect()
    con.register("staged", frame.to_arrow())
    relation = "(select " + ", ".join(f'"{n}"::{t} as "{n}"' for n, t in READINGS.types.items()) + " from staged)"
    outcomes = audit(lambda sql: con.execute(sql).to_arrow_table(), READINGS, relation)
    engine_says = {o.check for o in outcomes if not o.passed and not (o.check == "price__gt")}
    by_column = {c if c in ("off_is_zero", "not_suspicious") else c.split("__")[0] for c in engine_says}
    pandera_says = pandera_failures(frame) - {"price"}
    warned = {"not_suspicious"}
    key_repeats = frame.select("taken_on", "meter").is_duplicated().any() if len(frame) else False
    assert by_column - {"key"} - warned == pandera_says - {"taken_on,meter", "Readings"} - warned - (
        {"taken_on", "meter"} - by_column if key_repeats else set()
    )
    assert ("key" in by_column) == key_repeats


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
