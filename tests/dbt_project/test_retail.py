"""Store retail built in steps is store retail built at once; features never see a later day.

Loads come late, twice and corrected, stores and products after they sold; features are also worked out in Python.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lakehouse_assets.lakehouse.lake import Lake
from tests.dbt_project.building import build, build_in_steps, load_all, new_lake, table, tables
from tests.dbt_project.retail import (
    FEATURES,
    MODELS,
    UP_TO_FEATURES,
    Sent,
    document,
    event,
    place,
    product,
    sale,
    store,
)

DAY = datetime(2025, 3, 20)
BEFORE = DAY - timedelta(days=90)
KNOWN = [place("b", BEFORE), store("s", BEFORE, "b"), store("r", BEFORE), product("p", BEFORE), product("q", BEFORE)]
# An example takes seconds, so a failing one is shown as it was found.
SLOW = settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


# --- features

moments = st.integers(0, 24 * 70).map(lambda h: DAY + timedelta(hours=h))
sales = st.builds(
    sale, st.sampled_from(["1", "2"]), st.integers(1, 2), moments, st.sampled_from("sr"), st.sampled_from("pq"),
    asked=st.sampled_from([None, "p", "q"]), units=st.integers(1, 3),
)  # fmt: skip


@SLOW
@given(st.lists(sales, min_size=1, max_size=25), st.integers(1, 60))
def test_a_feature_row_is_made_of_the_days_before_it_and_never_sees_a_later_one(sent: list[Sent], cut: int) -> None:
    until = DAY.date() + timedelta(days=cut)
    early, late = ([s for s in sent if (s.at.date() < until) is sooner] for sooner in (True, False))
    with new_lake() as lake:
        build(lake, UP_TO_FEATURES, load_all(lake, [*KNOWN, *early], 0))
        then = {name: known_by(lake, name, until) for name in FEATURES}
        if late:
            build(lake, UP_TO_FEATURES, load_all(lake, late, 1))
        now = {name: known_by(lake, name, until) for name in FEATURES}
        stores = table(lake, "platinum.platinum_retail_store_features")
        products = table(lake, "platinum.platinum_retail_product_features")
    # What was known at a day stays, but for the rows of days that the data did not reach before.
    for name in FEATURES:
        assert {key: row for key, row in now[name].items() if key in then[name]} == then[name]
    lines = list({s.key: s for s in sent}.values())
    assert [(r["feature_date"], r["store_id"], r["net_1d"], r["net_7d"], r["net_28d"]) for r in stores] == windows(
        lines, lambda line: line.values["store_id"], (1, 7, 28), lambda line: line.values["net_amount"]
    )
    assert [
        (r["feature_date"], r["product_id"], r["units_7d"], r["units_28d"]) for r in products if r["units_28d"]
    ] == [
        row
        for row in windows(lines, lambda line: line.values["product_id"], (7, 28), lambda line: line.values["quantity"])
    ]


def known_by(lake: Lake, name: str, until: date) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Feature rows that hold at a day or before, by day and entity."""
    rows = table(lake, f"platinum.{name}")
    return {tuple(row.values())[:3]: row for row in rows if row["feature_date"] <= until}


def windows(lines: Sequence[Sent], entity: Any, lengths: Sequence[int], value: Any) -> list[tuple[Any, ...]]:
    """Day, entity and sums over the days before it: days that have a sale in the 28 before, up to one past the last."""
    found = []
    last = max(line.at.date() for line in lines)
    for offset in range((last - DAY.date()).days + 2):
        day = DAY.date() + timedelta(days=offset)
        for name in sorted({entity(line) for line in lines}):
            ages = [((day - line.at.date()).days, value(line)) for line in lines if entity(line) == name]
            if any(1 <= age <= 28 for age, _ in ages):
                sums = [sum((v for age, v in ages if 1 <= age <= length), Decimal(0)) for length in lengths]
                found.append((day, name, *sums))
    return found


def test_a_day_without_sales_in_between_is_told_of_once_the_data_reach_beyond_it(lake: Lake) -> None:
    build(lake, UP_TO_FEATURES, load_all(lake, [*KNOWN, sale("1", 1, DAY, "s", "p")], 0))
    assert [r["feature_date"] for r in table(lake, "platinum.platinum_retail_store_features")] == [
        DAY.date() + timedelta(days=1)
    ]
    later = DAY + timedelta(days=50)
    build(lake, UP_TO_FEATURES, load_all(lake, [sale("1", 1, later, "r", "p")], 1))
    rows = [r for r in table(lake, "platinum.platinum_retail_store_features") if r["store_id"] == "s"]
    assert [r["days_since_sale"] for r in rows] == list(range(1, 29))


# --- what belongs to what


def reasons(lake: Lake) -> dict[str, str]:
    return {r["transaction_id"]: r["reason"] for r in table(lake, "silver.silver_retail_rejected")}


def test_lines_of_unknown_stores_and_products_wait_until_these_are_known(lake: Lake) -> None:
    sent = [
        *KNOWN, sale("1", 1, DAY, "new", "p"), sale("2", 1, DAY, "s", "new"), sale("3", 1, DAY, "s", "p", units=0),
        sale("4", 1, DAY, "s", "p"), event("e", DAY, "new", amount=5),
    ]  # fmt: skip
    build(lake, MODELS, load_all(lake, sent, 0), tests=True)
    assert reasons(lake) == {"1": "STORE_UNKNOWN", "2": "PRODUCT_UNKNOWN", "3": "NO_QUANTITY"}

    # What they belong to is reported on days far from those of the sales.
    build(lake, MODELS, load_all(lake, [store("new", DAY + timedelta(days=40), "b")], 1))
    build(lake, MODELS, load_all(lake, [product("new", DAY - timedelta(days=70))], 2))

    assert reasons(lake) == {"3": "NO_QUANTITY"}
    found = {r["store_id"]: r for r in table(lake, "gold.gold_retail_daily_store_sales")}
    assert (found["new"]["region"], found["new"]["net_amount"], found["new"]["visitor_count"]) == ("NCR", 10, 5)
    assert found["s"]["transaction_count"] == 2


def test_a_brand_put_right_puts_right_who_was_switched_to_it(lake: Lake) -> None:
    sent = [*KNOWN, product("t", BEFORE, "Tala"), sale("1", 1, DAY, "s", "p", asked="t")]
    build(lake, MODELS, load_all(lake, sent, 0))
    (row,) = table(lake, "gold.gold_retail_brand_substitution")
    assert (row["requested_brand"], row["sold_brand"], row["switched_count"]) == ("Tala", "Alon", 1)

    build(lake, MODELS, load_all(lake, [product("t", BEFORE + timedelta(days=9), "Alon")], 1))

    (row,) = table(lake, "gold.gold_retail_brand_substitution")
    assert (row["requested_brand"], row["switched_count"], row["substituted_count"]) == ("Alon", 0, 1)


def test_the_mix_of_a_month_adds_up_and_is_ranked_within_a_category(lake: Lake) -> None:
    drinks = product("d", BEFORE, "Sinag", category="Drinks")
    sent = [sale("1", 1, DAY, "s", "p", price=60), sale("1", 2, DAY, "s", "q", price=30), sale("2", 1, DAY, "s", "d")]
    build(lake, MODELS, load_all(lake, [*KNOWN, drinks, *sent], 0))
    found = {
        r["product_id"]: (r["store_share"], r["category_rank"]) for r in table(lake, "gold.gold_retail_product_mix")
    }
    assert found == {"p": (0.6, 1), "q": (0.3, 2), "d": (0.1, 1)}


# --- any order of loads


def random_feed(rng: random.Random) -> list[list[Sent]]:
    """Loads of what a few stores do in three months, shuffled, some things corrected and some never sent."""
    sent: list[Sent] = []
    for name in "bc":
        sent += [place(name, DAY + timedelta(days=d), rng.choice(["NCR", "Davao"])) for d in rng.sample(range(80), 2)]
    for name in "srt":
        sent += [store(name, DAY + timedelta(days=d), rng.choice("bcx")) for d in rng.sample(range(80), 2)]
    for name in "pqo":
        sent += [product(name, DAY + timedelta(days=d), rng.choice(["Alon", "Tala"])) for d in rng.sample(range(80), 2)]
    for number in range(30):
        at = DAY + timedelta(hours=rng.randrange(24 * 80))
        shop = rng.choice("srtu")
        for line in range(rng.randint(1, 3)):
            asked = rng.choice([None, None, "p", "q"])
            sent.append(sale(f"{number}", line, at, shop, rng.choice("pqon"), asked=asked, units=rng.randint(0, 3)))
        sent.append(event(f"{number}", at, shop, rng.choice(["VISITORS", "OUT_OF_STOCK"]), rng.randint(0, 9)))
        if rng.random() < 0.3:
            sent.append(document(f"{number}", at, shop, rng.choice([100, 250.5])))
    rng.shuffle(sent)
    loads = []
    while sent:
        size = rng.randint(40, 70)
        load, sent = sent[:size], sent[size:]
        again = [r for r in rng.sample(load, 6) if r.table in ("pos_transactions", "events")]
        loads += [load, [replace(r, at=r.at + timedelta(minutes=rng.choice([0, 1]))) for r in again] or load[:1]]
    return loads


@pytest.mark.parametrize("seed", range(2))
def test_any_order_of_loads_gives_what_one_build_gives(lake: Lake, seed: int) -> None:
    rng = random.Random(seed)
    loads = random_feed(rng)
    build_in_steps(lake, loads, MODELS, [rng.random() >= 0.7 for _ in loads])
    step_by_step = tables(lake, MODELS)

    build(lake, MODELS, as_if_large=True)

    at_once = tables(lake, MODELS)
    assert len(at_once["silver_retail_sales"]) > 3 and at_once["silver_retail_rejected"]
    for name in MODELS:
        assert step_by_step[name] == at_once[name], name
