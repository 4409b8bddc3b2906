"""Which days the tables of a domain hold: where the partitions begin that Dagit shows.

Dagit counts each day of a table's partitions that no run built as missing, also those before the domain had any data;
so the code location shows the days from the first that bronze holds on. That is looked up when Dagster loads the code
location, and again with each reload. Runs do not look: their partitions are all days from FIRST_DAY on, so that a run
of days which came into bronze since, or have gone from it, is possible whatever is shown.
Belongs here: the look-up. Does not belong here: what partitions are made of it (partitions), when it is done
(definitions).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from lakehouse_assets.domains import DOMAINS, contracts_of

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.settings import Settings

_LOG = logging.getLogger(__name__)


class Held(NamedTuple):
    """The first and the last day that tables hold."""

    first: date
    last: date


def days_held(settings: Settings) -> dict[str, Held]:
    """The days that bronze holds of each domain, and of each table that Python makes the days that it has, by name.

    Without those that hold none; nothing at all where the lake cannot be read, which keeps no code location from being
    loaded.
    """
    from lakehouse_assets.lakehouse.lake import Lake

    try:
        found = _spans(Lake(settings))
        return {name: Held(min(s.first for s in spans), max(s.last for s in spans)) for name, spans in found.items()}
    except Exception:  # whichever error the catalog or the storage has
        _LOG.warning("The lake cannot be read, so that Dagit shows all days since FIRST_DAY", exc_info=True)
        return {}


def _spans(lake: Lake) -> Mapping[str, list[Held]]:
    from lakehouse_assets.lakehouse.iceberg.manifests import newest_day, oldest_day

    heads = lake.catalog.heads()
    found: dict[str, list[Held]] = {}
    for name, identifier in _named():
        if identifier not in heads:
            continue
        table = lake.catalog.load_table(identifier)
        snapshot = table.metadata.current_snapshot()
        first, last = (snapshot and end(table, snapshot) for end in (oldest_day, newest_day))
        if first and last:
            found.setdefault(name, []).append(Held(first, last))
    return found


def _named() -> Iterator[tuple[str, str]]:
    """The tables to look at, each with the name that its days are found by."""
    for domain in DOMAINS:
        for contract in contracts_of(domain):
            if contract.time_partition and contract.layer == "bronze":
                yield domain, contract.identifier
            elif contract.time_partition and contract.made_by == "python":
                yield contract.identifier, contract.identifier
