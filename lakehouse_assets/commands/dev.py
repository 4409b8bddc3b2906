"""`asklake dev`: Dagit, the daemon, the sensors, the API and the chat page on this machine.

Belongs here: starting the servers of one machine. Does not belong here: what they serve.
"""

from __future__ import annotations

import os
import subprocess
import sys

from lakehouse_assets.commands.output import Out
from lakehouse_assets.commands.serve import refuse_taken

# `dagster dev` advises another tool on every start; the rest of what it warns of is wanted.
_ADVICE = "ignore:Function `dev_command`"


def dev(out: Out, host: str, port: int, api_port: int) -> None:
    """Become `dagster dev`, so that one Ctrl-C ends the webserver, the daemon and every run's process."""
    from lakehouse_assets.commands import orchestrator
    from lakehouse_assets.lakehouse import dbt_manifest
    from lakehouse_assets.settings import get_settings

    settings = get_settings()
    refuse_taken(host, port)
    if api_port:
        refuse_taken(host, api_port, "--api-port")
    orchestrator.prepare(settings)
    if not dbt_manifest.is_current(settings):
        # In a process of its own: what dbt opens would stay with the servers.
        parse = [sys.executable, "-m", "lakehouse_assets.cli", "parse"]
        subprocess.run(parse, cwd=settings.project_root, check=True, stdout=subprocess.DEVNULL)
    out.say(f"Dagit: http://{host}:{port}   landing folder: {settings.landing_root}   end: Ctrl-C")
    sys.stdout.flush()
    if api_port:
        # It ends with this process, whether by the same Ctrl-C or because this process is gone.
        api = ["serve", "--host", host, "--port", str(api_port), "--with-parent"]
        subprocess.Popen([sys.executable, "-m", "lakehouse_assets.cli", *api], cwd=settings.project_root)
    os.chdir(settings.project_root)
    command = [sys.executable, "-W", _ADVICE, "-m", "dagster", "dev", "-w", "workspace.yaml"]
    os.execv(sys.executable, [*command, "-h", host, "-p", str(port), "--log-level", "warning"])
