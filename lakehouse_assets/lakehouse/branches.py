"""What people do with branches and commits: look at them, compare them with main, drop them, take main back.

Belongs here: operations over Nessie's references that no publication is under way on.
Does not belong here: publishing (branch), or printing (commands).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from lakehouse_assets.lakehouse.branch import REFUSED
from lakehouse_assets.lakehouse.branch_catalog import SNAPSHOT_PREFIX, NessieCatalog
from lakehouse_assets.lakehouse.contract import quoted
from lakehouse_assets.lakehouse.heads import current_snapshot
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.nessie import MAIN, Commit, NessieError, Reference, ReferenceGoneError
from lakehouse_assets.lakehouse.trino import AT, BRANCH

UNDONE = "undone_"
"""How the tags are named that keep what main was taken back from."""
KEPT_CATALOGS = 64
"""Catalogs of older commits that Trino may have; they are made again where they are needed."""
_SEARCHED = 5000
"""Commits of main that are searched for the one a person names."""


@dataclass(frozen=True)
class BranchState:
    """A branch of a publication: what became of it, when it was begun, the tables in which it differs from main."""

    name: str
    kind: str
    begun: datetime
    tables: tuple[str, ...]


@dataclass(frozen=True)
class TableDifference:
    """How a table on a branch differs from main: rows there and here, and those that only one of them has."""

    table: str
    on_branch: int
    on_main: int
    only_on_branch: int
    only_on_main: int


def branches(lake: Lake) -> list[BranchState]:
    """The branches of publications, oldest first: under way, dead, or refused by their audit."""
    found = []
    for reference in _of_publications(lake.catalog):
        kind = "refused" if reference.name.startswith(REFUSED) else "under way"
        found.append(BranchState(reference.name, kind, _begun(reference.name), tuple(_moved(lake.catalog, reference))))
    return sorted(found, key=lambda b: b.begun)


def differences(lake: Lake, name: str) -> list[TableDifference]:
    """Compare each table that a branch changes with main, row for row, in Trino.

    Raises:
        ReferenceGoneError: there is no such branch.
    """
    reference = lake.catalog.nessie.reference(name)
    moved = _moved(lake.catalog, reference)
    on_main = lake.catalog.heads()
    engine = lake.engine
    engine.make_catalog(name, name)
    try:
        with engine.session({}, writer=True) as session:
            return [_difference(session, name, table, table in on_main) for table in moved]
    finally:
        engine.drop_catalog(name)


def _difference(session: object, branch: str, table: str, on_main: bool) -> TableDifference:
    schema, name = (quoted(part) for part in table.split("."))
    here = f"lake.{schema}.{name}" if on_main else f"(select * from {quoted(branch)}.{schema}.{name} where false)"
    there = f"{quoted(branch)}.{schema}.{name}"
    counted = session.run(  # pyright: ignore[reportAttributeAccessIssue]
        f"select (select count(*) from {there}) as on_branch, (select count(*) from {here}) as on_main, "
        f"(select count(*) from (select * from {there} except all select * from {here})) as only_on_branch, "
        f"(select count(*) from (select * from {here} except all select * from {there})) as only_on_main"
    )
    return TableDifference(table, **counted.to_pylist()[0])


def drop(lake: Lake, name: str) -> None:
    """Remove the branch of a publication, and its catalog first.

    Raises:
        ReferenceGoneError: there is no such branch.
        ValueError: it is not the branch of a publication.
    """
    if not name.startswith((BRANCH, REFUSED)):
        raise ValueError(f"'{name}' is not the branch of a publication")
    reference = lake.catalog.nessie.reference(name)
    lake.engine.drop_catalog(name)
    lake.catalog.nessie.drop(reference)


def sweep(lake: Lake, *, now: datetime | None = None) -> list[str]:
    """Remove branches of dead publications, branches and tags that were kept long enough, and catalogs of none.

    Returns:
        Names of what was removed.
    """
    now = now or datetime.now(UTC)
    settings, removed = lake.settings, []
    for reference in _of_publications(lake.catalog):
        kept = settings.branch_retention if reference.name.startswith(REFUSED) else settings.staging_grace
        if now - _begun(reference.name) > kept:
            with suppress(ReferenceGoneError):
                drop(lake, reference.name)
                removed.append(reference.name)
    for reference in lake.catalog.nessie.references():
        if reference.name.startswith(UNDONE) and now - _begun(reference.name) > settings.snapshot_retention:
            lake.catalog.nessie.drop(reference)
            removed.append(reference.name)
    alive = {r.name for r in lake.catalog.nessie.references()}
    catalogs = lake.engine.catalogs()
    left = [c for c in catalogs if c.startswith(BRANCH) and c not in alive]
    older = [c for c in catalogs if c.startswith(AT)]
    for catalog in left + (older if len(older) > KEPT_CATALOGS else []):
        with suppress(NessieError):
            lake.engine.drop_catalog(catalog)
            removed.append(catalog)
    return removed


def log(lake: Lake, *, table: str | None = None, limit: int = 20) -> list[Commit]:
    """The newest commits of main, newest first; those that changed one table, if it is named."""
    commits: Iterator[Commit] = lake.catalog.history()
    if table:
        commits = (c for c in commits if f"{SNAPSHOT_PREFIX}{table}" in c.properties)
    return list(itertools.islice(commits, limit))


def rollback(lake: Lake, commit: str) -> tuple[str, str]:
    """Take main back to an earlier commit of its history.

    A tag keeps the commits after it readable by their hashes for as long as snapshots are kept.

    Args:
        lake: The lake.
        commit: Its hash, or the beginning of it.

    Returns:
        The commit main was at, and the one it is at now.

    Raises:
        LookupError: main's history has no such commit, or several that begin like this.
    """
    nessie = lake.catalog.nessie
    main = nessie.reference()
    found = [c.hash for c in itertools.islice(lake.catalog.history(), _SEARCHED) if c.hash.startswith(commit)]
    if len(found) != 1:
        raise LookupError(f"{len(found) or 'no'} commits of main that are kept begin with '{commit}'")
    nessie.create_tag(f"{UNDONE}{datetime.now(UTC):%Y%m%dt%H%M%S}_{main.hash[:8]}", main)
    nessie.assign(main, Reference(MAIN, found[0]))
    return main.hash, found[0]


def _of_publications(catalog: NessieCatalog) -> list[Reference]:
    return [r for r in catalog.nessie.references() if r.name.startswith((BRANCH, REFUSED))]


def _begun(name: str) -> datetime:
    """When a publication or a rollback began, which its name tells: pub_<YYYYmmddtHHMMSS>_<random>."""
    stamp = name.removeprefix(BRANCH).removeprefix(REFUSED).removeprefix(UNDONE).split("_")[0]
    try:
        return datetime.strptime(stamp.upper(), "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime.now(UTC)


def _moved(catalog: NessieCatalog, reference: Reference) -> list[str]:
    """The tables whose snapshot on a branch is another than on main."""
    on_branch, on_main = catalog.heads(reference.name), catalog.heads()
    return sorted(t for t, at in on_branch.items() if _snapshot(on_main, t) != current_snapshot(at))


def _snapshot(heads: Mapping[str, str], table: str) -> int | None:
    return current_snapshot(heads[table]) if table in heads else None
