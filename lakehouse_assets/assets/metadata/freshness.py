"""When a table counts as late.

Every table has a freshness policy: something must be written to it within a window, whatever its partitions. A table
with day partitions has a check beside it that the day which is due is built, for the policy would call a backfill of
2019 fresh. Dagster's own factory of such checks is superseded by the policies and warns on every load.
Belongs here: both, from the contracts. Does not belong here: when the checks run (automation.sensors).
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from lakehouse_assets.assets.metadata.partitions import key_of
from lakehouse_assets.lakehouse.contract import Contract, Freshness
from lakehouse_assets.settings import get_settings

NAME = "newest_day_is_built"
HOUR_NAME = "newest_hour_is_built"
OP = "check_freshness"
DEADLINE_HOUR = 6
DEADLINE_MINUTE = 30


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
    """The newest day that must be built by now: yesterday from 06:00 on, before that the day before.

    Args:
        now: The local time.
    """
    return (now - timedelta(days=1, hours=DEADLINE_HOUR)).date()


def due_hour(now: datetime) -> datetime:
    """The newest hour that must be built by now: the one before from half past on, before that the one before it."""
    return (now - timedelta(hours=1, minutes=DEADLINE_MINUTE)).replace(minute=0, second=0, microsecond=0, tzinfo=None)


def partition_checks(keys: Sequence[dg.AssetKey], by_hour: Collection[dg.AssetKey] = ()) -> dg.AssetChecksDefinition:
    """One check per table with day or hour partitions: the day or hour that is due is there.

    Args:
        keys: The tables with day partitions.
        by_hour: Those with hour partitions.
    """
    zone = get_settings().time_zone

    @dg.multi_asset_check(
        name=OP,
        specs=[
            dg.AssetCheckSpec(
                NAME, asset=key, description=f"By {DEADLINE_HOUR:02}:00 {zone} yesterday's partition has been built."
            )
            for key in keys
        ]
        + [
            dg.AssetCheckSpec(
                HOUR_NAME,
                asset=key,
                description=f"By {DEADLINE_MINUTE} minutes past, the partition of the hour before has been built.",
            )
            for key in by_hour
        ],
        can_subset=True,
    )
    def check_freshness(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        now = datetime.now(UTC)
        due = {NAME: key_of(due_day(now.astimezone(ZoneInfo(zone)))), HOUR_NAME: key_of(due_hour(now))}
        for check in sorted(context.selected_asset_check_keys):
            day = due[check.name]
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
