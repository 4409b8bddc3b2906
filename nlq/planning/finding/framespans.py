"""Words of the frame in a question over one layer: which are passed over, and what they can then not be.

Belongs here: what the layer has to say against a word of the frame. Does not belong here: which words those are
(``english.frames``), and whether what they need is there (``reading.verbs``).
"""

from __future__ import annotations

from collections.abc import Sequence

from nlq.english.frames import MEASURING, Frame, frame_at
from nlq.english.tokens import Token
from nlq.planning.drafts.mentions import Kind, Mention, Reach
from nlq.planning.finding.lexicon import Lexicon


class Framing:
    """The words of the frame of one question, where these are passed over at all."""

    def __init__(self, tokens: Sequence[Token], lexicon: Lexicon, reach: Reach) -> None:
        self._frames: dict[int, Frame] = {}
        for at, token in enumerate(tokens if reach is Reach.FRAMED else ()):
            frame = frame_at(tokens, at)
            # A value of the layer that is called so, if only in part, is meant rather than the frame.
            if frame and (frame is Frame.SELF or not lexicon.values([token.norm])):
                self._frames[at] = frame

    def at(self, at: int) -> Frame | None:
        """What the word of the frame at a place needs; None where there is none."""
        return self._frames.get(at)

    def takes(self, mention: Mention) -> bool:
        """Whether a mention takes a single word for a term that is rather one of the frame.

        What something is called as a whole is a part of many values: of a channel MOBILE_APP "the app" is none. What
        only measures is no term by what descriptions say.
        """
        frame = self.at(mention.first) if mention.last == mention.first + 1 else None
        if frame is Frame.SELF:
            return mention.kind is Kind.VALUE
        loose = mention.kind in (Kind.METRIC, Kind.DIMENSION) and not any(hit.sure for hit in mention.payload)
        return frame in MEASURING and loose
