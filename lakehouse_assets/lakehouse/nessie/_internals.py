"""The door into PyIceberg's REST catalog: what it does not call public, with the reason.

PyIceberg takes no adapter for the requests, and what the server says of files goes before what the caller says.
Belongs here: hooks in place of those members. Does not belong here: what Nessie wants (catalog), or the rest of
PyIceberg (iceberg._internals).

`tests/lakehouse/nessie/test_internals.py` tells what moved when PyIceberg is upgraded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pyiceberg.catalog.rest import RestCatalog

if TYPE_CHECKING:
    from pyiceberg.io import FileIO
    from requests import Session
    from requests.adapters import HTTPAdapter


class OpenRestCatalog(RestCatalog):
    """PyIceberg's REST catalog, its requests sent by an adapter, its files opened by properties of one's own."""

    def __init__(self, name: str, files: Mapping[str, str], adapter: Callable[[], HTTPAdapter], *, uri: str) -> None:
        """Connect.

        Args:
            name: What PyIceberg calls the catalog.
            files: Properties of the file system.
            adapter: Makes what sends the requests.
            uri: Address of the catalog.
        """
        self._files, self._adapter = dict(files), adapter
        super().__init__(name, uri=uri, **files)

    def _load_file_io(self, properties: Any = None, location: str | None = None) -> FileIO:
        return super()._load_file_io({**(properties or {}), **self._files}, location)

    def _create_session(self) -> Session:
        session = super()._create_session()
        for scheme in ("http://", "https://"):
            session.mount(scheme, self._adapter())
        return session
