"""A forwarder before the S3 server that answers some requests with an error of S3, or late.

Belongs here: forwarding and answering. Does not belong here: which requests fail (tests).
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_HOP = {"connection", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True)
class Fault:
    """What happens to a request: it waits, in seconds, and is then answered with an error, if one is named."""

    status: int = 0
    code: str = ""
    delay_s: float = 0.0


Plan = Callable[[int], Fault | None]
"""The fault of the request of a number, counted from 0; none where it goes through."""


class FaultyS3(ThreadingHTTPServer):
    """The forwarder; what `plan` says holds from the next request on."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        """Listen on a free port of this machine."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream).netloc
        self.plan: Plan = lambda _number: None
        self.answered: list[int] = []
        self._lock = threading.Lock()
        self._seen = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def fault(self) -> Fault | None:
        """The fault of the request that has just come in."""
        with self._lock:
            number, self._seen = self._seen, self._seen + 1
        return self.plan(number)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyS3  # pyright: ignore[reportIncompatibleVariableOverride]

    def _serve(self) -> None:
        chunked = "chunked" in self.headers.get("transfer-encoding", "")
        body = self._chunks() if chunked else self.rfile.read(int(self.headers.get("content-length") or 0))
        fault = self.server.fault()
        if fault:
            time.sleep(fault.delay_s)
        if fault and fault.status:
            self.server.answered.append(fault.status)
            text = f"<Error><Code>{fault.code}</Code><Message>as the test wants it</Message></Error>".encode()
            self._answer(fault.status, [("Content-Type", "application/xml")], text)
            return
        connection = http.client.HTTPConnection(self.server.upstream, timeout=60)
        try:
            # The headers go on as they are: the signature is of the host that the client named.
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("expect", *_HOP):
                    connection.putheader(name, value)
            if chunked:
                connection.putheader("Transfer-Encoding", "chunked")
            connection.endheaders([body] if chunked else body, encode_chunked=chunked)
            answer = connection.getresponse()
            headers = [(n, v) for n, v in answer.getheaders() if n.lower() not in _HOP]
            self._answer(answer.status, headers, answer.read())
        finally:
            connection.close()

    def _chunks(self) -> bytes:
        """The body of a request that did not say how long it is."""
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def before(upstream: str) -> Iterator[FaultyS3]:
    """A forwarder to an S3 server, for as long as the block lasts."""
    server = FaultyS3(upstream)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
