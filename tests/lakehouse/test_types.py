"""Each type of a contract has one name in every engine and format, and is known again by it."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
import pytest
from pyiceberg.io.pyarrow import schema_to_pyarrow

from lakehouse_assets.lakehouse.engines.trino_spec import DIALECT
from lakehouse_assets.lakehouse.types import (
    arrow_of_sql,
    arrow_type,
    iceberg_type,
    name_of_arrow,
    sql_type,
)

POLARS = {
    "VARCHAR": pl.String(), "INTEGER": pl.Int32(), "BIGINT": pl.Int64(), "DOUBLE": pl.Float64(),
    "BOOLEAN": pl.Boolean(), "DATE": pl.Date(), "TIMESTAMP": pl.Datetime("us"), "DECIMAL(18,4)": pl.Decimal(18, 4),
}  # fmt: skip


@pytest.mark.parametrize(("name", "dtype"), POLARS.items())
def test_a_type_is_known_again_by_each_of_its_names(name: str, dtype: pl.DataType) -> None:
    assert sql_type(dtype) == name
    assert name_of_arrow(arrow_type(name)) == name
    assert arrow_of_sql(DIALECT.type_name(name)) == arrow_type(name)
    of_iceberg = schema_to_pyarrow(iceberg_type(name))
    assert of_iceberg in (arrow_type(name), pa.large_string())


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("tinyint", pa.int8()), ("varchar(9)", pa.string()), ("timestamp(6) with time zone", pa.timestamp("us", "UTC")),
        ("timestamp(3)", pa.timestamp("us")), ("decimal(10, 2)", pa.decimal128(10, 2)),
        ("map(varchar, bigint)", pa.string()), ("row(a bigint)", pa.string()),
    ],
)  # fmt: skip
def test_types_of_other_tables_on_trino(name: str, kind: pa.DataType) -> None:
    assert arrow_of_sql(name) == kind


def test_what_no_contract_may_use_keeps_its_own_name() -> None:
    assert name_of_arrow(pa.uint8()) == "uint8"
