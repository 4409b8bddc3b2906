"""The sample generators: exact counts, the promised defects, the same bytes for the same seed."""

from __future__ import annotations

import csv
import itertools
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from lakehouse_assets.domains.pgr import sample as pgr
from lakehouse_assets.domains.sales import sample as sales
from lakehouse_assets.domains.sampling import LATE_DAYS, SampleSummary, quotas, windows
from tests.domains import reading
from tests.domains.reading import DEFECTS, content

FIRST, LAST = date(2025, 1, 1), date(2025, 6, 30)


def make_pgr(folder: Path, rows: int = 6000, **options: Any) -> SampleSummary:
    return pgr.write_sample(folder, size=rows, first_day=FIRST, last_day=LAST, defects=DEFECTS, **options)


def make_sales(folder: Path, rows: int = 6000, **options: Any) -> SampleSummary:
    return sales.write_sample(folder, size=rows, first_day=FIRST, last_day=LAST, defects=DEFECTS, **options)


MAKERS = pytest.mark.parametrize("make", [make_pgr, make_sales])


def lines_of(summary: SampleSummary) -> list[tuple[int, str]]:
    """File number and text of each record."""
    (paths,) = summary.files.values()
    return [
        (number, line) for number, path in enumerate(paths) for line in reading.lines_of(path) if line != sales.HEADER
    ]


@MAKERS
def test_counts_are_exact(make: Callable[..., SampleSummary], tmp_path: Path) -> None:
    summary = make(tmp_path)
    assert summary.clean == 6000
    assert summary.rows == len(lines_of(summary))
    assert summary.exact_duplicates > 50
    assert summary.corrected_duplicates > 50
    assert summary.late > 100
    assert all(count > 5 for count in summary.broken_by_kind.values())


@MAKERS
def test_same_seed_same_bytes(make: Callable[..., SampleSummary], tmp_path: Path) -> None:
    first = content(make(tmp_path / "a", seed=7))
    assert first == content(make(tmp_path / "b", seed=7))
    assert first != content(make(tmp_path / "c", seed=8))


@pytest.mark.parametrize("rows", [1, 2, 50])
@MAKERS
def test_tiny_samples(make: Callable[..., SampleSummary], rows: int, tmp_path: Path) -> None:
    assert make(tmp_path, rows, files=3).clean == rows


def parsed_pgr(summary: SampleSummary) -> list[tuple[int, dict[str, Any]]]:
    """Records that are well formed and complete, with the number of their file."""
    found = []
    for number, line in lines_of(summary):
        try:
            record = json.loads(line)
            record["at"] = datetime.fromisoformat(record["event_time"]).astimezone(UTC)
        except ValueError:
            continue
        if record["tenant_id"] and record["entity_id"] and record["event_type"] in pgr.EVENT_TYPES:
            found.append((number, record))
    return found


def test_pgr_broken_lines_are_exactly_those_promised(tmp_path: Path) -> None:
    summary = make_pgr(tmp_path)
    assert len(parsed_pgr(summary)) == summary.clean + summary.duplicates


def test_pgr_events_are_distinct_and_legal(tmp_path: Path) -> None:
    summary = make_pgr(tmp_path)
    events = {record["event_id"]: record for _, record in parsed_pgr(summary)}
    assert len(events) == summary.clean
    assert all(FIRST <= record["at"].date() <= LAST for record in events.values())
    cases: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for record in sorted(events.values(), key=lambda r: r["at"]):
        cases.setdefault((record["tenant_id"], record["entity_id"]), []).append(record)
    follows = {
        "CREATED": {"ASSIGNED"},
        "ASSIGNED": {"RESOLVED"},
        "RESOLVED": {"CLOSED", "REOPENED"},
        "CLOSED": {"REOPENED"},
        "REOPENED": {"ASSIGNED"},
    }
    for case in cases.values():
        steps = [record["event_type"] for record in case]
        assert steps[0] == "CREATED"
        assert all(later in follows[earlier] for earlier, later in itertools.pairwise(steps)), steps
    ids = Counter(entity for _, entity in cases)
    assert max(ids.values()) == 3, "the same complaint id occurs in every tenant"


def test_pgr_events_are_sent_no_later_than_they_may_be(tmp_path: Path) -> None:
    begins = [first for first, _ in windows(FIRST, LAST, 6000, 6)]
    late = [(begins[number] - record["at"].date()).days for number, record in parsed_pgr(make_pgr(tmp_path, files=6))]
    assert 0 < max(late) <= LATE_DAYS


def test_pgr_corrections_come_after_what_they_correct(tmp_path: Path) -> None:
    seen: dict[str, str] = {}
    corrected = 0
    summary = make_pgr(tmp_path)
    for _, record in parsed_pgr(summary):
        text = json.dumps({k: v for k, v in record.items() if k != "at"})
        corrected += seen.setdefault(record["event_id"], text) != text
    assert corrected == summary.corrected_duplicates


def test_sales_lines_reconcile(tmp_path: Path) -> None:
    summary = make_sales(tmp_path)
    rows = list(csv.reader(line for _, line in lines_of(summary)))
    width = len(sales.HEADER.split(","))
    good = []
    for row in rows:
        order, _, sold, tenant, *_, quantity, _, _ = row[:width]
        try:
            datetime.fromisoformat(sold)
            int(quantity)
        except ValueError:
            continue
        if len(row) == width and order and tenant:
            good.append(row)
    assert len(rows) - len(good) == summary.broken
    assert len({(row[3], row[0], row[1]) for row in good}) == summary.clean
    returned = sum(int(row[12]) < 0 for row in good) / len(good)
    assert 0.01 < returned < 0.06


def test_windows_cover_every_day_once() -> None:
    for files in (None, 1, 7, 181, 1000):
        spans = windows(FIRST, LAST, 10, files)
        assert spans[0][0] == FIRST
        assert spans[-1][1] == LAST
        assert sum((end - start).days + 1 for start, end in spans) == 181
    assert len(windows(FIRST, LAST, 10_000_000)) == 50


def test_quotas_add_up() -> None:
    import numpy as np

    assert quotas(1001, np.array([0.2, 3.0, 0.0, 1.7])).sum() == 1001
