"""Contracts of what a model may know of a user on a day: how active, and which features are still new to them.

A row holds at the beginning of its feature_date and is made from days before it, and of what may change later, such as
the tier, from what it then was.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from lakehouse_assets.domains.telemetry import OWNER
from lakehouse_assets.domains.telemetry.contracts.common import CONDITIONS, DOMAIN
from lakehouse_assets.lakehouse.contract import WEEKLY, Contract, TableModel, column


class PlatinumTelemetryUserFeatures(TableModel):
    """Features of every user who used anything in the 28 days before a Monday, or before the newest day."""

    feature_date: pl.Date = column("Day at whose beginning the features hold: only days before it count.")
    tenant_id: pl.String = column("Tenant (customer organisation) of the user.")
    user_id: pl.String = column("User.")
    user_segment: pl.String = column("Subscription tier when last active.", isin=CONDITIONS)
    events_7d: pl.Int64 = column("Uses of any feature on the 7 days before.", ge=0)
    events_28d: pl.Int64 = column("Uses of any feature on the 28 days before.", ge=1)
    active_days_7d: pl.Int64 = column("Days with any use among the 7 before.", ge=0, le=7)
    active_days_28d: pl.Int64 = column("Days with any use among the 28 before.", ge=1, le=28)
    features_28d: pl.Int64 = column("Different features used on the 28 days before.", ge=1)
    sessions_28d: pl.Int64 = column("Sessions begun on the 28 days before.", ge=0)
    days_since_active: pl.Int32 = column("Days since the last use, 1 for the day before.", ge=1, le=28)
    days_since_first_active: pl.Int32 = column("Days since the first use.", ge=1)
    trend_7d: pl.Float64 = column("Uses of the 7 days before, over a quarter of those of the 28 before.", ge=0, le=4)


class PlatinumTelemetryAdoptionFeatures(TableModel):
    """Features of each user together with each feature of the product that they had not used before the day.

    Of users who used anything in the 28 days before a Monday, or before the newest day.
    """

    feature_date: pl.Date = column("Day at whose beginning the features hold: only days before it count.")
    tenant_id: pl.String = column("Tenant (customer organisation) of the user.")
    user_id: pl.String = column("User.")
    feature: pl.String = column("Feature of the product that the user had not used.")
    feature_name: pl.String = column("The feature once more, for a model to go by.")
    user_segment: pl.String = column("Subscription tier when last active.", isin=CONDITIONS)
    events_28d: pl.Int64 = column("Uses of any feature on the 28 days before.", ge=1)
    active_days_28d: pl.Int64 = column("Days with any use among the 28 before.", ge=1, le=28)
    features_before: pl.Int64 = column("Different features used so far.", ge=1)
    days_since_active: pl.Int32 = column("Days since the last use, 1 for the day before.", ge=1, le=28)
    days_since_first_active: pl.Int32 = column("Days since the first use.", ge=1)
    adopted_share: pl.Float64 = column("Share of the tenant's users so far who had used the feature.", ge=0, le=1)


def _table(model: type[TableModel], name: str, key: tuple[str, ...], grain: str) -> Contract:
    more: dict[str, Any] = {"layer": "platinum", "domain": DOMAIN, "owner": OWNER, "made_by": "python"}
    return Contract(model=model, table=name, key=key, grain=grain, freshness=WEEKLY, **more)


USERS = _table(
    PlatinumTelemetryUserFeatures,
    "platinum_telemetry_user_features",
    ("feature_date", "tenant_id", "user_id"),
    "One row per user and Monday, and for the newest day.",
)
ADOPTION = _table(
    PlatinumTelemetryAdoptionFeatures,
    "platinum_telemetry_adoption_features",
    ("feature_date", "tenant_id", "user_id", "feature"),
    "One row per user, feature not used yet and Monday, and for the newest day.",
)
CONTRACTS: tuple[Contract, ...] = (USERS, ADOPTION)
