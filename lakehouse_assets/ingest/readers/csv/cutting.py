"""CSV records in a stream: where each ends, also beside records whose quotes do not pair.

Belongs here: cutting blocks into chunks of whole records in bounded memory.
Does not belong here: the fields of a record (reader, dialect).

A record whose quotes do not pair is kept together with the lines after it up to where records certainly begin again.
There are two readings: its field goes on to the first quote that a delimiter or a line end follows, or a quote is too
much and its line ends as it stands. Records begin again where both say so, or where one cannot be. A field that is
open at the end of the file takes all lines to that end, for the file may have been cut off within it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from lakehouse_assets.ingest.readers.batches import (
    MAX_RECORD,
    NEWLINE,
    RETURN,
    Chunk,
    Counter,
    ending_in_newline,
)
from lakehouse_assets.ingest.readers.csv.dialect import Dialect

MOST_CLOSINGS = 100
"""Quotes that are tried as the end of a field whose quotes do not pair."""


@dataclass(frozen=True)
class Torn:
    """A record whose quotes do not pair: where the quote opens, and where it closes if text follows there."""

    opening: int
    closing: int | None


@dataclass
class _Cut:
    ends: np.ndarray
    torn: dict[int, Torn] = field(default_factory=dict)
    regular: bool = True

    @property
    def end(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    @property
    def longest(self) -> int:
        return int(np.diff(self.ends, prepend=0).max()) if len(self.ends) else 0


def csv_chunks(
    blocks: Iterable[bytes], dialect: Dialect, counter: Counter
) -> Iterator[tuple[Chunk, bool, dict[int, str]]]:
    """Cut blocks at record ends.

    Yields:
        A chunk of records, blank lines and comments left out; whether all its quotes and line ends stand where they
        should; and what is wrong with records whose quotes do not pair, by their index.
    """
    rest, within_long_line = b"", False
    for given, last in _with_end(ending_in_newline(blocks)):
        block = given
        if within_long_line:
            at = given.find(b"\n")
            if at < 0:
                continue
            block, within_long_line = given[at:], False
        data = rest + block if rest else block
        cut = _cut(data, dialect, last)
        rest = data[cut.end :]
        if len(rest) > MAX_RECORD and b"\n" not in rest:
            rest, within_long_line = rest[: MAX_RECORD + 1], True
        if cut.end:
            yield _chunk(data, cut, dialect, counter.line)
            counter.line += data.count(b"\n", 0, cut.end)


def _with_end(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    for block in blocks:
        yield block, False
    yield b"", True


def _cut(data: bytes, dialect: Dialect, last: bool) -> _Cut:
    if not last and _has_plain_lines(data, dialect):
        view = np.frombuffer(data, np.uint8)
        ends = np.flatnonzero(view == NEWLINE) + 1
        cut = _Cut(ends)
        if dialect.quote and dialect.quote.encode() in data:
            quotes = np.flatnonzero(view == ord(dialect.quote))
            cut = _Cut(ends[np.searchsorted(quotes, ends) % 2 == 0])
            cut.regular = _quotes_regular(view, quotes, ord(dialect.delimiter))
        if cut.regular and cut.longest <= MAX_RECORD and len(data) - cut.end <= MAX_RECORD:
            return cut
    return _Cutter(data, dialect, last).cut()


def _has_plain_lines(data: bytes, dialect: Dialect) -> bool:
    """Whether nothing but quotes can make the end of a line not the end of a record."""
    return (
        dialect.is_plain
        and not (dialect.escape and dialect.escape.encode() in data)
        and not (dialect.line_of_comment and dialect.line_of_comment.search(data))
        and (b"\r" not in data or data.count(b"\r") == data.count(b"\r\n"))
    )


def _quotes_regular(view: np.ndarray, quotes: np.ndarray, delimiter: int) -> bool:
    """Whether every opening quote begins a field and every closing one ends it, doubled quotes aside."""
    opening, closing = quotes[0::2], quotes[1::2]
    quote = view[quotes[0]]
    before = view[np.maximum(opening - 1, 0)]
    begins = (opening == 0) | (before == delimiter) | (before == NEWLINE) | (before == quote)
    after = view[np.minimum(closing + 1, len(view) - 1)]
    ends = (after == delimiter) | (after == NEWLINE) | (after == RETURN) | (after == quote)
    return bool(begins.all() and ends.all())


class _Cutter:
    """Cuts data record by record, however its quotes stand."""

    def __init__(self, data: bytes, dialect: Dialect, last: bool) -> None:
        self._data, self._dialect, self._last = data, dialect, last
        self._closings: np.ndarray | None = None

    def cut(self) -> _Cut:
        ends: list[int] = []
        torn: dict[int, Torn] = {}
        position = 0
        while position < len(self._data):
            end = self._record(position)
            if end is None:
                end = self._irregular(position, torn)
            if end is None:
                break
            ends.append(end)
            position = end
        return _Cut(np.array(ends, np.int64), torn, regular=False)

    def _record(self, start: int) -> int | None:
        """The end of the sound record, or the comment, that begins here."""
        comment = self._dialect.comment
        if comment and self._data.startswith(comment.encode(), start):
            return self._data.find(b"\n", start, start + MAX_RECORD + 1) + 1 or None
        found = self._dialect.record.match(self._data, start, start + MAX_RECORD + 1)
        return found.end() if found else None

    def _known(self, start: int) -> bool:
        """Whether enough is there to judge the record that begins here."""
        return self._last or len(self._data) > start + MAX_RECORD

    def _irregular(self, start: int, torn: dict[int, Torn]) -> int | None:
        """The end of the record that begins here, too long or torn as it is; None if more must be read to tell."""
        if not self._known(start):
            return None
        limit = start + MAX_RECORD + 1
        line_end = self._data.find(b"\n", start) + 1
        sound = self._dialect.sound_fields.match(self._data, start, limit)
        opening = sound.end() if sound else start
        quote = (self._dialect.quote or "").encode()
        if not line_end or line_end > limit or not quote or not self._data.startswith(quote, opening):
            return line_end or None
        text = self._dialect.opened.match(self._data, opening, limit)
        closing = text.end() if text else opening
        closed = closing < min(limit, len(self._data)) and self._data.startswith(quote, closing)
        if closed:
            end = self._certain_start(start, opening, line_end, limit)
        else:
            end = line_end if len(self._data) >= limit else len(self._data)
        if end is not None:
            torn[start] = Torn(opening, closing if closed else None)
        return end

    def _certain_start(self, start: int, opening: int, line_end: int, limit: int) -> int | None:
        """Where records begin again after a torn one, in both readings; None if more must be read to tell."""
        field_ends = self._end_by_closing(opening, limit)
        if field_ends is None:
            return line_end
        ends = (field_ends, line_end)
        while ends[0] != ends[1] and min(ends) < start + 2 * MAX_RECORD:
            behind, ahead = sorted(ends)
            following = self._record(behind)
            if following is None:
                return ahead if self._known(behind) else None
            ends = (following, ahead)
        return max(ends)

    def _end_by_closing(self, opening: int, limit: int) -> int | None:
        """The end of a record whose torn field ends at the first quote before a delimiter or line end, if one does."""
        closings = self._all_closings()
        first = np.searchsorted(closings, opening + 1)
        for closing in closings[first : first + MOST_CLOSINGS]:
            if found := self._dialect.rest_of_record.match(self._data, int(closing) + 1, limit):
                return found.end()
        return None

    def _all_closings(self) -> np.ndarray:
        """Quotes, not doubled, that something follows with which a delimiter or a line end may begin."""
        if self._closings is None:
            view = np.frombuffer(self._data, np.uint8)
            quote = ord(self._dialect.quote or "")
            quotes = np.flatnonzero(view[:-1] == quote)
            after = view[quotes + 1]
            follows = (after == self._dialect.delimiter.encode()[0]) | (after == RETURN) | (after == NEWLINE)
            self._closings = quotes[follows & (view[np.maximum(quotes - 1, 0)] != quote)]
        return self._closings


def _chunk(data: bytes, cut: _Cut, dialect: Dialect, line: int) -> tuple[Chunk, bool, dict[int, str]]:
    newlines = np.flatnonzero(np.frombuffer(data, np.uint8) == NEWLINE)
    starts = np.concatenate([[0], cut.ends[:-1]])
    lines = line + np.searchsorted(newlines, starts)
    whole = data[: cut.end] if cut.end < len(data) else data
    chunk = _records_only(Chunk(whole, starts, cut.ends, lines), dialect)
    problems = {
        int(np.searchsorted(chunk.starts, start)): _problem(data, start, torn, line, newlines, cut.ends)
        for start, torn in cut.torn.items()
    }
    return chunk, cut.regular, problems


def _records_only(chunk: Chunk, dialect: Dialect) -> Chunk:
    """Leave out blank lines and comments; a line of delimiters is a record of empty fields."""
    space = b" \t\r\n\x0b\x0c".translate(None, dialect.delimiter.encode())
    short = np.flatnonzero(chunk.ends - chunk.starts <= 16)
    blank = [i for i in short if not chunk.data[chunk.starts[i] : chunk.ends[i]].strip(space)]
    if not blank and not dialect.line_of_comment:
        return chunk
    keep = np.ones(len(chunk.starts), bool)
    keep[np.array(blank, np.int64)] = False
    if dialect.line_of_comment:
        comments = [found.start() for found in dialect.line_of_comment.finditer(chunk.data)]
        keep &= ~np.isin(chunk.starts, comments)
    return Chunk(chunk.data, chunk.starts[keep], chunk.ends[keep], chunk.lines[keep])


def _problem(data: bytes, start: int, torn: Torn, line: int, newlines: np.ndarray, ends: np.ndarray) -> str:
    def place(position: int) -> str:
        number = int(np.searchsorted(newlines, position))
        column = position - (int(newlines[number - 1]) + 1 if number else 0)
        text = data[position - column : position].decode(errors="replace")
        return f"line {line + number}, column {len(text) + 1}"

    end = int(ends[np.searchsorted(ends, start, side="right")])
    if torn.closing is not None:
        what = f"text follows the quote on {place(torn.closing)}, which closes the one on {place(torn.opening)}"
    elif end == len(data) and len(data) - start <= MAX_RECORD:
        what = f"the quote on {place(torn.opening)} is never closed"
    else:
        what = f"the quote on {place(torn.opening)} is not closed within {MAX_RECORD >> 20} MiB"
    first, last = (line + int(np.searchsorted(newlines, p)) for p in (start, end - 1))
    if last > first:
        what += f"; lines {first} to {last} are kept together, for its field may go on to there"
    return what
