"""The upkeep of the warehouse as an asset, so that Dagit shows when it ran, what it freed and what files are left.

Belongs here: launching maintenance and reporting it. Does not belong here: what is done (lakehouse.maintenance).
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from lakehouse_assets import adopted
from lakehouse_assets.assets.steps.resources import Lakehouse
from lakehouse_assets.assets.steps.trying import told
from lakehouse_assets.assets.tableless import tableless
from lakehouse_assets.lakehouse.contract import DAILY, Contract

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.upkeep.report import Maintained

KEY = dg.AssetKey(["platform", "maintenance"])


def maintenance_asset(contracts: Mapping[str, Contract]) -> dg.AssetsDefinition:
    """The asset that compacts, analyzes, expires and cleans; it has no table, so no contract."""

    @tableless(
        KEY,
        "Compaction, statistics, snapshot expiry, orphan files and dead publications, over every table.",
        kind="iceberg",
        freshness=DAILY,
    )
    def maintenance(context: dg.AssetExecutionContext, lakehouse: Lakehouse) -> dg.MaterializeResult:
        from lakehouse_assets.lakehouse.upkeep.maintenance import maintain

        with told(context):
            # Of drafts that were accepted since the code was loaded, too: their tables are written like any other.
            accepted = {c.identifier: c for c in adopted.contracts(lakehouse.lake.settings)}
            done = maintain(lakehouse.lake, {**accepted, **contracts}, run_id=context.run.run_id)
            if failed := [m for m in done if m.problems]:
                # All that could be done was, so that to try again at once is of no use.
                said = "\n".join(f"{m.identifier}: {'; '.join(m.problems)}" for m in failed)
                raise dg.Failure(f"{said}\nThe other tables were maintained", metadata=_told(done), allow_retries=False)
            return dg.MaterializeResult(metadata=_told(done))

    return maintenance


def _told(done: "Iterable[Maintained]") -> dict[str, Any]:
    """What was done and what is left: in all, for Dagit to plot over runs, and by table."""
    tables = list(done)
    records = [
        dg.TableRecord(
            {
                "table": m.identifier,
                "files": m.left.files,
                "small_files": m.left.small,
                "bytes": m.left.bytes,
                "partitions_compacted": m.partitions_compacted,
                "analyzed": m.analyzed,
                "snapshots_expired": m.snapshots_expired,
                "files_removed": m.files_removed,
                "bytes_removed": m.bytes_removed,
                "problems": "; ".join(m.problems),
            }
        )
        for m in tables
    ]
    return {
        "files": sum(m.left.files for m in tables),
        "small_files": sum(m.left.small for m in tables),
        "bytes": sum(m.left.bytes for m in tables),
        "partitions_compacted": sum(m.partitions_compacted for m in tables),
        "snapshots_expired": sum(m.snapshots_expired for m in tables),
        "files_removed": sum(m.files_removed for m in tables),
        "bytes_removed": sum(m.bytes_removed for m in tables),
        **({"tables": dg.MetadataValue.table(records)} if records else {}),
    }
