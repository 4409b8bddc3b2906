"""What is told of the words of a question: where they are, what they became, and what they were known by.

Belongs here: provenance of plans, choices and refusals. Does not belong here: what is planned (``test_planner``).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from lakehouse_assets import bounded_yaml
from nlq.core.outcome import Because, Clarify, Outcome, Planned, Refused
from nlq.core.spelling import places, same_form
from tests.nlq.planners import planner

TODAY = date(2026, 7, 15)
KINDS = bounded_yaml.load((Path(__file__).parent / "kinds.yml").read_text())
ASKED = [(case["of"], case["ask"]) for cases in KINDS.values() for case in cases[::4]]


def told(subject: str, question: str) -> dict[str, Because]:
    return {one.words: one for one in outcome(subject, question).because}


def outcome(subject: str, question: str) -> Outcome:
    return planner(subject).plan(question, TODAY)


@pytest.mark.parametrize(
    ("subject", "question", "words", "part", "name", "label", "why"),
    [
        ("complaints", "complaints by ward in May", "complaints", "metric", "pgr_complaints", "Complaints", "label"),
        ("complaints", "complaints by ward in May", "ward", "dimension", "complaint__ward_id", "Ward", "label"),
        ("complaints", "complaints by ward in May", "in May", "time", None, "from 2026-05-01 to 2026-05-31", None),
        ("complaints", "grievances per channel", "grievances", "metric", "pgr_complaints", "Complaints", "synonym"),
        ("complaints", "complaints in ward 3", "ward 3", "value", "complaint__ward_id", "WARD_03", "value"),
        ("complaints", "top 5 wards by backlog", "top 5", "operator", None, "highest Backlog first, 5 of them", None),
        ("complaints", "complants by ward", "complants", "metric", "pgr_complaints", "Complaints", "spelling"),
        ("hotels", "bookings by hotel", "bookings", "metric", "bookings", "Bookings", "label"),
        ("parcels", "avg delay in hours", "in hours", "operator", None, "Average delay (hours) is in hours", None),
        ("gyms", "complaints in Leeds", "complaints", "unknown", None, None, None),
    ],
)  # fmt: skip
def test_what_words_became(
    subject: str, question: str, words: str, part: str, name: str | None, label: str | None, why: str | None
) -> None:
    found = [one for one in outcome(subject, question).because if one.words == words and one.part != "corrected"]
    assert [(one.part, one.name, one.label, one.why) for one in found] == [(part, name, label, why)]
    assert question[found[0].start : found[0].end] == words


def test_a_correction_says_from_what_to_what() -> None:
    corrected = [one for one in outcome("complaints", "complants by ward").because if one.part == "corrected"]
    assert [(one.words, one.meaning, one.start, one.end) for one in corrected] == [
        ("complants", "read as “complaint”", 0, 9)
    ]


def test_what_no_word_asked_for_is_told_as_such() -> None:
    found = outcome("complaints", "SLA breaches trend").because
    assert [(one.words, one.start, one.meaning) for one in found if one.part == "implied"] == [
        ("", None, "one row per month, to show the course")
    ]


def test_each_choice_takes_the_words_its_own_way() -> None:
    found = outcome("complaints", "complaints in zork by channel")
    assert isinstance(found, Clarify)
    assert told("complaints", "complaints in zork by channel")["zork"].part == "left_out"
    assert {one.words: one.part for one in found.choices[0].because} == {
        "complaints": "metric", "zork": "left_out", "by": "operator", "channel": "dimension",
    }  # fmt: skip


def test_a_refusal_shows_what_it_knows_and_what_stands_in_the_way() -> None:
    found = outcome("complaints", "complaints by ward more than 5 foos")
    assert not isinstance(found, Planned)
    parts = {one.words: one.part for one in found.because}
    assert parts["complaints"] == "metric"
    assert parts["foos"] in ("unknown", "left_out")


def test_a_follow_up_says_what_only_goes_on() -> None:
    first = outcome("complaints", "complaints by ward")
    assert isinstance(first, Planned)
    found = planner("complaints").plan("and what about by channel", TODAY, first.plan)
    assert isinstance(found, Planned)
    assert [(one.words, one.start, one.end) for one in found.because[:1]] == [("and what about", 0, 14)]
    assert found.because[-1].part == "implied"


@pytest.mark.parametrize("before", ["", "Für 100 % 😀 ", "cafe\u0301 \u1112\u1161\u11ab: "])
def test_places_are_those_of_the_question_as_it_was_typed(before: str) -> None:
    question = f"{before}complaints by ward"
    found = {one.words: one for one in outcome("complaints", question).because}["complaints"]
    assert question[found.start : found.end] == "complaints"


@pytest.mark.parametrize(
    "text", ["", "abc", "e\u0301\u0302x", "q\u0307\u0323z", "\u0344a", "\u1112\u1161\u11abx", "a\u0301"]
)
def test_places_has_one_for_each_letter_and_the_end(text: str) -> None:
    found = places(text)
    assert len(found) == len(same_form(text)) + 1
    assert list(found) == sorted(found)
    assert (found[0], found[-1]) == (0, len(text))


def test_of_any_question_words_stand_where_they_are_told_and_once() -> None:
    for subject, question in ASKED:
        found = outcome(subject, question)
        every = [found.because, *(choice.because for choice in getattr(found, "choices", ()))]
        for because in every:
            placed = [one for one in because if one.start is not None and one.part != "corrected"]
            assert [question[one.start : one.end] for one in placed] == [one.words for one in placed], question
            ends = [0, *(one.end or 0 for one in placed)]
            assert all((one.start or 0) >= end for one, end in zip(placed, ends, strict=False)), question
            assert all(one.meaning and one.part for one in because), question


def test_every_term_of_a_plan_has_words_or_is_told_as_implied() -> None:
    for subject, question in ASKED:
        found = outcome(subject, question)
        if not isinstance(found, Planned):
            continue
        names = {one.name for one in found.because}
        assumed = any(one.part == "implied" for one in found.because)
        of_event = any("the time is when" in one.meaning for one in found.because)
        assert set(found.plan.metrics) <= names or assumed or of_event, question
        assert set(found.plan.group_by) <= names or assumed, question


def test_what_is_empty_or_too_long_has_no_words() -> None:
    for question in ("", "x" * 1001, "hello"):
        found = outcome("complaints", question)
        assert isinstance(found, Clarify | Refused)
        assert found.because == ()
