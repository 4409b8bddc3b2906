"""An engine that the platform does not know, made of DuckDB: all that is its own is said here and in `SPEC`.

Its SQL differs where engines do, its writer notes what it does, and its library has errors of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

from lakehouse_assets.lakehouse.dbt.binding import Binding
from lakehouse_assets.lakehouse.engines.dialect import Percentiles
from lakehouse_assets.lakehouse.engines.duckdb import DuckDBEngine
from lakehouse_assets.lakehouse.engines.duckdb_spec import DIALECT
from lakehouse_assets.lakehouse.engines.protocol import Catalog
from lakehouse_assets.lakehouse.engines.spec import EngineSpec, Failures
from lakehouse_assets.lakehouse.publish.by_duckdb import DuckDBWriter
from lakehouse_assets.lakehouse.publish.protocol import Publication
from lakehouse_assets.profiles import EngineKind
from lakehouse_assets.settings import Settings


class ThirdLibraryBusyError(Exception):
    """What its library raises where trying again may help."""


class ThirdEngine(DuckDBEngine):
    """See lakehouse.engines.protocol.Engine."""

    dialect = replace(
        DIALECT,
        hashed=lambda key: f"(hash('third', {', '.join(key)}) >> 1)",
        distinct="count(distinct {0})",
        percentiles=Percentiles(continuous="third_percentile({value}, {p})", discrete="third_value({value}, {p})"),
        divides_as_doubles=False,
    )


class ThirdWriter(DuckDBWriter):
    """See publish.protocol.Writer."""

    made: ClassVar[list[str]] = []

    def __init__(self, publication: Publication) -> None:
        super().__init__(publication)
        self.made.append(publication.id)


bound: list[Binding] = []


@contextmanager
def bind(binding: Binding) -> Iterator[Mapping[str, Any]]:
    """See dbt.binding.Bind."""
    bound.append(binding)
    yield {"third": "tied"}


def _open(settings: Settings, catalog: Catalog) -> ThirdEngine:
    return ThirdEngine(settings)


SPEC = EngineSpec(
    dialect=ThirdEngine.dialect,
    open=_open,
    writer=f"{__name__}:ThirdWriter",
    dbt=f"{__name__}:bind",
    dbt_adapter="dbt.adapters.duckdb",
    dbt_variables=lambda settings: {"third": str(settings.home)},
    failures=Failures(
        passing=frozenset({"ThirdLibraryBusyError"}), hints={"ThirdLibraryBusyError": "ask the third engine later"}
    ),
)
KIND = EngineKind(__name__, dbt_target="third", reads=frozenset({"folder"}))
