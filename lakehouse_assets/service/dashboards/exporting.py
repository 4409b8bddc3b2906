"""Dashboards and answers as files, for who may see them.

Belongs here: computing what a file says, and its name. Does not belong here: writing files (exporting), HTTP (routes).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lakehouse_assets.exporting.export import Format, export
from lakehouse_assets.exporting.paged import ExportMissingError
from lakehouse_assets.exporting.report import Part, Report, Sheet, fresh, report_of
from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.http.logs import logger
from lakehouse_assets.service.dashboards.documents import TileAnswer, TileDocument, TilesWanted
from lakehouse_assets.service.dashboards.handlers import narrowed
from lakehouse_assets.service.questions.handlers import Handlers

if TYPE_CHECKING:
    from lakehouse_assets.service.admission.access import Asker
    from lakehouse_assets.service.dashboards.handlers import DashboardHandlers


@dataclass(frozen=True)
class Exported:
    """A file, and what it is called."""

    name: str
    format: Format
    content: bytes


@dataclass(frozen=True)
class ExportHandlers:
    """The parts that exporting needs. All methods wait for the engine: call them in worker threads.

    All raise ApiError: there is nothing of this id that the asker may see, or what writes the format is not installed.
    """

    dashboards: DashboardHandlers
    questions: Handlers

    def dashboard(self, asker: Asker, dashboard_id: str, wanted: TilesWanted, format: Format) -> Exported:
        """A dashboard, or one of its pages, as a file; its figures are computed now, or remembered."""
        found = _written(report_of_dashboard(self.dashboards, asker, dashboard_id, wanted), format)
        _log(asker, "dashboard", dashboard_id, found)
        return found

    def answer(self, asker: Asker, answer_id: str, format: Format) -> Exported:
        """An answer as a file, with the rows that it was given with."""
        answer = self.questions.answer(asker, answer_id)
        if answer.outcome != "answered":
            raise ApiError(422, "nothing_to_show", f"The question was {answer.outcome}: there is nothing to write.")
        found = _written(report_of(answer), format)
        _log(asker, "answer", answer_id, found)
        return found


def report_of_dashboard(handlers: DashboardHandlers, asker: Asker, dashboard_id: str, wanted: TilesWanted) -> Report:
    """A dashboard as a report: the page that is wanted, or all of them, at the states that the report names.

    Raises:
        ApiError: there is no such dashboard or page that the asker may see, or no tile knows a filter.
    """
    board = handlers.show(asker, dashboard_id, wanted.version)
    pages = [page for page in board.pages if wanted.page in (None, page.id)]
    sheets, states, days, heads = [], {}, "", None
    for page in pages or board.pages[:1]:
        asked = wanted if not pages else wanted.model_copy(update={"page": page.id})
        seen = handlers.look(asker, dashboard_id, asked, heads)
        heads = seen.heads  # all pages are of one state, so that the states the file names are those of all
        for tile in seen.missing:
            seen.answers[tile.id] = handlers.compute(asker, seen, tile)
        states |= {state.table: state for one in seen.answers.values() for state in one.answer.freshness}
        span = seen.view.span
        days = f"{span.start or 'the beginning'} to {span.end or 'today'}" if span else "All time"
        parts = tuple(_part(tile, seen.answers.get(tile.id)) for tile in page.tiles)
        sheets.append(Sheet(page.title if len(board.pages) > 1 else "", parts))
    facts = (
        board.description,
        days,
        "; ".join(narrowed(board, wanted.filters)),
        fresh(states[name] for name in sorted(states)),
    )
    return Report(board.title, tuple(filter(None, facts)), tuple(sheets))


def _part(tile: TileDocument, found: TileAnswer | None) -> Part:
    at = (tile.at.x, tile.at.y, tile.at.w, tile.at.h)
    if found is None:
        return Part(tile.title, at, text=tile.text or "")
    notes = [part.says for part in found.answer.partial if part.says and part.grain is None]
    if found.unfiltered:
        notes.append(f"Not by {', '.join(found.unfiltered)}")
    if found.drawing and found.drawing.note:
        notes.append(found.drawing.note)
    course = found.trend.values if found.trend else ()
    return Part(
        tile.title, at, answer=found.answer, chart=found.chart, drawing=found.drawing, course=course, notes=tuple(notes)
    )


def _cut(report: Report) -> str:
    """Of one figure that has more rows than it was given with, that these are the first."""
    answers = [part.answer for sheet in report.sheets for part in sheet.parts if part.answer]
    return f"first {len(answers[0].rows)} rows" if len(answers) == 1 and answers[0].truncated else ""


def _log(asker: Asker, shows: str, target: str, found: Exported) -> None:
    logger().info(
        "exported", shows=shows, target=target, format=found.format.value, bytes=len(found.content),
        tenant=asker.caller.tenant, key_id=asker.key_id,
    )  # fmt: skip


def _written(report: Report, format: Format) -> Exported:
    try:
        content = export(report, format)
    except ExportMissingError as error:
        raise ApiError(501, "not_installed", f"{error}.") from None
    if format is Format.CSV and (cut := _cut(report)):
        report = replace(report, title=f"{report.title[:40]} {cut}")  # a file of rows alone has no other place for it
    stem = re.sub(r"[^a-z0-9]+", "-", report.title.casefold().encode("ascii", "ignore").decode()).strip("-")[:60]
    return Exported(f"{stem or 'figures'}.{format}", format, content)
