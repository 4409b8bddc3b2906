"""What the contracts of several e-commerce tables share: types, the values codes may have, freshness."""

from __future__ import annotations

from typing import Annotated

import polars as pl

DOMAIN = "ecommerce"

Quantity = Annotated[pl.Decimal, 18, 3]
Money = Annotated[pl.Decimal, 18, 4]
QuantityTotal = Annotated[pl.Decimal, 38, 3]
MoneyTotal = Annotated[pl.Decimal, 38, 4]
"""Sums and products, as wide as engines are exact: no number of the largest amounts is too much for them."""

ORDER_STATUSES = ("PLACED", "PAID", "SHIPPED", "DELIVERED", "CANCELLED")
PAYMENT_KINDS = ("PAYMENT", "REFUND")
EVENT_TYPES = (
    "PAGE_VIEW", "SEARCH", "VIEW_PRODUCT", "ADD_TO_CART", "REMOVE_FROM_CART", "CHECKOUT", "PURCHASE",
)  # fmt: skip
