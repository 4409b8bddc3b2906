"""Whose days a table has: the time zone that its snapshots note, and the refusal to mix days of two.

Of rows that got their days in two zones, some would be counted on days that are none of theirs. Each publication notes
the project's zone in its snapshots; where that is another than the table's, rows may only replace the whole table.
Belongs here: reading the note, comparing it. Does not belong here: writing snapshots (publish), or giving rows their
days anew (builds.rezoning).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse_assets.lakehouse.iceberg.properties import PUBLICATION_ID, TIME_ZONE
from lakehouse_assets.lakehouse.zones import NO_ZONE

if TYPE_CHECKING:
    from pyiceberg.table.metadata import TableMetadata


class OtherZoneError(Exception):
    """Days of two time zones would be mixed."""


def zone_noted(metadata: TableMetadata, snapshot_id: int | None = None) -> str | None:
    """The time zone that the days of a table are of, at a snapshot or now; None where it never got any rows.

    Statements of an engine make snapshots that note nothing, so that of the last publication counts. Those from before
    there were zones had days of UTC.
    """
    at = first = snapshot_id or metadata.current_snapshot_id
    while at is not None and (snapshot := metadata.snapshot_by_id(at)):
        said = snapshot.summary.additional_properties if snapshot.summary else {}
        if PUBLICATION_ID in said:
            return said.get(TIME_ZONE, NO_ZONE)
        at = snapshot.parent_snapshot_id
    return None if first is None else NO_ZONE


def refuse_other_zone(identifier: str, metadata: TableMetadata, zone: str) -> None:
    """Refuse to use a table, or to publish a part of it, by days of another time zone than its own.

    Raises:
        OtherZoneError: it has days of another.
    """
    have = zone_noted(metadata)
    if have not in (None, zone):
        raise OtherZoneError(
            f"{identifier} has days of {have}, and ASKLAKE_TIME_ZONE is {zone}: days of both would be mixed. Set "
            f"ASKLAKE_TIME_ZONE to {have} again, or give all rows days of {zone} by `asklake rezone`"
        )
