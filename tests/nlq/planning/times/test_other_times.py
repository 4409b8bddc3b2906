"""Times other than the metric's own: verbs and names choose them; what belongs to none is asked back or refused."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from nlq.core.outcome import Clarify, Planned, Refused
from nlq.core.vocabulary import Dimension, Metric, Rows, Values, Vocabulary
from nlq.planning.planner import Planner
from nlq.wording.explain import as_question

TODAY = date(2026, 7, 15)


def _of(entity: str, metrics: dict[str, str], dimensions: list[Dimension], own: str) -> Vocabulary:
    """Metrics by label that count or average rows of one entity, by one of its times."""
    names = frozenset(dimension.name for dimension in dimensions)
    entities = frozenset(name.split("__")[0] for name in names)
    time = next(dimension for dimension in dimensions if dimension.name == own)
    rows = Rows(tuple(sorted(name for name in names if name.startswith(f"{entity}__"))), (), own, counts=True)
    return Vocabulary.of(
        [
            Metric(
                name, label, domain=entity, dimensions=names, time_names=(time.column, time.label),
                rows=rows, additive=not label.startswith("Average"), subjects=entities,
            )
            for name, label in metrics.items()
        ],
        dimensions,
    )  # fmt: skip


def museums() -> Vocabulary:
    return _of(
        "museum",
        {"museums": "Museums", "avg_area": "Average area"},
        [
            Dimension("museum__listed_on", "Listed", type="time"),
            Dimension("museum__opening_date", "Opening date", type="time"),
            Dimension("museum__closed_at", "Closed at", type="time"),
            Dimension("museum__founded", "Foundation year", values=Values((1905, 1931, 1987))),
            Dimension("museum__city", "City", values=Values(("Bern", "Chur"))),
        ],
        "museum__listed_on",
    )


def orders() -> Vocabulary:
    return _of(
        "order",
        {"orders": "Orders", "order_value": "Order value"},
        [
            Dimension("order__ordered_at", "Ordered", type="time"),
            Dimension("order__shipping_date", "Shipping date", type="time"),
            Dimension("order__due", "Due date", type="time"),
            Dimension("customer__customer", "Customer"),
            Dimension("customer__signup_date", "Sign-up date", synonyms=("joined",), type="time"),
            Dimension("order__city", "City", values=Values(("Bern", "Chur"))),
        ],
        "order__ordered_at",
    )


def staff() -> Vocabulary:
    return _of(
        "employee",
        {"employees": "Employees", "avg_salary": "Average salary"},
        [
            Dimension("employee__hired", "Hire date", type="time"),
            Dimension("employee__birth_date", "Birth date", type="time"),
            Dimension("employee__left_on", "Date of leaving", type="time"),
            Dimension("employee__promoted_at", "Promotion day", type="time"),
            Dimension("employee__promoted_on", "Promotion letter", type="time"),
            Dimension("employee__name", "Name", values=Values(("Ann Lee", "Bo Chi"))),
            Dimension("employee__team", "Team", values=Values(("Sales", "Legal"))),
        ],
        "employee__hired",
    )


def countries() -> Vocabulary:
    """All rows are of one day, and one year tells of an event."""
    return _of(
        "country",
        {"countries": "Countries", "avg_area": "Average area"},
        [
            Dimension("country__snapshot_date", "Snapshot of the countries", type="time"),
            Dimension("country__independence_year", "Year of independence", values=Values((1919, 1960, 1991))),
            Dimension("country__continent", "Continent", values=Values(("Asia", "Europe"))),
        ],
        "country__snapshot_date",
    )


SUBJECTS = {"museums": museums, "orders": orders, "staff": staff, "countries": countries}


@cache
def planner(subject: str) -> Planner:
    return Planner(SUBJECTS[subject]())


ANSWERED = """
museums | how many museums opened between 1980 and 1990 | Museums where Opening date is from 1980-01-01 to 1990-12-31
museums | museums in Bern that were opened before 1950 | Museums where City is Bern and Opening date is on or before 1949-12-31
museums | museums by year opened | Museums by year of Opening date
museums | museums by opening year | Museums by year of Opening date
museums | museums by city and year opened | Museums by City and year of Opening date
museums | museums opened each year since 2010 | Museums by year of Opening date with Opening date from 2010-01-01 to 2026-07-15
museums | in 1980, how many museums were opened? | Museums where Opening date is from 1980-01-01 to 1980-12-31
museums | museums opened in 1990 and closed in 2005 | Museums where Opening date is from 1990-01-01 to 1990-12-31 and Closed at is from 2005-01-01 to 2005-12-31
museums | museums opened in 1990 vs 2000 | Museums with Opening date from 2000-01-01 to 2000-12-31 compared with 1990-01-01 to 1990-12-31
museums | museums founded before 1930 by city | Museums by City where Foundation year is at most 1929
museums | museums founded since 1950 | Museums where Foundation year is from 1950 to 2026
museums | museums with foundation year 1987 | Museums where Foundation year is 1987
museums | average area of museums closing last year | Average area where Closed at is from 2025-01-01 to 2025-12-31
museums | museums listed in May 2026 | Museums from 2026-05-01 to 2026-05-31
orders | orders shipped in March | Orders where Shipping date is from 2026-03-01 to 2026-03-31
orders | orders ordered in March | Orders from 2026-03-01 to 2026-03-31
orders | how many orders did we ship last month by city | Orders by City where Shipping date is from 2026-06-01 to 2026-06-30
orders | orders shipped in March by month ordered | Orders by month where Shipping date is from 2026-03-01 to 2026-03-31
orders | orders by month shipped | Orders by month of Shipping date
orders | orders shipped per week this year | Orders by week of Shipping date with Shipping date from 2026-01-01 to 2026-07-15
orders | order value of orders due in August 2025 | Order value where Due date is from 2025-08-01 to 2025-08-31
orders | orders of customers who joined in 2025 by month | Orders by month where Sign-up date is from 2025-01-01 to 2025-12-31
orders | orders shipped in June compared with May | Orders with Shipping date from 2026-06-01 to 2026-06-30 compared with 2026-05-01 to 2026-05-31
staff | employees hired in 2022 | Employees from 2022-01-01 to 2022-12-31
staff | how many employees were born after 1990 | Employees where Birth date is from 1991-01-01 to 2026-07-15
staff | average salary of employees born in 1980 by team | Average salary by Team where Birth date is from 1980-01-01 to 1980-12-31
staff | employees by birth year | Employees by year of Birth date
staff | employees by year of birth | Employees by year of Birth date
staff | employees who left last month | Employees where Date of leaving is from 2026-06-01 to 2026-06-30
staff | list the employees in the order of birth date | list of Employees by Birth date, oldest first
"""  # noqa: E501 - a line a question


@pytest.mark.parametrize("line", ANSWERED.strip().splitlines())
def test_the_time_belongs_to_what_is_named(line: str) -> None:
    subject, question, says = (part.strip() for part in line.split("|"))
    outcome = planner(subject).plan(question, TODAY)
    assert isinstance(outcome, Planned), outcome
    assert as_question(outcome.plan, planner(subject).vocabulary) == says


@pytest.mark.parametrize("line", ANSWERED.strip().splitlines())
def test_its_own_words_are_understood(line: str) -> None:
    subject, _, says = (part.strip() for part in line.split("|"))
    outcome = planner(subject).plan(says, TODAY)
    assert isinstance(outcome, Clarify | Refused) or as_question(outcome.plan, planner(subject).vocabulary) == says


@pytest.mark.parametrize(
    ("subject", "question", "among"),
    [
        ("staff", "employees promoted in 2024", "Employees where Promotion day is from 2024-01-01 to 2024-12-31"),
        ("museums", "how many museums in 2005 were closed", "Museums where Closed at is from 2005-01-01 to 2005-12-31"),
        ("countries", "countries founded before 1930", "Countries where Year of independence is at most 1929"),
        ("museums", "museums launched in 1990", "Museums where Foundation year is 1990"),
    ],
)
def test_what_may_be_another_time_is_asked_back(subject: str, question: str, among: str) -> None:
    outcome = planner(subject).plan(question, TODAY)
    assert isinstance(outcome, Clarify), outcome
    assert among in [choice.question for choice in outcome.choices]


@pytest.mark.parametrize(
    ("subject", "question"),
    [
        ("museums", "museums by opening date and closing date"),
        ("museums", "museums opened in 1990 and 2000"),
        ("museums", "museums founded in May 1990"),
        ("museums", "museums painted in 1990"),
        ("orders", "orders returned in March"),
        ("staff", "birth date of employees"),
        ("staff", "birth year of employees"),
    ],
)
def test_what_nothing_tells_is_not_guessed(subject: str, question: str) -> None:
    assert isinstance(planner(subject).plan(question, TODAY), Clarify | Refused)
