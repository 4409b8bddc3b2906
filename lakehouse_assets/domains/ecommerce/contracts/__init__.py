"""Contracts of the e-commerce tables in every layer, a module per layer.

What a table is, and nothing about how it is made: that is in the dbt models and in sources.yml.
"""

from __future__ import annotations

from lakehouse_assets.domains.ecommerce.contracts import bronze, gold, platinum, predictions, semantic, silver
from lakehouse_assets.lakehouse.contract import Contract

CONTRACTS: tuple[Contract, ...] = (
    *bronze.CONTRACTS,
    *silver.CONTRACTS,
    *gold.CONTRACTS,
    *platinum.CONTRACTS,
    *predictions.CONTRACTS,
    *semantic.CONTRACTS,
)
