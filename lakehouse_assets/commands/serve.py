"""`asklake serve`: the API and the chat page.

Belongs here: starting the server, and what is said at the start. Does not belong here: what it serves (nlq.service).
"""

from __future__ import annotations

import socket
import sys
from contextlib import suppress
from functools import partial

from lakehouse_assets.commands.failures import CommandError
from lakehouse_assets.commands.output import Out


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


def serve(out: Out, host: str, port: int, *, with_parent: bool) -> None:
    """Serve until Ctrl-C, or until the process that started this one is gone."""
    refuse_taken(host, port)
    from lakehouse_assets.commands.workers import end_with_parent
    from lakehouse_assets.dictionary.document import dictionary
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.settings import get_settings
    from nlq.service import logs
    from nlq.service.addresses import is_loopback
    from nlq.service.app import create_app
    from nlq.service.server import Server, configured, raise_open_files
    from nlq.storage.keys import KeyStore

    settings = get_settings()
    lake = Lake(settings)
    keys = KeyStore(settings.queue_url)
    loopback, have_keys, valid = is_loopback(host), keys.any(), keys.any_valid()
    keys.close()
    if with_parent:
        end_with_parent()
    address = f"http://{host}:{port}"
    out.say(f"Ask at {address}   API: {address}/openapi.json   data dictionary: {address}/dictionary   end: Ctrl-C")
    if have_keys:
        out.say("Callers need a key." if valid else "Every key was revoked: nobody can ask until there is a new one; "
                "`asklake key create NAME` makes it.")  # fmt: skip
    elif loopback:
        out.say("There is no key: everyone on this machine may ask, as an analyst of every tenant.")
    else:
        out.say(f"Callers need a key, for {host} can be reached from outside; `asklake key create NAME` makes one.")
    sys.stdout.flush()
    logs.configure(secrets=settings.secrets)
    raise_open_files()
    app = create_app(lake, loopback=loopback, dictionary=partial(dictionary, lake))
    with suppress(KeyboardInterrupt):  # raised again by the server once it has ended
        Server(configured(app, settings, host, port)).run()
