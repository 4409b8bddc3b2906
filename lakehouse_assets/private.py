"""Folders and files for their owner alone: the home holds questions, answers, keys and everybody's rows.

Belongs here: making them so, and seeing whether others can read them. Does not belong here: which they are.

Where a group may write, someone let it in; where it may only read, the default of the system did.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

_FOLDER, _FILE = 0o700, 0o600
_OF_SQLITE = ("", "-wal", "-shm", "-journal")


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for their owner alone; one that is there stays as it is.

    Raises:
        OSError: it cannot be made.
    """
    for missing in reversed([part for part in (folder, *folder.parents) if not part.exists()]):
        missing.mkdir(_FOLDER, exist_ok=True)


def make_database(file: Path) -> None:
    """Make a file for SQLite, for its owner alone; take from one that is there what others may do with it.

    Raises:
        OSError: it cannot be made.
    """
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FILE))
    except FileExistsError:
        for end in _OF_SQLITE:
            with suppress(OSError):  # it is somebody else's, or is gone
                _close(Path(f"{file}{end}"))


def open_to_others(path: Path) -> bool:
    """Whether other people of this machine can look into a folder or file; not if there is none."""
    try:
        return bool(_of_others(path.stat().st_mode))
    except OSError:
        return False


def _close(file: Path) -> None:
    mode = file.stat().st_mode
    if extra := _of_others(mode):
        file.chmod(stat.S_IMODE(mode) & ~extra)


def _of_others(mode: int) -> int:
    """The bits of a mode that are for people whom nobody let in."""
    group = 0 if mode & stat.S_IWGRP else stat.S_IRWXG
    return mode & (stat.S_IRWXO | group)
