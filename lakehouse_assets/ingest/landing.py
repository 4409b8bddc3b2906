"""The landing folder: which files in it are new and complete.

Belongs here: looking at `<landing>/<source name>/…`, local or on S3, and remembering by a cursor what was seen.
Does not belong here: loading (loader), or the sensor that asks (automation).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lakehouse_assets.ingest.streams import file_system, is_remote, is_unfinished

SETTLE_SECONDS = 5.0
"""A file counts as complete once it has not changed for so long."""


@dataclass(frozen=True)
class LandingFile:
    """A complete file in the landing folder that was not handed out yet."""

    source: str
    path: str
    size: int
    modified: float
    version: str

    @property
    def key(self) -> str:
        """Identifies the file in this version: the same for two looks at it, another once it has changed."""
        return f"{self.source}:{self.path}:{self.version}"


def pending(
    landing: str | Path, cursor: str | None = None, *, settle_seconds: float = SETTLE_SECONDS
) -> tuple[list[LandingFile], str]:
    """Files that are new or changed since the cursor, and complete; oldest first.

    A file still being written is left for the next look: hidden names, `.tmp` and `.part` are ignored, and so is
    what changed in the last seconds. A file that has gone is forgotten, so the cursor stays as small as the folder.

    Args:
        landing: Folder or s3:// prefix; its sub-folders are named like sources.
        cursor: What the last call gave back, or None.
        settle_seconds: How long a file must not have changed; 0 where every file is known to be complete, also an
            empty one (`laid_out`).

    Returns:
        The files, and the cursor that counts them as seen.
    """
    seen: dict[str, str] = json.loads(cursor) if cursor else {}
    now = time.time()
    new: list[LandingFile] = []
    kept: dict[str, str] = {}
    for file in _files(str(landing)):
        name = f"{file.source}/{file.path}"
        if seen.get(name) == file.version:
            kept[name] = file.version
        elif not settle_seconds or (now - file.modified >= settle_seconds and file.size > 0):
            new.append(file)
            kept[name] = file.version
        elif name in seen:
            kept[name] = seen[name]
    return sorted(new, key=lambda f: (f.modified, f.path)), json.dumps(kept, separators=(",", ":"), sort_keys=True)


def group_by_source(files: list[LandingFile]) -> Mapping[str, list[LandingFile]]:
    """Files by the source they are for, in order."""
    groups: dict[str, list[LandingFile]] = {}
    for file in files:
        groups.setdefault(file.source, []).append(file)
    return groups


def laid_out(folder: str) -> Mapping[str, list[LandingFile]]:
    """Every file of a folder laid out like the landing folder, by source: they are complete, whoever named it says."""
    return group_by_source(pending(folder, settle_seconds=0)[0])


def _files(landing: str) -> Iterator[LandingFile]:
    return _remote_files(landing) if is_remote(landing) else _local_files(Path(landing.removeprefix("file://")))


def _local_files(root: Path) -> Iterator[LandingFile]:
    if not root.is_dir():
        return
    for folder in sorted(root.iterdir()):
        if not folder.is_dir() or is_unfinished(folder.name):
            continue
        for directory, folders, names in os.walk(folder):
            folders[:] = sorted(f for f in folders if not is_unfinished(f))
            for name in sorted(names):
                if is_unfinished(name):
                    continue
                path = Path(directory) / name
                try:
                    stat = path.stat()
                except FileNotFoundError:
                    continue
                version = f"{stat.st_size}-{stat.st_mtime_ns}"
                yield LandingFile(folder.name, str(path), stat.st_size, stat.st_mtime, version)


def _remote_files(root: str) -> Iterator[LandingFile]:
    fs, base = file_system(root)
    protocol = root.split("://", 1)[0]
    fs.invalidate_cache()
    for path, info in sorted(fs.find(base, detail=True).items()):
        parts = path[len(base) :].strip("/").split("/")
        if len(parts) < 2 or any(is_unfinished(part) for part in parts):
            continue
        modified = info.get("LastModified") or info.get("mtime") or info.get("created") or 0.0
        stamp = modified.timestamp() if isinstance(modified, datetime) else float(modified)
        version = f"{info['size']}-{info.get('ETag') or stamp}"
        yield LandingFile(parts[0], f"{protocol}://{path}", int(info["size"]), stamp, version)
