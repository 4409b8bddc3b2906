"""What people do with branches and commits: look at them, compare them with main, drop them, take main back.

Belongs here: operations over Nessie's references that no publication is under way on.
Does not belong here: publishing (publish.on_branch), or printing (commands).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.nessie.catalog import SEARCHED, NessieCatalog, require_nessie
from lakehouse_assets.lakehouse.nessie.client import (
    NOTHING,
    Commit,
    NessieError,
    Reference,
    ReferenceConflictError,
    ReferenceGoneError,
)
from lakehouse_assets.lakehouse.nessie.names import (
    AT,
    BRANCH,
    FAILED,
    OPEN,
    REFUSED,
    SNAPSHOT_PREFIX,
    catalog_of,
)
from lakehouse_assets.lakehouse.sql import quoted
from lakehouse_assets.settings.servers import MAIN

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.protocol import Engine, WriterSession

UNDONE = "undone_"
"""How the tags are named that keep what main was taken back from."""
KEPT_CATALOGS = 64
"""Catalogs of older commits that an engine may have; they are made again where they are needed."""
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


class BranchNameError(ValueError):
    """A branch cannot have this name, or there is nothing people may do with one of this name."""


class MergeConflictError(Exception):
    """Main has changed tables that a branch changes too, since they parted."""


@dataclass(frozen=True)
class BranchState:
    """A branch: whose it is and what became of it, since when, and the tables in which it differs from main.

    Attributes:
        since: When a publication began; of a person's branch, the time of its newest commit.
        failed: The checks that a refused publication failed, by table.
    """

    name: str
    kind: str
    since: datetime
    tables: tuple[str, ...]
    failed: Mapping[str, str]


@dataclass(frozen=True)
class TableDifference:
    """How a table on a branch differs from main.

    Attributes:
        on_branch: Rows there.
        on_main: Rows on main.
        only_on_branch: Rows that main does not have, by the columns both have.
        only_on_main: Rows that the branch does not have.
        columns_on_branch: Columns that main does not have, or not of that name.
        columns_on_main: Columns that the branch does not have.
        added: Some of the rows that only the branch has.
        removed: Some of the rows that only main has.
    """

    table: str
    on_branch: int
    on_main: int
    only_on_branch: int
    only_on_main: int
    columns_on_branch: tuple[str, ...]
    columns_on_main: tuple[str, ...]
    added: list[dict[str, Any]]
    removed: list[dict[str, Any]]


def _catalog(lake: Lake) -> NessieCatalog:
    return require_nessie(lake.catalog)


def branches(lake: Lake) -> list[BranchState]:
    """Every branch but main, oldest first: people's, and those of publications under way, dead or refused."""
    references = [r for r in _catalog(lake).nessie.references() if r.kind == "BRANCH" and r.name != MAIN]
    return sorted((_state(_catalog(lake), r) for r in references), key=lambda b: b.since)


def _state(catalog: NessieCatalog, reference: Reference) -> BranchState:
    moved = tuple(_moved(catalog, reference.name))
    if reference.name.startswith(REFUSED):
        said = {table: catalog.load_table(table, reference.name).properties.get(FAILED) for table in moved}
        failed = {table: text for table, text in said.items() if text}
        return BranchState(reference.name, "refused", _begun(reference.name), moved, failed)
    if reference.name.startswith(BRANCH):
        return BranchState(reference.name, "under way", _begun(reference.name), moved, {})
    newest = next(catalog.nessie.history(reference.name)).time
    return BranchState(reference.name, "open", newest, moved, {})


def create(lake: Lake, name: str, *, start: str | None = None) -> str:
    """Make a branch for people to work on; returns the commit it begins at.

    Args:
        lake: The lake.
        name: Lower-case letters, digits and dashes.
        start: A time or commit of the branch of the settings to begin at; as it is now if None.

    Raises:
        BranchNameError: the name will not do, or is taken.
        NoSuchMomentError: there is no such commit.
    """
    if not _is_for_people(name):
        raise BranchNameError(f"'{name}' cannot be a branch: its name has lower-case letters, digits and dashes")
    catalog = _catalog(lake)
    catalog.prepare()
    here = catalog.nessie.reference(catalog.branch)
    base = Reference(here.name, catalog.commit_at(start)) if start else here
    try:
        return catalog.nessie.create_branch(name, base).hash
    except ReferenceConflictError as error:
        raise BranchNameError(f"there is a branch '{name}' already") from error


def _is_for_people(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and name != MAIN


def merge(lake: Lake, name: str) -> tuple[str, list[str]]:
    """Make all that a branch changed visible on main, in one commit, and remove the branch.

    Returns:
        The commit, and the tables it changed.

    Raises:
        ReferenceGoneError: there is no such branch.
        BranchNameError: it is a publication's, or has nothing that main lacks.
        MergeConflictError: main has changed a table that the branch changes.
    """
    nessie = _catalog(lake).nessie
    branch, main = nessie.reference(name), nessie.reference(MAIN)
    if not _is_for_people(name):
        raise BranchNameError(f"'{name}' is not a person's branch; publications are merged when their audit passes")
    base = _catalog(lake).heads(f"{MAIN}@{_parted(_catalog(lake), name)}")
    there, here = _catalog(lake).heads(branch.pinned), _catalog(lake).heads(main.pinned)
    changed = _changed(base, there)
    if not changed:
        raise BranchNameError(f"'{name}' has nothing that main lacks")
    if both := sorted(set(changed) & set(_changed(base, here))):
        raise MergeConflictError(f"main has changed {', '.join(both)} since '{name}' was made")
    snapshots = {f"{SNAPSHOT_PREFIX}{t}": str(current_snapshot(there[t])) for t in changed if t in there}
    try:
        commit = nessie.merge(branch, main, f"branch {name}: {', '.join(changed)}", snapshots)
    except ReferenceConflictError as error:
        raise MergeConflictError(f"main has changed a table of '{name}' meanwhile: {error}") from error
    drop(lake, name)
    return commit, changed


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return sorted(t for t in before.keys() | after.keys() if before.get(t) != after.get(t))


def _parted(catalog: NessieCatalog, name: str) -> str:
    """The newest commit that a branch and main have in common."""
    own = {c.hash for c in itertools.islice(catalog.nessie.history(name), SEARCHED)}
    return next((c.hash for c in itertools.islice(catalog.nessie.history(), SEARCHED) if c.hash in own), NOTHING)


def differences(lake: Lake, name: str, *, samples: int = 5) -> list[TableDifference]:
    """Compare each table that a branch changes with main, row for row, in the engine.

    Args:
        lake: The lake.
        name: The branch.
        samples: Most rows to give of those that only one side has.

    Raises:
        ReferenceGoneError: there is no such branch.
    """
    catalog = _catalog(lake)
    catalog.nessie.reference(name)
    heads = {reference: catalog.heads(reference) for reference in (name, MAIN)}
    with lake.engine.across(heads) as (session, relation):
        return [_difference(lake, session, relation, name, table, samples) for table in _moved(catalog, name)]


def _difference(
    lake: Lake, session: WriterSession, relation: Callable[[str, str], str], branch: str, table: str, samples: int
) -> TableDifference:
    there = _columns(lake, table, branch)
    here = _columns(lake, table, MAIN) if table in _catalog(lake).heads(MAIN) else there
    both = ", ".join(quoted(c) for c in there if c in here)
    on_branch = f"(select {both} from {relation(branch, table)})"
    if table in _catalog(lake).heads(MAIN):
        on_main = f"(select {both} from {relation(MAIN, table)})"
    else:
        on_main = f"(select * from {on_branch} where false)"
    added, removed = f"({on_branch} except all {on_main})", f"({on_main} except all {on_branch})"
    named = {"on_branch": on_branch, "on_main": on_main, "only_on_branch": added, "only_on_main": removed}
    counted = session.run("select " + ", ".join(f"(select count(*) from {rows}) as {n}" for n, rows in named.items()))
    return TableDifference(
        table,
        **counted.to_pylist()[0],
        columns_on_branch=tuple(c for c in there if c not in here),
        columns_on_main=tuple(c for c in here if c not in there),
        added=session.run(f"select * from {added} limit {samples}").to_pylist(),
        removed=session.run(f"select * from {removed} limit {samples}").to_pylist(),
    )


def _columns(lake: Lake, table: str, reference: str) -> list[str]:
    return [f.name for f in _catalog(lake).load_table(table, reference).schema().fields]


def drop(lake: Lake, name: str) -> None:
    """Remove a branch, and its catalogs first.

    Raises:
        ReferenceGoneError: there is no such branch.
        BranchNameError: it is main.
    """
    if name == MAIN:
        raise BranchNameError("main cannot be dropped")
    reference, catalog = _catalog(lake).nessie.reference(name), catalog_of(name)
    for made in lake.engine.catalogs():
        if made == catalog or (made.startswith(AT) and made.endswith(f"_{catalog}")):
            lake.engine.drop_catalog(made)
    _catalog(lake).nessie.drop(reference)


def sweep(lake: Lake, *, now: datetime | None = None) -> list[str]:
    """Remove branches of dead publications, branches and tags that were kept long enough, and catalogs of none.

    Returns:
        Names of what was removed.
    """
    now = now or datetime.now(UTC)
    settings, removed = lake.settings, []
    for reference in _of_publications(_catalog(lake)):
        kept = settings.branch_retention if reference.name.startswith(REFUSED) else settings.staging_grace
        if now - _begun(reference.name) > kept:
            with suppress(ReferenceGoneError):
                drop(lake, reference.name)
                removed.append(reference.name)
    for reference in _catalog(lake).nessie.references():
        if reference.name.startswith(UNDONE) and now - _begun(reference.name) > settings.snapshot_retention:
            _catalog(lake).nessie.drop(reference)
            removed.append(reference.name)
    removed += _swept_catalogs(lake.engine, {catalog_of(r.name) for r in _catalog(lake).nessie.references()})
    return removed


def _swept_catalogs(engine: Engine, alive: set[str]) -> list[str]:
    """Drop the engine's catalogs of branches that are gone, and those of older commits where there are many."""
    removed, catalogs = [], engine.catalogs()
    left = [c for c in catalogs if c.startswith((BRANCH, OPEN)) and c not in alive]
    older = [c for c in catalogs if c.startswith(AT)]
    for catalog in left + (older if len(older) > KEPT_CATALOGS else []):
        with suppress(NessieError):
            engine.drop_catalog(catalog)
            removed.append(catalog)
    return removed


def log(lake: Lake, *, table: str | None = None, limit: int = 20) -> list[Commit]:
    """The newest commits of the branch of the settings, newest first; those that changed one table, if it is named."""
    commits: Iterator[Commit] = _catalog(lake).history()
    if table:
        commits = (c for c in commits if f"{SNAPSHOT_PREFIX}{table}" in c.properties)
    return list(itertools.islice(commits, limit))


def rollback(lake: Lake, moment: str) -> tuple[str, str]:
    """Take the branch of the settings back to an earlier commit of its history.

    A tag keeps the commits after it readable by their hashes for as long as snapshots are kept.

    Args:
        lake: The lake.
        moment: A time, the hash of a commit, or the beginning of it.

    Returns:
        The commit the branch was at, and the one it is at now.

    Raises:
        NoSuchMomentError: the branch has no such commit, or several that begin like this.
    """
    catalog = _catalog(lake)
    before, commit = catalog.nessie.reference(catalog.branch), catalog.commit_at(moment)
    catalog.nessie.create_tag(f"{UNDONE}{datetime.now(UTC):%Y%m%dt%H%M%S}_{before.hash[:8]}", before)
    catalog.nessie.assign(before, Reference(before.name, commit))
    return before.hash, commit


def _of_publications(catalog: NessieCatalog) -> list[Reference]:
    return [r for r in catalog.nessie.references() if r.name.startswith((BRANCH, REFUSED))]


def _begun(name: str) -> datetime:
    """When a publication or a rollback began, which its name tells: pub_<YYYYmmddtHHMMSS>_<random>."""
    stamp = name.removeprefix(BRANCH).removeprefix(REFUSED).removeprefix(UNDONE).split("_")[0]
    try:
        return datetime.strptime(stamp.upper(), "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime.now(UTC)


def _moved(catalog: NessieCatalog, branch: str) -> list[str]:
    """The tables whose snapshot on a branch is another than on main."""
    on_branch, on_main = catalog.heads(branch), catalog.heads(MAIN)
    return sorted(t for t, at in on_branch.items() if _snapshot(on_main, t) != current_snapshot(at))


def _snapshot(heads: Mapping[str, str], table: str) -> int | None:
    return current_snapshot(heads[table]) if table in heads else None
