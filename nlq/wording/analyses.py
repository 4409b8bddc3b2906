"""Words for what is found out about figures: the kind of an analysis, and a plan of one as a question.

Belongs here: only those words. Does not belong here: plans of plain figures (``explain``), what was found
(lakehouse_assets.insight).
"""

from __future__ import annotations

from nlq.core.analysis import AnalysisKind
from nlq.core.plan import Plan
from nlq.core.vocabulary import Vocabulary

_KINDS = {
    AnalysisKind.WHY: "why a figure moved",
    AnalysisKind.UNUSUAL: "what is unusual",
    AnalysisKind.FORECAST: "a forecast",
    AnalysisKind.CHANGED: "what changed",
    AnalysisKind.ATTENTION: "what needs attention",
    AnalysisKind.DIFFERENCE: "whether a difference is significant",
    AnalysisKind.CORRELATION: "a correlation",
}
_ASKS = {
    AnalysisKind.UNUSUAL: "anything unusual in {0}",
    AnalysisKind.FORECAST: "forecast of {0}",
    AnalysisKind.CHANGED: "what changed in {0}",
    AnalysisKind.ATTENTION: "what should I look at in {0}",
}


def say_kind(kind: AnalysisKind, claim: str | None = None) -> str:
    """What is found out."""
    if kind is AnalysisKind.DIFFERENCE and claim:
        return f"whether a {claim} is significant"
    return f"why a figure {'rose' if claim == 'rise' else 'fell'}" if claim else _KINDS[kind]


def analysis_words(plan: Plan, vocabulary: Vocabulary, groups: str) -> str:
    """What a plan finds out, of which figures, as the beginning of a question."""
    assert plan.analysis
    labels = [vocabulary.metrics[name].label for name in plan.metrics]
    named = labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
    if plan.analysis.kind is AnalysisKind.DIFFERENCE:
        return f"is the {plan.analysis.claim or 'difference'} in {named}{groups} significant"
    if plan.analysis.kind is AnalysisKind.CORRELATION:
        return f"correlation of {named}{groups}"
    if plan.analysis.kind is AnalysisKind.WHY:
        return f"why did {named} {plan.analysis.claim or 'change'}{groups}"
    return f"{_ASKS[plan.analysis.kind].format(named)}{groups}"
