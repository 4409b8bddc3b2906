"""Values of a cursor: what lies before one is of its form."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lakehouse_assets.ingest import IngestError
from lakehouse_assets.ingest.fetching.cursors import Scalar, before, order_of


@pytest.mark.parametrize(
    ("value", "look_back", "earlier"),
    [
        ("20250301", timedelta(days=1), "20250228"),
        (20250301, timedelta(hours=1), 20250228),
        ("2025-03-01", timedelta(hours=1), "2025-02-28"),
        ("2025-03-01T00:00:00Z", timedelta(hours=1), "2025-02-28T23:00:00Z"),
        ("2025-03-01 00:00:00+02:00", timedelta(hours=1), "2025-02-28 23:00:00+02:00"),
        ("1.5", 1, "0.5"),
        (2**63, 1, 2**63 - 1),
    ],
)
def test_what_lies_before_a_value_is_of_its_form(value: Scalar, look_back: timedelta | int, earlier: Scalar):
    assert before(value, look_back) == earlier
    assert order_of(earlier) < order_of(value)  # pyright: ignore[reportOperatorIssue]


@pytest.mark.parametrize(
    ("value", "look_back"), [(1740823200, timedelta(hours=1)), ("20259999", timedelta(1)), ("2025-03-01", 5)]
)
def test_a_look_back_of_another_kind_than_the_cursor_is_refused(value: Scalar, look_back: timedelta | int):
    with pytest.raises(IngestError, match="is no value of the cursor"):
        before(value, look_back)
