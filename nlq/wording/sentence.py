"""The sentence that answers a question.

Belongs here: what is said of the rows; every number comes from them. Does not belong here: a plan in words
(``explain``), single values (``formats``), deciding anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nlq.core.columns import key_columns, time_column
from nlq.core.periods import shifted
from nlq.core.plan import Operator, Plan
from nlq.core.vocabulary import TIME_DIMENSION, Vocabulary
from nlq.wording.explain import (
    MOST_NAMED,
    ordinal,
    ranked_keys,
    say_filter,
    say_inside,
    say_over,
    say_threshold,
    say_time,
    say_value,
    say_when,
    say_within,
)
from nlq.wording.formats import format_said, format_value, say_period


def sentence(plan: Plan, rows: Sequence[Mapping[str, Any]], vocabulary: Vocabulary, remarks: Iterable[str] = ()) -> str:
    """What answers the question, in a sentence, and what is to be known of it; rows are dicts by name."""
    metric = vocabulary.metrics[plan.metrics[0]]
    scope = f" {when}" if (when := say_when(plan, vocabulary)) else ""
    if not rows:
        return f"Nothing matches: no {metric.label}{scope}."
    return " ".join([_sentence(plan, rows, vocabulary, scope), *(remark for remark in remarks if remark)])


def _sentence(plan: Plan, rows: Sequence[Mapping[str, Any]], vocabulary: Vocabulary, scope: str) -> str:
    keys = [TIME_DIMENSION if name == time_column(plan) else name for name in key_columns(plan)]
    if plan.records:
        after = f" after the first {plan.skip:,}" if plan.skip else ""
        return f"{vocabulary.metrics[plan.metrics[0]].label}{scope}: {len(rows):,} listed{after}."
    if not keys:
        return _one_row(plan, rows[0], vocabulary, scope)
    if plan.within and not plan.reduces:
        return _winners(plan, rows, vocabulary, scope)
    if plan.ties and plan.limit == 1:
        return _winner(plan, rows, keys, vocabulary, scope)
    return _many_rows(plan, rows, keys, vocabulary, scope)


def _one_row(plan: Plan, row: Mapping[str, Any], vocabulary: Vocabulary, scope: str) -> str:
    def value(name: str) -> str:
        said = say_value(name, plan, vocabulary)
        return "no data" if row[name] is None else format_said(row[name], said)

    def label(name: str) -> str:
        return say_value(name, plan, vocabulary).label

    if plan.compares:
        parts = [
            f"{label(m)}{scope}: {value(m)}, against {value(f'{m}__before')} {_when(plan)} "
            f"({_moved(m, row, plan, vocabulary)})"
            for m in plan.metrics
        ]
    elif plan.share:
        part = " and ".join(say_filter(f, vocabulary, named=True) for f in plan.share.part)
        whole = f" where {part}" if part else ""
        parts = [f"{label(plan.metrics[0])}{whole}{scope}: {value(plan.metrics[0])}, {value(plan.derived[0])} of all"]
    elif plan.count:
        bounds = [say_threshold(bound, plan, vocabulary) for bound in plan.having]
        if not any(bound.metric in plan.metrics for bound in plan.having):
            bounds.insert(0, label(plan.metrics[0]))
        parts = [f"{label(plan.derived[0])} with {' and '.join(bounds)}{scope}: {value(plan.derived[0])}"]
    elif plan.ratio:
        above, below = (f"{value(m)} {label(m)}" for m in plan.metrics)
        parts = [f"{label(plan.derived[0])}{scope}: {value(plan.derived[0])} ({above}, {below})"]
    elif plan.average:
        parts = [f"{label(plan.metrics[0])} per {say_over(plan, vocabulary)}{scope}: {value(plan.metrics[0])}"]
    else:
        parts = [f"{label(m)}{scope}: {value(m)}" for m in plan.metrics]
    return "; ".join(parts) + "."


def _when(plan: Plan) -> str:
    return say_time(span) if (span := shifted(plan)) else "before"


def _moved(metric: str, row: Mapping[str, Any], plan: Plan, vocabulary: Vocabulary) -> str:
    """How a figure has changed: relative, or in points of a share, of which a tenth more could be read as either."""
    now, before = row[metric], row[f"{metric}__before"]
    if say_value(metric, plan, vocabulary).format != "percent" or now is None or before is None:
        return _signed(row[f"{metric}__change"])
    return f"{(float(now) - float(before)) * 100:+,.1f} points"


def _signed(change: Any) -> str:
    return "no change to tell" if change is None else f"{float(change) * 100:+,.1f} %"


def _winner(plan: Plan, rows: Sequence[Mapping[str, Any]], keys: list[str], vocabulary: Vocabulary, scope: str) -> str:
    order = plan.order_by[0]
    place = f"{ordinal(plan.skip + 1)} " if plan.skip else ""
    what = (
        f"the {place}{'highest' if order.descending else 'lowest'} {say_within(order.field, plan, vocabulary)}{scope}"
    )
    value = format_said(rows[0][order.field], say_value(order.field, plan, vocabulary))
    names = [_name_of(row, keys, plan, vocabulary) for row in rows]
    if len(names) > MOST_NAMED:
        return f"{len(names)} tie for {what}: {value}."
    return f"{' and '.join(names)} {'has' if len(names) == 1 else 'tie for'} {what}: {value}."


def _winners(plan: Plan, rows: Sequence[Mapping[str, Any]], vocabulary: Vocabulary, scope: str) -> str:
    """The first few of those that rank first within each group."""
    order, ranked = plan.order_by[0], ranked_keys(plan)
    said = say_value(order.field, plan, vocabulary)
    end = "highest" if order.descending else "lowest"
    firsts: dict[str, str] = {}
    for row in rows:
        text = f"{_name_of(row, ranked, plan, vocabulary)} with {format_said(row[order.field], said)}"
        firsts.setdefault(_name_of(row, plan.within, plan, vocabulary), text)
    shown = "; ".join(f"{inside}: {text}" for inside, text in list(firsts.items())[:MOST_NAMED])
    more = f"; and {len(firsts) - MOST_NAMED:,} more" if len(firsts) > MOST_NAMED else ""
    return f"The {end} {said.label}{say_inside(plan, vocabulary)}{scope}: {shown}{more}."


def _many_rows(
    plan: Plan, rows: Sequence[Mapping[str, Any]], keys: list[str], vocabulary: Vocabulary, scope: str
) -> str:
    sorts_by_value = plan.order_by and plan.order_by[0].field in (*plan.metrics, *plan.derived)
    computed = plan.derived[0] if plan.ratio or plan.running or plan.count else plan.metrics[0]
    name = plan.order_by[0].field if sorts_by_value else computed
    said = say_value(name, plan, vocabulary)
    known = [row for row in rows if row[name] is not None]
    shown = "1 row" if len(rows) == 1 else f"{len(rows):,} rows"
    if not known:
        return f"{said.label}{scope}: {shown}, none with a value."
    if together := _listed(plan, known, name, vocabulary):
        return f"{said.label}{scope}: {together}."
    high, low = max(known, key=lambda row: row[name]), min(known, key=lambda row: row[name])
    ends = [f"{_name_of(row, keys, plan, vocabulary)} with {format_said(row[name], said)}" for row in (high, low)]
    text = f"{said.label}{scope}, {shown}: highest {ends[0]}"
    return f"{text}." if high[name] == low[name] else f"{text}, lowest {ends[1]}."


def _listed(plan: Plan, rows: Sequence[Mapping[str, Any]], name: str, vocabulary: Vocabulary) -> str:
    """The figures of a few values that were listed, and their sum where they add up; empty where none were."""
    named = [f for f in plan.filters if f.operator is Operator.IN and (f.dimension,) == plan.group_by]
    computes = plan.grain or plan.compares or plan.ratio or plan.running or name not in plan.metrics
    if not named or len(named[0].values) < 2 or computes or not 1 < len(rows) <= MOST_NAMED:
        return ""
    said = say_value(name, plan, vocabulary)
    each = ", ".join(f"{_name_of(row, plan.group_by, plan, vocabulary)} {format_said(row[name], said)}" for row in rows)
    total = f"; together {format_said(sum(row[name] for row in rows), said)}"
    return f"{each}{total if vocabulary.metrics[name].additive else ''}"


def _name_of(row: Mapping[str, Any], keys: Sequence[str], plan: Plan, vocabulary: Vocabulary) -> str:
    return ", ".join(_key_value(row[key], key, plan, vocabulary) for key in keys)


def _key_value(value: Any, key: str, plan: Plan, vocabulary: Vocabulary) -> str:
    if value is None:
        return "unknown"
    if key in plan.metrics:
        return f"{format_value(value, vocabulary.metrics[key])} {vocabulary.metrics[key].label}"
    if key == TIME_DIMENSION and plan.grain:
        return say_period(value, plan.grain)
    return (vocabulary.dimensions[key].names.of(value) if key in vocabulary.dimensions else None) or format_value(value)
