"""Days as people type them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.commands.days import day


def test_days_in_words_count_from_today() -> None:
    today = datetime.now(UTC).date()
    assert [day(t) for t in ("today", "Yesterday", "1 day ago", " 30  days ago ")] == [
        today - timedelta(days=n) for n in (0, 1, 1, 30)
    ]


@given(st.dates(min_value=date(1000, 1, 1)))
def test_a_date_is_itself(value: date) -> None:
    assert day(value.isoformat()) == value


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01", "2026-02-30", "last week", "-1 days ago", "01.02.2026"])
def test_anything_else_is_refused_with_what_can_be_written(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="30 days ago"):
        day(text)
