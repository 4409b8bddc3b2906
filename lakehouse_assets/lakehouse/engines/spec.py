"""What the platform asks of an engine before it is opened: all that others would have to know it by name for.

An engine is added by its module here, which names its `SPEC`, and its line in `profiles.ENGINES`.
Belongs here: what a specification says, and finding it. Does not belong here: what any engine says, or what an engine
that is open does (protocol).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lakehouse_assets.lakehouse.engines.dialect import Dialect
from lakehouse_assets.profiles import ENGINES

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.protocol import Catalog, Engine
    from lakehouse_assets.settings import Settings


def _as_it_is(error: BaseException) -> str:
    return str(error)


@dataclass(frozen=True)
class Failures:
    """What is known of the errors of an engine's library; by the names of classes, so that nothing is imported.

    Attributes:
        modules: Modules of errors whose texts are written for people.
        words: Gives such a text without what only its programmers ask for.
        of_statements: Those about a statement that is wrong, or about values that it cannot work with.
        passing: Those that may be gone without anybody changing data or code.
        passing_words: How these begin where only their text is left, as in what dbt tells; regular expressions.
        of_memory: Those that less work at a time, or more memory, would have spared.
        hints: What to do, by the name of the class.
    """

    modules: tuple[str, ...] = ()
    words: Callable[[BaseException], str] = _as_it_is
    of_statements: frozenset[str] = frozenset()
    passing: frozenset[str] = frozenset()
    passing_words: tuple[str, ...] = ()
    of_memory: frozenset[str] = frozenset()
    hints: Mapping[str, str] = field(default_factory=dict)


def _nothing(settings: Settings) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class EngineSpec:
    """An engine, before it is opened. What is named as `module:name` is imported at first use.

    Attributes:
        dialect: Its SQL.
        open: Opens it over the tables of a catalog.
        writer: Name of a class, see publish.protocol.Writer, that is made with a publication.
        dbt: Name of a context manager that ties one invocation of dbt to a publication, see dbt.binding.Bind.
        dbt_adapter: dbt's adapter, which takes seconds to import.
        dbt_variables: Gives the variables from which profiles.yml makes the connection.
        failures: What is known of its errors.
    """

    dialect: Dialect
    open: Callable[[Settings, Catalog], Engine]
    writer: str
    dbt: str
    dbt_adapter: str
    dbt_variables: Callable[[Settings], dict[str, Any]] = _nothing
    failures: Failures = Failures()


def spec_of(engine: str) -> EngineSpec:
    """What is known of an engine.

    Args:
        engine: Its name in `profiles.ENGINES`, as `settings.parts.engine` has it.
    """
    return import_module(ENGINES[engine].module).SPEC


def all_specs() -> list[EngineSpec]:
    """Those of every engine there is."""
    return [spec_of(engine) for engine in ENGINES]
