"""Whether the service can answer.

Belongs here: looking at each part it needs. Does not belong here: repairing any.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextvars import Context
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

import anyio
import anyio.to_thread
from pydantic import BaseModel, Field

from lakehouse_assets.http.logs import logger
from lakehouse_assets.service.admission.access import Access
from nlq.answering.parts import StaleLayer

if TYPE_CHECKING:
    from lakehouse_assets.service.questions.handlers import Handlers
    from nlq.storage.journal import Journal


KEPT_S = 2.0
LONGEST_S = 4.0


class Health(BaseModel):
    """Whether the service can answer."""

    status: Literal["ok", "degraded"]
    version: str
    profile: str
    keys_required: bool = Field(description="False on one's own machine as long as there is no key.")
    planner: str = Field(description="rules, or model+rules", examples=["rules"])
    stale_layer: StaleLayer | None = Field(
        default=None, description="Why answers are by an earlier semantic layer than the project's files, if they are."
    )
    checks: dict[str, str] = Field(description="ok, or what is wrong, by part.", examples=[{"catalog": "ok"}])


class HealthCheck:
    """Looks at the catalog, the semantic layer and the database of questions, once for all who ask within a moment."""

    def __init__(self, handlers: Handlers, access: Access, planner: str) -> None:
        """Nothing is looked at yet."""
        self._handlers, self._access, self._planner = handlers, access, planner
        # Looked up while other threads import packages, it is at times not found.
        self._version = version("asklake")
        self._thread = anyio.CapacityLimiter(1)
        self._looking: asyncio.Task[Health] | None = None
        self._kept: Health | None = None
        self._until = 0.0

    async def now(self) -> Health:
        """What worked a moment ago; a part that does not answer in time does not work."""
        if self._kept is None or time.monotonic() >= self._until:
            # The look under way is everyone's: parts that hang hold one thread, whoever asks, and it goes on when the
            # one who asked first has left.
            looking = self._looking or asyncio.create_task(self._look(), context=Context())
            self._looking = looking
            done, _ = await asyncio.wait({looking}, timeout=LONGEST_S)
            if not done:
                return self._health({"service": "does not answer in time"}, keys_required=True)
            return looking.result()
        return self._kept

    async def _look(self) -> Health:
        try:
            self._kept = await anyio.to_thread.run_sync(self.look, limiter=self._thread)
            self._until = time.monotonic() + KEPT_S
            return self._kept
        finally:
            self._looking = None

    def look(self) -> Health:
        """What works now; what does not is in the log with its reason."""
        handlers = self._handlers
        checks = {
            "catalog": _state("catalog", handlers.lake.catalog.heads),
            "semantic layer": _state("semantic layer", handlers.answerer.vocabulary),
            "questions": _state("questions", handlers.journal.waiting),
            "answers": _state("answers", partial(_refuse_if_failing, handlers.journal)),
        }
        keys: list[bool] = []
        checks["keys"] = _state("keys", lambda: keys.append(self._access.keys_required()))
        return self._health(checks, keys_required=keys != [False])

    def _health(self, checks: dict[str, str], *, keys_required: bool) -> Health:
        return Health(
            status="ok" if set(checks.values()) == {"ok"} else "degraded",
            version=self._version,
            profile=self._handlers.lake.settings.profile,
            keys_required=keys_required,
            planner=self._planner,
            stale_layer=self._handlers.answerer.stale_layer,
            checks=checks,
        )


def _refuse_if_failing(journal: Journal) -> None:
    if failing := journal.failing:
        raise _NotPublishedError(
            f"not published since {failing.since:%Y-%m-%dT%H:%M:%S}Z; they are kept until they are"
        )


class _NotPublishedError(Exception):
    """What a check says itself, for whoever asks how the service is."""


def _state(name: str, look: Callable[[], Any]) -> str:
    try:
        look()
    except _NotPublishedError as error:
        return str(error)
    except Exception:  # whatever it is, the other parts are told of as well
        logger().exception("unhealthy", part=name)
        return "not reachable"
    return "ok"
