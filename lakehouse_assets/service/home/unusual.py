"""What is unusual in the domains of the first page, as `semantic.insights` has it; nothing is judged for the page.

Belongs here: which of it the page shows. Does not belong here: reading the table (lakehouse_assets.insight.published).
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache

from lakehouse_assets.domains.platform.contracts import INSIGHTS
from lakehouse_assets.insight.published import Noticed, noticed
from lakehouse_assets.service.home.documents import HomeUnusual

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from nlq.core.guard import Caller
    from nlq.core.vocabulary import Vocabulary

MOST = 3
"""How many there are of a domain at most, the most important first."""
OLDEST = timedelta(days=7)
"""How far behind the newest day of a domain what was judged may be: it is no news then."""
_REMEMBERED = 64


class UnusualReader:
    """Reads it once per state of the table and caller. Thread-safe."""

    def __init__(self, lake: Lake) -> None:
        """Nothing is read yet."""
        self._lake, self._lock = lake, threading.Lock()
        # LRU; the head of the table is part of the key, so a publication invalidates it.
        self._read: LRUCache[tuple[Any, ...], list[Noticed]] = LRUCache(_REMEMBERED)

    def of(
        self, heads: Mapping[str, str], caller: Caller, vocabulary: Vocabulary, domains: Collection[str]
    ) -> list[Noticed]:
        """What is unusual in some domains, the most important of each first.

        Args:
            heads: The state of the lake.
            caller: Who is told.
            vocabulary: What the caller may ask about.
            domains: Which.
        """
        head = heads.get(INSIGHTS.identifier)
        if head is None:
            return []
        key = (head, caller, vocabulary.fingerprint, tuple(domains))
        with self._lock:
            found = self._read.get(key)
        if found is None:
            with self._lake.session(heads=heads) as session:
                found = noticed(session, caller.tenant, domains, vocabulary)
            with self._lock:
                self._read[key] = found
        return found


def shown(found: Collection[Noticed], domain: str, newest: date | None, today: date) -> tuple[HomeUnusual, ...]:
    """What the page shows of a domain: nothing that was judged long before its newest day.

    Args:
        found: What is unusual in all domains.
        domain: Which.
        newest: The last day that there are data of.
        today: The day it is, which is not over.
    """
    told = [
        HomeUnusual(
            insight_id=one.insight.insight_id, kind=one.insight.kind, severity=one.insight.severity,
            good=one.insight.good, sentence=one.insight.sentence, until=one.until, plan=one.insight.plan,
            label=one.insight.label,
        )
        for one in found
        if one.insight.domain == domain and one.until and one.insight.end < today
        and (newest is None or newest - one.until <= OLDEST)
    ]  # fmt: skip
    return tuple(told[:MOST])
