"""How a text is cut into tokens, and a name into words.

Belongs here: words, numbers with their scale, dates, what stands in quotes, symbols. Does not belong here: forms of one
word (``forms``), what a word means.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

TokenKind = Literal["word", "number", "date", "quoted", "symbol"]


@dataclass(frozen=True)
class Token:
    """One token: ``text`` as written, ``norm`` lower-cased without plural ending of the possessive kind."""

    text: str
    norm: str
    kind: TokenKind
    start: int
    end: int

    @property
    def number(self) -> float | None:
        """Its value, if it is a number."""
        return float(self.norm) if self.kind == "number" else None


def unquoted(tokens: Sequence[Token]) -> tuple[str, ...]:
    """The norms of tokens, of which quoted ones are no words."""
    return tuple("" if token.kind == "quoted" else token.norm for token in tokens)


def set_of(text: str) -> frozenset[str]:
    """The words of a list, which blanks part."""
    return frozenset(text.split())


_TOKEN = re.compile(
    r"""
    "(?P<dq>[^"]+)" | “(?P<cq>[^”]+)” | (?<!\w)'(?P<sq>[^']+)'(?!\w)
    | (?P<date>\d{4}-\d{2}(?:-\d{2})?)(?![\w-])
    | (?P<number>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)
      (?P<scale>[kKmM](?![A-Za-z])|\s+(?:thousand|million|billion|lakh|crore)\b)?
    | (?P<word>[^\W\d_]+(?:['’][^\W\d_]+)?)
    | (?P<symbol><=|>=|!=|<>|≤|≥|[^\s\w.?!:;()\[\]{}'"“”‘’_\-–—])
    """,
    re.VERBOSE,
)
SCALES = {"k": 1e3, "m": 1e6, "thousand": 1e3, "million": 1e6, "billion": 1e9, "lakh": 1e5, "crore": 1e7}
"""What a number is times, by the word or letter behind it."""
_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
NUMBERS = {word: number for number, word in enumerate(_NUMBERS.split())}
CONTRACTIONS = {
    "what's",
    "who's",
    "where's",
    "how's",
    "it's",
    "that's",
    "there's",
    "let's",
    "i'm",
    "i'd",
    "we're",
}
NEGATED = re.compile(r"^(?:do|does|did|is|are|was|were|has|have|had)n['’]?t$")


def tokenize(text: str) -> list[Token]:
    """The tokens of a text, in order; punctuation that means nothing is left out."""
    tokens = []
    for match in _TOKEN.finditer(text):
        kind, norm = _classify(match)
        tokens.append(Token(match.group(0), norm, kind, match.start(), match.end()))
    return _scaled(tokens)


def reworded(text: str, tokens: Sequence[Token], words: Mapping[int, str]) -> tuple[str, list[Token]]:
    """A text with some of its tokens, by their places, written as other words; there are as many tokens as before."""
    parts: list[str] = []
    found: list[Token] = []
    end = shift = 0
    for at, token in enumerate(tokens):
        said = words.get(at)
        parts += [text[end : token.start], text[token.start : token.end] if said is None else said]
        end, start = token.end, token.start + shift
        shift += len(parts[-1]) - (token.end - token.start)
        found.append(replace(token, start=start, end=token.end + shift))
        if said is not None:
            found[-1] = replace(found[-1], text=said, norm=said)
    return "".join([*parts, text[end:]]), found


def _scaled(tokens: list[Token]) -> list[Token]:
    """Numbers in words with their scale as one token: one million."""
    found: list[Token] = []
    for token in tokens:
        scale = SCALES.get(token.norm) if token.kind == "word" and found and found[-1].text.isalpha() else None
        if scale and (number := found[-1].number) is not None:
            first = found.pop()
            norm = str(int(number * scale))
            found.append(Token(f"{first.text} {token.text}", norm, "number", first.start, token.end))
        else:
            found.append(token)
    return found


def _classify(match: re.Match[str]) -> tuple[TokenKind, str]:
    groups = match.groupdict()
    quoted = groups["dq"] or groups["cq"] or groups["sq"]
    if quoted is not None:
        return "quoted", quoted
    if groups["date"]:
        return "date", groups["date"]
    if groups["number"]:
        # More digits than any figure has are no number that could be compared with one.
        number = _number(groups["number"], groups["scale"])
        return ("word", match.group()) if number == "inf" else ("number", number)
    if groups["word"]:
        return _word(groups["word"].lower().replace("’", "'"))
    return "symbol", groups["symbol"]


def _number(digits: str, scale: str | None) -> str:
    value = float(digits.replace(",", "")) * SCALES.get((scale or "").strip().lower(), 1)
    return str(int(value)) if value.is_integer() and value < 1e15 else repr(value)


def _word(word: str) -> tuple[TokenKind, str]:
    if word in NUMBERS:
        return "number", str(NUMBERS[word])
    if word in CONTRACTIONS:
        return "word", word.split("'")[0]
    if NEGATED.match(word):
        return "word", "not"
    return "word", word.removesuffix("'s").replace("'", "")


@lru_cache(maxsize=50_000)
def words_of(text: str) -> tuple[str, ...]:
    """The norms of a name, label or value: ``WARD_03`` gives ``("ward", "3")``."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFC", text))
    return tuple(token.norm.lower() for token in tokenize(split) if token.kind != "symbol")
