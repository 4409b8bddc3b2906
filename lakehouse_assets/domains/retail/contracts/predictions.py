"""Contract of what the models of stores say."""

from __future__ import annotations

import polars as pl

from lakehouse_assets.domains.predictions import Prediction, predictions
from lakehouse_assets.domains.retail import OWNER
from lakehouse_assets.domains.retail.contracts.common import DOMAIN
from lakehouse_assets.lakehouse.contract import Contract, column


class RetailDemandForecast(Prediction):
    """What each store will sell in the 7 days from the newest day on."""

    store_id: pl.String = column("Store.")
    store_name: pl.String = column("Name of the store.", nullable=True)
    store_type: pl.String = column("Kind of store.", nullable=True)
    city: pl.String = column("City of the store.", nullable=True)
    region: pl.String = column("Region of the store.", nullable=True)
    amount: pl.Float64 = column("Sales of the 7 days, in the store's currency.")


CONTRACTS: tuple[Contract, ...] = (
    predictions(RetailDemandForecast, "retail_demand_forecast", DOMAIN, ("store_id",), OWNER),
)
