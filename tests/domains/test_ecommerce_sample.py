"""The sample of online shops: what the summary promises, sources that agree with each other, the same bytes again."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.domains.ecommerce.sample import write_sample
from lakehouse_assets.domains.sampling import Defects, SampleSummary
from tests.domains.reading import (
    DEFECTS,
    NONE,
    Record,
    Sound,
    assert_counts_are_those_of_the_files,
    content,
    sound_records,
)

FIRST, LAST = date(2026, 1, 1), date(2026, 4, 30)
SOUND: dict[str, Sound] = {
    "customers": ("customer_id", "changed_at", None),
    "products": ("product_id", "changed_at", "list_price"),
    "orders": ("order_id", "ordered_at", None),
    "order_items": ("order_id", "ordered_at", "quantity"),
    "payments": ("order_id", "paid_at", "amount"),
    "clickstream": ("event_id", "event_time", None),
}


def make(folder: Path, size: int = 800, defects: Defects = DEFECTS, **options: Any) -> SampleSummary:
    return write_sample(folder, size=size, first_day=FIRST, last_day=LAST, files=3, defects=defects, **options)


def records(summary: SampleSummary, source: str) -> list[Record]:
    """The sound records of a source, in the order of its files."""
    return sound_records(summary.files[f"ecommerce_{source}"], SOUND[source])


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return make(tmp_path_factory.mktemp("spoiled"))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return make(tmp_path_factory.mktemp("sound"), defects=NONE)


def test_counts_are_those_of_the_files(spoiled: SampleSummary) -> None:
    assert_counts_are_those_of_the_files(spoiled, sum(len(records(spoiled, source)) for source in SOUND))


def test_same_seed_same_bytes(spoiled: SampleSummary, tmp_path: Path) -> None:
    assert content(make(tmp_path / "again")) == content(spoiled)
    assert content(make(tmp_path / "other", seed=7)) != content(spoiled)


@pytest.mark.parametrize("size", [1, 2, 30])
def test_tiny_samples(size: int, tmp_path: Path) -> None:
    assert make(tmp_path, size).rows > size


def test_sources_agree_but_for_the_few_that_are_never_sent(sound: SampleSummary) -> None:
    orders = {(o["tenant_id"], o["order_id"]) for o in records(sound, "orders")}
    customers = {(c["tenant_id"], c["customer_id"]) for c in records(sound, "customers")}
    products = {(p["tenant_id"], p["product_id"]) for p in records(sound, "products")}
    items = records(sound, "order_items")
    assert 800 * 0.99 < len(orders) < 800
    assert 0 < share(items, lambda i: (i["tenant_id"], i["order_id"]) not in orders) < 0.02
    assert share(items, lambda i: (i["tenant_id"], i["product_id"]) not in products) < 0.01
    known = [o for o in records(sound, "orders") if o["customer_id"]]
    assert share(known, lambda o: (o["tenant_id"], o["customer_id"]) not in customers) < 0.02
    bought = [c for c in records(sound, "clickstream") if c["event_type"] == "PURCHASE"]
    assert len(bought) > 400 and share(bought, lambda c: (c["tenant_id"], c["order_id"]) not in orders) < 0.02


def share(rows: list[Record], holds: Any) -> float:
    return sum(map(holds, rows)) / len(rows)


def test_what_is_paid_is_what_is_owed(sound: SampleSummary) -> None:
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for i in records(sound, "order_items"):
        if i["updated_at"] == i["ordered_at"]:
            value = Decimal(i["quantity"]) * Decimal(i["unit_price"])
            owed[i["order_id"]] += value - Decimal(i["discount_amount"]) + Decimal(i["freight_amount"])
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for p in records(sound, "payments"):
        if p["kind"] == "PAYMENT":
            paid[p["order_id"]] += Decimal(p["amount"])
    assert len(paid) > 790
    assert all(owed[order] == amount for order, amount in paid.items())


def test_states_follow_each_other_and_nothing_lies_ahead(sound: SampleSummary) -> None:
    states = [o for o in records(sound, "orders") if o["status"] != "PLACED"]
    for o in states:
        times = [o[k] for k in ("ordered_at", "approved_at", "shipped_at", "delivered_at") if o[k]]
        parsed = [datetime.fromisoformat(t).astimezone(UTC) for t in times]
        assert parsed == sorted(parsed)
        assert max(parsed).date() <= LAST
    found = Counter(o["status"] for o in states)
    assert found["DELIVERED"] > 600 and 0.02 < found["CANCELLED"] / 800 < 0.08
    returned = [i for i in records(sound, "order_items") if i["returned_quantity"] != "0"]
    assert 20 < len(returned) < 200


def test_accounts_and_prices_change(sound: SampleSummary) -> None:
    for source, key in (("customers", "customer_id"), ("products", "product_id")):
        versions = Counter((r["tenant_id"], r[key]) for r in records(sound, source))
        assert max(versions.values()) >= 2, source
