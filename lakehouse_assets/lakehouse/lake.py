"""The lake of a profile in one object: its catalog and its engine.

Belongs here: giving out sessions over one consistent state. Does not belong here: opening its parts (parts),
publishing, auditing, or knowledge of any table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse_assets.lakehouse.parts import open_catalog, open_engine

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.contract import Contract
    from lakehouse_assets.lakehouse.engines.protocol import Catalog, Engine
    from lakehouse_assets.settings import Settings


class Lake:
    """Catalog and engine of the profile; cheap to make, opened at first use."""

    def __init__(self, settings: Settings, *, at: str | None = None) -> None:
        """Remember the settings; nothing is opened.

        Args:
            settings: The settings of the process.
            at: A moment, for the lake as it was then, which can only be read: a time, or a commit (cluster profile),
                a publication or a snapshot (local profile).
        """
        self.settings = settings
        self._at = at

    @cached_property
    def catalog(self) -> Catalog:
        """The Iceberg catalog.

        Raises:
            NoSuchMomentError: no state of the moment is kept.
        """
        return open_catalog(self.settings, self._at)

    @cached_property
    def engine(self) -> Engine:
        """The engine of the profile."""
        return open_engine(self.settings, self.catalog)

    def location(self, contract: Contract) -> Path:
        """Folder of a table in the warehouse of the local profile."""
        return self.settings.warehouse / contract.layer / contract.table

    @contextmanager
    def session(
        self,
        at: Mapping[str, int] | None = None,
        *,
        heads: Mapping[str, str] | None = None,
        writer: bool = False,
    ) -> Iterator[Any]:
        """A consistent view of every table, a `Session`: the newest state, or the snapshots of `at`."""
        state = self.catalog.heads() if heads is None else heads
        with self.engine.session(state, at, writer=writer) as session:
            yield session
