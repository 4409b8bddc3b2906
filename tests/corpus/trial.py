"""One file through the real load path, and what became of its records.

A source is made for the file, with its own columns as fields: each is carried through the mapping into
`attributes_json` of a bronze table, and into the payload beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from lakehouse_assets.declared import DeclarationError
from lakehouse_assets.drafting.samples.sampling import read_sample
from lakehouse_assets.ingest import IngestError, load
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.protocol import AuditFailedError
from lakehouse_assets.lakehouse.sql import quoted
from tests.corpus.expected import Shape, expected
from tests.corpus.judging import judge

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
    loaded: dict[int, dict[str, Any]] = {}
    quarantined: dict[int, str] = {}
    with lake.session() as session:
        if result.rows_loaded:
            rows = session.query(
                f"select source_row, raw_payload, attributes_json from {source.target} "
                f"where load_id = '{result.load_id}'"
            ).to_pylist()
            loaded = {row["source_row"]: row for row in rows}
        if result.rows_quarantined:
            rows = session.query(
                f"select source_row, raw_text, reason from bronze.quarantine where load_id = '{result.load_id}'"
            ).to_pylist()
            quarantined = {row["source_row"]: row["raw_text"] or "" for row in rows}
            outcome.reasons = sorted({group(row["reason"]) for row in rows})
    verdict = judge(wanted, loaded, quarantined, mapped_names(wanted.names))
    outcome.lost = max(verdict.lost, result.rows_read - len(loaded) - len(quarantined))
    outcome.corrupted, outcome.detail = verdict.corrupted, verdict.detail
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


def group(reason: str) -> str:
    """A reason without its values."""
    reason = re.sub(r"'[^']*'|\"[^\"]*\"", "…", reason.splitlines()[0] if reason else "")
    return re.sub(r"\d[\d,.]*", "n", reason)[:100]
