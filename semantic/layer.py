"""The semantic layer of one dbt project: a request in names of metrics and dimensions becomes SQL and rows.

Belongs here: which version of the manifest is asked, running what it compiles.
Does not belong here: compiling (``compiling``), understanding questions (``nlq``), who may ask what
(``nlq.core.guard``), publishing tables.

>>> layer = SemanticLayer(settings)
>>> layer.query(session, metrics=["pgr_complaints"], group_by=["ward_id"], order_by=["-pgr_complaints"], limit=5)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse_assets.lakehouse.engines.spec import spec_of
from semantic.compiling import Compiled, ManifestCompiler, Naming, QueryColumn
from semantic.errors import SemanticError
from semantic.faults import Fault, fault_of
from semantic.manifest.catalog import SemanticCatalog
from semantic.requests.filters import Filter
from semantic.requests.request import MetricRequest

if TYPE_CHECKING:
    import pyarrow as pa

    from lakehouse_assets.lakehouse.engines.dialect import Dialect
    from lakehouse_assets.lakehouse.engines.protocol import Session
    from lakehouse_assets.settings import Settings


@dataclass(frozen=True)
class QueryResult:
    """Rows of a request, and where they are from. ``elapsed_ms`` covers compiling and running."""

    columns: tuple[QueryColumn, ...]
    rows: pa.Table
    sql: str
    snapshots: dict[str, int]
    elapsed_ms: float
    notes: tuple[str, ...] = ()


class SemanticLayer:
    """MetricFlow over ``semantic_manifest.json`` of a dbt target folder. Thread-safe.

    The manifest is read at first use and again when the file changes; one that cannot be used leaves the last that
    could be in its place, and ``fault`` says so.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        target_dir: Path | None = None,
        dialect: Dialect | None = None,
        zone: str | None = None,
    ) -> None:
        """Nothing is read yet.

        Args:
            settings: Say where the project's own dbt target is, and the engine, whose dialect it is.
            target_dir: The dbt target folder of another project instead.
            dialect: The SQL to write, if not the engine's.
            zone: The time zone that instants have days in, if not the project's.
        """
        self._target = target_dir or settings.dbt_target_dir
        self._dialect = dialect or spec_of(settings.parts.engine).dialect
        self._zone = zone or settings.time_zone
        self._lock = threading.RLock()
        self._root = settings.project_root
        self._sources = (settings.dbt_project_dir, settings.project_root / "semantic" / "models")
        self._stamp: tuple[int, int] | None = None
        self._loaded: ManifestCompiler | None = None
        self._fault: Fault | None = None

    def catalog(self) -> SemanticCatalog:
        """What can be asked; the same object until the manifest changes.

        Raises:
            SemanticError: the project was not parsed yet.
        """
        return self._manifest().catalog

    def compile(
        self,
        metrics: Sequence[str],
        group_by: Sequence[str] = (),
        where: Sequence[Filter] = (),
        time_range: tuple[date | None, date | None] | None = None,
        grain: str | None = None,
        order_by: Sequence[str] = (),
        limit: int | None = None,
        *,
        names: Naming = "friendly",
    ) -> Compiled:
        """Turn a request into one SELECT.

        Args:
            metrics: Names of metrics.
            group_by: Dimensions, qualified or short; time dimensions may carry a grain
                (``metric_time__month``, ``complaint__closed_at__week``), and the metrics' own time a part of the
                calendar (``metric_time__extract_dow``: 1 is Monday).
            where: Filters on dimensions; a filter on a requested metric keeps groups.
            time_range: First and last day, both included; either may be None.
            grain: Period of ``metric_time`` to group by: day, week, month, quarter, year.
            order_by: Columns of the result, ``-`` before a name for descending. Ties follow the keys.
            limit: At most this many rows.
            names: Column names: ``friendly`` drops entities (``ward_id``, ``metric_month``), ``qualified`` keeps
                names as requested (``complaint__ward_id``, ``metric_time__month``).

        Raises:
            SemanticError: an unknown name, or a combination that has no answer.
        """
        first, last = time_range or (None, None)
        request = MetricRequest(
            tuple(metrics), tuple(group_by), tuple(where), first, last, grain, tuple(order_by), limit
        )
        return self._manifest().compile(request, names)

    def compile_saved_query(self, name: str) -> Compiled:
        """SQL of a saved query of the manifest, with friendly column names.

        Raises:
            SemanticError: no such saved query.
        """
        return self._manifest().compile_saved_query(name)

    def query(
        self,
        session: Session,
        metrics: Sequence[str],
        group_by: Sequence[str] = (),
        where: Sequence[Filter] = (),
        time_range: tuple[date | None, date | None] | None = None,
        grain: str | None = None,
        order_by: Sequence[str] = (),
        limit: int | None = None,
        *,
        names: Naming = "friendly",
        timeout_s: float | None = None,
    ) -> QueryResult:
        """Compile a request (see ``compile``) and run it in a session of the lake.

        Raises:
            SemanticError: the request has no answer.
            QueryTimeoutError: it ran longer than ``timeout_s``.
        """
        begun = time.perf_counter()
        compiled = self.compile(metrics, group_by, where, time_range, grain, order_by, limit, names=names)
        rows = session.query(compiled.sql, timeout_s=timeout_s, rollups=compiled.rollups, by_name=True)
        snapshots = {table: session.snapshots[table] for table in compiled.tables if table in session.snapshots}
        elapsed = (time.perf_counter() - begun) * 1000
        return QueryResult(compiled.columns, rows, compiled.sql, snapshots, elapsed, compiled.notes)

    @property
    def fault(self) -> Fault | None:
        """Why the layer is an earlier one than the manifest that lies there, if it is."""
        with self._lock:
            return self._fault

    def _manifest(self) -> ManifestCompiler:
        """The manifest that lies there; where it cannot be used, the last one that could be.

        Raises:
            SemanticError: there is none, or none that can be used.
        """
        path = self._target / "semantic_manifest.json"
        try:
            stat = path.stat()
        except FileNotFoundError:
            raise SemanticError(f"there is no {path}: run `dbt parse` (or `asklake materialize`) first") from None
        stamp = (stat.st_mtime_ns, stat.st_size)
        with self._lock:
            if self._stamp == stamp and self._loaded is not None:
                return self._loaded
            try:
                loaded = ManifestCompiler(path, self._dialect, self._zone)
                _ = loaded.catalog  # MetricFlow reads it at first use
                self._fault = None
            except Exception as error:  # MetricFlow, the manifest's own reader, JSON: all raise their own kinds
                self._fault = fault_of(f"{type(error).__name__}: {error}", self._sources)
                if self._loaded is None:
                    place = self._fault.place(self._root)
                    at = f" ({place})" if place else ""
                    raise SemanticError(f"the semantic layer cannot be read{at}: {self._fault.problem}") from error
                loaded = self._loaded
            self._stamp, self._loaded = stamp, loaded
            return loaded
