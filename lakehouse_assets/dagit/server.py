"""Dagster's webserver behind the guard.

Belongs here: opening the webserver as `dagster-webserver` does. Does not belong here: the rules (guard), the bounds of
its connections (lakehouse_assets.http.server), or the processes beside it (commands). Tests open the real server by
it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse_assets.automation._internals import webserver
from lakehouse_assets.dagit.guard import Guard, Names
from lakehouse_assets.dagit.token import Token

if TYPE_CHECKING:
    import dagster as dg
    from starlette.types import ASGIApp

    from lakehouse_assets.settings import Settings

_STATEMENT_MS, _RECYCLE_S, _MORE_CONNECTIONS = 15_000, 3_600, 20
"""What `dagster-webserver` asks of its databases: the time of a statement, the age of a connection, how many more."""
_POLL_MS = 2_000
_WILDCARDS = ("0.0.0.0", "::", "")


@contextmanager
def guarded(
    instance: dg.DagsterInstance, settings: Settings, workspace: Path, *, host: str, read_only: bool
) -> Iterator[ASGIApp]:
    """Dagster's webserver behind the guard.

    Args:
        instance: The instance that it shows.
        settings: Name the hosts and the token.
        workspace: The file that says where the code location is.
        host: Address that it listens at.
        read_only: Whether every mutation is refused, by Dagster's own permissions.
    """
    instance.optimize_for_webserver(_STATEMENT_MS, _RECYCLE_S, _MORE_CONNECTIONS)
    with webserver(instance, str(workspace), read_only=read_only, poll_ms=_POLL_MS) as app:
        yield Guard(
            app,
            names=names_of(settings, host),
            token=token_of(settings),
            knows_run=lambda run_id: instance.get_run_by_id(run_id) is not None,
        )


def names_of(settings: Settings, host: str) -> Names:
    """The names by which a server at this address may be asked for."""
    return Names([*settings.dagit_host_list, *([] if host in _WILDCARDS else [host])])


def token_of(settings: Settings) -> Token | None:
    """The token that is asked for, if one is set."""
    text = settings.dagit_token.get_secret_value()
    return Token(text, settings.session_life) if text else None
