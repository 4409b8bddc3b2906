"""What one invocation of dbt works in, whichever engine runs it.

Belongs here: what ties an invocation to a publication is given and gives. Does not belong here: doing so, which an
engine's specification names (duckdb_plugin, on_branch).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.publish.protocol import Publication


@dataclass(frozen=True)
class Binding:
    """What one dbt invocation works in.

    Attributes:
        publication: Where models are staged.
        contracts: Contract of every table the invocation reads or makes, by identifier.
        days: The days, or hours, it computes; none means everything.
        made: Identifiers of the tables it makes, which nobody reads before they are stored.
        manifest: The part of the project that it is about.
    """

    publication: Publication
    contracts: Mapping[str, Contract]
    days: Sequence[date]
    made: Collection[str] = ()
    manifest: Any = None


class Bind(Protocol):
    """Ties an invocation to its publication for as long as a block lasts."""

    def __call__(self, binding: Binding) -> AbstractContextManager[Mapping[str, Any]]:
        """Give the block the variables that macros and profiles.yml need.

        Raises:
            TypeError: the engine does not write the rows of such a publication.
        """
        ...
