"""Marks of publications under way on a folder, from which what a dead one left behind is found.

Belongs here: the mark's file, and whether its owner lives. Does not belong here: what is removed (upkeep.local_gc), or
publications on branches, whose branch is their mark.
"""

from __future__ import annotations

import json
import math
import os
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

HALF_A_MARK = ".new"


def marker_folder(lake: Lake) -> Path:
    """Where publications under way leave their marks."""
    return lake.settings.warehouse / ".publications"


def marker_of(lake: Lake, publication_id: str) -> Path:
    """The mark of a publication."""
    return marker_folder(lake) / f"{publication_id}.json"


def markers(lake: Lake) -> Iterator[Path]:
    """The marks there are."""
    return marker_folder(lake).glob("*.json")


def write_marker(marker: Path, folders: Iterable[Path]) -> None:
    """Say who publishes, since when, and in which folders it writes."""
    marker.parent.mkdir(parents=True, exist_ok=True)
    owner = {"pid": os.getpid(), "host": socket.gethostname(), "started": time.time()}
    # Renamed into place: half a mark would pass for that of a dead publication, and name no folder.
    new = marker.with_suffix(HALF_A_MARK)
    new.write_text(json.dumps({**owner, "folders": sorted(map(str, folders))}))
    new.replace(marker)


def remove_marker(marker: Path) -> None:
    """Where even that fails, the error that led here is the one to hear of; a mark left behind is swept later."""
    with suppress(OSError):
        marker.unlink(missing_ok=True)


def read_marker(marker: Path) -> dict[str, Any] | None:
    """What a mark says; None where it is gone, and that of a dead owner where it cannot be read."""
    try:
        return json.loads(marker.read_text())
    except FileNotFoundError:
        return None
    except json.JSONDecodeError:
        return {"pid": -1, "host": socket.gethostname(), "started": marker.stat().st_mtime, "folders": []}


def folders_of(marker: Path) -> list[str]:
    """The folders that a publication writes in; none where its mark is gone."""
    state = read_marker(marker)
    return state["folders"] if state else []


def is_dead(state: Mapping[str, Any], grace_s: float) -> bool:
    """Whether the owner of a mark is gone, or began longer ago than the grace, in seconds."""
    if time.time() - state["started"] > grace_s:
        return True
    return state["host"] == socket.gethostname() and not _alive(int(state["pid"]))


def running_since(lake: Lake) -> float:
    """When the oldest publication that may still run began, in seconds since 1970; infinite if none runs."""
    grace_s = lake.settings.staging_grace.total_seconds()
    states = map(read_marker, markers(lake))
    return min((s["started"] for s in states if s and not is_dead(s, grace_s)), default=math.inf)


def _alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
