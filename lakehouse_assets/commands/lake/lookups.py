"""`asklake sql`, `history` and `status`: looking at the tables themselves.

Belongs here: reading the catalog for people. Does not belong here: metrics and questions (questions.py).
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from lakehouse_assets.commands.confined import bounded_memory, bounded_time
from lakehouse_assets.commands.failures import CommandError, Exit, did_you_mean, of_statement
from lakehouse_assets.commands.output import Out, ago
from lakehouse_assets.lakehouse.iceberg.properties import PUBLICATION_ID, RUN_ID
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import get_settings

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

    from lakehouse_assets.lakehouse.contract import Contract
    from lakehouse_assets.lakehouse.lake import Lake


@dataclass(frozen=True)
class TableState:
    """One table as `status` shows it; ages are in seconds, days are the newest in its date partition."""

    table: str
    rows: int
    newest_day: date | None
    published_at: datetime | None
    age_s: float | None
    freshness: str
    publication: str


def open_lake(at: str | None = None) -> Lake:
    """The lake of the settings, opened lazily; as it was at a moment, if one is named."""
    return Lake(get_settings(), at=at)


def sql(out: Out, statement: str, limit: int, at: str | None = None) -> None:
    """Run one read-only statement over the tables."""
    lake = open_lake(at)
    with bounded_memory(lake.settings), lake.session() as session:
        started = time.perf_counter()
        with of_statement(), bounded_time(lake.settings, as_json=out.as_json):
            table = session.query(statement, limit=limit + 1)
        elapsed = (time.perf_counter() - started) * 1000
        snapshots = dict(session.snapshots)
        more = table.num_rows > limit
        table = table.slice(0, limit)
        rows = table.to_pylist()
    out.table(table.column_names, [tuple(row.values()) for row in rows])
    count = f"the first {limit}" if more else str(table.num_rows)
    out.say(f"{count} rows, {elapsed:,.0f} ms" + ("; --limit shows more" if more else ""), style="dim")
    out.emit(
        {
            "columns": table.column_names,
            "rows": rows,
            "truncated": more,
            "snapshots": snapshots,
            "elapsed_ms": round(elapsed, 1),
        }
    )


def history(out: Out, name: str, limit: int) -> None:
    """The snapshots of one table, newest first."""
    lake = open_lake()
    identifier = known_table(lake, name)
    table = lake.catalog.load_table(identifier)
    entries = [_entry(s) for s in sorted(table.metadata.snapshots, key=lambda s: -s.timestamp_ms)[:limit]]
    out.table(
        ("time (UTC)", "operation", "rows", "added", "removed", "publication", "run", "snapshot", "columns"),
        [
            (e["time"], e["operation"], e["rows"], e["added"], e["removed"], e["publication"], e["run"],
             str(e["snapshot_id"]), e["evolved"] or None)
            for e in entries
        ],
    )  # fmt: skip
    out.emit({"table": identifier, "snapshots": entries})


def known_table(lake: Lake, name: str) -> str:
    """The identifier a person means: `layer.table`, or a table name that only one layer has.

    Raises:
        CommandError: no table, or several, of that name.
    """
    heads = lake.catalog.heads()
    found = [i for i in sorted(heads) if name in (i, i.split(".")[1])]
    if len(found) == 1:
        return found[0]
    if found:
        raise CommandError(f"'{name}' is in several layers", f"say one of: {', '.join(found)}", Exit.USAGE)
    hint = (
        "`asklake status` lists the tables" if heads else "nothing was published yet; `asklake demo` loads the samples"
    )
    raise CommandError(f"there is no table '{name}'.{did_you_mean(name, heads)}", hint, Exit.USAGE)


def known_quarantined_source(lake: Lake, name: str) -> None:
    """Refuse the name of a source that no domain states, and that no quarantined record is of.

    Raises:
        CommandError: there is no such source; the hint lists those that there are.
    """
    from lakehouse_assets.ingest.loads.quarantine import quarantined_sources
    from lakehouse_assets.ingest.sources import all_sources

    known = sorted(all_sources().keys())
    if name in known or name in (found := quarantined_sources(lake)):
        return
    names = sorted({*known, *found})
    raise CommandError(
        f"there is no source '{name}'.{did_you_mean(name, names)}", f"sources: {', '.join(names)}", Exit.USAGE
    )


def known_load(lake: Lake, load_id: str) -> None:
    """Refuse the id of a load that there never was.

    Raises:
        UnknownLoadError: there is no such load.
    """
    from lakehouse_assets.ingest.loads.unloading import refuse_unknown

    refuse_unknown(lake, load_id)


def _entry(snapshot: Snapshot) -> dict[str, Any]:
    from lakehouse_assets.lakehouse.iceberg.evolution import EVOLVED

    summary = snapshot.summary
    more = dict(summary.additional_properties) if summary else {}
    return {
        "snapshot_id": snapshot.snapshot_id,
        "time": datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC).replace(tzinfo=None),
        "operation": summary.operation.value if summary else "unknown",
        "rows": int(more.get("total-records", 0)),
        "added": int(more.get("added-records", 0)),
        "removed": int(more.get("deleted-records", 0)),
        "publication": more.get(PUBLICATION_ID, ""),
        "run": more.get(RUN_ID, ""),
        "evolved": more.get(EVOLVED, ""),
    }


def table_states(lake: Lake) -> list[TableState]:
    """Every published table, in the order of its layer and name."""
    from lakehouse_assets.contracts import platform_contracts
    from lakehouse_assets.lakehouse.contract import LAYERS

    contracts = platform_contracts()
    order = {layer: number for number, layer in enumerate(LAYERS)}
    heads = sorted(lake.catalog.heads(), key=lambda i: (order.get(i.split(".")[0], len(order)), i))  # pyright: ignore[reportArgumentType]
    return [_state(lake.catalog.load_table(i), i, contracts.get(i)) for i in heads]


def _state(table: Table, identifier: str, contract: Contract | None) -> TableState:
    from lakehouse_assets.lakehouse.iceberg.manifests import newest_day

    snapshot = table.metadata.current_snapshot()
    if snapshot is None:
        return TableState(identifier, 0, None, None, None, "never published", "")
    entry = _entry(snapshot)
    age = datetime.now(UTC).timestamp() - snapshot.timestamp_ms / 1000
    return TableState(
        identifier, entry["rows"], newest_day(table, snapshot), entry["time"], age,
        _freshness(contract, age), entry["publication"],
    )  # fmt: skip


def _freshness(contract: Contract | None, age_s: float) -> str:
    if contract is None or contract.freshness is None:
        return ""
    if age_s > contract.freshness.fail_after.total_seconds():
        return "stale"
    return "late" if age_s > contract.freshness.warn_after.total_seconds() else "fresh"


def print_states(out: Out, states: list[TableState]) -> None:
    """The tables for people."""
    out.table(
        ("table", "rows", "newest day", "published", "freshness", "publication"),
        [
            (s.table, s.rows, s.newest_day, f"{ago(s.age_s)} ago" if s.age_s is not None else None, s.freshness,
             s.publication)
            for s in states
        ],
    )  # fmt: skip


def as_documents(states: list[TableState]) -> list[dict[str, Any]]:
    """The tables for programs."""
    return [asdict(s) for s in states]
