"""Rows of a publication that DuckDB makes and checks: files on this machine, until they are where their table lies.

Belongs here: see `Writer`. Does not belong here: where the files go (local, on_branch).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.engines.duckdb import connect
from lakehouse_assets.lakehouse.engines.duckdb_spec import DIALECT
from lakehouse_assets.lakehouse.iceberg.evolution import evolution
from lakehouse_assets.lakehouse.iceberg.metadata_cache import (
    current_snapshot,
    file_io,
    read_metadata,
    shape,
    stored_bytes,
)
from lakehouse_assets.lakehouse.iceberg.overwrite import Replace, ReplacePartitions, replaced_rows, whole_files
from lakehouse_assets.lakehouse.publish.audit import CheckOutcome, audit
from lakehouse_assets.lakehouse.publish.protocol import Publication, StagedByEngine, parquet_relation
from lakehouse_assets.lakehouse.sql import literal

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.duckdb import DuckDBSession


class DuckDBWriter:
    """See Writer."""

    def __init__(self, publication: Publication) -> None:
        """Write for a publication."""
        self._of = publication
        self.written: dict[str, StagedByEngine] = {}
        self.analyzed: set[str] = set()

    @contextmanager
    def session(self) -> Iterator[DuckDBSession]:
        """See Publication."""
        with self._of.lake.session(heads=self._of.heads, writer=True) as session:
            yield session

    def published(self, contract: Contract) -> str:
        """See Publication."""
        location = self._of.heads.get(contract.identifier)
        if not location or not current_snapshot(location):
            return parquet_relation(contract, ())
        return evolution(contract, shape(location)).as_contract(f"iceberg_scan({literal(location)})")

    def whole_files(self, contract: Contract, replace: Replace) -> Replace:
        """See Writer."""
        location = self._of.heads.get(contract.identifier)
        if not location or not isinstance(replace, ReplacePartitions):
            return replace
        change = evolution(contract, shape(location))
        if not change.repartitioned and len(change.shape.past_specs) == 1:
            return replace
        return whole_files(read_metadata(location), file_io(), change, replace)

    def stage_query(self, contract: Contract, select_sql: str, session: DuckDBSession, replace: Replace) -> None:
        """See Publication."""
        self._of.stage(contract, select_sql, session.con, replace)

    def stage_compacted(self, contract: Contract, replace: Replace, session: DuckDBSession) -> None:
        """See Publication."""
        rows = f"select * from {self.published(contract)} where {replaced_rows(contract, replace)}"
        self.stage_query(contract, rows, session, replace)

    def analyze(self, contract: Contract, session: DuckDBSession) -> None:
        """See Publication; DuckDB keeps no statistics."""

    def reads(self, inputs: Sequence[str]) -> int:
        """See Writer; by it the files are compressed."""
        return sum(map(stored_bytes, inputs))

    def close(self) -> None:
        """See Writer; its connections are closed already."""

    def audit(self, con: Any | None) -> list[CheckOutcome]:
        """See Publication."""
        with self._connection(con) as connection:

            def run(sql: str) -> Any:
                return connection.execute(sql).to_arrow_table()

            return [
                outcome
                for staged in self._of.staged.values()
                for outcome in audit(
                    run, staged.contract, staged.relation, DIALECT, rows=staged.rows,
                    zone=self._of.lake.settings.time_zone,
                )
            ]  # fmt: skip

    @contextmanager
    def _connection(self, con: Any | None) -> Iterator[Any]:
        if con is not None:
            yield con
            return
        connection = connect(self._of.lake.settings, self._of.heads, iceberg=False)
        try:
            yield connection
        finally:
            connection.close()
