"""The guard before Dagit: which requests reach Dagster's webserver, and what browsers are told of its answers.

Dagster's webserver takes GraphQL, mutations too, by GET, as a form, from every page and under every name, from whoever
reaches it. The guard lets through what its own page sends, and what a program sends on purpose.
Belongs here: rules over one request. Does not belong here: tokens and sessions (token), what a request of GraphQL is
(graphql) or a report (reports), the messages of a WebSocket (subscriptions), starting the server (server).

The rules follow the Fetch Metadata and the WebSocket sections of the OWASP cheat sheets on cross-site request forgery.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress

from anyio import to_thread
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from lakehouse_assets.dagit.graphql import check_request, is_log_key, json_object
from lakehouse_assets.dagit.reports import check_report
from lakehouse_assets.dagit.subscriptions import Subscriptions
from lakehouse_assets.dagit.token import LOGIN, Token, login_page
from lakehouse_assets.http.addresses import is_loopback
from lakehouse_assets.http.errors import ApiError, response_of
from lakehouse_assets.http.origin import SAFE_METHODS, whence

LIVE = "/live"
"""Answered to everyone, so that a probe needs no token."""
GRAPHQL = "/graphql"
MAX_BODY = 4 << 20
"""Bytes of a request; a backfill that names its partitions one by one takes a few hundred thousand."""
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+?)\.?(:\d{1,5})?")
_NOTEBOOKS = ("/notebook", "/dagit/notebook")
"""Read any notebook of the machine by its path; there is none among the assets."""
_LOGS = "/logs/"
_LOG_FORM = re.compile(r"(?P<key>[^/]+(?:/[^/]+)*)/(?:out|err)")
_DEBUG = "/download_debug/"
_REPORTS = "/report_asset_"
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_log = logging.getLogger(__name__)


class Names:
    """The names by which the server may be asked for.

    A page elsewhere can make a name of its own mean this machine (DNS rebinding); it is then of the same origin as what
    it asks for, and only the name tells.
    """

    def __init__(self, names: Sequence[str]) -> None:
        """Keep the names besides those of this machine itself."""
        self._names = frozenset(name.strip("[]").casefold() for name in names)

    def __contains__(self, header: str) -> bool:
        match = _HOST.fullmatch(header)
        name = match["name"].strip("[]").casefold() if match else ""
        return bool(name) and (is_loopback(name) or name in self._names)


class Guard:
    """ASGI middleware around Dagster's webserver."""

    def __init__(self, app: ASGIApp, *, names: Names, token: Token | None, knows_run: Callable[[str], bool]) -> None:
        """Guard the app.

        Args:
            app: Dagster's webserver.
            names: The names by which it may be asked for.
            token: What is asked of everyone who reaches it; nothing if None.
            knows_run: Whether there is a run of an id; it may wait for the database.
        """
        self._app, self._names, self._token, self._knows_run = app, names, token, knows_run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or say why not."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            # A client that leaves before its request is whole is no defect: nobody is left to be told.
            with suppress(ClientDisconnect):
                await self._http(scope, receive, _with_headers(send))

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        refusal = self._of_name(connection) or _of_origin(connection) or self._of_token(connection)
        if refusal is None:
            said = Subscriptions(receive, send)
            await self._app(scope, said.receive, said.send)
            return
        _note(connection, refusal)
        await WebSocketClose(code=1008, reason=refusal.message[:100])(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        if scope["path"] == LIVE and scope["method"] in ("GET", "HEAD"):
            await PlainTextResponse("ok")(scope, receive, send)
            return
        refusal = self._of_name(connection) or _of_origin(connection) or _of_form(connection)
        if refusal is None and self._token and scope["path"] == LOGIN and scope["method"] == "POST":
            await (await self._token.log_in(scope, receive))(scope, receive, send)
            return
        refusal = (
            refusal or _of_media_type(connection) or self._of_token(connection) or await self._of_run(scope["path"])
        )
        if refusal is None and scope["method"] == "POST":
            body = await Request(scope, receive).body()
            refusal, receive = _of_body(scope["path"], body), _again(body, receive)
        if refusal:
            _note(connection, refusal)
            await _said(connection, refusal)(scope, receive, send)
            return
        await self._app(_only_the_page(scope), receive, send)

    def _of_name(self, connection: HTTPConnection) -> ApiError | None:
        names = connection.headers.getlist("host")
        if len(names) == 1 and names[0] in self._names:
            return None
        shown = ", ".join(names)[:100] or "no name"
        how = "open it by localhost, or add the name to ASKLAKE_DAGIT_HOSTS"
        return ApiError(403, "unknown_host", f"Dagit does not answer at “{shown}”: {how}.")

    def _of_token(self, connection: HTTPConnection) -> ApiError | None:
        if self._token is None or self._token.is_in_header(connection):
            return None
        if not self._token.has_session(connection):
            how = "Open Dagit in a browser, or send “Authorization: Bearer <token>”."
            return ApiError(401, "unauthorized", f"A token is required. {how}", headers={"WWW-Authenticate": "Bearer"})
        # A browser that says nothing of the page is not one that a session was opened in.
        if not _is_safe(connection) and whence(connection) != "here":
            return _elsewhere()
        return None

    async def _of_run(self, path: str) -> ApiError | None:
        """Refuse a run that there is not, at which the webserver breaks."""
        if path.startswith(_DEBUG) and not await to_thread.run_sync(self._knows_run, path.removeprefix(_DEBUG)):
            return ApiError(404, "not_found", "There is no run of this id.")
        return None


def _of_origin(connection: HTTPConnection) -> ApiError | None:
    """Refuse what a page elsewhere sends; only a person's click on a link may come from there."""
    if whence(connection) != "elsewhere":
        return None
    headers = connection.headers
    by_a_link = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return None if by_a_link and _is_safe(connection) else _elsewhere()


def _of_form(connection: HTTPConnection) -> ApiError | None:
    """Refuse what could be read in more than one way, or is larger than anything Dagit sends."""
    method, path = connection.scope["method"], connection.scope["path"]
    if not path.isprintable() or ".." in path.split("/"):
        return ApiError(400, "bad_request", "The path holds a control character, or “..”.")
    if method not in ("GET", "HEAD", "POST"):
        return ApiError(405, "method_not_allowed", "Dagit takes GET and POST.", headers={"Allow": "GET, HEAD, POST"})
    if path.rstrip("/") in _NOTEBOOKS:
        return ApiError(404, "not_found", "There are no notebooks here.")
    if path.startswith(_LOGS) and not _is_log(path.removeprefix(_LOGS)):
        return ApiError(404, "not_found", "There is no log at this address.")
    if method == "POST":
        length = connection.headers.get("content-length", "")
        if not length.isdecimal():
            return ApiError(411, "length_required", "Say how long the body is: send Content-Length.")
        if int(length[:20]) > MAX_BODY:
            return ApiError(413, "too_large", f"A request to Dagit has at most {MAX_BODY >> 20} MB.")
    elif _is_graphql(path) and "text/html" not in connection.headers.get("accept", ""):
        return ApiError(
            405, "method_not_allowed", "GraphQL is taken by POST with content-type application/json.",
            headers={"Allow": "POST"},
        )  # fmt: skip
    return None


def _of_media_type(connection: HTTPConnection) -> ApiError | None:
    """Refuse a body that a form, or a script without a preflight, could send."""
    if connection.scope["method"] != "POST":
        return None
    types = connection.headers.getlist("content-type")
    if len(types) == 1 and types[0].partition(";")[0].strip() == "application/json":
        return None
    return ApiError(415, "unsupported_media_type", "Send content-type application/json.")


def _is_log(rest: str) -> bool:
    match = _LOG_FORM.fullmatch(rest)
    return match is not None and is_log_key(match["key"].split("/"))


def _of_body(path: str, body: bytes) -> ApiError | None:
    """Refuse a body that is none; Dagster's webserver takes it for a defect of its own."""
    try:
        sent = json_object(body.decode())
        if _is_graphql(path):
            check_request(sent)
        elif path.startswith(_REPORTS):
            check_report(sent)
    except UnicodeDecodeError:
        return ApiError(400, "bad_request", "The body is not in UTF-8.")
    except ApiError as error:
        return error
    return None


def _again(body: bytes, receive: Receive) -> Receive:
    """Give a body once more, then what follows it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def given() -> Message:
        return messages.pop() if messages else await receive()

    return given


def _only_the_page(scope: Scope) -> Scope:
    """The scope in which GraphQL by GET is its page, whatever the query says: the server runs one if asked for JSON."""
    if scope["method"] == "POST" or not _is_graphql(scope["path"]):
        return scope
    others = [(name, value) for name, value in scope["headers"] if name.lower() != b"accept"]
    return {**scope, "headers": [*others, (b"accept", b"text/html")]}


def _is_graphql(path: str) -> bool:
    return path.rstrip("/").rpartition("/")[2].casefold() == GRAPHQL.strip("/")


def _is_safe(connection: HTTPConnection) -> bool:
    return connection.scope["type"] == "http" and connection.scope["method"] in SAFE_METHODS


def _elsewhere() -> ApiError:
    return ApiError(403, "forbidden", "This request comes from another page. Open Dagit itself, and act there.")


def _note(connection: HTTPConnection, refusal: ApiError) -> None:
    origin = connection.headers.get("origin", "")[:100]
    _log.warning(
        "refused %s: %s %r from %r", refusal.code, connection.scope.get("method", "websocket"),
        connection.scope["path"][:100], origin,
    )  # fmt: skip


def _said(connection: HTTPConnection, refusal: ApiError) -> Response:
    if refusal.status == 401 and "text/html" in connection.headers.get("accept", ""):
        return login_page()
    return response_of(refusal, secrets.token_hex(8))


def _with_headers(send: Send) -> Send:
    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            # Beside the page's own policy, not in its place: of several all hold.
            headers.append("content-security-policy", "frame-ancestors 'none'")
            for name, value in (("referrer-policy", "same-origin"), ("cache-control", "private")):
                headers.setdefault(name, value)
        await send(message)

    return told
