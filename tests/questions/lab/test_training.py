"""Learning weights, on cases invented here."""

from __future__ import annotations

from tests.questions.lab.training import Case, fit, left_out


def test_what_right_plans_have_weighs_more_and_the_same_every_time() -> None:
    cases = [Case(name, "refused", [{"good": 1.0}, {"bad": 1.0}], [True, False]) for name in ("ferries", "mills")]
    weights = fit(cases)
    assert weights["good"] > 0 > weights["bad"]
    assert fit(cases) == weights
    assert left_out(cases) == {("refused", "first"): 2}


def test_of_questions_without_a_right_plan_nothing_is_learned() -> None:
    assert fit([Case("ferries", "refused", [{"good": 1.0}], [False])]) == {}
