"""Questions that are offered: plans in words, with what codes are called where those words are understood.

A question that people see may be typed again, so it has to come to the plan it stands for. Names are easier to read
than codes, but Web is a word, two products may have one name, and a name may hold an "or": whether one is read as its
code, only the planner knows, and so it is asked.
Belongs here: choosing between a code and its name. Does not belong here: the words (``wording.explain``), the names
(``core.valuenames``), planning.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nlq.core.outcome import Choice, Clarify, Outcome, Planned
from nlq.core.plan import Operator, Plan
from nlq.core.vocabulary import Vocabulary
from nlq.wording.explain import as_question

Reads = Callable[[str], Outcome]
"""What a text is planned as."""


def say_plan(plan: Plan, vocabulary: Vocabulary, reads: Reads) -> str:
    """A plan as a question, with the names of those codes that the question is understood by all the same."""
    coded = as_question(plan, vocabulary)
    by_codes = None
    said, named = coded, set[str]()
    for dimension in _with_names(plan, vocabulary):
        words = as_question(plan, vocabulary, named | {dimension})
        meant = _meant(words, reads)
        if meant is None or words == said:
            continue
        if meant != plan.canonical():
            # A plan may say less than what its words are read as, such as an order; then names must change nothing.
            by_codes = by_codes or _meant(coded, reads)
            if meant != by_codes:
                continue
        named.add(dimension)
        said = words
    return said


def name_choices(outcome: Outcome, vocabulary: Vocabulary, reads: Reads) -> Outcome:
    """An outcome whose choices say names for codes, where they are understood by them."""

    def said(choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
        return tuple(c.model_copy(update={"question": say_plan(c.plan, vocabulary, reads)}) for c in choices)

    update: dict[str, Any] = {}
    if isinstance(outcome, Clarify) and outcome.choices:
        update["choices"] = said(outcome.choices)
    if isinstance(outcome, Planned) and outcome.others:
        update["others"] = said(outcome.others)
    return outcome.model_copy(update=update) if update else outcome


def _with_names(plan: Plan, vocabulary: Vocabulary) -> list[str]:
    """The dimensions of whose values in filters any has a name."""
    filters = (*plan.filters, *(plan.share.part if plan.share else ()))
    found = {
        item.dimension: None
        for item in filters
        if item.operator in (Operator.IN, Operator.NOT_IN)
        and (dimension := vocabulary.dimensions.get(item.dimension))
        and any(dimension.names.of(value) for value in item.values)
    }
    return list(found)


def _meant(words: str, reads: Reads) -> str | None:
    """The plan that words are read as, in a form to compare; None where they are asked back or refused."""
    outcome = reads(words)
    return outcome.plan.canonical() if isinstance(outcome, Planned) else None
