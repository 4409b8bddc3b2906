"""The index of `asklake search` as an asset, so that Dagit shows when it was brought up to date, and what that did.

Belongs here: launching an update and reporting it. Does not belong here: the update (search.updating), when it is due
(automation.search).
"""

from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING

import dagster as dg

from lakehouse_assets.assets.steps.resources import Lakehouse
from lakehouse_assets.assets.steps.trying import told
from lakehouse_assets.assets.tableless import tableless
from lakehouse_assets.lakehouse.contract import Contract

if TYPE_CHECKING:
    from lakehouse_assets.search.updating import Updated

KEY = dg.AssetKey(["platform", "search_index"])
READING_S = 600.0
"""Seconds that a run reads texts for their meaning; what is left is the next run's."""


def search_asset(contracts: Mapping[str, Contract]) -> dg.AssetsDefinition:
    """The asset that brings the index up to date; it has no table, so no contract."""

    @tableless(KEY, "The index that `asklake search` reads: what moved since it was made, and nothing else.")
    def search_index(context: dg.AssetExecutionContext, lakehouse: Lakehouse) -> dg.MaterializeResult:
        from lakehouse_assets.search.store import Store, url_of
        from lakehouse_assets.search.updating import update

        with told(context), closing(Store(url_of(lakehouse.settings()))) as store:
            done = update(lakehouse.lake, contracts, store, reading_s=READING_S)
            for fault in done.faults:
                context.log.warning(fault)
            return dg.MaterializeResult(metadata=_told(done))

    return search_index


def _told(done: "Updated") -> dict[str, dg.MetadataValue | int | str]:
    return {
        "moved": ", ".join(done.origins),
        "added": done.difference.added,
        "changed": done.difference.changed,
        "removed": done.difference.removed,
        "read_for_meaning": done.read,
        "not_read_yet": done.unread,
        "passages": done.passages,
        "left_out": done.left_out,
        "not_indexed": dg.MetadataValue.md("\n".join(f"- {fault}" for fault in done.faults)),
    }
