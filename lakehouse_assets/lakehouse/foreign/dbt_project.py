"""Somebody else's dbt project: its semantic manifest, made without touching the project.

Belongs here: finding a manifest that is up to date, or parsing the project into a folder of ours. Does not belong here:
parsing itself (``dbt.manifest``), the database of the other project (``duckdb_file``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from lakehouse_assets import bounded_yaml
from lakehouse_assets.lakehouse.dbt import manifest

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings


def parsed(settings: Settings, project: Path, output: Mapping[str, Any]) -> Path:
    """The target folder of a dbt project, its own if that is up to date, else one of ours.

    A profile of ours stands in for the project's: parsing needs its kind of engine and no connection.

    Args:
        settings: Where our folders are.
        project: The folder of the project.
        output: The target of the profile, as dbt's ``profiles.yml`` has it.

    Raises:
        FileNotFoundError: the folder holds no dbt project.
        DbtFailedError: the project does not parse.
    """
    if not (project / "dbt_project.yml").is_file():
        raise FileNotFoundError(f"{project} is no dbt project: it has no dbt_project.yml")
    folder = settings.home.absolute() / "foreign" / hashlib.sha256(str(project.resolve()).encode()).hexdigest()[:16]
    changed = manifest.newest([project])
    for target in (project / "target", folder / "target"):
        if manifest.is_newer(target, changed):
            return target
    _profile(project, folder, output)
    manifest.parse(project, folder, folder / "target")
    return folder / "target"


def _profile(project: Path, folder: Path, output: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    described = bounded_yaml.read(project / "dbt_project.yml") or {}
    profile = {described.get("profile", "default"): {"target": "read", "outputs": {"read": dict(output)}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
