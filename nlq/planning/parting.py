"""Several questions in one, as "how many complaints were there in May, and what was the average turnaround by ward?".

Each part must be a question of its own: it begins with a question word, and speaks of nothing in the other part. "Which
wards breach most and what is their average" is one question.

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
_MOST_PARTS = 4
_ENDS = re.compile(r"[?;.!]\s")


def parts_of(question: str, tokens: Sequence[Token]) -> tuple[list[str], bool]:
    """The questions in one, in order, and whether each is a sentence; none where it is a single one."""
    starts, sentences = [0], True
    for at in range(1, len(tokens)):
        ended = _ENDS.search(question[tokens[at - 1].end : tokens[at].start] + " ") is not None
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
