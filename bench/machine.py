"""What processes take of the machine, as Linux tells it in /proc (proc(5)).

Belongs here: CPU and memory of a process and of those it started. Does not belong here: what is done with the figures.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> Iterator[int]:
    """A process and all that it started, and those started in turn."""
    yield pid
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in thread.read_text().split():
                yield from tree(int(child))


def cpu_s(pid: int) -> float:
    """Seconds of CPU that they have used, of users and of the system."""
    return sum(_ticks(one) for one in tree(pid)) / _TICKS


def _ticks(pid: int) -> int:
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])
    return 0


def memory_mb(pid: int) -> float:
    """Megabytes that they hold, what they share counted once (PSS)."""
    return round(sum(_pss_kb(one) for one in tree(pid)) * 1024 / 1e6, 1)


def _pss_kb(pid: int) -> int:
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return 0
