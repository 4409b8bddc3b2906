"""Sending to webhooks: Slack's and what is compatible with them, and any other, whose messages are signed.

Belongs here: one POST and what its answer means. Does not belong here: the bodies (``messages``), when it is tried
again (``outbox``).

A message to a webhook has ``Idempotency-Key``, its id, which stays the same however often it is sent;
``X-Asklake-Timestamp``, the seconds since 1970 when it was sent; and ``X-Asklake-Signature``, ``v1=`` and HMAC-SHA256
in hex by the secret of the target, of the timestamp, a full stop and the body. Whoever receives it computes the same
and refuses what is older than some minutes. Redirects are not followed.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
import ssl
import time
from contextlib import closing
from http import HTTPStatus
from urllib.parse import urlsplit

from lakehouse_assets.alerts.messages import Message, as_document, as_slack
from lakehouse_assets.alerts.sending.bounded import STEP_S, NotSentError, connected, in_time
from lakehouse_assets.alerts.targets import Target

_MOST_READ = 4_096
_PORTS = {"https": 443, "http": 80}


class _Connection(http.client.HTTPConnection):
    """A connection over a socket that is there, which is never opened again elsewhere."""

    def __init__(self, host: str, port: int, held: socket.socket) -> None:
        super().__init__(host, port, timeout=STEP_S)
        self.sock = held
        self.auto_open = 0


def send(target: Target, message: Message, *, private: bool, at: float | None = None) -> None:
    """Send a message to a webhook.

    Args:
        target: Where to.
        message: What.
        private: Whether hosts of private networks may be called, and hosts without TLS.
        at: Seconds since 1970 that it is signed with; the clock's if None.

    Raises:
        NotSentError: it did not arrive, or the other end did not say that it did.
    """
    parts = urlsplit(target.url.get_secret_value())
    if parts.scheme not in _PORTS or not parts.hostname or parts.username is not None:
        raise NotSentError("its address in ASKLAKE_TARGET_ACCESS is no https:// address without user")
    if parts.scheme == "http" and not private:
        raise NotSentError("its address is not https://, which ASKLAKE_PRIVATE_TARGETS would have to allow")
    document = as_slack(message) if target.kind == "slack" else as_document(message)
    body = json.dumps(document, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "asklake",
        "Idempotency-Key": message.id,
    }
    if target.kind == "webhook":
        headers |= signature(target.secret.get_secret_value(), body, str(int(time.time() if at is None else at)))
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    port = parts.port or _PORTS[parts.scheme]
    with closing(_Connection(parts.hostname, port, connected(parts.hostname, port, private=private))) as connection:
        status = _posted(connection, parts.scheme == "https", path, body, headers)
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise NotSentError(f"it answered {status}")


def signature(secret: str, body: bytes, timestamp: str) -> dict[str, str]:
    """The headers that a message is signed by."""
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Asklake-Timestamp": timestamp, "X-Asklake-Signature": f"v1={signed}"}


def _posted(connection: _Connection, secure: bool, path: str, body: bytes, headers: dict[str, str]) -> int:
    host, port = connection.host, connection.port
    # The port is left out of Host where it is the scheme's own, which HTTPConnection thinks is 80.
    named = f"[{host}]" if ":" in host else host
    named = named if port == _PORTS["https" if secure else "http"] else f"{named}:{port}"
    try:
        with in_time(lambda: connection.sock):
            connection.sock.settimeout(STEP_S)
            if secure:
                connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
            connection.request("POST", path, body, {**headers, "Host": named})
            answer = connection.getresponse()
            answer.read(_MOST_READ)
            return answer.status
    except ssl.SSLCertVerificationError:
        raise NotSentError("its certificate is not valid for its host") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = isinstance(error, TimeoutError)
        raise NotSentError(f"it {'did not answer in time' if late else 'broke the connection off'}") from None
