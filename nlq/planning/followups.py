"""Follow-ups: what a question takes from the one before it in the same conversation.

"And by channel?", "only 2025", "what about Ludhiana?" say what changes; the rest stays. New groups or steps replace the
old ones, a new time the old time, a new value the old values of its dimension.

Belongs here: the words a follow-up begins with, and the merging of plans. Does not belong here: reading the words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nlq.core.outcome import Carried
from nlq.core.plan import MAX_ROWS, DimensionFilter, Operator, OrderBy, Plan
from nlq.core.vocabulary import TIME_DIMENSION, Vocabulary
from nlq.english.tokens import Token
from nlq.planning.drafts.draft import Decision, Reading
from nlq.planning.drafts.ordering import usual_order

REST_AS_BEFORE = "the rest as in the question before"
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
    time_of = plan.time_of or previous.time_of if grain or time else None
    filters = _merged(plan.filters, previous.filters, previous if previous.ties else None)
    share = plan.share or (previous.share and previous.share.model_copy(update={"within": ()}))
    dimensions = vocabulary.shared_dimensions(metrics)
    if not {*groups, *(f.dimension for f in filters), *([time_of] if time_of else [])} <= dimensions:
        return None
    order = _order(plan, previous, metrics, groups, bool(grain)) if "order" not in says else None
    merged = {
        **dict(previous if order is not None and keeps_keys else plan),
        "metrics": metrics,
        "group_by": groups,
        "grain": grain,
        "filters": filters,
        "time_range": time,
        "time_of": time_of,
        "comparison": plan.comparison,
        "compare_with": plan.compare_with,
        "share": share if len(metrics) == 1 else None,
        "having": plan.having or (previous.having if keeps_keys and metrics == previous.metrics else ()),
        "average": plan.average or (previous.average and bool(groups or grain)),
        "ratio": plan.ratio or (previous.ratio and metrics == previous.metrics),
    }
    if merged["ratio"] and not plan.ratio:
        merged |= {"percent": previous.percent, "order_by": _of_computed(merged["order_by"], previous)}
    elif merged["share"] and previous.share and previous.share.part and not plan.share:
        merged |= {"order_by": _of_computed(merged["order_by"], previous)}
    if order is not None:
        merged["order_by"] = order
    if previous.analysis:
        merged |= {"analysis": previous.analysis, "order_by": (), "having": (), "share": None}
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
    because = (*reading.because, Decision("", REST_AS_BEFORE))
    carried = tuple(part for part in parts_of(previous) if part in parts_of(whole) and not _is_said(part, reading))
    return replace(reading, plan=whole, because=because, says=says | {"metrics"}, carried=carried)


def parts_of(plan: Plan) -> tuple[Carried, ...]:
    """The parts of a plan that a question after it may take over."""
    return tuple(part for part, _ in _with_contents(plan))


def without_part(plan: Plan, part: Carried) -> Plan | None:
    """A plan without one of its parts; None where there is nothing to ask then."""
    update: dict[str, Any] = {}
    if part.part == "filter":
        update["filters"] = tuple(item for item in plan.filters if item.dimension != part.name)
    elif part.part in ("group", "grain"):
        gone = TIME_DIMENSION if part.part == "grain" else part.name
        groups = tuple(name for name in plan.group_by if name != gone)
        guarded = {gone} & _guarded(plan.filters) if plan.ties else set()
        left = bool(groups or (plan.grain and gone != TIME_DIMENSION))
        order = tuple(key for key in plan.order_by if key.field != gone) if left else ()
        ranked = plan.ties and bool(order)
        update = {
            "group_by": groups,
            "grain": None if gone == TIME_DIMENSION else plan.grain,
            "filters": tuple(item for item in plan.filters if item.dimension not in guarded),
            "order_by": order,
            "within": tuple(name for name in plan.within if name != gone),
            "share": plan.share
            and plan.share.model_copy(update={"within": tuple(name for name in plan.share.within if name != gone)}),
            "average": plan.average and left,
            "having": plan.having if left else (),
            **({} if ranked else {"ties": False, "skip": 0, "within": (), "limit": MAX_ROWS}),
        }
    elif part.part != "metrics":
        empty = {"time": ("time_range", None), "having": ("having", ()), "share": ("share", None)}
        name, value = empty.get(part.part, ("average", False))
        update[name] = value
    if update and not (update.get("grain", plan.grain) or update.get("time_range", plan.time_range)):
        update["time_of"] = None
    try:
        return Plan.model_validate({**dict(plan), **update}) if update else None
    except ValueError:
        return None


def _with_contents(plan: Plan) -> list[tuple[Carried, Any]]:
    guards = _guarded(plan.filters) if plan.ties else set()
    filters = [f for f in plan.filters if not (f.operator is Operator.IS_NOT_NULL and f.dimension in guards)]
    every = (
        (Carried(part="metrics"), plan.metrics),
        *((Carried(part="group", name=name), name) for name in plan.group_by),
        (Carried(part="grain"), plan.grain),
        *((Carried(part="filter", name=f.dimension), (f.operator, f.values)) for f in filters),
        (Carried(part="time"), plan.time_range),
        (Carried(part="having"), plan.having),
        (Carried(part="share"), plan.share),
        (Carried(part="average"), plan.average),
    )
    return [(part, content) for part, content in every if content]


def _is_said(part: Carried, reading: Reading) -> bool:
    """Whether the words of the question themselves ask for a part."""
    said = {"metrics": "metrics", "group": "keys", "grain": "keys", "time": "time"}
    if part.part in said:
        return said[part.part] in reading.says
    return part in parts_of(reading.plan)


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


def _of_computed(order: Sequence[OrderBy], previous: Plan) -> tuple[OrderBy, ...]:
    """An order that names no figure of its own: "top 3" after a ratio are the highest ratios."""
    (computed,), first = previous.derived, previous.metrics[0]
    return tuple(key.model_copy(update={"field": computed}) if key.field == first else key for key in order)


def _order(
    plan: Plan, previous: Plan, metrics: Sequence[str], groups: Sequence[str], stepped: bool
) -> tuple[OrderBy, ...]:
    """The order of the plan before, where it still names columns; else the usual one."""
    computed = previous.derived if previous.ratio and metrics == previous.metrics else ()
    known = {*metrics, *computed, *groups, *([TIME_DIMENSION] if stepped else [])}
    old = previous.order_by if (groups, stepped) == (previous.group_by, previous.grain is not None) else ()
    swapped = tuple(
        key if key.field in known else key.model_copy(update={"field": metrics[0]})
        for key in old
        if key.field in known or key.field in (*previous.metrics, *previous.derived)
    )
    if swapped and len({key.field for key in swapped}) == len(swapped):
        return swapped
    return usual_order(metrics, groups, stepped=stepped)
