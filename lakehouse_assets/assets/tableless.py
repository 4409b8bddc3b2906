"""What Dagster is told of the platform's assets that have no table, so no contract to say it: upkeep, index, features.

Belongs here: those settings. Does not belong here: what such an asset does.
"""

from collections.abc import Callable
from typing import Any

import dagster as dg

from lakehouse_assets.assets.metadata.freshness import policy
from lakehouse_assets.assets.steps.trying import RETRY
from lakehouse_assets.domains.platform import OWNER
from lakehouse_assets.lakehouse.contract import SELDOM, Freshness


def tableless(
    key: dg.AssetKey, description: str, *, kind: str = "python", freshness: Freshness = SELDOM
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Make an asset of a function; of each of them one runs at a time.

    Args:
        key: Its key; the last part names its pool.
        description: What it keeps.
        kind: What it is made with, as Dagit shows it.
        freshness: How often it has to run.
    """
    return dg.asset(
        key=key,
        group_name="platform",
        owners=[OWNER],
        tags={"domain": "platform"},
        kinds={kind},
        description=description,
        freshness_policy=policy(freshness),
        retry_policy=RETRY,
        pool=key.path[-1],
    )
