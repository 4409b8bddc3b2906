"""What dbt knows of a project: its manifests, parsed when their sources changed and written whole.

Belongs here: whether a manifest is up to date, parsing a project, putting the result where others read it. Does not
belong here: running models (runner), what the platform derives from a manifest (builds.dbt_graph).
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from lakehouse_assets import bounded_yaml
from lakehouse_assets.lakehouse.dbt._internals import pruned
from lakehouse_assets.lakehouse.engines.spec import spec_of

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

    from lakehouse_assets.settings import Settings

ONE_AT_A_TIME = threading.RLock()
"""Held while dbt works: it keeps its flags and its adapters in global variables."""

NAME, SEMANTIC_NAME, _REMEMBERED = "manifest.json", "semantic_manifest.json", "partial_parse.msgpack"
_SOURCES = {".sql", ".yml", ".yaml", ".csv"}
_NOT_SOURCES = {"target", "dbt_packages", "logs", ".venv"}
_DBTS_OWN, _PROJECT = ".user.yml", "dbt_project.yml"


class DbtFailedError(Exception):
    """dbt itself failed: a project that does not parse, a model whose SQL does not run."""


def is_current(settings: Settings) -> bool:
    """Whether the manifests of the project are newer than every file they are made from."""
    return is_newer(settings.dbt_target_dir, _changed(settings))


def is_newer(target: Path, changed: float) -> bool:
    """Whether the manifests in a target folder were made after a moment, in seconds since the epoch."""
    made = [target / NAME, target / SEMANTIC_NAME]
    return all(file.is_file() and file.stat().st_mtime >= changed for file in made)


def newest(folders: Iterable[Path]) -> float:
    """When a source in these folders was changed, removed or renamed last, in seconds since the epoch; 0 for none."""
    return max((path.stat().st_mtime for folder in folders for path in _sources(folder)), default=0.0)


def ensure(settings: Settings) -> Path:
    """The path of the project's manifest, which is parsed first unless it is current.

    Raises:
        DbtFailedError: the project does not parse.
    """
    if not is_current(settings):
        load(settings)
    return settings.dbt_target_dir / NAME


def load(settings: Settings) -> Manifest:
    """The manifest of the project as dbt's runner takes it, parsed once for as long as no source changes.

    Raises:
        DbtFailedError: the project does not parse.
    """
    with ONE_AT_A_TIME:
        return _load(_folders(settings), settings.dbt_target_dir, options(settings), _changed(settings))


def options(settings: Settings) -> tuple[str, ...]:
    """The options of ``dbt parse`` for a profile."""
    variables = spec_of(settings.parts.engine).dbt_variables(settings)
    return ("--target", settings.parts.dbt_target, *(("--vars", json.dumps(variables)) if variables else ()))


def part(manifest: Manifest, models: Collection[str]) -> Manifest:
    """The manifest of some models: they, the tests and unit tests on them, and all of these that is upstream.

    dbt looks at every node of its manifest several times an invocation, whatever it selects: of hundreds of nodes
    that is a fifth of a small build. The nodes are the same objects; what macros note in the graph is not.

    Args:
        manifest: That of the whole project.
        models: Names of models.
    """
    upstream = {i: set(node.depends_on_nodes) for i, node in manifest.nodes.items()}
    chosen = {i for i, node in manifest.nodes.items() if node.resource_type == "model" and node.name in models}
    tests = {i for i, node in manifest.nodes.items() if node.resource_type == "test" and upstream[i] & chosen}
    unit_tests = {i: test for i, test in manifest.unit_tests.items() if chosen.intersection(test.depends_on_nodes)}
    wanted: set[str] = set()
    found = chosen.union(tests, *(test.depends_on_nodes for test in unit_tests.values()))
    while found:
        wanted |= found
        found = set().union(*(upstream.get(i, ()) for i in found)) - wanted
    return pruned(manifest, wanted, unit_tests)


def parse(
    project: Path,
    profiles: Path,
    target: Path,
    options: Sequence[str] = (),
    *,
    others: Iterable[Path] = (),
    current: bool = False,
) -> Manifest:
    """Parse a project and put its manifests into a folder.

    dbt writes in place, so that a full disk or a kill would leave half a manifest to every later reader. Here it
    writes beside the folder, and whole files take the place of the old ones, dated when parsing began.

    Args:
        project: Folder of the dbt project.
        profiles: Folder of its profiles.yml.
        target: Where the manifests go.
        options: Further options of ``dbt parse``.
        others: Folders outside the project's that it has models in.
        current: Whether the manifests there are newer than their sources: then they are written only if dbt finds a
            change that dates do not show, such as other variables.

    Raises:
        DbtFailedError: the project does not parse, or the manifests cannot be written.
    """
    _see_bounds((project, *others))
    try:
        target.mkdir(parents=True, exist_ok=True)
        started = time.time()
        with tempfile.TemporaryDirectory(prefix=".parsing-", dir=target, ignore_cleanup_errors=True) as made:
            manifest = _parsed(project, profiles, Path(made), target / _REMEMBERED, options, write=not current)
            # Where nothing changed, dbt writes none of what it remembers.
            if current and (Path(made) / _REMEMBERED).is_file():
                manifest = _parsed(project, profiles, Path(made), Path(made) / _REMEMBERED, options, write=True)
            for file in (Path(made) / name for name in (_REMEMBERED, SEMANTIC_NAME, NAME)):
                if file.is_file():
                    os.utime(file, (started, started))
                    os.replace(file, target / file.name)
    except OSError as error:
        raise DbtFailedError(f"{target} cannot be written: {error}") from error
    return manifest


def invoke(arguments: Sequence[str], project: Path, profiles: Path, target: Path, manifest: Any = None) -> Any:
    """Call dbt in this process, quietly; gives its ``dbtRunnerResult``."""
    from dbt.cli.main import dbtRunner

    return dbtRunner(manifest=manifest).invoke(
        [
            *arguments,
            "--project-dir", str(project),
            "--profiles-dir", str(profiles),
            "--target-path", str(target),
            "--log-path", str(target / "logs"),
            "--log-level", "none",
            "--no-use-colors",
            "--quiet",
        ]
    )  # fmt: skip


def _sources(folder: Path) -> Iterator[Path]:
    """The files of a project that dbt reads, and their folders; another process may be parsing meanwhile."""
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _NOT_SOURCES]
        # dbt writes into the topmost.
        if _PROJECT not in names:
            yield Path(parent)
        yield from (Path(parent, n) for n in names if n != _DBTS_OWN and Path(n).suffix in _SOURCES)


def _changed(settings: Settings) -> float:
    return newest(_folders(settings))


def _folders(settings: Settings) -> tuple[Path, ...]:
    """The project, and the other folders that it has models in."""
    return settings.dbt_project_dir, settings.project_root / "semantic" / "models"


@lru_cache(maxsize=4)
def _load(folders: tuple[Path, ...], target: Path, options: tuple[str, ...], changed: float) -> Manifest:
    project, *others = folders
    return parse(project, project, target, options, others=others, current=is_newer(target, changed))


def _see_bounds(folders: Iterable[Path]) -> None:
    """Refuse YAML that dbt would run out of memory or stack by; whatever else is wrong with it, dbt says better."""
    for path in (path for folder in folders for path in _sources(folder) if path.suffix in (".yml", ".yaml")):
        try:
            bounded_yaml.look(path.read_text(encoding="utf-8", errors="replace"))
        except bounded_yaml.OutOfBoundsError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise DbtFailedError(f"{path}, line {line}: {error.problem}") from error
        except yaml.YAMLError:
            continue


def _parsed(
    project: Path, profiles: Path, target: Path, remembered: Path, options: Sequence[str], *, write: bool
) -> Manifest:
    known = ["--partial-parse-file-path", str(remembered)] if remembered.is_file() else []
    written = [] if write else ["--no-write-json"]
    result = invoke(["parse", *options, *known, *written], project.absolute(), profiles, target)
    if not result.success:
        raise DbtFailedError(f"{project}: {result.exception or 'the dbt project does not parse'}")
    return result.result
