"""The types that columns of contracts have, and what Polars, Iceberg, Arrow and standard SQL call them.

Belongs here: translations between the names. Does not belong here: values, or types of files that are loaded (ingest).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl

# PyArrow and PyIceberg are imported where they are used: contracts alone need neither, and each takes 100 ms or more.
if TYPE_CHECKING:
    import pyarrow as pa
    from pyiceberg.types import IcebergType

_POLARS = {
    pl.String: "VARCHAR", pl.Int32: "INTEGER", pl.Int64: "BIGINT", pl.Float64: "DOUBLE", pl.Boolean: "BOOLEAN",
    pl.Date: "DATE",
}  # fmt: skip
_DECIMAL = re.compile(r"DECIMAL\((\d+), ?(\d+)\)", re.IGNORECASE)


def sql_type(dtype: Any) -> str:
    """The contract's type of a Polars dtype.

    Raises:
        TypeError: a type no contract may use.
    """
    if isinstance(dtype, pl.Decimal) or dtype == pl.Decimal:
        return f"DECIMAL({dtype.precision},{dtype.scale})"
    for known, name in _POLARS.items():
        if dtype == known:
            return name
    if dtype == pl.Datetime("us"):
        return "TIMESTAMP"
    raise TypeError(f"no table may have a column of type {dtype}")


def iceberg_type(name: str) -> IcebergType:
    """The Iceberg type of a contract's type."""
    from pyiceberg import types as t

    if match := _DECIMAL.fullmatch(name):
        return t.DecimalType(int(match[1]), int(match[2]))
    return {
        "VARCHAR": t.StringType, "INTEGER": t.IntegerType, "BIGINT": t.LongType, "DOUBLE": t.DoubleType,
        "BOOLEAN": t.BooleanType, "DATE": t.DateType, "TIMESTAMP": t.TimestampType,
    }[name]()  # fmt: skip


def arrow_type(name: str) -> pa.DataType:
    """The Arrow type of a contract's type."""
    import pyarrow as pa

    if match := _DECIMAL.fullmatch(name):
        return pa.decimal128(int(match[1]), int(match[2]))
    return _arrow()[name]


def name_of_arrow(kind: pa.DataType) -> str:
    """The contract's type of an Arrow type; of a type no contract may use, Arrow's own name."""
    import pyarrow as pa

    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision},{kind.scale})"
    return next((name for name, known in _arrow().items() if known == kind), str(kind))


def arrow_of_sql(name: str) -> pa.DataType:
    """The Arrow type of a type of standard SQL, of whichever table; of one that has none, that of its text."""
    import pyarrow as pa

    plain = name.split("(")[0].strip().upper()
    if match := _DECIMAL.fullmatch(name):
        return pa.decimal128(int(match[1]), int(match[2]))
    if plain == "TIMESTAMP" and "with time zone" in name:
        return pa.timestamp("us", "UTC")
    others = {"TINYINT": pa.int8(), "SMALLINT": pa.int16(), "REAL": pa.float32(), "VARBINARY": pa.binary()}
    return (_arrow() | others).get(plain, pa.string())


@cache
def _arrow() -> dict[str, pa.DataType]:
    import pyarrow as pa

    return {
        "VARCHAR": pa.string(), "INTEGER": pa.int32(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(), "DATE": pa.date32(), "TIMESTAMP": pa.timestamp("us"),
    }  # fmt: skip
