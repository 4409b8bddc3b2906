"""Records that an API answered with as origins: all of them by what they are, those up to a cursor by their position.

Belongs here: what such records are to a load. Does not belong here: asking for them (fetching), or which are next
(loads).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Self

from lakehouse_assets.ingest.mapping.statements import RecordMapping
from lakehouse_assets.ingest.origins.kept import KeptTexts
from lakehouse_assets.ingest.origins.positions import Position
from lakehouse_assets.ingest.origins.protocol import Kind
from lakehouse_assets.ingest.origins.relations import TextRecords

WHOLE = Kind("api", "api://", lambda source: source.for_json, is_state=True)


class AnsweredRecords:
    """Records of an API that wait until they are loaded; see Origin. A context, which lets go of them at its end."""

    def __init__(self, texts: Iterable[bytes], scratch: Path) -> None:
        """Read all of them; what they are called is said by `call`.

        Args:
            texts: JSON text of each.
            scratch: Folder of what does not fit into memory.
        """
        self._kept = KeptTexts(texts, scratch)
        self.size, self.content_sha256 = self._kept.size, self._kept.content_sha256
        self.id = WHOLE.scheme
        self.position: str | None = None
        self.claims: tuple[str, str] | None = None

    def call(self, place: str, position: Position | None = None) -> None:
        """Say where they are from, and how far they go where a cursor says it; then `place` is the track."""
        self.id = f"{WHOLE.scheme}{place}" if position is None else position.id_in(place)
        if position is not None:
            self.position, self.claims = position.said, position.claims_in(place)

    def __enter__(self) -> Self:
        """Nothing is opened."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Let go of the records."""
        self._kept.close()

    def open(self, mapping: RecordMapping, scratch: Path) -> TextRecords:
        """See Origin."""
        return self._kept.records(self.id, mapping)
