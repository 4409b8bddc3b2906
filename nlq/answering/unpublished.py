"""Metrics whose tables were never published: a question about them is not answered by others that have figures.

Belongs here: which of them a caller may know of, a plan names or a question means. Does not belong here: what is said
of them (``document.caveats``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from nlq.answering.parts import Layer, PlansQuestions
from nlq.core.guard import Caller, Guard
from nlq.core.outcome import Choice, Clarify, Planned
from nlq.core.vocabulary import Metric, Vocabulary

if TYPE_CHECKING:
    from nlq.answering.run import Run


class UnpublishedMetrics:
    """Finds metrics that have no figures yet. Thread-safe."""

    def __init__(
        self,
        layer: Layer,
        guard: Callable[[Vocabulary], Guard],
        planner: Callable[[Vocabulary, Caller], PlansQuestions],
    ) -> None:
        """Nothing is read yet.

        Args:
            layer: Which metrics there are.
            guard: Gives the guard over a vocabulary.
            planner: Gives what plans a caller's questions over a vocabulary.
        """
        self._layer, self._guard, self._planner = layer, guard, planner

    def all(self, run: Run) -> dict[Metric, tuple[str, ...]]:
        """All that the caller may know of, with their tables that are missing."""
        known = self._whole(run).metrics
        missing = self._layer.unpublished(run.heads)
        return {known[name]: tables for name, tables in missing.items() if name in known}

    def _whole(self, run: Run) -> Vocabulary:
        return self._guard(self._layer.vocabulary(run.heads, run.caller.tenant, whole=True)).visible(run.caller)

    def among(self, run: Run, metrics: Iterable[str]) -> dict[Metric, tuple[str, ...]]:
        """Those of some metrics that the caller may know of and that have no figures yet."""
        missing = self._layer.unpublished(run.heads)
        names = [name for name in metrics if name in missing]
        known = self._whole(run).metrics if names else {}
        return {known[name]: missing[name] for name in names if name in known}

    def meant(self, run: Run, question: str, unplaced: Sequence[str]) -> dict[Metric, tuple[str, ...]]:
        """The metrics without figures that a question is about, which is not understood by those that have some.

        None where it may as well be about others, or no word that they leave ``unplaced`` names one: what a model would
        say is no answer to what is merely unclear.
        """
        if not (unpublished := self._layer.unpublished(run.heads)):
            return {}
        outcome = self._planner(self._whole(run), run.caller).plan(question, run.today)
        readings: tuple[Planned | Choice, ...] = (outcome,) if isinstance(outcome, Planned) else ()
        if isinstance(outcome, Clarify) and not outcome.words:
            readings = outcome.choices
        named = {word for words in unplaced for word in words.lower().split()}
        plans = [
            one.plan
            for one in readings
            if any(b.part == "metric" and (not named or named & {*b.words.lower().split()}) for b in one.because)
        ]
        if any(unpublished.keys().isdisjoint(plan.metrics) for plan in plans):
            return {}
        return self.among(run, dict.fromkeys(name for plan in plans for name in plan.metrics))
