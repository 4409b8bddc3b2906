"""dbt on the branch of a publication: the cluster profile's counterpart of the dbt-duckdb plugin.

Belongs here: pointing a manifest at the branch, telling the macros about the tables, taking over what was staged.
Does not belong here: invoking dbt (runner), or the SQL of staging (dbt_project/macros/iceberg.sql).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.dbt._internals import graph_of, on_catalog
from lakehouse_assets.lakehouse.publish.by_trino import TrinoWriter
from lakehouse_assets.lakehouse.publish.on_branch import BranchPublication
from lakehouse_assets.lakehouse.publish.protocol import Publication
from lakehouse_assets.lakehouse.sql import quoted
from lakehouse_assets.lakehouse.types import trino_type
from lakehouse_assets.settings import Settings

RUN_SCHEMA = "asklake_run"
"""Schema on the branch in which macros keep what they made for the rest of the run."""


@contextmanager
def bound(publication: Publication, contracts: Mapping[str, Contract], manifest: Any) -> Iterator[dict[str, Any]]:
    """Let a dbt invocation work on the branch of a publication.

    Args:
        publication: The publication; what the invocation stages becomes its own.
        contracts: Contract of every table that the models read or write, by identifier.
        manifest: The part of the project it is about; its relations are on the branch until the invocation is over.

    Yields:
        The variables that the macros need.

    Raises:
        TypeError: it is not on a branch, or Trino does not write it.
    """
    if not isinstance(publication, BranchPublication) or not isinstance(writer := publication.writer, TrinoWriter):
        raise TypeError(f"{type(publication).__name__} is not on a branch that Trino writes")
    publication.prepare(list(contracts.values()))
    variables = {**connection_variables(publication.lake.settings), "lake": _tables(publication, contracts)}
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


def connection_variables(settings: Settings) -> dict[str, Any]:
    """The variables from which profiles.yml makes the connection to Trino; the password goes by the environment."""
    if settings.parts.engine != "trino":
        return {}
    address, password = urlsplit(settings.trino_url), settings.trino_password.get_secret_value()
    os.environ["DBT_ENV_SECRET_TRINO_PASSWORD"] = password
    return {
        "trino": {
            "method": "ldap" if password else "none",
            "host": address.hostname,
            "port": address.port or (443 if address.scheme == "https" else 8080),
            "user": unquote(address.username or "asklake"),
            "scheme": address.scheme,
        }
    }


def _tables(publication: BranchPublication, contracts: Mapping[str, Contract]) -> dict[str, Any]:
    """What the macros ask of each table: its time partition, the types of its columns, its published rows."""
    return {identifier: _table(publication, contract) for identifier, contract in contracts.items()}


def _table(publication: BranchPublication, contract: Contract) -> dict[str, Any]:
    partition = contract.time_partition
    return {
        "partition": partition.column if partition else None,
        "period": partition.transform if partition else None,
        "types": {c.name: trino_type(c.type) for c in contract.columns},
        "published": publication.published(contract),
    }
