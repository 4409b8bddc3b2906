"""Which tables are built together: those of a domain, and apart from them those by hour and those made of these alone.

A run is of days or of hours, so that tables by hour have runs of their own. What is made only of bronze tables by hour
(sums of the day, say) has them, too: otherwise each look at a stream would build the rest of its domain again.

Belongs here: that rule. Does not belong here: which days or hours need work (days), or what Dagster is told (assets).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.periods import Unit

if TYPE_CHECKING:
    from lakehouse_assets.builds.dbt_graph import DbtGraph

_BY_HOUR, _FROM_HOURS = "_by_hour", "_from_hours"
_ORDER = ("", _BY_HOUR, _FROM_HOURS)


@dataclass(frozen=True)
class Group:
    """Tables that one run builds.

    Attributes:
        name: Of its domain, for those by hour with `_by_hour` after it, for those made of these with `_from_hours`.
        domain: Their domain.
        unit: Whether a run is of days or of hours.
        tables: Their identifiers, in order.
    """

    name: str
    domain: str
    unit: Unit
    tables: tuple[str, ...]

    @property
    def follows_hours(self) -> bool:
        """Whether all of its tables are made from tables by hour alone, which change all day long."""
        return self.name == self.domain + _FROM_HOURS


def groups(graph: DbtGraph, contracts: Mapping[str, Contract], tables: Iterable[str] | None = None) -> list[Group]:
    """The groups of a project, domain by domain, those by hour before those made from them.

    Args:
        graph: The dbt project.
        contracts: Contract of every table, by identifier.
        tables: Those that are meant; none for all that dbt makes. To which group a table belongs does not depend on it.
    """
    made = {m.table for m in graph.models} & contracts.keys()
    found: dict[tuple[str, int], list[str]] = {}
    for table in sorted(made if tables is None else made & set(tables)):
        kind = _kind(graph, contracts, table)
        found.setdefault((contracts[table].domain, _ORDER.index(kind)), []).append(table)
    return [
        Group(domain + _ORDER[at], domain, "hour" if _ORDER[at] == _BY_HOUR else "day", tuple(own))
        for (domain, at), own in sorted(found.items())
    ]


def _kind(graph: DbtGraph, contracts: Mapping[str, Contract], table: str) -> str:
    if contracts[table].by_hour:
        return _BY_HOUR
    sources = [contracts[s] for s in graph.sources_of(table) if s in contracts]
    return _FROM_HOURS if sources and all(source.by_hour for source in sources) else ""
