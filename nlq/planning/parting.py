"""Several questions in one, as "how many complaints were there in May, and what was the average turnaround by ward?".

Each part joined by "and" must be a question of its own: it begins with a question word, and speaks of nothing in the
other part. "Which wards breach most and what is their average" is one question. A sentence may lean on the
one before it.

Belongs here: where a question is parted. Does not belong here: planning the parts (``planner``).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from nlq.english.general import GRAIN_UNITS, SHOWING
from nlq.english.tokens import Token, set_of

_ASKING = set_of("what how which who when where whats")
_REFERRING = set_of("their its his her it they them these those that each such ones there's former latter same")
_OPENING = _ASKING - set_of("which who where") | SHOWING
"""What a question begins with that another is joined to; how many there are is told of what "which" asks for."""
_JOINING = set_of("and also & plus")
_MOST_PARTS = 4
_ENDS = re.compile(r"[?;.!]\s")


def parts_of(question: str, tokens: Sequence[Token]) -> tuple[list[str], bool]:
    """The questions in one, in order, and whether each is a sentence; none where it is a single one."""
    starts, sentences = [0], True
    for at in range(1, len(tokens)):
        ended = _is_after_end(question, tokens, at)
        joined = tokens[at - 1].norm in {"and", "&"} and tokens[at].norm in _ASKING
        if ended or (joined and tokens[0].norm in _OPENING):
            starts.append(at)
            sentences = sentences and ended
    ends = [*starts[1:], len(tokens)]
    said = [tokens[first:last] for first, last in zip(starts, ends, strict=True)]
    if not 1 < len(said) <= _MOST_PARTS or not all(_asks(part) for part in said[1:]):
        return [], False
    parts = [question[part[0].start : part[-1].end].rstrip(" ,&") for part in map(_without_joint, said) if part]
    return parts, sentences


def linked_of(question: str, tokens: Sequence[Token]) -> list[str]:
    """The sentences of a question of which a later one leans on that before: "Which …? And how often was it …?".

    None where no later one asks, or where one stands by itself: those are in ``parts_of``.
    """
    starts = [0, *(at for at in range(1, len(tokens)) if _is_after_end(question, tokens, at))]
    said = [tokens[first:last] for first, last in zip(starts, [*starts[1:], len(tokens)], strict=True)]
    if not 1 < len(said) <= _MOST_PARTS or not all(_leans(part) for part in said[1:]):
        return []
    return [question[part[0].start : part[-1].end] for part in said]


def _is_after_end(question: str, tokens: Sequence[Token], at: int) -> bool:
    return _ENDS.search(question[tokens[at - 1].end : tokens[at].start] + " ") is not None


def _leans(part: Sequence[Token]) -> bool:
    """Whether a sentence asks, of what the one before is about: "And how many in June?", "What was its revenue?"."""
    norms = [token.norm for token in part]
    led = norms[0] in _JOINING and len(norms) > 1 and norms[1] not in SHOWING
    return led or (norms[0] in _ASKING and bool(_REFERRING & {*norms}))


def begins_to_ask(part: Sequence[Token]) -> bool:
    """Whether a sentence begins with a question word, perhaps after "and"."""
    return bool(_ASKING & {token.norm for token in part[:2]})


def _asks(part: Sequence[Token]) -> bool:
    """Whether a part is a question that needs no other."""
    norms = [token.norm for token in part]
    pointing = any(
        one in {"this", "these"} and then not in GRAIN_UNITS for one, then in itertools.pairwise([*norms, ""])
    )
    return bool(part) and norms[0] in _ASKING and not _REFERRING & {*norms} and not pointing


def _without_joint(part: Sequence[Token]) -> Sequence[Token]:
    """A part without the "and" at its end."""
    while part and part[-1].norm in {"and", "&", ","}:
        part = part[:-1]
    return part
