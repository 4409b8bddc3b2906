"""Where in a CSV file its records are: lines before and after them, and what names their fields.

Belongs here: telling titles, headers, notes and totals from records. Does not belong here: the dialect (dialects).

Records agree with one another: in their number of fields, and in what stands in a column. A header stands before them
and disagrees, a text where they have numbers or times; a title fills hardly any field. What cannot be told so is
a question, and a draft with questions loads nothing until a person has answered them.
"""

from __future__ import annotations

import re
from collections import Counter as Counts
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from lakehouse_assets.drafting.naming import unused
from lakehouse_assets.drafting.samples.cells import Kind, is_total, kind_of
from lakehouse_assets.drafting.samples.dialects import Record

MOST_BEFORE = 200
"""Records at the beginning among which the first that is one is looked for."""
MOST_AFTER = 50
LEARNT_FROM = 2000
"""Records from which it is learnt what stands in a column."""
TYPED = 0.8
"""Share of the values of a column that must look alike."""
DISAGREEING = 0.1
"""Share of records with another number of fields beyond which the file may hold several tables."""
FEW_VALUES = 0.5
"""A column with no more different values than this share of its records holds kinds of things."""
ENOUGH = 8
LONGEST_NAME = 80
MOST_IN_TITLE = 2
"""Fields that a line before the header may fill, as a name with a value does."""
MARKS = tuple(re.compile(mark) for mark in (r"\d", r"/", r"@", r"\w\.\w", r":", r"\w-\w", r"\w \w"))
"""What texts of one form have in common, and names of columns mostly have not."""
SHOWN = 60


@dataclass(frozen=True)
class Found:
    """Where the records are.

    Attributes:
        has_header: Whether a header of one record names the fields.
        names: Names of the fields where the header does not name each once.
        skip_lines: Lines before the header or the first record.
        skip_last_lines: Lines after the last record, blank ones aside.
        notes: What was found otherwise than in a plain file, and why.
        questions: What could not be told.
    """

    has_header: bool = True
    names: tuple[str, ...] = ()
    skip_lines: int = 0
    skip_last_lines: int = 0
    notes: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


def found_layout(records: Sequence[Record], *, whole: bool) -> Found:
    """Find the records of a file among what can be read as such.

    Args:
        records: What the file begins with, every record as its dialect cuts it.
        whole: Whether that is all of the file, so that its end is known.
    """
    if not records:
        return Found()
    return _Looking(records, whole).found()


class _Looking:
    def __init__(self, records: Sequence[Record], whole: bool) -> None:
        self._records, self._whole = records, whole
        widths = Counts(len(r.fields) for r in records if r.filled and not _adds_up(r))
        self._width = max(widths, key=lambda w: (widths[w], w), default=1)
        self._notes: list[str] = []
        self._questions: list[str] = []

    def found(self) -> Found:
        first = self._first_record()
        header = self._header(first)
        end = self._end(first)
        self._ask_about_tables(first, end)
        self._ask_about_first(header, first)
        has_header, names = self._names(header)
        # A header that is left out is skipped like the lines before it.
        begin = header[0].line if has_header else self._line_after(header) if header else self._records[first].line
        if not has_header and not header:
            begin = self._begin_without_header(first)
        title = [r for r in self._records[:first] if r.line < begin and r.filled and r not in header]
        if title:
            self._notes.insert(
                0, f"{_lines(1, begin - 1)} before the {'header' if header else 'records'}: {_shown(title)}"
            )
            if full := [r for r in title if r.filled > MOST_IN_TITLE]:
                self._questions.append(
                    f"skip_lines: whether line {full[-1].line} is a record or names the fields ({_shown(full[-1:])})"
                )
        last = self._last_lines(end)
        return Found(has_header, names, begin - 1, last, tuple(self._notes), tuple(self._questions))

    @cached_property
    def _body(self) -> list[Record]:
        """The records from which it is learnt what records are: neither the first nor the last where there are many."""
        alike = [r for r in self._records if len(r.fields) == self._width and r.filled]
        if len(alike) < 20:
            return alike[len(alike) // 2 :]
        return alike[min(len(alike) // 4, 30) : -3][:LEARNT_FROM]

    @cached_property
    def _kinds(self) -> list[Kind | None]:
        """What stands in each column; None where values differ in that, or nothing stands there."""
        found: list[Kind | None] = []
        counts: Counts[Kind]
        for column in zip(*(r.fields for r in self._body), strict=True):
            counts = Counts(kind for kind in map(kind_of, column) if kind)
            kind = max(counts, key=lambda kind: counts[kind], default=None)
            found.append(kind if kind and counts[kind] >= TYPED * counts.total() else None)
        return found

    @cached_property
    def _typed(self) -> list[int]:
        return [i for i, kind in enumerate(self._kinds) if kind in ("number", "time")]

    @cached_property
    def _usually_filled(self) -> int:
        counts = sorted(r.filled for r in self._body)
        return counts[len(counts) // 2] if counts else 0

    def _agrees(self, record: Record) -> bool | None:
        """Whether a record holds numbers and times where the others do; None if it has nothing there."""
        if len(record.fields) != self._width:
            return False
        given = [(kind_of(record.fields[i]), self._kinds[i]) for i in self._typed]
        given = [pair for pair in given if pair[0]]
        if not given:
            return None
        return 2 * sum(a == b for a, b in given) >= len(given)

    def _is_title(self, record: Record) -> bool:
        """Whether a record fills so few fields that it is a line of text rather than a record."""
        return 0 < record.filled <= 1 < min(self._usually_filled, 3) and self._width > 1

    def _first_record(self) -> int:
        """The position of the first record, by what stands in its columns."""
        head = self._records[:MOST_BEFORE]
        if not self._typed:
            return self._first_of_texts()
        agreeing = next((i for i, r in enumerate(head) if self._agrees(r) and not self._is_title(r)), None)
        if agreeing is None:
            return self._first_of_texts()
        # Records between the header and the first with numbers have none of them.
        while agreeing > 0 and self._is_bare_record(head[agreeing - 1]) and any(
            self._agrees(r) is False and len(r.fields) == self._width and not self._is_title(r)
            for r in head[: agreeing - 1]
        ):  # fmt: skip
            agreeing -= 1
        return agreeing

    def _is_bare_record(self, record: Record) -> bool:
        return self._agrees(record) is None and record.filled > 0

    def _first_of_texts(self) -> int:
        """The position of the record after the first that fills as many fields as others do."""
        enough = max(1, min(2, self._usually_filled))
        full = [
            i
            for i, r in enumerate(self._records[:MOST_BEFORE])
            if len(r.fields) == self._width and r.filled >= max(enough, 0.5 * self._usually_filled)
        ]
        if not full:
            return 0
        return full[0] + 1 if self._names_texts(self._records[full[0]]) else full[0]

    def _names_texts(self, record: Record) -> bool:
        """Whether a record names columns of texts; what cannot be told is asked."""
        others = [r for r in self._body if r.line != record.line]
        again, alone = 0, 0
        for i, name in enumerate(record.fields):
            values = [r.fields[i] for r in others if r.fields[i]]
            if not values or not name:
                continue
            again += name in values
            alone += name not in values and len(values) >= ENOUGH and _is_unlike(name, values)
        unlike = all(kind_of(name) in ("text", None) for name in record.fields)
        if again * 2 > len(record.fields) or not unlike:
            return False
        unlikely = not all(record.fields) or any(len(name) > LONGEST_NAME for name in record.fields)
        if again or not alone or unlikely:
            self._questions.append(
                f"header and names: whether line {record.line} names the fields or is a record ({_shown([record])})"
            )
        return True

    def _header(self, first: int) -> list[Record]:
        """The records that name the fields; none where none does."""
        before = list(self._records[:first])
        while before and not before[-1].filled:
            before.pop()
        rows: list[Record] = []
        while before and self._may_name(before[-1]) and len(rows) < MOST_BEFORE:
            rows.insert(0, before.pop())
        if len(rows) <= 1:
            return rows or self._ragged_header(before)
        return self._of_several(rows)

    def _ask_about_first(self, header: Sequence[Record], first: int) -> None:
        """Ask where the first record has no number or time either, and says something about fields without a name."""
        if len(header) != 1 or first >= len(self._records) or len(header[0].fields) != self._width:
            return
        record = self._records[first]
        pairs = zip(header[0].fields, record.fields, strict=False)
        if self._typed and self._agrees(record) is None and any(value and not name for name, value in pairs):
            self._questions.append(
                f"skip_lines: whether line {record.line} is a second line of the header ({_shown([record])})"
            )

    def _may_name(self, record: Record) -> bool:
        return (
            len(record.fields) == self._width
            and record.filled >= min(2, self._width)
            and all(kind_of(f) in ("text", "time", None) or f.isdigit() for f in record.fields)
        ) or (self._width > 1 and len(record.fields) == self._width and self._usually_filled < 2 and record.filled == 1)

    def _ragged_header(self, before: Sequence[Record]) -> list[Record]:
        """A header with more or fewer fields than the records have: the line before them, where it holds several."""
        last = before[-1] if before else None
        if last is None or len(last.fields) == self._width or last.filled < max(2, self._width // 3):
            return []
        return [last] if all(kind_of(f) in ("text", None) for f in last.fields) else []

    def _of_several(self, rows: list[Record]) -> list[Record]:
        """Those of several possible lines that name the fields: the last, and those above it that head groups of it."""
        named = [rows[-1]]
        for row in reversed(rows[:-1]):
            if len(named) == 3 or not self._heads_groups(row, named[0]):
                break
            named.insert(0, row)
        if len(named) > 1:
            self._notes.append(f"the header takes {len(named)} lines: names are put together from {_shown(named)}")
        elif rows[0].filled >= rows[-1].filled or len(rows) > 2:
            self._questions.append(
                f"skip_lines: which of lines {rows[0].line} to {rows[-1].line} names the fields, and whether any of "
                f"them is a record; the last is taken ({_shown(rows[-1:])})"
            )
        return named

    def _heads_groups(self, above: Record, below: Record) -> bool:
        """Whether a line says more about fields that the line below it names, or names those that it does not."""
        if above.filled == len(above.fields) or above.filled < 2:
            return False
        together = sum(bool(a or b) for a, b in zip(above.fields, below.fields, strict=True))
        return together > below.filled or (below.filled == self._width and above.fields[-1] == "") or (
            len(set(below.fields)) < len(below.fields)
        )  # fmt: skip

    def _names(self, header: list[Record]) -> tuple[bool, tuple[str, ...]]:
        """Whether the file's own header is read, and the names that the source states."""
        if not header:
            self._questions.append(
                "names: no header was found, for the first record looks like the others; name the fields"
            )
            return False, tuple(f"c{i + 1}" for i in range(self._width))
        if len(header) > 1:
            return False, _each_once(_joined(header))
        names = list(header[0].fields)
        if len(names) == self._width:
            stated = _each_once(names)
            if list(stated) == names:
                return True, ()
            self._notes.append("the header leaves fields without a name or names some twice, so they are named here")
            return True, stated
        return False, self._names_of_other_width(header[0])

    def _names_of_other_width(self, header: Record) -> tuple[str, ...]:
        """Names for records that have another number of fields than their header."""
        names, width = list(header.fields), self._width
        while len(names) > width and not names[-1]:
            names.pop()
        surplus = [r.fields[len(names) :] for r in self._body]
        said = f"the header on line {header.line} has {len(header.fields)} fields, the records have {width}"
        if len(names) == width or (len(names) < width and not any(map(any, surplus))):
            self._notes.append(f"{said}; what is too much is empty")
        else:
            self._questions.append(f"names: {said}; say which name belongs to which field")
        return _each_once([*names[:width], *[""] * (width - len(names))])

    def _line_after(self, header: Sequence[Record]) -> int:
        return header[-1].line + header[-1].lines

    def _begin_without_header(self, first: int) -> int:
        return 1 if first == 0 else self._records[first - 1].line + self._records[first - 1].lines

    def _end(self, first: int) -> int:
        """The position after the last record, as far as the end of the file is known."""
        end = len(self._records)
        if not self._whole:
            return end
        while end > first + 1 and len(self._records) - end < MOST_AFTER and self._is_after(end - 1):
            end -= 1
        # Records without values at the very end stay records; those before a note are part of it.
        return end if any(r.filled for r in self._records[end:]) else len(self._records)

    def _is_after(self, i: int) -> bool:
        record = self._records[i]
        if not record.filled or len(record.fields) != self._width:
            return True
        if self._is_title(record) and self._agrees(record) is not True:
            return True
        return _adds_up(record) or self._is_lone_total(i)

    def _is_lone_total(self, i: int) -> bool:
        """Whether a record after an empty one fills few fields, such as the sum of a column with a word beside it."""
        record = self._records[i]
        return not self._records[i - 1].filled and 2 * record.filled < self._usually_filled

    def _last_lines(self, end: int) -> int:
        after = [r for r in self._records[end:] if len(r.fields)]
        if not any(r.filled for r in after):
            return 0
        count = sum(r.lines for r in after)
        self._questions.append(
            f"skip_last_lines: whether {_shown([r for r in after if r.filled])} after line {after[0].line - 1} are no "
            f"records, and whether every file ends with {count} such line{'s' * (count > 1)}"
        )
        return count

    def _ask_about_tables(self, first: int, end: int) -> None:
        """Ask where the file seems to hold more than one table."""
        inner = self._records[first:end]
        other = [r for r in inner if len(r.fields) != self._width and r.filled]
        if len(other) > DISAGREEING * len(inner):
            self._questions.append(
                f"skip_lines and skip_last_lines: {len(other)} of {len(inner)} records have another number of fields "
                f"than {self._width}, the first on line {other[0].line}; is there a second table?"
            )
            return
        header = self._records[first - 1].fields if first else ()
        again = next((r for r in inner if r.fields == header and header), None)
        titled = next((b for a, b in pairwise(inner) if self._is_title(b) and not a.filled), None)
        if found := again or titled:
            self._questions.append(
                f"skip_lines and skip_last_lines: a second table seems to begin on line {found.line}: {_shown([found])}"
            )


def _adds_up(record: Record) -> bool:
    """Whether a record says that it adds up others."""
    return is_total(next((f for f in record.fields if f), ""))


def _is_unlike(name: str, values: Sequence[str]) -> bool:
    """Whether a text is of another kind than the values of a column: those are few, of one length or of one form."""
    if len(set(values)) <= FEW_VALUES * len(values):
        return True
    lengths = {len(v) for v in values}
    if len(lengths) == 1 and len(name) not in lengths:
        return True
    return any(not mark.search(name) and all(map(mark.search, values)) for mark in MARKS)


def _joined(header: Sequence[Record]) -> list[str]:
    """The names that several lines give together; a group's name stands over its first field."""
    names = [""] * len(header[0].fields)
    for row in header[:-1]:
        group = ""
        for i, text in enumerate(row.fields):
            group = text or group
            names[i] = f"{names[i]} {group}".strip()
    last = header[-1].fields
    return [f"{group} {name}".strip() if name else group for group, name in zip(names, last, strict=True)]


def _each_once(names: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for i, name in enumerate(names):
        found.append(unused(name or f"c{i + 1}", [*found, *names[i + 1 :]] if not name else found))
    return tuple(found)


def _lines(first: int, last: int) -> str:
    return f"line {first}" if first == last else f"lines {first} to {last}"


def _shown(records: Sequence[Record]) -> str:
    """What records hold, short enough for a comment."""
    text = " / ".join(", ".join(f for f in r.fields if f) for r in records[:3])
    text = " ".join(text.split())
    return f"'{text[:SHOWN]}…'" if len(text) > SHOWN or len(records) > 3 else f"'{text}'"
