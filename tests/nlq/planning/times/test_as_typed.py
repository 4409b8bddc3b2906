"""Times as people type them, in whole questions over three subjects: read, asked back, or refused, never guessed."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from nlq.core.outcome import Clarify, Planned, Refused
from nlq.core.plan import Plan
from nlq.core.vocabulary import Metric, Vocabulary
from nlq.planning.planner import Planner
from tests.nlq.vocabularies import complaints, hotels

TODAY = date(2026, 7, 15)  # a Wednesday

READ = """
complaints from 3 to 9 May                              2026-05-03 2026-05-09
complaints 3-9 May 2025                                 2025-05-03 2025-05-09
complaints May 3rd through 9th                          2026-05-03 2026-05-09
complaints between the 3rd and the 9th of May           2026-05-03 2026-05-09
complaints from 13th to the 15th of June                2026-06-13 2026-06-15
complaints from 3 May to 9 June 2025                    2025-05-03 2025-06-09
net sales from 20 December to 5 January 2026            2025-12-20 2026-01-05
net sales from November to February                     2025-11-01 2026-02-28
net sales Jan-Mar 2025                                  2025-01-01 2025-03-31
net sales Q1-Q3 2025                                    2025-01-01 2025-09-30
net sales 2019-2021                                     2019-01-01 2021-12-31
bookings July 13 - July 15                              2026-07-13 2026-07-15
bookings from Mon 4 May to Fri 8 May                    2026-05-04 2026-05-08
bookings from 01/05/2026 to 31/05/2026                  2026-05-01 2026-05-31
bookings between March and now                          2026-03-01 2026-07-15
bookings from January 2025 until today                  2025-01-01 2026-07-15
open complaints older than 30 days                      -          2026-06-14
complaints at least 2 weeks old                         -          2026-07-01
complaints less than a week old                         2026-07-09 2026-07-15
complaints 30 days or older                             -          2026-06-15
complaints in the last 90 days or so                    2026-04-17 2026-07-15
complaints since Monday                                 2026-07-13 2026-07-15
complaints since the start of the month                 2026-07-01 2026-07-15
complaints since the end of March                       2026-04-01 2026-07-15
complaints on or before 5 March 2026                    -          2026-03-05
complaints no later than 5 March 2026                   -          2026-03-05
complaints prior to 2025                                -          2024-12-31
net sales up to March 2025                              -          2025-03-31
net sales through March 2025                            -          2025-03-31
net sales as of 31 March 2026                           -          2026-03-31
net sales by the end of March 2026                      -          2026-03-31
net sales by the close of March 2026                    -          2026-03-31
net sales up to year end 2025                           -          2025-12-31
bookings since the close of May                         2026-06-01 2026-07-15
complaints at the close of 2025                         2025-12-31 2025-12-31
net sales starting in March                             2026-03-01 2026-07-15
net sales before 1985                                   -          1984-12-31
net sales in the 90s                                    1990-01-01 1999-12-31
net sales in the 2010s                                  2010-01-01 2019-12-31
net sales after 2010                                    2011-01-01 2026-07-15
net sales in 1H25                                       2025-01-01 2025-06-30
net sales in Q2 '25                                     2025-04-01 2025-06-30
net sales in Dec '24                                    2024-12-01 2024-12-31
net sales in the last quarter of 2024                   2024-10-01 2024-12-31
net sales in the first two months of 2025               2025-01-01 2025-02-28
net sales YTD 2025                                      2025-01-01 2025-07-15
net sales last year to date                             2025-01-01 2025-07-15
net sales in the last 6 months excluding this month     2026-01-01 2026-06-30
net sales in the last 3 months including this month     2026-05-01 2026-07-15
net sales in the last 3 full months                     2026-04-01 2026-06-30
net sales in the trailing 12 months                     2025-07-01 2026-06-30
net sales in the year ended 31 March 2025               2024-04-01 2025-03-31
net sales in the 18 months to March 2026                2024-10-01 2026-03-31
bookings in the week ending 5 July 2026                 2026-06-29 2026-07-05
bookings on the weekend of 5 July                       2026-07-04 2026-07-05
bookings on Christmas 2024                              2024-12-25 2024-12-25
bookings on Black Friday 2025                           2025-11-28 2025-11-28
bookings in the second half of March                    2026-03-16 2026-03-31
bookings on the last Friday of May                      2026-05-29 2026-05-29
bookings on Sun, 3 May 2026                             2026-05-03 2026-05-03
bookings on 25/12/25                                    2025-12-25 2025-12-25
bookings on 31.10.2025                                  2025-10-31 2025-10-31
bookings on 31-Oct-25                                   2025-10-31 2025-10-31
bookings in week 12 of 2025                             2025-03-17 2025-03-23
bookings the day before yesterday                       2026-07-13 2026-07-13
bookings one year ago today                             2025-07-15 2025-07-15
bookings in the previous ISO week                       2026-07-06 2026-07-12
bookings this calendar year                             2026-01-01 2026-07-15
bookings in the decade between 2000-2010                2000-01-01 2010-12-31
bookings in the period from January to May 2026         2026-01-01 2026-05-31
bookings between 2024-2025                              2024-01-01 2025-12-31
net sales in the past 30 days, inclusive of today       2026-06-16 2026-07-15
net sales in the last 6 months, not including this one  2026-01-01 2026-06-30
net sales between 2024 and 2025 (both inclusive)        2024-01-01 2025-12-31
complaints on or after 1 May 2026                       2026-05-01 2026-07-15
net sales mar-may                                       2026-03-01 2026-05-31
net sales jan-mar 2025                                  2025-01-01 2025-03-31
may complaints                                          2026-05-01 2026-05-31
bookings in may and june combined                       2026-05-01 2026-06-30
bookings in may + june 2025                             2025-05-01 2025-06-30
bookings in the last 90d                                2026-04-17 2026-07-15
complaints in the past 6mo                              2026-01-01 2026-06-30
complaints in the last 12m                              2025-07-01 2026-06-30
complaints since easter                                 2026-04-05 2026-07-15
bookings before Easter 2025                             -          2025-04-19
bookings on Christmas 2025 (25 Dec)                     2025-12-25 2025-12-25
net sales before Christmas 2025 (nov + dec)             2025-11-01 2025-12-31
bookings in the last 2 wks                              2026-06-29 2026-07-12
complaints last six mos                                 2026-01-01 2026-06-30
net sales prev month                                    2026-06-01 2026-06-30
complaints in June on 24 June                           2026-06-24 2026-06-24
"""

ASKED_BACK = {
    "net sales in fiscal 2025": ("2025-01-01 2025-12-31", "2024-04-01 2025-03-31", "2024-07-01 2025-06-30",
                                 "2024-10-01 2025-09-30"),
    "net sales in early 2024": ("2024-01-01 2024-03-31", "2024-01-01 2024-04-30", "2024-01-01 2024-06-30"),
    "bookings in late March": ("2026-03-21 2026-03-31", "2026-03-16 2026-03-31"),
    "bookings in summer 2024": ("2024-06-01 2024-08-31", "2024-06-21 2024-09-22", "2024-12-01 2025-02-28"),
    "bookings over Christmas": ("2025-12-25 2025-12-25", "2025-12-24 2025-12-26"),
    "bookings on the weekend of 8 July": ("2026-07-04 2026-07-05", "2026-07-11 2026-07-12"),
    "complaints on 05/04/2025": ("2025-04-05 2025-04-05", "2025-05-04 2025-05-04"),
    "complaints between 5/1/2026 and 10/1/2026": ("2026-01-05 2026-01-10", "2026-05-01 2026-10-01"),
    "complaints from November 2024 to February": ("2024-11-01 2025-02-28", "2024-11-01 2026-02-28"),
    "complaints in the last decade": ("2010-01-01 2019-12-31", "2016-01-01 2025-12-31"),
    "complaints last May": ("2026-05-01 2026-05-31", "2025-05-01 2025-05-31"),
}  # fmt: skip

REFUSED = {
    "complaints on Monday 3 May 2026": "Weekday of 2026-05-03 is Sunday",
    "complaints tomorrow": "not come yet",
    "complaints in the next 3 months": "not come yet",
    "complaints in the second week of May": "second",
    "complaints around March 2025": "around",
    "complaints in the last 24 hours": "hours",
    "complaints in 2023/24": "24",
    "complaints in March in a year": "a year",
    "difference of complaints": "two times",
    "difference in net sales between Berlin and Munich": "“",
    "complaints on 1 May (2 May)": "not the same time",
}

FISCAL = """
fiscal 2025                  2024-04-01 2025-03-31
FY25                         2024-04-01 2025-03-31
FY 2024-25                   2024-04-01 2025-03-31
the 2024/25 financial year   2024-04-01 2025-03-31
fiscal year to date          2026-04-01 2026-07-15
last fiscal quarter          2026-04-01 2026-06-30
FY26 Q1                      2025-04-01 2025-06-30
the first half of fiscal 25  2024-04-01 2024-09-30
"""


@cache
def planner(question: str, fiscal_start: int | None = None) -> Planner:
    return Planner(hotels() if question.startswith("bookings") else complaints(), fiscal_start=fiscal_start)


def days(plan: Plan) -> str:
    assert plan.time_range and not plan.group_by and not plan.grain and not plan.having
    return f"{plan.time_range.start or '-'} {plan.time_range.end or '-'}"


def table(text: str) -> list[tuple[str, str]]:
    return [(" ".join(words), f"{start} {end}") for *words, start, end in map(str.split, text.strip().splitlines())]


def asked(question: str, fiscal_start: int | None = None):
    return planner(question.split()[0], fiscal_start).plan(question, TODAY)


@pytest.mark.parametrize(("question", "when"), table(READ))
def test_times_are_read(question: str, when: str) -> None:
    outcome = asked(question)
    assert isinstance(outcome, Planned), outcome
    assert days(outcome.plan) == when


@pytest.mark.parametrize("question", ASKED_BACK)
def test_what_may_mean_several_days_is_asked_back(question: str) -> None:
    outcome = asked(question)
    assert isinstance(outcome, Clarify), outcome
    assert {days(choice.plan) for choice in outcome.choices} == set(ASKED_BACK[question])


@pytest.mark.parametrize("question", REFUSED)
def test_what_names_no_days_is_refused(question: str) -> None:
    outcome = asked(question)
    assert isinstance(outcome, Refused | Clarify), outcome
    told = outcome.reason if isinstance(outcome, Refused) else outcome.question
    assert REFUSED[question] in " ".join((told, *outcome.words))


@pytest.mark.parametrize(("said", "when"), table(FISCAL))
def test_fiscal_years_where_their_start_is_known(said: str, when: str) -> None:
    outcome = asked(f"net sales in {said}", fiscal_start=4)
    assert isinstance(outcome, Planned), outcome
    assert days(outcome.plan) == when


@pytest.mark.parametrize("time", [("submitted_at", "Submitted at", ""), ()])
def test_an_age_goes_by_when_a_thing_began(time: tuple[str, ...]) -> None:
    cases = Metric("cases", "Cases", time_names=time)
    assert isinstance(Planner(Vocabulary.of([cases], [])).plan("cases older than 30 days", TODAY), Planned)


@pytest.mark.parametrize("time", [("closed_at", "Closed at", ""), ("metric_date", "Day", "")])
def test_no_age_is_told_by_another_time(time: tuple[str, ...]) -> None:
    cases = Metric("cases", "Cases", time_names=time)
    outcome = Planner(Vocabulary.of([cases], [])).plan("cases older than 30 days", TODAY)
    assert isinstance(outcome, Refused), outcome
    assert time[1] in outcome.reason


@pytest.mark.parametrize(
    "question",
    [
        "difference between net sales in 2024 and 2025",
        "the difference in net sales between 2024 and 2025",
        "what is the difference of net sales in 2025 and 2024",
    ],
)
def test_a_difference_is_of_two_times(question: str) -> None:
    outcome = asked(question)
    assert isinstance(outcome, Planned), outcome
    plan = outcome.plan
    assert plan.compare_with and plan.time_range and plan.time_range.start == date(2025, 1, 1)
    assert plan.compare_with.start == date(2024, 1, 1)
    assert plan.derived[-1] == "sales_net_amount__difference"


@pytest.mark.parametrize("question", ["net sales in 2021 and 2025", "net sales in the 2010s and the 2020s"])
def test_two_times_apart_are_offered_beside_each_other(question: str) -> None:
    outcome = asked(question)
    assert isinstance(outcome, Clarify), outcome
    assert outcome.choices[0].plan.compare_with
