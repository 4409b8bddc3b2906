"""A report on paper and as a picture, without a browser: charts by vl-convert, set by Typst.

Belongs here: from a report to the data of `page.typ`, and running both libraries. Does not belong here: what charts
draw (nlq.answering.document.drawing), their colours (look).

Charts are the very documents that the page draws. Whatever people wrote goes to Typst as data, never as markup; charts
may load nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from lakehouse_assets.exporting.look import CONFIG, FONTS, SERIES
from lakehouse_assets.exporting.report import Part, Report, Sheet, more_rows
from nlq.answering.document.drawing import said
from nlq.answering.document.model import Answer

MOST_ROWS = 200
"""Rows of one figure that are on paper."""
MOST_HIGH = 12_000
"""Pixels that a picture is high; one that would be higher is drawn smaller."""
_PIXELS_PER_MM, _ROW_MM, _GAP_MM, _COLUMN_MM, _INSET_MM = 4.63, 24.0, 3.0, 20.0, 3.0
_TITLE_MM, _NOTES_MM, _LINE_MM = 6.0, 4.0, 4.6
_HEAD_MM, _MM_PER_INCH, _DPI = 45.0, 25.4, 144.0
_TEMPLATE = Path(__file__).with_name("page.typ")
_VEGA_LITE = "6.4"


class ExportMissingError(RuntimeError):
    """What writes PDF and PNG is not installed; the message says how it is."""

    def __init__(self) -> None:
        """Say it."""
        super().__init__("PDF and PNG need more than is installed here: `pip install 'asklake[export]'` brings it")


def pdf_of(report: Report) -> bytes:
    """A report as PDF, with text that can be selected; long tables follow on pages of their own.

    Raises:
        ExportMissingError: see there.
    """
    return _set(report, whole=True, format="pdf")


def png_of(report: Report) -> bytes:
    """The first sheet of a report as a picture.

    Raises:
        ExportMissingError: see there.
    """
    first = Report(report.title, report.facts, report.sheets[:1])
    height = _height(first.sheets[0]) * (_ROW_MM + _GAP_MM) + _HEAD_MM
    found = _set(first, whole=False, format="png", ppi=min(_DPI, MOST_HIGH * _MM_PER_INCH / height))
    return found[0] if isinstance(found, list) else found


def _set(report: Report, *, whole: bool, format: str, **options: Any) -> Any:
    typst, _ = _libraries()
    data = {
        "title": report.title, "facts": report.facts, "fonts": [*FONTS, "Libertinus Serif"],
        "sheets": [_sheet(sheet) for sheet in report.sheets],
    }  # fmt: skip
    inputs = {"report": json.dumps(data, ensure_ascii=False), "whole": "yes" if whole else "no"}
    return typst.compile(_TEMPLATE.read_bytes(), format=format, sys_inputs=inputs, **options)


@cache
def _libraries() -> tuple[ModuleType, ModuleType]:
    """Typst and vl-convert: 100 ms and 60 MB, for who exports alone."""
    try:
        import typst
        import vl_convert
    except ImportError as error:
        raise ExportMissingError from error
    return typst, vl_convert


def _sheet(sheet: Sheet) -> dict[str, Any]:
    parts = _without_empty_rows(sheet.parts)
    return {"title": sheet.title, "height": _height(Sheet("", parts)), "parts": [_part(part) for part in parts]}


def _height(sheet: Sheet) -> int:
    return max((part.at[1] + part.at[3] for part in _without_empty_rows(sheet.parts)), default=1)


def _without_empty_rows(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts closer together: rows of the grid that nothing lies in are left out."""
    used = sorted({y for part in parts for y in range(part.at[1], part.at[1] + part.at[3])})
    rows = {y: number for number, y in enumerate(used)}
    return tuple(_at(part, rows[part.at[1]]) for part in parts)


def _at(part: Part, y: int) -> Part:
    x, _, width, height = part.at
    return Part(**{**vars(part), "at": (x, y, width, height)})


def _part(part: Part) -> dict[str, Any]:
    """A part as the template takes it."""
    part = _with_notes(part)
    answer = part.answer
    empty = {"text": None, "problem": None, "figure": None, "picture": None, "columns": [], "rows": [], "appended": 0}
    data = {"title": part.title, "at": part.at, "notes": " · ".join(part.notes), "count": 0, "shown": 0, **empty}
    if answer is None:
        return data | {"text": part.text}
    if answer.outcome != "answered":
        return data | {"problem": answer.sentence}
    if not answer.rows:
        return data | {"problem": "There is nothing for what is chosen."}
    data["says"] = answer.sentence
    if part.chart and part.chart.kind == "number":
        return data | _number(part, answer)
    shown = _room(part)
    drawn = bool(part.drawing and part.drawing.spec)
    follow = part.listed if drawn else len(answer.rows) > shown
    appended = min(len(answer.rows), MOST_ROWS) if follow else 0
    if drawn:
        data["picture"] = _picture(part)
    right = [column.kind == "metric" for column in answer.columns]
    columns = [{"label": one.label, "right": at} for one, at in zip(answer.columns, right, strict=True)]
    rows = [
        [said(value, one) for value, one in zip(row, answer.columns, strict=True)] for row in answer.rows[:MOST_ROWS]
    ]
    return data | {"columns": columns, "rows": rows, "shown": shown, "appended": appended, "count": len(answer.rows)}


def _with_notes(part: Part) -> Part:
    """A part that says which of its rows are not in its place, or nowhere."""
    answer = part.answer
    if answer is None or answer.outcome != "answered" or (part.chart and part.chart.kind == "number"):
        return part
    more = more_rows(answer)
    drawn = bool(part.drawing and part.drawing.spec)
    found = replace(part, notes=(*part.notes, *([more] if more and more not in part.title else [])))
    if drawn or len(answer.rows) <= _room(found):
        return found
    shown = _room(replace(found, notes=("…",)))
    return replace(found, notes=(f"The first {shown} of {len(answer.rows):,} rows", *found.notes))


def _body_mm(part: Part) -> tuple[float, float]:
    """How wide and how high what is below the title may be."""
    _, _, width, height = part.at
    wide = width * _COLUMN_MM + (width - 1) * _GAP_MM - 2 * _INSET_MM
    high = height * _ROW_MM + (height - 1) * _GAP_MM - 2 * _INSET_MM - _TITLE_MM
    return wide, high - (_NOTES_MM if part.notes else 0)


def _room(part: Part) -> int:
    """How many rows of a table there is room for."""
    return max(1, int(_body_mm(part)[1] / _LINE_MM) - 1)


def _picture(part: Part) -> str:
    assert part.drawing and part.drawing.spec
    _, vl_convert = _libraries()
    wide, high = (round(mm * _PIXELS_PER_MM) for mm in _body_mm(part))
    spec = {**part.drawing.spec, "width": wide, "height": high, "autosize": {"type": "fit", "contains": "padding"}}
    return vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE, config=CONFIG, allowed_base_urls=[])


def _number(part: Part, answer: Answer) -> dict[str, Any]:
    """A figure, its change and its course."""
    assert part.chart
    columns = {column.name: (number, column) for number, column in enumerate(answer.columns)}
    row = answer.rows[0]

    def of(name: str | None) -> tuple[Any, str]:
        if name is None or name not in columns:
            return None, ""
        number, column = columns[name]
        return row[number], said(row[number], column)

    name = part.chart.y[0] if part.chart.y else answer.columns[0].name
    value, figure = of(name)
    before, before_said = of(part.chart.before)
    change, change_said = of(part.chart.change)
    percent = name in columns and columns[name][1].format == "percent"
    if percent and value is not None and before is not None:
        change = value - before
        change_said = f"{change * 100:+,.1f} points"
    elif change is not None:
        change_said = f"{change * 100:+,.1f} %"
    way = None if not change else "up" if change > 0 else "down"
    judged = None if not (way and part.chart.good) else "good" if way == part.chart.good else "bad"
    return {
        "figure": figure, "change": change_said if change is not None else None, "judged": judged,
        "before": f"from {before_said}" if before is not None else "", "course": _course(part.course),
    }  # fmt: skip


def _course(values: Any) -> str | None:
    """A course as a line; gaps where it is not known."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    low, high = min(known), max(known)
    path, pen = [], "M"
    for number, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        y = 28 - 26 * ((value - low) / (high - low) if high > low else 0.5)
        path.append(f"{pen}{number * 200 / (len(values) - 1):.1f} {y:.1f}")
        pen = "L"
    line = f'<path d="{" ".join(path)}" fill="none" stroke="{SERIES[0]}" stroke-width="1.6"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 30">{line}</svg>'
