"""What is searched and what is found: passages with where they come from, and an answer that may be none.

Belongs here: their shape. Does not belong here: gathering them (``gathering``), keeping them (``store``), finding them
(``index``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from pydantic import BaseModel, Field

MOST_FOUND, MOST_ASKED = 50, 500
"""Passages of an answer at most, and characters of what is searched for."""


class Kind(StrEnum):
    """What a passage is about."""

    METRIC = "metric"
    DIMENSION = "dimension"
    TABLE = "table"
    COLUMN = "column"
    DASHBOARD = "dashboard"
    TILE = "tile"
    QUESTION = "question"
    DOCUMENT = "document"


SHARED = "shared"
"""The namespace of what every caller may know of, as far as its needs allow."""
OPERATORS = "operators"
"""The namespace of rows that belong to no tenant, or to several at once: for callers of no single tenant."""
ELSEWHERE = "elsewhere"
"""The namespace of texts that nothing here is about, beside which nearness is judged; no caller searches it."""
_TENANT = "tenant:"


def namespace_of(tenant: str | None) -> str:
    """The namespace of the rows of a tenant; where the rows name none, that of the operators."""
    return f"{_TENANT}{tenant}" if tenant else OPERATORS


@dataclass(frozen=True)
class Passage:
    """A text that can be found, and where it comes from.

    Attributes:
        namespace: Who it is for: SHARED, OPERATORS or `namespace_of` a tenant. Namespaces are indexed apart, so that a
            search reads those of its caller alone.
        kind: What it is about.
        title: What it is called.
        text: What is searched, besides the title, and shown.
        key: What tells it from others of its namespace, kind and origin.
        source: Where it comes from, for programs: table, snapshot and row key, or what it describes.
        needs: Names of metrics and dimensions of which the caller has to know one, if any are named.
        needs_all: Whether the caller has to know all of them.
        roles: The roles that it is for; all if none is named.
        domain: The domain it belongs to.
    """

    namespace: str
    kind: Kind
    title: str
    text: str
    key: str
    source: Mapping[str, Any] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()
    needs_all: bool = False
    roles: tuple[str, ...] = ()
    domain: str = ""

    @property
    def id(self) -> str:
        """What it is kept by: the same as long as it is of the same thing."""
        return _digest(self.namespace, self.kind, self.key)

    @cached_property
    def rule(self) -> str:
        """Who of its namespace may see it, as a text that passages with the same rule share."""
        return json.dumps([self.roles, self.needs_all, sorted(self.needs)])

    @property
    def digest(self) -> str:
        """Changes with anything in it."""
        return _digest(
            self.title, self.text, json.dumps(self.source, sort_keys=True, default=str), self.rule, self.domain
        )


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


class Hit(BaseModel):
    """A passage that was found."""

    kind: Kind
    title: str
    passage: str = Field(description="The text, or the part of it that was indexed.")
    domain: str
    score: float = Field(description="How near it is, beside the others of this answer; 0 to 1.")
    by: tuple[str, ...] = Field(description="What found it: words, meaning, or both.")
    link: str = Field(description="Address of the page that shows it; of a document, that of its table.")
    source: dict[str, Any] = Field(
        description="Where it comes from: of documents the table, its snapshot and the key of a row; of the others "
        "what they describe."
    )


class Found(BaseModel):
    """What a search came to. Without hits, `note` says why."""

    query: str
    hits: tuple[Hit, ...]
    note: str = Field(default="", description="What the reader has to know of the answer; empty if nothing.")
    by_meaning: bool = Field(description="Whether meaning was searched, and not words alone.")
    passages: int = Field(description="How many passages the caller may find.")
    indexed_at: str | None = Field(description="When the index was last brought up to date, UTC; none if never.")
    elapsed_ms: float
