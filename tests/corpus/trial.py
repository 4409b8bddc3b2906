"""One file through the real load path, and what became of its records.

A source is made for the file, with its own columns as fields: each is carried through the mapping into
`attributes_json` of a bronze table, and into the payload beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from lakehouse_assets.declared import DeclarationError
from lakehouse_assets.drafting.sampling import read_sample
from lakehouse_assets.ingest import IngestError, load
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.lakehouse.contract import quoted
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publication import AuditFailedError
from tests.corpus.arrow_values import OneOf, alike
from tests.corpus.expected import Expected, Repeated, Shape, expected, strict_json

MAPPED = 40
"""Columns carried through the mapping; the payload has all."""
SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
}
Ending = Literal["loaded", "refused", "crashed"]


@dataclass
class Outcome:
    """What became of a file."""

    file: str
    family: str
    ending: Ending
    sound: bool = False
    """Whether the independent reader reads it to its end."""
    read: int = 0
    loaded: int = 0
    quarantined: int = 0
    lost: int = 0
    corrupted: int = 0
    reasons: list[str] = field(default_factory=list)
    detail: str = ""


def format_of(path: Path) -> str | None:
    """The format of a file by its name, packed or not; None for a file of no format that is loaded."""
    suffixes = [s.lower() for s in path.suffixes if s.lower() not in (".gz", ".zst", ".encrypted", ".fuzz")]
    if not suffixes or suffixes[-1] not in SUFFIXES:
        return "parquet" if "parquet" in path.parts else None
    return SUFFIXES[suffixes[-1]]


def attempt(lake: Lake, path: Path, family: str) -> Outcome:
    """Load a file and compare what was loaded with what an independent reader finds in it."""
    shape = shape_of(path)
    wanted = expected(path, shape)
    outcome = Outcome(str(path), family, "loaded", sound=wanted.whole)
    source = source_for(shape, wanted.names)
    try:
        (result,) = load(lake, [path], source, tenant=uuid4().hex)
    except (IngestError, AuditFailedError, DeclarationError) as error:
        unforeseen = error.__cause__ is not None and f"({type(error.__cause__).__name__})" in str(error)
        outcome.ending, outcome.detail = "crashed" if unforeseen else "refused", str(error)[:400]
        outcome.reasons = [group(error.problem if isinstance(error, IngestError) else str(error))]
        return outcome
    outcome.read, outcome.loaded, outcome.quarantined = result.rows_read, result.rows_loaded, result.rows_quarantined
    rows = []
    with lake.session() as session:
        if result.rows_loaded:
            rows = session.query(
                f"select source_row, raw_payload, attributes_json from {source.target} "
                f"where load_id = '{result.load_id}'"
            ).to_pylist()
        if result.rows_quarantined:
            told = session.query(f"select distinct reason from bronze.quarantine where load_id = '{result.load_id}'")
            outcome.reasons = sorted({group(r) for r in told["reason"].to_pylist()})
    judge(outcome, wanted, {row["source_row"]: row for row in rows}, mapped_names(wanted.names))
    return outcome


def shape_of(path: Path) -> Shape:
    """How the product itself would draft a source for the file; the usual where it cannot."""
    stated = format_of(path) or "csv"
    if stated == "parquet":
        return Shape(stated)
    try:
        sample = read_sample(str(path), records=100)
    except IngestError:
        return Shape(stated)
    return Shape(sample.format, sample.delimiter, getattr(sample, "quote", '"'), sample.encoding)


def mapped_names(names: list[str]) -> list[str]:
    """The columns that are carried through the mapping: of those that differ in case only, one."""
    first = {name.casefold(): name for name in reversed(names) if name and "\0" not in name}
    return [name for name in names if first.get(name.casefold()) == name][:MAPPED]


def source_for(shape: Shape, names: list[str]) -> Source:
    """A source with the file's columns as fields."""
    members = ", ".join(f"'{i}', {quoted(name)}" for i, name in enumerate(mapped_names(names)))
    return Source.model_validate(
        {
            "name": "corpus",
            "format": shape.format,
            **({"delimiter": shape.delimiter, "quote": shape.quote or "none"} if shape.format == "csv" else {}),
            "encoding": shape.encoding,
            "target": "bronze.service_events_raw",
            "null_values": [],
            "optional": names if shape.format in ("json", "ndjson") else [],
            "dedup_key": ["record_number"],
            "columns": {"entity_id": "record_number", "attributes_json": f"cast(json_object({members}) as varchar)"},
            "constants": {
                "event_time": "2026-06-01 00:00:00", "service": "CORPUS", "entity_type": "record",
                "event_type": "CREATED",
            },
        }
    )  # fmt: skip


def judge(outcome: Outcome, wanted: Expected, rows: dict[int, dict[str, Any]], mapped: list[str]) -> None:
    """Count the records that are not there, and those that are not what they should be."""
    there = outcome.loaded + outcome.quarantined
    outcome.lost = max(0, len(wanted.records) - there, outcome.read - there)
    made_up = max(0, there - len(wanted.records)) if wanted.whole else 0
    outcome.corrupted = made_up
    if made_up:
        outcome.detail = f"{there} records where the independent reader finds {len(wanted.records)}"
    for number, row in sorted(rows.items()):
        if number <= len(wanted.records):
            candidates = [wanted.records[number - 1]]
        else:
            candidates = [] if wanted.whole else wanted.possible
        if not any(c is not None and is_record(row, c, mapped) for c in candidates):
            outcome.corrupted += not made_up or number <= len(wanted.records)
            outcome.detail = (
                outcome.detail or f"record {number}: {row['raw_payload'][:200]} is not {str(candidates[:1])[:200]}"
            )
    if outcome.lost:
        outcome.detail = outcome.detail or f"{there} of {len(wanted.records)} records"


def is_record(row: dict[str, Any], record: dict[str, Any], mapped: list[str]) -> bool:
    """Whether a loaded row is this record, in its payload and in the fields that went through the mapping."""
    texts = strict_json(row["attributes_json"])
    if not alike(strict_json(row["raw_payload"]), record):
        return False
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


def group(reason: str) -> str:
    """A reason without its values."""
    reason = re.sub(r"'[^']*'|\"[^\"]*\"", "…", reason.splitlines()[0] if reason else "")
    return re.sub(r"\d[\d,.]*", "n", reason)[:100]
