"""E-commerce built in steps is e-commerce built at once: histories, orphans and their healing, sessions.

Loads come late, out of order, twice and corrected; what the tables hold then is also worked out here in Python.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse_assets.lakehouse.lake import Lake
from tests.dbt_project.building import build, build_in_steps, load_all, new_lake, table, tables
from tests.dbt_project.ecommerce import (
    DIMENSIONS,
    MODELS,
    ORDERS,
    VISITS,
    Sent,
    click,
    customer,
    item,
    order,
    payment,
    product,
)

DAY = datetime(2025, 3, 30)
SLOW = settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


# --- histories

hours = st.integers(0, 24 * 45).map(lambda h: DAY + timedelta(hours=h))
changes = st.builds(customer, st.sampled_from(["a", "b"]), hours, st.sampled_from(["Pune", "Delhi", "Agra"]))
change_loads = st.lists(st.tuples(st.lists(changes, min_size=1, max_size=5), st.booleans()), min_size=1, max_size=3)


@SLOW
@given(change_loads)
def test_a_history_is_that_of_the_changes_whatever_order_they_come_in(loads: list[tuple[list[Sent], bool]]) -> None:
    with new_lake() as lake:
        build_in_steps(lake, [records for records, _ in loads], DIMENSIONS[:1], [wait for _, wait in loads])
        in_steps = tables(lake, DIMENSIONS[:1])
        found = table(lake, "silver.silver_ecommerce_customers")
        build(lake, DIMENSIONS[:1])
        assert tables(lake, DIMENSIONS[:1]) == in_steps
    versions = [(r["customer_id"], r["version_no"], r["valid_from"], r["valid_to"], r["city"]) for r in found]
    assert versions == history([change for records, _ in loads for change in records])
    assert all(r["is_current"] == (r["valid_to"] is None) for r in found)


def history(sent: Sequence[Sent]) -> list[tuple[Any, ...]]:
    """Account, number, beginning, end and city of each version; a later copy of a change counts."""
    versions: list[tuple[Any, ...]] = []
    for account in sorted({c.values["customer_id"] for c in sent}):
        known = {c.at: c.values["city"] for c in sent if c.values["customer_id"] == account}
        steps: list[tuple[datetime, str]] = []
        for at, city in sorted(known.items()):
            if not steps or steps[-1][1] != city:
                steps.append((at, city))
        ends = [*(at for at, _ in steps[1:]), None]
        versions += [
            (account, n, at, end, city) for n, ((at, city), end) in enumerate(zip(steps, ends, strict=True), 1)
        ]
    return versions


# --- sessions

minutes = st.integers(0, 3 * 24 * 60).map(lambda m: DAY + timedelta(minutes=m))
near_midnight = st.integers(-90, 90).map(lambda m: DAY + timedelta(days=1, minutes=m))
clicks = st.builds(click, st.integers(0, 40).map(str), st.one_of(near_midnight, minutes), st.sampled_from(["v", "w"]))
click_loads = st.lists(st.tuples(st.lists(clicks, min_size=1, max_size=12), st.booleans()), min_size=1, max_size=3)


@SLOW
@given(click_loads)
def test_sessions_are_actions_no_more_than_half_an_hour_apart(loads: list[tuple[list[Sent], bool]]) -> None:
    with new_lake() as lake:
        build_in_steps(lake, [records for records, _ in loads], VISITS, [wait for _, wait in loads])
        in_steps = tables(lake, VISITS)
        found = table(lake, "silver.silver_ecommerce_sessions")
        build(lake, VISITS)
        assert tables(lake, VISITS) == in_steps
    shown = sorted((r["visitor_id"], r["started_at"], r["ended_at"], r["event_count"]) for r in found)
    assert shown == sessions([c for records, _ in loads for c in records])


def sessions(sent: Sequence[Sent]) -> list[tuple[Any, ...]]:
    """Visitor, beginning, end and size of each session; of an action sent twice the later copy counts."""
    latest = {c.key: c for c in sent}
    found: list[list[Any]] = []
    for action in sorted(latest.values(), key=lambda c: (c.values["visitor_id"], c.at)):
        visitor = action.values["visitor_id"]
        if found and found[-1][0] == visitor and action.at - found[-1][2] <= timedelta(minutes=30):
            found[-1][2:] = [action.at, found[-1][3] + 1]
        else:
            found.append([visitor, action.at, action.at, 1])
    return [tuple(session) for session in found]


def test_a_late_action_joins_two_sessions_across_midnight(lake: Lake) -> None:
    midnight = DAY + timedelta(days=1)
    first = [click("1", midnight - timedelta(minutes=20), "v"), click("2", midnight + timedelta(minutes=25), "v")]
    build(lake, VISITS, load_all(lake, first, 0))
    assert [r["event_count"] for r in table(lake, "silver.silver_ecommerce_sessions")] == [1, 1]

    build(lake, VISITS, load_all(lake, [click("3", midnight - timedelta(minutes=1), "v")], 1))

    (joined,) = table(lake, "silver.silver_ecommerce_sessions")
    assert (joined["event_count"], joined["session_date"]) == (3, DAY.date())
    assert joined["duration_seconds"] == 45 * 60


# --- orders and what they belong to


def test_an_orphan_is_held_back_with_its_reason_and_healed_by_its_parent(lake: Lake) -> None:
    at = DAY + timedelta(hours=9)
    sent = [
        order("o1", at, "late"), item("o1", 1, at, "p"), payment("o1", at, 10),
        order("o2", at), item("o2", 1, at, "unknown"), item("o3", 1, at, "p"), product("p", DAY),
    ]  # fmt: skip
    build(lake, ORDERS, load_all(lake, sent, 0))
    assert held_back(lake) == {
        ("ORDER", "o1", "CUSTOMER_UNKNOWN", "late"),
        ("ORDER_ITEM", "o1", "ORDER_HELD_BACK", "o1"),
        ("PAYMENT", "o1", "ORDER_HELD_BACK", "o1"),
        ("ORDER_ITEM", "o2", "PRODUCT_UNKNOWN", "unknown"),
        ("ORDER_ITEM", "o3", "ORDER_UNKNOWN", "o3"),
    }
    assert [r["order_id"] for r in table(lake, "silver.silver_ecommerce_orders")] == ["o2"]

    # Each parent comes in a load and a build of its own, on days far from those of the orphans.
    for number, parent in enumerate(
        [customer("late", DAY - timedelta(days=60)), product("unknown", DAY - timedelta(days=90)), order("o3", at)], 1
    ):
        build(lake, ORDERS, load_all(lake, [parent], number))
    assert held_back(lake) == set()
    assert [r["order_id"] for r in table(lake, "silver.silver_ecommerce_orders")] == ["o1", "o2", "o3"]
    assert len(table(lake, "silver.silver_ecommerce_order_items")) == 3
    assert [r["customer_version_no"] for r in table(lake, "silver.silver_ecommerce_orders")] == [1, None, None]


def held_back(lake: Lake) -> set[tuple[str, ...]]:
    rows = table(lake, "silver.silver_ecommerce_quarantine")
    return {(r["entity"], r["order_id"], r["reason"], r["missing_id"]) for r in rows}


def test_the_state_the_source_changed_last_counts_and_not_the_one_that_came_last(lake: Lake) -> None:
    delivered = order("o", DAY, status="DELIVERED", updated=DAY + timedelta(days=3))
    build(lake, ORDERS, load_all(lake, [delivered], 0))
    build(lake, ORDERS, load_all(lake, [order("o", DAY, status="PLACED")], 1))
    assert [r["status"] for r in table(lake, "silver.silver_ecommerce_orders")] == ["DELIVERED"]


def test_an_order_keeps_the_customer_and_cost_it_had_and_a_late_change_puts_them_right(lake: Lake) -> None:
    sent = [
        customer("c", DAY - timedelta(days=40), region="MH"), product("p", DAY - timedelta(days=40), cost=6),
        order("o", DAY, "c"), item("o", 1, DAY, "p", units=2),
    ]  # fmt: skip
    build(lake, MODELS, load_all(lake, sent, 0))
    later = [customer("c", DAY + timedelta(days=1), region="DL"), product("p", DAY + timedelta(days=1), cost=9)]
    build(lake, MODELS, load_all(lake, later, 1))
    (sales,) = table(lake, "gold.gold_daily_sales")
    assert (sales["region"], sales["cost_amount"], sales["margin_amount"]) == ("MH", 12, 8)

    late = [customer("c", DAY - timedelta(days=1), region="GA"), product("p", DAY - timedelta(days=1), cost=7)]
    build(lake, MODELS, load_all(lake, late, 2))
    (sales,) = table(lake, "gold.gold_daily_sales")
    assert (sales["region"], sales["cost_amount"], sales["margin_amount"]) == ("GA", 14, 6)
    (whole,) = table(lake, "gold.gold_customer_360")
    assert (whole["region"], whole["lifetime_value"], whole["order_count"]) == ("DL", 20, 1)


def random_feed(rng: random.Random) -> list[list[Sent]]:
    """Loads of a few shoppers' affairs over two months, shuffled, some things corrected and some never sent."""
    sent: list[Sent] = []
    for name in "pqr":
        days = rng.sample(range(60), 3)
        sent += [
            product(name, DAY + timedelta(days=d), rng.choice([8, 10]), cost=rng.choice([5, 6, None])) for d in days
        ]
    for account in "abc":
        for d in rng.sample(range(60), rng.choice([1, 2, 3])):
            at, person = DAY + timedelta(days=d, hours=5), rng.choice([None, "one"])
            sent.append(customer(account, at, rng.choice(["Pune", "Delhi"]), region=rng.choice("xy"), person=person))
    for number in range(12):
        at = DAY + timedelta(hours=rng.randrange(60 * 24))
        status = rng.choice(["PLACED", "DELIVERED", "CANCELLED"])
        sent.append(order(f"o{number}", at, rng.choice(["a", "b", "c", "d", None]), status=status))
        for line in range(rng.randint(0, 3)):
            units = rng.randint(1, 3)
            sent.append(item(f"o{number}", line, at, rng.choice("pqrs"), units=units, returned=rng.choice([0, 1])))
        sent.append(payment(f"o{number}", at + timedelta(hours=rng.randint(0, 90)), rng.choice([10, 25.5])))
        for step in range(rng.randint(0, 4)):
            moment = at + timedelta(minutes=rng.choice([-70, -20, -5, 0, 40]) + step)
            kind = rng.choice(["VIEW_PRODUCT", "ADD_TO_CART", "PURCHASE"])
            sent.append(
                click(
                    f"{number}-{step}",
                    moment,
                    rng.choice("vw"),
                    kind,
                    name=rng.choice("pqs"),
                    account=rng.choice(["a", None]),
                )
            )
    rng.shuffle(sent)
    loads = []
    while sent:
        size = rng.randint(50, 90)
        load, sent = sent[:size], sent[size:]
        again = [r for r in rng.sample(load, min(4, len(load))) if r.table in ("orders", "order_items", "clickstream")]
        loads += [load, [replace(r, at=r.at + timedelta(days=rng.choice([-9, 0, 1]))) for r in again] or load[:1]]
    return loads


@pytest.mark.parametrize("seed", range(2))
def test_any_order_of_loads_gives_what_one_build_gives(lake: Lake, seed: int) -> None:
    rng = random.Random(seed)
    loads = random_feed(rng)
    build_in_steps(lake, loads, MODELS, [rng.random() < 0.3 for _ in loads])
    step_by_step = tables(lake, MODELS)

    build(lake, MODELS, as_if_large=True)

    at_once = tables(lake, MODELS)
    assert len(at_once["silver_ecommerce_orders"]) > 3 and at_once["silver_ecommerce_quarantine"]
    for name in MODELS:
        assert step_by_step[name] == at_once[name], name
