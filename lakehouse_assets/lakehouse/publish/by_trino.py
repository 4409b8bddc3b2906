"""Rows of a publication that Trino writes and checks, on the publication's branch.

Belongs here: see `Writer`. Does not belong here: the life of the branch (on_branch), or dbt's models on it
(dbt.on_branch).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.engines.trino import require_trino
from lakehouse_assets.lakehouse.engines.trino_spec import DIALECT
from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot
from lakehouse_assets.lakehouse.iceberg.overwrite import (
    Replace,
    ReplaceTable,
    period_predicate,
    periods_held,
    replaced_rows,
)
from lakehouse_assets.lakehouse.periods import unit_of
from lakehouse_assets.lakehouse.publish.audit import CheckOutcome, audit, blocking
from lakehouse_assets.lakehouse.publish.data_files import SMALL_FILE_BYTES
from lakehouse_assets.lakehouse.publish.protocol import StagedByEngine, unfilled
from lakehouse_assets.lakehouse.sql import quoted

if TYPE_CHECKING:
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table

    from lakehouse_assets.lakehouse.engines.trino import TrinoSession
    from lakehouse_assets.lakehouse.iceberg.evolution import Evolution
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.lakehouse.publish.protocol import Staged


class OnBranch(Protocol):
    """What a writer needs of a publication on a branch; see `Publication` and `BranchPublication`."""

    lake: Lake
    id: str
    name: str
    heads: Mapping[str, str]
    staged: dict[str, Staged]
    changes: dict[str, Evolution]
    uploaded: dict[str, list[DataFile]]

    def prepare(self, contracts: Sequence[Contract]) -> list[Table]:
        """Make the tables of these contracts on the branch what their contracts say."""
        ...

    def land(self) -> None:
        """Commit what was staged to the branch."""
        ...

    def table(self, identifier: str) -> Table:
        """A table as it is on the branch."""
        ...


class TrinoWriter:
    """See Writer; Trino has a catalog of the branch for as long as the publication lasts."""

    def __init__(self, publication: OnBranch) -> None:
        """Write for a publication; the catalog is made when it is needed."""
        self._of, self._engine = publication, require_trino(publication.lake.engine)
        self.written: dict[str, StagedByEngine] = {}
        self.analyzed: set[str] = set()
        self._has_catalog = False

    @contextmanager
    def session(self) -> Iterator[TrinoSession]:
        """See Publication; a session on the branch."""
        if not self._has_catalog:
            self._engine.make_catalog(self._of.name, self._of.name)
            self._has_catalog = True
        with self._engine.session(self._of.heads, writer=True, catalog=self._of.name) as session:
            yield session

    def close(self) -> None:
        """Drop the catalog."""
        if self._has_catalog:
            self._engine.drop_catalog(self._of.name)
            self._has_catalog = False

    def relation_of(self, contract: Contract) -> str:
        """Trino's name of a table on the branch."""
        return f"{quoted(self._of.name)}.{quoted(contract.layer)}.{quoted(contract.table)}"

    def published(self, contract: Contract) -> str:
        """See Publication; for Trino."""
        location = self._of.heads.get(contract.identifier)
        snapshot = current_snapshot(location) if location else None
        if not snapshot:
            return f"(select * from {self.relation_of(contract)} where false)"
        table = f"{quoted(self._engine.home())}.{quoted(contract.layer)}.{quoted(contract.table)}"
        base = f"{table} for version as of {snapshot}"
        change = self._of.changes.get(contract.identifier)
        return change.as_contract(base, DIALECT.type_name) if change else base

    def whole_files(self, contract: Contract, replace: Replace) -> Replace:
        """See Writer; Trino takes rows out of files by itself."""
        return replace

    def stage_query(self, contract: Contract, select_sql: str, session: TrinoSession, replace: Replace) -> None:
        """See Publication: rows are put in the place of others, on the branch."""
        self._of.prepare([contract])
        predicate = replaced_rows(contract, replace)
        session.execute(f"delete from {self.relation_of(contract)} where {predicate}")
        names = ", ".join(quoted(c.name) for c in contract.columns)
        values = ", ".join(f"cast({quoted(c.name)} as {DIALECT.type_name(c.type)})" for c in contract.columns)
        rows = session.execute(
            f"insert into {self.relation_of(contract)} ({names}) select {values} from ({select_sql}\n)"
        )
        self.adopt(contract, predicate, rows)

    def stage_compacted(self, contract: Contract, replace: Replace, session: TrinoSession) -> None:
        """See Publication; Trino leaves files that are large enough as they are."""
        (table,) = self._of.prepare([contract])
        # Trino takes a predicate only where every file is partitioned by it.
        replace = ReplaceTable() if len(table.metadata.partition_specs) > 1 else replace
        relation, predicate = self.relation_of(contract), replaced_rows(contract, replace)
        threshold = f"file_size_threshold => '{SMALL_FILE_BYTES}B'"
        session.execute(f"alter table {relation} execute optimize({threshold}) where {predicate}")
        (row,) = session.run(f"select count(*) as n from {relation} where {predicate}").to_pylist()
        self.adopt(contract, predicate, row["n"])

    def adopt(self, contract: Contract, predicate: str, rows: int) -> None:
        """Take rows that Trino wrote on the branch as the staged rows of a table."""
        self.written[contract.identifier] = StagedByEngine(contract, predicate, rows)

    def analyze(self, contract: Contract, session: TrinoSession) -> None:
        """See Publication; statistics are of the last snapshot of the branch, which is the signed one."""
        self._of.land()
        session.execute(f"analyze {self.relation_of(contract)}")
        self.analyzed.add(contract.identifier)

    def reads(self, inputs: Sequence[str]) -> None:
        """See Writer; Trino compresses what it computes as it sees fit."""

    def audit(self, con: Any | None) -> list[CheckOutcome]:
        """See Publication; the checks run on the branch."""
        self._of.land()
        zone = self._of.lake.settings.time_zone
        with self.session() as session:
            outcomes = [
                outcome
                for contract, relation, rows in self._staged_relations()
                for outcome in audit(session.run, contract, relation, DIALECT, rows=rows, zone=zone)
            ]
            if not blocking(outcomes):
                self._refuse_unfilled(session)
        return outcomes

    def _refuse_unfilled(self, session: TrinoSession) -> None:
        for change in self._of.changes.values():
            relation = self.relation_of(change.contract)
            for column in change.unfilled:
                lacking = session.run(f"select count(*) as n from {relation} where {quoted(column)} is null")
                if lacking.to_pylist()[0]["n"]:
                    raise unfilled(change.contract, [column])

    def _staged_relations(self) -> Iterator[tuple[Contract, str, int]]:
        for rows in self.written.values():
            yield rows.contract, f"(select * from {self.relation_of(rows.contract)} where {rows.predicate})", rows.rows
        for staged in self._of.staged.values():
            where = f"\"$path\" like '%/data/{self._of.id}/%'"
            if bounds := self._days_of(staged.contract):
                where = f"{bounds} and {where}"
            columns = ", ".join(map(quoted, staged.contract.column_names))
            relation = f"(select {columns} from {self.relation_of(staged.contract)} where {where})"
            yield staged.contract, relation, staged.rows

    def _days_of(self, contract: Contract) -> str:
        """Predicate by which Trino leaves out the partitions that got no file."""
        partition, files = contract.time_partition, self._of.uploaded[contract.identifier]
        if partition is None or not files:
            return "" if files else "false"
        metadata = self._of.table(contract.identifier).metadata
        source_id = metadata.schema().find_field(partition.column).field_id
        unit = unit_of(partition.transform_of_time)
        held = {periods_held(metadata, file, source_id, unit) for file in files}
        return "" if None in held else period_predicate(contract, [found[0] for found in held if found])
