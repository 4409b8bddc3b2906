"""Contracts of the telemetry intermediate tables in silver: sessions, users, features and funnels, worked out."""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.telemetry.contracts.common import CONDITIONS, FUNNELS, table
from lakehouse_assets.lakehouse.contract import Contract, TableModel, Timestamp, column, month, rule

ENGAGEMENT_LEVELS = ("POWER", "REGULAR", "CASUAL", "DORMANT", "NEVER")


class IntUserSessions(TableModel):
    """Sessions with the features used in them; one that was never reported is known by its hours of use."""

    session_date: pl.Date = column("Day of session_start.")
    session_start: Timestamp = column("When the session began, in UTC; the first hour of use if it was not reported.")
    session_end: Timestamp = column("When it ended, in UTC; the end of the last hour of use if it was not reported.")
    tenant_id: pl.String = column("Tenant (customer organisation) the user belongs to.")
    session_id: pl.String = column("Identifier of the session, unique within the tenant.")
    user_id: pl.String = column("User whose session it was.")
    user_segment: pl.String = column("Subscription tier of the user when the session began.", isin=CONDITIONS)
    region: pl.String = column("World region of the user when the session began.", nullable=True)
    device: pl.String = column("Kind of device; empty if the session was not reported.", nullable=True)
    app_version: pl.String = column("Version of the application; empty if it was not reported.", nullable=True)
    feature_count: pl.Int64 = column("Different features used.", ge=1)
    total_events: pl.Int64 = column("Times a feature was used.", ge=1)
    is_reported: pl.Boolean = column("Whether the application reported the session itself.")


class IntFeaturePopularity(TableModel):
    """How much each feature was used on each day, and by how many."""

    usage_date: pl.Date = column("Day of the uses, in the project's zone.")
    tenant_id: pl.String = column("Tenant (customer organisation) of the users.")
    feature: pl.String = column("Feature that was used.")
    user_segment: pl.String = column("Subscription tier of the users at the time.", isin=CONDITIONS)
    event_count: pl.Int64 = column("Times the feature was used.", ge=1)
    user_count: pl.Int64 = column("Different users who used it.", ge=1)
    session_count: pl.Int64 = column("Different sessions in which it was used.", ge=1)


class IntFunnelConversions(TableModel):
    """How far each user came in each funnel: a step counts as passed once it or a later one was reached."""

    entered_date: pl.Date = column("Day on which the user entered the funnel, in the project's zone.")
    entered_at: Timestamp = column("When the user reached the first known step, in UTC.")
    tenant_id: pl.String = column("Tenant (customer organisation) the user belongs to.")
    user_id: pl.String = column("User in the funnel.")
    user_segment: pl.String = column("Subscription tier of the user, as now known.", isin=CONDITIONS)
    region: pl.String = column("World region of the user, as now known.", nullable=True)
    funnel_type: pl.String = column("Funnel: onboarding, feature_adoption or workflow_completion.", isin=FUNNELS)
    furthest_step_order: pl.Int32 = column("Position of the furthest step reached.", ge=1)
    last_step_order: pl.Int32 = column("Position of the last step of the funnel.", ge=1)
    is_completed: pl.Boolean = column("Whether the last step was reached.")
    completed_at: Timestamp = column("When the last step was reached, in UTC; empty until then.", nullable=True)
    completed_date: pl.Date = column("Day of completed_at.", nullable=True)
    hours_to_complete: pl.Float64 = column("Hours from the first step to the last; empty until then.", nullable=True)


class IntUserEngagement(TableModel):
    """How engaged each user is at the tenant's last known day, by rule."""

    first_seen_date: pl.Date = column("Day on which the user signed up, in the project's zone.")
    tenant_id: pl.String = column("Tenant (customer organisation) the user belongs to.")
    user_id: pl.String = column("The user.")
    user_segment: pl.String = column("Subscription tier of the user, as now known.", isin=CONDITIONS)
    region: pl.String = column("World region of the user, as now known.", nullable=True)
    age_group: pl.String = column("Age of the user in groups.", nullable=True)
    gender: pl.String = column("Gender the user gave.", nullable=True)
    as_of_date: pl.Date = column("Last day on which anyone of the tenant used anything: what 'now' means here.",
                                 nullable=True)  # fmt: skip
    first_active_date: pl.Date = column("Day of the first use; empty without any.", nullable=True)
    last_active_date: pl.Date = column("Day of the last use; empty without any.", nullable=True)
    active_days: pl.Int64 = column("Days with any use.", ge=0)
    active_days_28: pl.Int64 = column("Days with any use among the last 28.", ge=0, le=28)
    session_count: pl.Int64 = column("Number of sessions.", ge=0)
    session_hours: pl.Float64 = column("Hours of sessions, summed.", ge=0)
    total_events: pl.Int64 = column("Times any feature was used.", ge=0)
    feature_count: pl.Int64 = column("Different features used.", ge=0)
    recency_days: pl.Int32 = column("Days since the last use; empty without any.", nullable=True, ge=0)
    engagement_level: pl.String = column(
        "POWER: 12 or more of the last 28 days and 6 or more features; REGULAR: 4 or more of these days; "
        "CASUAL: 1 or more; DORMANT: none of them; NEVER: no use at all.",
        isin=ENGAGEMENT_LEVELS,
    )
    is_at_risk: pl.Boolean = column("Whether a user who was active has not been for more than 14 days.")


class IntUserFeatureMatrix(TableModel):
    """What each user does with each feature, over all time."""

    first_used_date: pl.Date = column("Day on which the user first used the feature, in the project's zone.")
    last_used_date: pl.Date = column("Day on which the user last used it, in the project's zone.")
    tenant_id: pl.String = column("Tenant (customer organisation) the user belongs to.")
    user_id: pl.String = column("The user.")
    user_segment: pl.String = column("Subscription tier of the user, as now known.", isin=CONDITIONS)
    region: pl.String = column("World region of the user, as now known.", nullable=True)
    feature: pl.String = column("The feature.")
    event_count: pl.Int64 = column("Times the user used it.", ge=1)
    active_days: pl.Int64 = column("Days on which the user used it.", ge=1)
    event_share: pl.Float64 = column("Share of all the user's events, 0 to 1.", gt=0, le=1)


CONTRACTS: tuple[Contract, ...] = (
    table(
        IntUserSessions, "int_user_sessions", "silver", ("tenant_id", "session_id"), "One row per session.",
        partitions=(month("session_date"),),
        rules=(
            rule(
                "ends_after_it_begins",
                "session_end >= session_start",
                description="A session does not end before it begins.",
            ),
        ),
    ),
    table(
        IntFeaturePopularity, "int_feature_popularity", "silver",
        ("usage_date", "tenant_id", "feature", "user_segment"),
        "One row per day, tenant, feature and subscription tier.",
        partitions=(month("usage_date"),),
        rules=(
            rule(
                "users_within_events",
                "user_count <= event_count",
                description="Whoever used a feature used it at least once.",
            ),
        ),
    ),
    table(
        IntFunnelConversions, "int_funnel_conversions", "silver", ("tenant_id", "funnel_type", "user_id"),
        "One row per user and funnel.",
        rules=(
            rule(
                "completed_at_the_last_step",
                "is_completed = (furthest_step_order = last_step_order)",
                description="A funnel is completed by its last step.",
            ),
        ),
    ),
    table(IntUserEngagement, "int_user_engagement", "silver", ("tenant_id", "user_id"), "One row per user."),
    table(
        IntUserFeatureMatrix, "int_user_feature_matrix", "silver", ("tenant_id", "user_id", "feature"),
        "One row per user and feature used.",
    ),
)  # fmt: skip
