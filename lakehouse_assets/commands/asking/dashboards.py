"""`asklake dashboard`: the dashboards, and the figures of one.

Belongs here: what is shown of them. Does not belong here: what they are (lakehouse_assets.dashboards), computing tiles
(service.dashboards).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse_assets.commands.asking.questions import show as show_answer
from lakehouse_assets.commands.asking.requests import filters_of
from lakehouse_assets.commands.failures import CommandError, Exit
from lakehouse_assets.commands.lake.lookups import open_lake
from lakehouse_assets.dashboards.files import ProjectDashboards
from lakehouse_assets.dashboards.kept import KeptBoards
from lakehouse_assets.dashboards.periods import PeriodName
from lakehouse_assets.exporting.export import Format, export
from lakehouse_assets.exporting.paged import ExportMissingError
from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.insight.answerer import open_answerer
from lakehouse_assets.service.admission.access import Asker
from lakehouse_assets.service.dashboards.documents import TilesWanted
from lakehouse_assets.service.dashboards.exporting import report_of_dashboard
from lakehouse_assets.service.dashboards.handlers import DashboardHandlers
from nlq.core.guard import Caller

if TYPE_CHECKING:
    from lakehouse_assets.commands.output import Out
    from lakehouse_assets.service.dashboards.documents import TilesAnswered

_ROWS = 10
"""Rows of a figure that are shown to people; a program has all of them."""


def list_dashboards(out: Out, tenant: str | None) -> None:
    """The dashboards that have a figure for the tenant, or for whoever has none."""
    found = _handlers(out, None).list(_asker(tenant)).dashboards
    rows = [(one.id, one.title, ", ".join(page.id for page in one.pages), one.description) for one in found]
    out.table(("id", "title", "pages", "what it tells"), rows, limit=len(rows))
    if not found:
        out.say("There is none with data. `asklake demo` makes some; docs/dashboards.md says how to write one.")
    out.emit([one.model_dump(mode="json") for one in found])


def show(
    out: Out, dashboard: str, page: str | None, period: str | None, where: Sequence[str], tenant: str | None,
    at: str | None, files: Mapping[str, Path],
) -> None:  # fmt: skip
    """The figures of a dashboard, or of one of its pages; into files where any are named, by their formats.

    Raises:
        CommandError: there is no such dashboard, page or period, or no figure knows a filter, or a file cannot be
            written.
    """
    if period and period not in list(PeriodName):
        raise CommandError(f"'{period}' is not a period", f"choose {', '.join(PeriodName)}", Exit.USAGE)
    handlers, asker = _handlers(out, at), _asker(tenant)
    wanted = TilesWanted(period=PeriodName(period) if period else None, filters=filters_of(where, ()) or None)
    if files:
        written = _written(handlers, asker, dashboard, wanted.model_copy(update={"page": page}), files)
        for file in written:
            out.say(f"Written: {file}")
        out.emit([str(file) for file in written])
        return
    try:
        declared = handlers.show(asker, dashboard)
        pages = [one.id for one in declared.pages if page in (None, one.id)] or [page]
        found = [_page(out, handlers, asker, dashboard, wanted.model_copy(update={"page": name})) for name in pages]
    except ApiError as error:
        raise _refused(error) from error
    out.emit([one.model_dump(mode="json") for one in found])


def _refused(error: ApiError) -> CommandError:
    nearest = ", ".join(error.details.get("nearest", ()))
    hint = f"there are {nearest}" if nearest else "`asklake dashboard list` shows those there are"
    return CommandError(error.message.rstrip("."), hint, Exit.USAGE)


def _written(
    handlers: DashboardHandlers, asker: Asker, dashboard: str, wanted: TilesWanted, files: Mapping[str, Path]
) -> list[Path]:
    try:
        report = report_of_dashboard(handlers, asker, dashboard, wanted)
        for kind, file in files.items():
            file.write_bytes(export(report, Format(kind)))
    except ApiError as error:
        raise _refused(error) from error
    except ExportMissingError as error:
        raise CommandError(str(error), "or write --xlsx or --csv, which need nothing else") from error
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be written: {error.strerror}", "name another file") from error
    return list(files.values())


def _page(
    out: Out, handlers: DashboardHandlers, asker: Asker, dashboard: str, wanted: TilesWanted
) -> TilesAnswered:  # fmt: skip
    seen = handlers.look(asker, dashboard, wanted)
    span = seen.view.span
    out.heading(f"{seen.page}, {f'{span.start} to {span.end}' if span else 'all time'}")
    for tile in seen.tiles:
        found = handlers.compute(asker, seen, tile)
        seen.answers[tile.id] = found
        out.say(tile.title, style="bold")
        show_answer(out, found.answer, limit=_ROWS)
        if found.unfiltered:
            out.say(f"Not narrowed by {', '.join(found.unfiltered)}: these figures do not know it.", style="yellow")
        out.say()
    return seen.document()


def _handlers(out: Out, at: str | None) -> DashboardHandlers:
    lake = open_lake(at)
    with out.quietly():
        declared, kept = ProjectDashboards(lake.settings.project_root), KeptBoards(lake.settings.queue_url)
        return DashboardHandlers(lake, open_answerer(lake), declared, kept)


def _asker(tenant: str | None) -> Asker:
    return Asker(Caller(tenant=tenant), "asklake dashboard")
