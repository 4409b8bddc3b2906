"""Tokens, word forms and the general English of analytics.

Belongs here: how a text is cut into tokens, how word forms are brought together, and word lists that hold for
any subject. Does not belong here: a word of any one domain (those come from the semantic layer), nor grammar.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
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


def unquoted(tokens: Sequence[Token]) -> tuple[str, ...]:
    """The norms of tokens, of which quoted ones are no words."""
    return tuple("" if token.kind == "quoted" else token.norm for token in tokens)


def _listed(text: str) -> list[str]:
    return text.split()


def set_of(text: str) -> frozenset[str]:
    """The words of a list, which blanks part."""
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
OCCURRENCE = set_of(
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
    "ids": "id",
    "worth": "value",
    "typical": "average",
    "typically": "average",
    "usual": "average",
    "usually": "average",
    "highest": "maximum",
    "largest": "maximum",
    "greatest": "maximum",
    "biggest": "maximum",
    "lowest": "minimum",
    "smallest": "minimum",
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


_ALIKE = set_of("means series species news")


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
    """Whether the word carries a plural ending; one of several forms alike tells nothing: means, series."""
    return singular(word) != word and word.endswith("s") and word not in _ALIKE


# --- general English ---------------------------------------------------------------------------------------

POSSESSIVES = set_of("their its his her our")
GLUE = set_of("a an the of is are was were be been being has have had that") | POSSESSIVES
"""Words without meaning of their own, also inside a phrase."""

COUNTING = set_of("total totals count counts number numbers many much sum amount amounts")
"""Words that ask for a plain amount."""

NUMBERING = set_of("count counts number numbers many")
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

SUBJECTS = set_of("i we you they he she")
"""Pronouns that are subjects: "may" before one is the verb, not the month."""

FILLER = (
    set_of("""
    show me give tell display get find fetch please can could would should will you i we us they them it he
    she want wants need like know see let lets look looking at what whats how in on for to from with within
    by as there here this these those do does did done and hello hi hey thanks thank ok okay so far
    data report chart table graph figure figures result results breakdown distribution overview summary
    view plot draw print return calculate compute all any only just also then now current currently
    right still about regarding concerning via through using overall during up my your have had having got exist
    exists happen say get gets got getting take takes took taken bring brings brought goes went altogether ever our
    ours yet but together use used develop developed evolve evolved one ones broken break down split divided
    distributed grouped group sorted sort ordered order rank ranked ranking where whose among into out terms term
    everything pay pays paid different distinct unique generate generates generated produce produces produced contribute
    contributes contributed located situated based belong belongs belonging corresponding respective respectively
    combined entire whole database dataset happening held hold holds exist existing occurred occurring
    contain contains containing involve involves involved participate participated participates according respectively
    individual particular specific certain given following listed name names
    indicate identify mention specify provide name describe determine compute estimate consider select retrieve obtain
    showing along if such present presented inclusive include included output enumerate pls plz stats statistics
    doing performing sent both
    """)
    | GLUE
    | OCCURRENCE
)
"""Words that may stand in a question without changing what it asks."""

RATES = set_of("rate rates ratio ratios share shares percentage proportion fraction")
"""Words for a figure over another, which have no kin: a ratio is no rating."""
BY_WORDS = set_of("by per each every across wise")
NOT_WORDS = set_of("not excluding exclude except without no non excludes ignoring neither nor outside")
PER_WORDS = set_of("per each every a")
"""Words after which an average is over what follows: "complaints per ward on average"."""
OR_WORDS = frozenset({"or"})
AND_WORDS = frozenset({"and", "&", ","})
VERSUS_WORDS = set_of("vs versus compare compares compared comparing comparison against")
MORE_WORDS = set_of("more less fewer higher lower better worse larger smaller")
"""Comparatives: with a "than" that no number follows they ask for a comparison."""
FEWER = set_of("less fewer lower smaller worse")
SHARE_WORDS = set_of(
    "share shares percentage percentages percent pct % proportion proportions fraction portion contribution "
    "contributions"
)
AVERAGE_WORDS = set_of("average averages averaged avg mean typical typically usual usually")
GROWTH_WORDS = set_of("growth change changes increase decrease decline grow grew grown growing development")
PREDICATES = set_of(
    "whose is are was were be been being has have had came come comes go goes went made make makes use used using "
    "arrive arrived got get gets paid"
)
"""Verbs between a whole and a part of it: "what share of orders are online"."""
IRREGULAR_PARTICIPLES = set_of(
    "sold bought sent paid lost built left kept held begun done given shown written born taken drawn chosen"
)
PREPOSITIONS = set_of("from of in for to with on at among within")
RELATIVES = set_of("whose with having have has had where which who that")
"""Words between a thing and what is told of it: "continents whose average life expectancy is over 70"."""
EVENT_WORDS = set_of("event events")
"""Words that only say that something is counted when it happens."""
WHICH_WORDS = frozenset({"which", "what", "whats"})
FREQUENT = set_of("common commonly frequent frequently popular often")
"""Words that only say again what "most" and "least" say."""
DIFFERENT = set_of("different distinct unique")
SORTING = set_of("type kind category class sort")
"""Nouns that only say that things are of several."""
MULTIPLES = {"twice": 2.0, "double": 2.0, "thrice": 3.0, "half": 0.5}
CUMULATIVE = set_of("cumulative cumulatively cumulated")
ROLLING = set_of("running rolling moving")
TOTALLING = set_of("total totals sum")
LISTING = set_of("list records rows details enumerate individual")
"""Words that ask for the things themselves, not for a figure of them."""
SHOWING = set_of("return show list give include display present provide report output add state indicate")
"""Verbs by which a further sentence asks for columns."""
NAMING = set_of("name names id ids code codes number numbers")
"""Words that end the names of what tells things apart."""
MISSING = set_of("unknown missing blank empty null unspecified unassigned undefined")
"""Words for the lack of a value."""
TREND_WORDS = set_of("trend trends trending timeline developing evolving")
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

HIGHEST = set_of("most highest greatest largest biggest maximum max top more busiest leading commonest popular")
LOWEST = set_of("least lowest fewest smallest minimum min bottom")
EXTREMES = set_of("maximum minimum max min")
LONGEST = set_of("longest slowest")
SHORTEST = set_of("shortest fastest quickest")
BEST = frozenset({"best", "strongest"})
WORST = frozenset({"worst", "weakest", "poorest"})
SORTED = set_of("sort sorted order ordered rank ranked ranking")
"""Words by which rows are sorted by their figures, not in an order of their own."""
DESCENDING = set_of("descending desc")
ASCENDING = set_of("ascending asc")

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

CALENDAR_WORDS = set_of(
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
    (("equals",), "eq"),
    (("exactly",), "eq"),
    (("not", "more", "than"), "le"),
    (("not", "less", "than"), "ge"),
    (("bigger", "or", "equal", "to"), "ge"),
    (("greater", "than", "or", "equal", "to"), "ge"),
    (("less", "than", "or", "equal", "to"), "le"),
    (("older", "than"), "gt"),
    (("younger", "than"), "lt"),
    (("heavier", "than"), "gt"),
    (("lighter", "than"), "lt"),
    (("taller", "than"), "gt"),
    (("a", "minimum", "of"), "ge"),
    (("a", "maximum", "of"), "le"),
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

DIMENSIONAL = {
    "older": set_of("age"),
    "younger": set_of("age"),
    "heavier": set_of("weight"),
    "lighter": set_of("weight"),
    "taller": set_of("height"),
    "shorter": set_of("height length duration"),
    "longer": set_of("length duration"),
    "bigger": set_of("size area"),
    "larger": set_of("size area"),
    "smaller": set_of("size area"),
}
"""What comparatives of size compare: who is older has a higher age."""
MEASURES = frozenset[str]().union(*DIMENSIONAL.values())

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

ENGLISH = (
    FILLER
    | OPERATORS
    | LISTING
    | CUMULATIVE
    | ROLLING
    | frozenset(MULTIPLES)
    | frozenset(GRAIN_UNITS)
    | {word for phrase, _ in COMPARATORS for word in phrase}
)
"""Every general word the planner knows, for telling a slip from a word."""
