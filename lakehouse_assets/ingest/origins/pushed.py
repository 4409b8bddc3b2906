"""Records that a program pushes, as an origin: known by the key that the program gives them, or by their content.

Belongs here: records in Python as JSON texts. Does not belong here: keeping these (kept), what is wrong with a text
(readers), or what records mean (mapping).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from numbers import Integral
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.mapping.statements import RecordMapping
from lakehouse_assets.ingest.origins.kept import KeptTexts
from lakehouse_assets.ingest.origins.protocol import Kind
from lakehouse_assets.ingest.origins.relations import TextRecords

Record = Mapping[str, Any] | str | bytes
"""What a program may push: fields by name, or the JSON text of an object."""
KIND = Kind("records", "records://", lambda source: source.for_json)
MOST_KEY = 500
"""Characters of a key."""


class PushedRecords:
    """Records that a program pushes; see Origin. A context, which lets go of them at its end."""

    def __init__(self, records: Iterable[Record], scratch: Path, *, key: str | None = None) -> None:
        """Read all records once and keep their texts, in a file where they are many.

        Args:
            records: The records.
            scratch: Folder of that file.
            key: What tells these records from all others of the source.

        Raises:
            IngestError: the key is none, or a record is nothing that JSON could say; the message names it.
        """
        self.position = _valid(key)
        self.claims = None
        self._kept = KeptTexts(_texts(records, f"{KIND.scheme}{key or ''}"), scratch)
        self.size, self.content_sha256 = self._kept.size, self._kept.content_sha256
        self.id = f"{KIND.scheme}{key if key is not None else self.content_sha256[:32]}"

    def __enter__(self) -> Self:
        """Nothing is opened."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Let go of the records."""
        self._kept.close()

    def open(self, mapping: RecordMapping, scratch: Path) -> TextRecords:
        """See Origin."""
        return self._kept.records(self.id, mapping)


def _valid(key: str | None) -> str | None:
    if key is None or (isinstance(key, str) and 0 < len(key) <= MOST_KEY and key.isprintable()):
        return key
    raise IngestError(
        KIND.scheme, f"the key {str(key)[:50]!r} is none",
        hint=f"A key is a text of 1 to {MOST_KEY} characters that can be printed.",
    )  # fmt: skip


def _texts(records: Iterable[Record], place: str) -> Iterator[bytes]:
    """Each record as JSON text in UTF-8; a text as it is, for whatever is wrong with it is told in quarantine.

    Raises:
        IngestError: a record or one of its values is nothing that JSON could say.
    """
    for number, record in enumerate(records, 1):
        if isinstance(record, bytes):
            yield record
            continue
        # A lone surrogate is no character: it becomes bytes that are no UTF-8, which quarantine keeps.
        yield (record if isinstance(record, str) else _json(record, number, place)).encode(errors="surrogatepass")


def _json(record: Any, number: int, place: str) -> str:
    if not isinstance(record, Mapping) or not all(isinstance(name, str) for name in record):
        raise IngestError(
            place, f"record {number} is a {type(record).__name__}, not fields by their names",
            hint="Push each record as a dict whose keys are texts, or as the JSON text of an object.",
        )  # fmt: skip
    try:
        return _ENCODER.encode(dict(record))
    except (TypeError, ValueError, RecursionError) as error:
        field = next((name for name, value in record.items() if not _can_be_said(value)), None)
        raise IngestError(
            place, f"record {number} cannot be written as JSON: {error}", column=field,
            hint="Push numbers, texts, times, UUIDs, and lists or dicts of them.",
        ) from error  # fmt: skip


def _can_be_said(value: Any) -> bool:
    try:
        _ENCODER.encode(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _as_json(value: Any) -> Any:
    """A value that JSON has no form for as one that has, without a change: expressions get every field as text."""
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a value is a {type(value).__name__}")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_as_json)
