"""Tables of two lakes side by side, and what it takes to fill them alike.

Belongs here: bringing input through lakes of either profile, and comparing what is in them. Does not belong here:
expectations (tests).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from lakehouse_assets.assets.semantic import refresh
from lakehouse_assets.assets.transform import rebuild
from lakehouse_assets.builds import dbt_graph
from lakehouse_assets.builds.days import dirty_days
from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.domains import DOMAINS, all_contracts
from lakehouse_assets.ingest.loads.loader import load
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.lakehouse.engines.trino import require_trino
from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.nessie.catalog import require_nessie
from lakehouse_assets.lakehouse.sql import quoted
from lakehouse_assets.settings import Settings
from tests.faults.processes import Child, start_server

DIFFERS_BY_NATURE = {"load_id", "loaded_at", "publication_id", "source_file", "quarantine_id", "content_sha256"}
CONTRACTS = {c.identifier: c for c in all_contracts()}
EVERY = platform_contracts()
"""Those of ingestion and of answers, too: models may read them, and a table that is not there yet is empty."""
# The calendar comes first: metrics of every domain read it.
IN_ORDER = tuple(sorted(DOMAINS, key=lambda name: name != "platform"))
Contents = dict[str, tuple[list[str], list[tuple[Any, ...]]]]


def bring(lake: Lake, files: Mapping[str, Sequence[str]], domains: Sequence[str] = IN_ORDER) -> None:
    """Load files by source, then build all that is behind, domain by domain."""
    for source, paths in files.items():
        load(lake, list(paths), source)
    manifest.load(lake.settings)
    graph = dbt_graph.load(lake.settings)
    for domain in domains:
        own = [i for i, c in CONTRACTS.items() if c.domain == domain]
        tables = graph.in_order(i for i in own if CONTRACTS[i].made_by == "dbt")
        assert not rebuild(lake, graph, EVERY, tables, dirty_days(lake, graph, tables), run_id="parity").failures
        assert not dirty_days(lake, graph, tables)
        semantic = [i for i in own if CONTRACTS[i].made_by == "saved_query"]
        if semantic:
            assert not refresh(lake, EVERY, semantic, run_id="parity").failures


def bring_both(here: Lake, there: Lake, files: Mapping[str, Sequence[str]], domains: Sequence[str] = IN_ORDER) -> None:
    """Bring the same through two lakes at once, the first in a process of its own: dbt has one adapter in each.

    The servers of the second leave a core idle, on which the first is filled.
    """
    start_server()
    first = Child(bring_to, here.settings, files, domains)
    bring(there, files, domains)
    first.result()


def bring_to(settings: Settings, files: Mapping[str, Sequence[str]], domains: Sequence[str]) -> None:
    """Bring input through the lake of these settings."""
    bring(Lake(settings), files, domains)


def contents(lake: Lake) -> Contents:
    """Types and rows of every published table, without what differs between any two loads."""
    found = {}
    with lake.session() as session:
        heads = lake.catalog.heads()
        for identifier in sorted(i for i, location in heads.items() if current_snapshot(location)):
            schema = lake.catalog.load_table(identifier).schema()
            names = [f.name for f in schema.fields if f.name not in DIFFERS_BY_NATURE]
            table = session.query(f"select {', '.join(map(quoted, names))} from {identifier}")
            types = [f"{f.name}: {f.field_type}" for f in schema.fields] + [str(field.type) for field in table.schema]
            found[identifier] = (types, list(zip(*(column.to_pylist() for column in table.columns), strict=True)))
    return found


def differences(ours: Contents, theirs: Contents) -> dict[str, str]:
    """What differs, by table; rows in any order, floats but for the digits that depend on the order of a sum."""
    found = {i: "only one lake has it" for i in ours.keys() ^ theirs.keys()}
    for identifier in sorted(ours.keys() & theirs.keys()):
        (types, rows), (their_types, their_rows) = ours[identifier], theirs[identifier]
        if types != their_types:
            found[identifier] = f"types {sorted(set(types) ^ set(their_types))}"
        elif told := _unlike(rows, their_rows):
            found[identifier] = told
    return found


def _unlike(here: Sequence[tuple[Any, ...]], there: Sequence[tuple[Any, ...]]) -> str:
    missing, extra = Counter(here) - Counter(there), Counter(there) - Counter(here)
    if missing.total() != extra.total():
        return f"{len(here)} rows and {len(there)}, such as {_first(missing)} and {_first(extra)}"
    pairs = zip(sorted(missing.elements(), key=_by_key), sorted(extra.elements(), key=_by_key), strict=True)
    return next((f"{a} and {b}" for a, b in pairs if not all(map(_alike, a, b))), "")


def _first(rows: Counter[tuple[Any, ...]]) -> tuple[Any, ...] | None:
    return next(iter(sorted(rows, key=_by_key)), None)


def _by_key(row: tuple[Any, ...]) -> str:
    return repr([None if isinstance(value, float) else value for value in row])


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9)
    return one == other


def leftovers(lake: Lake) -> list[str]:
    """Branches and catalogs of publications that should be gone."""
    branches = [
        r.name for r in require_nessie(lake.catalog).nessie.references() if r.kind == "BRANCH" and r.name != "main"
    ]
    return branches + [name for name in require_trino(lake.engine).catalogs() if name.startswith("pub_")]
