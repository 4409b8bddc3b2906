"""What all parts of the reader share: the cover, the terms it stands for, and the draft they fill.

Does not belong here: what any mention means (``reading`` and what it is made of).
"""

from __future__ import annotations

from collections.abc import Iterable

from nlq.core.plan import Plan
from nlq.planning.draft import Decision, Draft
from nlq.planning.events import Event
from nlq.planning.lexicon import Lexicon
from nlq.planning.mentions import Mention
from nlq.planning.neighbours import Neighbours
from nlq.planning.resolve import Assignment


class Drafting(Neighbours):
    """One cover under one assignment, and the draft made of it.

    ``event`` says what a participle beside a time means. ``before`` is the plan that the question follows up: what is
    ranked or shared is what that one was split by.
    """

    def __init__(
        self,
        lexicon: Lexicon,
        mentions: Iterable[Mention],
        assignment: Assignment,
        event: Event | None = None,
        before: Plan | None = None,
    ) -> None:
        super().__init__(mentions, assignment)
        self._lexicon, self._vocabulary, self._event, self._before = lexicon, lexicon.vocabulary, event, before
        self._draft = Draft()
        self._used: set[int] = set()
        self._negated: set[int] = set()

    def _believe(self, mention: Mention, meaning: str, factor: float) -> None:
        self._draft.because.append(Decision(mention.text, meaning))
        self._draft.confidence *= factor
