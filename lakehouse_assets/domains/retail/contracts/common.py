"""What the contracts of several store retail tables share: types, the values codes may have, freshness.

Business days are those of the store: a sale at one in the morning in Manila belongs to that day there, whatever day it
is in UTC. Tables of this domain are kept by business days.
"""

from __future__ import annotations

from typing import Annotated

import polars as pl

from lakehouse_assets.lakehouse.contract import Rule, rule

DOMAIN = "retail"

Quantity = Annotated[pl.Decimal, 18, 3]
Money = Annotated[pl.Decimal, 18, 4]
QuantityTotal = Annotated[pl.Decimal, 38, 3]
MoneyTotal = Annotated[pl.Decimal, 38, 4]
"""Sums and products, as wide as engines are exact: no number of the largest amounts is too much for them."""

DEVICE_KINDS = ("MOBILE", "SENSOR")
DOCUMENT_TYPES = ("DELIVERY_RECEIPT", "SUPPLIER_INVOICE", "STOCK_COUNT")
BASKET_SIZES = ("SINGLE", "SMALL", "LARGE")


def business_day(day: str, time: str) -> Rule:
    """The rule that a business day is that of a time, somewhere on earth."""
    return rule(
        f"{day}_is_near_{time}",
        f"{day} >= cast({time} - interval '1' day as date) and {day} <= cast({time} + interval '1' day as date)",
        description=f"{day} is the store's day of {time}: at most a day off the one in UTC.",
    )


def not_in_future(time: str) -> Rule:
    """The rule that a time lies before the load."""
    return rule(
        f"{time}_not_in_future",
        f"{time} <= loaded_at + interval '1' day",
        description=f"{time} lies before the load (a day is allowed for clocks).",
    )
