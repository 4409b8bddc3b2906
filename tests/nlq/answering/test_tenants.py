"""A tenant's answers are those of a lake that holds nothing but its rows, whatever the plan."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lakehouse_assets.lakehouse.lake import Lake
from nlq.answering.answer import Answerer
from nlq.answering.document.sameness import same_rows
from nlq.core.dateparts import first_date_part
from nlq.core.guard import Caller
from nlq.core.plan import DimensionFilter, Grain, Operator, Plan, Share, TimeRange
from nlq.core.vocabulary import Vocabulary
from nlq.factory import open_answerer

OWN, OTHER = "pb.amritsar", "pb.ludhiana"
CALLER = Caller(OWN, "viewer")
UNTIMED = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
"""The lakes are shared between examples on purpose; how fast plans are drawn says nothing of them."""
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def alone(lake_of_one: Lake) -> Answerer:
    """What answers over a lake in which there is no other tenant."""
    return open_answerer(lake_of_one)


def comparable(vocabulary: Vocabulary) -> list[str]:
    """Metrics that do not depend on the last day there are data for, which is the lake's and not the tenant's."""
    return sorted(
        name for name, metric in vocabulary.metrics.items()
        if metric.type in ("simple", "ratio") and not metric.needs_time and "backlog_day" not in metric.subjects
    )  # fmt: skip


@st.composite
def plans(draw: st.DrawFn, vocabulary: Vocabulary) -> Plan:
    metric = draw(st.sampled_from(comparable(vocabulary)))
    listed = [
        name for name in sorted(vocabulary.metrics[metric].dimensions)
        if vocabulary.dimensions[name].values.items and not vocabulary.dimensions[name].is_time
    ]  # fmt: skip
    groups = draw(st.lists(st.sampled_from(listed), unique=True, max_size=2))
    filters = tuple(draw(_filters(vocabulary, name)) for name in draw(st.lists(st.sampled_from(listed), max_size=2)))
    start = draw(st.dates(date(2025, 1, 1), date(2026, 3, 1)))
    span = TimeRange(start=start, end=start + timedelta(days=draw(st.integers(0, 400))))
    kind = draw(st.sampled_from(["plain", "share", "compare", "grain", "average", "count"]))
    more: dict[str, Any] = {
        "share": {"share": Share(within=tuple(groups[:1]), part=filters[:1])},
        "compare": {"compare_with": TimeRange(start=date(2025, 2, 1), end=date(2025, 3, 31))},
        "grain": {"grain": draw(st.sampled_from(list(Grain)))},
        "count": {"count": bool(groups), "within": tuple(groups[1:])},
        "average": {"average": bool(groups) and first_date_part((*groups, *(f.dimension for f in filters))) is None},
    }.get(kind, {})
    grain_is_known = kind != "grain" or vocabulary.metrics[metric].min_grain == "day"
    assume(grain_is_known)
    return Plan(metrics=(metric,), group_by=tuple(groups), filters=filters, time_range=span, **more)


@st.composite
def _filters(draw: st.DrawFn, vocabulary: Vocabulary, name: str) -> DimensionFilter:
    stored = [v for v in vocabulary.dimensions[name].values.items if str(v) != OTHER]
    values = draw(st.lists(st.sampled_from(stored), min_size=1, max_size=3, unique=True))
    operator = Operator.IN if name.endswith("tenant_id") else draw(st.sampled_from([Operator.IN, Operator.NOT_IN]))
    return DimensionFilter(dimension=name, operator=operator, values=tuple(values))


@settings(max_examples=40, deadline=None, suppress_health_check=UNTIMED)
@given(data=st.data())
def test_no_row_of_another_tenant_is_in_any_figure(answerer: Answerer, alone: Answerer, data: st.DataObject) -> None:
    plan = data.draw(plans(alone.vocabulary()))
    ours, theirs = answerer.run(plan, CALLER), alone.run(plan)
    assert ours.outcome == theirs.outcome, (ours.sentence, theirs.sentence)
    assert same_rows(sorted(ours.rows, key=repr), sorted(theirs.rows, key=repr))


def test_no_value_of_another_tenant_is_known(answerer: Answerer, alone: Answerer) -> None:
    """Neither the catalog nor what the planner reads, offers or refuses with names what only others have."""
    ours, theirs = answerer.vocabulary(CALLER), alone.vocabulary()
    assert ours.dimensions.keys() == theirs.dimensions.keys()
    for name, dimension in ours.dimensions.items():
        assert set(dimension.values.items) == set(theirs.dimensions[name].values.items), name
    every = answerer.vocabulary().dimensions
    assert any(
        set(every[n].values.items) > set(d.values.items) for n, d in ours.dimensions.items() if "tenant" not in n
    )


@settings(max_examples=60, deadline=None, suppress_health_check=UNTIMED)
@given(data=st.data())
def test_naming_another_tenant_gives_nothing_of_it(answerer: Answerer, data: st.DataObject) -> None:
    vocabulary = answerer.vocabulary()
    metric = data.draw(st.sampled_from(sorted(vocabulary.metrics)))
    name = next(n for n in sorted(vocabulary.metrics[metric].dimensions) if n.endswith("tenant_id"))
    operator = data.draw(st.sampled_from([Operator.IN, Operator.NOT_IN, Operator.IS_NULL]))
    values = () if operator is Operator.IS_NULL else (data.draw(st.sampled_from([OTHER, OTHER.upper(), OWN])),)
    item = DimensionFilter(dimension=name, operator=operator, values=values)
    in_part = data.draw(st.booleans())
    plan = Plan(metrics=(metric,), filters=() if in_part else (item,), share=Share(part=(item,)) if in_part else None)
    answer = answerer.run(plan, CALLER)
    if answer.outcome == "answered":
        assert answer.sql is not None
        assert f"'{OTHER}'" not in answer.sql
        assert f"'{OWN}'" in answer.sql
        assert (operator, values) == (Operator.IN, (OWN,))
