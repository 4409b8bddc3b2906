"""`asklake serve`: the API and the chat page.

Belongs here: starting the server, and what is said at the start. Does not belong here: what it serves (service).
"""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from lakehouse_assets.commands.failures import CommandError
from lakehouse_assets.commands.output import Out
from lakehouse_assets.commands.workers import end_with_parent
from lakehouse_assets.http.addresses import is_loopback
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.admission.limits import rates
from lakehouse_assets.settings import get_settings

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings


def refuse_taken(host: str, port: int, option: str = "--port") -> None:
    """See whether a server could listen, before one is started that says it in its log.

    Raises:
        CommandError: another program listens there, or the address is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise CommandError(
            f"nothing can listen on {host}, port {port}: {said}",
            f"end what uses it, or choose another with {option} or --host",
            kind="cannot_listen",
        ) from error


def serve(out: Out, host: str, port: int, *, processes: int | None, with_parent: bool) -> None:
    """Serve until Ctrl-C, or until the process that started this one is gone."""
    refuse_taken(host, port)
    from lakehouse_assets.http import logs
    from lakehouse_assets.service.processes import Processes, count_calls, count_of, listening

    settings = get_settings()
    if with_parent:
        end_with_parent()
    _say_address(out, settings, host, port)
    count = processes or count_of(settings)
    if count == 1:
        _serve(1, host, port, None)
        return
    logs.configure(secrets=settings.secrets)
    limits = rates(settings.rate_per_minute, settings.rate_per_hour)
    counted = count_calls(limits) if limits and not settings.redis_url.get_secret_value() else None
    # Nobody connects to this one; it keeps the port while one of the others is started again.
    with listening(host, port), suppress(KeyboardInterrupt):
        try:
            Processes(count, _serve, host, port, counted).run()
        except RuntimeError as error:
            raise CommandError(str(error), "what it said is above; mend that and start again") from error


def _say_address(out: Out, settings: Settings, host: str, port: int) -> None:
    from nlq.storage.keys import KeyStore

    keys = KeyStore(settings.queue_url)
    have_keys, valid = keys.any(), keys.any_valid()
    keys.close()
    address = f"http://{host}:{port}"
    out.say(f"Ask at {address}   API: {address}/openapi.json   data dictionary: {address}/dictionary   end: Ctrl-C")
    if have_keys:
        out.say("Callers need a key." if valid else "Every key was revoked: nobody can ask until there is a new one; "
                "`asklake key create NAME` makes it.")  # fmt: skip
    elif is_loopback(host):
        out.say("There is no key: everyone on this machine may ask, as an analyst of every tenant.")
    else:
        out.say(f"Callers need a key, for {host} can be reached from outside; `asklake key create NAME` makes one.")
    sys.stdout.flush()


def _serve(count: int, host: str, port: int, counted: Any) -> None:
    """Serve in this process.

    Args:
        count: How many processes serve, of which this is one.
        host: Where all listen.
        port: Where all listen.
        counted: Where calls are counted; as the settings say if None.
    """
    from lakehouse_assets.dictionary.document import dictionary
    from lakehouse_assets.http import logs
    from lakehouse_assets.http.server import Server, bounds_of, configured, raise_open_files
    from lakehouse_assets.service.app import create_app
    from lakehouse_assets.service.intake.uploads import UPLOADS
    from lakehouse_assets.service.processes import LimiterElsewhere, listening, part_of

    if count > 1:
        end_with_parent()
    settings = part_of(get_settings(), count)
    logs.configure(secrets=settings.secrets)
    raise_open_files()
    limits = rates(settings.rate_per_minute, settings.rate_per_hour)
    limiter = LimiterElsewhere(counted, limits) if counted else None
    lake = Lake(settings)
    app = create_app(
        lake,
        loopback=is_loopback(host),
        limiter=limiter,
        dictionary=partial(dictionary, lake),
    )
    sockets = [listening(host, port)] if count > 1 else None
    bounds = replace(bounds_of(settings), steady=frozenset({UPLOADS}))
    with suppress(KeyboardInterrupt):  # raised again by the server once it has ended
        Server(configured(app, settings, host, port, bounds, sockets=True)).run(sockets)
