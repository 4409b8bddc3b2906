"""The characters a sample of CSV is written with.

Belongs here: delimiter, quote, escape and comment, from the beginning of a file. Does not belong here: which of its
lines are records (layouts), or what their fields hold (columns).

DuckDB's sniffer proposes, for it tries all of them at once and knows types; its proposal is taken where most records
have as many fields by it. Otherwise the delimiter by which the records agree best is taken.
"""

from __future__ import annotations

import tempfile
from collections import Counter as Counts
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import duckdb

from lakehouse_assets.drafting.samples.cells import fits_a_kind
from lakehouse_assets.ingest.readers.batches import Counter
from lakehouse_assets.ingest.readers.csv.cutting import csv_chunks
from lakehouse_assets.ingest.readers.csv.dialect import CsvError, Dialect
from lakehouse_assets.lakehouse.engines.instances import open_closed
from lakehouse_assets.lakehouse.sql import literal

DELIMITERS = (",", ";", "\t", "|")
HEAD_RECORDS, HEAD_BYTES = 400, 1 << 18
"""How much of a file tells its dialect."""
CLOSE = 0.05
"""Two delimiters that differ by less than this in how well they fit are both possible."""


@dataclass(frozen=True)
class Record:
    """A record of a text: its fields without white space around them, its first line, and how many it takes."""

    line: int
    lines: int
    fields: tuple[str, ...]

    @property
    def filled(self) -> int:
        """How many of its fields hold something."""
        return sum(map(bool, self.fields))


def records_of(text: bytes, dialect: Dialect, line: int = 1) -> Iterator[Record]:
    """The sound records of a text whose lines end in newlines; `line` is the number of its first."""
    for chunk, _, torn in csv_chunks([text], dialect, Counter(line=line)):
        for i in range(len(chunk.starts)):
            raw = chunk.text(i)
            try:
                fields = [] if i in torn else dialect.split(raw.decode(errors="replace"))
            except CsvError:
                continue
            if fields:
                yield Record(int(chunk.lines[i]), raw.count(b"\n") + 1, tuple(f.strip() for f in fields))


def dialect_of(head: bytes) -> tuple[Dialect, str | None]:
    """The dialect of a text by its beginning, and what cannot be told of it.

    Args:
        head: UTF-8, its lines ending in newlines; the last may be cut off.
    """
    head = head[:HEAD_BYTES]
    candidates = [Dialect(delimiter) for delimiter in DELIMITERS]
    proposed = _by_duckdb(head)
    if proposed:
        candidates = [proposed, *(d for d in candidates if d != proposed)]
    rated = [(_rating(head, d), -i, d) for i, d in enumerate(candidates)]
    best = max(rated)
    if best[0] == 0:
        return candidates[0] if proposed is None else Dialect(), None
    rivals = [d for rating, _, d in rated if d.delimiter != best[2].delimiter and rating >= best[0] - CLOSE]
    if not rivals:
        return best[2], None
    return best[2], f"whether fields are parted by {best[2].delimiter!r} or by {rivals[0].delimiter!r}: both fit"


def _by_duckdb(head: bytes) -> Dialect | None:
    with tempfile.NamedTemporaryFile(suffix=".csv") as file, open_closed([file.name]) as con:
        file.write(head)
        file.flush()
        try:
            row = con.execute(
                f"select Delimiter, Quote, Escape, Comment from sniff_csv({literal(file.name)}, sample_size = -1)"
            ).fetchone()
        except duckdb.Error:
            return None
    delimiter, quote, escape, comment = (None if not mark or mark in ("(empty)", "\0") else mark for mark in row or ())
    if not delimiter or delimiter.isalnum() or delimiter == " ":
        return None
    # Where no field is quoted it says what it would try first.
    quote = quote if quote and quote.encode() in head else '"'
    escape = escape if escape not in (None, quote) and escape.encode() in head else None
    return Dialect(delimiter, quote, escape, comment if comment and comment.encode() in head else None)


def _rating(head: bytes, dialect: Dialect) -> float:
    """How well a dialect fits, 0 to 1: records with equally many fields, and values of which something can be made."""
    records = list(islice(records_of(head, dialect), HEAD_RECORDS))
    if not records:
        return 0
    # What stands before the records agrees with nothing; the greatest number of fields outweighs a few such lines.
    widths = Counts(len(r.fields) for r in records)
    width, count = max(widths.items(), key=lambda found: (found[1] * (found[0] > 1), found[0]))
    if width < 2:
        return 0
    agreeing = [r for r in records if len(r.fields) == width]
    cells = [cell for r in agreeing[-50:] for cell in r.fields if cell]
    known = sum(map(fits_a_kind, cells)) / len(cells) if cells else 0
    return count / len(records) * (0.5 + 0.5 * known)
