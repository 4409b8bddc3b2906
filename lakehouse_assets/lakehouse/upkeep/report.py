"""What maintenance says of a table: what was removed, what was rewritten, what is left, and what could not be done.

Belongs here: these values. Does not belong here: doing any of it (maintenance, local_gc, nessie_gc).
"""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse_assets.lakehouse.publish.data_files import SMALL_FILE_BYTES


@dataclass(frozen=True)
class FileCounts:
    """Data files of a table or a partition; small are those below SMALL_FILE_BYTES."""

    files: int = 0
    small: int = 0
    bytes: int = 0
    small_bytes: int = 0

    def with_file(self, size: int) -> FileCounts:
        """One file of this size, in bytes, more."""
        small = size < SMALL_FILE_BYTES
        return FileCounts(self.files + 1, self.small + small, self.bytes + size, self.small_bytes + small * size)


@dataclass(frozen=True)
class Freed:
    """What nobody needed any more of one table: states forgotten, files and bytes removed; what stopped it, if any."""

    snapshots: int = 0
    files: int = 0
    bytes: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Maintained:
    """What one run of maintenance did to one table, the files it has now, and what could not be done."""

    identifier: str
    snapshots_expired: int
    files_removed: int
    bytes_removed: int
    partitions_compacted: int
    analyzed: bool
    left: FileCounts
    problems: tuple[str, ...] = ()


def told(error: Exception) -> str:
    """An error in words."""
    return str(error) or type(error).__name__
