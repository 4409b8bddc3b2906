"""Faults of a JSON text that the engine takes, or that other programs fail on in ways that nobody can catch.

Belongs here: telling such records before anything parses them. Does not belong here: faults that the engine tells.
"""

from __future__ import annotations

import re

import numpy as np

from lakehouse_assets.ingest.readers.batches import Bad, Chunk

MAX_DEPTH = 500
"""How deep a record may be nested. Python's own parser gives up at about a thousand, depending on its caller."""
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*"|[\[{]|[\]}]', re.DOTALL)
_SPARE_COMMA = re.compile(rb",\s*[}\]]")
_STRING_OR_SPARE_COMMA = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*"|,\s*[}\]]', re.DOTALL)


def note_faults(chunk: Chunk, bad: dict[int, Bad]) -> None:
    """Note the records that are nested too deep, or have a comma before a closing bracket."""
    _note_deep(chunk, bad)
    _note_spare_commas(chunk, bad)


def _note_deep(chunk: Chunk, bad: dict[int, Bad]) -> None:
    for i in np.flatnonzero(chunk.ends - chunk.starts > MAX_DEPTH):
        text = chunk.text(int(i))
        if text.count(b"[") + text.count(b"{") > MAX_DEPTH and (at := _too_deep(text)) is not None:
            problem = f"nested deeper than {MAX_DEPTH} levels, {_place(chunk, int(i), text, at)}"
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


def _note_spare_commas(chunk: Chunk, bad: dict[int, Bad]) -> None:
    places = np.array([match.start() for match in _SPARE_COMMA.finditer(chunk.data)])
    for i in np.unique(np.searchsorted(chunk.ends, places, side="right")):
        if i == len(chunk.ends):
            continue
        text = chunk.text(int(i))
        tokens = _STRING_OR_SPARE_COMMA.finditer(text)
        at = next((token.start() for token in tokens if token[0].startswith(b",")), None)
        if at is not None:
            problem = f"not valid JSON: a comma before a closing bracket, {_place(chunk, int(i), text, at)}"
            bad.setdefault(int(i), Bad(problem))


def _place(chunk: Chunk, i: int, text: bytes, at: int) -> str:
    line = int(chunk.lines[i]) + text.count(b"\n", 0, at)
    column = at - text.rfind(b"\n", 0, at)
    return f"on line {line} in column {column} of the record"
