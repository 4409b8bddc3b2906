"""What is worth saying to a caller, without HTTP: as it was published, or found once per state of the lake and caller.

Belongs here: the course of it for an asker, and its document. Does not belong here: finding insights
(lakehouse_assets.insight).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache
from pydantic import BaseModel, ConfigDict, Field

from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.http.logs import logger
from lakehouse_assets.insight.finding import UNREADABLE
from lakehouse_assets.insight.model import Insights
from lakehouse_assets.insight.published import insights_now
from lakehouse_assets.service.questions.handlers import vocabulary_of
from lakehouse_assets.service.questions.models import Now
from nlq.core.judged import domains_of
from nlq.core.plan import Name
from nlq.core.utc import utc_now

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.service.admission.access import Asker
    from nlq.answering.answer import Answerer

_REMEMBERED = 256


class InsightsWanted(BaseModel):
    """Which insights are wanted."""

    model_config = ConfigDict(extra="forbid")

    domain: Name | None = Field(default=None, description="One domain; all that the caller may ask about if missing.")
    now: Now | None = Field(default=None, description="The moment it is, UTC; the service's clock if missing.")


class InsightsFound(BaseModel):
    """The insights of each domain."""

    domains: tuple[Insights, ...]
    problems: tuple[str, ...] = Field(default=(), description="What could not be judged now.")
    elapsed_ms: float


@dataclass
class Entered:
    """A caller who wants insights, and the state of the lake that they are of."""

    heads: Mapping[str, str]
    fingerprint: str
    today: date
    begun: float
    domains: Sequence[str]
    found: dict[str, Insights] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def document(self) -> InsightsFound:
        """What was found, domain by domain."""
        found = tuple(self.found[name] for name in self.domains if name in self.found)
        elapsed = round((time.perf_counter() - self.begun) * 1000, 1)
        return InsightsFound(domains=found, problems=tuple(self.problems), elapsed_ms=elapsed)


class InsightHandlers:
    """Finds insights for callers. Its methods wait for the engine: call them in worker threads."""

    def __init__(self, lake: Lake, answerer: Answerer) -> None:
        """Nothing is read yet."""
        self._lake, self._answerer, self._lock = lake, answerer, threading.Lock()
        # LRU; the fingerprint of the vocabulary, which has the state of its tables, is part of the key.
        self._kept: LRUCache[tuple[Any, ...], Insights] = LRUCache(_REMEMBERED)

    def enter(self, asker: Asker, wanted: InsightsWanted) -> Entered:
        """Which domains there are for a caller.

        Raises:
            ApiError: the caller may see nothing, or not the domain.
        """
        begun, moment = time.perf_counter(), wanted.now or utc_now()
        vocabulary, heads = vocabulary_of(self._answerer, asker), self._lake.catalog.heads()
        domains = domains_of(vocabulary)
        if wanted.domain is not None and wanted.domain not in domains:
            message = f"There is no domain “{wanted.domain}” with figures by day for you."
            raise ApiError(404, "unknown_domain", message, {"nearest": domains})
        today = self._answerer.today(asker.caller, moment)
        chosen = [wanted.domain] if wanted.domain else domains
        return Entered(heads, vocabulary.fingerprint or _state(heads), today, begun, chosen)

    def find(self, asker: Asker, entered: Entered, domain: str) -> None:
        """Find the insights of a domain; where its figures cannot be read, the others are shown without it."""
        key = (entered.fingerprint, asker.caller, entered.today, domain)
        with self._lock:
            found = self._kept.get(key)
        if found is None:
            try:
                with self._lake.session(heads=entered.heads) as session:
                    found = insights_now(self._answerer, asker.caller, session, domain, entered.today)
            except UNREADABLE:
                logger().exception("insights_not_found", domain=domain)
                entered.problems.append(f"The figures of {domain} cannot be judged now.")
                return
            with self._lock:
                self._kept[key] = found
        entered.found[domain] = found


def _state(heads: Mapping[str, str]) -> str:
    return repr(sorted(heads.items()))
