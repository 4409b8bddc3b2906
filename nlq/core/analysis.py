"""What is found out about the figures of a plan: why one moved, what comes next, whether two differ.

Belongs here: the kinds, and what each may name. Does not belong here: the plan (``plan``), finding anything out.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict


class AnalysisKind(StrEnum):
    """What is found out about figures."""

    WHY = "why"
    UNUSUAL = "unusual"
    FORECAST = "forecast"
    CHANGED = "changed"
    ATTENTION = "attention"
    DIFFERENCE = "difference"
    CORRELATION = "correlation"

    @property
    def of_many(self) -> bool:
        """Whether it goes over several metrics."""
        return self not in (AnalysisKind.WHY, AnalysisKind.FORECAST, AnalysisKind.DIFFERENCE)

    @property
    def of_pairs(self) -> bool:
        """Whether it is of two courses, or two times, beside each other."""
        return self in (AnalysisKind.DIFFERENCE, AnalysisKind.CORRELATION)

    @property
    def of_two_times(self) -> bool:
        """Whether it may name the time that is compared with."""
        return self in (AnalysisKind.WHY, AnalysisKind.CHANGED, AnalysisKind.DIFFERENCE)


class Analysis(BaseModel):
    """What is found out about the metrics of a plan; ``claim`` is the way that the question says one moved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: AnalysisKind
    claim: Literal["rise", "fall"] | None = None
