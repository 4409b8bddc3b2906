"""Follow-ups: what a question takes from the one before it in the same conversation.

"And by channel?", "only 2025", "what about Ludhiana?" say what changes; the rest stays. New groups or steps replace the
old ones, a new time the old time, a new value the old values of its dimension.

Belongs here: the words a follow-up begins with, and the merging of plans. Does not belong here: reading the words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nlq.plan import DimensionFilter, Operator, OrderBy, Plan
from nlq.planning.draft import Decision, Reading
from nlq.planning.ordering import usual_order
from nlq.planning.words import Token
from nlq.vocabulary import TIME_DIMENSION, Vocabulary

_LEADS = (
    ("what", "about"), ("how", "about"), ("and", "what", "about"), ("and", "how", "about"), ("and",), ("also",),
    ("but",), ("only",), ("just",), ("now",), ("then",), ("same",), ("instead",), ("ok",), ("okay",), ("the", "same"),
)  # fmt: skip


def without_lead(tokens: Sequence[Token]) -> tuple[list[Token], bool]:
    """The tokens after the words by which a follow-up is known, and whether there were any."""
    rest, found = list(tokens), False
    while lead := next((lead for lead in _LEADS if _starts(rest, lead)), None):
        rest, found = rest[len(lead) :], True
    return rest, found


def follow_up(reading: Reading, previous: Plan, vocabulary: Vocabulary) -> Reading | None:
    """The reading with what it leaves open taken from the plan before; None where the two do not go together."""
    plan, says = reading.plan, reading.says
    metrics = plan.metrics if "metrics" in says else previous.metrics
    keeps_keys = "keys" not in says
    groups = previous.group_by if keeps_keys else plan.group_by
    grain = previous.grain if keeps_keys else plan.grain
    time = plan.time_range if "time" in says else previous.time_range
    filters = _merged(plan.filters, previous.filters, previous if previous.ties else None)
    share = plan.share or (previous.share and previous.share.model_copy(update={"within": ()}))
    dimensions = vocabulary.shared_dimensions(metrics)
    if not {*groups, *(f.dimension for f in filters)} <= dimensions:
        return None
    order = _order(plan, previous, metrics, groups, bool(grain)) if "order" not in says else None
    merged = {
        **dict(previous if order is not None and keeps_keys else plan),
        "metrics": metrics,
        "group_by": groups,
        "grain": grain,
        "filters": filters,
        "time_range": time,
        "comparison": plan.comparison,
        "compare_with": plan.compare_with,
        "share": share if len(metrics) == 1 else None,
        "having": plan.having or (previous.having if keeps_keys and metrics == previous.metrics else ()),
        "average": plan.average or (previous.average and bool(groups or grain)),
        "ratio": previous.ratio and metrics == previous.metrics,
    }
    if order is not None:
        merged["order_by"] = order
    if merged["average"]:
        merged["order_by"] = ()
    if merged["ties"]:
        merged["filters"] = (
            *filters,
            *(
                DimensionFilter(dimension=n, operator=Operator.IS_NOT_NULL)
                for n in groups
                if n not in _guarded(filters)
            ),
        )
    try:
        whole = Plan.model_validate(merged)
    except ValueError:
        return None
    if whole.fingerprint == previous.fingerprint:
        return None  # what was said changed nothing, so it was not understood
    because = (*reading.because, Decision("", "the rest as in the question before"))
    return replace(reading, plan=whole, because=because, says=says | {"metrics"})


def _starts(tokens: Sequence[Token], lead: Sequence[str]) -> bool:
    return len(tokens) >= len(lead) and all(t.norm == word for t, word in zip(tokens, lead, strict=False))


def _merged(
    new: Sequence[DimensionFilter], old: Sequence[DimensionFilter], ranked: Plan | None
) -> tuple[DimensionFilter, ...]:
    """The new filters and those old ones that are on other dimensions; a rank's guards are made anew."""
    named = {item.dimension for item in new}
    guards = _guarded(ranked.filters) if ranked else set()
    kept = [
        i
        for i in old
        if i.dimension not in named and not (i.operator is Operator.IS_NOT_NULL and i.dimension in guards)
    ]
    return (*kept, *new)


def _guarded(filters: Sequence[DimensionFilter]) -> set[str]:
    return {item.dimension for item in filters if item.operator is Operator.IS_NOT_NULL}


def _order(
    plan: Plan, previous: Plan, metrics: Sequence[str], groups: Sequence[str], stepped: bool
) -> tuple[OrderBy, ...]:
    """The order of the plan before, where it still names columns; else the usual one."""
    known = {*metrics, *groups, *([TIME_DIMENSION] if stepped else [])}
    old = previous.order_by if (groups, stepped) == (previous.group_by, previous.grain is not None) else ()
    swapped = tuple(
        key if key.field in known else key.model_copy(update={"field": metrics[0]})
        for key in old
        if key.field in known or key.field in previous.metrics
    )
    if swapped and len({key.field for key in swapped}) == len(swapped):
        return swapped
    return usual_order(metrics, groups, stepped=stepped)
