"""What an exported file says: figures in a grid, with what they are of and how fresh they are.

Belongs here: its shape, and an answer in it. Does not belong here: writing a file of it (export).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nlq.answering.document.chart import Chart
from nlq.answering.document.drawing import NO_PICTURE, Drawing, drawing_of
from nlq.answering.document.model import Answer
from nlq.answering.tables.states import TableState

COLUMNS = 12
"""Columns of the grid that parts lie in."""


@dataclass(frozen=True)
class Part:
    """A figure, or a text where it has no answer.

    ``at`` is its first column and row from 0, its columns and its rows. ``course`` is that of a number, in order.
    ``listed`` is true where the rows behind a picture follow it on paper.
    """

    title: str
    at: tuple[int, int, int, int]
    text: str = ""
    answer: Answer | None = None
    chart: Chart | None = None
    drawing: Drawing | None = None
    course: Sequence[float | None] = ()
    notes: tuple[str, ...] = ()
    listed: bool = False


@dataclass(frozen=True)
class Sheet:
    """Parts that are seen together; its title is empty where there is one sheet."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Report:
    """A file's content. ``facts`` are lines below its title: what it is narrowed to, its days, how fresh it is."""

    title: str
    facts: tuple[str, ...]
    sheets: tuple[Sheet, ...]


def report_of(answer: Answer, title: str = "") -> Report:
    """An answer as a report: its sentence, its picture and its rows, as it was given."""
    drawing = None
    if answer.chart and answer.chart.kind not in NO_PICTURE and answer.rows:
        drawing = drawing_of(
            answer.columns, answer.rows, answer.chart, partial=answer.partial, says=answer.sentence, whole=answer.whole
        )
        drawing = drawing if drawing.spec else None
    height = 5 if drawing or len(answer.rows) > 1 else 2
    notes = tuple(
        note for note in (*answer.notes, *(part.says for part in answer.partial)) if note not in answer.sentence
    )
    place = (0, 0, COLUMNS, height)
    part = Part(answer.sentence, place, answer=answer, chart=answer.chart, drawing=drawing, notes=notes, listed=True)
    facts = (", ".join(answer.filters), fresh(answer.freshness))
    asked = f"{answer.question[:1].upper()}{answer.question[1:]}"
    return Report(title or asked, tuple(filter(None, facts)), (Sheet("", (part,)),))


def not_whole(answer: Answer) -> tuple[str, ...]:
    """What an answer does not have, though its rows do not show it: days that are not there yet, and further rows."""
    return tuple(dict.fromkeys(filter(None, (*(part.says for part in answer.partial), more_rows(answer)))))


def more_rows(answer: Answer) -> str:
    """That an answer was given with the first of its rows alone; empty where it has all."""
    return f"There are more rows than these {len(answer.rows):,}." if answer.truncated else ""


def fresh(states: Iterable[TableState]) -> str:
    """How fresh tables are, and by which snapshots they were read."""
    told = []
    for state in states:
        newest = f", data to {state.newest_day:%Y-%m-%d}" if state.newest_day else ""
        told.append(f"{state.table} at snapshot {state.snapshot_id}{newest}")
    return "; ".join(told)
