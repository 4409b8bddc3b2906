"""Runs dbt in this process, inside a publication.

Belongs here: building the manifest, invoking dbt, and its results as plain values.
Does not belong here: which models run (assets), or how their rows are staged (dbt_plugin).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakehouse_assets.lakehouse.contract import Contract

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.publication import Publication
    from lakehouse_assets.settings import Settings

_ONE_AT_A_TIME = threading.RLock()


class DbtFailedError(Exception):
    """dbt itself failed: a project that does not parse, a model whose SQL does not run."""


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


def parse(settings: Settings) -> Path:
    """Parse the dbt project for the profile if it changed, and return the path of its manifest.

    Raises:
        DbtFailedError: the project does not parse.
    """
    with _ONE_AT_A_TIME:
        _manifest(settings, _newest(settings))  # pyright: ignore[reportArgumentType]
    return settings.dbt_target_dir / "manifest.json"


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
        select: dbt selection syntax; model names as they stand.
        days: The days to (re)compute; none means everything.
        variables: Further dbt variables.
        command: dbt's command, "build" or "test".
        resource_types: What kinds of nodes run.

    Raises:
        DbtFailedError: a model does not compile or run.
    """
    settings = publication.lake.settings
    dbt_vars = {"days": [d.isoformat() for d in days], **(variables or {})}
    # The results are returned; writing the manifest again would cost a second an invocation.
    arguments = [command, "--no-write-json", "--select", *select, "--indirect-selection", "buildable"]
    for kind in resource_types:
        arguments += ["--resource-type", kind]
    with _ONE_AT_A_TIME:
        manifest = _manifest(settings, _newest(settings))  # pyright: ignore[reportArgumentType]
        needed = _tables_of(manifest, select, contracts)
        with _bound(publication, needed, tuple(days), manifest) as more:
            outcome = _outcome(_invoke([*arguments, "--vars", json.dumps({**dbt_vars, **more})], settings, manifest))
    return outcome


@contextmanager
def _bound(
    publication: Publication, needed: Mapping[str, Contract], days: Sequence[date], manifest: Any
) -> Iterator[dict[str, Any]]:
    """Tie an invocation to the publication, as the profile's engine has it; gives further variables."""
    if publication.lake.settings.profile == "cluster":
        from lakehouse_assets.lakehouse import dbt_branch

        with dbt_branch.bound(publication, needed, manifest) as tied:  # pyright: ignore[reportArgumentType]
            yield tied
        return
    from lakehouse_assets.lakehouse.dbt_plugin import Binding, Plugin

    with Plugin.bind(Binding(publication, needed, days)):
        yield {}


def _outcome(result: Any) -> DbtRun:
    outcome = DbtRun(tuple(_node_result(r) for r in getattr(result.result, "results", None) or []))
    if result.exception is not None:
        raise DbtFailedError(str(result.exception)) from result.exception
    if outcome.broken:
        raise DbtFailedError("; ".join(f"{n.name}: {n.message}" for n in outcome.broken))
    return outcome


def _newest(settings: Settings) -> float:
    folders = (settings.dbt_project_dir, settings.project_root / "semantic" / "models")
    return max(
        (
            path.stat().st_mtime
            for folder in folders
            for path in folder.rglob("*")
            if path.suffix in (".sql", ".yml", ".csv") and "target" not in path.parts
        ),
        default=0.0,
    )


@lru_cache(maxsize=4)
def _manifest(settings: Settings, _newest_file: float) -> Any:
    from lakehouse_assets.lakehouse.dbt_branch import connection_variables

    variables = connection_variables(settings)
    result = _invoke(["parse", *(["--vars", json.dumps(variables)] if variables else [])], settings, None)
    if not result.success:
        raise DbtFailedError(str(result.exception or "the dbt project does not parse"))
    return result.result


def _invoke(arguments: Sequence[str], settings: Settings, manifest: Any) -> Any:
    from dbt.cli.main import dbtRunner

    target = settings.dbt_target_dir
    return dbtRunner(manifest=manifest).invoke(
        [
            *arguments,
            "--project-dir", str(settings.dbt_project_dir),
            "--profiles-dir", str(settings.dbt_project_dir),
            "--target-path", str(target),
            "--target", settings.profile,
            "--log-path", str(target / "logs"),
            "--log-level", "none",
            "--no-use-colors",
            "--quiet",
        ]
    )  # fmt: skip


def _tables_of(manifest: Any, select: Sequence[str], contracts: Mapping[str, Contract]) -> dict[str, Contract]:
    """Contracts of the selected models and of what they read, so that only those are opened."""
    wanted: set[str] = set()
    for unique_id, node in manifest.nodes.items():
        if node.resource_type == "model" and node.name in select:
            wanted |= {unique_id, *node.depends_on.nodes}
        if node.resource_type == "test" and any(p.split(".")[-1] in select for p in node.depends_on.nodes):
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
