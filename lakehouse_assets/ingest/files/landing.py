"""The landing folder: which files in it are new and complete.

Belongs here: looking at `<landing>/<source name>/…`, local or on S3, and remembering by a cursor what was seen.
Does not belong here: loading (loader), or the sensor that asks (automation).
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lakehouse_assets.ingest.files.streams import file_system, is_remote, is_unfinished

SETTLE_SECONDS = 5.0
"""A file counts as complete once it has not changed for so long."""
AHEAD_SECONDS = 60.0
"""How far clocks may differ before a file counts as dated in the future."""
LOOKS, WAITS = "#", "?"
"""In a cursor: the name of the number of looks that found files, and how versions of files that wait begin."""


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


@dataclass(frozen=True)
class Look:
    """What a look at the landing folder found.

    Attributes:
        files: Files that are new or changed, and complete; the oldest first.
        cursor: What the next look is given, which counts these as seen.
        number: How many looks found files, this one included; a file that comes again has another.
        passed_over: What is not taken, or not yet, and why, in words.
    """

    files: list[LandingFile]
    cursor: str
    number: int
    passed_over: list[str]


def look(landing: str | Path, cursor: str | None = None, *, settle_seconds: float = SETTLE_SECONDS) -> Look:
    """Look for files that are new or changed since the cursor, and complete.

    A file still being written is left for the next look: hidden names, `.tmp` and `.part` are ignored, and so is
    what changed in the last seconds. One that is dated in the future is taken once a look finds it as the look before
    did. A file that has gone is forgotten, so the cursor stays as small as the folder. Links are followed to files of
    the landing folder only.

    Args:
        landing: Folder or s3:// prefix; its sub-folders are named like sources.
        cursor: What the last look gave back, or None.
        settle_seconds: How long a file must not have changed; 0 where every file is known to be complete, also an
            empty one (`laid_out`).
    """
    seen = _seen(cursor)
    now = time.time()
    passed_over: list[str] = []
    new: list[LandingFile] = []
    kept: dict[str, Any] = {}
    for file in _files(str(landing), passed_over):
        name = f"{file.source}/{file.path}"
        before = seen.get(name)
        if before == file.version:
            kept[name] = file.version
        elif not settle_seconds or (file.size > 0 and _settled(file, before, now, settle_seconds)):
            new.append(file)
            kept[name] = file.version
        else:
            passed_over += _waiting(file, now)
            kept[name] = WAITS + file.version
    number = seen.get(LOOKS, 0) + bool(new)
    if number:
        kept[LOOKS] = number
    text = json.dumps(kept, separators=(",", ":"), sort_keys=True)
    return Look(sorted(new, key=lambda f: (f.modified, f.path)), text, number, passed_over)


def _seen(cursor: str | None) -> dict[str, Any]:
    """What a cursor says; nothing of one that no look gave back, for people may set it in Dagit."""
    try:
        seen = json.loads(cursor) if cursor else {}
    except (ValueError, RecursionError):
        return {}
    if not isinstance(seen, dict) or not isinstance(seen.get(LOOKS, 0), int):
        return {}
    return seen


def _settled(file: LandingFile, before: str | None, now: float, settle_seconds: float) -> bool:
    if file.modified > now + AHEAD_SECONDS:
        return before == WAITS + file.version
    return now - file.modified >= settle_seconds


def _waiting(file: LandingFile, now: float) -> list[str]:
    """Why a file is not taken yet, where people would wonder."""
    if file.size == 0:
        return [f"{file.path} is empty (0 bytes); it waits until something is written to it"]
    if file.modified > now + AHEAD_SECONDS:
        stamp = datetime.fromtimestamp(file.modified, UTC)
        return [f"{file.path} is dated in the future ({stamp:%Y-%m-%d %H:%M} UTC); it is taken if it stays as it is"]
    return []


def group_by_source(files: list[LandingFile]) -> Mapping[str, list[LandingFile]]:
    """Files by the source they are for, in order."""
    groups: dict[str, list[LandingFile]] = {}
    for file in files:
        groups.setdefault(file.source, []).append(file)
    return groups


def laid_out(folder: str) -> Mapping[str, list[LandingFile]]:
    """Every file of a folder laid out like the landing folder, by source: they are complete, whoever named it says."""
    return group_by_source(look(folder, settle_seconds=0).files)


def _files(landing: str, passed_over: list[str]) -> Iterator[LandingFile]:
    if is_remote(landing):
        return _remote_files(landing)
    return _local_files(Path(landing.removeprefix("file://")), passed_over)


def _local_files(root: Path, passed_over: list[str]) -> Iterator[LandingFile]:
    home = root.resolve()
    for folder in _entries(root, passed_over):
        if is_unfinished(folder.name) or not _is_of_landing(folder, home, passed_over) or not folder.is_dir():
            continue
        for path in _below(folder, passed_over):
            if _is_of_landing(path, home, passed_over) and (status := _status(path, passed_over)):
                version = f"{status.st_size}-{status.st_mtime_ns}"
                yield LandingFile(folder.name, str(path), status.st_size, status.st_mtime, version)


def _entries(root: Path, passed_over: list[str]) -> list[Path]:
    try:
        return sorted(root.iterdir()) if root.is_dir() else []
    except OSError as error:
        passed_over.append(f"{root} cannot be read: {error.strerror}")
        return []


def _below(folder: Path, passed_over: list[str]) -> Iterator[Path]:
    """Everything below a folder that is no folder; folders that are links are named, not followed."""

    def unreadable(error: OSError) -> None:
        passed_over.append(f"{error.filename} cannot be read: {error.strerror}")

    for directory, folders, names in os.walk(folder, onerror=unreadable):
        links = [f for f in folders if (Path(directory) / f).is_symlink()]
        passed_over += [f"{Path(directory) / f} is a link to a folder, which is not followed" for f in links]
        folders[:] = sorted(f for f in folders if not is_unfinished(f))
        yield from (Path(directory) / name for name in sorted(names) if not is_unfinished(name))


def _is_of_landing(path: Path, home: Path, passed_over: list[str]) -> bool:
    """Whether what a path leads to lies in the landing folder, which is asked of links only."""
    if not path.is_symlink():
        return True
    try:
        target = path.resolve(strict=True)
    except FileNotFoundError:
        passed_over.append(f"{path} is a link to nothing")
        return False
    except (OSError, RuntimeError):
        passed_over.append(f"{path} is a link that leads back to itself; remove it")
        return False
    if not target.is_relative_to(home):
        passed_over.append(f"{path} is a link out of the landing folder, to {target}; copy the file instead")
        return False
    return True


def _status(path: Path, passed_over: list[str]) -> os.stat_result | None:
    """Size and time of a file that can be read; None for anything else."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        passed_over.append(f"{path} cannot be read: {error.strerror}")
        return None
    if not stat.S_ISREG(status.st_mode):
        passed_over.append(f"{path} is not a file")
    elif not os.access(path, os.R_OK):
        passed_over.append(f"{path} may not be read: its permissions forbid it")
    else:
        return status
    return None


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
