"""Contract of what the models of the online shop say."""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.ecommerce import OWNER
from lakehouse_assets.domains.ecommerce.contracts.common import DOMAIN
from lakehouse_assets.domains.predictions import Likelihood, predictions
from lakehouse_assets.lakehouse.contract import Contract, column


class EcommerceChurnRisk(Likelihood):
    """How likely each customer of the last 120 days is to place no order in the next 28."""

    customer_id: pl.String = column("Account of the customer.")


CONTRACTS: tuple[Contract, ...] = (
    predictions(EcommerceChurnRisk, "ecommerce_churn_risk", DOMAIN, ("customer_id",), OWNER),
)
