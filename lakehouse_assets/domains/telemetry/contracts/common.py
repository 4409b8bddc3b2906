"""What the contracts of several telemetry tables share: the values codes may have, freshness, how a table is filed."""

from __future__ import annotations

from lakehouse_assets.domains.telemetry import OWNER
from lakehouse_assets.lakehouse.contract import DAILY, Contract, Layer, Partition, Rule, TableModel

DOMAIN = "telemetry"

CONDITIONS = ("Free", "Trial", "Premium", "Enterprise")
FUNNELS = ("onboarding", "feature_adoption", "workflow_completion")
MAX_EVENTS_PER_HOUR = 100


def table(
    model: type[TableModel],
    name: str,
    layer: Layer,
    key: tuple[str, ...],
    grain: str,
    *,
    partitions: tuple[Partition, ...] = (),
    rules: tuple[Rule, ...] = (),
    days_of_utc: bool = False,
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
        days_of_utc=days_of_utc,
    )
