"""The cluster profile at growing sizes: what each step takes, what of it is publication, how much memory Python holds.

Belongs here: the work that is timed on the servers, and the peer, plain dbt-trino. Does not belong here: timing itself
(measure), or what follows from the figures (docs/scale.md).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from bench.data import event_files
from bench.measure import Clock, Contender, Result, compare, in_own_process
from bench.work import build_all, plain_build, plain_models
from lakehouse_assets.lakehouse.engines.trino import require_trino
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.nessie.catalog import require_nessie
from lakehouse_assets.settings import Settings

SIZES = (1_000_000, 10_000_000)
WARM_UP = 20_000
DAYS = 30
DOMAIN, TABLE = "pgr", "bronze.service_events_raw"
NEWEST = "2026-01-30"
QUERY = {"metrics": ["pgr_complaints", "pgr_sla_breach_rate"], "group_by": ["ward_id"], "grain": "month"}
TRINO = {"LAKE_TRINO_HEAP": "6G", "LAKE_TRINO_QUERY_MEMORY": "3GB", "LAKE_TRINO_TOTAL_QUERY_MEMORY": "3GB"}
"""A node of the size that such tables are given; what is larger it puts on disk."""
PLAIN = "plain"
"""Nessie's branch, and Trino's catalog of it, that the peer builds on."""


def scale(folder: Path, repeat: int, factor: float) -> Iterator[Result]:
    """Load, build, one more day and a question, at each size, beside plain dbt-trino on the same servers."""
    from tests.servers import PARTS, Servers

    fresh = Servers.fresh(folder / "cluster")
    servers = replace(fresh, environ={**fresh.environ, **TRINO})
    servers.script("up", *(part for part in PARTS if part != "kafka"))
    try:
        os.environ.update({k: v for k, v in servers.variables.items() if k.startswith("ASKLAKE_")})
        os.environ["ASKLAKE_HOME"] = str(folder / "home")
        # A server that has just started compiles its own code, which takes longer than any step.
        list(_at(folder, 1, int(WARM_UP * factor)))
        for size in SIZES:
            yield from _at(folder, repeat, int(size * factor))
    finally:
        servers.script("wipe")


def _at(folder: Path, repeat: int, events: int) -> Iterator[Result]:
    files = event_files(folder / "files", events, days=DAYS)
    in_own_process(empty_main)
    peer = Contender("plain dbt-trino", build_plain, (str(folder),))
    steps = (
        ("load", [Contender("asklake", load_events, (str(files["ndjson"]),))], 1, ""),
        ("build", [Contender("asklake", build_whole), peer], repeat, "at most 1.5 times plain dbt-trino"),
        ("day", [Contender("asklake", build_day)], repeat, "bounded by the day, not by the history"),
        ("query", [Contender("asklake", ask)], repeat, ""),
        ("maintenance", [Contender("asklake", maintain_all)], 1, ""),
    )  # fmt: skip
    for name, contenders, times, aim in steps:
        result = compare(f"scale_{name}_{events}", contenders, repeat=times, aim=aim or "Python at most 600 MB")
        load = os.getloadavg()[0]
        result.notes.append(
            f"{events} events over {DAYS} days; load of the machine {load:.1f} on {os.cpu_count()} cores"
        )
        yield result
    for path in files.values():
        path.unlink()


def cluster() -> Lake:
    """The lake on the servers that the environment names."""
    return Lake(Settings())


def empty_main() -> float:
    """Take main back to nothing; not timed."""
    from lakehouse_assets.lakehouse.nessie.client import NOTHING, Reference

    nessie = require_nessie(cluster().catalog).nessie
    for reference in nessie.references():
        if reference.name != "main":
            nessie.drop(reference)
    nessie.assign(nessie.reference(), Reference("", NOTHING, "DETACHED"))
    return 0.0


def load_events(file: str) -> tuple[float, dict[str, Any]]:
    """`asklake ingest` of one file, without starting the process."""
    from lakehouse_assets.ingest.loads.loader import load

    lake = cluster()
    with watched() as parts, Clock() as clock:
        (result,) = load(lake, [file], "pgr_events")
    return clock.seconds, {"rows_loaded": result.rows_loaded, **parts}


def build_whole() -> tuple[float, dict[str, Any]]:
    """Silver and gold of the domain, all days."""
    lake = cluster()
    build_all(lake, "platform")
    with watched() as parts, Clock() as clock:
        build_all(lake, DOMAIN)
    return clock.seconds, dict(parts)


def build_day() -> tuple[float, dict[str, Any]]:
    """The newest day again, in a process that has parsed the project."""
    from lakehouse_assets.lakehouse.dbt import manifest

    lake = cluster()
    manifest.load(lake.settings)
    with watched() as parts, Clock() as clock:
        build_all(lake, DOMAIN, (date.fromisoformat(NEWEST),))
    return clock.seconds, dict(parts)


def ask() -> tuple[float, dict[str, Any]]:
    """A semantic query in a warm process."""
    from semantic.layer import SemanticLayer

    lake = cluster()
    layer = SemanticLayer(lake.settings)
    times = []
    for _ in range(6):
        with Clock() as clock, lake.session() as session:
            layer.query(session, **QUERY)
        times.append(clock.seconds)
    return sorted(times[1:])[2], {"first_s": round(times[0], 3)}


def maintain_all() -> tuple[float, dict[str, Any]]:
    """Maintenance of every table: compaction, statistics, old commits, orphans."""
    from lakehouse_assets.definitions import platform_contracts
    from lakehouse_assets.lakehouse.upkeep.maintenance import maintain

    lake = cluster()
    with Clock() as clock:
        done = maintain(lake, platform_contracts(), run_id="bench")
    found = {"files": sum(m.left.files for m in done), "small_files": sum(m.left.small for m in done)}
    compacted = sum(m.partitions_compacted for m in done)
    return clock.seconds, {**found, "bytes": sum(m.left.bytes for m in done), "partitions_compacted": compacted}


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """Seconds that publication takes of what is done meanwhile: branch, catalogs, audit, merge, clean-up."""
    from lakehouse_assets.lakehouse.engines.trino import TrinoEngine
    from lakehouse_assets.lakehouse.nessie.client import Nessie
    from lakehouse_assets.lakehouse.publish.on_branch import BranchPublication

    parts: dict[str, float] = {}
    watched_methods: tuple[tuple[type, str, str], ...] = (
        (Nessie, "create_branch", "branch_s"), (TrinoEngine, "make_catalog", "catalog_s"),
        (BranchPublication, "_land", "land_s"), (BranchPublication, "audit", "audit_s"),
        (BranchPublication, "_merge", "merge_s"), (BranchPublication, "_close", "close_s"),
    )  # fmt: skip
    kept = [(owner, name, getattr(owner, name)) for owner, name, _ in watched_methods]
    for owner, name, part in watched_methods:
        setattr(owner, name, _timing(getattr(owner, name), parts, part))
    try:
        yield parts
    finally:
        for owner, name, method in kept:
            setattr(owner, name, method)


def _timing(method: Callable[..., Any], parts: dict[str, float], part: str) -> Callable[..., Any]:
    def timed(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        try:
            return method(*args, **kwargs)
        finally:
            parts[part] = round(parts.get(part, 0.0) + time.perf_counter() - began, 3)

    return timed


def build_plain(folder: str) -> float:
    """The peer: dbt-trino builds the same SQL and tests as ordinary Iceberg tables; no publication, no contracts."""
    lake = cluster()
    _branch_for_plain(lake)
    return plain_build(_plain_project(lake.settings, Path(folder) / PLAIN), DOMAIN)()


def _branch_for_plain(lake: Lake) -> None:
    """A branch with the bronze tables of main and nothing else built on it, and its catalog."""
    nessie, engine = require_nessie(lake.catalog).nessie, require_trino(lake.engine)
    engine.drop_catalog(PLAIN)
    for reference in nessie.references():
        if reference.name == PLAIN:
            nessie.drop(reference)
    nessie.create_branch(PLAIN, nessie.reference())
    engine.make_catalog(PLAIN, PLAIN)
    with engine.session({}, writer=True, catalog=PLAIN) as session:
        for identifier in lake.catalog.heads():
            if identifier != TABLE:
                session.execute(f"drop table {identifier}")


def _plain_project(settings: Settings, folder: Path) -> Path:
    from lakehouse_assets.lakehouse.engines.trino_spec import SPEC

    plain_models(folder)
    target = {"type": "trino", **SPEC.dbt_variables(settings)["trino"], "threads": 1, "timezone": "UTC"}
    target["http_scheme"] = target.pop("scheme")
    target |= {"database": PLAIN, "schema": "plain"}
    profile = {"asklake": {"target": "plain", "outputs": {"plain": target}}}
    (folder / "profiles.yml").write_text(json.dumps(profile))
    return folder
