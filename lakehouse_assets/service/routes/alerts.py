"""The addresses of alerts and subscriptions.

Belongs here: method, path, threads. Does not belong here: what is done (``alerts.handlers``).
"""

from __future__ import annotations

from fastapi import APIRouter

from lakehouse_assets.alerts.model import Draft
from lakehouse_assets.http.logs import logger
from lakehouse_assets.service.alerts.documents import (
    AlertDocument,
    AlertHistory,
    Alerts,
    Mute,
    OfferDocument,
    Test,
    Tested,
    UnderstoodDocument,
    Wish,
)
from lakehouse_assets.service.routes.dependencies import Admitted, Id, Served, errors

router = APIRouter(tags=["alerts"], responses=errors())


@router.get("/alerts")
async def alerts(service: Served, asker: Admitted) -> Alerts:
    """The alerts and subscriptions that the caller may see, and the targets that the caller may choose."""
    return await service.work.quick(service.alerts.list, asker)


@router.post("/alerts", status_code=201, responses=errors(409))
async def make(service: Served, asker: Admitted, body: Draft) -> AlertDocument:
    """Keep an alert or a subscription for the caller, whose tenant and role it has for good."""
    made = await service.work.run(asker.share, service.alerts.make, asker, body)
    logger().info("alert_made", alert_id=made.id, kind=made.kind, tenant=made.tenant, key_id=asker.key_id)
    return made


@router.post("/alerts/understand")
async def understand(service: Served, asker: Admitted, body: Wish) -> UnderstoodDocument:
    """What a sentence wishes for, as drafts for POST /alerts, said back in plain words; nothing is kept."""
    return await service.work.run(asker.share, service.alerts.understand, asker, body)


@router.post("/alerts/check")
async def check(service: Served, asker: Admitted, body: Draft) -> OfferDocument:
    """What a draft means, in plain words; nothing is kept."""
    return await service.work.run(asker.share, service.alerts.check, asker, body)


@router.post("/alerts/test")
async def test(service: Served, asker: Admitted, body: Test) -> Tested:
    """Send a test message to a target now, and tell whether it arrived."""
    return await service.work.run(asker.share, service.alerts.test, asker, body)


@router.get("/alerts/{alert_id}", responses=errors(404))
async def show(service: Served, asker: Admitted, alert_id: Id) -> AlertHistory:
    """An alert, what was told of it, and its messages."""
    return await service.work.quick(service.alerts.show, asker, alert_id)


@router.post("/alerts/{alert_id}/mute", responses=errors(404))
async def mute(service: Served, asker: Admitted, alert_id: Id, body: Mute) -> AlertDocument:
    """Send nothing of an alert until a moment, or again from now on."""
    return await service.work.quick(service.alerts.mute, asker, alert_id, body)


@router.delete("/alerts/{alert_id}", status_code=204, responses=errors(404))
async def remove(service: Served, asker: Admitted, alert_id: Id) -> None:
    """Let an alert be no more; its history stays as long as that of others."""
    await service.work.quick(service.alerts.remove, asker, alert_id)
    logger().info("alert_removed", alert_id=alert_id, tenant=asker.caller.tenant, key_id=asker.key_id)
