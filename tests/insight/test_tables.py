"""`semantic.insights`: the rows of what is found, for whom, and what stays the same thing from one to the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.assets.python_tables import make
from lakehouse_assets.contracts import platform_contracts, platform_python_tables
from lakehouse_assets.domains.platform.contracts import INSIGHT_KINDS, INSIGHT_SEVERITIES, INSIGHTS
from lakehouse_assets.insight.finding import insights_of
from lakehouse_assets.insight.model import Insight, Insights, Kind, Severity
from lakehouse_assets.insight.published import is_of, noticed, published, stamped
from lakehouse_assets.insight.tables import AT_MOST, REMEMBERED, insights, rows_of
from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answerer
from nlq.core.guard import Caller
from nlq.core.judged import domains_of
from nlq.core.plan import Grain, Plan

LATER = date(2030, 1, 1)
NOW = datetime(2030, 1, 1, 12)
TENANT = "pb.amritsar"


def insight(kind: Kind = Kind.SHIFT, start: date = date(2029, 12, 1), change: float = 0.5, **more: Any) -> Insight:
    said: dict[str, Any] = {
        "domain": "pgr", "severity": Severity.HIGH, "metric": "pgr_complaints", "label": "Complaints",
        "grain": Grain.DAY, "end": date(2029, 12, 31), "sentence": "They rose.", "method": "Somehow.",
        "plan": Plan(metrics=("pgr_complaints",)),
    }  # fmt: skip
    return Insight(insight_id=f"{kind} {start} {change}", kind=kind, start=start, change=change, **(said | more))


def rows(*found: Insight, before: list[dict[str, Any]] | None = None, now: datetime = NOW) -> list[dict[str, Any]]:
    one = Insights(
        domain="pgr", title="Complaints", until=date(2029, 12, 31), tested=7, metrics=("pgr_complaints",),
        insights=found,
    )  # fmt: skip
    return list(rows_of(one, TENANT, "{}", before or [], now))


@pytest.fixture(scope="module")
def made(asked_lake: Lake) -> Lake:
    """The lake, with what is found in it published."""
    assert make(asked_lake, insights, platform_contracts(), [], run_id="test").published
    return asked_lake


def read(lake: Lake) -> list[dict[str, Any]]:
    with lake.session() as session:
        return session.query(f"select * from {INSIGHTS.identifier} order by domain, tenant_id, place").to_pylist()


def test_it_is_declared_once_and_waits_for_nobody() -> None:
    assert insights in platform_python_tables()
    assert insights.at_most == AT_MOST and insights.on_demand and not insights.cron
    assert "gold.gold_pgr_case_lifecycle" in insights.reads
    assert not insights.missing({"gold.gold_pgr_case_lifecycle"}), "one domain is enough"
    assert insights.missing({"bronze.anything"})


def test_the_kinds_of_the_contract_are_those_of_the_model() -> None:
    assert {*INSIGHT_KINDS} == {*Kind, "none"} and {*INSIGHT_SEVERITIES} == {*Severity}


@pytest.mark.parametrize("tenant", [None, TENANT])
def test_what_is_published_is_what_would_be_found(made: Lake, answerer: Answerer, tenant: str | None) -> None:
    caller = Caller(tenant=tenant)
    with made.session() as session:
        vocabulary = answerer.figures.vocabulary(caller, session)
        for domain in domains_of(vocabulary):
            kept = published(session, tenant, domain, vocabulary, LATER)
            found = insights_of(answerer, caller, session, domain, LATER)
            assert kept is not None, domain
            assert kept.model_copy(update={"elapsed_ms": 0.0}) == found.model_copy(update={"elapsed_ms": 0.0})
            if found.until:
                assert published(session, tenant, domain, vocabulary, found.until) is None, "a day that is not over"


def test_the_documents_are_read_as_they_were_found(made: Lake, answerer: Answerer) -> None:
    found = Insights(
        domain="pgr", title="Complaints", until=date(2029, 12, 31), tested=7, left_out=2,
        metrics=("pgr_complaints", "pgr_backlog"), insights=(insight(), insight(Kind.POINT, also=("Backlog",), p=0.01)),
    )  # fmt: skip
    with made.session() as session:
        vocabulary = answerer.figures.vocabulary(Caller(), session)
        basis = stamped({}, vocabulary, vocabulary, "pgr")
    told = replace(insights, function=lambda _: list(rows_of(found, None, basis, [], NOW)))
    assert make(made, told, platform_contracts(), [], run_id="test").published
    with made.session() as session:
        kept = published(session, None, "pgr", vocabulary, LATER)
        assert kept is not None and kept.model_copy(update={"elapsed_ms": 0.0}) == found
        assert [one.insight for one in noticed(session, None, ["pgr"], vocabulary)] == list(found.insights)
    assert make(made, insights, platform_contracts(), [], run_id="test").published


def test_a_tenant_is_kept_and_told_apart(made: Lake, answerer: Answerer) -> None:
    found = read(made)
    assert {row["tenant_id"] for row in found} >= {None, TENANT, "pb.jalandhar"}
    for row in found:
        others = {"pb.amritsar", "pb.jalandhar", "pb.ludhiana"} - {row["tenant_id"]}
        assert row["tenant_id"] is None or not any(name in str(row["document"]) for name in others)
    with made.session() as session:
        vocabulary = answerer.figures.vocabulary(Caller(), session)
        own = {(row["event_id"]) for row in found if row["tenant_id"] == TENANT}
        assert {one.event_id for one in noticed(session, TENANT, ["pgr", "sales"], vocabulary)} <= own
        assert noticed(session, "nobody", ["pgr", "sales"], vocabulary) == []


def test_what_did_not_move_is_not_judged_again(made: Lake) -> None:
    before = read(made)
    assert make(made, insights, platform_contracts(), [], run_id="test").published
    assert read(made) == before


def test_it_is_of_the_figures_as_they_are_or_not_read(made: Lake, answerer: Answerer) -> None:
    with made.session() as session:
        vocabulary = answerer.figures.vocabulary(Caller(), session)
        basis = next(row["basis"] for row in read(made) if row["domain"] == "pgr" and row["tenant_id"] is None)
        assert is_of(basis, vocabulary, "pgr", session.heads)
        assert is_of(basis, vocabulary, "pgr", session.heads, of_all=True)
        assert not is_of(basis, vocabulary, "sales", session.heads), "other metrics"


def test_another_snapshot_is_another_state(made: Lake, answerer: Answerer) -> None:
    with made.session() as session:
        vocabulary = answerer.figures.vocabulary(Caller(), session)
        other = stamped({"gold.gold_pgr_case_lifecycle": 1}, vocabulary, vocabulary, "pgr")
        gone = stamped({"gold.nothing": 1}, vocabulary, vocabulary, "pgr")
        assert not is_of(other, vocabulary, "pgr", session.heads)
        assert not is_of(gone, vocabulary, "pgr", session.heads)


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=8))
def test_a_step_that_is_judged_otherwise_each_day_is_one_event(moves: list[int]) -> None:
    first = rows(insight())
    known, day = first, date(2029, 12, 1)
    for number, move in enumerate(moves, start=1):
        day += timedelta(days=move)
        known = rows(insight(start=day), before=known, now=NOW + timedelta(days=number))
        (row,) = known
        assert (row["event_id"], row["found_at"], row["start_date"]) == (first[0]["event_id"], NOW, day)


def test_what_moves_the_other_way_or_elsewhere_is_another_event() -> None:
    before = rows(insight())
    for other in (insight(change=-0.5), insight(start=date(2029, 10, 1)), insight(metric="pgr_backlog")):
        (now, gone) = rows(other, before=before)
        assert now["event_id"] != before[0]["event_id"] and not gone["is_current"]


def test_what_is_found_again_is_no_news() -> None:
    before = rows(insight())
    gone = rows(before=before, now=NOW + timedelta(days=1))
    assert [(row["kind"], row["is_current"]) for row in gone] == [("none", True), ("shift", False)]
    (again,) = rows(insight(), before=gone, now=NOW + timedelta(days=2))
    assert (again["event_id"], again["found_at"], again["is_current"]) == (before[0]["event_id"], NOW, True)
    assert timedelta(days=56) < REMEMBERED, "a step is told for as long"


def test_a_trend_goes_on_and_each_unusual_day_is_its_own() -> None:
    trend, later = insight(Kind.TREND), insight(Kind.TREND, start=date(2029, 12, 2))
    assert rows(trend)[0]["event_id"] == rows(later, before=rows(trend))[0]["event_id"]
    days = [insight(Kind.POINT, start=date(2029, 12, day)) for day in (3, 4)]
    assert len({row["event_id"] for row in rows(*days)}) == 2
