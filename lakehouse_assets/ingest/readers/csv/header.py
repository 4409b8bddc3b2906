"""A CSV file from its first byte: its line ends, the lines around its records, its header.

Belongs here: what a source says of a CSV file beside its fields, and opening a file so.
Does not belong here: the records (reader).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

import pyarrow as pa

from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.readers.batches import (
    KEPT_TEXT,
    MAX_RECORD,
    Counter,
    SwappedLineEnds,
    ending_in_newline,
    ends_in_returns,
)
from lakehouse_assets.ingest.readers.csv.dialect import CsvError, Dialect
from lakehouse_assets.ingest.readers.csv.reader import csv_batches


@dataclass(frozen=True)
class Layout:
    """Where in a CSV file the records are, and what their fields are called."""

    dialect: Dialect = field(default_factory=Dialect)
    has_header: bool = True
    names: tuple[str, ...] = ()
    skip_lines: int = 0
    skip_last_lines: int = 0

    def fields(self, header: str | None) -> list[str]:
        """The names of the fields under a header.

        Raises:
            CsvError: the header is not one record, or nothing names the fields.
        """
        if header is None and not self.names:
            raise CsvError("it has no header, and the source states no names")
        return list(self.names) or [name.strip() for name in self.dialect.split(header or "")]


class CsvText:
    """A CSV file whose header was read: `header` as it stands, `line` it stands on, `names`, and the `batches`."""

    def __init__(self, blocks: Iterator[bytes], layout: Layout, file: str, counter: Counter) -> None:
        """Read up to the first record.

        Raises:
            IngestError: there is no header, or it does not name each field once.
        """
        self.header: str | None = None
        self.line: int | None = None
        self._file, self._layout, self._counter = file, layout, counter
        returns, blocks = ends_in_returns(blocks)
        swapped = SwappedLineEnds(returns)
        blocks = self._without_first_lines(map(swapped.of_bytes, blocks))
        self.names = list(layout.names)
        if layout.has_header:
            raw, blocks = self._take_header(blocks)
            self.names = self._names(raw)
            self.header = swapped.of_text(raw.decode().rstrip("\r\n"))
        if layout.skip_last_lines:
            blocks = _without_last_lines(blocks, layout.skip_last_lines, file)
        found = csv_batches(blocks, len(self.names), layout.dialect, counter)
        self.batches: Iterator[pa.RecordBatch] = map(swapped.of_batch, found)

    def _without_first_lines(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        left = self._layout.skip_lines
        self._counter.line += left
        for block in blocks:
            start = 0
            while left and (end := block.find(b"\n", start) + 1):
                start, left = end, left - 1
            if not left:
                yield block[start:]

    def _take_header(self, blocks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
        """The first record that is neither blank nor a comment, and the blocks after it."""
        blocks = ending_in_newline(blocks)
        buffer = b""
        for block in blocks:
            buffer += block
            while found := self._layout.dialect.record.match(buffer):
                raw, buffer = found[0], buffer[found.end() :]
                self.line = self._counter.line
                self._counter.line += raw.count(b"\n")
                comment = self._layout.dialect.comment
                if raw.strip() and not (comment and raw.startswith(comment.encode())):
                    return raw, chain([buffer], blocks)
            if len(buffer) > KEPT_TEXT:
                break
        line = self._counter.line
        if not buffer.strip():
            problem = "the file holds nothing but blank lines"
            raise IngestError(self._file, problem, hint="A CSV file begins with a header.", line=line)
        sound = self._layout.dialect.sound_fields.match(buffer)
        at = sound.end() if sound else 0
        if not buffer[at:].startswith((self._layout.dialect.quote or "").encode() or b"\n"):
            raise IngestError(self._file, "no header line in the first MiB", hint="Is this a CSV file?", line=line)
        column = at - buffer.rfind(b"\n", 0, at)
        raise IngestError(
            self._file, "the quote that opens here in the header does not close at the end of a field",
            hint="Mend the header; where the quotes are text, state 'quote: none' in the source.",
            line=line + buffer.count(b"\n", 0, at), column=column,
        )  # fmt: skip

    def _names(self, raw: bytes) -> list[str]:
        file, line = self._file, self.line
        if b"\0" in raw:
            hint = "Is the file UTF-16? Then state 'encoding: utf-16' in the source."
            raise IngestError(file, "the header holds NUL bytes", hint=hint, line=line, column=raw.index(0) + 1)
        try:
            found = [name.strip() for name in self._layout.dialect.split(raw.decode().rstrip("\r\n"))]
        except UnicodeDecodeError as error:
            hint = "State the encoding in the source."
            raise IngestError(file, "the header is not UTF-8", hint=hint, line=line, column=error.start + 1) from error
        except CsvError as error:
            raise IngestError(file, f"the header is not CSV: {error}", line=line) from error
        if not self._layout.names:
            return _each_once(found, file, line)
        if len(found) != len(self._layout.names):
            raise IngestError(
                file, f"the header has {len(found)} fields where the source names {len(self._layout.names)}",
                hint="State a name for every field.", line=line,
            )  # fmt: skip
        return list(self._layout.names)


def _each_once(names: Sequence[str], file: str, line: int | None) -> list[str]:
    for i, name in enumerate(names):
        if not name:
            hint = "Name every field, there or by 'names' in the source."
            raise IngestError(file, f"field {i + 1} of the header has no name", hint=hint, line=line)
        if name in names[:i]:
            raise IngestError(
                file, f"the header names '{name}' twice (fields {names.index(name) + 1} and {i + 1})",
                hint="Rename one of them, there or by 'names' in the source.", line=line, column=name,
            )  # fmt: skip
    return list(names)


def _without_last_lines(blocks: Iterator[bytes], count: int, file: str) -> Iterator[bytes]:
    """All but the last lines; blank ones after them are not counted."""
    held = b""
    for block in blocks:
        held += block
        start = _last_lines(held, count)
        yield held[:start]
        held = held[start:]
        if len(held) > MAX_RECORD + len(block):
            raise IngestError(file, f"its last {count} lines are longer than {MAX_RECORD >> 20} MiB")


def _last_lines(text: bytes, count: int) -> int:
    """Where the last lines begin that are not blank."""
    end = len(text)
    while end and count:
        start = text.rfind(b"\n", 0, end - 1) + 1
        count -= bool(text[start:end].strip())
        end = start
    return end
