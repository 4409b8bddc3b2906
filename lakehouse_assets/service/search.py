"""Searching by meaning for who was admitted.

Belongs here: from an asker to what it may find, and the errors of that. Does not belong here: finding
(``lakehouse_assets.search``), the address (``routes``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.search.model import Found, Kind
from lakehouse_assets.search.searching import Searcher, SearchRefusedError
from lakehouse_assets.service.admission.access import Asker
from lakehouse_assets.service.questions.handlers import vocabulary_of
from nlq.answering.answer import Answerer


@dataclass(frozen=True)
class SearchHandlers:
    """The parts that searching needs. Its methods wait for a database: call them in worker threads."""

    searcher: Searcher
    answerer: Answerer

    def find(self, asker: Asker, query: str, kinds: Sequence[Kind], limit: int) -> Found:
        """What is near some words, of what the asker may see; whose rows that are follows from the key alone.

        Raises:
            ApiError: there are no words, or the asker may search nothing.
        """
        vocabulary = vocabulary_of(self.answerer, asker)
        try:
            return self.searcher.find(query, asker.caller, vocabulary, kinds, limit)
        except SearchRefusedError as error:
            status = 403 if error.code in ("forbidden", "tenant_missing") else 422
            raise ApiError(status, error.code, str(error)) from None
