"""What the door into dbt uses is where it was; see `tests.doors`."""

from __future__ import annotations

import pytest

from tests.doors import Member, require

DOOR = "lakehouse_assets/lakehouse/dbt/_internals.py"
_MANIFEST = "dbt.contracts.graph.manifest:Manifest"
MEMBERS = [
    Member(
        _MANIFEST,
        (
            "nodes",
            "sources",
            "unit_tests",
            "semantic_models",
            "metrics",
            "saved_queries",
            "exposures",
            "flat_graph",
        ),
    ),
    Member(f"{_MANIFEST}.build_flat_graph"),
]


@pytest.mark.parametrize("member", MEMBERS, ids=lambda m: m.place)
def test_it_is_where_it_was(member: Member) -> None:
    require(DOOR, "dbt-core", member)


def test_dbt_duckdb_closes_its_database() -> None:
    manager = "dbt.adapters.duckdb.connections:DuckDBConnectionManager.close_all_connections"
    require(DOOR, "dbt-duckdb", Member(manager))
