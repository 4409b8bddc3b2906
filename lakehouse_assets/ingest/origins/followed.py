"""How far the changes of a table were followed, as the ids of the loads say it.

A source that follows a table begins with a copy of it: a generation, which has a replication slot of its own. A note
without rows says that it was begun, so that a slot whose copy never came to its end is known to be this lake's. The
note of the copy, and of each load of changes after it, says the position up to which bronze has them.
Belongs here: these ids. Does not belong here: keeping the rows (queried), or what is done by them (loads.following).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from typing import Any, Self

from lakehouse_assets.ingest.origins.protocol import Kind

KIND = Kind("changes", "changes://", lambda source: source.for_json, is_read_on=True)
BEGUN = 0
"""Position of a generation whose copy is not in bronze yet."""


@dataclass(frozen=True)
class Shape:
    """What the table was like as it was copied.

    Attributes:
        number: Its number in the catalog of the database.
        kinds: Of each column that the source read, number and modifier of the type.
        entry: By what the catalog published it; None in lakes that did not note it.
    """

    number: int
    kinds: Mapping[str, str]
    entry: str | None = None


@dataclass(frozen=True)
class Identity:
    """Which log positions are of.

    Attributes:
        system: What tells a server, and its copies, from any other.
        timeline: Number of the log among those that parted where a server was restored or a standby promoted.
    """

    system: str
    timeline: int


@dataclass(frozen=True)
class Transaction:
    """A transaction by what no other history of a database has: its end, its number, and when it was committed."""

    end: int = 0
    number: int = 0
    committed_at: str = ""


NONE = Transaction()
"""There is none."""


@dataclass(frozen=True)
class Followed:
    """How far the changes of a table are in bronze.

    Attributes:
        track: What the ids of all loads begin with that follow the same table.
        generation: Number of the copy, from 1.
        slot: The slot that the changes after it are kept by.
        position: Position in the log of the database up to which they are in bronze; BEGUN before the copy is.
        shape: What the table was like, of the copy itself.
        log: Which log the position is of; None in notes that do not say it.
        last: The last transaction that bronze has, NONE where none followed the copy; None in notes that do not say it.
    """

    track: str
    generation: int
    slot: str
    position: int = BEGUN
    shape: Shape | None = field(default=None, compare=False)
    log: Identity | None = field(default=None, compare=False)
    last: Transaction | None = field(default=None, compare=False)

    @property
    def id(self) -> str:
        """Id of the load; ids of a track sort by generation and position."""
        last = [list(astuple(self.last))] if self.last else []
        told: list[Any] = [[self.log.system, self.log.timeline, *last] if self.log else None]
        if self.shape:
            told += [self.shape.number, self.shape.kinds, self.shape.entry]
        return f"{self._id_at(self.position)}/{json.dumps(told, ensure_ascii=False, separators=(',', ':'))}"

    @property
    def claims(self) -> tuple[str, str]:
        """See Origin, of a note that a generation was begun: every load of it or of a later one."""
        return f"{self.track}/{self.generation:06}", f"{self.track}0"

    @property
    def claims_after(self) -> tuple[str, str]:
        """See Origin, of a load that goes on from here: every one that did, or that began anew."""
        return self._id_at(self.position + 1), f"{self.track}0"

    def _id_at(self, position: int) -> str:
        return f"{self.track}/{self.generation:06}/{self.slot}/{position:020}"

    @classmethod
    def of(cls, origin_id: str) -> Self:
        """From an id.

        Raises:
            ValueError: it is the id of none.
        """
        source, digest, generation, slot, position, *rest = origin_id.removeprefix(KIND.scheme).split("/", 5)
        told = json.loads(rest[0]) if rest else []
        if told and isinstance(told[0], int):  # a copy of a lake that noted the table alone
            told = [None, *told]
        log, *shape = told or [None]
        return cls(
            f"{KIND.scheme}{source}/{digest}", int(generation), slot, int(position), Shape(*shape) if shape else None,
            Identity(*log[:2]) if log else None, Transaction(*log[2]) if log and len(log) > 2 else None,
        )  # fmt: skip


def track_of(source: str, reads: str) -> str:
    """What the ids of all loads of a source begin with that follow the same table by the same publication."""
    return f"{KIND.scheme}{source}/{hashlib.sha256(reads.encode()).hexdigest()[:12]}"
