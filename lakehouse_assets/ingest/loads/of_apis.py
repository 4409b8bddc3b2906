"""Loading what an API answers with: which records are next, and that each is loaded once.

What a load will read is not known before it was read: all of it is kept first, and nothing of it is loaded where one
page cannot be read.
Belongs here: positions in an API, and its records as an origin. Does not belong here: asking (fetching.apis), or
publishing (loader).
"""

from __future__ import annotations

import hashlib
import json
import re
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from lakehouse_assets.ingest.described.apis import CURSOR, Rest
from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.fetching.apis.client import Client, Limits
from lakehouse_assets.ingest.fetching.apis.documents import at
from lakehouse_assets.ingest.fetching.apis.pages import Page, pages_of
from lakehouse_assets.ingest.fetching.connections import address_of
from lakehouse_assets.ingest.fetching.cursors import Scalar, before, order_of, written
from lakehouse_assets.ingest.loads.looked import Looked
from lakehouse_assets.ingest.loads.positions import last_position
from lakehouse_assets.ingest.origins.answered import AnsweredRecords
from lakehouse_assets.ingest.origins.positions import Position, track_of
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.settings.types import size_in_bytes

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.settings import Settings

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
_DIGEST_BITS = 48
"""Of a digest that a position notes: a number that JSON holds exactly."""
_SELDOM = 512
"""Records within the look-back, or before it, that are kept at least before some are let go of."""


@contextmanager
def fetched(lake: Lake, source: Source, tenant: str | None) -> Iterator[AnsweredRecords | None]:
    """The records that are to be loaded; None where there are none, or none but those of the last load.

    Raises:
        IngestError: the API cannot be read, or what it answers with is not what the source reads.
    """
    described, place = _described(source)
    track, since = _track(source, described), _since(lake, source, tenant, described)
    reached = _Reached(described, place)
    with _client(lake.settings, described, place) as client:
        pages = _pages(lake, described, client, since, place)
        found = AnsweredRecords(_texts(pages, reached), lake.settings.scratch_dir)
    with found:
        position = reached.position(since)
        if not reached.records or (since and position and (position.to, position.near) == (since.to, since.near)):
            yield None
            return
        found.call(track if position else f"{source.name}/{described.url.partition('://')[2]}", position)
        yield found


def look(lake: Lake, source: Source, tenant: str | None) -> Looked:
    """What the first page of a load has.

    Raises:
        IngestError: the API cannot be read, or what it answers with is not what the source reads.
    """
    described, place = _described(source)
    since, reached = _since(lake, source, tenant, described), _Reached(described, place)
    with _client(lake.settings, described, place) as client:
        pages = _pages(lake, described, client, since, place)
        page = next(pages)
        for text, value in zip(page.document.texts, page.document.values, strict=True):
            reached.add(text, value)
    names = dict.fromkeys(n for v in page.document.values if isinstance(v, dict) for n in v)
    cursor = ".".join(described.cursor) or None
    return Looked(described.url, described.access, tuple(names), page.size, described.pages is None, cursor, since)


class _Reached:
    """How far records go by the cursor, as they come."""

    def __init__(self, described: Rest, place: str) -> None:
        self._described, self._place = described, place
        self.records = 0
        self._to: Scalar = None
        self._greatest: Any = None
        self._orders, self._digests = array("d"), array("Q")
        self._kept = _SELDOM

    def add(self, text: str, value: Any) -> None:
        """Take a record.

        Raises:
            IngestError: it has no value in the cursor that can be compared.
        """
        self.records += 1
        if not self._described.cursor:
            return
        stated = at(value, self._described.cursor)
        try:
            order = order_of(stated)
            is_more = self._greatest is None or order > self._greatest  # pyright: ignore[reportOperatorIssue]
        except (ValueError, TypeError):
            raise self._unfit(stated) from None
        if is_more:
            self._greatest, self._to = order, str(stated) if isinstance(stated, Decimal) else stated
            self._forget()
        self._orders.append(_as_float(order))
        self._digests.append(_digest(text))

    def _forget(self) -> None:
        """Keep of what was read only that which lies within the look-back; seldom, for it looks at all of it."""
        if len(self._orders) >= 2 * self._kept:
            orders, digests = self._within()
            self._orders, self._digests = array("d", orders.tobytes()), array("Q", digests.tobytes())
            self._kept = max(_SELDOM, len(self._orders))

    def _within(self) -> tuple[np.ndarray, np.ndarray]:
        """Of the records within the look-back their places by the cursor, and their digests."""
        orders, digests = np.array(self._orders, np.float64), np.array(self._digests, np.uint64)
        near = orders >= _as_float(order_of(before(self._to, self._described.look_back)))
        return orders[near], digests[near]

    def position(self, since: Position | None) -> Position | None:
        """How far the records go; None without a cursor, or a record."""
        if self._to is None:
            return None
        _, digests = self._within()
        near = int(np.bitwise_xor.reduce(np.unique(digests), initial=0))
        return Position(since.number + 1 if since else 1, self._to, near)

    def _unfit(self, stated: Any) -> IngestError:
        name, found = ".".join(self._described.cursor), "no value"
        if stated is not None:
            found = "a value that is neither a time in ISO 8601 nor a number, or not the one that others have"
        return IngestError(
            self._place, f"record {self.records:,} has {found} in the cursor '{name}', so that it may be missed later",
            hint="State a field that grows with every change as `cursor`, or none to read all records.", column=name,
        )  # fmt: skip


def _as_float(order: Decimal | datetime) -> float:
    """Where a value lies, exact enough for what is near the greatest one."""
    return float(order) if isinstance(order, Decimal) else order.timestamp()


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode(errors="surrogatepass")).digest()[: _DIGEST_BITS // 8])


def _described(source: Source) -> tuple[Rest, str]:
    assert source.rest is not None  # as every source of the kind states
    return source.rest, f"source '{source.name}', {source.rest.url}"


def _client(settings: Settings, described: Rest, place: str) -> Client:
    secret = None if described.access is None else address_of(settings, described.access, place)
    limits = Limits(
        size_in_bytes(settings.api_page_most), size_in_bytes(settings.api_load_most), settings.api_pages_most,
        settings.api_time.total_seconds(),
    )  # fmt: skip
    return Client(described, secret, limits, place)


def _pages(lake: Lake, described: Rest, client: Client, since: Position | None, place: str) -> Iterator[Page]:
    parameters: dict[str, str | int | float] = {}
    if since is not None and described.since is not None:
        value = written(before(since.to, described.look_back), described.since.form)
        asked = described.since.value.replace(CURSOR, value)
        # In a body a number is one; in a query all is text.
        is_number = described.body is not None and _NUMBER.fullmatch(asked) is not None
        parameters[described.since.parameter] = json.loads(asked) if is_number else asked
    return pages_of(described, client, parameters, lake.settings.api_pages_most, place)


def _texts(pages: Iterator[Page], reached: _Reached) -> Iterator[bytes]:
    for page in pages:
        for text, value in zip(page.document.texts, page.document.values, strict=True):
            reached.add(text, value)
            yield text.encode(errors="surrogatepass")


def _since(lake: Lake, source: Source, tenant: str | None, described: Rest) -> Position | None:
    return last_position(lake, source, tenant, _track(source, described)) if described.cursor else None


def _track(source: Source, described: Rest) -> str:
    asked: list[Any] = [described.url, described.parameters, described.records, described.cursor]
    if described.body is not None:
        asked.append(json.loads(described.body))
    return track_of(source.name, json.dumps(asked, sort_keys=True))
