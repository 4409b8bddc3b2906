"""No part of the examples knows what was not known yet when a later part begins; poor ones are refused with why."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets.ml.features import examples as module
from lakehouse_assets.ml.features.examples import AS_OF, KNOWN_ON, TARGET, CannotLearnError, Examples, split_by_time
from tests.ml.worlds import world

DAY = date(2026, 1, 1)
rows = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9), st.booleans()), min_size=6, max_size=80)


@settings(max_examples=150)
@given(rows)
def test_no_fold_has_an_outcome_that_was_not_known_when_the_next_begins(drawn: list[tuple[int, int, bool]]) -> None:
    frame = pl.DataFrame(
        {
            "id": list(range(len(drawn))),
            AS_OF: [DAY + timedelta(days=day) for day, *_ in drawn],
            KNOWN_ON: [DAY + timedelta(days=day + later) for day, later, _ in drawn],
            TARGET: [float(outcome) for *_, outcome in drawn],
        }
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LEAST_ROWS", 1)
        patch.setattr(module, "LEAST_OF_CLASS", 0)
        try:
            split = split_by_time(Examples.of(frame, ("id",), (), "binary"))
        except CannotLearnError:
            return
    for part, begins in (
        (split.learning, split.chosen_from), (split.choosing, split.judged_from), (split.refitting, split.judged_from),
    ):  # fmt: skip
        assert part.frame[KNOWN_ON].max() <= begins  # type: ignore[operator]
        assert part.frame[AS_OF].max() < begins  # type: ignore[operator]
    assert split.judging.frame[AS_OF].min() == split.judged_from
    ids = [set(part.frame["id"]) for part in (split.learning, split.choosing, split.judging)]
    assert not (ids[0] & ids[1] or ids[1] & ids[2] or ids[0] & ids[2])
    assert ids[0] | ids[1] <= set(split.refitting.frame["id"])


def test_too_few_rows_are_refused_with_how_many_there_are() -> None:
    with pytest.raises(CannotLearnError, match=r"there are 300 examples .* 600 are the least"):
        split_by_time(world(days=30, each=10))


def test_too_few_days_are_refused() -> None:
    with pytest.raises(CannotLearnError, match="are of 4 days, and 5 are the least"):
        split_by_time(world(days=4, each=300))


def test_outcomes_that_become_known_too_late_are_refused() -> None:
    late = world().frame.with_columns(pl.col(KNOWN_ON) + timedelta(days=40))
    with pytest.raises(CannotLearnError, match="become known too late: before 2026-01-2"):
        split_by_time(Examples.of(late, ("entity",), ("strength",), "binary"))


def test_an_outcome_that_hardly_occurs_is_refused() -> None:
    rare = world().frame.with_columns((pl.col("entity") == "e0").cast(pl.Float64).alias(TARGET))
    with pytest.raises(CannotLearnError, match=r"of [\d,]+ examples for learning, \d+ have the outcome: 20 with"):
        split_by_time(Examples.of(rare, ("entity",), ("strength",), "binary"))


def test_a_number_is_no_truth_value() -> None:
    with pytest.raises(CannotLearnError, match=r"a binary target is 0 or 1.*--problem regression"):
        split_by_time(Examples.of(world("regression").frame, ("entity",), ("strength",), "binary"))


def test_a_target_that_never_varies_is_refused() -> None:
    still = world("regression").frame.with_columns(pl.lit(7.0).alias(TARGET))
    with pytest.raises(CannotLearnError, match="the target is 7 in all examples"):
        split_by_time(Examples.of(still, ("entity",), ("strength",), "regression"))
