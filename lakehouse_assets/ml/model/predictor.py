"""A model as it is served: with its encoding, and with how what it learnt from was spread.

Belongs here: predicting, and the model as plain values. Does not belong here: where it is kept (registry).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from lakehouse_assets.features.drift import Spread, drift, spreads
from lakehouse_assets.ml.declared import Problem
from lakehouse_assets.ml.features.encoding import Encoder
from lakehouse_assets.ml.model.kinds import Model, read_model

FORMAT = 1


@dataclass(frozen=True)
class Predictor:
    """A fitted model that takes features by name.

    Attributes:
        encoder: How features become numbers.
        model: What predicts.
        problem: What is predicted.
        known_until: Nothing that became known after the beginning of this day was learnt from.
        profile: How each feature was spread among what was learnt from.
    """

    encoder: Encoder
    model: Model
    problem: Problem
    known_until: date
    profile: Mapping[str, Spread]

    @classmethod
    def made(
        cls, encoder: Encoder, model: Model, problem: Problem, known_until: date, learnt_from: pl.DataFrame
    ) -> Predictor:
        """One that has just been fitted to these features."""
        return cls(encoder, model, problem, known_until, spreads(learnt_from))

    def predict(self, frame: pl.DataFrame) -> np.ndarray:
        """A probability or number for each row."""
        return self.model.predict(self.encoder.matrix(frame))

    def predict_one(self, features: Mapping[str, Any]) -> float:
        """A probability or number for features by name."""
        return float(self.model.predict(self.encoder.row(features))[0])

    def drift(self, frame: pl.DataFrame) -> dict[str, float]:
        """How far each feature is spread otherwise than what was learnt from, the largest first."""
        return drift(self.profile, frame)

    def document(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "format": FORMAT,
            "encoder": self.encoder.document(),
            "model": self.model.document(),
            "problem": self.problem,
            "known_until": self.known_until.isoformat(),
            "profile": {name: spread.document() for name, spread in self.profile.items()},
        }

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Predictor:
        """From what `document` gave.

        Raises:
            ValueError: it is of another format.
        """
        if document.get("format") != FORMAT:
            raise ValueError(f"the model is of format {document.get('format')}, and format {FORMAT} is read")
        return cls(
            Encoder.read(document["encoder"]),
            read_model(document["model"]),
            document["problem"],
            date.fromisoformat(document["known_until"]),
            {name: Spread.read(spread) for name, spread in document["profile"].items()},
        )
