"""Tables of the platform that Python makes: what every table holds, by day.

Belongs here: their functions. Does not belong here: their contracts (contracts).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from lakehouse_assets.domains.platform.contracts import TABLE_HEALTH
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.moments import NoSuchMomentError
from lakehouse_assets.lakehouse.python_table import Inputs, python_table

if TYPE_CHECKING:
    from pyiceberg.table import Table

    from lakehouse_assets.lakehouse.lake import Lake


@python_table(TABLE_HEALTH, cron="20 0 * * *", first_day=date(2026, 1, 1))
def table_health(inputs: Inputs) -> Iterator[Mapping[str, Any]]:
    """Read from the metadata of the tables, none of their data.

    Of a day whose states are no longer kept, or not all, the rows that were published before stay.
    """
    for day in inputs.days:
        measured = {row["table_name"]: row for row in _measured(inputs, day)}
        published = {row["table_name"]: row for row in _published(inputs, day)}
        yield from (published | measured).values()


def _published(inputs: Inputs, day: date) -> list[dict[str, Any]]:
    if TABLE_HEALTH.identifier not in inputs.session.heads:
        return []
    return inputs.session.query(
        f"select * from {TABLE_HEALTH.identifier} where measured_on = cast(? as date)", [day.isoformat()]
    ).to_pylist()


def _measured(inputs: Inputs, day: date) -> Iterator[dict[str, Any]]:
    """A row for every table of which a state of that day is kept."""
    from lakehouse_assets.lakehouse.iceberg.manifests import newest_day

    try:
        lake = _lake_at_the_end_of(inputs, day)
        heads = lake.catalog.heads()
    except NoSuchMomentError:
        return
    for identifier in sorted(heads):
        table: Table = lake.catalog.load_table(identifier)
        snapshot = table.metadata.current_snapshot()
        if snapshot is None:
            continue
        summary = snapshot.summary.additional_properties if snapshot.summary else {}
        contract = inputs.contracts.get(identifier)
        yield {
            "measured_on": day,
            "table_name": identifier,
            "layer": identifier.split(".")[0],
            "domain": contract.domain if contract else None,
            "row_count": _number(summary, "total-records"),
            "bytes": _number(summary, "total-files-size"),
            "files": _number(summary, "total-data-files"),
            "newest_day": newest_day(table, snapshot),
            "published_at": datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC).replace(tzinfo=None),
            "snapshot_id": snapshot.snapshot_id,
        }


def _lake_at_the_end_of(inputs: Inputs, day: date) -> Lake:
    if day >= datetime.now(UTC).date():
        return inputs.lake

    return Lake(inputs.lake.settings, at=f"{day}T23:59:59.999")


def _number(summary: Mapping[str, str], name: str) -> int | None:
    """A total of a snapshot's summary, which the format does not oblige a writer to state."""
    return int(summary[name]) if name in summary else None
