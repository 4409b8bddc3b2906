"""The rows of a report as Excel and CSV: values as they are, not as people write them.

Belongs here: both, and that no cell is taken for a formula. Does not belong here: pictures (paged).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from lakehouse_assets.exporting.report import Part, Report, not_whole
from nlq.answering.document.columns import with_names_beside

if TYPE_CHECKING:
    from nlq.answering.document.columns import AnswerColumn

_FORMULA = re.compile("^[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")  # the wide ones are formulas where Japanese is written
_LONGEST_NAME = 31
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
_WIDEST = 60
_EXACT = 10**15
"""From which on Excel has no whole number exactly, such as a long id: it is written as text."""


def csv_of(report: Report) -> bytes:
    """The rows of its figures; of several, each below its title and what is told of it, with an empty line between.

    After the last row and an empty line come the facts of the report, such as the snapshots, a line each: whoever reads
    rows alone reads to the first empty line.
    """
    parts = list(_figures(report))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for number, part in enumerate(parts):
        assert part.answer
        if len(parts) > 1:
            writer.writerows([[]] if number else [])
            writer.writerow([harmless(part.title)])
            writer.writerows([harmless(note)] for note in _notes(part))
        write_csv(writer, part.answer.columns, part.answer.rows)
    notes = _notes(parts[0]) if len(parts) == 1 else ()
    writer.writerows([[], *([harmless(said)] for said in (*notes, *report.facts))])
    return text.getvalue().encode()


def write_csv(writer: Any, columns: Sequence[AnswerColumn], rows: Sequence[Sequence[Any]]) -> None:
    """Write columns by their labels, names beside codes, and rows, by a writer of `csv`; no text is a formula."""
    columns, rows = with_names_beside(columns, rows)
    writer.writerow([harmless(column.label) for column in columns])
    writer.writerows([harmless(value) for value in row] for row in rows)


def xlsx_of(report: Report) -> bytes:
    """A workbook with a sheet for each figure, and one that says what they are of."""
    from xlsxwriter import Workbook  # 90 ms

    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(file, options) as book:
        bold = book.add_format({"bold": True})
        forms = {
            "percent": book.add_format({"num_format": "0.0%"}),
            "day": book.add_format({"num_format": "yyyy-mm-dd"}),
            "moment": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        }
        about = book.add_worksheet("About")
        about.set_column(0, 0, _WIDEST)
        for line, said in enumerate((report.title, *report.facts)):
            about.write_string(line, 0, said, None if line else bold)
        names = {"about"}
        for part in _figures(report):
            assert part.answer
            sheet = book.add_worksheet(_name(part.title, names))
            sheet.write_string(0, 0, part.title, bold)
            sheet.write_string(1, 0, " ".join(_notes(part)))
            columns, rows = with_names_beside(part.answer.columns, part.answer.rows)
            for at, column in enumerate(columns):
                sheet.write_string(2, at, column.label, bold)
                sheet.set_column(at, at, _width(column, [row[at] for row in rows[:200]]))
            for line, row in enumerate(rows, 3):
                for at, value in enumerate(row):
                    _write(sheet, line, at, value, columns[at], forms)
            sheet.freeze_panes(3, 0)
    return file.getvalue()


def _figures(report: Report) -> Iterator[Part]:
    """The parts with rows to write; one that could not be answered has its sentence as its title alone."""
    return (part for sheet in report.sheets for part in sheet.parts if part.answer and part.answer.columns)


def _notes(part: Part) -> tuple[str, ...]:
    """What is to be told of the rows of a part, beside its title."""
    assert part.answer
    return tuple(dict.fromkeys(note for note in (*part.notes, *not_whole(part.answer)) if note not in part.title))


def harmless(value: Any) -> Any:
    """A text that a spreadsheet takes for no formula."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _name(title: str, names: set[str]) -> str:
    """A name for a sheet that Excel takes and no other sheet has."""
    plain = _NOT_IN_NAMES.sub(" ", title).strip() or "Figure"
    for number in range(1, len(names) + 2):
        end = "" if number == 1 else f" {number}"
        name = plain[: _LONGEST_NAME - len(end)].rstrip() + end
        if name.casefold() not in names and name.casefold() != "history":
            names.add(name.casefold())
            return name
    raise AssertionError(title)


def _width(column: AnswerColumn, values: Iterable[Any]) -> int:
    return min(_WIDEST, 2 + max(map(len, (column.label, *map(str, values)))))


def _write(sheet: Any, line: int, at: int, value: Any, column: AnswerColumn, forms: dict[str, Any]) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, at, value)
    elif isinstance(value, int | float) and abs(value) < _EXACT:
        sheet.write_number(line, at, value, forms["percent"] if column.format == "percent" else None)
    elif column.kind == "time" and (moment := _moment(value)):
        sheet.write_datetime(
            line, at, moment, forms["day" if isinstance(value, str) and len(value) == 10 else "moment"]
        )
    else:
        sheet.write_string(line, at, str(value))


def _moment(value: Any) -> datetime | date | None:
    """A day as Excel counts them, from 1900 on; None of what is none."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.year >= 1900 and moment.tzinfo is None else None
