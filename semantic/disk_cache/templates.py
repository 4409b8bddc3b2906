"""Compiled queries kept on disk, so that a new process need not load MetricFlow for a shape it compiled before.

A template has placeholders instead of values; what it depends on is the manifest, the dialect and the request's shape.
Each is a file of its own: processes do not wait for one another, and one that is killed leaves nothing half written.

Belongs here: keeping and finding them. Does not belong here: compiling (``metricflow``), values (``requests``).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Hashable
from pathlib import Path
from typing import Any, NamedTuple

from lakehouse_assets.lakehouse.engines.protocol import Rollup

_KEPT = 2000
_COMPILER = 3
"""Raised where the same shape of the same manifest is compiled to other SQL than before."""


class Template(NamedTuple):
    """SQL with placeholders, the tables it reads (those inside of values included), and what of it may be summed up."""

    sql: str
    tables: tuple[str, ...] = ()
    rollups: tuple[Rollup, ...] = ()


class Templates:
    """The templates of one manifest in one dialect, in a folder beside the manifest; all of it may be deleted."""

    def __init__(self, folder: Path, fingerprint: str, dialect: str) -> None:
        """Nothing is read or made yet."""
        self._root = folder / "asklake_templates"
        self._folder = self._root / f"{fingerprint}-{dialect}-{_COMPILER}"

    def get(self, shape: Hashable) -> Template | None:
        """The template of a shape, if it was compiled before."""
        try:
            kept = json.loads(self._path(shape).read_text(encoding="utf-8"))
            if kept["shape"] == repr(shape):
                rollups = tuple(
                    Rollup(rows, table, before, after, tuple(sums))
                    for rows, table, before, after, sums in kept["rollups"]
                )
                return Template(kept["sql"], tuple(kept["tables"]), rollups)
        except (OSError, ValueError, KeyError, TypeError):
            pass  # absent, or not ours: made anew
        return None

    def keep(self, shape: Hashable, template: Template) -> None:
        """Keep a template; a read-only folder is no error."""
        with contextlib.suppress(OSError):
            if not self._folder.exists():
                self._drop_others()
                self._folder.mkdir(parents=True, exist_ok=True)
            if len(os.listdir(self._folder)) < _KEPT:
                write_whole(self._path(shape), {"shape": repr(shape), **template._asdict()})

    def _path(self, shape: Hashable) -> Path:
        return self._folder / f"{hashlib.sha256(repr(shape).encode()).hexdigest()[:32]}.json"

    def _drop_others(self) -> None:
        """Forget those of older manifests."""
        for other in self._root.iterdir() if self._root.exists() else ():
            shutil.rmtree(other, ignore_errors=True)


def write_whole(path: Path, content: Any) -> None:
    """Write JSON so that a reader sees all of it or nothing.

    Raises:
        OSError: the folder cannot be written.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    partial.write_text(json.dumps(content), encoding="utf-8")
    partial.replace(path)
