"""The address of dashboards that follow the data, a WebSocket.

Belongs here: admitting whoever opens one, its messages, its end. Does not belong here: what is computed when
(``live``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping
from contextlib import suppress
from typing import Any

import anyio
from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from lakehouse_assets.http.errors import ApiError, response_of
from lakehouse_assets.service.admission.access import Asker
from lakehouse_assets.service.admission.work import begin_waiting
from lakehouse_assets.service.dashboards.documents import TilesWanted
from lakehouse_assets.service.dashboards.live import Live, Viewer
from lakehouse_assets.service.middleware import request_id_of
from lakehouse_assets.service.routes.dashboards import Id, computed
from lakehouse_assets.service.routes.dependencies import Service
from nlq.core.plan import problem_of

LIFE_S = 900.0
"""Seconds after which a WebSocket ends: its page opens another, and is admitted anew."""
LOCAL_S, REMOTE_S = 0.05, 1.0
"""Seconds between two looks at a catalog: 0.3 ms in a file of this machine, a call elsewhere."""
_LIFE_OVER, _TRY_LATER, _REFUSED = 1012, 1013, 1008
"""Why it ends (RFC 6455 and IANA's registry): open another, later; not for this choice."""

router = APIRouter()


def live_of(service: Service) -> Live:
    """What follows the lake of a service."""
    lake = service.dashboards.lake
    local = lake.settings.parts.tables == "folder"

    async def heads() -> Mapping[str, str]:
        return await service.work.quick(lake.catalog.heads)

    async def compute(asker: Asker, dashboard: str, wanted: TilesWanted) -> Any:
        begin_waiting()
        return await computed(service, asker, dashboard, wanted)

    return Live(heads, compute, every_s=LOCAL_S if local else REMOTE_S)


@router.websocket("/ws/dashboards/{dashboard_id}")
async def follow(socket: WebSocket, dashboard_id: Id) -> None:
    """Follow a page of a dashboard: the client sends a choice as for POST .../tiles, and gets tiles as they move."""
    service: Service = socket.app.state.service
    try:
        asker = await service.admitted.result(_as_request(socket))
    except ApiError as error:
        await socket.send_denial_response(response_of(error, request_id_of(socket.scope)))
        await asyncio.sleep(0)  # uvicorn takes it for an answer once its connection has ended
        return
    await socket.accept()
    live: Live = socket.app.state.live
    viewer, code = Viewer(), _LIFE_OVER
    try:
        with suppress(WebSocketDisconnect), anyio.move_on_after(LIFE_S):
            code = await _talk(socket, viewer, live, service, dashboard_id, asker)
    finally:
        live.leave(viewer)
        with suppress(WebSocketDisconnect, RuntimeError):
            await socket.close(code)


async def _talk(
    socket: WebSocket, viewer: Viewer, live: Live, service: Service, dashboard_id: str, opened_by: Asker
) -> int:
    """Take choices and send tiles until one side ends it.

    Returns:
        Why this side does.
    """

    async def take() -> None:
        while True:
            text = await socket.receive_text()
            try:
                wanted = TilesWanted.model_validate_json(text)
            except ValidationError as error:
                raise ApiError(422, "invalid_request", f"{problem_of(error)}.") from None
            asker = await service.admitted.result(_as_request(socket))  # each choice is a call, and a key may be gone
            key = _key(service, asker, dashboard_id, wanted)
            await live.join(viewer, key, asker, dashboard_id, wanted)

    async def send() -> None:
        while True:
            text = await viewer.next()
            if not await service.work.quick(service.access.holds, _as_request(socket), opened_by):
                raise ApiError(401, "unauthorized", "The key was revoked meanwhile, or the session has ended.")
            await socket.send_text(text)

    tasks = {asyncio.ensure_future(take()), asyncio.ensure_future(send())}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    except ApiError as error:
        await socket.send_json({"error": {"code": error.code, "message": error.message, "details": error.details}})
        return _TRY_LATER if error.status == 503 else _REFUSED
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return _LIFE_OVER


def _key(service: Service, asker: Asker, dashboard_id: str, wanted: TilesWanted) -> Hashable:
    """What is the same of all who see the same; what one person made is seen by that person alone."""
    own = None if dashboard_id in service.dashboards.project.all() else (asker.key_id, asker.name)
    return asker.caller.tenant, asker.caller.role, own, dashboard_id, wanted.model_dump_json()


def _as_request(socket: WebSocket) -> Request:
    """The handshake as a request that may change something: a page elsewhere must not open it with a session."""
    scheme = "https" if socket.scope["scheme"] == "wss" else "http"
    return Request({**socket.scope, "type": "http", "method": "POST", "scheme": scheme})
