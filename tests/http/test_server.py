"""The process of the server: it ends when it is told to, whatever its threads do; and what it allows by open files."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from lakehouse_assets.http.server import bounds_of
from lakehouse_assets.settings import Settings

HANGING = """
import sys, threading
import anyio.to_thread
from fastapi import FastAPI
from lakehouse_assets.settings import Settings
from lakehouse_assets.http import server
from lakehouse_assets.service.middleware import RequestMiddleware

server.DRAIN_S, server.END_S = 0, float(sys.argv[1])
app = FastAPI()

@app.get("/")
async def hang():
    print("in", flush=True)
    await anyio.to_thread.run_sync(threading.Event().wait)

app.add_middleware(RequestMiddleware)

class Listening(server.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        print(self.servers[0].sockets[0].getsockname()[1], flush=True)

Listening(server.configured(app, Settings(), "127.0.0.1", 0)).run()
"""


def test_a_process_ends_in_time_although_a_thread_hangs_and_tells_who_waits() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HANGING, "3.0"], stdout=subprocess.PIPE, text=True, env={**os.environ}
    ) as process:
        assert process.stdout
        port = int(process.stdout.readline())
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(httpx.get, f"http://127.0.0.1:{port}/", timeout=20)
            assert process.stdout.readline() == "in\n"
            process.send_signal(signal.SIGTERM)
            begun = time.monotonic()
            assert process.wait(20) in (-signal.SIGTERM, 128 + signal.SIGTERM)
            assert time.monotonic() - begun < 10
            told = asked.result()
    assert (told.status_code, told.json()["error"]["code"]) == (503, "ending") and told.headers["retry-after"]


def test_connections_leave_open_files_for_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for files, most in ((1024, 672), (300, 129), (100, 16), (20_000, 2048), (resource.RLIM_INFINITY, 2048)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, files=files: (files, files))
        bounds = bounds_of(Settings())
        assert (bounds.connections, bounds.per_address) == (most, most // 2)
    assert bounds_of(Settings(connections=50, connections_per_address=80)).per_address == 50
