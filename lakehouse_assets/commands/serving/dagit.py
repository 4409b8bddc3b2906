"""`asklake dagit`: Dagster's webserver behind the guard, as `asklake dev` and the images start it.

Belongs here: what must be so before it is started. Does not belong here: the guard and the server (dagit).
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse_assets.commands.failures import CommandError, Exit
from lakehouse_assets.commands.lake import orchestrator
from lakehouse_assets.commands.output import Out
from lakehouse_assets.commands.serving.serve import refuse_taken
from lakehouse_assets.commands.workers import end_with_parent
from lakehouse_assets.http.addresses import is_loopback
from lakehouse_assets.settings import get_settings

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings


def refuse_open(settings: Settings, host: str) -> None:
    """See that no stranger reaches Dagit without a token.

    Raises:
        CommandError: others than this machine's could.
    """
    if not settings.dagit_token.get_secret_value() and not is_loopback(host):
        raise CommandError(
            f"Dagit at {host} could be reached by others, and whoever reaches it may launch runs",
            "set ASKLAKE_DAGIT_TOKEN (`openssl rand -hex 24` makes one), or listen on 127.0.0.1",
            Exit.USAGE,
        )


def dagit(out: Out, host: str, port: int, workspace: Path | None, *, read_only: bool, with_parent: bool) -> None:
    """Serve until Ctrl-C, or until the process that started this one is gone."""
    settings = get_settings()
    refuse_open(settings, host)
    refuse_taken(host, port)
    workspace = workspace or settings.project_root / "workspace.yaml"
    if not workspace.is_file():
        raise CommandError(f"there is no file {workspace}", "name Dagster's workspace file by --workspace", Exit.USAGE)
    os.environ.update(orchestrator.environment(settings))
    settings.dagster_storage.mkdir(parents=True, exist_ok=True)

    import dagster as dg

    from lakehouse_assets.dagit.server import guarded
    from lakehouse_assets.http import logs
    from lakehouse_assets.http.server import Server, configured, raise_open_files

    if with_parent:
        end_with_parent()
    else:
        out.say(f"Dagit: http://{host}:{port}   end: Ctrl-C")
    logs.configure(secrets=settings.secrets)
    raise_open_files()
    read_only = read_only or settings.dagit_read_only
    with (
        dg.DagsterInstance.get() as instance,
        guarded(instance, settings, workspace.absolute(), host=host, read_only=read_only) as app,
        suppress(KeyboardInterrupt),  # raised again by the server once it has ended
    ):
        Server(configured(app, settings, host, port, sockets=True)).run()
