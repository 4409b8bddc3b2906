"""Contracts of the telemetry bronze tables: every record as it was received, with its full history."""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.telemetry.contracts.common import CONDITIONS, FUNNELS, MAX_EVENTS_PER_HOUR, table
from lakehouse_assets.lakehouse.contract import Contract, Partition, Rule, TableModel, Timestamp, column, day, rule

RECEIVED_KEY = ("record_key", "load_id", "source_row")


class Users(TableModel):
    """Every change of a user's profile, the whole profile each time: what was received, never changed."""

    change_date: pl.Date = column("Day of changed_at.")
    changed_at: Timestamp = column("When the profile became as described, in UTC.")
    tenant_id: pl.String = column("Tenant (customer organisation) the user belongs to.")
    user_id: pl.String = column("Identifier of the user, unique within the tenant.")
    first_seen: Timestamp = column("When the user signed up, in UTC.")
    age: pl.Int32 = column("Age in years.", nullable=True, ge=13, le=120)
    gender: pl.String = column("Gender the user gave.", nullable=True)
    region: pl.String = column("World region the user lives in.", nullable=True)
    condition: pl.String = column("Subscription tier: Free, Trial, Premium or Enterprise.", isin=CONDITIONS)
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for two copies of one change.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


class FeatureUsageHourly(TableModel):
    """How often each user used each feature in each hour, as it was reported: what was received, never changed."""

    usage_date: pl.Date = column("Day of window_start.")
    window_start: Timestamp = column("Beginning of the hour, in UTC.")
    tenant_id: pl.String = column("Tenant (customer organisation) the user belongs to.")
    user_id: pl.String = column("User who used the feature.")
    feature: pl.String = column("Feature that was used, such as dashboard_view.")
    event_count: pl.Int32 = column("Times the feature was used in the hour, 1 to 100.", ge=1, le=MAX_EVENTS_PER_HOUR)
    session_id: pl.String = column("Session in which the hour began to count.")
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for two copies of one count.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


class Sessions(TableModel):
    """Every session as the application reported it: what was received, never changed."""

    session_date: pl.Date = column("Day of session_start.")
    session_start: Timestamp = column("When the session began, in UTC.")
    session_end: Timestamp = column("When the session ended, in UTC.")
    tenant_id: pl.String = column("Tenant (customer organisation) the user belongs to.")
    session_id: pl.String = column("Identifier of the session, unique within the tenant.")
    user_id: pl.String = column("User whose session it was.")
    device: pl.String = column("Kind of device, such as DESKTOP.", nullable=True)
    app_version: pl.String = column("Version of the application.", nullable=True)
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for two copies of one session.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


class Experiments(TableModel):
    """Every state in which a user's part in an experiment was reported: what was received, never changed."""

    assigned_date: pl.Date = column("Day of assigned_at.")
    assigned_at: Timestamp = column("When the user was assigned to a variant, in UTC.")
    tenant_id: pl.String = column("Tenant (customer organisation) the user belongs to.")
    experiment_id: pl.String = column("Identifier of the experiment.")
    experiment_name: pl.String = column("Name of the experiment.", nullable=True)
    goal: pl.String = column("What a user must do to count as converted.", nullable=True)
    variant: pl.String = column("Variant the user was given: control, or the name of a treatment.")
    user_id: pl.String = column("User who takes part.")
    converted_at: Timestamp = column("When the user reached the goal, in UTC; empty until then.", nullable=True)
    updated_at: Timestamp = column("When the source last changed the record, in UTC: the latest state counts.")
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for all states of one participation.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


class FunnelEvents(TableModel):
    """Every step that a user reached in one of the funnels, as it was reported: what was received, never changed."""

    step_date: pl.Date = column("Day of reached_at.")
    reached_at: Timestamp = column("When the user reached the step, in UTC.")
    tenant_id: pl.String = column("Tenant (customer organisation) the user belongs to.")
    user_id: pl.String = column("User who reached the step.")
    funnel_type: pl.String = column("Funnel: onboarding, feature_adoption or workflow_completion.", isin=FUNNELS)
    funnel_step: pl.String = column("Name of the step.")
    step_order: pl.Int32 = column("Position of the step in its funnel, from 1.", ge=1)
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for two copies of one step.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


def _dated(day_column: str, time_column: str) -> tuple[Rule, ...]:
    """What holds of the time of a record whose source says it."""
    return (
        rule(
            f"{day_column}_is_day_of_{time_column}",
            f"{day_column} = business_day({time_column})",
            description="The day of a record is the day of its time, in the project's zone.",
        ),
        rule(
            "not_from_the_future",
            f"{time_column} <= loaded_at",
            description="Nothing happens after it is loaded.",
            severity="warning",
        ),
    )


def _received(
    model: type[TableModel], name: str, what: str, partition: Partition, time_column: str, *rules: Rule
) -> Contract:
    return table(
        model,
        name,
        "bronze",
        RECEIVED_KEY,
        f"One row per {what} and load that brought it.",
        partitions=(partition,),
        rules=(*_dated(partition.column, time_column), *rules),
    )


CONTRACTS: tuple[Contract, ...] = (
    _received(
        Users,
        "users",
        "change of a user's profile",
        day("change_date"),
        "changed_at",
        rule(
            "changed_not_before_first_seen",
            "changed_at >= first_seen",
            description="A profile does not change before its user signs up.",
            severity="warning",
        ),
    ),
    _received(FeatureUsageHourly, "feature_usage_hourly", "user, feature and hour", day("usage_date"), "window_start"),
    _received(
        Sessions,
        "sessions",
        "session",
        day("session_date"),
        "session_start",
        rule(
            "ends_after_it_begins",
            "session_end >= session_start",
            description="A session does not end before it begins.",
        ),
    ),
    _received(
        Experiments,
        "experiments",
        "user, experiment, state of it",
        day("assigned_date"),
        "assigned_at",
        rule(
            "converted_after_assigned",
            "converted_at >= assigned_at",
            description="A goal reached before the assignment is none of the experiment's.",
        ),
    ),
    _received(FunnelEvents, "funnel_events", "user, funnel, step", day("step_date"), "reached_at"),
)
