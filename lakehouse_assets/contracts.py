"""The contract of every table of the platform, and which of them Python makes, gathered in one place.

Belongs here: only that gathering, and nothing that costs an import of Dagster. Does not belong here: what a contract is
(lakehouse.contract), what one says (domains, ingest.contracts, nlq.storage.contracts), what makes one's rows.
"""

from __future__ import annotations

from lakehouse_assets.domains import all_contracts, python_tables
from lakehouse_assets.ingest.contracts import CONTRACTS as INGESTED
from lakehouse_assets.insight.tables import insights
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.python_table import PythonTable
from lakehouse_assets.ml.serving.predicting import prediction_tables
from nlq.storage.contracts import CONTRACTS as ANSWERED


def platform_contracts() -> dict[str, Contract]:
    """Every contract by the identifier of its table."""
    return {c.identifier: c for c in (*all_contracts(), *INGESTED, *ANSWERED)}


def platform_python_tables() -> tuple[PythonTable, ...]:
    """Every table that Python makes: those of the domains, of the models, and what is found in all of them."""
    return (*python_tables(), *prediction_tables(), insights)
