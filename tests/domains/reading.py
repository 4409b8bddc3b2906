"""What the tests of the sample generators share: the records of written files, and what a summary promises of them.

Belongs here: what holds of every domain's sample. Does not belong here: what a domain's records mean.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from lakehouse_assets.domains.sampling import Defects, SampleSummary

DEFECTS = Defects(late=0.03, duplicate=0.04, broken=0.02)
NONE = Defects(late=0, duplicate=0, broken=0)
Record = dict[str, Any]
Sound = tuple[str, str, str | None]
"""The columns that a sound record of a source has: a key, a time, a number."""


def content(summary: SampleSummary) -> list[bytes]:
    """The bytes of each file."""
    return [path.read_bytes() for paths in summary.files.values() for path in paths]


def lines_of(path: Path) -> list[str]:
    """The lines of a file, the header of a CSV among them."""
    return gzip.decompress(path.read_bytes()).decode().splitlines()


def parsed(path: Path) -> Iterator[Record]:
    """Each record of a file; one that is not well formed has no columns."""
    lines = lines_of(path)
    header = lines.pop(0).split(",") if ".csv" in path.name else None
    for line in lines:
        try:
            yield dict(zip(header, next(csv.reader([line])), strict=True)) if header else json.loads(line)
        except ValueError:
            yield {}


def sound_records(paths: Iterable[Path], columns: Sound) -> list[Record]:
    """The records of files, in their order, that have a tenant and a source's key, time (as `at`) and number."""
    key, time, number = columns
    found = []
    for record in (r for path in paths for r in parsed(path)):
        try:
            record["at"] = datetime.fromisoformat(record[time])
            Decimal(record[number] if number else 0)
        except (KeyError, ValueError, InvalidOperation):
            continue
        if record["tenant_id"] and record[key]:
            found.append(record)
    return found


def assert_counts_are_those_of_the_files(summary: SampleSummary, sound: int) -> None:
    """A summary counts every record, the sound ones are the clean and the repeated, and no defect is left out."""
    assert summary.rows == sum(1 for paths in summary.files.values() for path in paths for _ in parsed(path))
    assert sound == summary.clean + summary.duplicates
    counts = (summary.late, summary.exact_duplicates, summary.corrected_duplicates, *summary.broken_by_kind.values())
    assert min(counts) > 0
