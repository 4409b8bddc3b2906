"""Portions of a log: loading them, each as a range, and finding the record for which one is refused.

Belongs here: what follows from a refusal. Does not belong here: which portions (committer, topics), or loading
(ingest.loads).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from lakehouse_assets.ingest.loads.loader import Loader, LoadResult
from lakehouse_assets.ingest.origins.logged import LogRange

if TYPE_CHECKING:
    from lakehouse_assets.ingest.origins.protocol import Kind
    from lakehouse_assets.ingest.sources import Source
    from lakehouse_assets.lakehouse.lake import Lake


class Portion(Protocol):
    """Records of one partition, source and tenant, in their order; others may lie between them."""

    @property
    def first_record(self) -> int:
        """Offset of the first record; of one without any, the portion's."""
        ...

    @property
    def records(self) -> int:
        """How many there are."""
        ...

    def origin(self, refused: Mapping[int, str]) -> LogRange:
        """The portion as a range.

        Args:
            refused: Offset to the reason, of records that are to be quarantined whatever they hold.
        """
        ...

    def halves(self) -> tuple[Self, Self]:
        """The earlier and the later half of at least two records."""
        ...


P = TypeVar("P", bound=Portion)


@dataclass(frozen=True)
class Portions:
    """Loads portions of one source and tenant.

    Attributes:
        lake: Where to.
        source: Their source.
        tenant: Their tenant, where the log says it.
        kind: Of which log they are.
        run_id: What does it, for the snapshots.
    """

    lake: Lake
    source: Source
    tenant: str | None
    kind: Kind
    run_id: str

    def load(self, portions: Sequence[P], refused: Mapping[int, str] = {}) -> Iterator[tuple[P, LoadResult]]:
        """Load portions; where the records of one are refused its halves, and in the end the guilty to quarantine.

        Returns:
            The portions that are loaded, or were before by another process, and how.

        Raises:
            Exception: a portion can be loaded by no means; what was returned before is loaded.
        """
        origins = [portion.origin(refused) for portion in portions]
        known = self.kind.as_read(self.source)
        with Loader(self.lake, known, self.tenant, self.run_id, bound=self.kind.is_bound) as loader:
            loader.load(origins)
        found = list(zip(portions, origins, strict=True))
        yield from ((p, loader.results[o.id]) for p, o in found if o.id in loader.results)
        for portion, origin in found:
            if origin.id in loader.results:
                continue
            error = loader.errors[origin.id]
            if refused or not portion.records:
                raise error
            yield from self._load_smaller(portion, str(error))

    def _load_smaller(self, portion: P, reason: str) -> Iterator[tuple[P, LoadResult]]:
        if portion.records == 1:
            yield from self.load([portion], {portion.first_record: reason})
            return
        for half in portion.halves():
            yield from self.load([half])
