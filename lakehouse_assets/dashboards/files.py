"""The dashboards of the project: `semantic/dashboards/<domain>/*.yml`, one in a file.

Belongs here: finding and reading them, and saying in which line something is wrong. Does not belong here: whether they
fit the semantic layer (fitting).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lakehouse_assets.dashboards.model import Dashboard
from lakehouse_assets.declared import DeclarationError, line_of, problems, read_list

FOLDER = Path("semantic") / "dashboards"
_LARGEST = 512 * 1024


@dataclass(frozen=True)
class Written:
    """A dashboard as a file has it; ``node`` knows the lines."""

    path: Path
    id: str
    dashboard: Dashboard
    node: Any

    def line(self, *loc: str | int) -> int:
        """The line on which a part of it stands."""
        return line_of(self.node, loc)


def files(root: Path) -> Iterator[Path]:
    """The files of the dashboards below the root of a project, in order."""
    yield from sorted((root / FOLDER).glob("*/*.yml"))


def read(path: Path) -> Written:
    """Read a file; its folder is the domain, which need not be said again.

    Raises:
        DeclarationError: the file cannot be read, is too large, or is no dashboard; the message names file, line and
            field.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise DeclarationError(f"{path}: larger than {_LARGEST // 1024} KiB; divide it into several dashboards.")
    except OSError as error:
        raise DeclarationError(f"{path}: cannot be read: {error.strerror}. Check the path.") from error
    entries, _, node = read_list(path, "dashboard")
    if len(entries) != 1 or not isinstance(entries[0], dict):
        raise DeclarationError(f"{path}: a file holds one dashboard: begin with its title.")
    entry, domain = entries[0], path.parent.name
    if entry.setdefault("domain", domain) != domain:
        where = f"{path}, line {line_of(node, ['domain'])}"
        raise DeclarationError(f"{where}: field 'domain': it lies in the folder of {domain}; leave the field out.")
    try:
        dashboard = Dashboard.model_validate(entry)
    except ValidationError as error:
        raise DeclarationError(problems(path, node, [], error, "dashboard")) from error
    return Written(path, f"{domain}.{path.stem}", dashboard, node)


class ProjectDashboards:
    """The dashboards of a project, read again when a file changes. Thread-safe."""

    def __init__(self, root: Path) -> None:
        """Nothing is read yet."""
        self._root, self._lock = root, threading.Lock()
        self._stamp: tuple[Any, ...] | None = None
        self._read: Mapping[str, Dashboard] = {}
        self._faults: tuple[str, ...] = ()

    def all(self) -> Mapping[str, Dashboard]:
        """Those that can be read, by id; ``faults`` tells of the others."""
        with self._lock:
            found = [(path, path.stat()) for path in files(self._root)]
            stamp = tuple((path, stat.st_mtime_ns, stat.st_size) for path, stat in found)
            if stamp != self._stamp:
                self._read, self._faults = _read_all([path for path, _ in found])
                self._stamp = stamp
            return self._read

    @property
    def faults(self) -> tuple[str, ...]:
        """What keeps the others from being read, as of the last look."""
        return self._faults


def _read_all(paths: list[Path]) -> tuple[Mapping[str, Dashboard], tuple[str, ...]]:
    found: dict[str, Dashboard] = {}
    faults = []
    for path in paths:
        try:
            written = read(path)
        except DeclarationError as error:
            faults.append(str(error))
        else:
            found[written.id] = written.dashboard
    return found, tuple(faults)
