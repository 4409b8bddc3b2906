"""What a lake holds, row by row, and what a killed process left in it.

Belongs here: reading and classifying. Does not belong here: expectations (tests).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from functools import partial
from pathlib import Path

from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.markers import marker_folder
from lakehouse_assets.lakehouse.sql import quoted
from lakehouse_assets.lakehouse.upkeep.local_gc import referenced_files
from tests.faults.steps import lake_of

DIFFERS_BY_NATURE = {"load_id", "loaded_at", "publication_id", "quarantine_id"}
Rows = Counter[tuple[object, ...]]


def contents(home: Path) -> dict[str, Rows]:
    """Every table that was published, as how often each row occurs, without what differs from run to run."""
    lake = lake_of(home)
    found = {}
    with lake.session(writer=True) as session:
        for identifier, location in sorted(session.heads.items()):
            if current_snapshot(location) is None:
                continue
            relation = session.relation(identifier)
            names = [row[0] for row in session.con.execute(f"describe select * from {relation}").fetchall()]
            columns = ", ".join(quoted(n) for n in names if n not in DIFFERS_BY_NATURE)
            found[identifier] = Counter(session.con.execute(f"select {columns} from {relation}").fetchall())
    return found


def differences(have: dict[str, Rows], want: dict[str, Rows]) -> dict[str, str]:
    """Per table that is not as it should be: how many rows are missing and how many should not be there."""
    found = {}
    for table in sorted(have.keys() | want.keys()):
        here, there = have.get(table, Rows()), want.get(table, Rows())
        missing, extra = there - here, here - there
        if (table in have) != (table in want) or not _alike(missing, extra):
            found[table] = f"{missing.total()} missing, {extra.total()} too many"
    return found


def _alike(some: Rows, others: Rows) -> bool:
    """Whether rows differ in the last digits of floats only, which depend on the order threads add them up in."""
    if some.total() != others.total():
        return False
    pairs = zip(sorted(map(_parted, some.elements())), sorted(map(_parted, others.elements())), strict=True)
    return all(
        key == other_key and all(map(partial(math.isclose, rel_tol=1e-9), floats, other_floats))
        for (key, floats), (other_key, other_floats) in pairs
    )


def _parted(row: tuple[object, ...]) -> tuple[str, list[float]]:
    """A row without its floats, and these."""
    return repr([None if isinstance(v, float) else (v,) for v in row]), [v for v in row if isinstance(v, float)]


def files_of(home: Path) -> set[Path]:
    """Every file of the warehouse."""
    return {p for p in (home / "warehouse").rglob("*") if p.is_file()}


def unreferenced(home: Path) -> set[Path]:
    """Files of the warehouse that no table needs."""
    lake = lake_of(home)
    needed = {Path(f) for i in lake.catalog.heads() for f in _referenced(lake, i)}
    return files_of(home) - needed


def _referenced(lake: Lake, identifier: str) -> set[str]:
    return referenced_files(lake, lake.catalog.load_table(identifier))


def where_it_died(home: Path, before: set[Path]) -> str:
    """How far the newest publication had come when its process was killed.

    Args:
        home: The lake.
        before: The files of the warehouse before the process began.
    """
    lake = lake_of(home)
    new = files_of(home) - before
    marker = max((f for f in new if f.parent == marker_folder(lake)), key=lambda f: f.stat().st_mtime, default=None)
    if marker is None:
        return "no publication under way"
    if _is_published(lake, marker):
        return "published, mark not yet removed"
    orphans = unreferenced(home) & new
    if any(f.name.endswith(".metadata.json") for f in orphans):
        return "metadata written, pointers not moved"
    if any(f.suffix == ".avro" for f in orphans):
        return "writing manifests"
    if any(f.suffix == ".parquet" for f in orphans):
        return "staging or auditing"
    return "begun"


def _is_published(lake: Lake, marker: Path) -> bool:
    try:
        folders = json.loads(marker.read_text())["folders"]
    except json.JSONDecodeError:
        return False
    tables = [".".join(Path(f).parts[-4:-2]) for f in folders]
    heads = lake.catalog.heads()
    needed = {f for t in tables if t in heads for f in _referenced(lake, t)}
    return any(f.startswith(f"{folder}/") for f in needed for folder in folders)
