"""A MariaDB of the tests' own, from the package mariadb-server-core alone: in a folder, on a free port."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PASSWORD = "s3cret w@rd"
_TABLES = Path("/usr/share/mysql")
_PARTS = ("mysql_system_tables", "mysql_performance_tables", "mysql_system_tables_data")
_OWN = f"""
flush privileges;
create user reader@'127.0.0.1' identified by '{PASSWORD}';
grant select on shop.* to reader@'127.0.0.1';
create user owner@'127.0.0.1' identified by '{PASSWORD}';
grant all on *.* to owner@'127.0.0.1';
create database shop character set utf8mb4;
"""
_OPTIONS = (
    "mariadbd", "--no-defaults", "--innodb-log-file-size=4M", "--innodb-buffer-pool-size=8M",
    "--lc-messages-dir=/usr/share/mysql/english",
)  # fmt: skip


def absent() -> str:
    """What this machine lacks for it; empty where it lacks nothing."""
    if not shutil.which("mariadbd"):
        return "no mariadbd: apt-get install mariadb-server-core"
    return "" if importlib.util.find_spec("pymysql") else "no PyMySQL: uv sync --extra mysql"


@contextmanager
def running(folder: Path) -> Iterator[int]:
    """The port of a server with its data in a folder; it ends with the block."""
    data = folder / "data"
    data.mkdir(mode=0o700)
    own = [f"--datadir={data}", *(["--user=root"] if os.geteuid() == 0 else [])]
    scripts = "".join((_TABLES / f"{name}.sql").read_text() for name in _PARTS)
    text = f"create database mysql;\nuse mysql;\nset @auth_root_socket=NULL;\n{scripts}{_OWN}"
    made = subprocess.run(
        [*_OPTIONS, *own, "--bootstrap", "--skip-networking"], input=text, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr[-2000:]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={data}/s", f"--pid-file={data}/pid"]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen([*_OPTIONS, *own, *where], stdout=log, stderr=log)
    try:
        _wait(port, server, folder / "server.log")
        yield port
    finally:
        server.terminate()
        server.wait(60)


def _wait(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text()[-2000:])
