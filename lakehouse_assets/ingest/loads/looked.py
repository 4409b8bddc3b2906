"""What is seen of a source that fetches its records, before anything is loaded.

Belongs here: what all kinds tell. Does not belong here: looking (of_databases, of_apis), or printing (commands).
"""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse_assets.ingest.origins.positions import Position


@dataclass(frozen=True)
class Looked:
    """What a load would read now.

    Attributes:
        reads: What is read, for people: a table, `the query`, a URL.
        access: Name of the secret that it is read with.
        columns: The columns, or the fields of the records that were seen.
        rows: How many rows or records.
        is_all: Whether a load would read these alone, and not those of further pages, too.
        cursor: What it is read by.
        since: Where the last load ended.
    """

    reads: str
    access: str | None
    columns: tuple[str, ...]
    rows: int
    is_all: bool = True
    cursor: str | None = None
    since: Position | None = None
