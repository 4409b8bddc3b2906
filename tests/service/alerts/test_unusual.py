"""Alerts on unusual things: told right after a publication that found one, once each, to whom it concerns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.alerts.model import Draft, Kept
from lakehouse_assets.alerts.wishes import Understood, WishError
from lakehouse_assets.assets.python_tables import make
from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.domains.platform.contracts import INSIGHTS
from lakehouse_assets.insight.model import Insight, Insights, Kind, Severity
from lakehouse_assets.insight.tables import insights, rows_of
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.admission.access import ANONYMOUS
from lakehouse_assets.service.alerts.parts import AlertParts
from nlq.answering.answer import Answerer
from nlq.core.guard import Caller
from nlq.core.plan import Grain, Plan
from nlq.watching.conditions import Unusual
from nlq.watching.states import State

DAY = timedelta(days=1)
NOW = datetime(2026, 2, 20, 12)
BACKLOG, ORDERS = Plan(metrics=("pgr_backlog",)), Plan(metrics=("sales_orders",))
TENANT = "pb.amritsar"


def insight(start: date = date(2026, 2, 10), **more: Any) -> Insight:
    said: dict[str, Any] = {
        "kind": Kind.SHIFT, "metric": "pgr_backlog", "label": "Backlog", "sentence": f"It rose on {start}.",
        "change": 0.5,
    }  # fmt: skip
    return Insight(
        insight_id=f"{start} {more}", domain="pgr", severity=Severity.HIGH, grain=Grain.DAY, start=start,
        end=max(start, date(2026, 2, 19)), method="By hand.", plan=BACKLOG, **(said | more),
    )  # fmt: skip


@pytest.fixture
def publish(asked_lake: Lake) -> Iterator[Callable[..., None]]:
    """Publishes what was found of complaints, over what was published before; in the end nothing is."""

    def published(*found: Insight, at: datetime, tenant: str | None = None) -> None:
        before: list[dict[str, Any]] = []
        if INSIGHTS.identifier in asked_lake.catalog.heads():
            with asked_lake.session() as session:
                before = session.query(f"select * from {INSIGHTS.identifier} order by is_current desc").to_pylist()
        own = [row for row in before if row["tenant_id"] == tenant]
        one = Insights(domain="pgr", title="Complaints", until=at.date(), tested=9, metrics=(), insights=found)
        rows = [*rows_of(one, tenant, "{}", own, at), *(row for row in before if row["tenant_id"] != tenant)]
        _make(asked_lake, rows)

    _make(asked_lake, [])
    yield published
    _make(asked_lake, [])


def _make(lake: Lake, rows: list[dict[str, Any]]) -> None:
    told = replace(insights, function=lambda _: rows)
    assert make(lake, told, platform_contracts(), [], run_id="test").published


@pytest.fixture
def parts(asked_lake: Lake, tmp_path: Path) -> Iterator[AlertParts]:
    opened = AlertParts.open(asked_lake, f"sqlite:///{tmp_path}/questions.db")
    yield opened
    opened.close()


@pytest.fixture
def told(parts: AlertParts, asked_lake: Lake, answerer: Answerer) -> Callable[[datetime], int]:
    """Looks at every alert that is due, and says how many states were entered."""
    keeper = parts.keeper(asked_lake, lambda: answerer, lambda *_: False, "ingest")
    return lambda now: keeper.round(asked_lake.catalog.heads(), now).told


def add(parts: AlertParts, plan: Plan | None = BACKLOG, domain: str | None = None, tenant: str | None = None) -> str:
    draft = Draft(name="unusual", plan=plan, condition=Unusual(domain=domain), targets=("ops",))
    return parts.store.add(draft, Caller(tenant=tenant), key_id="", made_by="me", now=NOW).id


def messages(parts: AlertParts, made: str) -> list[str]:
    return [row["target"] for row in parts.outbox.of_alert(made)]


def test_each_thing_is_told_once_whatever_becomes_of_it(
    parts: AlertParts, publish: Callable[..., None], told: Callable[[datetime], int]
) -> None:
    publish(insight(date(2026, 1, 1)), at=NOW - DAY)
    made = add(parts)
    assert told(NOW) == 0, "it was known when the alert was made"
    publish(insight(date(2026, 1, 1)), insight(), at=NOW + DAY)
    assert told(NOW + DAY) == 1
    entry = parts.store.history(made)[0]
    assert (entry.says, entry.state, entry.silent) == ("It rose on 2026-02-10.", State.FIRING, "")
    assert parts.store.get(made).standings.keys() == {"Backlog: new level found 2026-02-21"}
    assert told(NOW + DAY) == 0
    publish(insight(date(2026, 2, 13)), at=NOW + 2 * DAY)
    assert told(NOW + 2 * DAY) == 0, "the same step, judged to have been three days later"
    publish(at=NOW + 3 * DAY)
    told(NOW + 3 * DAY)
    assert parts.store.get(made).state is State.OK and parts.store.history(made)[0].silent
    publish(insight(), at=NOW + 4 * DAY)
    told(NOW + 4 * DAY)
    publish(insight(), insight(date(2026, 2, 22), kind=Kind.POINT), at=NOW + 5 * DAY)
    assert told(NOW + 5 * DAY) == 1
    assert len(messages(parts, made)) == 2, "a step and a day, once each"


@pytest.mark.parametrize(
    ("plan", "domain", "tenant", "found", "is_told"),
    [
        (None, None, None, {}, True),
        (None, "pgr", None, {}, True),
        (BACKLOG, None, None, {"dimension": "complaint__channel", "value": "web"}, True),
        (BACKLOG, None, None, {"kind": Kind.FORECAST}, False),
        (BACKLOG, None, None, {"metric": "pgr_complaints", "label": "Complaints"}, False),
        (BACKLOG, None, None, {"metric": "pgr_complaints", "label": "Complaints", "also": ("Backlog",)}, True),
        (BACKLOG, None, None, {"metric": "nothing_any_more"}, False),
        (None, None, TENANT, {}, False),
    ],
)
def test_who_waits_for_it_is_told(
    parts: AlertParts, publish: Callable[..., None], told: Callable[[datetime], int], plan: Plan | None,
    domain: str | None, tenant: str | None, found: dict[str, Any], is_told: bool,
) -> None:  # fmt: skip
    made = add(parts, plan, domain, tenant)
    publish(at=NOW, tenant=TENANT)
    publish(insight(**found), at=NOW + DAY)
    assert bool(told(NOW + DAY)) is is_told
    assert bool(messages(parts, made)) is is_told


def test_a_tenant_is_told_of_its_own(
    parts: AlertParts, publish: Callable[..., None], told: Callable[[datetime], int]
) -> None:
    own, others = add(parts, tenant=TENANT), add(parts, tenant="pb.jalandhar")
    publish(at=NOW, tenant="pb.jalandhar")
    publish(insight(), at=NOW + DAY, tenant=TENANT)
    assert told(NOW + DAY) == 1 and messages(parts, own) and not messages(parts, others)


def test_what_nobody_judges_is_told_not_to_be_judged(
    parts: AlertParts, publish: Callable[..., None], told: Callable[[datetime], int]
) -> None:
    made = add(parts, ORDERS)
    publish(insight(), at=NOW + DAY)
    assert told(NOW + DAY) == 1
    kept: Kept = parts.store.get(made)
    assert kept.state is State.UNKNOWN and "semantic.insights has nothing of Sales" in kept.says


@pytest.fixture
def understood(parts: AlertParts, asked_lake: Lake, answerer: Answerer) -> Callable[[str], Understood]:
    wishes = parts.wishes(answerer, parts.dashboards(asked_lake, answerer), ANONYMOUS)
    return lambda sentence: wishes.understand(sentence, Caller())


def test_wishes_for_unusual_things(understood: Callable[[str], Understood]) -> None:
    (offer,) = understood("tell me when something unusual happens to complaints").offers
    assert offer.draft.plan == Plan(metrics=("pgr_complaints",)) and offer.draft.condition == Unusual()
    assert offer.says.startswith("You are told when “Complaints” shows something unusual")
    (offer,) = understood("let me know if anything odd happens").offers
    assert (offer.draft.plan, offer.draft.condition) == (None, Unusual())
    (offer,) = understood("alert me when there is an anomaly in pgr").offers
    assert (offer.draft.plan, offer.draft.condition) == (None, Unusual(domain="pgr"))


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        ("tell me when something unusual happens to complaints by ward", "name the figure alone"),
        ("tell me when resolved complaints behave strangely", "not among the figures of Complaints"),
        ("tell me when something unusual happens to the weather", "weather"),
    ],
)
def test_what_is_not_judged_is_said(understood: Callable[[str], Understood], sentence: str, says: str) -> None:
    with pytest.raises(WishError, match=says):
        understood(sentence)


def test_a_figure_or_a_domain_is_named_and_nothing_more() -> None:
    with pytest.raises(ValueError, match="not in both"):
        Draft(name="both", plan=BACKLOG, condition=Unusual(domain="pgr"))
    assert not Draft(name="all", condition=Unusual()).ends_are_told
