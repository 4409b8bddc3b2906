"""Times of sending: words to cron, moments by a zone's clock, and back in words."""

from __future__ import annotations

from datetime import datetime

import pytest

from nlq.watching import times


@pytest.mark.parametrize(
    ("text", "cron"),
    [
        ("every Monday", "0 8 * * 1"),
        ("on Tuesdays and Fridays at 9:15", "15 9 * * 2,5"),
        ("every evening", "0 18 * * *"),
        ("weekly on Friday at 5 pm", "0 17 * * 5"),
        ("on the first of every month at 12 am", "0 0 1 * *"),
        ("hourly", "0 * * * *"),
    ],
)
def test_words(text: str, cron: str) -> None:
    found = times.find(f"complaints {text}")
    assert found is not None
    assert found.cron == cron
    assert times.check(cron) == cron


@pytest.mark.parametrize("text", ["every Monday at 25:00", "every Moonday", "at 8:00", "every Mondayish"])
def test_no_time(text: str) -> None:
    assert times.find(text) is None


@pytest.mark.parametrize(
    "cron",
    ["* * * * *", "*/2 * * * *", "0 0 31 2 *", "0 8 * *", "0 0 8 * * *", "@daily", "x", "r 8 * * *", "R(1-5) h * * *"],
)
def test_what_comes_too_often_or_never_is_refused(cron: str) -> None:
    with pytest.raises(ValueError, match=r"cron|calendar|five minutes"):
        times.check(cron)


def test_moments_are_by_the_clock_of_the_zone() -> None:
    monday = datetime(2026, 3, 23, 12, 0)
    assert times.following("0 8 * * 1", "UTC", monday) == datetime(2026, 3, 30, 8, 0)
    assert times.following("0 8 * * 1", "Asia/Kolkata", monday) == datetime(2026, 3, 30, 2, 30)
    # The clocks of Berlin go forward on 29 March 2026.
    assert times.following("0 8 * * *", "Europe/Berlin", datetime(2026, 3, 28, 8, 0)) == datetime(2026, 3, 29, 6, 0)
    # And back on 25 October 2026: half past two comes twice, what is sent daily does not; what is sent hourly does.
    first = times.following("30 2 * * *", "Europe/Berlin", datetime(2026, 10, 24, 12, 0))
    assert first == datetime(2026, 10, 25, 0, 30)
    assert times.following("30 2 * * *", "Europe/Berlin", first) == datetime(2026, 10, 26, 1, 30)
    assert times.following("30 * * * *", "Europe/Berlin", first) == datetime(2026, 10, 25, 1, 30)


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 8 * * 1", "every Monday at 8:00 (UTC)"),
        ("30 7 * * 1-5", "every weekday at 7:30 (UTC)"),
        ("0 0 * * *", "every day at 0:00 (UTC)"),
        ("0 9 * * 2,5", "every Tuesday and Friday at 9:00 (UTC)"),
        ("0 8 1 * *", "on the first of every month at 8:00 (UTC)"),
        ("0 * * * *", "every hour"),
        ("0 8 15 * *", "at 0 8 15 * * (UTC)"),
        ("*/10 8 * * *", "at */10 8 * * * (UTC)"),
    ],
)
def test_said_back(cron: str, words: str) -> None:
    assert times.said(cron, "UTC") == words
