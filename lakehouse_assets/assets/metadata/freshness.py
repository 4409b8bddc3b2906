"""When a table counts as late.

Every table has a freshness policy: something must be written to it within a window, whatever its partitions. A table
with day partitions has a check beside it that the day which is due is built, for the policy would call a backfill of
2019 fresh. Dagster's own factory of such checks is superseded by the policies and warns on every load.
Belongs here: both, from the contracts. Does not belong here: when the checks run (automation.sensors).
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from lakehouse_assets.lakehouse.contract import Contract, Freshness

NAME = "newest_day_is_built"
OP = "check_freshness"
DEADLINE_HOUR = 6


def policy_of(contract: Contract) -> dg.FreshnessPolicy:
    """The window in which something must have been written to a table.

    Raises:
        ValueError: the contract does not say.
    """
    if contract.freshness is None:
        raise ValueError(
            f"{contract.identifier} has no freshness policy: state `freshness=` in its contract, such as DAILY or "
            "SELDOM of lakehouse_assets.lakehouse.contract"
        )
    return policy(contract.freshness)


def policy(freshness: Freshness) -> dg.FreshnessPolicy:
    """A freshness as Dagster has it."""
    return dg.FreshnessPolicy.time_window(fail_window=freshness.fail_after, warn_window=freshness.warn_after)


def due_day(now: datetime) -> date:
    """The newest day that must be built by now: yesterday from 06:00 UTC on, before that the day before."""
    return (now - timedelta(days=1, hours=DEADLINE_HOUR)).date()


def partition_checks(keys: Sequence[dg.AssetKey]) -> dg.AssetChecksDefinition:
    """One check per table with day partitions: the day that is due is there."""

    @dg.multi_asset_check(
        name=OP,
        specs=[
            dg.AssetCheckSpec(
                NAME, asset=key, description=f"By {DEADLINE_HOUR:02}:00 UTC yesterday's partition has been built."
            )
            for key in keys
        ],
        can_subset=True,
    )
    def check_freshness(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        day = due_day(datetime.now(UTC)).isoformat()
        for check in sorted(context.selected_asset_check_keys):
            wanted = dg.AssetRecordsFilter(asset_key=check.asset_key, asset_partitions=[day])
            built = context.instance.fetch_materializations(wanted, limit=1).records
            yield dg.AssetCheckResult(
                asset_key=check.asset_key,
                check_name=check.name,
                passed=bool(built),
                severity=dg.AssetCheckSeverity.WARN,
                description=f"{day} is built" if built else f"{day} is due and not built",
            )

    return check_freshness
