"""Somebody else's dbt project: its semantic manifest, made without touching the project.

Belongs here: finding a manifest that is up to date, or parsing the project into a folder of ours. Does not belong here:
the project of the lakehouse (``dbt_runner``), the database of the other project (``database``).
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse_assets.lakehouse.dbt_runner import DbtFailedError

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings

_NOT_SOURCES = {"target", "dbt_packages", "logs", ".venv"}


def parsed(settings: Settings, project: Path, database: Path) -> Path:
    """The target folder of a dbt project, its own if that is up to date, else one of ours.

    A profile of ours stands in for the project's: parsing needs its kind of engine and no connection.

    Raises:
        FileNotFoundError: the folder holds no dbt project.
        DbtFailedError: the project does not parse.
    """
    if not (project / "dbt_project.yml").is_file():
        raise FileNotFoundError(f"{project} is no dbt project: it has no dbt_project.yml")
    folder = settings.home.absolute() / "foreign" / hashlib.sha256(str(project.resolve()).encode()).hexdigest()[:16]
    newest = _newest(project)
    for target in (project / "target", folder / "target"):
        manifest = target / "semantic_manifest.json"
        if manifest.is_file() and manifest.stat().st_mtime >= newest:
            return target
    _parse(project, folder, database)
    return folder / "target"


def _parse(project: Path, folder: Path, database: Path) -> None:
    import yaml
    from dbt.cli.main import dbtRunner

    folder.mkdir(parents=True, exist_ok=True)
    described = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8")) or {}
    output = {"type": "duckdb", "path": str(database.absolute()), "schema": "main"}
    profile = {described.get("profile", "default"): {"target": "read", "outputs": {"read": output}}}
    (folder / "profiles.yml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    result = dbtRunner().invoke(
        [
            "parse",
            "--project-dir", str(project),
            "--profiles-dir", str(folder),
            "--target-path", str(folder / "target"),
            "--log-path", str(folder / "logs"),
            "--log-level", "none",
            "--no-use-colors",
            "--quiet",
        ]
    )  # fmt: skip
    if not result.success:
        raise DbtFailedError(f"{project}: {result.exception or 'the dbt project does not parse'}")


def _newest(project: Path) -> float:
    """When a source of the project was changed last."""
    return max(
        (
            path.stat().st_mtime
            for path in project.rglob("*")
            if path.suffix in (".sql", ".yml", ".yaml") and not _NOT_SOURCES & set(path.relative_to(project).parts)
        ),
        default=0.0,
    )
