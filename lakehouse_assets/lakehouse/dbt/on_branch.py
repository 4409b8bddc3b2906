"""dbt on the branch of a publication, for engines that have branches as catalogs of their own.

Belongs here: pointing a manifest at the branch, telling the macros about the tables, taking over what was staged.
Does not belong here: invoking dbt (runner), or the SQL of staging (dbt_project/macros/iceberg.sql).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.dbt._internals import graph_of, on_catalog
from lakehouse_assets.lakehouse.dbt.binding import Binding
from lakehouse_assets.lakehouse.engines.dialect import Dialect
from lakehouse_assets.lakehouse.engines.spec import spec_of
from lakehouse_assets.lakehouse.publish.on_branch import BranchPublication
from lakehouse_assets.lakehouse.publish.protocol import BranchWriter
from lakehouse_assets.lakehouse.sql import quoted

RUN_SCHEMA = "asklake_run"
"""Schema on the branch in which macros keep what they made for the rest of the run."""


@contextmanager
def bound(binding: Binding) -> Iterator[Mapping[str, Any]]:
    """See dbt.binding.Bind; the relations of the manifest are on the branch until the invocation is over."""
    publication, contracts, manifest = binding.publication, binding.contracts, binding.manifest
    if not isinstance(publication, BranchPublication) or not isinstance(writer := publication.writer, BranchWriter):
        raise TypeError(f"{type(publication).__name__} is not on a branch that the engine writes")
    publication.prepare(list(contracts.values()))
    settings = publication.lake.settings
    spec = spec_of(settings.parts.engine)
    variables = {**spec.dbt_variables(settings), "lake": _tables(publication, contracts, spec.dialect)}
    with writer.session() as session, on_catalog(manifest, publication.name):
        yield variables
        graph = graph_of(manifest)
        for node in graph["nodes"].values():
            if "asklake_replaced" in node:
                contract = contracts[f"{node['schema']}.{node['alias']}"]
                writer.adopt(contract, node["asklake_replaced"], int(node["asklake_rows"] or 0))
        kept = graph.get("asklake_remembered", [])
        schema = f"{quoted(publication.name)}.{RUN_SCHEMA}"
        for name in kept:
            session.execute(f"drop table if exists {schema}.{name}")
        if kept:
            session.execute(f"drop schema if exists {schema}")


def _tables(publication: BranchPublication, contracts: Mapping[str, Contract], dialect: Dialect) -> dict[str, Any]:
    """What the macros ask of each table: its time partition, the types of its columns, its published rows."""
    return {identifier: _table(publication, contract, dialect) for identifier, contract in contracts.items()}


def _table(publication: BranchPublication, contract: Contract, dialect: Dialect) -> dict[str, Any]:
    partition = contract.time_partition
    return {
        "partition": partition.column if partition else None,
        "period": partition.transform if partition else None,
        "types": {c.name: dialect.type_name(c.type) for c in contract.columns},
        "published": publication.published(contract),
    }
