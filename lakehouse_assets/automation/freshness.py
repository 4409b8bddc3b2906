"""When a table counts as late.

A table without partitions has a freshness policy: it must be rebuilt within a window. A table with day partitions
has a check instead, for a policy does not know partitions and would call a backfill of 2019 fresh.
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from lakehouse_assets.lakehouse.contract import Contract

DEADLINE = "0 6 * * *"


def policy_of(contract: Contract) -> dg.FreshnessPolicy | None:
    """The window in which a table without partitions must have been rebuilt."""
    if contract.freshness is None:
        return None
    return dg.FreshnessPolicy.time_window(
        fail_window=contract.freshness.fail_after, warn_window=contract.freshness.warn_after
    )


def partition_checks(assets: Sequence[dg.AssetsDefinition]) -> Sequence[dg.AssetChecksDefinition]:
    """One check per partitioned table: by 06:00 UTC yesterday's partition is there."""
    if not assets:
        return []
    return dg.build_time_partition_freshness_checks(
        assets=assets, deadline_cron=DEADLINE, severity=dg.AssetCheckSeverity.WARN
    )
