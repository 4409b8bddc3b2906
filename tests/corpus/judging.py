"""Whether what was loaded of a file is what an independent reader finds in it.

Belongs here: laying both side by side, and counting what is nowhere or another. Does not belong here: loading
(trial), or reading (expected).

Both are in the file's order. Loaded rows must be the expected records one after the other; where some are passed
over, the quarantine must hold their text in the same place, for it may keep several lines together.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.corpus.arrow_values import OneOf, alike
from tests.corpus.expected import Expected, Repeated, strict_json


@dataclass
class Verdict:
    """What is wrong with a loaded file."""

    lost: int = 0
    corrupted: int = 0
    detail: str = ""

    def say(self, what: str) -> None:
        """Keep the first thing that is wrong."""
        self.detail = self.detail or what


@dataclass
class _Gap:
    """Records in quarantine between two that were loaded."""

    texts: list[str] = field(default_factory=list)

    @property
    def most(self) -> int:
        """How many records can be in it."""
        return sum(1 + text.count("\n") + text.count("\r") for text in self.texts)

    def missing(self, records: Sequence[dict[str, Any] | None]) -> list[dict[str, Any] | None]:
        """The records whose letters and digits are not in it, one after the other."""
        if not self.texts:
            return list(records)
        told, at = "".join(map(_letters, map(_said, self.texts))), 0
        missing: list[dict[str, Any] | None] = []
        for record in records:
            end = at
            for text in (_letters(v) for v in (record or {}).values() if isinstance(v, str)):
                found = told.find(text, end) if end >= 0 else -1
                end = found + len(text) if found >= 0 else -1
            if end < 0:
                missing.append(record)
            else:
                at = end
        return missing


def _said(text: str) -> str:
    """A text in quarantine; of a JSON object the texts in it, without their escapes."""
    try:
        return "".join(_texts(strict_json(text)))
    except (ValueError, RecursionError):
        return text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    else:
        yield str(value)


def _letters(text: str) -> str:
    return re.sub(r"\W|_", "", text)


def judge(
    wanted: Expected,
    loaded: Mapping[int, Mapping[str, Any]],
    quarantined: Mapping[int, str],
    mapped: Sequence[str],
) -> Verdict:
    """Compare what was loaded and quarantined with what there is.

    Args:
        wanted: The records by the independent reader.
        loaded: Number of a record in the file to its row: `raw_payload`, and `attributes_json` with the texts that
            went through the mapping.
        quarantined: Number of a record to its text in quarantine.
        mapped: The fields that went through the mapping.
    """
    verdict, gap, at = Verdict(), _Gap(), 0
    texts_only = {_key(record) for record in wanted.possible}
    for number in sorted(loaded.keys() | quarantined.keys()):
        if number not in loaded:
            gap.texts.append(quarantined[number])
            continue
        row = loaded[number]
        payload = strict_json(row["raw_payload"])
        found = _place(row, payload, wanted, range(at, min(at + gap.most, len(wanted.records) - 1) + 1), mapped)
        if found is not None:
            _pass_over(wanted.records[at:found], gap, verdict)
            at, gap = found + 1, _Gap()
        elif not any(
            is_record(row, payload, record, mapped)
            for record in ([payload] if _key(payload) in texts_only else wanted.possible)
        ):
            verdict.corrupted += 1
            verdict.say(f"record {number}: {row['raw_payload'][:200]} is not {str(wanted.records[at : at + 1])[:200]}")
            at += not gap.texts
    _pass_over(wanted.records[at:], gap, verdict)
    return verdict


def _key(record: Mapping[str, Any]) -> Hashable:
    """What tells records of nothing but texts apart; of others, how they are written."""
    return frozenset((name, value if isinstance(value, str) else repr(value)) for name, value in record.items())


def _place(row: Mapping[str, Any], payload: Any, wanted: Expected, places: range, mapped: Sequence[str]) -> int | None:
    """Where the expected records have the row."""
    for place in places:
        record = wanted.records[place]
        if record is not None and is_record(row, payload, record, mapped):
            return place
    return None


def _pass_over(records: Sequence[dict[str, Any] | None], gap: _Gap, verdict: Verdict) -> None:
    """Count the records that should be in quarantine and are not."""
    for record in gap.missing(records):
        verdict.lost += 1
        verdict.say(f"{str(record)[:200]} is nowhere")


def is_record(row: Mapping[str, Any], payload: Any, record: dict[str, Any], mapped: Sequence[str]) -> bool:
    """Whether a loaded row is this record, in its payload and in the fields that went through the mapping."""
    if not alike(payload, record):
        return False
    texts = strict_json(row["attributes_json"])
    return isinstance(record, Repeated) or all(
        is_text_of(texts[str(i)], record.get(name)) for i, name in enumerate(mapped)
    )


def is_text_of(text: str | None, value: Any) -> bool:
    """Whether a field's text says a value."""
    if isinstance(value, OneOf):
        return any(is_text_of(text, one) for one in value)
    if isinstance(value, dict) and value.keys() == {"base64"}:
        return text is None or alike(strict_json(text), value)
    if value is None or text is None:
        return value is None and text is None
    if isinstance(value, bool):
        return text == str(value).lower()
    if isinstance(value, int | Decimal):
        try:
            return Decimal(text) == value
        except InvalidOperation:
            return False
    if isinstance(value, dict | list):
        return alike(strict_json(text), value)
    return value == text
