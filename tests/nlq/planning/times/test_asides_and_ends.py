"""Times at the end, beside their names and before the last ones, in whole questions over three subjects."""

from __future__ import annotations

from datetime import date

import pytest

from nlq.core.outcome import Clarify, Planned, Refused
from tests.nlq.planners import planner

TODAY = date(2026, 7, 15)  # a Wednesday

READ = """
hotels  | bookings by hotel, may                                           | 2026-05-01 2026-05-31
clinic  | visits may                                                       | 2026-05-01 2026-05-31
shops   | revenue by month, march, please                                  | 2026-03-01 2026-03-31
hotels  | bookings since new year                                          | 2026-01-01 2026-07-15
clinic  | visits since the new year                                        | 2026-01-01 2026-07-15
shops   | revenue before the new year                                      | -          2025-12-31
hotels  | bookings for the financial year 1 April 2025 to 31 March 2026    | 2025-04-01 2026-03-31
clinic  | visits in the accounting year 1 July 2024 to 30 June 2025        | 2024-07-01 2025-06-30
shops   | revenue in the tax year 25/26 (6 Apr to 5 Apr)                   | 2025-04-06 2026-04-05
shops   | revenue in tax year 2023-24 (6 Apr to 5 Apr)                     | 2023-04-06 2024-04-05
hotels  | bookings in FY 2025-26 (April to March)                          | 2025-04-01 2026-03-31
hotels  | bookings this quarter that just finished                         | 2026-04-01 2026-06-30
clinic  | visits in the quarter just ended                                 | 2026-04-01 2026-06-30
shops   | revenue for the week that has just finished                      | 2026-07-06 2026-07-12
hotels  | bookings in the spring quarter (Apr to Jun)                      | 2026-04-01 2026-06-30
clinic  | visits the week before last                                      | 2026-06-29 2026-07-05
hotels  | bookings last month but one                                      | 2026-05-01 2026-05-31
shops   | revenue the month before last                                    | 2026-05-01 2026-05-31
clinic  | visits the week of 14 July                                       | 2026-07-13 2026-07-19
hotels  | bookings 2024 and later                                          | 2024-01-01 2026-07-15
clinic  | visits 1 May 2026 or later                                       | 2026-05-01 2026-07-15
hotels  | bookings on the twenty-first of May                               | 2026-05-21 2026-05-21
clinic  | visits on May thirty-first                                       | 2026-05-31 2026-05-31
shops   | revenue from the ninth to the seventeenth of April               | 2026-04-09 2026-04-17
shops   | revenue 2020 or earlier                                          | -          2020-12-31
"""


@pytest.mark.parametrize("line", READ.strip().splitlines())
def test_times_are_read(line: str) -> None:
    subject, question, when = (part.strip() for part in line.split("|"))
    outcome = planner(subject).plan(question, TODAY)
    assert isinstance(outcome, Planned), outcome
    span = outcome.plan.time_range
    assert span and not outcome.plan.filters and not outcome.plan.compare_with
    assert [str(span.start or "-"), str(span.end)] == when.split()


@pytest.mark.parametrize(
    ("subject", "question"),
    [
        ("hotels", "bookings last month compared with the same month a year earlier"),
        ("clinic", "visits last month against the same month one year before"),
        ("shops", "revenue last month vs the same period a year ago"),
        ("shops", "revenue last month compared to the same month of the previous year"),
        ("clinic", "visits last month vs the same month the year before"),
    ],
)
def test_the_same_time_of_another_year_stands_beside(subject: str, question: str) -> None:
    outcome = planner(subject).plan(question, TODAY)
    assert isinstance(outcome, Planned), outcome
    plan = outcome.plan
    assert plan.time_range and plan.compare_with
    assert (plan.time_range.start, plan.compare_with.start) == (date(2026, 6, 1), date(2025, 6, 1))
    assert plan.compare_with.end == date(2025, 6, 30)


@pytest.mark.parametrize(
    ("subject", "question"),
    [
        ("shops", "revenue in the tax year 24/25 (1 April 2025 to 31 March 2026)"),
        ("clinic", "visits in the financial year 1 April 2025 to 31 May 2025"),
        ("hotels", "bookings in the spring quarter (Apr to Aug)"),
        ("hotels", "bookings the week just before"),
    ],
)
def test_what_contradicts_itself_is_not_read(subject: str, question: str) -> None:
    assert isinstance(planner(subject).plan(question, TODAY), Clarify | Refused)


@pytest.mark.parametrize("question", ["bookings by hotel if I may", "may I see bookings by hotel"])
def test_may_beside_a_subject_is_no_month(question: str) -> None:
    outcome = planner("hotels").plan(question, TODAY)
    plans = [outcome.plan] if isinstance(outcome, Planned) else []
    plans += [choice.plan for choice in outcome.choices] if isinstance(outcome, Clarify) else []
    assert not any(plan.time_range for plan in plans)
