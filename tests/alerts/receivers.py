"""Receivers of messages, real ones on this machine: a mail server and an HTTP server, well or ill as a test wants."""

from __future__ import annotations

import http.server
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Received:
    """What a receiver was sent; `answers` is how it answers next, the last of them from then on."""

    port: int = 0
    answers: list[str] = field(default_factory=lambda: ["well"])
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def next(self) -> str:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(body, policy=policy.default) for body in self.bodies]  # type: ignore[misc]


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Threads(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def http_receiver() -> Iterator[Received]:
    """An HTTP server: well, a status, `hangs`, `resets`, `drips` its answer, or `redirects` to itself."""
    received = Received()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            how = received.next()
            if how == "resets":
                self.connection.close()
                return
            if how in ("hangs", "drips"):
                for _ in range(200):
                    time.sleep(0.1)
                    if how == "drips":
                        self.wfile.write(b"H")
                        self.wfile.flush()
                return
            received.bodies.append(body)
            received.headers.append({name.lower(): value for name, value in self.headers.items()})
            if how == "redirects":
                self.send_response(307)
                self.send_header("location", f"http://127.0.0.1:{received.port}/elsewhere")
            else:
                self.send_response(200 if how == "well" else int(how))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with _serving(_Threads(("127.0.0.1", 0), Handler)) as port:
        received.port = port
        yield received


_ILL = (
    ("RCPT", "refuses", "550 no such user"), ("RCPT TO:<A@", "refuses a", "550 no such user"),
    ("RCPT", "busy", "451 later"),
)  # fmt: skip


@contextmanager
def mail_receiver() -> Iterator[Received]:
    """A mail server (RFC 5321): well, `refuses` recipients, `refuses a`, `busy` (451), `hangs` or `resets`."""
    received = Received()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            how = received.next()
            self.say("220 here")
            if how == "resets":
                return
            if how == "hangs":
                time.sleep(20)
                return
            while line := self.rfile.readline().decode().strip():
                received.lines.append(line)
                word = line.partition(" ")[0].upper()
                if word == "DATA":
                    self.say("354 go on")
                    self.take()
                    self.say("250 taken")
                elif word == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say(
                        next(
                            (says for begins, ill, says in _ILL if (how, line[: len(begins)].upper()) == (ill, begins)),
                            "250 yes",
                        )
                    )

        def take(self) -> None:
            lines: list[bytes] = []
            while (line := self.rfile.readline()) != b".\r\n":
                lines.append(line[1:] if line.startswith(b"..") else line)
            received.bodies.append(b"".join(lines))

    with _serving(_Threads(("127.0.0.1", 0), Handler)) as port:
        received.port = port
        yield received
