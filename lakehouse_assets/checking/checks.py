"""The whole check of a project: every part of it, then dbt's own opinion.

Belongs here: which checks there are, in which order. Does not belong here: any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from lakehouse_assets.checking.askability import check_askability
from lakehouse_assets.checking.contracts import check_contracts, check_models, check_owners, check_python_tables
from lakehouse_assets.checking.dashboards import check_dashboards
from lakehouse_assets.checking.features import check_features
from lakehouse_assets.checking.findings import UNDECIDED, Finding, softened
from lakehouse_assets.checking.models import check_learnt_models
from lakehouse_assets.checking.project import Project
from lakehouse_assets.checking.search import check_search
from lakehouse_assets.checking.semantics import check_semantics
from lakehouse_assets.checking.sources import check_sources
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.settings import Settings
from semantic.faults import fault_of

Check = Callable[[Project], Iterable[Finding]]
CHECKS: Sequence[Check] = (
    check_contracts,
    check_models,
    check_python_tables,
    check_owners,
    check_sources,
    check_features,
    check_learnt_models,
    check_semantics,
    check_askability,
    check_dashboards,
    check_search,
)
_DRAFTED = (".py", ".yml", ".sql")


def check_project(project: Project, checks: Sequence[Check] = CHECKS) -> list[Finding]:
    """Everything that checks find in the files of a project, errors and warnings, by file and line."""
    found = [finding for check in checks for finding in check(project)]
    return list(softened([*project.unreadable, *found, *decisions(project)]))


def check_dbt(settings: Settings) -> list[Finding]:
    """What keeps dbt or MetricFlow from reading the project; nothing where they do."""
    try:
        manifest.ensure(settings)
    except manifest.DbtFailedError as error:
        text = " ".join(str(error).split())
        fault = fault_of(str(error), (settings.dbt_project_dir, settings.project_root / "semantic" / "models"))
        file = fault.file or settings.dbt_project_dir / "dbt_project.yml"
        return [Finding(file.resolve(), fault.line or 1, "dbt", text)]
    return []


def decisions(project: Project) -> Iterator[Finding]:
    """What a draft left for a person to decide."""
    for path in sorted(_drafted(project)):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if UNDECIDED in line:
                yield Finding(path, number, "decide", line.split(UNDECIDED, 1)[1].lstrip(": "), "warning")


def _drafted(project: Project) -> Iterator[Path]:
    for folder in (project.domains, project.models, project.semantic):
        yield from (p for p in folder.rglob("*") if p.suffix in _DRAFTED)
