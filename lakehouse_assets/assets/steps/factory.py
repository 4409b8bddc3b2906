"""How a function becomes the maker of tables in Dagster: of files, models, saved queries, questions or Python alike.

Belongs here: what all of them share. Does not belong here: what one kind of table is made from (its own module), or
what Dagster is told of a table (metadata).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from lakehouse_assets.assets.steps.trying import RETRY


def makes_tables(
    name: str,
    specs: Sequence[dg.AssetSpec],
    check_specs: Sequence[dg.AssetCheckSpec],
    *,
    pool: str | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Decorate a function that makes tables, any of which can be asked for alone, and tells of them as they were made.

    Args:
        name: Of its op.
        specs: Its tables; those with partitions are made in one run for a range of them.
        check_specs: What is checked of them.
        pool: Functions of one pool run one at a time.
    """
    return dg.multi_asset(
        name=name,
        specs=specs,
        check_specs=check_specs,
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run() if any(s.partitions_def for s in specs) else None,
        retry_policy=RETRY,
        pool=pool,
        allow_arbitrary_check_specs=True,
    )
