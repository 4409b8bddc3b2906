"""Profiles of published tables: computed at the first look at a snapshot, kept, and shown by what a caller may see.

A publication computes none: most snapshots are never looked at, and a stream has one every few seconds.
Belongs here: which rows are looked at, for whom. Does not belong here: figures (compute), or storage (kept).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

from lakehouse_assets.features.views import FeatureView, views_of
from lakehouse_assets.lakehouse.engines.dialect import Dialect
from lakehouse_assets.lakehouse.engines.protocol import QueryTimeoutError, Session, no_such_table
from lakehouse_assets.lakehouse.iceberg.metadata_cache import read_metadata
from lakehouse_assets.lakehouse.sql import quoted
from lakehouse_assets.profiling import compute
from lakehouse_assets.profiling.features import with_drift
from lakehouse_assets.profiling.findings import judged
from lakehouse_assets.profiling.kept import KeptProfiles
from lakehouse_assets.profiling.model import ColumnProfile, Profile
from nlq.core.guard import ROLES, TENANT_COLUMN, Caller
from semantic.layer import SemanticLayer

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from semantic.manifest.catalog import DimensionDefinition, SemanticCatalog

LOAD_COLUMN = "load_id"
OF_THE_LOAD = frozenset({"source_row", "source_file", "record_key", "load_id", "loaded_at"})
"""Columns that a load adds to its records: rows are copies of one another whatever these hold."""


WAITS_S = 5.0
"""Seconds that a caller waits for the profiles that others look at first."""
_A_DAY_S = 86_400.0


class ProfilesBusyError(Exception):
    """Others look at profiles that take long."""


class NoProfileError(Exception):
    """There is no profile of this table for this caller; the text says why."""


class Profiles:
    """The profiles of one lake. Thread-safe."""

    def __init__(self, lake: Lake, url: str) -> None:
        """Nothing is opened yet; `url` is the SQLAlchemy URL of the database that keeps them."""
        self._lake, self._url, self._lock = lake, url, Lock()
        self._layer = SemanticLayer(lake.settings)

    @cached_property
    def _kept(self) -> KeptProfiles:
        return KeptProfiles(self._url)

    def of(
        self, table: str, *, tenant: str | None = None, load_id: str | None = None, longest_s: float | None = None
    ) -> Profile:
        """The profile of a table's newest snapshot: as it was kept, or computed now.

        Args:
            table: As `layer.table`.
            tenant: Look at the rows of this tenant alone.
            load_id: Look at the rows of this load alone.
            longest_s: Seconds that computing it may take in all; otherwise as long as it needs.

        Raises:
            QueryRefusedError: there is no such table, or it was never published.
            QueryTimeoutError: computing it took longer.
            ProfilesBusyError: it may not take as long as it needs, and others are computed.
            NoProfileError: the table does not tell tenants or loads apart, or has no rows of this load.
        """
        heads = self._lake.catalog.heads()
        # What the session reads: the catalog may have a newer state by now.
        metadata = read_metadata(heads[table]) if table in heads else None
        snapshot = metadata and metadata.current_snapshot()
        if metadata is None or snapshot is None:
            raise no_such_table(table, heads)
        key = (table, str(snapshot.snapshot_id), tenant, load_id)
        views = [] if load_id else views_of(table)
        if kept := self._find(key, views):
            return kept
        with self._turn(longest_s):
            if kept := self._find(key, views):
                return kept
            summary = snapshot.summary.additional_properties if snapshot.summary else {}
            total = int(summary["total-records"]) if "total-records" in summary else None
            with self._lake.session(heads=heads) as session:
                chosen = {TENANT_COLUMN: tenant, LOAD_COLUMN: load_id}
                rows = _Rows(session, table, chosen, metadata.schema().column_names, longest_s or _A_DAY_S)
                found = rows.profile(self._lake.engine.dialect, total, views)
            if load_id and not found.rows:
                raise NoProfileError(f"{table} has no rows of load '{load_id}'")
            parts = {"snapshot_id": key[1], "tenant": tenant, "load_id": load_id}
            found = judged(found.model_copy(update=parts), self._kept.before(*key))
            self._kept.keep(found)
            return found

    def _find(self, key: tuple[str, str, str | None, str | None], views: Sequence[FeatureView]) -> Profile | None:
        """A kept profile; none that an earlier version kept without how far features moved."""
        kept = self._kept.find(*key)
        return kept if kept and (kept.compared or not views) else None

    @contextmanager
    def _turn(self, longest_s: float | None) -> Iterator[None]:
        """One computes at a time; who waits does so in a thread that questions need."""
        if not self._lock.acquire(timeout=min(WAITS_S, longest_s) if longest_s else -1):
            raise ProfilesBusyError
        try:
            yield
        finally:
            self._lock.release()

    def shown_to(self, caller: Caller, table: str) -> Profile:
        """The profile of a table as a caller may see it: of the own tenant's rows, without values kept from the role.

        Raises:
            NoProfileError: the role is shown nothing, or the rows are of all tenants together.
            QueryRefusedError, ProfilesBusyError: as `of`.
            QueryTimeoutError: computing it took longer than a query may.
        """
        role = ROLES[caller.role]
        if not role.metrics:
            raise NoProfileError(f"role {caller.role} is shown no rows, and so no profile of them")
        if caller.tenant is None and not role.every_tenant:
            raise NoProfileError(f"role {caller.role} sees the rows of one tenant, and this key is of none")
        found = self.of(table, tenant=caller.tenant, longest_s=self._lake.settings.query_timeout_s)
        return (
            found
            if role.personal
            else found.without_values(hidden_columns(found, self._layer.catalog(), role.hidden_dimensions))
        )

    def close(self) -> None:
        """Close the database, if it was opened."""
        if "_kept" in self.__dict__:
            self._kept.close()


class _Rows:
    """Some rows of a table, chosen by values that are given to the engine beside the statement."""

    def __init__(
        self, session: Session, table: str, chosen: dict[str, str | None], columns: Sequence[str], longest_s: float
    ) -> None:
        self._longest_s, self._until = longest_s, time.monotonic() + longest_s
        wanted = {name: value for name, value in chosen.items() if value is not None}
        for name in wanted.keys() - set(columns):
            what = "tenants" if name == TENANT_COLUMN else "loads"
            raise NoProfileError(
                f"{table} has no column {name}, so that its rows of different {what} cannot be told apart"
            )
        self._session, self._values = session, list(wanted.values())
        conditions = " and ".join(f"{quoted(name)} = ?" for name in wanted)
        self._table, self._relation = table, f"(select * from {table} where {conditions})" if wanted else table

    def run(self, sql: str) -> Any:
        left = self._until - time.monotonic()
        if left <= 0:
            raise QueryTimeoutError(f"the profile was not computed within {self._longest_s:g} s")
        values = [*self._values] * sql.count(self._relation) if self._values else None
        return self._session.query(sql, values, timeout_s=left)

    def profile(self, dialect: Dialect, total: int | None, views: Sequence[FeatureView]) -> Profile:
        if self._values and total is not None and total > compute.SAMPLE_ROWS:
            total = int(self.run(f"select count(*) as n from {self._relation}").column("n")[0].as_py())
        found = compute.profile_of(
            self._relation, self.run, dialect, rows=total if not self._values or _many(total) else None,
            ignoring=OF_THE_LOAD, table=self._table,
        )  # fmt: skip
        return with_drift(found, views, self._relation, self.run, dialect) if views else found


def _many(rows: int | None) -> bool:
    return rows is not None and rows > compute.SAMPLE_ROWS


def hidden_columns(profile: Profile, catalog: SemanticCatalog, hidden: Sequence[str] = ()) -> set[str]:
    """Columns of whose values a role without rights to those of persons is told nothing.

    Those are texts, unless they are a dimension of this very table that is open to the role, and whatever has the name
    of a dimension that tells of a person, in whichever table: which column of an earlier layer such a dimension is made
    of, nothing declares.
    """
    dimensions = catalog.dimensions.values()
    personal = {name for d in dimensions if d.personal or _matches(d, hidden) for name in (d.element, d.expr)}
    own = {d.expr for d in dimensions if _table_of(d) == profile.table}
    return {c.name for c in profile.columns if c.name in personal or not (c.name in own or _is_plain(c))}


def _is_plain(column: ColumnProfile) -> bool:
    return column.kind in ("number", "time", "flag")


def _matches(dimension: DimensionDefinition, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(dimension.name, pattern) for pattern in patterns)


def _table_of(dimension: DimensionDefinition) -> str:
    return ".".join(dimension.relation.replace('"', "").split(".")[-2:])
