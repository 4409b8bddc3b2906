"""Which manifests to answer by where the project does not parse: the last that did, or one without the part at fault.

Belongs here: this choice. Does not belong here: parsing (``lakehouse.dbt.manifest``), or where a fault is
(``faults``).
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse_assets.lakehouse.dbt import manifest
from semantic.faults import Fault, fault_of

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings

_WITHOUT = "without_a_domain"
_NOT_SOURCES = shutil.ignore_patterns("target", "logs", "dbt_packages")


def manifests(settings: Settings) -> tuple[Path, Fault | None]:
    """The folder of the manifests to answer by, and what is wrong with the project, if it is.

    Raises:
        DbtFailedError: there are none to answer by.
    """
    target = settings.dbt_target_dir
    try:
        manifest.ensure(settings)
        return target, None
    except manifest.DbtFailedError as error:
        last = target / manifest.SEMANTIC_NAME
        sources = (settings.dbt_project_dir, _models(settings.project_root))
        parsed = last.stat().st_mtime if last.is_file() else 0.0
        fault = fault_of(str(error).removeprefix(f"{settings.dbt_project_dir}: "), sources, parsed)
        if parsed:
            return target, fault
        return _without_domain(settings, fault, error), fault


def _models(root: Path) -> Path:
    return root / "semantic" / "models"


def _without_domain(settings: Settings, fault: Fault, error: manifest.DbtFailedError) -> Path:
    """The manifests of a copy of the project without the semantic models of the domain that is at fault."""
    models = _models(settings.project_root)
    if fault.file is None or not fault.file.is_relative_to(models) or fault.file.parent == models:
        raise error
    domain = fault.file.relative_to(models).parts[0]
    target = settings.dbt_target_dir / _WITHOUT
    with tempfile.TemporaryDirectory(prefix="asklake-") as folder:
        project = Path(folder, settings.dbt_project_dir.name)
        shutil.copytree(settings.dbt_project_dir, project, ignore=_NOT_SOURCES)
        shutil.copytree(models, _models(Path(folder)), ignore=lambda _, names: [n for n in names if n == domain])
        manifest.parse(project, project, target, manifest.options(settings))
    return target
