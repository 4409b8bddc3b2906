"""DuckDB, before it is opened: its SQL where that is not every engine's, and what its errors mean.

Belongs here: its specification. Does not belong here: the engine and its sessions (duckdb), or opening instances.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lakehouse_assets.lakehouse.engines.dialect import Dialect
from lakehouse_assets.lakehouse.engines.spec import EngineSpec, Failures
from lakehouse_assets.lakehouse.sql import quoted

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.duckdb import DuckDBEngine
    from lakehouse_assets.lakehouse.engines.protocol import Catalog
    from lakehouse_assets.settings import Settings


def _hashed(key: Sequence[str]) -> str:
    return f"hash({', '.join(quoted(k) for k in key)})"


def _open(settings: Settings, catalog: Catalog) -> DuckDBEngine:
    from lakehouse_assets.lakehouse.engines.duckdb import DuckDBEngine  # noqa: PLC0415 - 1.2 s with PyIceberg

    if settings.parts.tables == "folder":
        return DuckDBEngine(settings)
    from lakehouse_assets.lakehouse.nessie.catalog import require_nessie  # noqa: PLC0415 - of the cluster profile

    return DuckDBEngine(settings, require_nessie(catalog).heads_with)


def _words(error: BaseException) -> str:
    """What it says, without its copy of the statement, which is not the one that was typed."""
    said = str(error).split("\nLINE ")[0]
    return re.sub(r"^[A-Z][A-Za-z ]*Error: ", "", said.strip())


DIALECT = Dialect(
    name="duckdb",
    type_name=str,
    hashed=_hashed,
    distinct="approx_count_distinct({0})",
    quantiles="cast(approx_quantile({0}, [{1}]) filter (where {2}) as varchar)",
    epoch="epoch({0})",
    nan="isnan({0})",
    finite="isfinite({0})",
    # 64 bits of each row: among ten million rows, two different ones have the same once in 400,000 tables.
    duplicates="select count(*) - count(distinct hash({0})) as n from {1}",
    sampled="(select * from {0} tablesample system ({1:.6f} percent))",
    local="timezone({1}, timezone('UTC', {0}))",
    metricflow="DUCKDB",
)
SPEC = EngineSpec(
    dialect=DIALECT,
    open=_open,
    writer="lakehouse_assets.lakehouse.publish.by_duckdb:DuckDBWriter",
    dbt="lakehouse_assets.lakehouse.dbt.duckdb_plugin:bound",
    dbt_adapter="dbt.adapters.duckdb",
    failures=Failures(
        modules=("_duckdb", "duckdb"),
        words=_words,
        of_statements=frozenset({
            "BinderException", "CatalogException", "ParserException", "ConversionException", "InvalidInputException",
            "OutOfRangeException",
        }),
        passing=frozenset({"IOException", "HTTPException", "OutOfMemoryException"}),
        passing_words=("IO Error", "HTTP Error", "Out of Memory Error"),
        of_memory=frozenset({"OutOfMemoryException"}),
    ),
)  # fmt: skip
