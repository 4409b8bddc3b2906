"""Passages for tests, and what is found of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from lakehouse_assets.search.model import Found, Kind, Passage
from lakehouse_assets.search.searching import Searcher
from lakehouse_assets.search.store import Store
from nlq.core.guard import Caller
from nlq.core.vocabulary import Metric, Vocabulary

KNOWS = Vocabulary.of([Metric("sold", "Sold"), Metric("late", "Late")], [])
"""A caller's vocabulary: two metrics."""


def document(text: str, namespace: str, *, key: str = "", title: str = "") -> Passage:
    """A row of a table."""
    source = {"table": "silver.notes", "key": {"id": key or text}, "rows": 1, "columns": ["text"]}
    return Passage(namespace, Kind.DOCUMENT, title, text, key or text, source)


def store_of(folder: Path, passages: Iterable[Passage] = ()) -> Store:
    """An index of these passages, which nobody has read for their meaning."""
    store = Store(f"sqlite:///{folder}/search.db")
    store.replace("test", "1", passages)
    return store


def found(store: Store, query: str, caller: Caller, kinds: Sequence[Kind] = (), limit: int = 50) -> Found:
    """What a process that has just started finds."""
    return Searcher(store).find(query, caller, KNOWS, kinds, limit)
