"""A lake of stores whose sales go up and down by the week, for the tests of what reads and keeps models."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from lakehouse_assets.domains import contract_of
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.lakehouse.types import arrow_type

FIRST = date(2026, 1, 1)
DAYS, STORES = 70, 60
BEFORE = 28
FEATURES = contract_of("platinum.platinum_retail_store_features")
SALES = contract_of("gold.gold_retail_daily_store_sales")
KNOWN = contract_of("silver.silver_retail_stores")


def named_store(store: int) -> dict[str, Any]:
    """A store as the table of stores knows it, which lacks the last."""
    return {"tenant_id": "a" if store % 2 else "b", "store_id": f"s{store:02}", "store_name": f"Store {store}"}


def sales_of(seed: int = 1, swing: float = 0.6) -> np.ndarray:
    """Sales by store and day: a level of the store's own, a good week after each bad one, and a little chance."""
    chance = np.random.default_rng(seed)
    weeks = np.where(np.arange(DAYS) // 7 % 2, 1 - swing, 1 + swing)
    return np.round(chance.uniform(50, 500, (STORES, 1)) * weeks * chance.uniform(0.9, 1.1, (STORES, DAYS)), 2)


def fill(lake: Lake, sales: np.ndarray) -> None:
    """Publish the sales, and features of the days before each day."""
    features, sold = [], []
    for store in range(STORES):
        for day in range(sales.shape[1] + 1):
            on = FIRST + timedelta(days=day)
            named = {name: value for name, value in named_store(store).items() if name in ("tenant_id", "store_id")}
            if day < sales.shape[1]:
                sold.append({**named, "business_date": on, "net_amount": sales[store, day]})
            if day >= BEFORE:
                week = float(sales[store, day - 7 : day].sum())
                known = {
                    "net_1d": sales[store, day - 1],
                    "net_7d": week,
                    "net_28d": float(sales[store, day - BEFORE : day].sum()),
                }
                features.append({**named, "feature_date": on, **known, "day_of_week": on.isoweekday()})
    publication = open_publication(lake, run_id="stores")
    publication.stage_rows(FEATURES, rows_of(FEATURES, features), ReplaceTable())
    publication.stage_rows(SALES, rows_of(SALES, sold), ReplaceTable())
    publication.stage_rows(KNOWN, rows_of(KNOWN, [named_store(store) for store in range(STORES - 1)]), ReplaceTable())
    assert not [o for o in publication.audit() if o.failed]
    publication.publish()


def rows_of(contract: Contract, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as a table of the contract's types, with something in what none of them says."""
    columns = {}
    for column in contract.columns:
        usual = None if column.nullable else "x" if column.type == "VARCHAR" else 1
        values = [row.get(column.name, usual) for row in rows]
        if column.type.startswith("DECIMAL"):
            columns[column.name] = pa.array([None if v is None else float(v) for v in values]).cast(
                pa.decimal128(18, 4)
            )
            columns[column.name] = columns[column.name].cast(arrow_type(column.type))
        else:
            columns[column.name] = pa.array(values, type=arrow_type(column.type))
    return pa.table(columns)
