"""What the first page shows, without HTTP: the figures of each domain, what is unusual, what is new, what to ask.

Belongs here: the course of it for an asker. Does not belong here: which figures (figures), threads (work).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache

from lakehouse_assets.dashboards.files import ProjectDashboards
from lakehouse_assets.domains import contract_of, title_of
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from lakehouse_assets.service.dashboards.documents import Trend
from lakehouse_assets.service.dashboards.handlers import may_see
from lakehouse_assets.service.home.documents import Home, HomeDomain, HomeFigure, HomePeriod, News
from lakehouse_assets.service.home.figures import course_of, domains_of, headlines, label_of, period_of, starters
from lakehouse_assets.service.home.news import NewsReader
from lakehouse_assets.service.home.unusual import UnusualReader, shown
from lakehouse_assets.service.questions.handlers import vocabulary_of
from nlq.core.periods import steps_in
from nlq.core.plan import Grain, Plan, TimeRange
from nlq.core.utc import utc_now
from nlq.core.vocabulary import Metric, Vocabulary

if TYPE_CHECKING:
    from lakehouse_assets.insight.published import Noticed
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.service.admission.access import Asker
    from nlq.answering.answer import Answerer
    from nlq.answering.document.model import Answer
    from nlq.answering.tables.coverage import Known
    from nlq.answering.tables.states import TableState

_REMEMBERED = 256


@dataclass
class Entered:
    """A caller at the first page, and the state of the lake that is shown."""

    heads: Mapping[str, str]
    vocabulary: Vocabulary
    now: datetime
    begun: float
    domains: Sequence[str]
    news: tuple[News, ...]
    unusual: Sequence[Noticed] = ()
    found: dict[str, HomeDomain] = field(default_factory=dict)

    def document(self) -> Home:
        """The page."""
        elapsed = round((time.perf_counter() - self.begun) * 1000, 3)
        domains = tuple(self.found[name] for name in self.domains if name in self.found)
        return Home(domains=domains, news=self.news, elapsed_ms=elapsed)


class HomeHandlers:
    """The parts that the first page needs. Its methods wait for the engine: call them in worker threads."""

    def __init__(self, lake: Lake, answerer: Answerer, project: ProjectDashboards) -> None:
        """Nothing is read yet."""
        self._lake, self._answerer, self._project = lake, answerer, project
        self._news, self._unusual, self._lock = NewsReader(lake), UnusualReader(lake), threading.Lock()
        # LRU; the fingerprint of the vocabulary, which has the state of its tables, is part of the key.
        self._days: LRUCache[tuple[Any, ...], Known | None] = LRUCache(_REMEMBERED)

    def enter(self, asker: Asker, now: datetime | None) -> Entered:
        """What is there for a caller.

        Raises:
            ApiError: the caller may see nothing.
        """
        begun, moment = time.perf_counter(), now or utc_now()
        vocabulary = vocabulary_of(self._answerer, asker)
        heads, domains = self._lake.catalog.heads(), domains_of(vocabulary)
        news = self._news.of(heads, asker.caller.tenant, moment, domains)
        unusual = self._unusual.of(heads, asker.caller, vocabulary, domains)
        return Entered(heads, vocabulary, moment, begun, domains, news, unusual)

    def domain(self, asker: Asker, entered: Entered, name: str) -> None:
        """Find what stands for a domain; nothing where it has no data for the caller."""
        metrics = headlines(entered.vocabulary, name)
        known = self._known(asker, entered, metrics)
        if known is None or known.span is None or known.span.start is None:
            return
        today = self._answerer.today(asker.caller, entered.now)
        chosen = period_of(metrics, known.span, today)
        plan = course_of([metric.name for metric in metrics], *chosen) if chosen else None
        answer = plan and self._answerer.run(plan, asker.caller, heads=entered.heads, now=entered.now)
        answered = answer if answer and answer.outcome == "answered" else None
        if chosen is None:
            problem = "No week or month is known as a whole yet."
        else:
            problem = answer.sentence if answer and not answered else ""
        entered.found[name] = HomeDomain(
            domain=name,
            title=title_of(name),
            dashboards=self._dashboards(asker, entered.vocabulary, name),
            period=_period(*chosen) if chosen else None,
            figures=_figures(metrics, plan, answered, known.span.start) if plan and answered else (),
            unusual=shown(entered.unusual, name, known.end, today),
            starters=starters(
                entered.vocabulary, metrics, lambda text: self._answerer.understood(text, asker.caller, entered.heads)
            ),
            newest_day=known.end,
            problem=problem,
            **_standing(answered.freshness if answered else (), entered.now),
        )  # fmt: skip

    def _known(self, asker: Asker, entered: Entered, metrics: Sequence[Metric]) -> Known | None:
        names, fingerprint = tuple(metric.name for metric in metrics), entered.vocabulary.fingerprint
        key = (fingerprint, names, asker.caller.tenant)
        with self._lock:
            if fingerprint and key in self._days:
                return self._days[key]
        try:
            known = self._answerer.days(names, asker.caller, entered.heads)
        except QueryRefusedError:  # a table went meanwhile
            return None
        with self._lock:
            self._days[key] = known
        return known

    def _dashboards(self, asker: Asker, vocabulary: Vocabulary, domain: str) -> tuple[str, ...]:
        own = ((i, one) for i, one in self._project.all().items() if one.domain == domain)
        return tuple(i for i, one in own if may_see(asker, one, vocabulary))


def _period(grain: Grain, step: TimeRange) -> HomePeriod:
    assert step.start and step.end
    return HomePeriod(label=label_of(grain, step), grain=grain, start=step.start, end=step.end)


def _figures(metrics: Sequence[Metric], plan: Plan, answer: Answer, since: date) -> tuple[HomeFigure, ...]:
    """The figures of the last step of an answer, each with its course; steps that are not known as a whole have none.

    Args:
        metrics: Which.
        plan: What was asked.
        answer: Its answer.
        since: The first day that there are data of.
    """
    assert plan.grain
    columns = [column.name for column in answer.columns]
    cut = {part.step for part in answer.partial}
    rows = {date.fromisoformat(row[0]): row for row in answer.rows if row[0]}
    steps = tuple(steps_in(plan.time_range, plan.grain) or sorted(rows))
    found = []
    for metric in metrics:
        at = columns.index(metric.name)
        values = [rows[step][at] if step in rows else metric.nothing for step in steps]
        values = [None if step in cut or step < since else value for step, value in zip(steps, values, strict=True)]
        now, before = values[-1], values[-2]
        found.append(
            HomeFigure(
                metric=metric.name, label=metric.label, description=metric.description,
                format="percent" if metric.is_ratio else metric.format, unit=metric.unit,
                value=now, before=before, change=(now - before) / abs(before) if now is not None and before else None,
                good=metric.direction if metric.direction in ("up", "down") else None,
                trend=Trend(grain=plan.grain, steps=steps, values=tuple(values)),
                plan=plan.model_copy(update={"metrics": (metric.name,)}),
            )
        )  # fmt: skip
    return tuple(found)


def _standing(states: Sequence[TableState], now: datetime) -> dict[str, Any]:
    """When the tables behind some figures were written, and whether that is longer ago than their contracts allow."""
    written = {state.table: state.published_at for state in states if state.published_at}
    late = [table for table, at in written.items() if now - at > _warn_after(table)]
    oldest = min((written[table] for table in late), default=None)
    says = f"Not written since {oldest:%Y-%m-%d %H:%M} UTC." if oldest else ""
    return {"published_at": max(written.values(), default=None), "stale": bool(late), "stale_says": says}


def _warn_after(table: str) -> timedelta:
    try:
        freshness = contract_of(table).freshness
    except LookupError:
        return timedelta.max
    return freshness.warn_after if freshness else timedelta.max
