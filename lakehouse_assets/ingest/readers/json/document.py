"""JSON: the elements of an array, or values one after the other.

Belongs here: cutting a JSON text into its top-level values while it streams, however deep they are nested.
Does not belong here: one value per line (lines), or what a value holds (mapping).

Only brackets and quotes are looked at; whether a value is sound JSON is said by the engine that reads its fields.
White space and commas between values are passed over, too many and too few alike; text that touches a bracket is part
of the value, which is no JSON then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from lakehouse_assets.ingest.readers.batches import (
    MAX_RECORD,
    NEWLINE,
    QUOTE,
    Chunk,
    Counter,
    MalformedError,
    bad_records,
    batch,
)
from lakehouse_assets.ingest.readers.json.faults import note_faults

_BETWEEN = re.compile(rb'"[^"]*(?:"|\Z)|[^\s,"]+')
_PARTING = (b" ", b",", b"\t", b"\n", b"\r", b"\v", b"\f")


def json_batches(blocks: Iterable[bytes], counter: Counter) -> Iterator[pa.RecordBatch]:
    """The elements of a JSON array, or JSON values one after the other, however they are laid out.

    Raises:
        MalformedError: from some place on the brackets or quotes of the text do not pair, or a value is too long.
    """
    return (_batch(chunk, counter) for chunk in json_chunks(blocks, counter))


def json_chunks(blocks: Iterable[bytes], counter: Counter) -> Iterator[Chunk]:
    """The values of a JSON text as they stand in it; see `json_batches`."""
    values = _Values(counter)
    for block in blocks:
        if chunk := values.feed(block, last=False):
            yield chunk
    if chunk := values.feed(b"", last=True):
        yield chunk
    values.refuse_rest()


def _batch(chunk: Chunk, counter: Counter) -> pa.RecordBatch:
    bad = bad_records(chunk)
    note_faults(chunk, bad)
    return batch(chunk, bad, counter)


class _Piece(NamedTuple):
    """A value of a text: where it begins, where it ends, and whether it is an object or array and nothing else."""

    first: int
    end: int
    bracketed: bool


def _joined(pieces: list[_Piece]) -> list[_Piece]:
    """Make one of values that touch, unless both are objects or arrays."""
    joined: list[_Piece] = []
    for piece in pieces:
        before = joined[-1] if joined else None
        if before and before.end == piece.first and not (before.bracketed and piece.bracketed):
            joined[-1] = _Piece(before.first, piece.end, False)
        else:
            joined.append(piece)
    return joined


class _Values:
    """Cuts values out of a stream; holds no more than the value it is in."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._rest = b""
        self._column = 0
        """Bytes of its line before the rest."""
        self._in_array: bool | None = None
        self._ended = False

    def feed(self, block: bytes, *, last: bool) -> Chunk | None:
        """Take the next bytes; gives the values that are whole by now."""
        data = self._rest + block
        start = 0
        if self._ended:
            self._refuse_more(data, 0)
        if self._in_array is None or self._ended:
            start = len(data) - len(data.lstrip())
            if start == len(data):
                self._keep(data, len(data))
                return None
            self._in_array = data[start : start + 1] == b"["
            start += self._in_array
        pieces, end = self._pieces(data, start, last)
        chunk = self._chunk(data, pieces) if pieces else None
        self._keep(data, end)
        if len(self._rest) > MAX_RECORD:
            self._refuse_long(self._counter.line)
        return chunk

    def _keep(self, data: bytes, end: int) -> None:
        """Go on from this place of the data."""
        self._counter.line += data.count(b"\n", 0, end)
        line = data.rfind(b"\n", 0, end)
        self._column = self._column + end if line < 0 else end - line - 1
        self._rest = data[end:]

    def refuse_rest(self) -> None:
        """Refuse a text that does not end where a value, or the array, does."""
        if self._in_array and not self._ended:
            raise MalformedError("the JSON array is cut off before its closing bracket", self._counter.line)
        if self._rest.strip(b" \t\r\n,"):
            raise MalformedError("the JSON text is cut off, or a quote in it does not pair", self._counter.line)

    def _pieces(self, data: bytes, start: int, last: bool) -> tuple[list[_Piece], int]:
        """Where the values begin and end that are whole, and where the rest begins."""
        # Pairs of a backslash and what it stands before are masked, from left to right as they are read.
        masked = data.replace(b"\\\\", b"__").replace(b'\\"', b"__") if b"\\" in data else data
        opened, closed, after = self._containers(masked, start)
        pieces: list[_Piece] = []
        position = start
        for first, end in zip(opened, closed, strict=False):
            pieces += self._scalars(masked, position, first, whole=True)
            pieces.append(_Piece(first, end, True))
            position = end
        if after is not None:  # the array ends here
            pieces += self._scalars(masked, position, after, whole=True)
            self._ended = True
            self._refuse_more(data, after + 1)
            return _joined(pieces), after + 1
        if len(opened) > len(closed):
            pieces += self._scalars(masked, position, opened[-1], whole=True)
            position = opened[-1]
        else:
            pieces += self._scalars(masked, position, len(masked), whole=last)
            position = pieces[-1].end if pieces else position
        pieces = _joined(pieces)
        # What the rest touches may be one value with it.
        if not last and pieces and pieces[-1].end == position and masked[position : position + 1] not in _PARTING:
            position = pieces.pop().first
        return pieces, position

    def _containers(self, masked: bytes, start: int) -> tuple[list[int], list[int], int | None]:
        """Where outermost brackets open, where they are closed after, and where the array around them ends."""
        view = np.frombuffer(masked, np.uint8)
        brackets = np.flatnonzero((view | 0x20) == ord("{")), np.flatnonzero((view | 0x20) == ord("}"))
        places = np.concatenate(brackets)
        steps = np.repeat(np.array([1, -1]), [len(b) for b in brackets])
        order = np.argsort(places, kind="stable")
        places, steps = places[order], steps[order]
        quotes = np.flatnonzero(view == QUOTE)
        outside = (np.searchsorted(quotes, places) % 2 == 0) & (places >= start)
        places, steps = places[outside], steps[outside]
        depths = np.cumsum(steps)
        below = np.flatnonzero(depths < 0)
        after = None
        if len(below):
            after = int(places[below[0]])
            if not self._in_array or masked[after : after + 1] != b"]":
                self._refuse(masked, after)
            places, steps, depths = places[: below[0]], steps[: below[0]], depths[: below[0]]
        opened = places[(depths == 1) & (steps == 1)]
        closed = places[(depths == 0) & (steps == -1)] + 1
        return opened.tolist(), closed.tolist(), after

    def _scalars(self, masked: bytes, start: int, end: int, *, whole: bool) -> list[_Piece]:
        """Values without brackets in a part of the text; where that is not whole, the last one may go on."""
        if end - start <= 2 and not masked[start:end].strip(b" ,\n"):
            return []
        found = [_Piece(*m.span(), False) for m in _BETWEEN.finditer(masked, start, end)]
        return found if whole or not found or found[-1].end < end else found[:-1]

    def _chunk(self, data: bytes, pieces: list[_Piece]) -> Chunk:
        newlines = np.flatnonzero(np.frombuffer(data, np.uint8) == NEWLINE)
        firsts = np.array([piece.first for piece in pieces])
        lines = self._counter.line + np.searchsorted(newlines, firsts)
        lengths = np.array([piece.end - piece.first + 1 for piece in pieces])
        if lengths.max() > MAX_RECORD:
            self._refuse_long(int(lines[lengths.argmax()]))
        ends = np.cumsum(lengths)
        return Chunk(b"\n".join(data[piece.first : piece.end] for piece in pieces) + b"\n", ends - lengths, ends, lines)

    def _refuse_long(self, line: int) -> None:
        raise MalformedError(
            f"a value is longer than {MAX_RECORD >> 20} MiB; is the file one object around all records?", line
        )

    def _refuse_more(self, data: bytes, position: int) -> None:
        """Refuse what comes after the end of the array, unless it is white space."""
        more = data[position:].lstrip()
        if more:
            self._refuse(data, len(data) - len(more))

    def _refuse(self, data: bytes, position: int) -> None:
        found = data[position : position + 1].decode(errors="replace")
        line = data.rfind(b"\n", 0, position)
        column = position - line + (self._column if line < 0 else 0)
        raise MalformedError(
            f"not JSON: '{found}' where the text should go on or end",
            self._counter.line + data.count(b"\n", 0, position), column,
        )  # fmt: skip
