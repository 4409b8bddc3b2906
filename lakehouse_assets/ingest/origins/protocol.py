"""What an origin is: records from one place, up to one point, which one load makes rows of.

Belongs here: what loads ask of every kind. Does not belong here: a kind (one module each), or which there are
(registry).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import duckdb

if TYPE_CHECKING:
    from lakehouse_assets.ingest.mapping.statements import RecordMapping
    from lakehouse_assets.ingest.sources import Source


class Records(Protocol):
    """Raw records that DuckDB can read once."""

    @property
    def header(self) -> str | None:
        """Header line, where the format has one."""
        ...

    @property
    def count(self) -> int:
        """Records read so far; all of them once the statement is done."""
        ...

    def relation(self, con: duckdb.DuckDBPyConnection) -> str:
        """SQL of the records, to stand after FROM."""
        ...

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Around the statement that reads the records: gives errors of the reader as they were raised."""
        ...


class Origin(Protocol):
    """Records from one place, up to one point.

    Two origins are the same if their positions are; where they have none, if their contents are.
    """

    @property
    def id(self) -> str:
        """Where the records are from: `source_file` of bronze tables. Its beginning tells the kind; see Kind."""
        ...

    @property
    def position(self) -> str | None:
        """Up to where in the place they go, if whoever sends them says it; it is a part of the id."""
        ...

    @property
    def claims(self) -> tuple[str, str] | None:
        """Ids from the first up to, without, the second are of loads of the same records, if of its source and tenant.

        None where only the origin's own id is.
        """
        ...

    @property
    def content_sha256(self) -> str:
        """SHA-256 of all records in their order, or of the bytes that hold them; may read them to the end."""
        ...

    @property
    def size(self) -> int:
        """Bytes that hold the records; known without reading them."""
        ...

    def open(self, mapping: RecordMapping, scratch: Path) -> Records:
        """The records, from the first.

        Args:
            mapping: What is made of them.
            scratch: Folder for what does not fit into memory.

        Raises:
            IngestError: they cannot be read at all.
        """
        ...


@dataclass(frozen=True)
class Kind:
    """A kind of origin.

    Attributes:
        name: The kind, for people.
        scheme: What the id of every origin of the kind begins with, and that of no other.
        as_read: A source as it reads the text of these records, now and out of quarantine.
        is_read_on: Whether loads go on from where the last one ended: then one that is taken back stays noted, without
            rows, so that its records are not loaded again by themselves.
        is_state: Whether origins of one id are what the same place held at one time after another: then one is loaded
            again unless it is as the last was, even if an earlier one was the same.
        is_bound: Whether records may be of no other tenant than that of who sent them, where that is known.
    """

    name: str
    scheme: str
    as_read: Callable[[Source], Source]
    is_read_on: bool = False
    is_state: bool = False
    is_bound: bool = False
