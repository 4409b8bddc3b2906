"""Contracts of the telemetry semantic tables: the saved queries, stored."""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.telemetry.contracts.common import table
from lakehouse_assets.lakehouse.contract import Contract, TableModel, column


class MvTelemetryFeatures(TableModel):
    """Use of each feature by subscription tier, over all time and all tenants."""

    feature: pl.String = column("Feature of the application.")
    user_segment: pl.String = column("Subscription tier of the users at the time.")
    telemetry_events: pl.Int64 = column("Times the feature was used.", ge=0)
    telemetry_active_users: pl.Int64 = column("Different users who used it.", ge=0)
    telemetry_events_per_user: pl.Float64 = column("Times it was used per user who did.", nullable=True, ge=0)


class MvTelemetryFunnels(TableModel):
    """Users at each step of each funnel, over all time and all tenants."""

    funnel_type: pl.String = column("Funnel: onboarding, feature_adoption or workflow_completion.")
    funnel_step: pl.String = column("Name of the step.")
    telemetry_users_at_step: pl.Int64 = column("Users who reached the step or a later one.", ge=0)
    telemetry_users_lost: pl.Int64 = column("Users who reached the step before, but not this one.", ge=0)
    telemetry_step_conversion_rate: pl.Float64 = column(
        "Share of the users entering the funnel who reached the step, 0 to 1.", nullable=True, ge=0, le=1
    )
    telemetry_drop_off_rate: pl.Float64 = column(
        "Share of the users at the step before who were lost, 0 to 1.", nullable=True, ge=0, le=1
    )


class MvTelemetryExperiments(TableModel):
    """Participants and conversions of each variant of each experiment, over all tenants."""

    experiment_name: pl.String = column("Name of the experiment.", nullable=True)
    variant: pl.String = column("Variant: control, or the name of a treatment.")
    telemetry_experiment_users: pl.Int64 = column("Users assigned to the variant.", ge=0)
    telemetry_experiment_conversions: pl.Int64 = column("Those of them who reached the goal.", ge=0)
    telemetry_experiment_conversion_rate: pl.Float64 = column(
        "Share of the participants who reached the goal, 0 to 1.", nullable=True, ge=0, le=1
    )


class MvTelemetryQuality(TableModel):
    """What became of the records received for each table, over all loads and tenants."""

    table_name: pl.String = column("Bronze table the records were meant for, without its layer.")
    telemetry_records_received: pl.Int64 = column("Records received.", ge=0)
    telemetry_records_sound: pl.Int64 = column("Records neither repeated nor refused nor held back.", ge=0)
    telemetry_records_repeated: pl.Int64 = column("Records whose key had been received before.", ge=0)
    telemetry_records_refused: pl.Int64 = column("Records that wait in quarantine.", ge=0)
    telemetry_records_held_back: pl.Int64 = column("Records whose user is not known.", ge=0)
    telemetry_quality_score: pl.Float64 = column("Share of sound records, 0 to 1.", nullable=True, ge=0, le=1)


CONTRACTS: tuple[Contract, ...] = (
    table(
        MvTelemetryFeatures, "mv_telemetry_features", "semantic", ("feature", "user_segment"),
        "One row per feature and subscription tier.",
    ),
    table(
        MvTelemetryFunnels, "mv_telemetry_funnels", "semantic", ("funnel_type", "funnel_step"),
        "One row per funnel and step.",
    ),
    table(
        MvTelemetryExperiments, "mv_telemetry_experiments", "semantic", ("experiment_name", "variant"),
        "One row per experiment and variant.",
    ),
    table(MvTelemetryQuality, "mv_telemetry_quality", "semantic", ("table_name",), "One row per table."),
)  # fmt: skip
