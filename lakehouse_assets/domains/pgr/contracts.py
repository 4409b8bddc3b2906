"""Contracts of the PGR tables in every layer: columns, keys, partitions, rules and freshness.

What a table is, and nothing about how it is made: that is in the dbt models and in sources.yml.
"""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.pgr import OWNER
from lakehouse_assets.domains.pgr.features import COMPLAINT_FEATURES, SLA_BREACH_RISK
from lakehouse_assets.lakehouse.contract import (
    DAILY,
    Contract,
    TableModel,
    Timestamp,
    column,
    day,
    identity,
    month,
    rule,
)

DOMAIN = "pgr"

EVENT_TYPES = ("CREATED", "ASSIGNED", "RESOLVED", "CLOSED", "REOPENED")
STATUSES = ("OPEN", "ASSIGNED", "RESOLVED", "CLOSED", "REOPENED")
PRIORITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL")


class ServiceEventsRaw(TableModel):
    """Every event of every service as it arrived, corrected or not: what was received, never changed."""

    event_date: pl.Date = column("Day of the event, in the project's zone.")
    event_time: Timestamp = column("When the event happened, in UTC.")
    tenant_id: pl.String = column("Tenant (city or organisation) the event belongs to.")
    service: pl.String = column("Service that emitted the event, such as PGR.")
    entity_type: pl.String = column("Kind of thing the event is about, such as COMPLAINT.")
    entity_id: pl.String = column("Identifier of that thing, unique within tenant and service.")
    event_type: pl.String = column("What happened, in upper case, such as CREATED or CLOSED.")
    status: pl.String = column("Status of the entity after the event, as the source names it.", nullable=True)
    actor_type: pl.String = column("Role of whoever acted: citizen, employee or system.", nullable=True)
    actor_id: pl.String = column("Identifier of whoever acted.", nullable=True)
    channel: pl.String = column("Channel through which the entity came in, such as MOBILE_APP.", nullable=True)
    ward_id: pl.String = column("Ward the event concerns.", nullable=True)
    locality_id: pl.String = column("Locality within the ward.", nullable=True)
    attributes_json: pl.String = column("Everything else the service sent, as one JSON object.", nullable=True)
    raw_payload: pl.String = column("The record exactly as it was received.")
    record_key: pl.String = column("MD5 of the source's deduplication key: equal for two copies of one event.")
    load_id: pl.String = column("Load that brought the row in.")
    source: pl.String = column("Name of the source definition the row was read with.")
    source_file: pl.String = column("File the row was read from.")
    source_row: pl.Int64 = column("Number of the record in that file, from 1.", ge=1)
    loaded_at: Timestamp = column("When the row was loaded, in UTC.")


class SilverPgrEvents(TableModel):
    """PGR events, each once, in its latest version, with the complaint's attributes as typed columns."""

    event_date: pl.Date = column("Day of the event, in the project's zone.")
    event_time: Timestamp = column("When the event happened, in UTC.")
    tenant_id: pl.String = column("Tenant (city) the complaint was made to.")
    complaint_id: pl.String = column("Identifier of the complaint, unique within its tenant.")
    event_type: pl.String = column("Step in the life of the complaint.", isin=EVENT_TYPES)
    status: pl.String = column("Status after the event, as the source names it.", nullable=True)
    actor_type: pl.String = column("Role of whoever acted: citizen, employee or system.", nullable=True)
    actor_id: pl.String = column("Identifier of whoever acted.", nullable=True)
    channel: pl.String = column("Channel through which the complaint came in.", nullable=True)
    ward_id: pl.String = column("Ward the complaint concerns.", nullable=True)
    locality_id: pl.String = column("Locality within the ward.", nullable=True)
    complaint_type: pl.String = column("What the complaint is about, such as STREETLIGHT.", nullable=True)
    priority: pl.String = column(
        "Priority of the complaint.", nullable=True, isin=PRIORITIES, severity={"isin": "warning"}
    )
    sla_hours: pl.Int32 = column(
        "Hours within which the complaint should be settled.", nullable=True, gt=0, severity={"gt": "warning"}
    )
    record_key: pl.String = column("MD5 of the source's deduplication key: identifies the event.")
    load_id: pl.String = column("Load that brought in the version of the event kept here.")
    loaded_at: Timestamp = column("When that version was loaded, in UTC.")


class SilverPgrOpenPeriods(TableModel):
    """The spans during which a complaint was open: from submission or reopening to resolution or closure."""

    tenant_id: pl.String = column("Tenant (city) the complaint was made to.")
    complaint_id: pl.String = column("Identifier of the complaint, unique within its tenant.")
    period_no: pl.Int32 = column("Number of the period within the complaint, from 1.", ge=1)
    opened_at: Timestamp = column("When the complaint was submitted or reopened, in UTC.")
    opened_date: pl.Date = column("Day of opened_at.")
    closed_at: Timestamp = column(
        "When it was next resolved or closed, in UTC; empty while the period lasts.", nullable=True
    )
    closed_date: pl.Date = column("Day of closed_at.", nullable=True)
    ward_id: pl.String = column("Ward of the complaint, as last known.", nullable=True)
    channel: pl.String = column("Channel through which the complaint came in.", nullable=True)
    complaint_type: pl.String = column("What the complaint is about, as last known.", nullable=True)
    priority: pl.String = column("Priority of the complaint, as last known.", nullable=True)
    sla_due_at: Timestamp = column(
        "When the complaint must be settled: submission plus SLA hours; empty without an SLA, or with one of more than "
        "a hundred years.",
        nullable=True,
    )


class GoldPgrCaseLifecycle(TableModel):
    """Each complaint with the milestones of its life, its turnaround and whether it met its SLA.

    A complaint appears once its CREATED event is known; events dated before it are left out.
    """

    tenant_id: pl.String = column("Tenant (city) the complaint was made to.")
    complaint_id: pl.String = column("Identifier of the complaint, unique within its tenant.")
    submitted_at: Timestamp = column("When the complaint was submitted, in UTC: its first CREATED event.")
    submitted_date: pl.Date = column("Day of submitted_at.")
    assigned_at: Timestamp = column("When the complaint was first assigned, in UTC.", nullable=True)
    resolved_at: Timestamp = column(
        "When it was resolved, in UTC: the first RESOLVED since it was last opened; empty while open.",
        nullable=True,
    )
    closed_at: Timestamp = column(
        "When it was closed, in UTC: the first CLOSED since it was last opened; empty while open.",
        nullable=True,
    )
    reopened_at: Timestamp = column("When it was last reopened, in UTC.", nullable=True)
    reopen_count: pl.Int32 = column("How many times it was reopened.", ge=0)
    last_event_at: Timestamp = column("When its latest known event happened, in UTC.")
    status: pl.String = column("Where the complaint stands after its latest event.", isin=STATUSES)
    is_open: pl.Boolean = column("Whether it still waits for resolution or closure.")
    turnaround_hours: pl.Float64 = column(
        "Hours from submission to the resolution or closure that settled it for good; empty while open.",
        nullable=True,
        ge=0,
    )
    sla_hours: pl.Int32 = column("Hours within which it should be settled, as last known.", nullable=True)
    is_sla_breached: pl.Boolean = column(
        "Whether turnaround exceeded the SLA; empty while open or without an SLA.", nullable=True
    )
    channel: pl.String = column("Channel through which the complaint came in.", nullable=True)
    ward_id: pl.String = column("Ward of the complaint, as last known.", nullable=True)
    locality_id: pl.String = column("Locality within the ward, as last known.", nullable=True)
    complaint_type: pl.String = column("What the complaint is about, as last known.", nullable=True)
    priority: pl.String = column("Priority of the complaint, as last known.", nullable=True)
    event_count: pl.Int32 = column("Number of its events from submission on.", ge=1)


class GoldPgrFunnelDaily(TableModel):
    """How many events of each kind happened to complaints on each day, by where and what they concern."""

    metric_date: pl.Date = column("Day on which the events happened, in the project's zone.")
    tenant_id: pl.String = column("Tenant (city) of the complaints.")
    ward_id: pl.String = column("Ward named by the events.", nullable=True)
    channel: pl.String = column("Channel named by the events.", nullable=True)
    complaint_type: pl.String = column("Complaint type named by the events.", nullable=True)
    priority: pl.String = column("Priority named by the events.", nullable=True)
    submitted_count: pl.Int64 = column("Number of CREATED events.", ge=0)
    assigned_count: pl.Int64 = column("Number of ASSIGNED events.", ge=0)
    resolved_count: pl.Int64 = column("Number of RESOLVED events.", ge=0)
    closed_count: pl.Int64 = column("Number of CLOSED events.", ge=0)
    reopened_count: pl.Int64 = column("Number of REOPENED events.", ge=0)
    event_count: pl.Int64 = column("Number of all events.", ge=1)


class GoldPgrBacklogDaily(TableModel):
    """The complaints open at the end of each day, up to the last day on which any event is known."""

    metric_date: pl.Date = column("Day at whose end (midnight in the project's zone) the complaints were open.")
    tenant_id: pl.String = column("Tenant (city) of the complaints.")
    ward_id: pl.String = column("Ward of the complaints, as last known.", nullable=True)
    channel: pl.String = column("Channel through which the complaints came in.", nullable=True)
    complaint_type: pl.String = column("What the complaints are about, as last known.", nullable=True)
    priority: pl.String = column("Priority of the complaints, as last known.", nullable=True)
    open_cases: pl.Int64 = column("Number of complaints open at the end of the day.", ge=1)
    overdue_cases: pl.Int64 = column("Those of them whose SLA had run out by then.", ge=0)
    age_hours_total: pl.Float64 = column(
        "Hours since they were submitted or last reopened, summed over the open complaints.", ge=0
    )


class MvPgrWardSummary(TableModel):
    """Complaints, settlement and SLA figures of each ward, over all time and all tenants."""

    ward_id: pl.String = column("Ward of the complaints.", nullable=True)
    pgr_complaints: pl.Int64 = column("Complaints submitted.", ge=0)
    pgr_open_complaints: pl.Int64 = column("Complaints still open.", ge=0)
    pgr_resolved_complaints: pl.Int64 = column("Complaints settled: resolved or closed.", ge=0)
    pgr_sla_breaches: pl.Int64 = column("Settled complaints that exceeded their SLA.", ge=0)
    pgr_resolution_rate: pl.Float64 = column("Share of complaints settled, 0 to 1.", nullable=True, ge=0, le=1)
    pgr_sla_breach_rate: pl.Float64 = column(
        "Share of the settled complaints with an SLA that exceeded it, 0 to 1.", nullable=True, ge=0, le=1
    )
    pgr_avg_turnaround_hours: pl.Float64 = column("Mean hours from submission to settlement.", nullable=True)


class MvPgrWardSummaryTenant(TableModel):
    """Complaints, settlement and SLA figures of each ward of each tenant, over all time."""

    tenant_id: pl.String = column("Tenant (city) of the complaints.")
    ward_id: pl.String = column("Ward of the complaints.", nullable=True)
    pgr_complaints: pl.Int64 = column("Complaints submitted.", ge=0)
    pgr_open_complaints: pl.Int64 = column("Complaints still open.", ge=0)
    pgr_resolved_complaints: pl.Int64 = column("Complaints settled: resolved or closed.", ge=0)
    pgr_sla_breaches: pl.Int64 = column("Settled complaints that exceeded their SLA.", ge=0)
    pgr_resolution_rate: pl.Float64 = column("Share of complaints settled, 0 to 1.", nullable=True, ge=0, le=1)
    pgr_sla_breach_rate: pl.Float64 = column(
        "Share of the settled complaints with an SLA that exceeded it, 0 to 1.", nullable=True, ge=0, le=1
    )
    pgr_avg_turnaround_hours: pl.Float64 = column("Mean hours from submission to settlement.", nullable=True)


class MvPgrMonthlyTrends(TableModel):
    """Complaints by month of submission, and how they were settled, over all tenants."""

    metric_month: pl.Date = column("First day of the month of submission.")
    pgr_complaints: pl.Int64 = column("Complaints submitted in the month.", ge=0)
    pgr_open_complaints: pl.Int64 = column("Those of them still open.", ge=0)
    pgr_resolved_complaints: pl.Int64 = column("Those of them settled: resolved or closed.", ge=0)
    pgr_reopened_complaints: pl.Int64 = column("Those of them reopened at least once.", ge=0)
    pgr_sla_breaches: pl.Int64 = column("Those of them settled after their SLA.", ge=0)
    pgr_resolution_rate: pl.Float64 = column("Share of them settled, 0 to 1.", nullable=True, ge=0, le=1)
    pgr_sla_breach_rate: pl.Float64 = column(
        "Share of the settled ones with an SLA that exceeded it, 0 to 1.", nullable=True, ge=0, le=1
    )
    pgr_avg_turnaround_hours: pl.Float64 = column("Mean hours from submission to settlement.", nullable=True)


class MvPgrWardChannel(TableModel):
    """Complaints of each ward by channel, over all time and all tenants."""

    ward_id: pl.String = column("Ward of the complaints.", nullable=True)
    channel: pl.String = column("Channel through which the complaints came in.", nullable=True)
    pgr_complaints: pl.Int64 = column("Complaints submitted.", ge=0)
    pgr_resolved_complaints: pl.Int64 = column("Complaints settled: resolved or closed.", ge=0)
    pgr_resolution_rate: pl.Float64 = column("Share of complaints settled, 0 to 1.", nullable=True, ge=0, le=1)
    pgr_avg_turnaround_hours: pl.Float64 = column("Mean hours from submission to settlement.", nullable=True)


CONTRACTS: tuple[Contract, ...] = (
    Contract(
        model=ServiceEventsRaw,
        table="service_events_raw",
        layer="bronze",
        domain=DOMAIN,
        key=("record_key", "load_id", "source_row"),
        grain="One row per event and load that brought it.",
        partitions=(day("event_date"), identity("service")),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule(
                "event_date_is_day_of_event_time",
                "event_date = business_day(event_time)",
                description="The day of an event is the day of its time, in the project's zone.",
            ),
            rule(
                "event_not_in_future",
                "event_time <= loaded_at + interval '1' day",
                description="An event happened before it was loaded (a day is allowed for clocks).",
            ),
            rule(
                "pgr_event_type_known",
                "service <> 'PGR' or event_type in ('CREATED', 'ASSIGNED', 'RESOLVED', 'CLOSED', 'REOPENED')",
                description="A PGR event is one of the five steps in the life of a complaint.",
            ),
        ),
    ),
    Contract(
        model=SilverPgrEvents,
        table="silver_pgr_events",
        layer="silver",
        domain=DOMAIN,
        key=("record_key",),
        grain="One row per event.",
        partitions=(day("event_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule(
                "event_date_is_day_of_event_time",
                "event_date = business_day(event_time)",
                description="The day of an event is the day of its time, in the project's zone.",
            ),
        ),
    ),
    Contract(
        model=SilverPgrOpenPeriods,
        table="silver_pgr_open_periods",
        layer="silver",
        domain=DOMAIN,
        key=("tenant_id", "complaint_id", "period_no"),
        grain="One row per complaint and open period.",
        partitions=(month("opened_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule(
                "period_does_not_end_before_it_starts",
                "closed_at >= opened_at",
                description="A period ends at or after its start.",
            ),
            rule(
                "closed_date_goes_with_closed_at",
                "(closed_at is null) = (closed_date is null)",
                description="The day of the end is known exactly when the end is.",
            ),
        ),
    ),
    Contract(
        model=GoldPgrCaseLifecycle,
        table="gold_pgr_case_lifecycle",
        layer="gold",
        domain=DOMAIN,
        key=("tenant_id", "complaint_id"),
        grain="One row per complaint.",
        partitions=(month("submitted_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule(
                "open_has_no_turnaround",
                "is_open = (turnaround_hours is null)",
                description="A complaint has a turnaround exactly when it is settled.",
            ),
            rule(
                "open_agrees_with_status",
                "is_open = (status in ('OPEN', 'ASSIGNED', 'REOPENED'))",
                description="Open complaints are OPEN, ASSIGNED or REOPENED; settled ones RESOLVED or CLOSED.",
            ),
            rule(
                "breach_known_when_settled_with_sla",
                "(is_sla_breached is null) = (is_open or sla_hours is null)",
                description="Whether the SLA was breached is known for settled complaints with an SLA only.",
            ),
            rule(
                "breach_agrees_with_turnaround",
                "is_sla_breached = (turnaround_hours > sla_hours)",
                description="An SLA is breached exactly when turnaround exceeds it.",
            ),
            rule(
                "milestones_not_before_submission",
                "coalesce(assigned_at, submitted_at) >= submitted_at"
                " and coalesce(resolved_at, submitted_at) >= submitted_at"
                " and coalesce(closed_at, submitted_at) >= submitted_at"
                " and last_event_at >= submitted_at",
                description="No milestone lies before the submission.",
            ),
            rule(
                "turnaround_within_two_years",
                "turnaround_hours <= 17520",
                description="A turnaround of more than two years is probably a wrong date.",
                severity="warning",
            ),
        ),
    ),
    Contract(
        model=GoldPgrFunnelDaily,
        table="gold_pgr_funnel_daily",
        layer="gold",
        domain=DOMAIN,
        key=("metric_date", "tenant_id", "ward_id", "channel", "complaint_type", "priority"),
        grain="One row per day, tenant, ward, channel, complaint type and priority with any event.",
        partitions=(day("metric_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule(
                "counts_add_up",
                "submitted_count + assigned_count + resolved_count + closed_count + reopened_count = event_count",
                description="Every event is counted as exactly one kind.",
            ),
        ),
    ),
    Contract(
        model=GoldPgrBacklogDaily,
        table="gold_pgr_backlog_daily",
        layer="gold",
        domain=DOMAIN,
        key=("metric_date", "tenant_id", "ward_id", "channel", "complaint_type", "priority"),
        grain="One row per day, tenant, ward, channel, complaint type and priority with open complaints.",
        partitions=(day("metric_date"),),
        owner=OWNER,
        freshness=DAILY,
        rules=(
            rule(
                "overdue_within_open",
                "overdue_cases <= open_cases",
                description="Overdue complaints are open complaints.",
            ),
        ),
    ),
    Contract(
        model=MvPgrWardSummary,
        table="mv_pgr_ward_summary",
        layer="semantic",
        domain=DOMAIN,
        key=("ward_id",),
        grain="One row per ward.",
        partitions=(),
        owner=OWNER,
        freshness=DAILY,
        rules=(),
    ),
    Contract(
        model=MvPgrWardSummaryTenant,
        table="mv_pgr_ward_summary_tenant",
        layer="semantic",
        domain=DOMAIN,
        key=("tenant_id", "ward_id"),
        grain="One row per tenant and ward.",
        partitions=(),
        owner=OWNER,
        freshness=DAILY,
        rules=(),
    ),
    Contract(
        model=MvPgrMonthlyTrends,
        table="mv_pgr_monthly_trends",
        layer="semantic",
        domain=DOMAIN,
        key=("metric_month",),
        grain="One row per month of submission.",
        partitions=(),
        owner=OWNER,
        freshness=DAILY,
        rules=(),
    ),
    Contract(
        model=MvPgrWardChannel,
        table="mv_pgr_ward_channel",
        layer="semantic",
        domain=DOMAIN,
        key=("ward_id", "channel"),
        grain="One row per ward and channel.",
        partitions=(),
        owner=OWNER,
        freshness=DAILY,
        rules=(),
    ),
    COMPLAINT_FEATURES,
    SLA_BREACH_RISK,
)
