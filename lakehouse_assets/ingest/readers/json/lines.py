"""NDJSON: one record per line.

Belongs here: cutting a stream at its line ends, in bounded memory.
Does not belong here: what a record holds (mapping).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from lakehouse_assets.ingest.readers.batches import (
    MAX_RECORD,
    NEWLINE,
    Chunk,
    Counter,
    bad_records,
    batch,
    ending_in_newline,
    ends_in_returns,
    without_blanks,
)
from lakehouse_assets.ingest.readers.json.faults import note_faults


def ndjson_batches(blocks: Iterable[bytes], counter: Counter) -> Iterator[pa.RecordBatch]:
    """One record per line; blank lines are skipped.

    No JSON value holds a bare line end of either kind, so one that a whole file uses stands for the other.
    """
    for chunk in line_chunks(blocks, counter):
        bad = bad_records(chunk)
        note_faults(chunk, bad)
        yield batch(chunk, bad, counter)


def line_chunks(blocks: Iterable[bytes], counter: Counter) -> Iterator[Chunk]:
    """Cut blocks at line ends; of a line that is too long only the beginning is kept. See `ndjson_batches`."""
    returns, text = ends_in_returns(iter(blocks))
    lines = (block.replace(b"\r", b"\n") for block in text) if returns else text
    rest = b""
    for block in ending_in_newline(lines):
        cut = block.rfind(b"\n") + 1
        if cut == 0:
            rest = _bounded(rest, block)
            continue
        head = block[:cut] if cut < len(block) else block
        if rest:
            first = head.find(b"\n")
            head = _bounded(rest, head[:first]) + head[first:]
        yield _lines_of(head, counter)
        rest = block[cut:]


def _bounded(kept: bytes, more: bytes) -> bytes:
    """Join the parts of a long line, forgetting what lies so far behind the limit that it is of no use."""
    if len(kept) > MAX_RECORD:
        return kept
    return kept + more


def _lines_of(data: bytes, counter: Counter) -> Chunk:
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == NEWLINE) + 1
    starts = np.empty_like(ends)
    starts[0] = 0
    starts[1:] = ends[:-1]
    lines = np.arange(counter.line, counter.line + len(ends))
    counter.line += len(ends)
    return without_blanks(Chunk(data, starts, ends, lines))
