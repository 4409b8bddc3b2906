"""The sample of stores: what the summary promises, sources that agree with each other, the same bytes again."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.domains.retail.sample import write_sample
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

FIRST, LAST = date(2026, 4, 1), date(2026, 6, 30)
SOUND: dict[str, Sound] = {
    "locations": ("barangay_code", "changed_at", None),
    "stores": ("store_id", "changed_at", None),
    "products": ("product_id", "changed_at", "list_price"),
    "pos": ("transaction_id", "sold_at", "quantity"),
    "events": ("event_id", "event_time", None),
    "documents": ("document_id", "issued_at", None),
}


def make(folder: Path, size: int = 3000, defects: Defects = DEFECTS, **options: Any) -> SampleSummary:
    return write_sample(folder, size=size, first_day=FIRST, last_day=LAST, files=3, defects=defects, **options)


def records(summary: SampleSummary, source: str) -> list[Record]:
    """The sound records of a source, in the order of its files."""
    return sound_records(summary.files[f"retail_{source}"], SOUND[source])


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


def test_a_receipt_is_made_once_in_one_store_of_one_tenant(sound: SampleSummary) -> None:
    receipts: dict[str, set[tuple[str, ...]]] = {}
    for line in records(sound, "pos"):
        receipts.setdefault(line["transaction_id"], set()).add((line["tenant_id"], line["store_id"], line["sold_at"]))
    assert len(receipts) == 3000
    assert all(len(places) == 1 for places in receipts.values())


def test_sources_agree_but_for_the_products_never_sent(sound: SampleSummary) -> None:
    stores = {(s["tenant_id"], s["store_id"]): s["at"] for s in reversed(records(sound, "stores"))}
    products = {(p["tenant_id"], p["product_id"]) for p in records(sound, "products")}
    places = {(p["tenant_id"], p["barangay_code"]) for p in records(sound, "locations")}
    lines = records(sound, "pos")
    assert all((line["tenant_id"], line["store_id"]) in stores for line in lines)
    assert any(line["at"] < stores[line["tenant_id"], line["store_id"]] for line in lines), "a store reported late"
    assert 0 < sum((line["tenant_id"], line["product_id"]) not in products for line in lines) / len(lines) < 0.05
    assert all((s["tenant_id"], s["barangay_code"]) in places for s in records(sound, "stores"))
    for source in ("events", "documents"):
        assert all((r["tenant_id"], r["store_id"]) in stores for r in records(sound, source))
    missed = [e for e in records(sound, "events") if e["event_type"] == "OUT_OF_STOCK"]
    asked = {(line["store_id"], line["sold_at"], line["requested_product_id"]) for line in lines}
    assert missed and all((e["store_id"], e["event_time"], e["product_id"]) in asked for e in missed)


def test_all_of_it_lies_within_its_days_and_paydays_are_busy(sound: SampleSummary) -> None:
    for source in SOUND:
        assert all(FIRST <= r["at"].date() <= LAST for r in records(sound, source)), source
    days = Counter(line["at"].date() for line in records(sound, "pos"))
    paydays = [n for day, n in days.items() if day.day in (15, 30)]
    assert sum(paydays) / len(paydays) > 1.15 * sum(days.values()) / len(days)
    assert {line["at"].utcoffset().total_seconds() for line in records(sound, "pos")} == {8 * 3600}
