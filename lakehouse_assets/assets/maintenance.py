"""The upkeep of the warehouse as an asset, so that Dagit shows when it ran and what it freed.

Belongs here: launching maintenance and reporting it. Does not belong here: what may be deleted
(lakehouse.maintenance).
"""

from collections.abc import Mapping

import dagster as dg

from lakehouse_assets.assets.resources import LakeResource
from lakehouse_assets.assets.specs import RETRY
from lakehouse_assets.lakehouse.contract import Contract

KEY = dg.AssetKey(["platform", "maintenance"])


def maintenance_asset(contracts: Mapping[str, Contract]) -> dg.AssetsDefinition:
    """The asset that compacts, expires and cleans; it has no table, so no contract."""

    @dg.asset(
        key=KEY,
        group_name="platform",
        owners=["team:data-platform"],
        tags={"domain": "platform"},
        kinds={"iceberg"},
        description="Compaction, snapshot expiry, orphan files and dead publications, over every table.",
        retry_policy=RETRY,
        pool="maintenance",
    )
    def maintenance(context: dg.AssetExecutionContext, lakehouse: LakeResource) -> dg.MaterializeResult:
        from lakehouse_assets.lakehouse.maintenance import maintain

        done = maintain(lakehouse.lake, contracts, run_id=context.run.run_id)
        records = [
            dg.TableRecord(
                {
                    "table": m.identifier,
                    "snapshots_expired": m.snapshots_expired,
                    "files_removed": m.files_removed,
                    "bytes_removed": m.bytes_removed,
                    "partitions_compacted": m.partitions_compacted,
                }
            )
            for m in done
        ]
        freed = sum(m.bytes_removed for m in done)
        tables = {"tables": dg.MetadataValue.table(records)} if records else {}
        return dg.MaterializeResult(metadata={"bytes_removed": freed, **tables})

    return maintenance
