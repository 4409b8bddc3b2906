"""Contracts of the telemetry marts in gold: usage, sessions, funnels, retention, experiments, quality of the data."""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.telemetry.contracts.common import CONDITIONS, FUNNELS, MAX_EVENTS_PER_HOUR, table
from lakehouse_assets.lakehouse.contract import Contract, TableModel, Timestamp, column, day, month, rule

DURATION_BANDS = ("under 30 min", "30-60 min", "1-2 h", "2 h and more")
RECEIVED = ("users", "feature_usage_hourly", "sessions", "experiments", "funnel_events")


class MartFeatureUsageHourly(TableModel):
    """How often each user used each feature in each hour, with the user as it then was."""

    usage_date: pl.Date = column("Day of window_start.")
    window_start: Timestamp = column("Beginning of the hour, in UTC.")
    tenant_id: pl.String = column("Tenant (customer organisation) the user belongs to.")
    user_id: pl.String = column("User who used the feature.")
    feature: pl.String = column("Feature that was used.")
    event_count: pl.Int32 = column("Times the feature was used in the hour.", ge=1, le=MAX_EVENTS_PER_HOUR)
    session_id: pl.String = column("Session in which the hour began to count.")
    user_segment: pl.String = column("Subscription tier of the user at that hour.", isin=CONDITIONS)
    region: pl.String = column("World region of the user at that hour.", nullable=True)


class MartUserSessions(TableModel):
    """Sessions: how long, how much, with what."""

    session_date: pl.Date = column("Day of session_start.")
    session_start: Timestamp = column("When the session began, in UTC.")
    session_end: Timestamp = column("When the session ended, in UTC.")
    tenant_id: pl.String = column("Tenant (customer organisation) the user belongs to.")
    session_id: pl.String = column("Identifier of the session, unique within the tenant.")
    user_id: pl.String = column("User whose session it was.")
    user_segment: pl.String = column("Subscription tier of the user when the session began.", isin=CONDITIONS)
    region: pl.String = column("World region of the user when the session began.", nullable=True)
    device: pl.String = column("Kind of device; empty if the session was not reported.", nullable=True)
    app_version: pl.String = column("Version of the application; empty if it was not reported.", nullable=True)
    feature_count: pl.Int64 = column("Different features used.", ge=1)
    total_events: pl.Int64 = column("Times a feature was used.", ge=1)
    session_duration_hours: pl.Float64 = column("Hours from beginning to end.", ge=0)
    duration_band: pl.String = column("Duration in bands.", isin=DURATION_BANDS)


class MartFeatureUsageByTime(TableModel):
    """Uses of features by day and hour of the day."""

    usage_date: pl.Date = column("Day of the uses, in the project's zone.")
    hour_of_day: pl.Int32 = column("Hour of the day in the project's zone, 0 to 23.", ge=0, le=23)
    tenant_id: pl.String = column("Tenant (customer organisation) of the users.")
    feature: pl.String = column("Feature that was used.")
    user_segment: pl.String = column("Subscription tier of the users at the time.", isin=CONDITIONS)
    event_count: pl.Int64 = column("Times the feature was used.", ge=1)
    user_count: pl.Int64 = column("Different users who used it.", ge=1)


class MartTopFeatures(TableModel):
    """Features of each subscription tier, ranked by use over all time."""

    last_used_date: pl.Date = column("Day of the last use, in the project's zone.")
    tenant_id: pl.String = column("Tenant (customer organisation) of the users.")
    user_segment: pl.String = column("Subscription tier of the users, as now known.", isin=CONDITIONS)
    feature: pl.String = column("The feature.")
    event_count: pl.Int64 = column("Times the feature was used.", ge=1)
    user_count: pl.Int64 = column("Different users who used it.", ge=1)
    segment_user_count: pl.Int64 = column("All users of the tier, active or not.", ge=1)
    adoption_rate: pl.Float64 = column("Share of the tier's users who used the feature, 0 to 1.", gt=0, le=1)
    feature_rank: pl.Int32 = column("Place within tenant and tier by number of uses, from 1; ties share it.", ge=1)


class MartFunnelAnalysis(TableModel):
    """How many users reached each step of each funnel, by the day on which they entered it."""

    entered_date: pl.Date = column("Day on which the users entered the funnel, in the project's zone.")
    tenant_id: pl.String = column("Tenant (customer organisation) of the users.")
    user_segment: pl.String = column("Subscription tier of the users, as now known.", isin=CONDITIONS)
    funnel_type: pl.String = column("Funnel: onboarding, feature_adoption or workflow_completion.", isin=FUNNELS)
    funnel_step: pl.String = column("Name of the step.")
    step_order: pl.Int32 = column("Position of the step in its funnel, from 1.", ge=1)
    users_entered: pl.Int64 = column("Users who entered the funnel.", ge=1)
    users_at_previous_step: pl.Int64 = column("Users who reached the step before; of the first, those who entered.",
                                              ge=0)  # fmt: skip
    users_at_step: pl.Int64 = column("Users who reached this step or a later one.", ge=0)
    conversion_rate: pl.Float64 = column("Users at the step per 100 who entered.", ge=0, le=100)
    drop_off_rate: pl.Float64 = column("Users lost since the step before per 100 who were there; empty if none was.",
                                       nullable=True, ge=0, le=100)  # fmt: skip


class MartDashboardOverview(TableModel):
    """Key figures of each day."""

    metric_date: pl.Date = column("The day, in the project's zone.")
    tenant_id: pl.String = column("Tenant (customer organisation).")
    active_users: pl.Int64 = column("Different users who used anything.", ge=0)
    features_used: pl.Int64 = column("Different features used.", ge=0)
    total_events: pl.Int64 = column("Times any feature was used.", ge=0)
    session_count: pl.Int64 = column("Sessions that began.", ge=0)
    session_hours: pl.Float64 = column("Hours of these sessions, summed.", ge=0)


class MartRetentionCohorts(TableModel):
    """Of the users first active in a week, how many were active in each week that followed."""

    cohort_week: pl.Date = column("Monday of the week of the users' first activity, in the project's zone.")
    week_number: pl.Int32 = column("Weeks since then; 0 is the week itself.", ge=0)
    tenant_id: pl.String = column("Tenant (customer organisation) of the users.")
    user_segment: pl.String = column("Subscription tier of the users, as now known.", isin=CONDITIONS)
    cohort_size: pl.Int64 = column("Users of the cohort.", ge=1)
    retained_users: pl.Int64 = column("Users of the cohort who were active in this week.", ge=0)
    retention_rate: pl.Float64 = column("Share of the cohort that was active, 0 to 1.", ge=0, le=1)


class MartExperimentResults(TableModel):
    """What each variant of each experiment achieved, with 95 % confidence intervals.

    Of a rate the interval is Wilson's score interval (E. B. Wilson, JASA 22, 1927), of the difference to the control
    Newcombe's hybrid of two of them (R. G. Newcombe, Statistics in Medicine 17, 1998, pp. 873-890, method 10).
    """

    started_date: pl.Date = column("Day of the first assignment to the variant, in the project's zone.")
    tenant_id: pl.String = column("Tenant (customer organisation) of the users.")
    experiment_id: pl.String = column("Identifier of the experiment.")
    experiment_name: pl.String = column("Name of the experiment.", nullable=True)
    goal: pl.String = column("What a user must do to count as converted.", nullable=True)
    variant: pl.String = column("The variant: control, or the name of a treatment.")
    participants: pl.Int64 = column("Users assigned to the variant.", ge=1)
    conversions: pl.Int64 = column("Those of them who reached the goal.", ge=0)
    conversion_rate: pl.Float64 = column("Share of the participants who reached the goal, 0 to 1.", ge=0, le=1)
    conversion_rate_low: pl.Float64 = column("Lower end of the 95 % interval of the rate.", ge=0, le=1)
    conversion_rate_high: pl.Float64 = column("Upper end of the 95 % interval of the rate.", ge=0, le=1)
    control_rate: pl.Float64 = column("Rate of the control; empty without one.", nullable=True, ge=0, le=1)
    difference: pl.Float64 = column("Rate less the control's; empty for the control.", nullable=True)
    difference_low: pl.Float64 = column("Lower end of the 95 % interval of the difference.", nullable=True)
    difference_high: pl.Float64 = column("Upper end of the 95 % interval of the difference.", nullable=True)
    relative_lift: pl.Float64 = column("Difference as a share of the control's rate; empty if that is 0.",
                                       nullable=True)  # fmt: skip
    is_significant: pl.Boolean = column("Whether the interval of the difference leaves out 0; empty for the control.",
                                        nullable=True)  # fmt: skip
    avg_hours_to_convert: pl.Float64 = column("Mean hours from assignment to goal; empty without any.", nullable=True)


class MartDataQuality(TableModel):
    """What became of the records that were received: sound, or sent again, refused, held back.

    The score is the share of sound records; summed over tables it is that of the domain.
    """

    load_date: pl.Date = column("Day on which the records were loaded, in the project's zone.")
    table_name: pl.String = column("Bronze table the records were meant for, without its layer.", isin=RECEIVED)
    tenant_id: pl.String = column("Tenant of the records; empty for refused ones, which may not say it.",
                                  nullable=True)  # fmt: skip
    records_received: pl.Int64 = column("Records received.", ge=1)
    records_repeated: pl.Int64 = column("Records whose deduplication key had been received before.", ge=0)
    records_refused: pl.Int64 = column("Records that could not be loaded and wait in quarantine.", ge=0)
    records_held_back: pl.Int64 = column("Records held back because what they belong to is unknown.", ge=0)
    records_sound: pl.Int64 = column("All others.", ge=0)
    quality_score: pl.Float64 = column("Sound records per 100 received.", ge=0, le=100)


CONTRACTS: tuple[Contract, ...] = (
    table(
        MartFeatureUsageHourly, "mart_feature_usage_hourly", "gold",
        ("tenant_id", "user_id", "feature", "window_start"), "One row per user, feature and hour.",
        partitions=(day("usage_date"),),
    ),
    table(
        MartUserSessions, "mart_user_sessions", "gold", ("tenant_id", "session_id"), "One row per session.",
        partitions=(month("session_date"),),
    ),
    table(
        MartFeatureUsageByTime, "mart_feature_usage_by_time", "gold",
        ("usage_date", "hour_of_day", "tenant_id", "feature", "user_segment"),
        "One row per day, hour of the day, tenant, feature and subscription tier.",
        partitions=(month("usage_date"),),
    ),
    table(
        MartTopFeatures, "mart_top_features", "gold", ("tenant_id", "user_segment", "feature"),
        "One row per tenant, subscription tier and feature.",
    ),
    table(
        MartFunnelAnalysis, "mart_funnel_analysis", "gold",
        ("entered_date", "tenant_id", "user_segment", "funnel_type", "step_order"),
        "One row per day of entry, tenant, subscription tier, funnel and step.",
        rules=(
            rule(
                "a_funnel_narrows",
                "users_at_step <= users_at_previous_step and users_at_previous_step <= users_entered",
                description="No step has more users than the one before.",
            ),
        ),
    ),
    table(
        MartDashboardOverview, "mart_dashboard_overview", "gold", ("metric_date", "tenant_id"),
        "One row per day and tenant.",
        partitions=(month("metric_date"),),
    ),
    table(
        MartRetentionCohorts, "mart_retention_cohorts", "gold",
        ("cohort_week", "week_number", "tenant_id", "user_segment"),
        "One row per cohort, week since, tenant and subscription tier.",
        rules=(
            rule(
                "all_are_active_in_their_first_week",
                "week_number > 0 or retained_users = cohort_size",
                description="The week of a cohort is the first in which its users are active.",
            ),
        ),
    ),
    table(
        MartExperimentResults, "mart_experiment_results", "gold", ("tenant_id", "experiment_id", "variant"),
        "One row per tenant, experiment and variant.",
        rules=(
            rule(
                "rate_within_its_interval",
                "conversion_rate between conversion_rate_low and conversion_rate_high",
                description="A rate lies within its interval.",
            ),
            rule(
                "difference_within_its_interval",
                "difference between difference_low and difference_high",
                description="A difference lies within its interval.",
            ),
        ),
    ),
    table(
        MartDataQuality, "mart_data_quality", "gold", ("load_date", "table_name", "tenant_id"),
        "One row per day of loading, table and tenant.",
        rules=(
            rule(
                "every_record_is_accounted_for",
                "records_received = records_sound + records_repeated + records_refused + records_held_back",
                description="A record is sound, or sent again, refused or held back.",
            ),
        ),
    ),
)  # fmt: skip
