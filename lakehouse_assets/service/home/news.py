"""What is new in the lake: loads of the last days and the records they refused.

Belongs here: reading it from the loads, for a caller. Does not belong here: the quarantine itself, or how fresh tables
are (handlers).
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache

from lakehouse_assets.domains import contract_of
from lakehouse_assets.http.logs import logger
from lakehouse_assets.ingest.contracts import LOADS
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError, QueryTimeoutError
from lakehouse_assets.service.home.documents import News

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

MOST, DAYS = 20, 7
"""How many pieces of news there are at most, and of how many days."""
_TIMEOUT_S = 5.0
_REMEMBERED = 64


class NewsReader:
    """Reads the news once per state of the loads, tenant and day. Thread-safe."""

    def __init__(self, lake: Lake) -> None:
        """Nothing is read yet."""
        self._lake, self._lock = lake, threading.Lock()
        # LRU; the head of the table is part of the key, so a publication invalidates it.
        self._read: LRUCache[tuple[Any, ...], list[dict[str, Any]]] = LRUCache(_REMEMBERED)

    def of(
        self, heads: Mapping[str, str], tenant: str | None, now: datetime, domains: Collection[str]
    ) -> tuple[News, ...]:
        """What happened lately in some domains, the newest first.

        Args:
            heads: The state of the lake.
            tenant: Whose loads; those of all if None.
            now: The moment, UTC without zone.
            domains: Those that the caller may ask about.
        """
        head = heads.get(LOADS.identifier)
        if head is None:
            return ()
        key = (head, tenant, now.date())
        with self._lock:
            rows = self._read.get(key)
        if rows is None:
            rows = self._rows(heads, tenant, now)
            with self._lock:
                self._read[key] = rows
        found = [news for row in rows for news in _told(row) if news.domain in domains]
        return tuple(found[:MOST])

    def _rows(self, heads: Mapping[str, str], tenant: str | None, now: datetime) -> list[dict[str, Any]]:
        of_tenant, whose = (" and tenant_id = ?", [tenant]) if tenant is not None else ("", [])
        sql = (
            "select target_table, sum(rows_loaded) as loaded, sum(rows_quarantined) as refused, "
            f"max(loaded_at) as last_at from {LOADS.identifier} where loaded_at >= ?{of_tenant} "
            "group by target_table order by last_at desc, 1"
        )
        since = datetime.combine((now - timedelta(days=DAYS)).date(), datetime.min.time())
        try:
            with self._lake.session(heads=heads) as session:
                return session.query(sql, [since, *whose], timeout_s=_TIMEOUT_S).to_pylist()
        except (QueryRefusedError, QueryTimeoutError):  # the page has more than news
            logger().exception("news_not_read")
            return []


def _told(row: Mapping[str, Any]) -> list[News]:
    table = str(row["target_table"])
    try:
        domain = contract_of(table).domain
    except LookupError:
        return []
    name = table.rpartition(".")[2].replace("_", " ")

    def news(kind: Any, count: int, says: str) -> News:
        return News(kind=kind, domain=domain, table=table, count=count, says=f"{count:,} {says}", at=row["last_at"])

    loaded, refused = int(row["loaded"] or 0), int(row["refused"] or 0)
    told = [news("loaded", loaded, f"records of {name} loaded in the last {DAYS} days")] if loaded else []
    if refused:
        told.append(news("quarantine", refused, f"records of {name} refused; they wait in quarantine"))
    return told
