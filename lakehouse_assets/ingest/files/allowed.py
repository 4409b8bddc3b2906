"""Which files a run may load: those below the landing folder, and below what the settings name besides.

Whoever launches a run chooses its config, and need not be who may read every file of the machine or call every server
that it reaches. Belongs here: telling whether a name is allowed, before anything of it is opened or looked for.
Does not belong here: who launched the run (assets), or reading (streams).
"""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.files.streams import expand, is_remote
from lakehouse_assets.settings import Settings


class OutsideError(IngestError):
    """A run names a file that it may not load; whether there is one is not said, and nothing was read."""


class Allowed:
    """Folders and URL prefixes; what lies below one of them may be loaded."""

    def __init__(self, roots: Sequence[str]) -> None:
        """Keep the roots; folders that are links are those they lead to."""
        self._roots = tuple(roots)
        self._prefixes = tuple(f"{root.rstrip('/')}/" for root in roots if is_remote(root))
        self._folders = tuple(os.path.realpath(_path(root)) for root in roots if not is_remote(root))

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The landing folder, and what `ASKLAKE_INGEST_FROM` names."""
        return cls([settings.landing_root, *settings.ingest_roots])

    def files(self, named: Sequence[str]) -> tuple[list[str], list[IngestError]]:
        """The files meant by paths, folders, globs and URLs, and why others are not loaded.

        A link is judged by where it leads.
        """
        found: dict[str, None] = {}
        refused: list[IngestError] = []
        for name in named:
            try:
                self.check(name)
                # Below a URL there is no link that would lead out of it.
                matches = [name] if is_remote(name) else expand([name])
            except IngestError as error:
                refused.append(error)
                continue
            for match in matches:
                if self._is_below(match):
                    found[match] = None
                else:
                    refused.append(self._outside(match))
        return list(found), refused

    def check(self, name: str) -> None:
        """See whether a path, glob or URL means only what lies below a root.

        Raises:
            OutsideError: it may mean something else.
        """
        if not self._is_below(name):
            raise self._outside(name)

    def _is_below(self, name: str) -> bool:
        # `::` joins file systems (fsspec), so that the first would say nothing of where the last one leads.
        if "\0" in name or "::" in name or ".." in name.split("/"):
            return False
        if is_remote(name):
            return f"{name}/".startswith(self._prefixes)
        place = Path(os.path.realpath(_without_wildcards(_path(name))))
        return any(place.is_relative_to(folder) for folder in self._folders)

    def _outside(self, name: str) -> OutsideError:
        return OutsideError(
            name, f"a run loads what lies below {' or '.join(self._roots)} and nothing else",
            hint="Put it there, name its folder or prefix in ASKLAKE_INGEST_FROM, or load it by `asklake ingest`.",
        )  # fmt: skip


def _path(name: str) -> str:
    return name.removeprefix("file://")


def _without_wildcards(path: str) -> str:
    """The folder that a glob searches; a path itself where there is one that is called so."""
    if not glob.has_magic(path) or os.path.lexists(path):
        return path
    parts = Path(path).parts
    first = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    return str(Path(*parts[:first]))
