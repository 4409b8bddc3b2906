"""Passages of documents: texts in rows of tables, each with the key of a row that has it.

Belongs here: reading them, cutting long ones, hiding how persons can be reached. Does not belong here: which columns
are documents (``declared``).
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lakehouse_assets.lakehouse.sql import quoted
from lakehouse_assets.search.model import OPERATORS, Kind, Passage, namespace_of
from nlq.core.guard import TENANT_COLUMN

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.contract import Contract
    from lakehouse_assets.lakehouse.engines.protocol import Session
    from lakehouse_assets.search.declared import Documents

MOST = 200_000
"""Different texts of one table that are indexed at most, those of the last rows by key."""
LONGEST, MOST_PARTS = 800, 20
"""Characters of a passage, and passages of a text, at most."""
READ, MOST_READ = LONGEST * MOST_PARTS, 200_000_000
"""Characters that are read of a text, and of all texts of a table, at most: they are in memory together."""
_HIDDEN = "[hidden]"
_REACHED = (
    # As long as the parts of an address may be: without bounds, a long text takes the square of its length.
    re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,9}"),
    # A telephone number begins with a plus, or its digits are parted: an id of digits alone stays.
    re.compile(
        r"(?<![\w.])(?:\+\d[\d ()./-]{7,17}\d|\(\d{2,5}\)[ -]?\d{2,4}[ -]?\d{3,5}|\d{3}[-. ]\d{3,4}[-. ]\d{4})(?![\w])"
    ),
)
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")


def of_table(
    session: Session, documents: Documents, contract: Contract, personal: frozenset[str]
) -> tuple[list[Passage], int]:
    """The passages of a table, and how many of its texts were too many.

    Rows of one tenant with the same text are one passage, which names the last of them by key and how many there are.
    Rows of a table without tenants, and of none, are for callers of no single tenant.

    Raises:
        QueryRefusedError: the table was never published.
    """
    rows = session.query(_sql(documents, contract), limit=MOST).to_pylist()
    found = [one for row in rows for one in _passages(row, documents, contract, personal)]
    return found, rows[0]["text_count"] - len(rows) if rows else 0


def _grouped(documents: Documents, contract: Contract) -> tuple[str, list[str]]:
    texts = [*documents.title, *documents.text]
    by = [TENANT_COLUMN, *texts] if TENANT_COLUMN in contract.types else texts
    return ", ".join(quoted(name) for name in dict.fromkeys(by)), list(dict.fromkeys([*by, *contract.key]))


def _condition(documents: Documents) -> str:
    return " or ".join(f"trim({quoted(name)}) <> ''" for name in documents.text)


def _sql(documents: Documents, contract: Contract) -> str:
    by, columns = _grouped(documents, contract)
    last = ", ".join(f"{quoted(name)} desc" for name in contract.key)
    named = ", ".join(quoted(name) for name in columns)
    texts = {*documents.title, *documents.text} - {TENANT_COLUMN, *contract.key}
    read = ", ".join(
        f"substr({quoted(name)}, 1, {READ}) as {quoted(name)}" if name in texts else quoted(name) for name in columns
    )
    length = " + ".join(f"coalesce(length({quoted(name)}), 0)" for name in sorted(texts)) or "0"
    return (
        f"with rows_of_texts as (select {named}, count(*) over (partition by {by}) as text_rows, "
        f"row_number() over (partition by {by} order by {last}) as text_place from {contract.identifier} "
        f"where {_condition(documents)}), "
        f"texts as (select {read}, text_rows, count(*) over () as text_count from rows_of_texts where text_place = 1), "
        f"measured as (select {named}, text_rows, text_count, sum({length}) over (order by {last} "
        "rows between unbounded preceding and current row) as so_far from texts) "
        f"select {named}, text_rows, text_count from measured where so_far <= {MOST_READ} order by {last}"
    )


def _passages(
    row: Mapping[str, Any], documents: Documents, contract: Contract, personal: frozenset[str]
) -> Iterator[Passage]:
    tenant = row.get(TENANT_COLUMN)
    namespace = namespace_of(tenant) if TENANT_COLUMN in contract.types else OPERATORS
    title = hidden(" · ".join(_words(row[name]) for name in documents.title if row[name]))
    text = hidden("\n".join(str(row[name]) for name in documents.text if row[name]))
    key = {name: str(row[name]) for name in contract.key if name not in personal}
    source = {"table": contract.identifier, "key": key, "rows": row["text_rows"], "columns": list(documents.text)}
    parts = cut(text)
    for number, part in enumerate(parts[:MOST_PARTS], start=1):
        whence = {**source, "part": number, "parts": len(parts)} if len(parts) > 1 else source
        yield Passage(
            namespace,
            Kind.DOCUMENT,
            title,
            part,
            f"{contract.identifier}\n{title}\n{part}",
            whence,
            domain=contract.domain,
        )


def _words(value: Any) -> str:
    """A code as words: DELIVERY_RECEIPT is a delivery receipt."""
    text = str(value)
    return text.replace("_", " ").capitalize() if re.fullmatch(r"[A-Z0-9_]+", text) and "_" in text else text


def hidden(text: str) -> str:
    """The text without how persons can be reached: mail addresses and telephone numbers."""
    for pattern in _REACHED:
        text = pattern.sub(_HIDDEN, text)
    return text


def cut(text: str) -> Sequence[str]:
    """A text in passages of LONGEST characters at most, at the ends of sentences where there are any."""
    parts: list[str] = []
    for sentence in filter(None, (piece.strip() for piece in _SENTENCE.split(text))):
        for piece in textwrap.wrap(sentence, LONGEST, break_on_hyphens=False):
            if parts and len(parts[-1]) + 1 + len(piece) <= LONGEST:
                parts[-1] = f"{parts[-1]} {piece}"
            else:
                parts.append(piece)
    return parts
