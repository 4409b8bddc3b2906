"""The question sets hold: nearly all right, hardly any silently wrong, nothing answered that has no answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.questions.asking import NO_ANSWER, Judged, ask_all, is_sound
from tests.questions.olist_rows import write_rows
from tests.questions.paraphrasing import HABITS, paraphrases, reword_all
from tests.questions.worlds import SIZES, World, foreign_world, olist_raw, questions, sample_worlds

RIGHT, WRONG = 0.95, 0.01
SAME, ANOTHER = 0.83, 0.025
"""Of the wordings of one question: the share that comes to its plan, answered or offered, and to another's."""
SETS = {"pgr": 60, "sales": 60, "ecommerce": 60, "retail": 60, "telemetry": 60, "olist": 40}


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, World]:
    return sample_worlds(tmp_path_factory.mktemp("questions"))


@pytest.fixture(scope="session", params=list(SETS))
def judged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sequence[Judged]:
    if request.param != "olist":
        return ask_all(request.getfixturevalue("samples")[request.param])
    return ask_all(foreign_world(tmp_path_factory.mktemp("foreign")))


@pytest.mark.parametrize(("name", "least"), SETS.items())
def test_a_set_is_large_and_a_quarter_has_no_answer(name: str, least: int) -> None:
    cases = questions(name)["questions"]
    asked = [case["ask"].lower() for case in cases]
    assert len(cases) >= least
    assert len(set(asked)) == len(asked)
    assert sum(case["kind"] in NO_ANSWER for case in cases) >= 0.25 * len(cases)
    assert all(("plan" in case) is ("rows" in case) is (case["kind"] not in NO_ANSWER) for case in cases)


def test_the_rows_made_in_the_shape_of_olist_have_something_for_every_question(tmp_path: Path) -> None:
    write_rows(tmp_path)
    raw = olist_raw(tmp_path)
    for case in questions("olist")["questions"]:
        if case["kind"] not in NO_ANSWER:
            rows = raw.execute(case["rows"]).fetchall()
            assert any(row[-1] for row in rows), case["ask"]


def test_nearly_all_are_right(judged: Sequence[Judged]) -> None:
    unsound = [f"{item.verdict}: {item.case['ask']}: {item.why}" for item in judged if not is_sound(item)]
    assert len(unsound) <= (1 - RIGHT) * len(judged), "\n".join(unsound)


def test_hardly_any_is_silently_wrong(judged: Sequence[Judged]) -> None:
    wrong = [f"{item.case['ask']}: {item.why}" for item in judged if item.verdict in ("wrong", "failed")]
    assert len(wrong) <= WRONG * len(judged), "\n".join(wrong)


def test_none_ends_in_an_error(judged: Sequence[Judged]) -> None:
    assert not [f"{item.case['ask']}: {item.why}" for item in judged if item.verdict == "failed"]


def test_what_has_no_answer_gets_none(judged: Sequence[Judged]) -> None:
    answered = [item.case["ask"] for item in judged if item.kind in NO_ANSWER and not is_sound(item)]
    assert not answered


def test_questions_back_are_choices_that_can_be_answered(judged: Sequence[Judged]) -> None:
    for item in judged:
        if item.verdict == "asked back":
            shown = [choice.question for choice in item.answer.choices]
            assert 1 <= len(set(shown)) == len(shown) <= 4, (item.case["ask"], shown)


def test_the_wordings_are_of_questions_of_the_sets_by_several_habits() -> None:
    groups = [(name, group) for name in SIZES for group in paraphrases(name)]
    assert len(groups) >= 60
    for name, group in groups:
        assert group["of"] in [case["ask"] for case in questions(name)["questions"] if "plan" in case]
        assert group.keys() <= {"of", *HABITS} and len({*group.values()}) == len(group) >= 6


def test_other_wordings_come_to_the_same_plan_or_to_none(samples: Mapping[str, World]) -> None:
    worded = [item for world in samples.values() for item in reword_all(world)]
    other = [f"{item.text}: {item.why}" for item in worded if item.verdict == "another plan"]
    assert len(other) <= ANOTHER * len(worded), "\n".join(other)
    lost = [
        f"{item.verdict}: {item.text}: {item.why}" for item in worded if item.verdict not in ("same plan", "offered")
    ]
    assert len(lost) <= (1 - SAME) * len(worded), "\n".join(lost)
