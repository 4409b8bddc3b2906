"""Contracts of what the models of product usage say."""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.predictions import Likelihood, predictions
from lakehouse_assets.domains.telemetry import OWNER
from lakehouse_assets.domains.telemetry.contracts.common import DOMAIN
from lakehouse_assets.lakehouse.contract import Contract, column


class TelemetryChurnRisk(Likelihood):
    """How likely each user of the last 28 days is to use nothing in the next 14."""

    user_id: pl.String = column("User.")
    user_segment: pl.String = column("Subscription tier of the user.", nullable=True)


class TelemetryAdoptionChance(Likelihood):
    """How likely each user of the last 28 days is to try each feature that is new to them in the next 14."""

    user_id: pl.String = column("User.")
    feature: pl.String = column("Feature of the product that the user had not used.")
    user_segment: pl.String = column("Subscription tier of the user.", nullable=True)


CONTRACTS: tuple[Contract, ...] = (
    predictions(TelemetryChurnRisk, "telemetry_churn_risk", DOMAIN, ("user_id",), OWNER),
    predictions(TelemetryAdoptionChance, "telemetry_adoption_chance", DOMAIN, ("user_id", "feature"), OWNER),
)
