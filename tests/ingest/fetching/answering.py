"""A server on this machine that answers as a test says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Said:
    """An answer: `cut` bytes fewer are sent than are promised; one that `drips` never comes to the end of its head."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0
    drips: bool = False
    reason: str | None = None

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Api:
    """What a test's server was asked, and what it answers."""

    url: str
    answer: Callable[[dict[str, str]], Said] = lambda _query: Said([])
    by_path: Callable[[str], Said] | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    by_body: Callable[[Any], Said] | None = None
    """Answers what is posted as JSON; what is posted otherwise is answered by its path."""

    def in_turn(self, *answers: Any) -> None:
        """Answer the first question with the first, and every one beyond with the last."""
        turns = iter(answers)
        last: list[Said] = []

        def answer(_query: dict[str, str]) -> Said:
            for found in turns:
                last[:] = [found if isinstance(found, Said) else Said(found)]
                break
            return last[0]

        self.answer = answer


@contextmanager
def serving() -> Iterator[Api]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet, or each answer waits for an acknowledgement

        def do_POST(self) -> None:
            api.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            is_json = self.headers["content-type"] == "application/json"
            self._answer(api.by_body(json.loads(api.bodies[-1])) if is_json and api.by_body else None)

        def do_GET(self) -> None:
            self._answer()

        def _answer(self, said: Said | None = None) -> None:
            path = urlsplit(self.path).path
            api.paths.append(path)
            api.asked.append(dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True)))
            api.headers.append({name.lower(): value for name, value in self.headers.items()})
            said = said or (api.by_path(path) if api.by_path else api.answer(api.asked[-1]))
            if said.drips:
                self._drip()
                return
            self.send_response(said.status, said.reason)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(said.data)))
            self.end_headers()
            self.wfile.write(said.data[: len(said.data) - said.cut])
            self.close_connection = bool(said.cut)

        def _drip(self) -> None:
            self.close_connection = True
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
            with suppress(OSError):
                while True:
                    self.wfile.write(b"a")
                    self.wfile.flush()
                    time.sleep(0.02)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    api = Api(f"http://127.0.0.1:{server.server_port}/orders")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
