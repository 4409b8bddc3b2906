"""Contracts of what a model may know of an open complaint on a day, and of what it says.

A row holds at the beginning of its feature_date and is made from days before it. Ward, type, priority and SLA are those
that the complaint was created with: what they are corrected to later was not known.
"""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.pgr import OWNER
from lakehouse_assets.domains.predictions import Likelihood, predictions
from lakehouse_assets.lakehouse.contract import WEEKLY, Contract, TableModel, column


class PlatinumPgrComplaintFeatures(TableModel):
    """Features of complaints in their first open period whose SLA had not run out, of the last half year.

    They are told 1, 2, 3, 5, 8, 13 and 21 days after a complaint was submitted, and on the newest day.
    """

    feature_date: pl.Date = column("Day at whose beginning the features hold: only days before it count.")
    tenant_id: pl.String = column("Tenant (city) of the complaint.")
    complaint_id: pl.String = column("Complaint.")
    complaint_type: pl.String = column("What it was about when it was created.", nullable=True)
    priority: pl.String = column("Priority it was created with.", nullable=True)
    channel: pl.String = column("Channel it came in through.", nullable=True)
    ward_id: pl.String = column("Ward it was created for.", nullable=True)
    sla_hours: pl.Int32 = column("Hours it may take, as stated when it was created.", ge=1)
    hours_open: pl.Float64 = column("Hours since it was submitted.", ge=0)
    hours_left: pl.Float64 = column("Hours until its SLA runs out.", gt=0)
    is_assigned: pl.Boolean = column("Whether anyone had been assigned.")
    ward_open: pl.Int64 = column("Complaints in their first open period in the ward.")
    ward_breach_share_28d: pl.Float64 = column(
        "Share of the ward's complaints whose SLA ran out on the 28 days before that were not settled in time.",
        nullable=True, ge=0, le=1,
    )  # fmt: skip
    type_breach_share_28d: pl.Float64 = column(
        "The same share of the complaints of that type.", nullable=True, ge=0, le=1
    )


COMPLAINT_FEATURES = Contract(
    model=PlatinumPgrComplaintFeatures,
    table="platinum_pgr_complaint_features",
    layer="platinum",
    domain="pgr",
    key=("feature_date", "tenant_id", "complaint_id"),
    grain="One row per open complaint and day on which features of it are told.",
    owner=OWNER,
    freshness=WEEKLY,
    made_by="python",
)


class PgrSlaBreachRisk(Likelihood):
    """How likely each open complaint whose SLA has not run out is not to be settled when it does."""

    complaint_id: pl.String = column("Complaint.")
    complaint_type: pl.String = column("What the complaint is about.", nullable=True)
    priority: pl.String = column("Priority that it was created with.", nullable=True)
    channel: pl.String = column("Channel through which it came in.", nullable=True)
    ward_id: pl.String = column("Ward that it was created with.", nullable=True)


SLA_BREACH_RISK = predictions(PgrSlaBreachRisk, "pgr_sla_breach_risk", "pgr", ("complaint_id",), OWNER)
