"""Days as people type them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.commands.days import day, day_or_hour


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


@given(st.datetimes(min_value=datetime(1000, 1, 1)).map(lambda t: t.replace(minute=0, second=0, microsecond=0)))
def test_an_hour_is_itself(value: datetime) -> None:
    assert day_or_hour(value.isoformat(timespec="minutes")) == day_or_hour(f"{value:%Y-%m-%d} {value:%H}:00") == value
    assert day_or_hour(value.date().isoformat()) == value.date()


@pytest.mark.parametrize("text", ["2026-06-01T05:30", "2026-06-01T25:00", "5 o'clock"])
def test_what_is_no_hour_is_refused_with_what_can_be_written(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="2026-06-01T05:00"):
        day_or_hour(text)
