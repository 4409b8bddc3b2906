"""Parts of the calendar in plans: names for people, numbers for the engine, no order."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

import semantic.manifest.dateparts
from nlq.core.dateparts import (
    DATE_PARTS,
    DAY_OF_MONTH,
    MONTH_OF_YEAR,
    QUARTER_OF_YEAR,
    WEEKDAY,
    named,
    numbered,
    parts_of,
)
from nlq.core.guard import Caller, Guard, GuardError
from nlq.core.plan import DimensionFilter, Operator, Plan
from tests.nlq.vocabularies import complaints


def test_names_are_those_of_the_semantic_layer() -> None:
    assert DATE_PARTS.keys() == semantic.manifest.dateparts.DATE_PARTS.keys()
    assert {d.label for d in DATE_PARTS.values()} == set(semantic.manifest.dateparts.LABELS.values())


@given(st.data())
def test_every_value_comes_back_as_it_went(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(DATE_PARTS)))
    value = data.draw(st.sampled_from(DATE_PARTS[name].values.items))
    (number,) = numbered(name, [value])
    assert named(name, number) == value
    assert named(name, None) is None
    assert numbered("complaint__ward_id", [value]) == (value,)


@given(st.dates())
def test_the_parts_of_a_day_are_among_the_values(day: date) -> None:
    parts = parts_of(day)
    assert parts.keys() == DATE_PARTS.keys()
    assert all(value in DATE_PARTS[name].values.items for name, value in parts.items())
    assert (parts[WEEKDAY], parts[DAY_OF_MONTH]) == (f"{day:%A}", day.day)
    assert (parts[MONTH_OF_YEAR], parts[QUARTER_OF_YEAR]) == (f"{day:%B}", f"Q{-(-day.month // 3)}")


def test_the_guard_knows_all_values_and_no_order_of_them() -> None:
    guard = Guard(complaints())
    plan = Plan(metrics=("pgr_complaints",), filters=(DimensionFilter(dimension=WEEKDAY, values=("monday",)),))
    assert guard.check(plan, Caller()).filters[0].values == ("Monday",)
    for operator, value, code in ((Operator.IN, "Funday", "unknown_value"), (Operator.GT, "Monday", "bad_operator")):
        bad = DimensionFilter(dimension=WEEKDAY, operator=operator, values=(value,))
        with pytest.raises(GuardError) as error:
            guard.check(plan.model_copy(update={"filters": (bad,)}), Caller())
        assert error.value.code == code
    for group in ("metric_time__extract_doy", "complaint__submitted_date__extract_dow"):
        with pytest.raises(GuardError, match="cannot be asked by"):
            guard.check(Plan(metrics=("pgr_complaints",), group_by=(group,)), Caller())
    with pytest.raises(GuardError, match="pgr_backlog cannot be asked by"):
        guard.check(Plan(metrics=("pgr_backlog",), group_by=(WEEKDAY,)), Caller())


def test_no_average_over_totals_of_weekdays() -> None:
    with pytest.raises(ValueError, match="not over parts of the calendar"):
        Plan(metrics=("m",), group_by=(WEEKDAY,), average=True)
