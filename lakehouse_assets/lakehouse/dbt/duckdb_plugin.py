"""The dbt-duckdb plugin: dbt's models read published snapshots and write staged files.

dbt creates it by name from profiles.yml. A run of dbt works inside the bound publication: `configure_connection`
shows each table of the run at the publication's state, and `store`, called by the `iceberg` materialization, stages a
model's rows and re-points its name to what the table will be once published.
Belongs here: only that hand-over. Does not belong here: invoking dbt (runner) or committing (publish).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, ClassVar

from dbt.adapters.duckdb.plugins import BasePlugin

from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.dbt._internals import close_duckdb
from lakehouse_assets.lakehouse.dbt.binding import Binding
from lakehouse_assets.lakehouse.engines.duckdb import admit, configure, extensions_of, metadata_folders, readable
from lakehouse_assets.lakehouse.engines.instances import EXTENSIONS, PINNED_BY_HASH, load_extensions, lock
from lakehouse_assets.lakehouse.iceberg.overwrite import (
    Replace,
    ReplacePartitions,
    ReplaceTable,
    partition_values,
    period_predicate,
)
from lakehouse_assets.lakehouse.periods import from_text
from lakehouse_assets.lakehouse.sql import quoted

PUBLISHED = "asklake_published"
STAGED = "asklake_staged"


@contextmanager
def bound(binding: Binding) -> Iterator[Mapping[str, Any]]:
    """See dbt.binding.Bind."""
    with Plugin.bind(binding):
        yield {}


class Plugin(BasePlugin):
    """Bridges dbt's DuckDB connection and the publication bound by `bind`."""

    _bound: ClassVar[Binding | None] = None
    _instance: Any = None

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        """Open dbt's instance as every other one is."""
        config.update(PINNED_BY_HASH)

    def configure_connection(self, conn: Any) -> None:
        """Load Iceberg offline; show the tables of the run under their names, models as `asklake_published.<table>`."""
        self._instance = conn
        settings = self._bound.publication.lake.settings if self._bound else None
        load_extensions(conn, extensions_of(settings) if settings else EXTENSIONS)
        conn.execute("set timezone = 'UTC'")
        conn.execute("set enable_progress_bar = false")
        conn.execute(f"create schema if not exists {PUBLISHED}")
        conn.execute(f"create schema if not exists {STAGED}")
        if self._bound is None or settings is None:
            return
        configure(conn, settings)
        admit(conn, settings)
        for identifier, contract in self._bound.contracts.items():
            _show(conn, contract, self._bound.publication.published(contract), named=identifier not in self._bound.made)
        lock(conn, readable(settings, metadata_folders(self._bound.publication.heads)))

    def store(self, target_config: Any) -> None:
        """Stage the rows of the model's query, and point the model's name at the table as it will be.

        Raises:
            RuntimeError: dbt runs outside a publication.
        """
        relation, config = target_config.relation, target_config.config
        if self._bound is None:
            raise RuntimeError("models are built by `asklake materialize`, which audits what it publishes")
        contract = self._bound.contracts[f"{relation.schema}.{relation.identifier}"]
        replace = _replacement(contract, config["replaces"], config.get("touched") or [], self._bound.days)
        cursor = self._instance.cursor()
        try:
            staged = self._bound.publication.stage(contract, config["sql"], cursor, replace)
            cursor.execute(
                f"create or replace view {STAGED}.{quoted(contract.table)} as select * from {staged.relation}"
            )
            kept = _kept_predicate(contract, staged.replace)
            columns = ", ".join(map(quoted, contract.column_names))
            cursor.execute(
                f"create or replace view {contract.layer}.{quoted(contract.table)} as "
                f"select {columns} from {PUBLISHED}.{quoted(contract.table)} where {kept} "
                f"union all select {columns} from {staged.relation}"
            )
        finally:
            cursor.close()

    @classmethod
    @contextmanager
    def bind(cls, binding: Binding) -> Iterator[None]:
        """Let the dbt invocations inside this block work in a publication, on a fresh database."""
        close_duckdb()
        cls._bound = binding
        try:
            yield
        finally:
            cls._bound = None
            close_duckdb()


def _show(conn: Any, contract: Contract, relation: str, *, named: bool) -> None:
    """Make the views of a table; the engine reads the table's manifests for each, so that none is made in vain."""
    name, published = (f"{schema}.{quoted(contract.table)}" for schema in (contract.layer, PUBLISHED))
    # No model makes bronze anew, so that none asks what it was before.
    shown = name if contract.layer == "bronze" else published
    conn.execute(f"create schema if not exists {contract.layer}")
    conn.execute(f"create or replace view {shown} as select * from {relation}")
    if named and shown != name:
        conn.execute(f"create or replace view {name} as select * from {published}")


def _replacement(contract: Contract, replaces: str, touched: Sequence[Any], days: Sequence[date]) -> Replace:
    if replaces == "table" or not days:
        return ReplaceTable()
    if replaces == "days":
        return ReplacePartitions(partition_values(contract, days))
    if replaces == "touched":
        return ReplacePartitions(partition_values(contract, [_as_period(v) for v in touched if v is not None]))
    raise ValueError(f"{contract.identifier}: config 'replaces' is days, touched or table, not '{replaces}'")


def _as_period(value: Any) -> date:
    """A day, or an hour: what a macro says of them, which engines may have given it as a time at midnight."""
    return value if isinstance(value, date) else from_text(str(value))


def _kept_predicate(contract: Contract, replace: Replace) -> str:
    if isinstance(replace, ReplacePartitions):
        return f"not {period_predicate(contract, replace.values)}"
    return "false"
