"""Which words are learnt from questions that failed, and which never are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache

import pytest

from nlq.answering.suggesting import Asked, Suggestion, suggestions
from nlq.core.outcome import Because, Clarify, Planned
from nlq.planning.planner import Planner
from tests.nlq import vocabularies

NOW = datetime(2026, 7, 15, 9)
TODAY = date(2026, 7, 15)


@cache
def planner() -> Planner:
    return Planner(vocabularies.complaints())


def asked(question: str, minute: int = 0, asker: str = "ada", tenant: str | None = "pb.amritsar") -> Asked:
    """A question as the store would have it."""
    outcome = planner().plan(question, TODAY)
    came_to = "answered" if isinstance(outcome, Planned) else "clarify" if isinstance(outcome, Clarify) else "refused"
    return Asked(
        f"{asker}{minute}", question, came_to, tenant, asker, NOW + timedelta(minutes=minute), outcome.because,
        outcome.choices if isinstance(outcome, Clarify) else (),
    )  # fmt: skip


def chosen(failed: Asked, number: int = 0) -> Asked:
    """What is stored when a choice of a question is taken: its words as a question, and no words of their own."""
    at = failed.asked_at + timedelta(seconds=20)
    return Asked(
        f"{failed.answer_id}-then", failed.choices[number].question, "answered", failed.tenant, failed.asked_by, at
    )


def learnt(*one: Asked, dismissed: tuple[str, ...] = ()) -> list[Suggestion]:
    return suggestions(one, planner().vocabulary, dismissed)[0]


def rephrased(first: str, then: str, times: int = 2, **more: str | None) -> list[Asked]:
    return [
        one
        for n in range(times)
        for one in (asked(first, 30 * n, f"a{n}", **more), asked(then, 30 * n + 1, f"a{n}", **more))
    ]


@pytest.mark.parametrize(
    ("first", "then", "word", "kind", "name", "label"),
    [
        ("moolah by country", "revenue by country", "moolah", "metric", "sales_net_amount", "Net sales"),
        ("complaints by borough", "complaints by ward", "borough", "dimension", "complaint__ward_id", "Ward"),
        ("complaints via telegraph", "complaints via web", "telegraph", "value", "complaint__channel", "WEB"),
    ],
)
def test_a_word_means_what_the_question_says_in_other_words(
    first: str, then: str, word: str, kind: str, name: str, label: str
) -> None:
    (found,) = learnt(*rephrased(first, then, 3))
    assert (found.word, found.kind, found.name, found.label) == (word, kind, name, label)
    assert (found.asked, found.meant, found.tenants, found.examples) == (3, 3, 1, (first,))


def test_a_word_means_the_choice_that_is_taken() -> None:
    failed = [replace(asked("turnaround by ward", 30 * n, f"a{n}")) for n in range(3)]
    assert failed[0].outcome == "clarify"
    (found,) = learnt(*failed, *(chosen(one, 1) for one in failed))
    assert (found.word, found.kind, found.meant) == ("turnaround", "metric", 3)
    assert found.name == failed[0].choices[1].plan.metrics[0]


def test_what_was_meant_once_or_long_after_or_wrongly_or_by_another_is_not_proposed() -> None:
    first, then = rephrased("moolah by country", "revenue by country", 1)
    again = [replace(one, asked_by="bob", answer_id=one.answer_id + "b") for one in (first, then)]
    assert learnt(first, then) == []
    assert learnt(first, then, *again) != []
    assert learnt(first, then, again[0], replace(again[1], verdict="wrong")) == []
    assert learnt(first, then, again[0], replace(again[1], asked_at=NOW + timedelta(hours=1))) == []
    assert learnt(first, then, again[0], replace(again[1], asked_by="eve")) == []
    assert learnt(first, then, again[0], replace(again[1], tenant="pb.jalandhar")) == []


def test_what_is_dismissed_or_known_is_not_proposed() -> None:
    history = rephrased("moolah by country", "revenue by country")
    (found,) = learnt(*history)
    assert learnt(*history, dismissed=(found.id,)) == []
    metrics = {
        name: replace(metric, synonyms=(*metric.synonyms, "moolah")) if name == found.name else metric
        for name, metric in planner().vocabulary.metrics.items()
    }
    known = replace(planner().vocabulary, metrics=metrics)
    assert suggestions(history, known)[0] == []


def test_nothing_is_proposed_for_what_tells_of_a_person() -> None:
    history, known = rephrased("complaints via telegraph", "complaints via web"), planner().vocabulary
    channel = replace(known.dimensions["complaint__channel"], personal=True)
    personal = replace(known, dimensions={**known.dimensions, channel.name: channel})
    assert learnt(*history) != [] and suggestions(history, personal)[0] == []


def test_words_that_were_never_understood_are_counted() -> None:
    history = [asked("complaints by zorkness", 20 * n, f"a{n}") for n in range(3)]
    assert suggestions(history, planner().vocabulary) == ([], {"zorkness": 3})


@pytest.mark.parametrize(
    "word",
    ["x], format: evil", "<script>alert(1)</script>", "a" * 41, "ada@example.org", "12345", "'; drop table x; --",
     "\x1b[31mred", "&anchor", "*alias", "ab", "which", "one two three four five", "two\nlines: [x]"],
)  # fmt: skip
def test_what_is_no_plain_word_is_never_proposed(word: str) -> None:
    history = rephrased("moolah by country", "revenue by country")
    hostile = [
        replace(one, because=tuple(Because(**{**dict(b), "words": word}) if b.words == "moolah" else b
                                   for b in one.because))
        for one in history
    ]  # fmt: skip
    assert suggestions(hostile, planner().vocabulary) == ([], {})
