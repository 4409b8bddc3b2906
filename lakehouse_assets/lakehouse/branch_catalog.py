"""The Iceberg catalog of the cluster profile: Nessie, whose branches are catalogs of their own.

Belongs here: tables of a reference, by PyIceberg over Nessie's Iceberg REST, and the heads of a commit.
Does not belong here: the publication on a branch (branch), or Nessie's own protocol (nessie).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lakehouse_assets.lakehouse import heads as known_heads
from lakehouse_assets.lakehouse.catalog import ensure_table
from lakehouse_assets.lakehouse.contract import LAYERS, Contract
from lakehouse_assets.lakehouse.nessie import MAIN, Nessie

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

    from lakehouse_assets.settings import Settings

_REST_CATALOGS = 16


class NessieCatalog:
    """Tables on Nessie's references; without one named, on the main branch."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is requested yet."""
        self.nessie = Nessie(settings.nessie_url)
        self._settings = settings
        self._catalogs: dict[str, Catalog] = {}
        self._lock = threading.Lock()
        self._prepared = False

    def heads(self, reference: str = MAIN) -> dict[str, str]:
        """Identifier to metadata location of every table, as of one commit."""
        return self.commit_and_heads(reference)[1]

    def commit_and_heads(self, reference: str = MAIN) -> tuple[str, dict[str, str]]:
        """The commit a reference is at, and the metadata location of every table there."""
        commit, tables = self.nessie.tables(reference)
        found = {i: t for i, t in tables.items() if i.split(".")[0] in LAYERS}
        for table in found.values():
            known_heads.remember(table.location, table.snapshot_id)
        return commit, {i: t.location for i, t in found.items()}

    def load_table(self, identifier: str, reference: str = MAIN) -> Table:
        """A table as it is now.

        Raises:
            pyiceberg.exceptions.NoSuchTableError: the reference has none of this name.
        """
        return self.on(reference).load_table(identifier)

    def ensure(self, contract: Contract, location: str, reference: str = MAIN) -> Table:
        """The table of a contract, created empty where it does not exist yet.

        Raises:
            SchemaDriftError: the table's columns are not those of the contract.
        """
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
                while len(self._catalogs) >= _REST_CATALOGS:
                    self._catalogs.pop(next(iter(self._catalogs)))
                self._catalogs[reference] = self._open(reference)
            return self._catalogs[reference]

    def _open(self, reference: str) -> Any:
        from pyiceberg.catalog import load_catalog

        return load_catalog(
            "nessie",
            type="rest",
            uri=f"{self._settings.nessie_url.rstrip('/')}/iceberg/{quote(reference, safe='')}",
            **self._settings.file_system_properties,
        )
