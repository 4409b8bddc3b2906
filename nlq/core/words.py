"""Tokens, word forms and the general English of analytics.

Belongs here: how a text is cut into tokens, how word forms are brought together, and word lists that hold for
any subject. Does not belong here: a word of any one domain (those come from the semantic layer), nor grammar.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
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


def _listed(text: str) -> list[str]:
    return text.split()


def _set(text: str) -> frozenset[str]:
    return frozenset(_listed(text))


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
_SCALES = {"k": 1e3, "m": 1e6, "thousand": 1e3, "million": 1e6, "billion": 1e9, "lakh": 1e5, "crore": 1e7}
_NUMBER_WORDS = _listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
NUMBERS = {word: number for number, word in enumerate(_NUMBER_WORDS)}
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
NEGATED = re.compile(r"^(?:do|does|did|is|are|was|were|has|have|had)n['’]t$")


def tokenize(text: str) -> list[Token]:
    """The tokens of a text, in order; punctuation that means nothing is left out."""
    tokens = []
    for match in _TOKEN.finditer(text):
        kind, norm = _classify(match)
        tokens.append(Token(match.group(0), norm, kind, match.start(), match.end()))
    return _scaled(tokens)


def _scaled(tokens: list[Token]) -> list[Token]:
    """Numbers in words with their scale as one token: one million."""
    found: list[Token] = []
    for token in tokens:
        scale = _SCALES.get(token.norm) if token.kind == "word" and found and found[-1].text.isalpha() else None
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
    value = float(digits.replace(",", "")) * _SCALES.get((scale or "").strip().lower(), 1)
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


# --- word forms --------------------------------------------------------------------------------------------

# Verbs that only say that a thing came about. They are matched by their exact form alone: "opened last month"
# does not mean "open".
OCCURRENCE = _set(
    "created submitted filed raised opened registered lodged logged reported received recorded made placed "
    "came come comes occurred happened happens occurs arrived entered booked receive occur happen arrive "
    "place bought buy purchased"
)
_SAME = {
    "avg": "average",
    "mean": "average",
    "percent": "rate",
    "percentage": "rate",
    "pct": "rate",
    "proportion": "rate",
    "ratio": "rate",
    "%": "rate",
    "max": "maximum",
    "min": "minimum",
    "qty": "quantity",
    "sell": "sale",
    "sold": "sale",
    "selling": "sale",
    "yoy": "yoy",
    "center": "centre",
}
_SIBILANT = ("sses", "shes", "ches", "xes", "zes")


@lru_cache(maxsize=50_000)
def singular(word: str) -> str:
    """The word without its plural ending, and one spelling for words that mean the same."""
    word = _SAME.get(word, word)
    if len(word) <= 3 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(_SIBILANT):
        return word[:-2]
    if word.endswith("s"):
        return _SAME.get(word[:-1], word[:-1])
    return word


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The word without plural and verb endings, where what is left has at least four letters."""
    if word in OCCURRENCE:
        return word
    base = singular(word)
    for ending in ("ing", "ed"):
        if base.endswith(ending) and len(base) - len(ending) >= 4:
            base = base[: -len(ending)]
            if base[-1] == base[-2] and base[-1] not in "lsz":
                base = base[:-1]
            break
    return base[:-1] if base.endswith("e") and len(base) > 4 else base


def is_plural(word: str) -> bool:
    """Whether the word carries a plural ending."""
    return singular(word) != word and word.endswith("s")


# --- general English ---------------------------------------------------------------------------------------

GLUE = _set("a an the of is are was were be been being has have had that their its his her our")
"""Words without meaning of their own, also inside a phrase."""

COUNTING = _set("total totals count counts number numbers many much sum")
"""Words that ask for a plain amount."""

NUMBERING = _set("count counts number numbers many")
"""Words that ask how many there are."""

GENERIC = frozenset(
    stem(word)
    for word in _listed(
        "rate average median count number total amount value day hour minute second month week quarter year time per "
        "over by share maximum minimum percentile growth change quantity p running rolling"
    )
)
"""Words that name no subject: a metric is never recognised by these alone."""

UNITS: dict[str, float] = {"minute": 1 / 60, "hour": 1.0, "day": 24.0, "week": 168.0}
"""Units of duration, in hours."""

FILLER = (
    _set("""
    show me give tell list display get find fetch please can could would should will you i we us they them it he
    she want wants need like know see let lets look looking at what whats how in on for to from with within
    by as there here this these those do does did done and hello hi hey thanks thank ok okay so far
    data report chart table graph figure figures result results breakdown distribution overview summary
    view plot draw print return calculate compute all any only just also then now current currently
    right still about regarding concerning via through using overall during up my your have had having got exist
    exists happen say get gets got getting take takes took taken bring brings brought goes went altogether ever our
    ours yet but together use used develop developed evolve evolved one ones broken break down split divided
    distributed grouped group sorted sort ordered order rank ranked ranking where whose among into out terms term
    everything pay pays paid different distinct generate generates generated produce produces produced contribute
    contributes contributed
    """)
    | GLUE
    | OCCURRENCE
)
"""Words that may stand in a question without changing what it asks."""

BY_WORDS = _set("by per each every across wise")
NOT_WORDS = _set("not excluding exclude except without no non excludes ignoring neither nor outside")
PER_WORDS = _set("per each every a")
"""Words after which an average is over what follows: "complaints per ward on average"."""
OR_WORDS = frozenset({"or"})
AND_WORDS = frozenset({"and", "&", ","})
VERSUS_WORDS = _set("vs versus compare compares compared comparing comparison against")
MORE_WORDS = _set("more less fewer higher lower better worse larger smaller")
"""Comparatives: with a "than" that no number follows they ask for a comparison."""
SHARE_WORDS = _set(
    "share shares percentage percentages percent pct % proportion proportions fraction portion contribution "
    "contributions"
)
AVERAGE_WORDS = _set("average averages averaged avg mean typical typically")
GROWTH_WORDS = _set("growth change changes increase decrease decline grow grew grown growing development")
PREDICATES = _set(
    "whose is are was were be been being has have had came come comes go goes went made make makes use used using "
    "arrive arrived got get gets paid"
)
"""Verbs between a whole and a part of it: "what share of orders are online"."""
IRREGULAR_PARTICIPLES = _set("sold bought sent paid lost built left kept held begun done given shown written")
EVENT_WORDS = _set("event events")
"""Words that only say that something is counted when it happens."""
WHICH_WORDS = frozenset({"which", "what", "whats"})
FREQUENT = _set("common frequent popular")
"""Words that only say again what "most" and "least" say."""
TREND_WORDS = _set("trend trends trending timeline")
ORDINALS = {
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
}
GROWTH_SHORT = {"yoy": "year", "mom": "month", "wow": "week", "qoq": "quarter"}

HIGHEST = _set("most highest greatest largest biggest maximum max top more busiest")
LOWEST = _set("least lowest fewest smallest minimum min bottom")
LONGEST = _set("longest slowest")
SHORTEST = _set("shortest fastest quickest")
BEST = frozenset({"best", "strongest"})
WORST = frozenset({"worst", "weakest", "poorest"})
SORTED = _set("sort sorted order ordered rank ranked ranking")
"""Words by which rows are sorted by their figures, not in an order of their own."""
DESCENDING = _set("descending desc")
ASCENDING = _set("ascending asc")

GRAIN_ADJECTIVES = {
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
    "annual": "year",
    "annually": "year",
}
GRAIN_UNITS = {
    "day": "day",
    "date": "day",
    "week": "week",
    "month": "month",
    "quarter": "quarter",
    "year": "year",
}

CALENDAR_WORDS = _set(
    "monday tuesday wednesday thursday friday saturday sunday weekday weekend workday working business calendar "
    "seasonality seasonal pattern"
)
"""Words for parts of the calendar that recur."""

COMPARATORS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("more", "than"), "gt"),
    (("greater", "than"), "gt"),
    (("higher", "than"), "gt"),
    (("larger", "than"), "gt"),
    (("bigger", "than"), "gt"),
    (("longer", "than"), "gt"),
    (("less", "than"), "lt"),
    (("fewer", "than"), "lt"),
    (("lower", "than"), "lt"),
    (("smaller", "than"), "lt"),
    (("shorter", "than"), "lt"),
    (("at", "least"), "ge"),
    (("at", "most"), "le"),
    (("no", "more", "than"), "le"),
    (("no", "less", "than"), "ge"),
    (("no", "fewer", "than"), "ge"),
    (("up", "to"), "le"),
    (("equal", "to"), "eq"),
    (("exactly",), "eq"),
    (("over",), "gt"),
    (("above",), "gt"),
    (("exceeding",), "gt"),
    (("exceeds",), "gt"),
    (("exceed",), "gt"),
    (("exceeded",), "gt"),
    (("topped",), "gt"),
    (("surpassed",), "gt"),
    (("reached",), "ge"),
    (("under",), "lt"),
    (("below",), "lt"),
    ((">",), "gt"),
    (("<",), "lt"),
    ((">=",), "ge"),
    (("<=",), "le"),
    (("≥",), "ge"),
    (("≤",), "le"),
)

OPERATORS = (
    BY_WORDS | NOT_WORDS | OR_WORDS | AND_WORDS | VERSUS_WORDS | WHICH_WORDS | TREND_WORDS | HIGHEST | LOWEST
) | (
    SHARE_WORDS
    | AVERAGE_WORDS
    | GROWTH_WORDS
    | MORE_WORDS
    | LONGEST
    | SHORTEST
    | BEST
    | WORST
    | DESCENDING
    | ASCENDING
    | COUNTING
    | frozenset(GRAIN_ADJECTIVES)
)
"""Every single word the grammar reads as an operator."""

ENGLISH = FILLER | OPERATORS | frozenset(GRAIN_UNITS) | {word for phrase, _ in COMPARATORS for word in phrase}
"""Every general word the planner knows, for telling a slip from a word."""
