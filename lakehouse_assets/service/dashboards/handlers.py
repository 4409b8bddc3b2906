"""What the addresses of dashboards do, without HTTP: list, show, compute tiles.

Belongs here: which dashboards a caller may see, from a tile to its answer. Does not belong here: requests and responses
(routes), threads (work).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from lakehouse_assets.dashboards.asking import Asked, View, asked
from lakehouse_assets.dashboards.drawing import drawn, misdrawn
from lakehouse_assets.dashboards.files import ProjectDashboards
from lakehouse_assets.dashboards.kept import Kept, KeptBoards, NoBoardError
from lakehouse_assets.dashboards.model import Dashboard, Page, SharedFilter, Tile
from lakehouse_assets.dashboards.periods import PeriodName
from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.http.logs import logger, request_id
from lakehouse_assets.service.dashboards.documents import (
    DashboardDocument,
    Dashboards,
    DashboardSummary,
    FilterDocument,
    PageDocument,
    PageName,
    PeriodDocument,
    TileAnswer,
    TileDocument,
    TilesAnswered,
    TilesWanted,
    Trend,
)
from lakehouse_assets.service.questions.handlers import vocabulary_of
from nlq.answering.document.chart import Chart
from nlq.answering.document.drawing import NO_PICTURE, drawing_of
from nlq.answering.document.model import Answer
from nlq.answering.run import failed_answer
from nlq.core.guard import Caller
from nlq.core.guard import may_see as may_see_of
from nlq.core.naming import AmbiguousNameError, full_name
from nlq.core.outcome import ErrorCode
from nlq.core.periods import steps_in
from nlq.core.plan import DimensionFilter, Plan, TimeRange, problem_of
from nlq.core.vocabulary import Metric, Values, Vocabulary

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.service.admission.access import Asker
    from nlq.answering.answer import Answerer

MOST_CHOICES = 200
"""Values of a filter that are listed."""
_BEFORE_KEYS = Caller(role="analyst")
"""Who everyone at this machine was as long as there was no key."""


@dataclass
class Seen:
    """Tiles that a caller wants, at one state of the lake: those whose answers are remembered, and the others."""

    id: str
    page: str
    period: PeriodName | None
    view: View
    now: datetime | None
    heads: Mapping[str, str]
    vocabulary: Vocabulary
    begun: float
    tiles: Sequence[Tile]
    answers: dict[str, TileAnswer] = field(default_factory=dict)

    @property
    def missing(self) -> list[Tile]:
        """The tiles that are yet to be computed."""
        return [tile for tile in self.tiles if tile.id not in self.answers]

    def document(self) -> TilesAnswered:
        """All of them, in the order of the page."""
        found = tuple(self.answers[tile.id] for tile in self.tiles)
        tables = {state.table: state for one in found for state in one.answer.freshness}
        elapsed = round((time.perf_counter() - self.begun) * 1000, 3)
        return TilesAnswered(
            id=self.id, page=self.page, period=self.period, time_range=self.view.span, tiles=found,
            freshness=tuple(tables[name] for name in sorted(tables)), elapsed_ms=elapsed,
        )  # fmt: skip


@dataclass(frozen=True)
class DashboardHandlers:
    """The parts that dashboards need. All methods wait for the engine or a file: call them in worker threads."""

    lake: Lake
    answerer: Answerer
    project: ProjectDashboards
    kept: KeptBoards

    def list(self, asker: Asker) -> Dashboards:
        """The dashboards that the asker may see: the own ones, then those of the project by domain and title."""
        vocabulary = vocabulary_of(self.answerer, asker)
        found = [summary_of(i, one) for i, one in self.project.all().items() if may_see(asker, one, vocabulary)]
        for fault in self.project.faults:
            logger().warning("dashboard_not_read", fault=fault)
        own = [summary_of(one.id, one.dashboard, one) for one in self.kept.of(owners(asker))]
        return Dashboards(dashboards=(*own, *sorted(found, key=lambda one: (one.domain, one.title))))

    def show(self, asker: Asker, dashboard_id: str, version: int | None = None) -> DashboardDocument:
        """A dashboard as it is declared, or was in a version.

        Raises:
            ApiError: there is none that the asker may see.
        """
        vocabulary = vocabulary_of(self.answerer, asker)
        dashboard, kept = self.found(asker, dashboard_id, vocabulary, version)
        today = self.answerer.today(asker.caller)
        summary = summary_of(dashboard_id, dashboard, kept).model_dump()
        return DashboardDocument(
            **{**summary, "pages": [_page(one) for one in dashboard.pages]},
            filters=tuple(_filter(item, dashboard, vocabulary) for item in dashboard.filters),
            period=dashboard.period,
            periods=tuple(_period(name, today) for name in PeriodName),
            definition=dashboard if kept else None,
            undoable=kept is not None and kept.before is not None,
        )

    def found(
        self, asker: Asker, dashboard_id: str, vocabulary: Vocabulary, version: int | None = None
    ) -> tuple[Dashboard, Kept | None]:
        """A dashboard that the asker may see, and how it is kept where people made it.

        Raises:
            ApiError: there is none.
        """
        project = self.project.all().get(dashboard_id)
        if project is not None and version is None and may_see(asker, project, vocabulary):
            return project.with_figures_of(vocabulary.metrics), None
        kept = self.own(asker, dashboard_id, version)
        return kept.dashboard, kept

    def own(self, asker: Asker, dashboard_id: str, version: int | None = None) -> Kept:
        """A dashboard that the asker made.

        Raises:
            ApiError: there is none.
        """
        with suppress(NoBoardError):
            kept = self.kept.find(dashboard_id, version)
            if kept.owner in owners(asker):
                return kept
        raise no_dashboard(dashboard_id)

    def look(
        self, asker: Asker, dashboard_id: str, wanted: TilesWanted, heads: Mapping[str, str] | None = None
    ) -> Seen:  # fmt: skip
        """The tiles that are wanted, with the answers that are remembered; at a state of the lake, or the newest.

        Raises:
            ApiError: there is no such dashboard, page or tile, or no tile knows a filter.
        """
        begun = time.perf_counter()
        vocabulary = vocabulary_of(self.answerer, asker)
        dashboard, _ = self.found(asker, dashboard_id, vocabulary, wanted.version)
        page = dashboard.page(wanted.page)
        if page is None:
            names = [one.id for one in dashboard.pages]
            raise ApiError(422, "unknown_page", f"There is no page “{wanted.page}”.", {"nearest": names})
        view = _view(dashboard, wanted, self.answerer.today(asker.caller, wanted.now))
        period = None if wanted.time_range else wanted.period or dashboard.period
        seen = Seen(
            dashboard_id, page.id, period, view, wanted.now, heads or self.lake.catalog.heads(), vocabulary, begun,
            _tiles(page, wanted.tiles),
        )  # fmt: skip
        for tile in seen.tiles:
            if known := self._known(asker, seen, tile):
                seen.answers[tile.id] = known
        _refuse_unknown_filters(dashboard, wanted.filters or (), vocabulary)
        self._expect(asker, seen)
        return seen

    def compute(self, asker: Asker, seen: Seen, tile: Tile) -> TileAnswer:
        """The answer of a tile. Whatever prevents it is in the answer."""
        try:
            plans = asked(tile, seen.view, seen.vocabulary)
        except (AmbiguousNameError, ValidationError) as error:
            return _unplanned(asker, tile, error)

        def run(plan: Plan) -> Answer:
            return self.answerer.run(plan, asker.caller, heads=seen.heads, now=seen.now)

        found = _run(plans, run)
        assert found is not None
        return _answered(tile, plans, *found, seen.vocabulary)

    # --- inside

    def _known(self, asker: Asker, seen: Seen, tile: Tile) -> TileAnswer | None:
        """The remembered answer of a tile; whatever prevents it prevents its computing, which tells of it."""
        try:
            plans = asked(tile, seen.view, seen.vocabulary)
            found = _run(plans, lambda plan: self.answerer.run_again(plan, asker.caller, seen.heads, seen.now))
            return _answered(tile, plans, *found, seen.vocabulary) if found else None
        except Exception as error:
            logger().debug("tile_not_remembered", dashboard=seen.id, tile=tile.id, why=type(error).__name__)
            return None

    def _expect(self, asker: Asker, seen: Seen) -> None:
        """Let the tiles that are yet to be computed share what they read."""
        try:
            every = [asked(tile, seen.view, seen.vocabulary) for tile in seen.missing]
            plans = [plan for one in every for plan in (one.plan, one.trend, one.top) if plan]
            if len(plans) > 1:
                self.answerer.expect(plans, asker.caller, seen.heads)
        except Exception as error:  # the computing of the tile that has it tells of it
            logger().debug("tiles_not_expected", dashboard=seen.id, why=type(error).__name__)


def failed_tile(asker: Asker, tile: Tile, sentence: str = "", code: str = ErrorCode.INTERNAL) -> TileAnswer:
    """A tile that could not be computed, which takes no other with it; by an error of ours if nothing is said."""
    answer = failed_answer("", asker.caller, told_as=request_id())
    if sentence:
        answer = answer.model_copy(update={"sentence": sentence, "error": code})
    return TileAnswer(id=tile.id, answer=answer, chart=_undrawn(tile), unfiltered=())


def owners(asker: Asker) -> tuple[str, ...]:
    """Whose dashboards an asker may see and change: the own, and what was made here before there were keys.

    That is for those alone who may see what was asked then.
    """
    own = asker.key_id or ""
    return (own,) if own and not may_see_of(asker.caller, _BEFORE_KEYS) else (own, "")


def narrowed(board: DashboardDocument, chosen: Sequence[DimensionFilter] | None) -> tuple[str, ...]:
    """What a dashboard is narrowed to, in words: by what is chosen, or by its defaults if that is None."""
    labels = {item.dimension: item.label for item in board.filters}
    if chosen is None:
        found = [(item.dimension, "in", item.default) for item in board.filters if item.default]
    else:
        found = [(item.dimension, item.operator, item.values) for item in chosen]
    words = (
        (labels.get(name, name), "" if how == "in" else f"{how} ".replace("_", " "), values)
        for name, how, values in found
    )
    return tuple(f"{label}: {how}{', '.join(map(str, values))}" for label, how, values in words)


def no_dashboard(dashboard_id: str) -> ApiError:
    """That there is none of an id that the asker may see."""
    return ApiError(404, "unknown_dashboard", f"There is no dashboard “{dashboard_id[:80]}”.")


def may_see(asker: Asker, dashboard: Dashboard, vocabulary: Vocabulary) -> bool:
    """Whether it is for the asker's role, and has a figure that the asker may see."""
    if dashboard.roles and asker.caller.role not in dashboard.roles:
        return False
    return any(name in vocabulary.metrics for tile in _all_tiles(dashboard) for name in tile.metrics)


def _all_tiles(dashboard: Dashboard) -> Iterator[Tile]:
    return (tile for page in dashboard.pages for tile in page.tiles)


def _tiles(page: Page, wanted: Sequence[str] | None) -> list[Tile]:
    """The tiles of a page that have a plan: those named, else all."""
    found = {tile.id: tile for tile in page.tiles if tile.plan is not None}
    for name in wanted or ():
        if name not in found:
            message = f"The page “{page.title}” has no figure “{name}”."
            raise ApiError(422, "unknown_tile", message, {"nearest": list(found)})
    return [tile for name, tile in found.items() if wanted is None or name in wanted]


def _view(dashboard: Dashboard, wanted: TilesWanted, today: date) -> View:
    first = View.first(dashboard, today)
    span: TimeRange | None = wanted.time_range or (wanted.period.days(today) if wanted.period else first.span)
    return View(first.filters if wanted.filters is None else wanted.filters, span, today)


def _refuse_unknown_filters(dashboard: Dashboard, chosen: Sequence[DimensionFilter], vocabulary: Vocabulary) -> None:
    """Refuse a filter that no tile of the dashboard can take: it would look as if it had been applied."""
    sets = [vocabulary.shared_dimensions(_known_metrics(tile, vocabulary)) for tile in _all_tiles(dashboard)]
    for item in chosen:
        if not any(_names(item.dimension, dimensions) for dimensions in sets):
            names = [one.dimension for one in dashboard.filters]
            message = f"No figure of this dashboard can be asked by “{item.dimension}”."
            raise ApiError(422, "unknown_dimension", message, {"nearest": names})


def _known_metrics(tile: Tile, vocabulary: Vocabulary) -> list[str]:
    return [name for name in tile.metrics if name in vocabulary.metrics]


def _names(name: str, dimensions: frozenset[str]) -> str | None:
    """The full name that a name has among some dimensions, if it has one."""
    try:
        found = full_name(name, dimensions)
    except AmbiguousNameError:
        return None
    return found if found in dimensions else None


def _run(plans: Asked, run: Callable[[Plan], Answer | None]) -> tuple[Answer, Answer | None] | None:
    """The answers to the plans of a tile, its own and its course; None where one has none."""
    plan = plans.plan
    if plans.top:
        top = run(plans.top)
        if top is None or top.outcome != "answered":
            return top and (top, None)
        plan = plans.narrowed([row[0] for row in top.rows])
    answer = run(plan)
    if answer is None or plans.trend is None or answer.outcome != "answered":
        return answer and (answer, None)
    course = run(plans.trend)
    return course and (answer, course)


def _answered(tile: Tile, plans: Asked, answer: Answer, course: Answer | None, vocabulary: Vocabulary) -> TileAnswer:
    assert tile.chart is not None
    has_rows = answer.outcome == "answered" and answer.plan is not None
    plan = answer.plan or plans.plan
    metric = vocabulary.metrics.get(plan.metrics[0])
    if not has_rows:
        chart = _undrawn(tile)
    elif misdrawn(tile.chart, plan, vocabulary):  # of a file that nobody checked
        chart = Chart(kind="table")
    else:
        chart = drawn(tile.chart, plan, answer.columns, vocabulary)
    if chart.change and _fewer_days(answer, metric):
        chart = chart.model_copy(update={"change": None, "before": None})
    trend = _trend(plans.trend, course, metric.nothing if metric else None) if plans.trend and course else None
    drawing = None
    if has_rows and answer.rows and chart.kind not in NO_PICTURE:
        drawing = drawing_of(
            answer.columns, answer.rows, chart, partial=answer.partial, says=answer.sentence, whole=answer.whole
        )
    return TileAnswer(
        id=tile.id, answer=answer, chart=chart, drawing=drawing, trend=trend, unfiltered=plans.unfiltered
    )  # fmt: skip


def _fewer_days(answer: Answer, metric: Metric | None) -> bool:
    """Whether a count or a sum is of fewer days than were asked for, so that its change is theirs."""
    short = any(part.grain is None and not part.asked for part in answer.partial)
    return short and metric is not None and metric.nothing is not None


def _undrawn(tile: Tile) -> Chart:
    assert tile.chart is not None
    return Chart(kind=tile.chart.kind.value, horizontal=tile.chart.horizontal)


def _trend(plan: Plan, course: Answer, nothing: float | None) -> Trend | None:
    """The course that an answer gave. Steps that are not known as a whole have none, or they would look like a fall.

    Of a step between others that has no row, the figure is what it is of no rows.
    """
    if course.outcome != "answered" or plan.grain is None:
        return None
    cut = {part.step for part in course.partial}
    known = {date.fromisoformat(row[0]): row[1] for row in course.rows if row[0]}
    between = TimeRange(start=min(known), end=max(known)) if known else None
    steps = tuple(steps_in(between, plan.grain) or ())
    values = tuple(None if step in cut else known.get(step, nothing) for step in steps)
    return Trend(grain=plan.grain, steps=steps, values=values)


def _unplanned(asker: Asker, tile: Tile, error: Exception) -> TileAnswer:
    why = problem_of(error) if isinstance(error, ValidationError) else str(error)
    return failed_tile(asker, tile, f"This figure cannot be asked so: {why}.", "invalid_plan")


def summary_of(dashboard_id: str, dashboard: Dashboard, kept: Kept | None = None) -> DashboardSummary:
    """A dashboard without its tiles; ``kept`` where people made it."""
    return DashboardSummary(
        id=dashboard_id, title=dashboard.title, description=dashboard.description, domain=dashboard.domain,
        pages=tuple(PageName(id=page.id, title=page.title) for page in dashboard.pages),
        built_in=kept is None, editable=kept is not None and kept.version == kept.current,
        version=kept.version if kept else 0, owner=kept.made_by if kept else None,
        changed_at=kept.changed_at if kept else None,
    )  # fmt: skip


def _page(page: Page) -> PageDocument:
    tiles = tuple(TileDocument(**dict(tile)) for tile in page.tiles)
    return PageDocument(id=page.id, title=page.title, description=page.description, tiles=tiles)


def _period(name: PeriodName, today: date) -> PeriodDocument:
    span = name.days(today)
    return PeriodDocument(name=name, label=name.label, start=span and span.start, end=span and span.end)


def _known_to_the_caller(declared: tuple[Any, ...], values: Values | None) -> tuple[Any, ...]:
    """Those of some declared values that the caller may know of: a file is for all, and may name other tenants."""
    if values is None:
        return ()
    return tuple(one for one in declared if one in values.items or not (values.items and values.complete))


def _filter(item: SharedFilter, dashboard: Dashboard, vocabulary: Vocabulary) -> FilterDocument:
    """A shared filter with the values of the first figure that knows it."""
    sets = (vocabulary.shared_dimensions(_known_metrics(tile, vocabulary)) for tile in _all_tiles(dashboard))
    names = (name for dimensions in sets if (name := _names(item.dimension, dimensions)))
    dimension = vocabulary.dimensions.get(next(names, ""))
    values = dimension.values if dimension else None
    declared, default = (_known_to_the_caller(named, values) for named in (item.choices, item.default))
    shown = declared if item.choices else (tuple(sorted(values.shown, key=str)) if values else ())
    complete = bool(item.choices) or (values is not None and values.complete)
    return FilterDocument(
        dimension=item.dimension,
        label=item.label or (dimension.label if dimension else item.dimension),
        default=default,
        choices=shown[:MOST_CHOICES],
        names={str(code): name for code in shown[:MOST_CHOICES] if dimension and (name := dimension.names.of(code))},
        all_choices=complete and len(shown) <= MOST_CHOICES,
    )
