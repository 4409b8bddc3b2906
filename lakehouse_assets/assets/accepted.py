"""Tables of drafts that people accepted while the service runs, as assets: loads fill them, no run of Dagster does.

Belongs here: what Dagster is told of them when it reads the definitions. Does not belong here: that rows came
(automation.accepted), or the drafts (adopted).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import dagster as dg

from lakehouse_assets import adopted
from lakehouse_assets.assets.metadata.specs import asset_key, spec_of

if TYPE_CHECKING:
    from lakehouse_assets.adopted import Adopted
    from lakehouse_assets.settings import Settings


def not_declared(settings: Settings, declared: Collection[str]) -> list[Adopted]:
    """The drafts whose tables no domain declares yet.

    Args:
        settings: Whose home they lie in.
        declared: Identifiers of the tables of all domains.
    """
    return [one for one in adopted.adopted(settings) if one.table not in declared]


def accepted_assets(settings: Settings, declared: Collection[str]) -> list[dg.AssetSpec]:
    """The tables of accepted drafts; see `not_declared`."""
    return [
        spec_of(
            adopted.contract_of(one),
            kinds=["file"],
            metadata={
                "accepted_by": one.accepted_by,
                "accepted_at": one.accepted_at.isoformat(timespec="seconds"),
                "tenant": one.tenant or "any",
                "next": f"`asklake new-domain {one.name}` makes the tables that answer questions about it",
            },
        )
        for one in not_declared(settings, declared)
    ]


def key_of_table(one: Adopted) -> dg.AssetKey:
    """The asset of the table of a draft."""
    return asset_key(one.table)
