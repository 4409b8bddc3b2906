"""Times in words, relative to a clock."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlq.core.plan import Comparison
from nlq.english.tokens import tokenize
from nlq.planning.times.words import TimeReader

TODAY = date(2026, 7, 15)  # a Wednesday


def longest(text: str, today: date = TODAY, fiscal_start: int = 1) -> tuple[date | None, date | None] | None:
    tokens = tokenize(text)
    spans = TimeReader(text, tokens, today, fiscal_start).spans()
    ranges = [s.range for s in spans if s.range and s.first == 0 and s.last == len(tokens)]
    return (ranges[0].start, ranges[0].end) if ranges else None


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("today", "2026-07-15", "2026-07-15"),
        ("end of march 2026", "2026-03-31", "2026-03-31"),
        ("october last year", "2025-10-01", "2025-10-31"),
        ("3 months ago", "2026-04-01", "2026-04-30"),
        ("this year so far", "2026-01-01", "2026-07-15"),
        ("second half of 2025", "2025-07-01", "2025-12-31"),
        ("first quarter of last year", "2025-01-01", "2025-03-31"),
        ("yesterday", "2026-07-14", "2026-07-14"),
        ("this week", "2026-07-13", "2026-07-15"),
        ("last week", "2026-07-06", "2026-07-12"),
        ("last month", "2026-06-01", "2026-06-30"),
        ("in the previous quarter", "2026-04-01", "2026-06-30"),
        ("last year", "2025-01-01", "2025-12-31"),
        ("past 90 days", "2026-04-17", "2026-07-15"),
        ("in the last three months", "2026-04-01", "2026-06-30"),
        ("over the last 2 weeks", "2026-06-29", "2026-07-12"),
        ("since March", "2026-03-01", "2026-07-15"),
        ("since November", "2025-11-01", "2026-07-15"),
        ("since 2025", "2025-01-01", "2026-07-15"),
        ("since last month", "2026-06-01", "2026-07-15"),
        ("after 2026-07-01", "2026-07-02", "2026-07-15"),
        ("in may", "2026-05-01", "2026-05-31"),
        ("in December", "2025-12-01", "2025-12-31"),
        ("March 2025", "2025-03-01", "2025-03-31"),
        ("Q2 2025", "2025-04-01", "2025-06-30"),
        ("q4", "2025-10-01", "2025-12-31"),
        ("the second quarter of 2025", "2025-04-01", "2025-06-30"),
        ("H1 2025", "2025-01-01", "2025-06-30"),
        ("in 2025", "2025-01-01", "2025-12-31"),
        ("2025-03", "2025-03-01", "2025-03-31"),
        ("on 2025-03-05", "2025-03-05", "2025-03-05"),
        ("on 5 March 2025", "2025-03-05", "2025-03-05"),
        ("on March 5, 2025", "2025-03-05", "2025-03-05"),
        ("on the 5th of March", "2026-03-05", "2026-03-05"),
        ("25/12/2025", "2025-12-25", "2025-12-25"),
        ("year to date", "2026-01-01", "2026-07-15"),
        ("MTD", "2026-07-01", "2026-07-15"),
        ("between January and March 2025", "2025-01-01", "2025-03-31"),
        ("from 2025-01-15 to 2025-02-15", "2025-01-15", "2025-02-15"),
        ("between 2024 and 2025", "2024-01-01", "2025-12-31"),
        ("before 2025", None, "2024-12-31"),
        ("until March 2025", None, "2025-03-31"),
        ("since March until May", "2026-03-01", "2026-05-31"),
        ("since November 2025 through February 2026", "2025-11-01", "2026-02-28"),
        ("since March and before May 2025", "2025-03-01", "2025-04-30"),
        ("after March until May 2025", "2025-04-01", "2025-05-31"),
        ("after 2025-03-05 but before 2025-03-10", "2025-03-06", "2025-03-09"),
        ("from March until May 2025", "2025-03-01", "2025-05-31"),
    ],
)
def test_times(text: str, start: str | None, end: str | None) -> None:
    wanted = tuple(date.fromisoformat(day) if day else None for day in (start, end))
    assert longest(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        *("may", "2025-02-30", "q5", "since 2030", "31 June 2025", "2023-24", "13/13/2025", "25", "53 of 2025"),
        *("2h", "kw 12", "5.2025", "1.2.34", "2.5", "older than 2010", "may be"),
        *("after March and before April", "between March but before May", "week 12"),
    ],
)
def test_what_is_no_time(text: str) -> None:
    assert longest(text) is None


@given(st.dates(min_value=date(1, 1, 1)), st.integers(0, 10**8), st.sampled_from(["days", "weeks", "months", "years"]))
def test_no_clock_and_no_number_breaks_it(today: date, number: int, unit: str) -> None:
    for text in (f"last {number} {unit}", "last year", "since march", "this quarter", "q1", f"5 may {number}"):
        tokens = tokenize(text)
        for span in TimeReader(text, tokens, today).spans():
            assert 0 <= span.first < span.last <= len(tokens)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("fy 2026", "2025-04-01", "2026-03-31"),
        ("fiscal year 2025", "2024-04-01", "2025-03-31"),
        ("last financial year", "2025-04-01", "2026-03-31"),
        ("this fiscal year", "2026-04-01", "2026-07-15"),
        ("q1 fy 2026", "2025-04-01", "2025-06-30"),
        ("fy26", "2025-04-01", "2026-03-31"),
    ],
)
def test_fiscal_years_begin_when_they_are_said_to(text: str, start: str, end: str) -> None:
    assert longest(text, fiscal_start=4) == (date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.parametrize(
    ("text", "which"),
    [
        ("the month before", Comparison.PREVIOUS_PERIOD),
        ("the same month last year", Comparison.PREVIOUS_YEAR),
        ("a year earlier", Comparison.PREVIOUS_YEAR),
        ("previous period", Comparison.PREVIOUS_PERIOD),
    ],
)
def test_times_before_another(text: str, which: Comparison) -> None:
    tokens = tokenize(text)
    assert which in [
        s.before for s in TimeReader(text, tokens, TODAY).spans() if s.first == 0 and s.last == len(tokens)
    ]
