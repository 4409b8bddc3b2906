"""Whether the service can answer.

Belongs here: looking at each part it needs. Does not belong here: repairing any.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from nlq.service.access import Access
from nlq.service.logs import logger
from nlq.service.models import Health

if TYPE_CHECKING:
    from nlq.service.asking import Asking


class HealthCheck:
    """Looks at the catalog, the semantic layer and the database of questions."""

    def __init__(self, asking: Asking, access: Access, planner: str) -> None:
        """Nothing is looked at yet."""
        self._asking, self._access, self._planner = asking, access, planner

    def look(self) -> Health:
        """What works now; what does not is in the log with its reason."""
        asking = self._asking
        checks = {
            "catalog": _state("catalog", asking.lake.catalog.heads),
            "semantic layer": _state("semantic layer", asking.answerer.vocabulary),
            "questions": _state("questions", asking.journal.waiting),
        }
        return Health(
            status="ok" if set(checks.values()) == {"ok"} else "degraded",
            version=version("asklake"),
            profile=asking.lake.settings.profile,
            keys_required=self._access.keys_required(),
            planner=self._planner,
            stale_layer=asking.answerer.stale_layer,
            checks=checks,
        )


def _state(name: str, look: Callable[[], Any]) -> str:
    try:
        look()
    except Exception:  # whatever it is, the other parts are told of as well
        logger().exception("unhealthy", part=name)
        return "not reachable"
    return "ok"
