"""What a profile consists of: the one module that asks for a profile's name.

Belongs here: which kinds of catalog, engine and state go together. Does not belong here: addresses and limits
(settings), or opening any of them (lakehouse.parts).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

ProfileName = Literal["local", "cluster"]
Engine = Literal["duckdb", "trino"]


@dataclass(frozen=True)
class Profile:
    """The kinds of parts that a lakehouse is made of; each is chosen by its kind alone, never by the profile's name.

    Attributes:
        tables: Where tables lie and how they become visible: in a folder with a catalog beside it, or on branches of
            Nessie in a bucket.
        engine: What computes, and whose SQL is written.
        state: Where questions and Dagster's runs are kept.
    """

    tables: Literal["folder", "nessie"]
    engine: Engine
    state: Literal["sqlite", "postgres"]

    @property
    def dbt_target(self) -> str:
        """The target of dbt's profile, which names a connection to the engine."""
        return {"duckdb": "local", "trino": "cluster"}[self.engine]


_PROFILES: dict[ProfileName, Profile] = {
    "local": Profile("folder", "duckdb", "sqlite"),
    "cluster": Profile("nessie", "trino", "postgres"),
}


@cache
def profile_of(name: ProfileName, engine: Engine | None = None) -> Profile:
    """The parts of a profile.

    Args:
        name: Of the profile.
        engine: Another engine than the profile's own.

    Raises:
        ValueError: the engine cannot read the tables of the profile.
    """
    profile = _PROFILES[name]
    if profile.tables == "folder" and engine == "trino":
        raise ValueError("Trino reads the tables of the cluster profile only: set ASKLAKE_PROFILE=cluster, too")
    return replace(profile, engine=engine) if engine else profile
