"""The index in memory: by namespace, so that a search reads the namespaces of its caller and no other.

Belongs here: holding what is kept (``store``), ranking by words and by meaning together, and what is near enough. Does
not belong here: who may search which namespace (``searching``), gathering passages.

Words and meaning each rank passages; their ranks are joined by reciprocal rank fusion (Cormack et al. 2009), which
needs no common scale. Whether the best of them is near at all is judged by a scale of its own: see `Near`.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lakehouse_assets.search.meaning import Vectors
from lakehouse_assets.search.model import Kind
from lakehouse_assets.search.words import Words, counted, words_of

if TYPE_CHECKING:
    from lakehouse_assets.search.store import Row, Store

MOST_HELD = 400_000
"""Passages that a process holds, some 600 bytes each; namespaces that nobody has searched for longest go first. A
search over all tenants reads no more."""
_MOST_BLOCKS = 8
"""Blocks of a namespace before they are made into one."""
_RANKED = 200
"""Passages that each of both rankings puts forward."""
_FUSION = 60
"""The constant of reciprocal rank fusion; larger ones make less of the first places."""
_KINDS = {kind: number for number, kind in enumerate(Kind)}


class Near:
    """From where on a passage is near what is searched for; `python -m bench search` measures it.

    The model puts texts of any subject between 0.7 and 0.85, and some questions near to all of them. So of a cosine
    half of that is taken off which the question has with the nearest texts that nothing here is about. To the rest a
    tenth is added of the share of the words, weighted by how much they tell, that the passage has. Of many passages
    one is nearer by chance than of few: what is asked for grows with the logarithm of their number.
    """

    MEANING, OF_MANY = 0.42, 0.0055
    ELSEWHERE, OF_ELSEWHERE = 10, 0.5
    """How many of those texts, and how much of what they have in the mean."""
    UNKNOWN = 0.78
    """What they have with most questions: taken for it as long as they were not read."""
    BESIDE = 0.04
    """How much farther others may be, where one is near."""
    OF_WORDS = 0.1
    WORDS = 0.5
    """The share of the words that is enough, whatever the passage means."""
    WORDS_ALONE = 0.3
    """The share that is enough where no meaning is known."""


class Candidate(NamedTuple):
    """A passage that was found, best first."""

    namespace: str
    number: int
    score: float
    by: tuple[str, ...]


class Block:
    """Passages of a namespace that were read together; what is no longer so is masked, nothing is changed."""

    def __init__(self, rows: Sequence[Row]) -> None:
        """Count their words, and read their vectors."""
        self.numbers = np.array([row.number for row in rows], np.int64)
        self.kinds = np.array([_KINDS[row.kind] for row in rows], np.int8)
        names = {rule: code for code, rule in enumerate(dict.fromkeys(row.rule for row in rows))}
        self.rules = list(names)
        self.rule_of = np.array([names[row.rule] for row in rows], np.int32)
        self.words = Words((row.title, row.text) for row in rows)
        self.vectors = Vectors([row.vector for row in rows])
        self.alive = np.ones(len(rows), bool)

    def without(self, numbers: np.ndarray) -> None:
        """Mask passages that are elsewhere by now, or no more; who searches meanwhile sees them, or not."""
        self.alive = self.alive & ~np.isin(self.numbers, numbers)

    def allowed(self, may: Callable[[str], bool], kinds: Iterable[Kind]) -> np.ndarray:
        """Which may be found by a caller, by the rules it fulfils and the kinds that are wanted."""
        fulfilled = np.array([may(rule) for rule in self.rules], bool)
        wanted = [_KINDS[kind] for kind in kinds]
        found = self.alive & (fulfilled[self.rule_of] if len(self.rules) else False)
        return found & np.isin(self.kinds, wanted) if wanted else found


@dataclass(frozen=True)
class Namespace:
    """What is held of a namespace, up to a version."""

    blocks: tuple[Block, ...]
    version: int

    @property
    def held(self) -> int:
        """How many passages are held, masked ones among them."""
        return sum(len(block.numbers) for block in self.blocks)

    def grown(self, store: Store, name: str, version: int) -> Namespace:
        """The namespace with what changed since; read anew where it has become many parts, or half of it is masked."""
        rows = list(store.changed(name, self.version))
        changed = np.array([row.number for row in rows], np.int64)
        alive = [row for row in rows if not row.gone]
        left = sum(int(block.alive.sum()) for block in self.blocks)
        if self.blocks and (len(self.blocks) >= _MOST_BLOCKS or self.held > 2 * left + len(alive) + 1_000):
            return Namespace((), 0).grown(store, name, version)
        for block in self.blocks:
            block.without(changed)
        newest = max([version, *(row.version for row in rows)])
        return Namespace((*self.blocks, *([Block(alive)] if alive else [])), newest)


class Index:
    """The namespaces that this process holds. Thread-safe."""

    def __init__(self, store: Store) -> None:
        """Nothing is read yet."""
        self._store, self._lock = store, threading.Lock()
        self._namespaces: OrderedDict[str, Namespace] = OrderedDict()

    def opened(self, names: Iterable[str]) -> dict[str, Namespace]:
        """Some namespaces as they are kept now; those that there are not are left out.

        While another search reads what changed, they are given as they were, for that may take seconds.
        """
        versions, oldest = self._store.namespaces(), self._store.oldest()
        there = [name for name in names if name in versions]
        held = {name: namespace for name in there if (namespace := self._namespaces.get(name))}
        if not self._lock.acquire(blocking=len(held) < len(there)):
            return held
        try:
            return {name: self._read(name, versions[name], oldest) for name in there}
        finally:
            self._evict(len(there))
            self._lock.release()

    def _read(self, name: str, version: int, oldest: int) -> Namespace:
        namespace = self._namespaces.pop(name, None) or Namespace((), 0)
        if namespace.version < oldest:
            namespace = Namespace((), 0)
        known = max(version, oldest)  # what is read now is of that version at least, though nothing of it may be here
        if namespace.version < known:
            namespace = namespace.grown(self._store, name, known)
        self._namespaces[name] = namespace
        return namespace

    def _evict(self, needed: int) -> None:
        while (
            len(self._namespaces) > needed
            and sum(namespace.held for namespace in self._namespaces.values()) > MOST_HELD
        ):
            self._namespaces.popitem(last=False)


@dataclass(frozen=True)
class _Ranked:
    """What is known of each passage that may be found, side by side."""

    namespaces: list[str]
    namespace_of: np.ndarray
    numbers: np.ndarray
    words: np.ndarray
    told: np.ndarray
    cosines: np.ndarray
    elsewhere: float

    @property
    def wanted(self) -> float:
        """The nearness that is enough."""
        return Near.MEANING + Near.OF_MANY * math.log(max(len(self.numbers), 1))

    def nearness(self, at: int) -> float:
        """How near by meaning, and by words as far as they count there; see `Near`."""
        return float(self.cosines[at] - self.elsewhere + Near.OF_WORDS * self.told[at])


def search(
    namespaces: dict[str, Namespace],
    query: str,
    meaning: np.ndarray | None,
    may: Callable[[str], bool],
    kinds: Sequence[Kind] = (),
    limit: int = 10,
    elsewhere: float = 0.0,
) -> tuple[list[Candidate], int, int]:
    """What of some namespaces is near, best first.

    Args:
        namespaces: Those that the caller may search; no other is read.
        query: What is searched for, as words.
        meaning: The same as a vector; None searches by words alone.
        may: Whether the caller fulfils the rule of a passage.
        kinds: Only of these kinds; of all if none is named.
        limit: How many at most.
        elsewhere: What `nearness_elsewhere` gives for the query.

    Returns:
        What was found, how many could have been, and how many of those by their words alone.
    """
    ranked = _side_by_side(namespaces, query, meaning, may, kinds, elsewhere)
    if not len(ranked.numbers):
        return [], 0, 0
    words = _best(ranked.words, ranked.words > 0)
    by_meaning = _best(ranked.cosines, ranked.cosines > -1) if meaning is not None else words[:0]
    fused: dict[int, float] = {}
    for order in (words, by_meaning):
        for place, at in enumerate(order, start=1):
            fused[int(at)] = fused.get(int(at), 0.0) + 1 / (_FUSION + place)
    if not any(_is_near(ranked, at) for at in fused):
        return [], len(ranked.numbers), int((ranked.cosines <= -1).sum())
    near = {at: score for at, score in fused.items() if _by(ranked, at)}
    best = sorted(near, key=lambda at: (-near[at], ranked.numbers[at]))[:limit]
    found = [
        Candidate(
            ranked.namespaces[ranked.namespace_of[at]], int(ranked.numbers[at]), _closeness(ranked, at), _by(ranked, at)
        )
        for at in best
    ]
    return found, len(ranked.numbers), int((ranked.cosines <= -1).sum())


def nearness_elsewhere(namespace: Namespace | None, meaning: np.ndarray) -> float:
    """What is taken off the nearness of every passage, by the texts that nothing here is about; see `Near`."""
    blocks = namespace.blocks if namespace else ()
    cosines = np.concatenate([np.zeros(0), *(block.vectors.nearness(meaning) for block in blocks)])
    best = np.sort(cosines[cosines > -1])[-Near.ELSEWHERE :]
    return Near.OF_ELSEWHERE * float(best.mean()) if len(best) else Near.OF_ELSEWHERE * Near.UNKNOWN


def _side_by_side(
    namespaces: dict[str, Namespace],
    query: str,
    meaning: np.ndarray | None,
    may: Callable[[str], bool],
    kinds: Sequence[Kind],
    elsewhere: float,
) -> _Ranked:
    asked = words_of(query)
    parts = [(number, block) for number, namespace in enumerate(namespaces.values()) for block in namespace.blocks]
    known = counted((block.words for _, block in parts), asked)
    columns: list[list[np.ndarray]] = [[], [], [], [], []]
    for number, block in parts:
        chosen = block.allowed(may, kinds)
        scores, told = block.words.scores(asked, known)
        cosines = block.vectors.nearness(meaning) if meaning is not None else np.full(len(scores), -1.0, np.float32)
        row = (np.full(len(scores), number, np.int32), block.numbers, scores, told, cosines)
        for column, values in zip(columns, row, strict=True):
            column.append(values[chosen])
    namespace_of, numbers, words, told, near = (np.concatenate(c) if c else np.zeros(0, np.int64) for c in columns)
    return _Ranked(list(namespaces), namespace_of, numbers, words, told, near, elsewhere)


def _best(scores: np.ndarray, there: np.ndarray) -> np.ndarray:
    """The places of the best, best first."""
    places = np.flatnonzero(there)
    if len(places) > _RANKED:
        places = places[np.argpartition(-scores[places], _RANKED)[:_RANKED]]
    return places[np.argsort(-scores[places], kind="stable")]


def _is_near(ranked: _Ranked, at: int) -> bool:
    told = ranked.told[at]
    if ranked.cosines[at] <= -1:
        return bool(told >= Near.WORDS_ALONE)
    return bool(told >= Near.WORDS or ranked.nearness(at) >= ranked.wanted)


def _closeness(ranked: _Ranked, at: int) -> float:
    """How near, 0 to 1: the cosine above what any two texts have, or the share of the words, whichever is more."""
    cosine = float(ranked.cosines[at])
    return round(max(min((cosine - 0.7) / 0.3, 1.0), float(ranked.told[at]), 0.0), 3)


def _by(ranked: _Ranked, at: int) -> tuple[str, ...]:
    by_words = ranked.told[at] >= Near.WORDS_ALONE
    by_meaning = ranked.cosines[at] > -1 and ranked.nearness(at) >= ranked.wanted - Near.BESIDE
    return tuple(name for name, found in (("words", by_words), ("meaning", by_meaning)) if found)
