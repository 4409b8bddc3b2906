"""Takes the disk away from a child process: no room, or no right to write.

Belongs here: what a child does to itself before its step, and disks that can be filled. Nothing here needs more
rights than the test has, so that no test has to be left out.
"""

from __future__ import annotations

import ctypes
import os
import resource
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CAP_SYS_ADMIN = 21
_CAPABILITY_VERSION_3 = 0x20080522


def no_file_beyond(size: int) -> None:
    """Let the kernel refuse every write beyond this many bytes of a file, as a full disk would; 0 is no byte at all."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def drop_privileges() -> None:
    """Give up what lets root write where the permissions forbid it; an ordinary user has nothing to give up.

    Raises:
        OSError: the kernel refuses.
    """
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, nothing) != 0:
        raise OSError(ctypes.get_errno(), "capset")


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder in which nothing can be written, made or removed, by those who heed permissions."""
    modes: dict[Path, int] = {}
    for path in [folder, *folder.rglob("*")]:
        # SQLite removes files of its own when the last connection is closed.
        with suppress(FileNotFoundError):
            modes[path] = stat.S_IMODE(path.stat().st_mode)
            path.chmod(modes[path] & ~0o222)
    try:
        yield
    finally:
        for path, mode in modes.items():
            with suppress(FileNotFoundError):
                path.chmod(mode)


def may_mount() -> bool:
    """Whether this process may mount file systems."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return os.geteuid() == 0 and bool(int(status["CapEff"], 16) >> CAP_SYS_ADMIN & 1)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A file system of its own in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled(folder: Path, left: int) -> Iterator[None]:
    """A disk on which only this many bytes are free."""
    ballast = folder / "ballast"
    free = os.statvfs(folder)
    ballast.write_bytes(b"\0" * max(0, free.f_bavail * free.f_frsize - left))
    try:
        yield
    finally:
        ballast.unlink()
