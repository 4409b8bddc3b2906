"""Contracts of the telemetry tables in every layer, a module per kind of table.

What a table is, and nothing about how it is made: that is in the dbt models and in sources.yml.
"""

from __future__ import annotations

from lakehouse_assets.domains.telemetry.contracts import (
    bronze,
    calls,
    intermediate,
    marts,
    platinum,
    predictions,
    semantic,
    staging,
)
from lakehouse_assets.lakehouse.contract import Contract

CONTRACTS: tuple[Contract, ...] = (
    *bronze.CONTRACTS,
    *staging.CONTRACTS,
    *intermediate.CONTRACTS,
    *marts.CONTRACTS,
    *calls.CONTRACTS,
    *platinum.CONTRACTS,
    *predictions.CONTRACTS,
    *semantic.CONTRACTS,
)
