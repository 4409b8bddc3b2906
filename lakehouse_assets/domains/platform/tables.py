"""Tables of the platform that Python makes: what every table holds and every run took, by day.

Belongs here: their functions. Does not belong here: their contracts (contracts).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lakehouse_assets.domains.platform.contracts import RUN_HISTORY, TABLE_HEALTH
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.moments import NoSuchMomentError
from lakehouse_assets.lakehouse.python_table import Inputs, python_table

if TYPE_CHECKING:
    from pyiceberg.table import Table

    from lakehouse_assets.lakehouse.contract import Contract
    from lakehouse_assets.lakehouse.lake import Lake


_FIRST_DAY = date(2026, 1, 1)


@python_table(TABLE_HEALTH, cron="20 * * * *", first_day=_FIRST_DAY, today=True)
def table_health(inputs: Inputs) -> Iterator[Mapping[str, Any]]:
    """Read from the metadata of the tables, none of their data.

    Of a day whose states are no longer kept, or not all, the rows that were published before stay.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    for day in inputs.days:
        measured = {row["table_name"]: row for row in _measured(inputs, day, now)}
        published = {row["table_name"]: row for row in _published(inputs, TABLE_HEALTH, day)}
        for name, row in measured.items():
            # How its audit went is known of the newest state alone, and is kept with that state.
            if row["checks_kept"] is None and published.get(name, {}).get("snapshot_id") == row["snapshot_id"]:
                row |= {column: published[name][column] for column in ("checks_kept", "checks_broken")}
        yield from (published | measured).values()


@python_table(RUN_HISTORY, cron="25 * * * *", first_day=_FIRST_DAY, today=True)
def run_history(inputs: Inputs) -> Iterator[Mapping[str, Any]]:
    """Asked of the orchestrator; what it has forgotten of a day stays as it was published."""
    for day in inputs.days:
        kept = {row["run_id"]: row for row in _published(inputs, RUN_HISTORY, day)}
        known = {row["run_id"]: row for row in (inputs.orchestrator.runs_of(day) if inputs.orchestrator else ())}
        yield from (kept | known).values()


def _published(inputs: Inputs, table: Contract, day: date) -> list[dict[str, Any]]:
    if table.identifier not in inputs.session.heads:
        return []
    column = table.partitions[0].column
    return inputs.session.query(
        f"select * from {table.identifier} where {column} = cast(? as date)", [day.isoformat()]
    ).to_pylist()


def _measured(inputs: Inputs, day: date, now: datetime) -> Iterator[dict[str, Any]]:
    """A row for every table of which a state of that day is kept."""
    from lakehouse_assets.lakehouse.iceberg.manifests import newest_day

    try:
        lake = _lake_at_the_end_of(inputs, day)
        heads = lake.catalog.heads()
    except NoSuchMomentError:
        return
    is_today = day >= now.date()
    end = now if is_today else datetime.combine(day + timedelta(days=1), datetime.min.time())
    checks = inputs.orchestrator.checks_of(heads) if inputs.orchestrator and is_today else {}
    for identifier in sorted(heads):
        table: Table = lake.catalog.load_table(identifier)
        snapshot = table.metadata.current_snapshot()
        if snapshot is None:
            continue
        summary = snapshot.summary.additional_properties if snapshot.summary else {}
        contract = inputs.contracts.get(identifier)
        published_at = datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC).replace(tzinfo=None)
        allowed = contract.freshness.fail_after if contract and contract.freshness else None
        kept, broken = checks.get(identifier, (None, None))
        yield {
            "measured_on": day,
            "table_name": identifier,
            "layer": identifier.split(".")[0],
            "domain": contract.domain if contract else None,
            "row_count": _number(summary, "total-records"),
            "bytes": _number(summary, "total-files-size"),
            "files": _number(summary, "total-data-files"),
            "newest_day": newest_day(table, snapshot),
            "published_at": published_at,
            "snapshot_id": snapshot.snapshot_id,
            "hours_old": max((end - published_at) / timedelta(hours=1), 0.0),
            "hours_allowed": allowed / timedelta(hours=1) if allowed else None,
            "checks_kept": kept,
            "checks_broken": broken,
        }


def _lake_at_the_end_of(inputs: Inputs, day: date) -> Lake:
    if day >= datetime.now(UTC).date():
        return inputs.lake

    return Lake(inputs.lake.settings, at=f"{day}T23:59:59.999")


def _number(summary: Mapping[str, str], name: str) -> int | None:
    """A total of a snapshot's summary, which the format does not oblige a writer to state."""
    return int(summary[name]) if name in summary else None
