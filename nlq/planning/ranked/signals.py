"""What a question says, word by word, before anything is made of it.

Belongs here: which words tell something and of what class, which terms and values they are near to, the times, numbers
and operators said. Does not belong here: plans (``candidates``), how well a plan fits (``features``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from nlq.core.dateparts import DATE_PARTS
from nlq.core.vocabulary import Vocabulary
from nlq.english import general as w
from nlq.english.forms import stem
from nlq.english.tokens import Token, set_of
from nlq.english.words import is_english
from nlq.planning.drafts.mentions import Kind, Mention
from nlq.planning.finding.phraseindex import Hit
from nlq.planning.finding.valueindex import ValueHit
from nlq.planning.ranked.near import Fit, NearIndex

_MOST_TERMS = 10
_MOST_SPANS = 4
_MOST_OPTIONS = 3
_ASKING = set_of("who when where why whose whom")
_LOGIC = w.NOT_WORDS | set_of("only never both half if")
_AGGREGATE = w.AVERAGE_WORDS | w.HIGHEST | w.LOWEST | w.LONGEST | w.SHORTEST | w.BEST | w.WORST | set_of(
    "median total totals sum latest earliest newest oldest first last expensive cheapest"
)  # fmt: skip
_SHARING = w.SHARE_WORDS | set_of("ratio ratios rate rates")
_VERBS = w.PREDICATES | set_of("return show list give include display state indicate find name")
_WORDS_OF = (
    (set_of("than versus vs against"), "compare"),
    (_LOGIC, "logic"),
    (_SHARING, "share"),
    (_AGGREGATE, "aggregate"),
    (_ASKING, "asking"),
    (w.ENGLISH | _VERBS | w.PREPOSITIONS, ""),
)


@dataclass(frozen=True)
class Value:
    """One value that words may mean: its filter, how much of it was said, and whether its dimension was, beside."""

    dimension: str
    value: Any
    coverage: float
    named: bool
    text: str


@dataclass(frozen=True)
class Span:
    """A stretch of words that may name values, the likeliest first, and whether they are to be left out."""

    at: frozenset[int]
    options: tuple[Value, ...]
    negated: bool = False


@dataclass(frozen=True)
class Signals:
    """What one question says. Places are those of its tokens."""

    tokens: Sequence[Token]
    classes: dict[int, str]
    metrics: tuple[Fit, ...]
    dimensions: tuple[Fit, ...]
    spans: tuple[Span, ...]
    times: tuple[Mention, ...]
    grain: Mention | None
    bounds: tuple[Mention, ...]
    rank: Mention | None
    words: frozenset[str]
    licensed: dict[int, str]
    """By place of a word what licenses a group there: by, which, list, or nothing."""
    kinds: frozenset[Kind] = field(default=frozenset())
    at_kind: dict[Kind, frozenset[int]] = field(default_factory=dict)

    def places(self, kind: Kind) -> frozenset[int]:
        """Where words of a kind stand."""
        return self.at_kind.get(kind, frozenset())


def signals(tokens: Sequence[Token], mentions: Iterable[Mention], near: NearIndex, vocabulary: Vocabulary) -> Signals:
    """What a question says, by what its stretches of words may be."""
    found = list(mentions)
    times = _longest([m for m in found if m.kind is Kind.TIME and m.payload.range])
    bounds = _longest([m for m in found if m.kind is Kind.THRESHOLD])
    timed = {at for m in times for at in range(m.first, m.last)}
    bounds = [m for m in bounds if not timed & set(range(m.first, m.last))]
    taken = timed | {at for m in bounds for at in range(m.first, m.last)}
    telling = {at: t.norm for at, t in enumerate(tokens) if at not in taken and (t.kind == "number" or _is_telling(t))}
    ranks = [m for m in found if m.kind in (Kind.TOP, Kind.SUPERLATIVE) and not taken & set(range(m.first, m.last))]
    grains = [m for m in found if m.kind is Kind.GRAIN and not taken & set(range(m.first, m.last))]
    named = [m for m in found if m.kind is Kind.VALUE and any(hit.full for hit in m.payload)]
    grains = [m for m in grains if not any(v.first <= m.first < v.last for v in named)]
    fits = _with_hits(near.terms(telling), found)
    metrics = sorted((f for f in fits if f.ref in vocabulary.metrics), key=_strength, reverse=True)[:_MOST_TERMS]
    dimensions = [f for f in fits if f.ref in vocabulary.dimensions and f.ref not in DATE_PARTS]
    dimensions.sort(key=lambda f: (_strength(f), -f.ref.count("__")), reverse=True)
    at_kind: dict[Kind, set[int]] = {}
    for m in found:
        at_kind.setdefault(m.kind, set()).update(range(m.first, m.last))
    return Signals(
        tokens=tokens,
        classes=_classes(tokens, timed, bounds),
        metrics=tuple(metrics),
        dimensions=tuple(dimensions[: 2 * _MOST_TERMS]),
        spans=tuple(_spans(found, dimensions, tokens, timed, vocabulary)),
        times=tuple(times),
        grain=max(grains, key=lambda m: (not m.payload.bare, m.last - m.first), default=None),
        bounds=tuple(bounds),
        rank=max(ranks, key=_rank_worth, default=None),
        words=frozenset(t.norm for t in tokens if t.kind != "quoted"),
        licensed=_licensed(tokens, at_kind),
        kinds=frozenset(at_kind),
        at_kind={kind: frozenset(at) for kind, at in at_kind.items()},
    )


def _rank_worth(mention: Mention) -> tuple[bool, int]:
    """What names an end is worth more than a bare number of ranks, and more words more than fewer."""
    has_end = mention.kind is Kind.SUPERLATIVE or mention.payload.end not in (None, "asked")
    return has_end, mention.last - mention.first


def _is_telling(token: Token) -> bool:
    norm = token.norm
    if token.kind != "word":
        return False
    return norm not in w.GLUE and norm not in w.PREPOSITIONS and (norm not in w.FILLER or norm in w.NAMING)


def _strength(fit: Fit) -> float:
    return fit.said * 2 + fit.coverage * fit.likeness


def _with_hits(fits: Sequence[Fit], mentions: Sequence[Mention]) -> list[Fit]:
    """The fits of single words; where a stretch of words means a term by a rule of its own, that is kept as well."""
    known = {fit.ref: fit for fit in fits}
    for mention in mentions:
        if mention.kind not in (Kind.METRIC, Kind.DIMENSION):
            continue
        for hit in mention.payload:
            if isinstance(hit, Hit) and hit.ref not in known and hit.ref not in DATE_PARTS:
                at = frozenset(range(mention.first, mention.last))
                known[hit.ref] = Fit(hit.ref, at, 0.1, hit.coverage * 0.8, hit.likeness, hit.source)
    return list(known.values())


def _longest(mentions: Sequence[Mention]) -> list[Mention]:
    """The longest that do not overlap."""
    kept: list[Mention] = []
    for one in sorted(mentions, key=lambda m: (m.first - m.last, m.first)):
        if all(one.last <= other.first or one.first >= other.last for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda m: m.first)


def _classes(tokens: Sequence[Token], timed: set[int], bounds: Sequence[Mention]) -> dict[int, str]:
    """The class of every word that tells something."""
    compared = {at for m in bounds for at in range(m.first, m.last)}
    found: dict[int, str] = {}
    for at, token in enumerate(tokens):
        kind = "time" if at in timed else "compare" if at in compared else _class_of(token, first=not at)
        if kind:
            found[at] = kind
    return found


def _class_of(token: Token, *, first: bool) -> str:
    """The class of a word by itself; nothing for those that tell nothing. The first word has a capital anyway."""
    norm = token.norm
    if token.kind != "word" and norm not in w.SHARE_WORDS:
        return {"number": "number", "quoted": "quoted", "date": "time"}.get(token.kind, "")
    for words, kind in _WORDS_OF:
        if norm in words:
            return kind
    if token.text[:1].isupper() and not first:
        return "name"
    return "word" if is_english(norm) or is_english(stem(norm)) else "rare"


def _spans(
    mentions: Sequence[Mention],
    dimensions: Sequence[Fit],
    tokens: Sequence[Token],
    timed: set[int],
    vocabulary: Vocabulary,
) -> list[Span]:
    """The stretches that may name values, the longest and fullest first; none overlaps another."""
    said = {fit.ref: fit for fit in dimensions if fit.coverage * fit.likeness > 0.6}
    values = [m for m in mentions if m.kind is Kind.VALUE and not timed & set(range(m.first, m.last))]
    values.sort(key=lambda m: (-(m.last - m.first), -max(hit.coverage for hit in m.payload), m.first))
    taken: set[int] = set()
    found: list[Span] = []
    for mention in values:
        at = frozenset(range(mention.first, mention.last))
        if taken & at or len(found) >= _MOST_SPANS:
            continue
        taken |= at
        options = _options(mention, said, vocabulary)
        before = {tokens[n].norm for n in range(max(0, mention.first - 3), mention.first)}
        negated = bool(before & (w.NOT_WORDS - {"no", "non"}))
        found.append(Span(at, options, negated))
    return sorted(found, key=lambda span: min(span.at))


def _options(mention: Mention, said: dict[str, Fit], vocabulary: Vocabulary) -> tuple[Value, ...]:
    by_dimension: dict[str, ValueHit] = {}
    for hit in mention.payload:
        if hit.dimension not in by_dimension or hit.coverage > by_dimension[hit.dimension].coverage:
            by_dimension[hit.dimension] = hit
    options = [
        Value(name, hit.value, hit.coverage, name in said, mention.text)
        for name, hit in by_dimension.items()
        if name in vocabulary.dimensions
    ]
    options.sort(
        key=lambda v: (v.named, v.coverage, vocabulary.dimensions[v.dimension].is_name, -v.dimension.count("__")),
        reverse=True,
    )
    return tuple(options[: 3 * _MOST_OPTIONS])


def _licensed(tokens: Sequence[Token], at_kind: dict[Kind, set[int]]) -> dict[int, str]:
    """What licenses a group at each place: the last of "by", "which" or "list" before it, near enough."""
    found: dict[int, str] = {}
    last, since = "", 0
    for at, token in enumerate(tokens):
        norm = token.norm
        if norm in w.BY_WORDS | set_of("grouped"):
            last, since = "by", 0
        elif norm in w.WHICH_WORDS | {"who"}:
            last, since = "which", 0
        elif norm in w.LISTING | w.SHOWING | {"name", "names", "find"}:
            last, since = "list", 0
        elif norm in w.AND_WORDS | w.GLUE | w.DIFFERENT | {"respective", "of"} | w.POSSESSIVES:
            pass
        else:
            since += 1
        found[at] = last if since <= (6 if last == "list" else 2) else ""
        if token.kind in ("word",) and norm in _AFTER:
            last = ""
    return found


_AFTER = set_of("where whose with from in for having that")
