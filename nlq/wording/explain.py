"""Words for people about plans and answers.

Belongs here: a plan as a question, filters and metrics in words, the one-sentence answer.
Does not belong here: deciding anything; every number in a sentence comes from the rows. Single values are formatted
by ``formats``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nlq.core.columns import key_columns, time_column
from nlq.core.periods import shifted
from nlq.core.plan import Comparison, DimensionFilter, Operator, OrderBy, Plan, Scalar, Threshold, TimeRange
from nlq.core.spelling import one_of_each
from nlq.core.vocabulary import TIME_DIMENSION, Vocabulary
from nlq.wording.analyses import analysis_words
from nlq.wording.formats import Said, format_said, format_value, say_metric, say_period

MOST_NAMED = 5
"""The most groups that a sentence names."""
_ENDS = (Operator.GE, Operator.LE)
_WHOLE = (Operator.IN, Operator.NOT_IN)
_COMPARE = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most", "eq": "exactly"}


def as_question(plan: Plan, vocabulary: Vocabulary) -> str:
    """The plan as a question in plain words, e.g. "Complaints by Ward where Status is CLOSED"."""
    parts = [_rank_words(plan, vocabulary) or _metric_words(plan, vocabulary)]
    if plan.filters:
        shown = _filters_said([f for f in plan.filters if not _is_rank_guard(f, plan)], vocabulary)
        parts.extend(f"{'where' if n == 0 else 'and'} {text}" for n, text in enumerate(shown))
    parts.extend(f"with {say_threshold(bound, plan, vocabulary)}" for bound in plan.having)
    if when := _when_words(plan, vocabulary):
        parts.append(when)
    if plan.compares:
        parts.append(f"compared with {say_comparison(plan)}")
    if plan.records and plan.order_by:
        parts.append(f"by {' and '.join(_order_words(key, plan, vocabulary) for key in plan.order_by)}")
    elif not plan.ties and any(k.field in plan.metrics + plan.derived and not k.descending for k in plan.order_by[:1]):
        parts.append("lowest first")
    return " ".join(part for part in parts if part)


def _order_words(key: OrderBy, plan: Plan, vocabulary: Vocabulary) -> str:
    is_time = key.field in vocabulary.dimensions and vocabulary.dimensions[key.field].is_time
    ends = ("newest", "oldest") if is_time else ("highest", "lowest")
    return f"{say_key(key.field, plan, vocabulary)}, {ends[0] if key.descending else ends[1]} first"


def _metric_words(plan: Plan, vocabulary: Vocabulary) -> str:
    labels = [vocabulary.metrics[name].label for name in plan.metrics]
    groups = _group_words(plan, vocabulary)
    if plan.analysis:
        return analysis_words(plan, vocabulary, groups)
    if plan.count:
        chosen = any(bound.metric in plan.metrics for bound in plan.having) or set(plan.within) & set(plan.metrics)
        some = "" if chosen else f" with {labels[0]}"
        return f"how many {_counted(plan, vocabulary)}{some}{_kept_words(plan, vocabulary)}"
    if plan.average:
        return f"average {labels[0]} per {_over(plan, vocabulary)}{_kept_words(plan, vocabulary)}"
    if plan.ratio:
        return f"{_ratio_words(plan, labels)}{groups}"
    if plan.records:
        named = [say_key(name, plan, vocabulary) for name in plan.group_by]
        more = [f"{len(named) - MOST_NAMED} more"] if len(named) > MOST_NAMED + 1 else []
        columns = ", ".join([*named[:MOST_NAMED], *more] if more else named)
        return f"list of {labels[0]}{f' with {columns}' if columns else ''}"
    if plan.running:
        return f"{_running_words(plan)} of {' and '.join(labels)}{groups}"
    if plan.share:
        within = [say_key(name, plan, vocabulary) for name in plan.share.within]
        part = " and ".join(say_filter(item, vocabulary) for item in plan.share.part)
        inside = f" within each {' and '.join(within)}" if within and not part else ""
        return f"share of {labels[0]}{f' whose {part}' if part else ''}{groups}{inside}"
    return " and ".join(labels) + groups


def _ratio_words(plan: Plan, labels: Sequence[str]) -> str:
    return " as a percentage of ".join(labels) if plan.percent else " per ".join(labels)


def _running_words(plan: Plan) -> str:
    assert plan.running
    moving = f"{plan.running.steps}-{plan.grain} moving" if plan.running.steps else "running"
    return f"{moving} {plan.running.of}"


def _over(plan: Plan, vocabulary: Vocabulary) -> str:
    """What an average or a count is over: ward, or ward and month."""
    return " and ".join(say_key(name, plan, vocabulary) for name in plan.over)


def _counted(plan: Plan, vocabulary: Vocabulary) -> str:
    over = _over(plan, vocabulary)
    return _plural(over) if len(plan.over) == 1 else f"combinations of {over}"


def _kept_words(plan: Plan, vocabulary: Vocabulary) -> str:
    """What an average or a count is within: by region, by month; by number of trips where it is the metric's value."""
    names = [name for name in (*plan.group_by, TIME_DIMENSION) if name in plan.within]
    said = [say_key(name, plan, vocabulary) for name in names]
    said += [f"number of {vocabulary.metrics[name].label}" for name in plan.metrics if name in plan.within]
    return f" by {' and '.join(said)}" if said else ""


def _plural(label: str) -> str:
    """Several of what a label names: wards, cities, channels, days of the month."""
    head, of, rest = label.partition(" of ")
    if of:
        return f"{_plural(head)}{of}{rest}"
    if label.endswith("y") and label[-2:-1] not in "aeiou":
        return f"{label[:-1]}ies"
    return f"{label}es" if label.endswith(("s", "x", "ch", "sh")) else f"{label}s"


def say_key(name: str, plan: Plan, vocabulary: Vocabulary) -> str:
    """A group of the plan in words."""
    if name in vocabulary.metrics:
        return vocabulary.metrics[name].label
    return _step_words(plan, vocabulary) if name == TIME_DIMENSION else vocabulary.dimensions[name].label


def _step_words(plan: Plan, vocabulary: Vocabulary) -> str:
    """The step of time, and of which time where it is not the metrics' own: month of Closing date."""
    return f"{plan.grain} of {vocabulary.dimensions[plan.time_of].label}" if plan.time_of else str(plan.grain)


def _when_words(plan: Plan, vocabulary: Vocabulary) -> str:
    """The days that are asked for, and of which time where it is not the metrics' own; empty where none are."""
    if plan.time_range is None:
        return ""
    of = f"with {vocabulary.dimensions[plan.time_of].label} " if plan.time_of else ""
    return f"{of}{say_time(plan.time_range)}"


def say_comparison(plan: Plan) -> str:
    """What a comparing plan compares with, in words."""
    if plan.grain:
        return "the year before" if plan.comparison is Comparison.PREVIOUS_YEAR else f"the {plan.grain} before"
    span = shifted(plan)
    return say_time(span).removeprefix("from ").removeprefix("on ") if span else "the time before"


def _group_words(plan: Plan, vocabulary: Vocabulary) -> str:
    names = [vocabulary.dimensions[name].label for name in plan.group_by]
    names += [_step_words(plan, vocabulary)] if plan.grain else []
    return f" by {' and '.join(names)}" if names else ""


def _rank_words(plan: Plan, vocabulary: Vocabulary) -> str:
    if not (plan.ties and plan.order_by):
        return ""
    names = [say_key(name, plan, vocabulary) for name in _ranked(plan)]
    inside = "" if plan.reduces else _inside(plan, vocabulary)
    key = plan.order_by[0]
    end = "top" if key.descending else "bottom"
    label = _in_words(key.field, plan, vocabulary)
    if plan.limit == 1:
        place = f"{_ordinal(plan.skip + 1)} " if plan.skip else ""
        which = f"{place}{'highest' if key.descending else 'lowest'} {label}"
        return f"{' and '.join(names)} with the {which}{inside}{_beside_rank(plan, vocabulary)}"
    return f"{end} {plan.limit} {' and '.join(names)}{inside} by {label}{_beside_rank(plan, vocabulary)}"


def _beside_rank(plan: Plan, vocabulary: Vocabulary) -> str:
    """The metrics that are told beside the one that is ranked by."""
    others = [vocabulary.metrics[name].label for name in plan.metrics if plan.order_by[0].field != name]
    own = others and plan.order_by[0].field in plan.metrics and not plan.reduces
    return f", with {' and '.join(others)}" if own else ""


def _ranked(plan: Plan) -> list[str]:
    """The groups that are ranked: those that nothing is ranked within."""
    keys = [*plan.group_by, *([TIME_DIMENSION] if plan.grain else [])]
    return [name for name in keys if (name in plan.within) is plan.reduces]


def _inside(plan: Plan, vocabulary: Vocabulary) -> str:
    within = [say_key(name, plan, vocabulary) for name in plan.within]
    return f" in each {' and each '.join(within)}" if within else ""


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _is_rank_guard(item: DimensionFilter, plan: Plan) -> bool:
    return plan.ties and item.operator is Operator.IS_NOT_NULL


def say_time(chosen: TimeRange) -> str:
    """A time range as it may stand in a question."""
    if chosen.start and chosen.end:
        return f"on {chosen.start}" if chosen.start == chosen.end else f"from {chosen.start} to {chosen.end}"
    return f"since {chosen.start}" if chosen.start else f"until {chosen.end}"


def _filters_said(filters: Sequence[DimensionFilter], vocabulary: Vocabulary, *, named: bool = False) -> list[str]:
    """Filters in words, both ends of one range together."""
    said: dict[str, None] = {}
    for item in filters:
        ends = {f.operator: f.values[0] for f in filters if f.dimension == item.dimension and f.operator in _ENDS}
        if item.operator in _ENDS and len(ends) == 2:
            label, first, last = _label(item, vocabulary), *(_value_of(item, ends[end], vocabulary) for end in _ENDS)
            said[f"{label} is from {first} to {last}" if first != last else f"{label} is {first}"] = None
        else:
            said[say_filter(item, vocabulary, named=named)] = None
    return list(said)


def _label(item: DimensionFilter, vocabulary: Vocabulary) -> str:
    return vocabulary.dimensions[item.dimension].label if item.dimension in vocabulary.dimensions else item.dimension


def _value_of(item: DimensionFilter, value: Scalar, vocabulary: Vocabulary, *, named: bool = False) -> str:
    """A value of a filter in words: years are no thousands."""
    dimension = vocabulary.dimensions.get(item.dimension)
    name = dimension.names.of(value) if dimension and named and item.operator in _WHOLE else None
    return name or (str(value) if dimension and dimension.is_year else _quoted_where_blank(format_value(value)))


def say_filter(item: DimensionFilter, vocabulary: Vocabulary, *, named: bool = False) -> str:
    """One filter in words; ``named`` says codes by what they are called, where nobody asks by these words again."""
    label = _label(item, vocabulary)
    values = " or ".join(_value_of(item, value, vocabulary, named=named) for value in one_of_each(item.values))
    is_numeric = item.dimension in vocabulary.dimensions and vocabulary.dimensions[item.dimension].is_numeric
    signs = {
        Operator.IN: f"{label} is {values}",
        Operator.NOT_IN: f"{label} is not {values}",
        Operator.GT: f"{label} is {'more than' if is_numeric else 'after'} {values}",
        Operator.GE: f"{label} is {'at least' if is_numeric else 'on or after'} {values}",
        Operator.LT: f"{label} is {'less than' if is_numeric else 'before'} {values}",
        Operator.LE: f"{label} is {'at most' if is_numeric else 'on or before'} {values}",
        Operator.CONTAINS: f"{label} contains {values}",
        Operator.IS_NULL: f"{label} is unknown",
        Operator.IS_NOT_NULL: f"{label} is known",
    }
    return signs[item.operator]


def _quoted_where_blank(text: str) -> str:
    """A value in quotes, where nobody would see the blanks around it."""
    return f"“{text}”" if text != text.strip() or not text else text


def say_threshold(bound: Threshold, plan: Plan, vocabulary: Vocabulary) -> str:
    """One threshold of a plan in words."""
    sign = _COMPARE[bound.comparator.value]
    if bound.metric in plan.derived:
        value = format_said(bound.value, say_value(bound.metric, plan, vocabulary))
        return f"{_in_words(bound.metric, plan, vocabulary)} {sign} {value}"
    said = say_metric(vocabulary.metrics[bound.metric])
    if bound.of:
        times = "" if bound.value == 1 else f"{bound.value:g} times "
        return f"{sign} {times}the {bound.of} {said.label}"
    return f"{sign} {format_said(bound.value, said)} {said.label}"


def _in_words(name: str, plan: Plan, vocabulary: Vocabulary) -> str:
    """A metric, or what is computed from it, as it may stand within a sentence."""
    said = say_value(name, plan, vocabulary).label
    label, comma, computed = said.rpartition(", ")
    if name not in plan.derived:
        return said
    if plan.share and plan.share.part:
        return f"{said} where {' and '.join(say_filter(item, vocabulary, named=True) for item in plan.share.part)}"
    return f"{computed} of {label}" if comma else f"{said[:1].lower()}{said[1:]}" if plan.count else said


def say_value(name: str, plan: Plan, vocabulary: Vocabulary) -> Said:
    """Label, format and unit of a metric, of what the plan computes from it, or of a group that the plan orders by."""
    if name == TIME_DIMENSION or name in plan.group_by:
        return Said(say_key(name, plan, vocabulary))
    if name in vocabulary.metrics:
        said = say_metric(vocabulary.metrics[name])
        return said if not plan.average else Said(f"Average {said.label}", said.format, said.unit, True)
    metrics = [say_metric(vocabulary.metrics[metric]) for metric in plan.metrics]
    if plan.count:
        return Said(f"Number of {_counted(plan, vocabulary)}", "integer")
    if plan.share:
        return Said(f"Share of {metrics[0].label}", "percent")
    if plan.ratio:
        label = _ratio_words(plan, [metric.label for metric in metrics])
        return Said(label, "percent") if plan.percent else Said(label, "decimal", None, True)
    metric = say_metric(vocabulary.metrics[name.rsplit("__", 1)[0]])
    if plan.running:
        label, is_mean = f"{metric.label}, {_running_words(plan)}", plan.running.of == "average"
        return Said(label, metric.format, metric.unit, metric.fraction or is_mean)
    if name.endswith("__difference"):
        return Said(f"{metric.label}, difference", metric.format, metric.unit, metric.fraction)
    if name.endswith("__change"):
        return Said(f"{metric.label}, change", "percent")
    return Said(f"{metric.label}, {say_comparison(plan)}", metric.format, metric.unit, metric.fraction)


def say_definitions(plan: Plan, vocabulary: Vocabulary) -> dict[str, str]:
    """Label and description of every metric of the plan."""
    chosen = [vocabulary.metrics[name] for name in plan.metrics]
    return {metric.label: metric.description or "(no description)" for metric in chosen}


def say_filters(plan: Plan, vocabulary: Vocabulary) -> list[str]:
    """Everything that narrows the answer, in words."""
    said = _filters_said(plan.filters, vocabulary, named=True)
    said += [say_threshold(bound, plan, vocabulary) for bound in plan.having]
    return [*said, *([when] if (when := _when_words(plan, vocabulary)) else [])]


# --- the sentence


def sentence(plan: Plan, rows: Sequence[Mapping[str, Any]], vocabulary: Vocabulary, remarks: Iterable[str] = ()) -> str:
    """What answers the question, in a sentence, and what is to be known of it; rows are dicts by name."""
    metric = vocabulary.metrics[plan.metrics[0]]
    scope = f" {when}" if (when := _when_words(plan, vocabulary)) else ""
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
        parts = [f"{label(plan.metrics[0])} per {_over(plan, vocabulary)}{scope}: {value(plan.metrics[0])}"]
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
    place = f"{_ordinal(plan.skip + 1)} " if plan.skip else ""
    what = f"the {place}{'highest' if order.descending else 'lowest'} {_in_words(order.field, plan, vocabulary)}{scope}"
    value = format_said(rows[0][order.field], say_value(order.field, plan, vocabulary))
    names = [_name_of(row, keys, plan, vocabulary) for row in rows]
    if len(names) > MOST_NAMED:
        return f"{len(names)} tie for {what}: {value}."
    return f"{' and '.join(names)} {'has' if len(names) == 1 else 'tie for'} {what}: {value}."


def _winners(plan: Plan, rows: Sequence[Mapping[str, Any]], vocabulary: Vocabulary, scope: str) -> str:
    """The first few of those that rank first within each group."""
    order, ranked = plan.order_by[0], _ranked(plan)
    said = say_value(order.field, plan, vocabulary)
    end = "highest" if order.descending else "lowest"
    firsts: dict[str, str] = {}
    for row in rows:
        text = f"{_name_of(row, ranked, plan, vocabulary)} with {format_said(row[order.field], said)}"
        firsts.setdefault(_name_of(row, plan.within, plan, vocabulary), text)
    shown = "; ".join(f"{inside}: {text}" for inside, text in list(firsts.items())[:MOST_NAMED])
    more = f"; and {len(firsts) - MOST_NAMED:,} more" if len(firsts) > MOST_NAMED else ""
    return f"The {end} {said.label}{_inside(plan, vocabulary)}{scope}: {shown}{more}."


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
