"""Contracts of the telemetry staging tables in silver: records deduplicated, checked and put into one form."""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.telemetry.contracts.common import CONDITIONS, FUNNELS, MAX_EVENTS_PER_HOUR, table
from lakehouse_assets.lakehouse.contract import Contract, TableModel, Timestamp, column, day, month, rule


class UsersSnapshot(TableModel):
    """The history of every user: what was true from when to when (SCD type 2), rebuilt from bronze at will."""

    tenant_id: pl.String = column("Tenant (customer organisation) the user belongs to.")
    user_id: pl.String = column("Identifier of the user, unique within the tenant.")
    version_no: pl.Int32 = column("Number of the version within the user, from 1.", ge=1)
    valid_from: Timestamp = column("When the profile became so, in UTC; the first version also holds before.")
    valid_to: Timestamp = column("When it became otherwise, in UTC; empty while it holds.", nullable=True)
    is_current: pl.Boolean = column("Whether the version holds now.")
    valid_from_date: pl.Date = column("Day of valid_from.")
    first_seen: Timestamp = column("When the user signed up, in UTC.")
    age: pl.Int32 = column("Age in years.", nullable=True)
    gender: pl.String = column("Gender the user gave.", nullable=True)
    region: pl.String = column("World region the user lives in.", nullable=True)
    user_segment: pl.String = column("Subscription tier: Free, Trial, Premium or Enterprise.", isin=CONDITIONS)
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the change.")
    load_id: pl.String = column("Load that brought in the change.")
    loaded_at: Timestamp = column("When it was loaded, in UTC.")


class StgUsers(TableModel):
    """Every user as now known."""

    first_seen_date: pl.Date = column("Day of first_seen.")
    first_seen: Timestamp = column("When the user signed up, in UTC.")
    tenant_id: pl.String = column("Tenant (customer organisation) the user belongs to.")
    user_id: pl.String = column("Identifier of the user, unique within the tenant.")
    age: pl.Int32 = column("Age in years.", nullable=True)
    age_group: pl.String = column("Age in groups: under 25, 25-34, 35-44, 45-54, 55 and over.", nullable=True)
    gender: pl.String = column("Gender the user gave.", nullable=True)
    region: pl.String = column("World region the user lives in.", nullable=True)
    user_segment: pl.String = column("Subscription tier: Free, Trial, Premium or Enterprise.", isin=CONDITIONS)
    first_user_segment: pl.String = column("Subscription tier in the first known version.", isin=CONDITIONS)
    version_count: pl.Int32 = column("Number of versions of the profile.", ge=1)
    updated_at: Timestamp = column("When the profile last changed, in UTC.")


class StgFeatureEvents(TableModel):
    """Uses of features by known users, each hour once, in its latest version, with the user as it then was."""

    usage_date: pl.Date = column("Day of window_start.")
    window_start: Timestamp = column("Beginning of the hour, in UTC.")
    hour_of_day: pl.Int32 = column("Hour of the day of window_start in the project's zone, 0 to 23.", ge=0, le=23)
    tenant_id: pl.String = column("Tenant (customer organisation) the user belongs to.")
    user_id: pl.String = column("User who used the feature.")
    user_version_no: pl.Int32 = column("Version of the user's profile at that hour.", ge=1)
    user_segment: pl.String = column("Subscription tier of the user at that hour.", isin=CONDITIONS)
    region: pl.String = column("World region of the user at that hour.", nullable=True)
    feature: pl.String = column("Feature that was used, such as dashboard_view.")
    event_count: pl.Int32 = column("Times the feature was used in the hour, 1 to 100.", ge=1, le=MAX_EVENTS_PER_HOUR)
    session_id: pl.String = column("Session in which the hour began to count.")
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the count.")
    load_id: pl.String = column("Load that brought in the version kept here.")
    loaded_at: Timestamp = column("When that version was loaded, in UTC.")


class StgSessions(TableModel):
    """Sessions as reported, each once, in its latest version."""

    session_date: pl.Date = column("Day of session_start.")
    session_start: Timestamp = column("When the session began, in UTC.")
    session_end: Timestamp = column("When the session ended, in UTC.")
    tenant_id: pl.String = column("Tenant (customer organisation) the user belongs to.")
    session_id: pl.String = column("Identifier of the session, unique within the tenant.")
    user_id: pl.String = column("User whose session it was.")
    device: pl.String = column("Kind of device, such as DESKTOP.", nullable=True)
    app_version: pl.String = column("Version of the application.", nullable=True)
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the session.")
    load_id: pl.String = column("Load that brought in the version kept here.")
    loaded_at: Timestamp = column("When that version was loaded, in UTC.")


class StgFunnelEvents(TableModel):
    """Steps that known users reached in the funnels, each once, in its latest version."""

    step_date: pl.Date = column("Day of reached_at.")
    reached_at: Timestamp = column("When the user reached the step, in UTC.")
    tenant_id: pl.String = column("Tenant (customer organisation) the user belongs to.")
    user_id: pl.String = column("User who reached the step.")
    user_segment: pl.String = column("Subscription tier of the user, as now known.", isin=CONDITIONS)
    region: pl.String = column("World region of the user, as now known.", nullable=True)
    funnel_type: pl.String = column("Funnel: onboarding, feature_adoption or workflow_completion.", isin=FUNNELS)
    funnel_step: pl.String = column("Name of the step.")
    step_order: pl.Int32 = column("Position of the step in its funnel, from 1.", ge=1)
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the step.")
    load_id: pl.String = column("Load that brought in the version kept here.")
    loaded_at: Timestamp = column("When that version was loaded, in UTC.")


class StgExperiments(TableModel):
    """Parts that known users take in experiments, each in its latest state."""

    assigned_date: pl.Date = column("Day of assigned_at.")
    assigned_at: Timestamp = column("When the user was assigned to a variant, in UTC.")
    tenant_id: pl.String = column("Tenant (customer organisation) the user belongs to.")
    experiment_id: pl.String = column("Identifier of the experiment.")
    experiment_name: pl.String = column("Name of the experiment.", nullable=True)
    goal: pl.String = column("What a user must do to count as converted.", nullable=True)
    variant: pl.String = column("Variant the user was given: control, or the name of a treatment.")
    user_id: pl.String = column("User who takes part.")
    user_segment: pl.String = column("Subscription tier of the user, as now known.", isin=CONDITIONS)
    region: pl.String = column("World region of the user, as now known.", nullable=True)
    is_converted: pl.Boolean = column("Whether the user reached the goal.")
    converted_at: Timestamp = column("When the user reached the goal, in UTC; empty until then.", nullable=True)
    hours_to_convert: pl.Float64 = column("Hours from assignment to goal; empty until then.", nullable=True, ge=0)
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the participation.")
    load_id: pl.String = column("Load that brought in the state kept here.")
    loaded_at: Timestamp = column("When that state was loaded, in UTC.")


class TelemetryQuarantine(TableModel):
    """Records held back because their user is not known; they go once the user arrives."""

    record_date: pl.Date = column("Day under which the record is kept in bronze.")
    tenant_id: pl.String = column("Tenant (customer organisation) of the record.")
    table_name: pl.String = column("Bronze table that holds the record, without its layer.")
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the record in bronze.")
    reason: pl.String = column("Why it is held back.", isin=["USER_UNKNOWN"])
    missing_id: pl.String = column("Identifier of what it waits for.")
    load_id: pl.String = column("Load that brought it in.")
    loaded_at: Timestamp = column("When it was loaded, in UTC.")


CONTRACTS: tuple[Contract, ...] = (
    table(
        UsersSnapshot, "users_snapshot", "silver", ("tenant_id", "user_id", "version_no"),
        "One row per user and version.",
        partitions=(month("valid_from_date"),),
        rules=(
            rule("valid_for_some_time", "valid_to > valid_from", description="A version ends after it begins."),
            rule(
                "current_is_without_end",
                "is_current = (valid_to is null)",
                description="The current version is the one without an end.",
            ),
        ),
    ),
    table(StgUsers, "stg_users", "silver", ("tenant_id", "user_id"), "One row per user."),
    table(
        StgFeatureEvents, "stg_feature_events", "silver", ("tenant_id", "user_id", "feature", "window_start"),
        "One row per user, feature and hour.",
        partitions=(day("usage_date"),),
        rules=(
            rule(
                "usage_date_is_day_of_window_start",
                "usage_date = business_day(window_start)",
                description="The day of a use is the day of its hour, in the project's zone.",
            ),
        ),
    ),
    table(
        StgSessions, "stg_sessions", "silver", ("tenant_id", "session_id"), "One row per session.",
        partitions=(day("session_date"),),
        rules=(
            rule(
                "ends_after_it_begins",
                "session_end >= session_start",
                description="A session does not end before it begins.",
            ),
        ),
    ),
    table(
        StgFunnelEvents, "stg_funnel_events", "silver", ("tenant_id", "funnel_type", "user_id", "step_order"),
        "One row per user, funnel and step.",
    ),
    table(
        StgExperiments, "stg_experiments", "silver", ("tenant_id", "experiment_id", "user_id"),
        "One row per user and experiment.",
        rules=(
            rule(
                "converted_has_a_time",
                "is_converted = (converted_at is not null)",
                description="The time of the goal is known exactly when it was reached.",
            ),
        ),
    ),
    table(
        TelemetryQuarantine, "telemetry_quarantine", "silver", ("tenant_id", "table_name", "record_key"),
        "One row per record held back.",
    ),
)  # fmt: skip
