"""Passages of the index for questions that ask for no figure.

Belongs here: what is found as answers have it. Does not belong here: which questions ask for text
(nlq.answering.texts), finding it (``searching``).
"""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from lakehouse_assets.search.model import MOST_ASKED, Hit, Kind
from lakehouse_assets.search.searching import Searcher, SearchRefusedError
from lakehouse_assets.search.store import Store, url_of
from lakehouse_assets.search.words import words_of
from nlq.answering.texts import TextFound, TextsFound

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings
    from nlq.core.guard import Caller
    from nlq.core.vocabulary import Vocabulary

MOST, LONGEST = 5, 1_200
"""Passages of an answer, and characters of each."""
_LOOKED_AT = 30
"""Passages among which one whose title is the very words comes first."""
_LOG = logging.getLogger(__name__)


class Texts:
    """Finds passages for questions. Thread-safe."""

    def __init__(self, settings: Settings, searcher: Searcher | None = None) -> None:
        """Nothing is opened yet."""
        self._settings, self._searcher, self._lock = settings, searcher, Lock()

    def __call__(self, words: str, kinds: tuple[str, ...], caller: Caller, vocabulary: Vocabulary) -> TextsFound:
        """See FindsTexts; what cannot be searched for, or not now, is not found."""
        asked = words_of(words)
        if not asked:
            return TextsFound(())
        try:
            found = self._opened().find(words[:MOST_ASKED], caller, vocabulary, [Kind(k) for k in kinds], _LOOKED_AT)
        except SearchRefusedError as error:
            return TextsFound((), str(error))
        except SQLAlchemyError:
            _LOG.exception("the index of texts cannot be read")
            return TextsFound(())
        best = sorted(found.hits, key=lambda hit: words_of(hit.title) != asked)[:MOST]
        return TextsFound(tuple(_text(hit, asked) for hit in best), found.note)

    def _opened(self) -> Searcher:
        with self._lock:
            if self._searcher is None:
                self._searcher = Searcher(Store(url_of(self._settings)))
            return self._searcher


def source_of(hit: Hit) -> str:
    """Where a passage is from, in words."""
    source = hit.source
    if hit.kind is Kind.DOCUMENT:
        key = ", ".join(f"{name} {value}" for name, value in source["key"].items())
        rows = f", the last of {source['rows']:,} rows" if source["rows"] > 1 else ""
        return f"{source['table']}: {key}{rows}; snapshot {source.get('snapshot')}"
    if hit.kind is Kind.QUESTION:
        return f"answer {source['answer']} of {source['asked_at'][:10]}"
    if hit.kind is Kind.METRIC:
        return f"figure {source['metric']} of {', '.join(source['tables'])}"
    if hit.kind in (Kind.DASHBOARD, Kind.TILE):
        return f"dashboard {source['dashboard']}"
    return str(source["table"])


def _text(hit: Hit, asked: list[str]) -> TextFound:
    title = hit.title or str(hit.source.get("table", ""))
    text = hit.passage if len(hit.passage) <= LONGEST else f"{hit.passage[:LONGEST]}…"
    return TextFound(
        title, str(hit.kind), text, source_of(hit), hit.link, set(asked) <= {*words_of(title), *words_of(hit.passage)}
    )
