"""JSON: the elements of an array, or values one after the other.

Belongs here: cutting a JSON text into its top-level values while it streams.
Does not belong here: one value per line (ndjson_reader is ten times faster), or what a value holds (mapping).
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa

from lakehouse_assets.ingest.batches import MAX_RECORD, SCHEMA, Counter, MalformedError


def json_batches(blocks: Iterable[bytes], counter: Counter) -> Iterator[pa.RecordBatch]:
    """The elements of a JSON array, or JSON values one after the other, however they are laid out.

    Raises:
        MalformedError: the text is not JSON from some place on.
    """
    pending: list[tuple[int, bytes]] = []
    size = 0
    for line, text in _json_values(blocks):
        pending.append((line, text))
        size += len(text)
        if size >= 1 << 20:
            yield _json_batch(pending, counter)
            pending, size = [], 0
    if pending:
        yield _json_batch(pending, counter)


def _json_values(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The values of a JSON text with the line each begins on."""
    scanner = _JsonScanner()
    for block in blocks:
        yield from scanner.feed(block)
    yield from scanner.finish()


class _JsonScanner:
    """Cuts JSON values out of a stream; holds no more than the value it is in."""

    _decoder = json.JSONDecoder()
    _between = re.compile(r"[\s,]*")

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._line = 1
        self._array: bool | None = None
        self._needed = 0

    def feed(self, block: bytes) -> Iterator[tuple[int, bytes]]:
        """Take the next bytes; gives the values that are whole by now."""
        try:
            self._text += self._utf8.decode(block)
        except UnicodeDecodeError as error:
            line = self._line + self._text.count("\n") + block.count(b"\n", 0, error.start)
            raise MalformedError("not valid UTF-8; state the encoding in the source", line) from error
        # Trying again only when the text has doubled keeps a long value from being scanned over and over.
        if len(self._text) >= self._needed:
            yield from self._cut(final=False)

    def finish(self) -> Iterator[tuple[int, bytes]]:
        """Give the values left at the end of the text."""
        yield from self._cut(final=True)
        tail = self._text.strip()
        if self._array and tail != "]":
            raise MalformedError("the JSON array is cut off before its closing bracket", self._line)
        if not self._array and tail:
            raise MalformedError("the JSON text is cut off", self._line)

    def _cut(self, *, final: bool) -> Iterator[tuple[int, bytes]]:
        text, position, line = self._text, 0, self._line
        while True:
            start = self._skip(position)
            if self._array is None and start < len(text):
                self._array = text[start] == "["
                line += text.count("\n", position, start)
                position = start + self._array
                start = self._skip(position)
            if start >= len(text) or (self._array and text[start] == "]"):
                break
            try:
                _, end = self._decoder.raw_decode(text, start)
            except json.JSONDecodeError as error:
                # Before the end it may just be that the rest of the value is yet to come.
                if final or len(text) - position > MAX_RECORD:
                    raise self._malformed(text, position, line, error) from error
                break
            if not final and end >= len(text):
                break  # a number may go on in the next block
            line += text.count("\n", position, start)
            yield line, text[start:end].encode()
            line += text.count("\n", start, end)
            position = end
        self._line = line
        self._text = text[position:]
        self._needed = 2 * len(self._text)

    def _skip(self, position: int) -> int:
        """Where the next value or bracket begins."""
        found = self._between.match(self._text, position)
        return found.end() if found else position

    def _malformed(self, text: str, position: int, line: int, error: json.JSONDecodeError) -> MalformedError:
        at = line + text.count("\n", position, error.pos)
        column = error.pos - text.rfind("\n", 0, error.pos)
        return MalformedError(f"not JSON: {error.msg}", at, column)


def _json_batch(values: Sequence[tuple[int, bytes]], counter: Counter) -> pa.RecordBatch:
    n = len(values)
    rows = np.arange(counter.records + 1, counter.records + n + 1)
    counter.records += n
    nothing = pa.nulls(n, pa.string())
    return pa.RecordBatch.from_arrays(
        [
            pa.array(rows),
            pa.array([line for line, _ in values], pa.int64()),
            pa.array([text.decode() for _, text in values], pa.string_view()),
            nothing,
            nothing,
        ],
        schema=SCHEMA,
    )
