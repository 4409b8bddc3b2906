"""Features as numbers: what models are given, the same in training and in prediction.

Belongs here: from columns of any type to a matrix. Does not belong here: filling gaps or scaling, which belongs to the
models that need it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

MOST_CATEGORIES = 60
"""Values of a text that are told apart, the most frequent ones; the others are as if missing."""

LEAST_SHARE = 0.005
"""Share of the rows that a value of a text needs to be told apart: of fewer, chance would be learnt by heart."""


@dataclass(frozen=True)
class Encoder:
    """How each feature becomes a column of numbers; missing is NaN.

    Attributes:
        columns: The features, in order.
        categories: Of features that are texts, the values that are told apart, in order.
    """

    columns: tuple[str, ...]
    categories: Mapping[str, tuple[str, ...]]

    @classmethod
    def learnt(cls, frame: pl.DataFrame, features: Sequence[str]) -> Encoder:
        """The encoding of the rows that a model learns from; of a text, its most frequent values, if they are not rare.

        Raises:
            ValueError: a feature is neither a number, a truth value nor a text.
        """
        categories = {}
        for name in features:
            kind = frame.schema[name]
            if kind == pl.String:
                counts = (
                    frame[name].drop_nulls().value_counts(sort=True).sort(["count", name], descending=[True, False])
                )
                enough = counts.filter(pl.col("count") >= LEAST_SHARE * frame.height)
                categories[name] = tuple(sorted(enough[name].head(MOST_CATEGORIES).to_list()))
            elif not (kind.is_numeric() or kind in (pl.Boolean, pl.Null)):
                raise ValueError(f"feature '{name}' is a {kind}: features are numbers, truth values or texts")
        return cls(tuple(features), categories)

    def matrix(self, frame: pl.DataFrame) -> np.ndarray:
        """Rows as numbers: a text as the place of its value, or NaN where that is not among those told apart."""
        columns = [self._column(frame[name], name) for name in self.columns]
        return np.column_stack(columns) if columns else np.empty((frame.height, 0))

    def row(self, values: Mapping[str, Any]) -> np.ndarray:
        """One row, without a frame: what is served one by one."""
        return np.array([[self._number(name, values.get(name)) for name in self.columns]])

    @property
    def categorical(self) -> list[int]:
        """Places of the columns that are texts."""
        return [i for i, name in enumerate(self.columns) if name in self.categories]

    def document(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Encoder:
        """From what `document` gave."""
        return cls(tuple(document["columns"]), {k: tuple(v) for k, v in document["categories"].items()})

    def _column(self, series: pl.Series, name: str) -> np.ndarray:
        if name in self.categories:
            places = {value: float(i) for i, value in enumerate(self.categories[name])}
            return np.array([places.get(v, np.nan) for v in series.cast(pl.String).to_list()], dtype=float)
        return series.cast(pl.Float64).fill_null(float("nan")).to_numpy().astype(float)

    def _number(self, name: str, value: Any) -> float:
        if value is None:
            return float("nan")
        if name in self.categories:
            known = self.categories[name]
            return float(known.index(str(value))) if str(value) in known else float("nan")
        return float(value)
