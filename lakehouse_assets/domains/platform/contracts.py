"""Contracts of the tables that tell of the platform itself: the calendar, what every table holds, loads and runs.

What they are, not what makes them (tables, dbt_project/models/platform). None of a business domain.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from lakehouse_assets.domains.platform import OWNER
from lakehouse_assets.lakehouse.contract import (
    DAILY,
    SELDOM,
    Contract,
    Freshness,
    TableModel,
    Timestamp,
    column,
    day,
    rule,
)

STARTED_BY = ("schedule", "sensor", "backfill", "person")
"""What asks for runs; a person by a command or in Dagit."""
INSIGHT_KINDS = ("missing", "point", "shift", "trend", "change", "forecast", "recommendation", "none")
INSIGHT_SEVERITIES = ("high", "medium", "low", "info")


class TimeSpineDaily(TableModel):
    """The calendar from 2009 to 2035, without gaps: what cumulative and offset metrics join to."""

    date_day: pl.Date = column("The calendar day.")


class TableHealth(TableModel):
    """How large every table was at the end of each day, and how far its rows reached; of today, how it is now."""

    measured_on: pl.Date = column("Day, in UTC.")
    table_name: pl.String = column("The table, as layer.table.")
    layer: pl.String = column("Layer of the table.")
    domain: pl.String = column("Domain of the table; missing if no contract declares it.", nullable=True)
    row_count: pl.Int64 = column("Rows.", nullable=True, ge=0)
    bytes: pl.Int64 = column("Size of its data files, in bytes.", nullable=True, ge=0)
    files: pl.Int64 = column("Number of its data files.", nullable=True, ge=0)
    newest_day: pl.Date = column("Newest day its rows reach; missing if it has no days.", nullable=True)
    published_at: Timestamp = column("When it was last written, in UTC.")
    snapshot_id: pl.Int64 = column("Iceberg snapshot it was at.")
    hours_old: pl.Float64 = column("Hours since it was last written, at the end of the day.", nullable=True, ge=0)
    hours_allowed: pl.Float64 = column("Hours after which its contract calls it late.", nullable=True, gt=0)
    checks_kept: pl.Int64 = column("Rules of its audit that held when a run made it last.", nullable=True, ge=0)
    checks_broken: pl.Int64 = column("Rules of its audit that did not, and only warn.", nullable=True, ge=0)


class RunHistory(TableModel):
    """Every run of the orchestrator: what started it, how it ended, what it took."""

    ran_on: pl.Date = column("Day on which the run was asked for, in UTC.")
    run_id: pl.String = column("Identifier of the run.")
    job_name: pl.String = column("Job that ran.")
    source: pl.String = column("Source that it loaded, if it loaded one.", nullable=True)
    started_by: pl.String = column("What asked for it.", isin=STARTED_BY)
    status: pl.String = column("How it stands: SUCCESS, FAILURE, CANCELED, or a state of one that has not ended.")
    is_refused: pl.Boolean = column("Whether it failed because of its data, so that it would again.")
    created_at: Timestamp = column("When it was asked for, in UTC.")
    ended_at: Timestamp = column("When it ended, in UTC.", nullable=True)
    waited_s: pl.Float64 = column("Seconds from being asked for to its start.", nullable=True, ge=0)
    seconds: pl.Float64 = column("Seconds from its start to its end.", nullable=True, ge=0)
    cpu_s: pl.Float64 = column(
        "Processor seconds of its steps in the process that ran them; none of what a server did for it.",
        nullable=True, ge=0,
    )  # fmt: skip


class PlatformLoads(TableModel):
    """What came in: every load, with what became of its records."""

    load_id: pl.String = column("Identifier of the load.")
    loaded_on: pl.Date = column("Day of the load, in UTC.")
    loaded_at: Timestamp = column("When it was loaded, in UTC.")
    source: pl.String = column("Source definition that it was read with.")
    target_table: pl.String = column("Table the records went to, as layer.table.")
    tenant_id: pl.String = column("Tenant the caller named for the whole load, if any.", nullable=True)
    bytes: pl.Int64 = column("Bytes that were read.", ge=0)
    rows_read: pl.Int64 = column("Records read.", ge=0)
    rows_loaded: pl.Int64 = column("Records that went to the table.", ge=0)
    rows_quarantined: pl.Int64 = column("Records that went to quarantine.", ge=0)


class PlatformQuarantine(TableModel):
    """Records that could not be loaded, without their text, and whether they wait."""

    quarantine_id: pl.String = column("Identifier of the quarantined record.")
    quarantined_on: pl.Date = column("Day on which it was refused, in UTC.")
    source: pl.String = column("Source definition that it was read with.")
    target_table: pl.String = column("Table it was meant for, as layer.table.")
    column_name: pl.String = column("First column that could not be filled.", nullable=True)
    cause: pl.String = column("What is wrong, without the values of the record.", nullable=True)
    tenant_id: pl.String = column("Tenant the caller named for the whole load, if any.", nullable=True)
    is_open: pl.Boolean = column("Whether it waits: it was neither replayed nor settled otherwise.")


class PlatformTables(TableModel):
    """How every table stood at the end of each day, and how it stands now."""

    measured_on: pl.Date = column("Day, in UTC.")
    table_name: pl.String = column("The table, as layer.table.")
    layer: pl.String = column("Layer of the table.")
    table_domain: pl.String = column("Domain of the table; missing if no contract declares it.", nullable=True)
    row_count: pl.Int64 = column("Rows.", nullable=True, ge=0)
    bytes: pl.Int64 = column("Size of its data files, in bytes.", nullable=True, ge=0)
    files: pl.Int64 = column("Number of its data files.", nullable=True, ge=0)
    hours_old: pl.Float64 = column("Hours since it was last written.", nullable=True, ge=0)
    is_late: pl.Boolean = column("Whether that is longer than its contract allows.")
    checks_kept: pl.Int64 = column("Rules of its audit that held when a run made it last.", nullable=True, ge=0)
    checks_broken: pl.Int64 = column("Rules of its audit that did not, and only warn.", nullable=True, ge=0)


class PlatformRuns(TableModel):
    """What ran: every run of the orchestrator."""

    run_id: pl.String = column("Identifier of the run.")
    ran_on: pl.Date = column("Day on which it was asked for, in UTC.")
    job_name: pl.String = column("Job that ran.")
    source: pl.String = column("Source that it loaded, if it loaded one.", nullable=True)
    started_by: pl.String = column("What asked for it.")
    status: pl.String = column("How it stands: SUCCESS, FAILURE, CANCELED, or a state of one that has not ended.")
    has_failed: pl.Boolean = column("Whether it failed, for whatever reason.")
    is_refused: pl.Boolean = column("Whether it failed because of its data.")
    waited_s: pl.Float64 = column("Seconds from being asked for to its start.", nullable=True, ge=0)
    seconds: pl.Float64 = column("Seconds from its start to its end.", nullable=True, ge=0)
    cpu_s: pl.Float64 = column("Processor seconds of its steps, as far as they are known.", nullable=True, ge=0)


class FoundInsights(TableModel):
    """What is worth saying about the figures of each domain, by tenant and for who sees all; and what lately was."""

    event_id: pl.String = column(
        "The same as long as it is the same thing, though its days and figures are judged anew with each publication."
    )
    insight_id: pl.String = column("Identifier of it as it is judged now, as in POST /insights.")
    domain: pl.String = column("Domain of the metric.")
    tenant_id: pl.String = column("Tenant whose figures they are; missing of all tenants together.", nullable=True)
    is_current: pl.Boolean = column("Whether it was found in the newest publication.")
    place: pl.Int64 = column("Place among those of the domain and tenant, the most important first.", ge=1)
    kind: pl.String = column(
        "What was found: missing or unusual days, a new level, a trend, a change between two times and why, what comes "
        "next, what follows; none where there is nothing to tell.",
        isin=INSIGHT_KINDS,
    )
    severity: pl.String = column("How much it matters.", isin=INSIGHT_SEVERITIES)
    metric: pl.String = column("Name of the metric; missing where nothing was found.", nullable=True)
    label: pl.String = column("What people call the metric.", nullable=True)
    dimension: pl.String = column("Dimension of which it is one value; missing of all of the metric.", nullable=True)
    dimension_value: pl.String = column("That value.", nullable=True)
    start_date: pl.Date = column("First day that it is about.", nullable=True)
    end_date: pl.Date = column("Last day that it is about.", nullable=True)
    actual: pl.Float64 = column("The figure; of sums over times of different lengths, that of a day.", nullable=True)
    expected: pl.Float64 = column("What was expected, or the figure of the time before.", nullable=True)
    expected_low: pl.Float64 = column("From where on it would not have been told.", nullable=True)
    expected_high: pl.Float64 = column("Up to where it would not have been told.", nullable=True)
    change: pl.Float64 = column("Relative to what was expected: 0.1 is a tenth more.", nullable=True)
    p_value: pl.Float64 = column("How probable it is by chance alone, 0 to 1.", nullable=True, ge=0, le=1)
    is_good: pl.Boolean = column("Whether it is for the better; missing where nobody said which way is.", nullable=True)
    sentence: pl.String = column("It in words.")
    method: pl.String = column("How it was judged, and what that takes for granted.", nullable=True)
    document: pl.String = column("All of it, as POST /insights gives it, in JSON.", nullable=True)
    found_at: Timestamp = column("When it was found first, in UTC.")
    judged_at: Timestamp = column("When the domain was judged for this tenant, in UTC.")
    judged_until: pl.Date = column("Last day that was judged; missing where there are none.", nullable=True)
    tests: pl.Int64 = column("Tests that the domain went through for this tenant.", ge=0)
    left_out: pl.Int64 = column("What was found beside these, of less weight than all of them.", ge=0)
    metrics: pl.String = column("Names of the metrics that were judged, with commas.")
    basis: pl.String = column("What it was judged by: the snapshot of each table, and the metrics' meaning, in JSON.")


TABLE_HEALTH = Contract(
    model=TableHealth,
    table="table_health",
    days_of_utc=True,
    layer="semantic",
    domain="platform",
    key=("measured_on", "table_name"),
    grain="One row per day and published table.",
    partitions=(day("measured_on"),),
    owner=OWNER,
    freshness=DAILY,
    made_by="python",
)

RUN_HISTORY = Contract(
    model=RunHistory,
    table="run_history",
    layer="semantic",
    domain="platform",
    key=("run_id",),
    grain="One row per run.",
    partitions=(day("ran_on"),),
    owner=OWNER,
    freshness=DAILY,
    made_by="python",
    days_of_utc=True,
)

INSIGHTS = Contract(
    model=FoundInsights,
    table="insights",
    layer="semantic",
    domain="platform",
    key=("event_id",),
    grain="One row per thing that is, or lately was, worth saying about a domain to a tenant, or to who sees all.",
    owner=OWNER,
    freshness=DAILY,
    made_by="python",
    rules=(
        rule("days_in_order", "start_date <= end_date", description="The last day is not before the first."),
        rule(
            "expected_in_order",
            "expected_low <= expected_high",
            description="What would be usual begins below its end.",
        ),
    ),
)


def _mart(model: type[TableModel], table: str, key: tuple[str, ...], grain: str, freshness: Freshness) -> Contract:
    """A gold table of the platform, built whole."""
    return Contract(
        model=model, table=table, layer="gold", domain="platform", key=key, grain=grain, owner=OWNER,
        freshness=freshness, days_of_utc=True,
    )  # fmt: skip


CONTRACTS: tuple[Contract, ...] = (
    Contract(
        model=TimeSpineDaily,
        table="time_spine_daily",
        days_of_utc=True,
        layer="gold",
        domain="platform",
        key=("date_day",),
        grain="One row per calendar day.",
        partitions=(),
        owner=OWNER,
        # Built anew each month, so that a model that no longer runs is noticed.
        freshness=Freshness(warn_after=timedelta(days=35), fail_after=timedelta(days=65)),
        rules=(),
    ),
    TABLE_HEALTH,
    RUN_HISTORY,
    INSIGHTS,
    _mart(PlatformLoads, "gold_platform_loads", ("load_id",), "One row per load.", DAILY),
    _mart(PlatformQuarantine, "gold_platform_quarantine", ("quarantine_id",), "One row per refused record.", SELDOM),
    _mart(PlatformTables, "gold_platform_tables", ("measured_on", "table_name"), "One row per day and table.", DAILY),
    _mart(PlatformRuns, "gold_platform_runs", ("run_id",), "One row per run.", DAILY),
)
