"""How far a source has read by a cursor, as the ids of its loads say it.

Belongs here: these ids. Does not belong here: the records (queried, answered), or looking positions up (loads).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Self

from lakehouse_assets.ingest.origins.protocol import Kind

Scalar = str | int | float | None
BY_CURSOR = Kind("cursor", "cursor://", lambda source: source.for_json, is_read_on=True)
_DIGITS = 20


@dataclass(frozen=True)
class Position:
    """How far a source has read by its cursor.

    Attributes:
        number: Of the load that read so far, from 1; every later one has a greater number.
        to: The greatest value of the cursor that it read.
        near: What was there then within the look-back before that value, it included: how many rows, or a digest of
            them. Others have come, or gone, where it is another one.
    """

    number: int
    to: Scalar
    near: int = 0

    def id_in(self, track: str) -> str:
        """Id of the load, in the track of its source and cursor; ids sort by number."""
        return f"{first_id(track, self.number)}/{json.dumps([self.to, self.near], ensure_ascii=False)}"

    def claims_in(self, track: str) -> tuple[str, str]:
        """See Origin: every load of the track from this one on."""
        return first_id(track, self.number), last_id(track)

    @property
    def said(self) -> str:
        """See Origin: how far it is, as a text."""
        return json.dumps(self.to, ensure_ascii=False)

    @classmethod
    def of(cls, origin_id: str) -> Self:
        """The position that an id names.

        Raises:
            ValueError: it is the id of none.
        """
        _source, _digest, number, said = origin_id.removeprefix(BY_CURSOR.scheme).split("/", 3)
        to, near = json.loads(said)
        return cls(int(number), to, near)


def track_of(source: str, reads: str) -> str:
    """What the ids of all loads of a source begin with that read the same by the same cursor."""
    return f"{BY_CURSOR.scheme}{source}/{hashlib.sha256(reads.encode()).hexdigest()[:12]}"


def first_id(track: str, number: int) -> str:
    """What the ids of all loads of a track from a number on are not less than."""
    return f"{track}/{number:0{_DIGITS}}"


def last_id(track: str) -> str:
    """What the ids of all loads of a track are less than."""
    return f"{track}0"
