"""Who follows a dashboard is sent nothing more once the key is revoked, though the WebSocket is open yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lakehouse_assets.service.admission.access import ANONYMOUS, Access, Asker
from lakehouse_assets.service.admission.limits import LimiterInProcess
from lakehouse_assets.service.dashboards.live import Viewer
from lakehouse_assets.service.routes.live import _talk
from nlq.storage.keys import KeyStore


class Socket:
    """The side of the service of a WebSocket whose client says nothing."""

    def __init__(self, **headers: str) -> None:
        self.scope = {
            "type": "websocket", "scheme": "ws", "path": "/", "query_string": b"",
            "headers": [(name.encode(), text.encode()) for name, text in {"host": "localhost", **headers}.items()],
        }  # fmt: skip
        self.sent: list[Any] = []

    async def receive_text(self) -> str:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def send_text(self, text: str) -> None:
        self.sent.append(text)

    async def send_json(self, document: Any) -> None:
        self.sent.append(document)


@pytest.mark.parametrize("holder", ["key", "session", "nobody"])
def test_nothing_is_sent_after_a_key_was_revoked(tmp_path: Path, holder: str) -> None:
    keys = KeyStore(f"sqlite:///{tmp_path}/keys.db")
    access = Access(keys, LimiterInProcess(()), loopback=True, session_life=timedelta(hours=1))
    asker, headers, end = _holder(keys, holder)

    async def quick(function: Callable[..., bool], *args: Any) -> bool:
        return function(*args)

    service: Any = SimpleNamespace(access=access, work=SimpleNamespace(quick=quick))
    socket, viewer = Socket(**headers), Viewer()

    async def course() -> int:
        talk = asyncio.create_task(_talk(socket, viewer, SimpleNamespace(), service, "d", asker))  # type: ignore[arg-type]
        viewer.offer({"x": "1"})
        while not socket.sent:
            await asyncio.sleep(0)
        end()
        viewer.offer({"x": "2"})
        return await asyncio.wait_for(talk, 10)

    assert asyncio.run(course()) == 1008
    first, last = socket.sent
    assert '"tiles": [1]' in first
    assert last["error"]["code"] == "unauthorized"
    keys.close()


def _holder(keys: KeyStore, holder: str) -> tuple[Asker, dict[str, str], Callable[[], object]]:
    if holder == "nobody":
        return ANONYMOUS, {}, lambda: keys.create("the first key")
    key, text = keys.create("me")
    asker = Asker(key.caller, key.name, key.id)
    if holder == "key":
        return asker, {"authorization": f"Bearer {text}"}, lambda: keys.revoke(key.id)
    _, held = keys.open_session(key, timedelta(hours=1))
    return asker, {"cookie": f"asklake={held}"}, lambda: keys.end_session(held)
