"""What a profile consists of: the one module that asks for a profile's name, and the one that lists the engines.

Belongs here: which kinds of catalog, engine and state go together. Does not belong here: addresses and limits
(settings), opening any of them (lakehouse.parts), or what an engine is like (its module in lakehouse.engines).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

ProfileName = Literal["local", "cluster"]
Tables = Literal["folder", "nessie"]


@dataclass(frozen=True)
class EngineKind:
    """An engine, as far as settings have to know it.

    Attributes:
        module: The module that names its `SPEC`, see lakehouse.engines.spec.
        dbt_target: The target of dbt's profile, which names a connection to the engine.
        reads: Where the tables may lie that it reads.
        is_server: Whether it is a server, which ASKLAKE_ENGINE_URL names.
    """

    module: str
    dbt_target: str
    reads: frozenset[Tables]
    is_server: bool = False


ENGINES: dict[str, EngineKind] = {
    "duckdb": EngineKind(
        "lakehouse_assets.lakehouse.engines.duckdb_spec", dbt_target="local", reads=frozenset({"folder", "nessie"})
    ),
    "trino": EngineKind(
        "lakehouse_assets.lakehouse.engines.trino_spec",
        dbt_target="cluster",
        reads=frozenset({"nessie"}),
        is_server=True,
    ),
}
"""The engines there are, by the name that ASKLAKE_ENGINE calls them by."""


@dataclass(frozen=True)
class Profile:
    """The kinds of parts that a lakehouse is made of; each is chosen by its kind alone, never by the profile's name.

    Attributes:
        tables: Where tables lie and how they become visible: in a folder with a catalog beside it, or on branches of
            Nessie in a bucket.
        engine: What computes, and whose SQL is written; one of `ENGINES`.
        state: Where questions and Dagster's runs are kept.
    """

    tables: Tables
    engine: str
    state: Literal["sqlite", "postgres"]

    @property
    def dbt_target(self) -> str:
        """The target of dbt's profile."""
        return ENGINES[self.engine].dbt_target

    @property
    def dbt_folder(self) -> str:
        """What of dbt's target folder is this engine's: relation names are baked into manifests."""
        return "" if self.engine == _PROFILES["local"].engine else self.dbt_target

    @property
    def has_engine_server(self) -> bool:
        """Whether the engine is a server, which ASKLAKE_ENGINE_URL names."""
        return ENGINES[self.engine].is_server


_PROFILES: dict[ProfileName, Profile] = {
    "local": Profile("folder", "duckdb", "sqlite"),
    "cluster": Profile("nessie", "trino", "postgres"),
}


@cache
def profile_of(name: ProfileName, engine: str | None = None) -> Profile:
    """The parts of a profile.

    Args:
        name: Of the profile.
        engine: Another engine than the profile's own.

    Raises:
        ValueError: there is no such engine, or it cannot read the tables of the profile.
    """
    profile = _PROFILES[name]
    if not engine:
        return profile
    if engine not in ENGINES:
        raise ValueError(f"there is no engine '{engine}': set ASKLAKE_ENGINE to one of {', '.join(ENGINES)}")
    if profile.tables not in ENGINES[engine].reads:
        raise ValueError(
            f"engine '{engine}' reads the tables of the cluster profile only: set ASKLAKE_PROFILE=cluster, too"
        )
    return replace(profile, engine=engine)
