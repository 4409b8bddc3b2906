"""Words that people use and the layer does not know, with what they turned out to mean.

A question that was asked back or refused is followed by what its asker did next: a choice that was taken, or the same
question in other words. Belongs here: learning words from that. Does not belong here: reading the questions
(``storage.suggestions``), writing a word into a layer (``lakehouse_assets.drafting.synonyms``).

Nothing is learnt by itself: a person accepts or dismisses each. Only plain words are proposed, never a number, an
address, markup or a word of general English, and none for what tells of a person.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from nlq.answering.document.model import OutcomeName
from nlq.core.outcome import Because, Choice
from nlq.core.vocabulary import Dimension, Metric, Vocabulary
from nlq.english.forms import stem
from nlq.english.general import ENGLISH, GLUE
from nlq.english.tokens import words_of

AT_ONCE = timedelta(minutes=10)
"""How soon after a question that failed the next one of the same asker belongs to it."""
LEAST = 2
"""How often a word must have meant something to be proposed for it."""
MOST_EXAMPLES = 3
_PLAIN = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+){0,3}")
_SHORTEST, _LONGEST = 3, 40
Kind = Literal["metric", "dimension", "value"]


@dataclass(frozen=True)
class Asked:
    """A question as it is stored; ``verdict`` is what its asker thought of the answer. Times are UTC."""

    answer_id: str
    question: str
    outcome: OutcomeName
    tenant: str | None
    asked_by: str | None
    asked_at: datetime
    because: tuple[Because, ...] = ()
    choices: tuple[Choice, ...] = ()
    verdict: str | None = None


@dataclass(frozen=True)
class Suggestion:
    """A word for a metric, a dimension or a value (``name`` is its dimension then), and how it came up.

    ``asked`` counts the failed questions with the word, ``meant`` those after which it turned out to mean this.
    """

    word: str
    kind: Kind
    name: str
    label: str
    asked: int
    meant: int
    tenants: int
    examples: tuple[str, ...]

    @property
    def id(self) -> str:
        """The same for the same word and meaning, at any time."""
        return hashlib.sha256("\n".join((self.word, self.kind, self.name, self.label)).encode()).hexdigest()[:10]


@dataclass
class _Seen:
    """What is known of one word."""

    questions: dict[str, Asked] = field(default_factory=dict)
    meant: Counter[tuple[Kind, str, str]] = field(default_factory=Counter)


def suggestions(
    asked: Iterable[Asked], vocabulary: Vocabulary, dismissed: Collection[str] = ()
) -> tuple[list[Suggestion], dict[str, int]]:
    """What to add to a layer, the most wanted first; and the words that failed without a meaning, with how often.

    Args:
        asked: Questions of askers who may see each other's: of one tenant, or as an operator sees them.
        vocabulary: What is known already.
        dismissed: Ids of suggestions that were refused.
    """
    seen = _learnt(asked)
    found = [one for word, what in seen.items() if (one := _suggested(word, what, vocabulary))]
    found = [one for one in found if one.id not in dismissed]
    meant = {one.word for one in found}
    unknown = {w: len(s.questions) for w, s in seen.items() if w not in meant and not s.meant and len(s.questions) > 1}
    found.sort(key=lambda one: (-one.meant, -one.asked, one.word))
    return found, dict(sorted(unknown.items(), key=lambda item: (-item[1], item[0])))


def _learnt(asked: Iterable[Asked]) -> Mapping[str, _Seen]:
    seen: dict[str, _Seen] = defaultdict(_Seen)
    for failed, then in _in_turn(asked):
        for word in _unknown(failed.because):
            seen[word].questions[failed.answer_id] = failed
        meaning = _meaning(failed, then) if then else None
        if meaning:
            word, target = meaning
            seen[word].questions[failed.answer_id] = failed
            seen[word].meant[target] += 1
    return seen


def _in_turn(asked: Iterable[Asked]) -> Iterator[tuple[Asked, Asked | None]]:
    """Each question that failed, with what the same asker asked next, if that was at once and not found wrong."""
    ordered = sorted(asked, key=lambda one: (one.tenant or "", one.asked_by or "", one.asked_at))
    for one, then in itertools.zip_longest(ordered, ordered[1:]):
        if one.outcome in ("clarify", "refused"):
            yield one, then if then and _belongs(then, one) else None


def _belongs(then: Asked, failed: Asked) -> bool:
    same = (then.tenant, then.asked_by) == (failed.tenant, failed.asked_by)
    at_once = then.asked_at - failed.asked_at <= AT_ONCE
    return same and at_once and then.outcome == "answered" and then.verdict != "wrong"


def _meaning(failed: Asked, then: Asked) -> tuple[str, tuple[Kind, str, str]] | None:
    """A word of a question that failed, and what it turned out to mean."""
    if chosen := next((choice for choice in failed.choices if choice.question == then.question), None):
        return _by_choice(chosen, failed.choices)
    unknown = _unknown(failed.because)
    before, after = _terms(failed.because), _terms(then.because)
    extra = [term for term in after if term not in before]
    if len(unknown) == 1 and len(extra) == 1 and set(before) <= set(after):
        return unknown[0], extra[0]
    return None


def _by_choice(chosen: Choice, choices: Sequence[Choice]) -> tuple[str, tuple[Kind, str, str]] | None:
    """The word by which the choices differ, and what it means in the one that was taken."""
    unknown, terms = _unknown(chosen.because), _terms(chosen.because)
    owned = {name for _, name, _ in terms}
    implied = [name for name in chosen.plan.metrics if name not in owned]
    if len(unknown) == 1 and len(implied) == 1:
        return unknown[0], ("metric", implied[0], implied[0])
    for one in chosen.because:
        others = {b.name for c in choices for b in c.because if b.words == one.words}
        if one.part in ("metric", "dimension") and one.name and len(others) > 1 and (word := _plain(one.words)):
            return word, (one.part, one.name, one.name)
    return None


def _terms(because: Iterable[Because]) -> list[tuple[Kind, str, str]]:
    """The metrics, dimensions and values that words named."""
    found: list[tuple[Kind, str, str]] = []
    for one in because:
        if one.part in ("metric", "dimension", "value") and one.name:
            found.append((one.part, one.name, one.label or one.name if one.part == "value" else one.name))
    return found


def _unknown(because: Iterable[Because]) -> list[str]:
    words = [_plain(one.words) for one in because if one.part in ("unknown", "left_out")]
    return [word for word in words if word]


def _plain(text: str) -> str:
    """A word as it may be proposed; nothing where it may not."""
    word = " ".join(text.casefold().split())
    said = words_of(word)
    if not (_SHORTEST <= len(word) <= _LONGEST and _PLAIN.fullmatch(word)) or all(one in ENGLISH for one in said):
        return ""
    return word


def _suggested(word: str, seen: _Seen, vocabulary: Vocabulary) -> Suggestion | None:
    """The meaning that a word had most often, unless the layer knows the word already."""
    ((target, times),) = seen.meant.most_common(1) or ((None, 0),)
    if target is None or times < LEAST:
        return None
    kind, name, label = target
    term = vocabulary.metrics.get(name) if kind == "metric" else vocabulary.dimensions.get(name)
    if term is None or _is_known(word, vocabulary) or (isinstance(term, Dimension) and term.personal):
        return None
    questions = sorted(seen.questions.values(), key=lambda one: one.asked_at, reverse=True)
    return Suggestion(
        word=word,
        kind=kind,
        name=name,
        label=label if kind == "value" else term.label,
        asked=len(questions),
        meant=times,
        tenants=len({one.tenant for one in questions}),
        examples=tuple(dict.fromkeys(one.question for one in questions))[:MOST_EXAMPLES],
    )


def _is_known(word: str, vocabulary: Vocabulary) -> bool:
    """Whether a term is called so already: a word for two of them could only be asked back."""
    wanted = _bag(word)
    terms: list[Metric | Dimension] = [*vocabulary.metrics.values(), *vocabulary.dimensions.values()]
    return any(wanted == _bag(text) for term in terms for text in (term.label, *term.synonyms))


def _bag(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in words_of(text) if word not in GLUE)
