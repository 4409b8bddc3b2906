"""Insights of real tables: of whole days, of the caller's rows alone, and each with figures that can be looked up."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from lakehouse_assets.insight.explaining import Times, explained, times_of
from lakehouse_assets.insight.finding import HORIZON, insights_of
from lakehouse_assets.insight.model import Insights, Kind
from lakehouse_assets.insight.reading import Line, Reader
from lakehouse_assets.insight.telling import Teller
from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answerer
from nlq.core.guard import Caller
from nlq.core.judged import domains_of
from nlq.core.plan import TimeRange

LATER = date(2030, 1, 1)
TENANT = Caller(tenant="pb.amritsar")


def found_in(
    answerer: Answerer, lake: Lake, domain: str, today: date = LATER, caller: Caller | None = None
) -> Insights:
    with lake.session() as session:
        return insights_of(answerer, caller or Caller(), session, domain, today)


@pytest.fixture(scope="module")
def last(answerer: Answerer, asked_lake: Lake) -> date:
    """The last day that there are complaints of."""
    known = answerer.days(["pgr_complaints"], Caller(), asked_lake.catalog.heads())
    assert known is not None and known.end is not None
    return known.end


def test_every_domain_with_figures_by_day_is_judged(answerer: Answerer, asked_lake: Lake) -> None:
    names = domains_of(answerer.vocabulary(Caller()))
    assert {"pgr", "sales"} <= set(names)
    for name in names:
        found = found_in(answerer, asked_lake, name)
        assert found.metrics and found.tested
        for one in found.insights:
            assert one.sentence.endswith(".") and one.method and one.start <= one.end
            assert answerer.run(one.plan).outcome == "answered", one


@pytest.mark.parametrize("back", [0, 1, 20])
def test_a_day_that_is_not_over_is_never_judged(answerer: Answerer, asked_lake: Lake, last: date, back: int) -> None:
    today = last - timedelta(days=back)
    found = found_in(answerer, asked_lake, "pgr", today)
    assert found.until is not None and found.until < today
    for one in found.insights:
        assert one.end < today or one.kind is Kind.FORECAST
        if one.kind is Kind.FORECAST:
            assert [step.start for step in one.steps] == [found.until + timedelta(days=n + 1) for n in range(HORIZON)]


def test_a_tenant_is_told_of_its_own_rows_alone(answerer: Answerer, asked_lake: Lake, lake_of_one: Lake) -> None:
    """The same as where there are no others."""
    from nlq.factory import open_answerer

    own = found_in(answerer, asked_lake, "pgr", caller=TENANT)
    alone = found_in(open_answerer(lake_of_one), lake_of_one, "pgr", caller=TENANT)
    assert "pb.jalandhar" not in own.model_dump_json()
    ours, theirs = ([(i.kind, i.metric, i.value, i.sentence) for i in one.insights] for one in (own, alone))
    assert ours == theirs


@pytest.mark.parametrize("metric", ["sales_net_amount", "sales_return_rate"])
def test_the_parts_of_a_change_add_up_to_it(answerer: Answerer, asked_lake: Lake, metric: str) -> None:
    with asked_lake.session() as session:
        reader = Reader(answerer.figures, Caller(), session, LATER)
        vocabulary = answerer.figures.vocabulary(Caller(), session)
        days = reader.span(vocabulary.metrics[metric])
        assert days is not None
        line = Line(vocabulary.metrics[metric], days, np.zeros(days.count))
        times = times_of(days.first, days.last)
        assert times is not None
        one = explained(reader, Teller("sales", None, days.last), vocabulary, line, times, 0.001)
    assert one.actual is not None and one.expected is not None and one.parts
    assert sum(part.part for part in one.parts) == pytest.approx(one.actual - one.expected, rel=1e-6, abs=1e-9)
    each = times.days if metric == "sales_net_amount" and times.by_day else (1, 1)
    compared = answerer.run(one.plan.model_copy(update={"group_by": ()}))
    figures = dict(zip([column.name for column in compared.columns], compared.rows[0], strict=True))
    assert float(figures[metric]) == pytest.approx(one.actual * each[1], rel=1e-6)
    assert float(figures[f"{metric}__before"]) == pytest.approx(one.expected * each[0], rel=1e-6)


@pytest.mark.parametrize("metric", ["sales_net_amount", "sales_avg_order_value", "sales_orders"])
def test_times_that_differ_in_length_are_compared_by_day(answerer: Answerer, asked_lake: Lake, metric: str) -> None:
    """A month is no worse for being shorter; and what is no share has no points."""
    with asked_lake.session() as session:
        reader = Reader(answerer.figures, Caller(), session, LATER)
        vocabulary = answerer.figures.vocabulary(Caller(), session)
        days = reader.span(vocabulary.metrics[metric])
        assert days is not None
        line = Line(vocabulary.metrics[metric], days, np.linspace(1, 2, days.count))
        before, now = (TimeRange(start=days.at(a), end=days.at(b)) for a, b in ((1, 31), (32, 59)))
        times = Times(before, now, "Feb", "Jan")
        one = explained(reader, Teller("sales", None, days.last), vocabulary, line, times, 0.001)
        whole = answerer.run(one.plan.model_copy(update={"group_by": ()}))
    figures = dict(zip([column.name for column in whole.columns], whole.rows[0], strict=True))
    assert one.actual is not None and one.expected is not None and "points" not in one.sentence
    assert sum(part.part for part in one.parts) == pytest.approx(one.actual - one.expected, rel=1e-6) or not one.parts
    if metric == "sales_net_amount":
        assert " a day in Jan to " in one.sentence and " a day in Feb (" in one.sentence
        assert one.actual * 28 == pytest.approx(float(figures[metric]), rel=1e-6)
    elif metric == "sales_avg_order_value":
        assert " a day " not in one.sentence and one.actual == pytest.approx(float(figures[metric]), rel=1e-6)
    else:  # different orders of days do not add up to those of the month: they are said to be of a day
        assert " a day in Jan to " in one.sentence and not one.parts


@pytest.mark.parametrize(
    ("first", "last", "now", "before"),
    [
        (date(2026, 1, 1), date(2026, 8, 31), "Aug 2026", "Jul 2026"),
        (date(2026, 1, 1), date(2026, 8, 20), "Jul 2026", "Jun 2026"),
        (date(2026, 7, 2), date(2026, 8, 31), "the last four weeks", "the four before"),
        (date(2026, 1, 1), date(2026, 8, 30), "the last four weeks", "the four before"),
    ],
)
def test_whole_months_are_compared_where_they_are_near(first: date, last: date, now: str, before: str) -> None:
    times = times_of(first, last)
    assert times is not None and (times.said, times.said_before) == (now, before)
    assert times.now.start is not None and times.before.end == times.now.start - timedelta(days=1)


def test_a_few_days_are_not_compared() -> None:
    assert times_of(date(2026, 8, 1), date(2026, 8, 30)) is None
