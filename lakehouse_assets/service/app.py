"""The app: its parts put together, for uvicorn and for tests.

Belongs here: putting together, starting and ending. Does not belong here: any part.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from lakehouse_assets.dashboards.files import ProjectDashboards
from lakehouse_assets.dashboards.kept import KeptBoards
from lakehouse_assets.ml.runs.jobs import Jobs, JobStore
from lakehouse_assets.ml.serving.online import OnlineFeatures
from lakehouse_assets.ml.serving.single import Predictions
from lakehouse_assets.ml.serving.stores import open_store
from lakehouse_assets.profiling.tables import Profiles
from lakehouse_assets.search.answering import open_answerer
from lakehouse_assets.search.searching import Searcher
from lakehouse_assets.search.store import Store, url_of
from lakehouse_assets.service.admission.access import EVENTS, Access
from lakehouse_assets.service.admission.limits import LimiterInProcess, RateLimiter, rates
from lakehouse_assets.service.admission.work import Work
from lakehouse_assets.service.agents.door import Agents
from lakehouse_assets.service.alerts.handlers import AlertHandlers
from lakehouse_assets.service.alerts.parts import AlertParts
from lakehouse_assets.service.dashboards.boards import BoardHandlers
from lakehouse_assets.service.dashboards.exporting import ExportHandlers
from lakehouse_assets.service.dashboards.handlers import DashboardHandlers
from lakehouse_assets.service.failures import install
from lakehouse_assets.service.health import HealthCheck
from lakehouse_assets.service.home.handlers import HomeHandlers
from lakehouse_assets.service.insights.handlers import InsightHandlers
from lakehouse_assets.service.intake import drafts, events, uploads
from lakehouse_assets.service.intake.looks import Looks
from lakehouse_assets.service.intake.topics import Topics
from lakehouse_assets.service.middleware import RequestMiddleware
from lakehouse_assets.service.ml.handlers import ModelHandlers
from lakehouse_assets.service.questions.handlers import Handlers
from lakehouse_assets.service.questions.recorder import Recorder
from lakehouse_assets.service.redis import AnswersInRedis, LimiterInRedis
from lakehouse_assets.service.routes import (
    agents,
    alerts,
    boards,
    dashboards,
    exports,
    home,
    insights,
    live,
    ml,
    pages,
    questions,
    search,
    sessions,
    sharing,
    standing,
)
from lakehouse_assets.service.routes import dictionary as dictionaries
from lakehouse_assets.service.routes.dependencies import Service
from lakehouse_assets.service.search import SearchHandlers
from lakehouse_assets.service.sharing.handlers import SharingHandlers
from lakehouse_assets.shared_redis import connect
from nlq.answering.cache import AnswersInProcess, AnswerStore, KeptAnswers
from nlq.storage.journal import Journal
from nlq.storage.keys import KeyStore
from nlq.storage.links import LinkStore
from nlq.storage.queue import QuestionQueue

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.settings import Settings

_DESCRIPTION = """Questions in plain English over a lakehouse, answered with the rows, the plan, the SQL, the snapshots
and the freshness behind them. Whose rows an answer may have follows from the key of the caller alone."""


class _Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The document, in which a key may be left out: a session stands for it, or being the one at this machine."""
        if self.openapi_schema is None:
            for operations in super().openapi()["paths"].values():
                for operation in operations.values():
                    if "security" in operation:
                        operation["security"].append({})
        return super().openapi()


def create_app(
    lake: Lake,
    *,
    loopback: bool,
    limiter: RateLimiter | None = None,
    store: AnswerStore | None = None,
    database: str | None = None,
    dictionary: dictionaries.Dictionary | None = None,
    work: Work | None = None,
) -> FastAPI:
    """The app over one lake.

    Args:
        lake: Where the tables are.
        loopback: Whether only this machine can call; then no key is needed until there is one.
        limiter: Counts calls; the settings' if None.
        store: Keeps answers; the settings' if None.
        database: SQLAlchemy URL of the keys, the queue and the journal; the settings' if None.
        dictionary: Gives the data dictionary; there is none if None.
        work: Does what takes threads; by the settings if None.
    """
    settings = lake.settings
    shared_limiter, shared_store = _shared(settings)
    limiter = limiter or shared_limiter
    kept = KeptAnswers(store or shared_store)
    topics, looks = Topics(lake), Looks(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = partial(_open, lake, database or settings.queue_url, limiter, kept, loopback)
        parts = await anyio.to_thread.run_sync(opened)
        handlers, access = parts.handlers, parts.access
        recorder = Recorder(handlers.journal, lake)
        recorder.start()
        app.state.intake.start()
        topics.start()
        app.state.uploading.workers.start()
        doing = work or _work(settings)
        health = HealthCheck(handlers, access, handlers.answerer.planner_name)
        declared = ProjectDashboards(settings.project_root)
        shown = DashboardHandlers(lake, handlers.answerer, declared, parts.boards)
        told = await anyio.to_thread.run_sync(AlertParts.open, lake, database or settings.queue_url)
        app.state.service = Service(
            access=access,
            handlers=handlers,
            work=doing,
            admitted=doing.together(access.admit),
            known=doing.together(handlers.again),
            health=health,
            dashboards=shown,
            boards=BoardHandlers(shown),
            home=HomeHandlers(lake, handlers.answerer, declared),
            insights=InsightHandlers(lake, handlers.answerer),
            alerts=AlertHandlers(told, shown),
            sharing=SharingHandlers(parts.links, access, shown, handlers),
            exports=ExportHandlers(shown, handlers),
            search=SearchHandlers(parts.searcher, handlers.answerer),
            models=parts.models,
        )
        app.state.live = live.live_of(app.state.service)
        try:
            yield
        finally:
            app.state.live.stop()
            await app.state.agents.stop()
            await anyio.to_thread.run_sync(app.state.uploading.workers.stop)
            await anyio.to_thread.run_sync(app.state.intake.stop)
            await anyio.to_thread.run_sync(topics.stop)
            await anyio.to_thread.run_sync(recorder.stop)
            await anyio.to_thread.run_sync(looks.close)
            profiles.close()
            told.close()
            parts.close()

    # The pages of FastAPI's documentation load scripts from elsewhere; the document itself does not. Redirects would
    # lead to whatever host the caller named.
    app = _Api(
        title="asklake", version="1", description=_DESCRIPTION, lifespan=lifespan, docs_url=None, redoc_url=None,
        redirect_slashes=False,
    )  # fmt: skip
    install(app)
    app.router.routes.extend(pages.routes())
    for subject in (
        standing, sessions, questions, search, dashboards, boards, alerts, sharing, exports, home, insights, events,
        uploads, drafts, dictionaries, agents, ml, live,
    ):  # fmt: skip
        app.include_router(subject.router)
    app.state.agents = Agents()
    app.state.intake = events.Intake(lake, looks)
    app.state.uploading = uploads.Uploading(lake, looks)
    app.state.dictionary = dictionary and dictionaries.KeptDictionary(dictionary)
    app.state.profiles = profiles = Profiles(lake, database or settings.queue_url)
    app.mount("/web", pages.WebFiles(), name="web")
    app.add_middleware(GZipMiddleware, minimum_size=2_000, compresslevel=4)
    app.add_middleware(events.EventsMiddleware)
    app.add_middleware(RequestMiddleware, bodies={EVENTS: settings.intake_most_body}, streamed={uploads.UPLOADS})
    return app


def _shared(settings: Settings) -> tuple[RateLimiter, AnswerStore]:
    """Limits and answers by the settings: in Redis where there is one, else in this process."""
    limits = rates(settings.rate_per_minute, settings.rate_per_hour)
    url = settings.redis_url.get_secret_value()
    if not url:
        return LimiterInProcess(limits), AnswersInProcess()

    redis = connect(url)
    return LimiterInRedis(redis, limits), AnswersInRedis(redis)


def _work(settings: Settings) -> Work:
    return Work(settings.workers, per_asker=settings.workers_per_key, longest_wait_s=settings.queue_timeout_s)


@dataclass(frozen=True)
class _Parts:
    """What waits for the database of questions and keys, and how all of it is closed."""

    handlers: Handlers
    access: Access
    boards: KeptBoards
    links: LinkStore
    searcher: Searcher
    models: ModelHandlers
    close: Callable[[], None]


def _open(lake: Lake, url: str, limiter: RateLimiter, kept: KeptAnswers, loopback: bool) -> _Parts:
    keys, queue, journal, boards_kept, links = (
        KeyStore(url), QuestionQueue(url), Journal(url), KeptBoards(url), LinkStore(url),
    )  # fmt: skip
    searcher = Searcher(Store(url_of(lake.settings)))
    answerer = open_answerer(lake, kept=kept, searcher=searcher)
    answerer.vocabulary()  # read before the first request is taken
    online = OnlineFeatures(lake, open_store(lake.settings))
    models = ModelHandlers(Predictions(lake.settings, online), Jobs(lake.settings, JobStore(url)), answerer)

    def close() -> None:
        for part in (keys, queue, journal, boards_kept, links, searcher, models, online):
            part.close()

    access = Access(keys, limiter, loopback=loopback, session_life=lake.settings.session_life)
    return _Parts(Handlers(lake, answerer, queue, journal), access, boards_kept, links, searcher, models, close)
