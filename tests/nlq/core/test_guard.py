"""The guard: names, values, tenants and limits; tenant isolation over random plans."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlq.core.guard import Caller, Guard, GuardError, Role
from nlq.core.plan import DimensionFilter, Operator, Plan
from nlq.planning.planner import Planner
from tests.nlq.vocabularies import complaints, hotels

VOCABULARY = complaints()
GUARD = Guard(VOCABULARY)
ADMIN, AMRITSAR = Caller(None, "admin"), Caller("pb.amritsar", "viewer")
TENANTS = ["pb.amritsar", "pb.ludhiana", "PB.JALANDHAR", "' OR 1=1 --", ""]


def where(dimension: str, *values: str | int, operator: Operator = Operator.IN) -> Plan:
    item = DimensionFilter(dimension=dimension, operator=operator, values=values)
    return Plan(metrics=("pgr_complaints",), filters=(item,))


def test_values_are_spelled_as_stored() -> None:
    checked = GUARD.check(where("complaint__channel", "mobile_APP"), ADMIN)
    assert checked.filters[0].values == ("MOBILE_APP",)


@pytest.mark.parametrize(
    ("plan", "caller", "code"),
    [
        (Plan(metrics=("nope",)), ADMIN, "unknown_metric"),
        (Plan(metrics=("pgr_backlog",), group_by=("complaint__status",)), ADMIN, "unknown_dimension"),
        (where("complaint__channel", "pigeon"), ADMIN, "unknown_value"),
        (where("complaint__channel", "WEB", operator=Operator.GT), ADMIN, "bad_operator"),
        (where("complaint__tenant_id", "pb.ludhiana"), AMRITSAR, "unknown_value"),
        (where("complaint__tenant_id", "pb.amritsar", operator=Operator.NOT_IN), AMRITSAR, "other_tenant"),
        (Plan(metrics=("pgr_complaints",)), Caller(None, "viewer"), "tenant_missing"),
        (Plan(metrics=("pgr_complaints",)), Caller(None, "nobody"), "unknown_role"),
    ],
)
def test_refusals(plan: Plan, caller: Caller, code: str) -> None:
    with pytest.raises(GuardError) as error:
        GUARD.check(plan, caller)
    assert error.value.code == code


@pytest.mark.parametrize(
    ("plan", "nearest"),
    [
        (Plan(metrics=("pgr_complaint",)), "pgr_complaints"),
        (Plan(metrics=("pgr_complaints",), group_by=("chanel",)), "channel"),
        (Plan(metrics=("pgr_complaints",), group_by=("complaint__chanel",)), "complaint__channel"),
    ],
)
def test_the_nearest_names_are_told(plan: Plan, nearest: str) -> None:
    with pytest.raises(GuardError) as error:
        GUARD.check(plan, ADMIN)
    assert error.value.nearest[0] == nearest


def test_roles_see_their_metrics_only() -> None:
    guard = Guard(VOCABULARY, {"clerk": Role(("sales_*",), ("*__tenant_id",), every_tenant=True, max_rows=10)})
    caller = Caller(None, "clerk")
    assert all(name.startswith("sales_") for name in guard.visible(caller).metrics)
    assert guard.check(Plan(metrics=("sales_orders",)), caller).limit == 10
    with pytest.raises(GuardError):
        guard.check(Plan(metrics=("sales_orders",), group_by=("sale__tenant_id",)), caller)


def test_a_metric_that_knows_no_tenant_is_closed_to_tenants() -> None:
    guard = Guard(hotels())
    assert not guard.visible(AMRITSAR).metrics
    with pytest.raises(GuardError):
        guard.check(Plan(metrics=("bookings",)), AMRITSAR)


def test_of_tenants_only_the_own_is_visible() -> None:
    assert GUARD.visible(AMRITSAR).dimensions["complaint__tenant_id"].values.items == ("pb.amritsar",)
    outcome = Planner(GUARD.visible(AMRITSAR)).plan("complaints in ludhiana", date(2026, 7, 15))
    assert "ludhiana" not in str(getattr(outcome, "plan", ""))


def test_threads_that_ask_for_one_caller_see_one_vocabulary() -> None:
    guard, often = Guard(complaints()), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            for number in range(300):
                caller = Caller(tenant=f"pb.{number}")
                seen = list(pool.map(guard.visible, [caller] * 4))
                assert all(one is guard.visible(caller) for one in seen)
    finally:
        sys.setswitchinterval(often)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    metric = draw(st.sampled_from(sorted(VOCABULARY.metrics)))
    names = sorted(VOCABULARY.metrics[metric].dimensions)
    operators = st.sampled_from([Operator.IN, Operator.NOT_IN])
    filters = []
    for name in draw(st.lists(st.sampled_from(names), max_size=3)):
        known = [*VOCABULARY.dimensions[name].values.items, *TENANTS]
        values = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3))
        filters.append(DimensionFilter(dimension=name, operator=draw(operators), values=tuple(values)))
    groups = draw(st.lists(st.sampled_from(names), unique=True, max_size=2))
    return Plan(metrics=(metric,), group_by=tuple(groups), filters=tuple(filters), limit=draw(st.integers(1, 1000)))


@settings(max_examples=300, deadline=None)
@given(plans(), st.sampled_from(["pb.amritsar", "pb.ludhiana", "unknown.tenant"]))
def test_no_plan_leaves_the_callers_tenant(plan: Plan, tenant: str) -> None:
    try:
        checked = GUARD.check(plan, Caller(tenant, "viewer"))
    except GuardError:
        return
    own = [f for f in checked.filters if f.dimension.endswith("__tenant_id")]
    assert [(f.operator, f.values) for f in own] == [(Operator.IN, (tenant,))]
    assert 1 <= checked.limit <= 1000
    assert GUARD.check(checked, Caller(tenant, "viewer")) == checked
