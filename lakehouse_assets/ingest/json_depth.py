"""How deep a JSON text is nested: beyond some depth other programs fail on it, in ways that nobody can catch.

Belongs here: telling such records before anything parses them. Does not belong here: any other fault of a record.
"""

from __future__ import annotations

import re

import numpy as np

from lakehouse_assets.ingest.batches import Bad, Chunk

MAX_DEPTH = 500
"""How deep a record may be nested. Python's own parser gives up at about a thousand, depending on its caller."""
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*"|[\[{]|[\]}]', re.DOTALL)


def refuse_deep(chunk: Chunk, bad: dict[int, Bad]) -> None:
    """Note the records that are nested too deep."""
    for i in np.flatnonzero(chunk.ends - chunk.starts > MAX_DEPTH):
        text = chunk.text(int(i))
        if text.count(b"[") + text.count(b"{") > MAX_DEPTH and (at := _too_deep(text)) is not None:
            line = int(chunk.lines[i]) + text.count(b"\n", 0, at)
            column = at - text.rfind(b"\n", 0, at)
            problem = f"nested deeper than {MAX_DEPTH} levels, on line {line} in column {column} of the record"
            bad.setdefault(int(i), Bad(problem))


def _too_deep(text: bytes) -> int | None:
    """Where the text first goes deeper than allowed."""
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                return token.start()
        elif token[0] in b"]}":
            depth -= 1
    return None
