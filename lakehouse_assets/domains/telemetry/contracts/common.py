"""What the contracts of several telemetry tables share: the values codes may have, freshness, how a table is filed."""

from __future__ import annotations

from datetime import timedelta

from lakehouse_assets.domains.telemetry import OWNER
from lakehouse_assets.lakehouse.contract import Contract, Freshness, Layer, Partition, Rule, TableModel

DOMAIN = "telemetry"

CONDITIONS = ("Free", "Trial", "Premium", "Enterprise")
FUNNELS = ("onboarding", "feature_adoption", "workflow_completion")
MAX_EVENTS_PER_HOUR = 100

DAILY = Freshness(warn_after=timedelta(hours=30), fail_after=timedelta(hours=54))
"""For tables that a healthy feed touches every day."""


def table(
    model: type[TableModel],
    name: str,
    layer: Layer,
    key: tuple[str, ...],
    grain: str,
    *,
    partitions: tuple[Partition, ...] = (),
    rules: tuple[Rule, ...] = (),
) -> Contract:
    """The contract of a table of this domain."""
    return Contract(
        model=model,
        table=name,
        layer=layer,
        domain=DOMAIN,
        key=key,
        grain=grain,
        partitions=partitions,
        owner=OWNER,
        freshness=DAILY,
        rules=rules,
    )
