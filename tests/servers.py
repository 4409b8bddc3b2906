"""The servers of the cluster profile, as tests start them: on free ports, with their data in a folder of their own."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "docker" / "native" / "cluster.sh"
PARTS = ("postgres", "redis", "s3", "kafka", "nessie", "trino")
_JAVA = "-XX:TieredStopAtLevel=1"
"""Servers that live for minutes cost half the CPU time where nothing is compiled twice."""
_PORTS = ("POSTGRES", "REDIS", "S3", "NESSIE", "NESSIE_MANAGEMENT", "TRINO", "KAFKA", "KAFKA_CONTROLLER")


@dataclass(frozen=True)
class Servers:
    """One set of servers: the folder it lives in and the environment its script runs with."""

    home: Path
    environ: dict[str, str]

    @classmethod
    def fresh(cls, home: Path) -> Servers:
        """A set that was never started, on ports that are free now."""
        ports = {f"LAKE_{name}_PORT": str(port) for name, port in zip(_PORTS, _free_ports(len(_PORTS)), strict=True)}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LAKE_")}
        return cls(home, {**kept, **ports, "ASKLAKE_CLUSTER_HOME": str(home), "JAVA_TOOL_OPTIONS": _JAVA})

    def script(self, *words: str, check: bool = True, timeout: float = 900) -> subprocess.CompletedProcess[str]:
        """Run docker/native/cluster.sh; what it says is in the error, should it fail."""
        done = subprocess.run(
            [str(SCRIPT), *words], env=self.environ, capture_output=True, text=True, check=False, timeout=timeout
        )
        assert not check or done.returncode == 0, f"{words}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    @property
    def variables(self) -> dict[str, str]:
        """Every LAKE_ and ASKLAKE_ variable: addresses, ports, credentials."""
        lines = (line.removeprefix("export ") for line in self.script("env").stdout.splitlines())
        return dict(shlex.split(line)[0].split("=", 1) for line in lines)

    def pid(self, part: str) -> int | None:
        """Process of a part, or None if it has no pid file."""
        file = self.home / "run" / f"{part}.pid"
        return int(file.read_text().split()[0]) if file.exists() else None

    def addresses(self, part: str) -> set[str]:
        """The addresses a part listens on, as the kernel writes them."""
        inodes = {os.readlink(fd)[8:-1] for fd in Path(f"/proc/{self.pid(part)}/fd").iterdir() if _is_socket(fd)}
        rows = (line.split() for t in ("tcp", "tcp6") for line in Path(f"/proc/net/{t}").read_text().splitlines())
        return {row[1].partition(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes}

    def processes(self) -> list[str]:
        """Command line of every process that was started for this set, by what its environment says."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                environ = (folder / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if f"ASKLAKE_CLUSTER_HOME={self.home}\0" in environ and int(folder.name) != os.getpid():
                found.append(f"{folder.name} {command}")
        return found


def missing() -> str:
    """What is not installed, in words; empty if everything is."""
    done = subprocess.run([str(SCRIPT), "installed"], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip()


def _is_socket(fd: Path) -> bool:
    try:
        return os.readlink(fd).startswith("socket:")
    except OSError:  # closed meanwhile
        return False


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for free in sockets:
            free.bind(("127.0.0.1", 0))
        return [free.getsockname()[1] for free in sockets]
    finally:
        for free in sockets:
            free.close()
