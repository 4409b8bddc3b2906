"""Drift: how far values are spread otherwise than they were, on days before or when a model learnt from them.

The population stability index of a feature is the sum over its bands of (now - then) · ln(now / then), where now and
then are the shares of the rows in a band. Bands are the tenths of the numbers then, or the texts told apart, and one of
missing values; a share is at least 0.0001. Below 0.1 hardly anything moved, from 0.25 on a model has to be
trained anew. It is told of at least `LEAST_ROWS` rows: of fewer, chance alone moves it.
Belongs here: that index and what it is computed from. Does not belong here: acting on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

MODERATE, LARGE = 0.1, 0.25
LEAST_ROWS = 100
_LEAST_SHARE = 1e-4
_BANDS = 10
_MOST_TEXTS = 20


@dataclass(frozen=True)
class Spread:
    """How a feature's values are spread: the shares of its bands, the last of which is of missing values.

    Attributes:
        edges: Where bands of numbers begin, but the first; of texts none.
        texts: The texts told apart; of numbers none.
        shares: Of the bands: numbers below each edge and above the last, or each text and all others; then missing.
    """

    edges: tuple[float, ...]
    texts: tuple[str, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, values: pl.Series) -> Spread:
        """Of these values, banded by their own tenths or most frequent texts."""
        present = values.drop_nulls()
        if values.dtype == pl.String:
            counts = present.value_counts(sort=True)
            texts = tuple(sorted(counts[values.name].head(_MOST_TEXTS).to_list()))
            return cls((), texts, _shares(values, (), texts))
        numbers = present.cast(pl.Float64).to_numpy()
        inner = np.linspace(0, 1, _BANDS + 1)[1:-1]
        edges = tuple(map(float, np.unique(np.quantile(numbers, inner)))) if len(numbers) else ()
        return cls(edges, (), _shares(values, edges, ()))

    def index(self, values: pl.Series) -> float:
        """The population stability index of these values against those it is of."""
        now = np.maximum(_shares(values, self.edges, self.texts), _LEAST_SHARE)
        then = np.maximum(self.shares, _LEAST_SHARE)
        return float(((now - then) * np.log(now / then)).sum())

    def document(self) -> dict[str, Any]:
        """As plain values."""
        return {"edges": list(self.edges), "texts": list(self.texts), "shares": list(self.shares)}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Spread:
        """From what `document` gave."""
        return cls(tuple(document["edges"]), tuple(document["texts"]), tuple(document["shares"]))


def in_words(index: float) -> Literal["steady", "shifting", "moved"]:
    """An index as people say it: `steady` below `MODERATE`, `moved` from `LARGE` on, `shifting` between them."""
    return "moved" if index >= LARGE else "shifting" if index >= MODERATE else "steady"


def spreads(frame: pl.DataFrame) -> dict[str, Spread]:
    """How the values of every column are spread."""
    return {name: Spread.of(frame[name]) for name in frame.columns}


def drift(then: Mapping[str, Spread], now: pl.DataFrame) -> dict[str, float]:
    """The index of each column, the largest first; none of too few rows."""
    if now.height < LEAST_ROWS:
        return {}
    found = {name: spread.index(now[name]) for name, spread in then.items() if name in now.columns}
    return dict(sorted(found.items(), key=lambda f: -f[1]))


def _shares(values: pl.Series, edges: tuple[float, ...], texts: tuple[str, ...]) -> tuple[float, ...]:
    if values.dtype == pl.String or texts:
        places = {text: i for i, text in enumerate(texts)}
        bands = [len(texts) + 1 if v is None else places.get(v, len(texts)) for v in values.cast(pl.String).to_list()]
        counts = np.bincount(np.array(bands, dtype=int), minlength=len(texts) + 2)
    else:
        numbers = values.cast(pl.Float64).fill_null(float("nan")).to_numpy()
        missing = np.isnan(numbers)
        found = np.where(missing, len(edges) + 1, np.searchsorted(np.array(edges), numbers, side="right"))
        counts = np.bincount(found.astype(int), minlength=len(edges) + 2)
    return tuple(map(float, counts / max(len(values), 1)))
