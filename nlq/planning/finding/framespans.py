"""Words of the frame in a question over one layer: which are passed over, and what they can then not be.

Belongs here: what the layer has to say against a word of the frame. Does not belong here: which words those are
(``english.frames``), and whether what they need is there (``reading.verbs``).
"""

from __future__ import annotations

from functools import cached_property

from nlq.english.frames import MEASURING, Frame, frame_at
from nlq.planning.drafts.mentions import Kind, Mention, Reach
from nlq.planning.finding.listedspans import ListedFinder


class FrameFinder(ListedFinder):
    """Finds the words of the frame of one question, where these are passed over at all."""

    @cached_property
    def _framing(self) -> dict[int, Frame]:
        """What each word of the frame needs, by its place."""
        if self._reach is not Reach.FRAMED:
            return {}
        found = {at: frame for at in range(len(self._tokens)) if (frame := frame_at(self._tokens, at))}
        return {at: frame for at, frame in found.items() if frame is Frame.SELF or not self._is_named(at)}

    def _frame(self, at: int) -> Frame | None:
        """What the word of the frame at a place needs; None where there is none."""
        return self._framing.get(at)

    def _is_named(self, at: int) -> bool:
        """Whether a value of the layer is called so, if only in part."""
        return bool(self._lexicon.values([self._norm(at)]))

    def _frames(self, mention: Mention) -> bool:
        """Whether a mention takes a single word for a term that is rather one of the frame.

        What something is called as a whole is a part of many values: of a channel MOBILE_APP "the app" is none. What
        only measures is no term by what descriptions say.
        """
        frame = self._frame(mention.first) if mention.last == mention.first + 1 else None
        if frame is Frame.SELF:
            return mention.kind is Kind.VALUE
        loose = mention.kind in (Kind.METRIC, Kind.DIMENSION) and not any(hit.sure for hit in mention.payload)
        return frame in MEASURING and loose
