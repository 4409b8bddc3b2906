"""The token of Dagit: sent by programs with each request, and by people once, for a session of their browser.

Belongs here: checking a token, opening a session, the page that asks for the token. Does not belong here: which
requests need one (guard).

A session is its end and the mark of that end by the token (HMAC-SHA256), so that it ends with the token and nothing is
kept of it. Its cookie is never seen by scripts nor sent for a page of another site, and has the port in its name, which
cookies do not know.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from datetime import timedelta
from urllib.parse import parse_qs

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope

LOGIN = "/asklake-login"
_MAX_FORM = 4096
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Dagit</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body {{ font: 16px system-ui; display: grid; place-content: center; min-height: 90vh; }}
form {{ display: grid; gap: .75rem; width: 20rem; }} input, button {{ font: inherit; padding: .5rem; }}</style>
<form method="post" action="{action}">
<label for="token">Token of Dagit</label>
<input id="token" name="token" type="password" required autofocus autocomplete="current-password">
<button>Open</button>
<p role="status">{said}</p>
</form></html>"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'"


class Token:
    """A token, and the sessions that it opens."""

    def __init__(self, text: str, life: timedelta) -> None:
        """Keep the token, and how long a session lasts."""
        self._text, self._life = text.encode(), life

    def is_in_header(self, connection: HTTPConnection) -> bool:
        """Whether a request sends the token, as `Authorization: Bearer`."""
        scheme, _, text = connection.headers.get("authorization", "").partition(" ")
        return scheme.casefold() == "bearer" and self._is(text.strip())

    def has_session(self, connection: HTTPConnection) -> bool:
        """Whether a request comes with a session that has not ended."""
        end, _, mark = connection.cookies.get(_cookie(connection), "").partition(".")
        if not end.isdecimal() or len(end) > 12 or int(end) < time.time():
            return False
        return hmac.compare_digest(mark.encode(), self._mark(end).encode())

    async def log_in(self, scope: Scope, receive: Receive) -> Response:
        """What a browser is told that sends the token by the page: a session, or the page again."""
        request = Request(scope, receive)
        if int(request.headers["content-length"]) > _MAX_FORM:
            return login_page("This is no token.")
        form = parse_qs((await request.body()).decode(errors="replace"))
        if not self._is("".join(form.get("token", [])).strip()):
            return login_page("This is not the token of this Dagit.")
        seconds = int(self._life.total_seconds())
        end = str(int(time.time()) + seconds)
        response = RedirectResponse("/", status_code=303)
        response.set_cookie(
            _cookie(request), f"{end}.{self._mark(end)}", max_age=seconds, secure=request.url.scheme == "https",
            httponly=True, samesite="strict",
        )  # fmt: skip
        return response

    def _is(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self._text)

    def _mark(self, end: str) -> str:
        return hmac.new(self._text, f"dagit session until {end}".encode(), hashlib.sha256).hexdigest()


def login_page(said: str = "") -> Response:
    """The page that asks for the token."""
    headers = {"content-security-policy": _POLICY, "cache-control": "no-store"}
    return HTMLResponse(_PAGE.format(action=LOGIN, said=said), status_code=401, headers=headers)


def _cookie(connection: HTTPConnection) -> str:
    port = connection.url.port
    prefix = "__Host-" if connection.url.scheme in ("https", "wss") else ""
    return f"{prefix}asklake-dagit{f'-{port}' if port else ''}"
