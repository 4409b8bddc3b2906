"""The Iceberg catalog of the cluster profile: Nessie, whose branches are catalogs of their own.

Belongs here: tables of a reference, by PyIceberg over Nessie's Iceberg REST, and the heads of a commit.
Does not belong here: the publication on a branch (publish.on_branch), or Nessie's own protocol (client).
"""

from __future__ import annotations

import itertools
import json
import sys
import threading
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cachetools import FIFOCache
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from lakehouse_assets.lakehouse.contract import LAYERS, Contract
from lakehouse_assets.lakehouse.iceberg import metadata_cache
from lakehouse_assets.lakehouse.iceberg.catalog import ensure_table
from lakehouse_assets.lakehouse.iceberg.locations import own, warehouse_of
from lakehouse_assets.lakehouse.moments import NoSuchMomentError, as_time
from lakehouse_assets.lakehouse.nessie._internals import OpenRestCatalog
from lakehouse_assets.lakehouse.nessie.client import Commit, Nessie, ReferenceGoneError
from lakehouse_assets.lakehouse.nessie.names import KEPT_FROM, SNAPSHOT_PREFIX, iceberg_uri
from lakehouse_assets.settings.servers import MAIN

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

    from lakehouse_assets.settings import Settings

_REST_CATALOGS = 16
SEARCHED = 5000
"""Commits of a branch that are searched for the one a person names."""


class Heads(dict[str, str]):
    """Identifier to metadata location of every table at one commit."""

    def __init__(self, locations: Mapping[str, str], commit: str) -> None:
        """Keep the commit with them."""
        super().__init__(locations)
        self.commit = commit


class NessieCatalog:
    """Tables on Nessie's references; without one named, on the branch of the settings."""

    def __init__(self, settings: Settings, at: str | None = None) -> None:
        """Nothing is requested yet.

        Args:
            settings: The settings of the process.
            at: A time or commit, for the branch as it was then.
        """
        self.nessie = Nessie(settings.nessie_url)
        self.branch = settings.branch
        self._at = at
        self._settings = settings
        self._warehouse = warehouse_of(settings)
        metadata_cache.file_system(settings.file_system_properties)
        # FIFO: the references opened last. A catalog asks its reference anew each time, so nothing invalidates it.
        self._catalogs: FIFOCache[str, Catalog] = FIFOCache(_REST_CATALOGS)
        self._lock = threading.Lock()
        self._prepared = False

    @cached_property
    def reference(self) -> str:
        """What is read where nothing else is named: the branch, or one commit of it, as `name@commit`.

        Raises:
            NoSuchMomentError: the branch has no such commit.
        """
        return self.branch if self._at is None else f"{self.branch}@{self.commit_at(self._at)}"

    def commit_at(self, moment: str) -> str:
        """The commit the branch was at.

        Args:
            moment: A time, or the hash of a commit, or its beginning.

        Raises:
            NoSuchMomentError: the branch has no such commit, or several that begin like this.
        """
        time, commits = as_time(moment), itertools.islice(self.history(), SEARCHED)
        if time:
            found = [c.hash for c in itertools.islice((c for c in commits if c.time <= time), 1)]
        else:
            found = [c.hash for c in commits if c.hash.startswith(moment)]
        if len(found) != 1:
            what = f"is as old as {moment}" if time else f"begins with '{moment}'"
            raise NoSuchMomentError(
                f"{len(found) or 'no'} commit of {self.branch} that is kept {what}; `asklake log` lists them"
            )
        return found[0]

    def heads(self, reference: str | None = None) -> Heads:
        """Identifier to metadata location of every table, as of one commit.

        Args:
            reference: Name of a branch or tag, or `name@commit`.

        Raises:
            OutsideWarehouseError: a table lies elsewhere.
        """
        commit, tables = self.nessie.tables(reference or self.reference)
        found = {i: t for i, t in tables.items() if i.split(".")[0] in LAYERS}
        for identifier, table in found.items():
            own(self._warehouse, identifier, (table.location,))
        for table in found.values():
            metadata_cache.remember(table.location, table.snapshot_id)
        return Heads({i: t.location for i, t in found.items()}, commit)

    def history(self) -> Iterator[Commit]:
        """The commits of the branch, newest first, as far back as their tables are kept."""
        try:
            oldest = self.nessie.reference(KEPT_FROM).hash
        except ReferenceGoneError:
            oldest = ""
        for commit in self.nessie.history(self.branch):
            yield commit
            if commit.hash == oldest:
                return

    def commit_with(self, snapshots: Mapping[str, int]) -> str:
        """The newest commit of the branch at which every one of these tables was at this snapshot.

        Args:
            snapshots: Identifier to snapshot id; as they once were together.

        Raises:
            NoSuchMomentError: there is no such commit, or it is no longer kept.
        """
        wanted = {f"{SNAPSHOT_PREFIX}{i}": str(s) for i, s in snapshots.items()}
        # Commits are numbered from the newest; a table is at its snapshot from the commit that set it up to the one
        # before it was set again.
        hashes: list[str] = []
        last_set: dict[str, int] = {}
        begin, end = 0, sys.maxsize
        for number, commit in enumerate(self.history()):
            hashes.append(commit.hash)
            for name in wanted.keys() & commit.properties.keys():
                if commit.properties[name] == wanted[name]:
                    begin, end = max(begin, last_set.get(name, -1) + 1), min(end, number)
                    del wanted[name]
                last_set[name] = number
            if not wanted:
                break
        if wanted or begin > end:
            raise NoSuchMomentError(
                f"{self.branch} never had these snapshots together, or its history is no longer kept that far back"
            )
        return hashes[begin]

    def heads_with(self, snapshots: Mapping[str, int]) -> Heads:
        """The tables at the newest commit of the branch at which every one of these was at its snapshot.

        Raises:
            NoSuchMomentError: there is no such commit, or it is no longer kept.
        """
        return self.heads(f"{self.branch}@{self.commit_with(snapshots)}")

    def load_table(self, identifier: str, reference: str | None = None) -> Table:
        """A table as it is now.

        Raises:
            pyiceberg.exceptions.NoSuchTableError: the reference has none of this name.
        """
        return self.on(reference or self.reference).load_table(identifier)

    def ensure(self, contract: Contract, location: str, reference: str) -> Table:
        """The table of a contract, created empty where it does not exist yet."""
        return ensure_table(self.on(reference), contract, location)

    def prepare(self) -> None:
        """Make the namespaces of all layers on main, once; Nessie merges nothing into a branch without any commit."""
        with self._lock:
            if self._prepared:
                return
        main = self.on(MAIN)
        known = {".".join(namespace) for namespace in main.list_namespaces()}
        for layer in LAYERS:
            if layer not in known:
                main.create_namespace_if_not_exists(layer)
        self._prepared = True

    def on(self, reference: str) -> Catalog:
        """PyIceberg's catalog of one reference."""
        with self._lock:
            if reference not in self._catalogs:
                self._catalogs[reference] = self._open(reference)
            return self._catalogs[reference]

    def _open(self, reference: str) -> Catalog:
        """PyIceberg's REST catalog as Nessie understands it. Files are read where the settings say, not Nessie."""
        files, uri = self._settings.file_system_properties, iceberg_uri(self._settings, reference)
        return OpenRestCatalog("nessie", files, _LastColumnIds, uri=uri)


class _LastColumnIds(HTTPAdapter):
    """Says the highest column id beside each new schema: Nessie 0.99 insists on it, PyIceberg 0.12 leaves it out."""

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        if isinstance(request.body, bytes) and b'"add-schema"' in request.body:
            document = json.loads(request.body)
            for update in document["updates"]:
                if update["action"] == "add-schema":
                    update["last-column-id"] = max(field["id"] for field in update["schema"]["fields"])
            request.prepare_body(json.dumps(document), None)
        return super().send(request, *args, **kwargs)


def require_nessie(catalog: object) -> NessieCatalog:
    """A catalog as one that has branches.

    Raises:
        TypeError: it has none.
    """
    if not isinstance(catalog, NessieCatalog):
        raise TypeError(f"{type(catalog).__name__} has no branches: only the cluster profile has")
    return catalog
