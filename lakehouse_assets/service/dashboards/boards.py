"""What is done with dashboards that people make, without HTTP: make, pin, change, undo, look back, remove.

Belongs here: holding a change to the caller's rights and to the semantic layer before it is kept. Does not belong here:
keeping it (dashboards.kept), showing dashboards and computing tiles (handlers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from lakehouse_assets.dashboards.drawing import misdrawn
from lakehouse_assets.dashboards.fitting import misplaced, unfitting
from lakehouse_assets.dashboards.kept import BoardLimitError, ChangedMeanwhileError, NoBoardError, NothingToUndoError
from lakehouse_assets.dashboards.model import ChartKind, Dashboard, Tile, TileChart
from lakehouse_assets.dashboards.periods import PeriodName
from lakehouse_assets.dashboards.pinning import FIRST_PAGE, PageFullError, pinned
from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.service.dashboards.changes import NewBoard, Pin, VersionDocument, Versions
from lakehouse_assets.service.dashboards.documents import DashboardDocument
from lakehouse_assets.service.dashboards.handlers import DashboardHandlers, no_dashboard
from lakehouse_assets.service.questions.handlers import plan_of, vocabulary_of
from nlq.core.plan import Comparison, Plan, problem_of
from nlq.core.vocabulary import Vocabulary

if TYPE_CHECKING:
    from lakehouse_assets.service.admission.access import Asker

_MOST_PROBLEMS = 20


@dataclass(frozen=True)
class BoardHandlers:
    """Changes to dashboards. All methods wait for a database: call them in worker threads.

    All raise ApiError: there is no such dashboard of the asker's, it was changed meanwhile, there would be too much of
    it, or it does not fit.
    """

    dashboards: DashboardHandlers

    def create(self, asker: Asker, wanted: NewBoard) -> DashboardDocument:
        """Make a dashboard."""
        vocabulary = self._vocabulary(asker)
        made = Dashboard(title=wanted.title, description=wanted.description, pages=(FIRST_PAGE,))
        what = "Made"
        if wanted.copy_of:
            source, _ = self.dashboards.found(asker, wanted.copy_of, vocabulary)
            said = wanted.description or source.description
            made = source.model_copy(update={"title": wanted.title, "description": said, "roles": ()})
            what = f"Copied from {source.title}"[:120]
        if wanted.pin:
            made = _with(made, wanted.pin, vocabulary)
        made = _fitting(made, vocabulary, None)
        with _told(""):
            kept = self.dashboards.kept.create(made, owner=asker.key_id or "", made_by=asker.name, what=what)
        return self.dashboards.show(asker, kept.id)

    def pin(self, asker: Asker, board_id: str, wanted: Pin) -> DashboardDocument:
        """Put a figure on a dashboard, whatever others do with it at the same time."""
        vocabulary = self._vocabulary(asker)

        def change(before: Dashboard) -> Dashboard:
            return _fitting(_with(before, wanted, vocabulary), vocabulary, before)

        return self._changed(asker, board_id, change, f"Pinned “{wanted.title}”"[:120], None)

    def save(self, asker: Asker, board_id: str, wanted: Dashboard, version: int, what: str) -> DashboardDocument:
        """Make a dashboard what is wanted, if it still is what the asker saw."""
        vocabulary = self._vocabulary(asker)
        plain = wanted.model_copy(update={"roles": ()})
        return self._changed(asker, board_id, lambda before: _fitting(plain, vocabulary, before), what, version)

    def undo(self, asker: Asker, board_id: str, version: int) -> DashboardDocument:
        """Undo the last change."""
        self.dashboards.own(asker, board_id)
        with _told(board_id):
            self.dashboards.kept.undo(board_id, version)
        return self.dashboards.show(asker, board_id)

    def restore(self, asker: Asker, board_id: str, to: int, version: int) -> DashboardDocument:
        """Make an earlier version the newest."""
        self.dashboards.own(asker, board_id)
        with _told(board_id, version=to):
            self.dashboards.kept.restore(board_id, to, version)
        return self.dashboards.show(asker, board_id)

    def versions(self, asker: Asker, board_id: str) -> Versions:
        """The versions that are kept."""
        self.dashboards.own(asker, board_id)
        found = self.dashboards.kept.versions(board_id)
        return Versions(versions=tuple(VersionDocument(**vars(one)) for one in found))

    def remove(self, asker: Asker, board_id: str) -> None:
        """Remove a dashboard, with its versions."""
        self.dashboards.own(asker, board_id)
        self.dashboards.kept.remove(board_id)

    def _changed(
        self, asker: Asker, board_id: str, change: Callable[[Dashboard], Dashboard], what: str, version: int | None
    ) -> DashboardDocument:
        self.dashboards.own(asker, board_id)
        with _told(board_id):
            self.dashboards.kept.change(board_id, change, what=what, expected=version)
        return self.dashboards.show(asker, board_id)

    def _vocabulary(self, asker: Asker) -> Vocabulary:
        return vocabulary_of(self.dashboards.answerer, asker)


@contextmanager
def _told(board_id: str, version: int | None = None) -> Iterator[None]:
    """What keeps a change from being kept, as an error of the API."""
    try:
        yield
    except ChangedMeanwhileError as error:
        message = "This dashboard was changed meanwhile, in another window perhaps. Load it again, then change it."
        raise ApiError(409, "changed_meanwhile", message, {"version": error.version}) from None
    except NothingToUndoError:
        raise ApiError(409, "nothing_to_undo", "There is no change before that is still kept.") from None
    except NoBoardError:
        if version:
            raise ApiError(404, "unknown_version", f"Version {version} is not kept.") from None
        raise no_dashboard(board_id) from None
    except (BoardLimitError, PageFullError) as error:
        raise ApiError(422, "too_many", f"{error}.") from None


def _with(dashboard: Dashboard, pin: Pin, vocabulary: Vocabulary) -> Dashboard:
    """A dashboard with a figure pinned to it."""
    page = dashboard.page(pin.page)
    if page is None:
        raise ApiError(422, "unknown_page", f"There is no page “{pin.page}”.")
    plan = _plan(pin, vocabulary)
    chart = pin.chart or TileChart(kind=ChartKind.TABLE)
    if misdrawn(chart, plan, vocabulary):
        chart = TileChart(kind=ChartKind.TABLE)
    period = pin.period
    if period is None and not pin.follows and plan.time_range is None:
        period = PeriodName.ALL
    fields = {
        "title": pin.title, "description": pin.description, "chart": chart, "period": period,
        "plan": plan.model_dump(mode="json", exclude_defaults=True),
    }  # fmt: skip
    try:
        return pinned(dashboard, fields, page)
    except PageFullError as error:
        raise ApiError(422, "too_many", f"{error}.") from None
    except ValidationError as error:
        raise ApiError(422, "invalid_board", f"{problem_of(error)}.") from None


def _plan(pin: Pin, vocabulary: Vocabulary) -> Plan:
    """The plan of a pin with its names in full; one that follows the dashboard has no days of its own."""
    given = dict(pin.plan)
    if pin.follows or pin.period:
        given["time_range"] = None
        if given.pop("compare_with", None) and not given.get("comparison"):
            given["comparison"] = Comparison.PREVIOUS_PERIOD.value
    return plan_of(given, vocabulary)


def _fitting(wanted: Dashboard, vocabulary: Vocabulary, before: Dashboard | None) -> Dashboard:
    """What is wanted, if it fits, without filters that no tile can be narrowed by any more.

    A figure that was there before stays, whatever became of the layer: it says itself what is wrong.
    """
    there = {_asks(tile) for page in before.pages for tile in page.tiles} if before else set()
    idle, problems = set(), list(misplaced(wanted))
    for problem in unfitting(wanted, vocabulary):
        if problem.loc[0] == "filters":
            idle.add(problem.loc[1])
        elif _asks(_tile_at(wanted, problem.loc)) not in there:
            problems.append(problem)
    if problems:
        told = [{"where": ".".join(map(str, one.loc)), "problem": one.message} for one in problems[:_MOST_PROBLEMS]]
        raise ApiError(422, "invalid_board", f"{told[0]['where']}: {told[0]['problem']}.", {"problems": told})
    filters = tuple(item for number, item in enumerate(wanted.filters) if number not in idle)
    return wanted.model_copy(update={"filters": filters})


def _tile_at(dashboard: Dashboard, loc: tuple[Any, ...]) -> Tile:
    return dashboard.pages[loc[1]].tiles[loc[3]]


def _asks(tile: Tile) -> str:
    """What a tile asks and how it is drawn, wherever it lies and whatever it is called."""
    return tile.model_dump_json(include={"plan", "chart", "period"})
