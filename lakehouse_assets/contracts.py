"""The contract of every table of the platform, gathered in one place.

Belongs here: only that gathering, and nothing that costs an import of Dagster. Does not belong here: what a contract is
(lakehouse.contract) or what one says (domains, ingest.contracts, nlq.storage.contracts).
"""

from __future__ import annotations

from lakehouse_assets.domains import all_contracts
from lakehouse_assets.ingest.contracts import CONTRACTS as INGESTED
from lakehouse_assets.lakehouse.contract import Contract
from nlq.storage.contracts import CONTRACTS as ANSWERED


def platform_contracts() -> dict[str, Contract]:
    """Every contract by the identifier of its table."""
    return {c.identifier: c for c in (*all_contracts(), *INGESTED, *ANSWERED)}
