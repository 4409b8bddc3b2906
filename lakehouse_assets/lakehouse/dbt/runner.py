"""Runs dbt in this process, inside a publication.

Belongs here: dbt's builds and tests, and their results as plain values.
Does not belong here: parsing the project (manifest), which models run (assets), how rows are staged (what an
engine names for it).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.dbt import manifest as dbt_manifest
from lakehouse_assets.lakehouse.dbt.binding import Bind, Binding
from lakehouse_assets.lakehouse.dbt.manifest import DbtFailedError
from lakehouse_assets.lakehouse.engines.spec import spec_of
from lakehouse_assets.lakehouse.periods import periods_in, to_text, unit_among

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.publish.protocol import Publication

_OF_DBT = re.compile(r"^(?:Runtime|Database|Compilation) Error in \w+ \w+ (\([^)]*\))\s*")
_EXCERPT = re.compile(r"\s*\bLINE \d+:.*|\s*\bcompiled code at .*", re.DOTALL)


@dataclass(frozen=True)
class NodeResult:
    """What dbt says of one node."""

    unique_id: str
    name: str
    resource_type: str
    status: str
    message: str
    failures: int
    execution_time: float
    severity: str
    compiled_sql: str
    tested: tuple[str, ...]

    @property
    def said(self) -> str:
        """What a data test found, in words: which rule of which tables, how many rows break it, how to see them."""
        tables = ", ".join(dict.fromkeys(node.rpartition(".")[2] for node in self.tested)) or "no table"
        rows = "1 row breaks" if self.failures == 1 else f"{self.failures:,} rows break"
        return f"{tables}: {rows} the rule of dbt's test {self.name}; the check in Dagit has the query that finds them"

    @property
    def passed(self) -> bool:
        """Whether the node did what it should."""
        return self.status in ("success", "pass")


@dataclass(frozen=True)
class DbtRun:
    """The results of one invocation."""

    nodes: tuple[NodeResult, ...]

    @property
    def tests(self) -> list[NodeResult]:
        """The data tests that ran."""
        return [n for n in self.nodes if n.resource_type == "test"]

    @property
    def broken(self) -> list[NodeResult]:
        """Nodes that could not run at all."""
        return [n for n in self.nodes if n.status in ("error", "runtime error")]

    @property
    def failed_tests(self) -> list[NodeResult]:
        """Data tests whose failure forbids publication."""
        return [n for n in self.tests if n.status == "fail"]


def run(
    publication: Publication,
    contracts: Mapping[str, Contract],
    *,
    select: Sequence[str],
    days: Sequence[date] = (),
    variables: Mapping[str, Any] | None = None,
    command: str = "build",
    resource_types: Sequence[str] = ("model", "test"),
) -> DbtRun:
    """Build models, and the data tests on them, inside a publication.

    Args:
        publication: Where the rows are staged.
        contracts: Contract of every table the models read or write, by identifier.
        select: Names of models.
        days: The days, or hours, to (re)compute; none means everything.
        variables: Further dbt variables.
        command: dbt's command, "build" or "test".
        resource_types: What kinds of nodes run.

    Raises:
        DbtFailedError: a model does not compile or run.
        OtherZoneError: a table that is read has days of another time zone than the project's.
    """
    settings = publication.lake.settings
    dbt_vars = {
        "days": [d.isoformat() for d in sorted(periods_in(days, "day"))],
        "hours": [to_text(d) for d in days] if unit_among(days) == "hour" else [],
        "time_zone": settings.time_zone,
        "reads_little": publication.reads_little,
        **(variables or {}),
    }
    # The results are returned; writing the manifest again would cost a second an invocation. No model asks dbt's cache
    # which relations there are.
    arguments = [command, "--no-write-json", "--no-populate-cache", "--indirect-selection", "buildable"]
    arguments += ["--select", *select, *(f"--resource-type={kind}" for kind in resource_types)]
    project, target = settings.dbt_project_dir, settings.dbt_target_dir
    with dbt_manifest.ONE_AT_A_TIME:
        manifest = dbt_manifest.part(dbt_manifest.load(settings), select)
        needed = _tables_of(manifest, select, contracts)
        made = {i for i, c in needed.items() if command == "build" and c.table in select}
        publication.refuse_other_days(c for i, c in needed.items() if i not in made)
        bind: Bind = resolve_name(spec_of(settings.parts.engine).dbt)
        with bind(Binding(publication, needed, tuple(days), made, manifest)) as more:
            arguments += ["--target", settings.parts.dbt_target, "--vars", json.dumps({**dbt_vars, **more})]
            return _outcome(dbt_manifest.invoke(arguments, project, project, target, manifest))


def _outcome(result: Any) -> DbtRun:
    outcome = DbtRun(tuple(_node_result(r) for r in getattr(result.result, "results", None) or []))
    if result.exception is not None:
        raise DbtFailedError(str(result.exception)) from result.exception
    if outcome.broken:
        raise DbtFailedError("; ".join(map(_said, outcome.broken)))
    return outcome


def _said(node: NodeResult) -> str:
    """What the engine says of a model or test that does not run, without the excerpt of SQL made by dbt."""
    engine = _EXCERPT.sub("", _OF_DBT.sub("", node.message))
    return f"{node.name}: {' '.join(engine.split())}"


def _tables_of(manifest: Any, select: Sequence[str], contracts: Mapping[str, Contract]) -> dict[str, Contract]:
    """Contracts of the selected models and of what they and their tests read, so that only those are opened."""
    wanted: set[str] = set()
    for unique_id, node in manifest.nodes.items():
        if node.resource_type == "model" and node.name in select:
            wanted |= {unique_id, *node.depends_on.nodes}
        if node.resource_type == "test":
            wanted |= set(node.depends_on.nodes)
    relations = [manifest.nodes.get(u) or manifest.sources.get(u) for u in wanted]
    names = {f"{r.schema}.{r.identifier if hasattr(r, 'identifier') else r.name}" for r in relations if r is not None}
    return {i: c for i, c in contracts.items() if i in names}


def _node_result(result: Any) -> NodeResult:
    node = result.node
    return NodeResult(
        unique_id=node.unique_id,
        name=node.name,
        resource_type=str(node.resource_type),
        status=str(result.status),
        message=result.message or "",
        failures=int(result.failures or 0),
        execution_time=result.execution_time,
        severity=str(getattr(node.config, "severity", "ERROR")).lower(),
        compiled_sql=getattr(node, "compiled_code", "") or "",
        tested=tuple(node.depends_on.nodes) if node.resource_type == "test" else (),
    )
