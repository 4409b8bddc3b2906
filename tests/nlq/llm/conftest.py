"""An OpenAI-compatible endpoint that says what a test tells it to, over real HTTP."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from nlq.llm.client import ModelClient


@dataclass
class Script:
    """What the endpoint says next: each entry makes one response; the last one repeats. Requests are kept."""

    url: str = ""
    steps: list[Callable[[Handler], None]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def says(self, *contents: Any) -> None:
        """Chat completions with these texts; what is no text is written as JSON."""
        self.steps = [_completion({"content": c if isinstance(c, str) else json.dumps(c)}) for c in contents]

    def plan(self, **plan: Any) -> None:
        self.says({"plan": plan, "confidence": 0.9})

    @property
    def prompts(self) -> list[str]:
        """All messages of each request, as one text."""
        return ["\n".join(m["content"] for m in request["messages"]) for request in self.requests]


class Handler(BaseHTTPRequestHandler):
    """One request of the client."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        script: Script = self.server.script  # pyright: ignore[reportAttributeAccessIssue]
        script.requests.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        step = script.steps.pop(0) if len(script.steps) > 1 else script.steps[0]
        step(self)

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in {"content-type": "application/json", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            pass  # the client no longer waits


def _completion(message: dict[str, Any]) -> Callable[[Handler], None]:
    document = {
        "id": "c", "object": "chat.completion", "created": 0, "model": "scripted",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **message}}],
    }  # fmt: skip
    return lambda handler: handler.answer(200, json.dumps(document).encode())


def tool_call(arguments: Any) -> Callable[[Handler], None]:
    """A completion that answers by calling a tool."""
    call = {"id": "t", "type": "function", "function": {"name": "reply", "arguments": json.dumps(arguments)}}
    return _completion({"tool_calls": [call]})


def status(code: int, headers: dict[str, str] | None = None) -> Callable[[Handler], None]:
    """An error of the endpoint."""
    body = json.dumps({"error": {"message": f"scripted {code}", "type": "error"}}).encode()
    return lambda handler: handler.answer(code, body, headers)


def raw(body: bytes) -> Callable[[Handler], None]:
    """A response that is no completion."""
    return lambda handler: handler.answer(200, body)


def slow(seconds: float) -> Callable[[Handler], None]:
    """A completion that comes too late."""

    def step(handler: Handler) -> None:
        time.sleep(seconds)
        _completion({"content": "{}"})(handler)

    return step


@pytest.fixture
def script() -> Iterator[Script]:
    """The endpoint, on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    script = Script(f"http://127.0.0.1:{server.server_port}/v1")
    server.script = script  # pyright: ignore[reportAttributeAccessIssue]
    # It looks this often whether it is to end, by default every half second.
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield script
    server.shutdown()
    server.server_close()


@pytest.fixture
def slept() -> list[float]:
    """How long the client waited between tries."""
    return []


@pytest.fixture
def client(script: Script, slept: list[float]) -> ModelClient:
    """A client of the endpoint that does not really wait between tries."""
    return ModelClient(script.url, "scripted", timeout_s=5.0, sleep=slept.append)
