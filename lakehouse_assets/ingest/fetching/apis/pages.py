"""The order of an API's pages: what is asked for next, and when there is no more.

Belongs here: the ways by which APIs part their records. Does not belong here: asking (client), or cutting (documents).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

from lakehouse_assets.ingest.described.apis import Pages, Rest
from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.fetching.apis.client import TOLD, Answer, Client, HalfAnswerError
from lakehouse_assets.ingest.fetching.apis.documents import Document, DocumentError, at, cut

MOST_EMPTY = 100
"""Pages without a record, one after the other, after which it is certain that these never end."""


_COUNTED = ("page", "offset")
"""Ways by which the source counts, and not the API: it says by an empty page that there is no more."""


@dataclass(frozen=True)
class Page:
    """An answer of an API, cut into records."""

    answer: Answer
    document: Document

    @property
    def size(self) -> int:
        """How many records it has."""
        return len(self.document.texts)


@dataclass(frozen=True)
class Asked:
    """What is asked next: a URL that the API gave, as it stands there, or parameters for the source's own."""

    url: str | None = None
    parameters: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True)
class Read:
    """What was read so far: pages, the last one included, and their records."""

    pages: int
    records: int


def pages_of(
    described: Rest, client: Client, parameters: Mapping[str, str | int | float], most: int, place: str
) -> Iterator[Page]:
    """The pages of an API, each as it is asked for.

    Args:
        described: What the source says.
        client: Who asks.
        parameters: Query parameters besides those of the source; where that has a body, paths in it.
        most: How many pages there may be.
        place: What an error names as the place.

    Raises:
        IngestError: an answer cannot be read, or the pages have no end.
    """
    own = {**described.parameters, **{name: str(value) for name, value in parameters.items()}}
    asked: Asked | None = _first(described.pages)
    seen: set[Asked] = set()
    before, empty, read = b"", 0, Read(0, 0)
    while asked is not None:
        if read.pages >= most:
            hint = (
                "Raise ASKLAKE_API_PAGES_MOST, ask for larger pages, or see that `pages` of the source finds the end."
            )
            raise IngestError(place, f"there are more than {most:,} pages", hint=hint)
        if asked in seen:
            hint = "Compare `pages` of the source with what the API says of itself."
            raise IngestError(place, "it names a next page that was read already, so that they never end", hint=hint)
        seen.add(asked)
        # A URL that the API gave has all parameters.
        further = {name: str(value) for name, value in asked.parameters}
        sent = further if asked.url else {**own, **further}
        end = described.pages.end_status if described.pages and read.pages else None
        body = None
        if described.body is not None:
            body, sent = _body(described.body, {**parameters, **dict(asked.parameters)}, place), described.parameters
        read_by = partial(_cut, described=described, client=client, place=place)
        page = client.get(asked.url or described.url, sent, read_by, end, body)
        empty = 0 if page.size else empty + 1
        before = _refuse_same(page, before, described.pages, place)
        if empty > MOST_EMPTY:
            hint = "State `stop_when_empty: true` under `pages`, if a page without records is the last one."
            raise IngestError(place, f"{empty:,} pages one after the other have no record", hint=hint)
        read = Read(read.pages + 1, read.records + page.size)
        yield page
        asked = _next(described.pages, page, read, place)
        if asked is not None and asked.url:
            asked = Asked(client.joined(page.answer.url, asked.url))


def _body(stated: str, values: Mapping[str, str | int | float], place: str) -> bytes:
    """The body of a request: the stated one, with values at their paths.

    Raises:
        IngestError: a path leads through what is no object.
    """
    body = json.loads(stated)
    for path, value in values.items():
        inner, (*before, last) = body, path.split(".")
        for step in before:
            inner = inner.setdefault(step, {}) if isinstance(inner, dict) else None
        if not isinstance(inner, dict):
            hint = "Let `parameter` name a member of an object of `body`."
            raise IngestError(place, f"the path '{path}' leads through what is no object in `body`", hint=hint)
        inner[last] = value
    return json.dumps(body, ensure_ascii=False).encode()


def _cut(answer: Answer, described: Rest, client: Client, place: str) -> Page:
    if answer.is_empty:
        return Page(answer, Document())
    try:
        found = cut(answer.text, described.records)
        _refuse_errors(found.rest, described, client, place)
        return Page(answer, found)
    except DocumentError as error:
        if error.is_cut or not answer.text.strip():
            raise HalfAnswerError(str(error)) from None
        if described.errors:  # there may be nothing else
            with suppress(ValueError, RecursionError):
                _refuse_errors(json.loads(answer.text), described, client, place)
        hint = "Nothing was loaded; compare url, parameters and `records` of the source with what the API answers."
        words = client.without_secret(f"an answer cannot be read: {error}")
        raise IngestError(place, words, hint=hint) from None


def _refuse_errors(document: Any, described: Rest, client: Client, place: str) -> None:
    """Refuse an answer that says in its body what went wrong, whatever else stands there.

    Raises:
        IngestError: it does.
    """
    if described.errors and (wrong := at(document, described.errors)):
        hint = "Nothing was loaded; compare `body` of the source with what the API says of itself."
        said = json.dumps(wrong, ensure_ascii=False, default=str)[:TOLD]
        raise IngestError(place, client.without_secret(f"it answers with errors: {said}"), hint=hint)


def _refuse_same(page: Page, before: bytes, pages: Pages | None, place: str) -> bytes:
    """Refuse the records of the page before once more, as of an API that ignores the number of a page."""
    found = sha256("\n".join(page.document.texts).encode(errors="surrogatepass")).digest()
    if found == before and page.size and pages is not None and pages.by in _COUNTED:
        hint = "Does `parameter` name the query parameter of the API? State `more` where its last page comes again."
        raise IngestError(place, "a page has the very records of the one before, so that they never end", hint=hint)
    return found


def _first(pages: Pages | None) -> Asked:
    if pages is None:
        return Asked()
    found: dict[str, str | int] = dict(_size(pages))
    if pages.by in ("page", "offset") and pages.first is not None:
        found[str(pages.parameter)] = pages.first
    elif pages.by == "page":
        found[str(pages.parameter)] = 1
    elif pages.by == "offset":
        found[str(pages.parameter)] = 0
    return Asked(parameters=tuple(found.items()))


def _next(pages: Pages | None, page: Page, read: Read, place: str) -> Asked | None:
    """What is asked after a page; None where it was the last one."""
    if (
        pages is None
        or page.answer.is_empty
        or (not page.size and (pages.stop_when_empty or pages.by in ("page", "offset")))
    ):
        return None
    if pages.more and not _is_more(at(page.document.rest, pages.more), pages, place):
        return None
    return _WAYS[pages.by](pages, page, read, place)


def _is_more(said: Any, pages: Pages, place: str) -> bool:
    if said is None or isinstance(said, bool):
        return bool(said)
    hint = "Let `more` lead to what is true while there are more pages."
    raise IngestError(place, f"what lies at '{'.'.join(pages.more)}' is neither true nor false", hint=hint)


def _by_number(pages: Pages, _page: Page, read: Read, _place: str) -> Asked:
    first = pages.first if pages.first is not None else (1 if pages.by == "page" else 0)
    return _with(pages, first + (read.pages if pages.by == "page" else read.records))


def _by_cursor(pages: Pages, page: Page, _read: Read, place: str) -> Asked | None:
    if pages.of_last:
        if not page.size:
            return None
        found = at(page.document.values[-1], pages.of_last)
        if found is None:
            hint = "State a field that every record has."
            raise IngestError(place, f"the last record of a page has no '{'.'.join(pages.of_last)}'", hint=hint)
    else:
        found = at(page.document.rest, pages.next)
    if isinstance(found, dict) and pages.parameter is None:
        return Asked(parameters=(*_size(pages), *((n, _said(v, place)) for n, v in found.items()))) if found else None
    said = _said(found, place)
    return _with(pages, found if isinstance(found, int) else said) if said else None


def _by_link(_pages: Pages, page: Page, _read: Read, _place: str) -> Asked | None:
    return Asked(page.answer.next_link) if page.answer.next_link else None


def _by_url(pages: Pages, page: Page, _read: Read, place: str) -> Asked | None:
    url = _said(at(page.document.rest, pages.next), place)
    return Asked(url) if url else None


def _with(pages: Pages, value: str | int) -> Asked:
    return Asked(parameters=(*_size(pages), (str(pages.parameter), value)))


def _size(pages: Pages) -> tuple[tuple[str, str | int], ...]:
    return () if pages.size_parameter is None else ((pages.size_parameter, pages.size or 0),)


def _said(value: Any, place: str) -> str:
    """What leads to the next page as a text; empty where there is none."""
    if value is None or value is False:
        return ""
    if isinstance(value, dict | list) or value is True:
        hint = "Let `next` lead to a cursor or URL; where it is an object of parameters, state no `parameter`."
        raise IngestError(place, "what should lead to the next page is neither a text nor a number", hint=hint)
    return str(value)


_WAYS: Mapping[str, Callable[[Pages, Page, Read, str], Asked | None]] = {
    "page": _by_number, "offset": _by_number, "cursor": _by_cursor, "link": _by_link, "next": _by_url,
}  # fmt: skip
