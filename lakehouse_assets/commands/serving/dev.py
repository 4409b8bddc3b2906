"""`asklake dev`: Dagit, the daemon, the sensors, the API and the chat page on this machine.

Belongs here: which servers one machine needs. Does not belong here: what they serve, or how processes are kept
(servers.py).

Not `dagster dev`: that starts Dagster's webserver as it is, which any page in the browser may give orders.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from lakehouse_assets.commands.lake import orchestrator
from lakehouse_assets.commands.lake.orchestrator import CODE_LOCATION
from lakehouse_assets.commands.output import Out
from lakehouse_assets.commands.serving.dagit import refuse_open
from lakehouse_assets.commands.serving.serve import refuse_taken
from lakehouse_assets.commands.serving.servers import Servers, of_dagster
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.settings import get_settings

_CLI = "lakehouse_assets.cli"


def dev(out: Out, host: str, port: int, api_port: int, *, read_only: bool) -> None:
    """Start the servers, and end them all by one Ctrl-C, or where one ends by itself."""
    settings = get_settings()
    refuse_open(settings, host)
    refuse_taken(host, port)
    if api_port:
        refuse_taken(host, api_port, "--api-port")
    orchestrator.prepare(settings)
    if not manifest.is_current(settings):
        # In a process of its own: what dbt opens would stay with the servers.
        parse = [sys.executable, "-m", _CLI, "parse"]
        subprocess.run(parse, cwd=settings.project_root, check=True, stdout=subprocess.DEVNULL)
    out.say(f"Dagit: http://{host}:{port}   landing folder: {settings.landing_root}   end: Ctrl-C")
    if settings.dagit_token.get_secret_value():
        out.say("Dagit asks for the token of ASKLAKE_DAGIT_TOKEN.")
    sys.stdout.flush()
    # The folder is this user's alone, and so is the socket in it: the code server asks nobody for a token.
    with tempfile.TemporaryDirectory(prefix="asklake-") as folder, Servers(settings.project_root) as servers:
        socket, workspace = Path(folder) / "code.sock", Path(folder) / "workspace.yaml"
        location = {"grpc_server": {"socket": str(socket), "location_name": CODE_LOCATION}}
        workspace.write_text(json.dumps({"load_from": [location]}))
        address = ["--host", host, "--with-parent", "--port"]
        servers.start("the code server", of_dagster(_code_server(socket)))
        if api_port:
            # One process: whoever develops asks alone, and each takes memory.
            servers.start("the API", [_CLI, "serve", *address, str(api_port), "--processes", "1"])
        servers.wait(socket.exists)
        viewing = ["--read-only"] if read_only else []
        servers.start("Dagit", [_CLI, "dagit", *address, str(port), "--workspace", str(workspace), *viewing])
        daemon = ["dagster._daemon", "run", "--workspace", str(workspace), "--log-level", "warning"]
        servers.start("the daemon", of_dagster(daemon))
        servers.wait()


def _code_server(socket: Path) -> list[str]:
    return [
        "dagster", "code-server", "start", "--module-name", "lakehouse_assets.definitions", "--attribute", "defs",
        "--socket", str(socket), "--location-name", CODE_LOCATION, "--use-python-environment-entry-point",
        "--log-level", "warning",
    ]  # fmt: skip
