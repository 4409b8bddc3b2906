"""Searching for a caller: which namespaces it may search, which rules it fulfils, what is shown of what was found.

Belongs here: that. Does not belong here: ranking (``index``), the address and the command.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from lakehouse_assets.search import meaning
from lakehouse_assets.search.index import MOST_HELD, Candidate, Index, nearness_elsewhere, search
from lakehouse_assets.search.model import (
    ELSEWHERE,
    MOST_ASKED,
    MOST_FOUND,
    OPERATORS,
    SHARED,
    Found,
    Hit,
    Kind,
    namespace_of,
)
from lakehouse_assets.search.store import Shown, Store
from nlq.core.guard import ROLES, Caller
from nlq.core.vocabulary import Vocabulary

NOTHING_NEAR = "Nothing that you may see is near this. Say it in other words, or look through the catalog."
NOTHING_YET = (
    "Nothing that you may find has been indexed yet: `asklake search --update` does it, and so does the daemon of "
    "`asklake dev`."
)
_TOO_MANY = (
    "Tenants not searched: {count}, those with the most passages, for together all have more than the {most:,} that a "
    "search reads. Search for a single tenant to find what is theirs."
)
_UNREAD = "{count} of the passages are found by their words only, until they were read for their meaning."


class SearchRefusedError(Exception):
    """What was asked for is no search, or the caller may search nothing; `code` is for programs."""

    def __init__(self, code: str, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.code = code


@dataclass
class Searcher:
    """Searches the index of one lake. Thread-safe."""

    store: Store
    index: Index = field(init=False)

    def __post_init__(self) -> None:
        """Hold nothing yet."""
        self.index = Index(self.store)

    def find(
        self, query: str, caller: Caller, vocabulary: Vocabulary, kinds: Sequence[Kind] = (), limit: int = 10
    ) -> Found:
        """What is near some words, as far as a caller may see it.

        Args:
            query: The words; at most MOST_ASKED characters.
            caller: Who searches. Its tenant decides which rows are searched at all.
            vocabulary: What that caller may ask about.
            kinds: Only of these kinds; of all if none is named.
            limit: How many at most, 1 to MOST_FOUND.

        Raises:
            SearchRefusedError: there are no words, or too many, or the role is shown nothing.
        """
        begun = time.perf_counter()
        query = " ".join(query.split())
        _check(query, caller, limit)
        names, left_out = self._namespaces_of(caller)
        namespaces = self.index.opened([ELSEWHERE, *names])
        elsewhere = namespaces.pop(ELSEWHERE, None)
        asked = meaning.of_query(query) if meaning.is_installed() else None
        off = nearness_elsewhere(elsewhere, asked) if asked is not None else 0.0
        found, could, unread = search(namespaces, query, asked, _fulfils(caller, vocabulary), kinds, limit, off)
        at = self.store.updated_at()
        hits = self._hits(found)
        return Found(
            query=query, hits=hits, passages=could, by_meaning=asked is not None,
            note=_note(hits, could, unread, left_out),
            indexed_at=at.isoformat(timespec="seconds") + "Z" if isinstance(at, datetime) else None,
            elapsed_ms=round((time.perf_counter() - begun) * 1000, 3),
        )  # fmt: skip

    def _namespaces_of(self, caller: Caller) -> tuple[list[str], int]:
        """The namespaces that a caller may search, and how many of its tenants are too many for one search.

        Those of everyone, and of its tenant; of no single tenant all, those with the fewest passages first.
        """
        if caller.tenant is not None:
            return [SHARED, namespace_of(caller.tenant)], 0
        sizes = self.store.sizes()
        names = [SHARED, OPERATORS]
        left = MOST_HELD - sum(sizes.get(name, 0) for name in names)
        tenants = sorted(sizes.keys() - {ELSEWHERE, *names}, key=lambda name: (sizes[name], name))
        for number, name in enumerate(tenants):
            left -= sizes[name]
            if left < 0:
                return names, len(tenants) - number
            names.append(name)
        return names, 0

    def _hits(self, found: Sequence[Candidate]) -> tuple[Hit, ...]:
        by_namespace: dict[str, list[int]] = {}
        for one in found:
            by_namespace.setdefault(one.namespace, []).append(one.number)
        shown = {
            (namespace, n): what
            for namespace, ns in by_namespace.items()
            for n, what in self.store.shown(namespace, ns).items()
        }
        return tuple(
            _hit(one, shown[one.namespace, one.number]) for one in found if (one.namespace, one.number) in shown
        )  # what has gone meanwhile is not shown

    def close(self) -> None:
        """Close the database."""
        self.store.close()


def _check(query: str, caller: Caller, limit: int) -> None:
    role = ROLES.get(caller.role)
    if role is None or not role.metrics:
        raise SearchRefusedError("forbidden", f"The role {caller.role} is shown nothing, and so finds nothing.")
    if caller.tenant is None and not role.every_tenant:
        raise SearchRefusedError("tenant_missing", f"The role {caller.role} searches for one tenant; none was given.")
    if caller.tenant == "":
        raise SearchRefusedError("tenant_missing", "A tenant has a name.")
    if not query:
        raise SearchRefusedError("nothing_asked", "Say what to search for.")
    if len(query) > MOST_ASKED:
        raise SearchRefusedError("too_long", f"At most {MOST_ASKED} characters can be searched for.")
    if not 1 <= limit <= MOST_FOUND:
        raise SearchRefusedError("bad_limit", f"1 to {MOST_FOUND} passages can be asked for.")


def _fulfils(caller: Caller, vocabulary: Vocabulary) -> Callable[[str], bool]:
    known = {*vocabulary.metrics, *vocabulary.dimensions}

    def fulfils(rule: str) -> bool:
        roles, needs_all, needs = json.loads(rule)
        if roles and caller.role not in roles:
            return False
        return not needs or (known.issuperset(needs) if needs_all else not known.isdisjoint(needs))

    return fulfils


def _note(hits: Sequence[Hit], could: int, unread: int, left_out: int) -> str:
    of_tenants = [_TOO_MANY.format(count=left_out, most=MOST_HELD)] if left_out else []
    if not could:
        return of_tenants[0] if left_out else NOTHING_YET
    parts = [*([] if hits else [NOTHING_NEAR]), *of_tenants]
    if not meaning.is_installed():
        parts.append(meaning.MISSING)
    elif unread:
        parts.append(_UNREAD.format(count=f"{unread:,}"))
    return " ".join(parts)


def _hit(one: Candidate, shown: Shown) -> Hit:
    source = dict(shown.source)
    return Hit(
        kind=shown.kind, title=shown.title, passage=shown.text, domain=shown.domain, score=one.score, by=one.by,
        link=_link(shown.kind, source), source=source,
    )  # fmt: skip


def _link(kind: Kind, source: dict[str, object]) -> str:
    """The page that shows it; of a document and a dimension, that of its table."""
    if kind in (Kind.DASHBOARD, Kind.TILE):
        return f"/dashboards/{quote(str(source['dashboard']))}"
    if kind is Kind.QUESTION:
        return f"/answers/{quote(str(source['answer']))}"
    if kind is Kind.METRIC:
        return f"/dictionary#metric/{quote(str(source['metric']))}"
    return f"/dictionary#{quote(str(source['table']))}"
