"""Words for people about plans.

Belongs here: a plan as a question, its filters and metrics in words. Does not belong here: what the rows say
(``sentence``), single values (``formats``), deciding anything.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from nlq.core.periods import shifted
from nlq.core.plan import Comparison, DimensionFilter, Operator, OrderBy, Plan, Scalar, Threshold, TimeRange
from nlq.core.spelling import one_of_each
from nlq.core.vocabulary import TIME_DIMENSION, Vocabulary
from nlq.wording.analyses import analysis_words
from nlq.wording.formats import Said, format_said, format_value, say_metric

MOST_NAMED = 5
"""The most groups that a sentence names."""
_ENDS = (Operator.GE, Operator.LE)
_WHOLE = (Operator.IN, Operator.NOT_IN)
_COMPARE = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most", "eq": "exactly"}


def as_question(plan: Plan, vocabulary: Vocabulary, named: Container[str] = ()) -> str:
    """The plan as a question in plain words, e.g. "Complaints by Ward where Status is CLOSED".

    Codes of the dimensions in ``named`` are said by what they are called; of all others they stay, for codes are what
    such a question is surely understood by.
    """
    parts = [_rank_words(plan, vocabulary) or _metric_words(plan, vocabulary, named)]
    if plan.filters:
        shown = _filters_said([f for f in plan.filters if not _is_rank_guard(f, plan)], vocabulary, named)
        parts.extend(f"{'where' if n == 0 else 'and'} {text}" for n, text in enumerate(shown))
    parts.extend(f"with {say_threshold(bound, plan, vocabulary)}" for bound in plan.having)
    if when := say_when(plan, vocabulary):
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


def _metric_words(plan: Plan, vocabulary: Vocabulary, named: Container[str]) -> str:
    labels = [vocabulary.metrics[name].label for name in plan.metrics]
    groups = _group_words(plan, vocabulary)
    if plan.analysis:
        return analysis_words(plan, vocabulary, groups)
    if plan.count:
        chosen = any(bound.metric in plan.metrics for bound in plan.having) or set(plan.within) & set(plan.metrics)
        some = "" if chosen else f" with {labels[0]}"
        return f"how many {_counted(plan, vocabulary)}{some}{_kept_words(plan, vocabulary)}"
    if plan.average:
        return f"average {labels[0]} per {say_over(plan, vocabulary)}{_kept_words(plan, vocabulary)}"
    if plan.ratio:
        return f"{_ratio_words(plan, labels)}{groups}"
    if plan.records:
        listed = [say_key(name, plan, vocabulary) for name in plan.group_by]
        more = [f"{len(listed) - MOST_NAMED} more"] if len(listed) > MOST_NAMED + 1 else []
        columns = ", ".join([*listed[:MOST_NAMED], *more] if more else listed)
        return f"list of {labels[0]}{f' with {columns}' if columns else ''}"
    if plan.running:
        return f"{_running_words(plan)} of {' and '.join(labels)}{groups}"
    if plan.share:
        within = [say_key(name, plan, vocabulary) for name in plan.share.within]
        part = " and ".join(say_filter(item, vocabulary, named=item.dimension in named) for item in plan.share.part)
        inside = f" within each {' and '.join(within)}" if within and not part else ""
        return f"share of {labels[0]}{f' whose {part}' if part else ''}{groups}{inside}"
    return " and ".join(labels) + groups


def _ratio_words(plan: Plan, labels: Sequence[str]) -> str:
    return " as a percentage of ".join(labels) if plan.percent else " per ".join(labels)


def _running_words(plan: Plan) -> str:
    assert plan.running
    moving = f"{plan.running.steps}-{plan.grain} moving" if plan.running.steps else "running"
    return f"{moving} {plan.running.of}"


def say_over(plan: Plan, vocabulary: Vocabulary) -> str:
    """What an average or a count is over: ward, or ward and month."""
    return " and ".join(say_key(name, plan, vocabulary) for name in plan.over)


def _counted(plan: Plan, vocabulary: Vocabulary) -> str:
    over = say_over(plan, vocabulary)
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


def say_when(plan: Plan, vocabulary: Vocabulary) -> str:
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
    names = [say_key(name, plan, vocabulary) for name in ranked_keys(plan)]
    inside = "" if plan.reduces else say_inside(plan, vocabulary)
    key = plan.order_by[0]
    end = "top" if key.descending else "bottom"
    label = say_within(key.field, plan, vocabulary)
    if plan.limit == 1:
        place = f"{ordinal(plan.skip + 1)} " if plan.skip else ""
        which = f"{place}{'highest' if key.descending else 'lowest'} {label}"
        return f"{' and '.join(names)} with the {which}{inside}{_beside_rank(plan, vocabulary)}"
    return f"{end} {plan.limit} {' and '.join(names)}{inside} by {label}{_beside_rank(plan, vocabulary)}"


def _beside_rank(plan: Plan, vocabulary: Vocabulary) -> str:
    """The metrics that are told beside the one that is ranked by."""
    others = [vocabulary.metrics[name].label for name in plan.metrics if plan.order_by[0].field != name]
    own = others and plan.order_by[0].field in plan.metrics and not plan.reduces
    return f", with {' and '.join(others)}" if own else ""


def ranked_keys(plan: Plan) -> list[str]:
    """The groups that are ranked: those that nothing is ranked within."""
    keys = [*plan.group_by, *([TIME_DIMENSION] if plan.grain else [])]
    return [name for name in keys if (name in plan.within) is plan.reduces]


def say_inside(plan: Plan, vocabulary: Vocabulary) -> str:
    """Within which groups a plan ranks, as " in each Ward"; empty where it ranks all."""
    within = [say_key(name, plan, vocabulary) for name in plan.within]
    return f" in each {' and each '.join(within)}" if within else ""


def ordinal(number: int) -> str:
    """A place in an order, as 2nd."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _is_rank_guard(item: DimensionFilter, plan: Plan) -> bool:
    return plan.ties and item.operator is Operator.IS_NOT_NULL


def say_time(chosen: TimeRange) -> str:
    """A time range as it may stand in a question."""
    if chosen.start and chosen.end:
        return f"on {chosen.start}" if chosen.start == chosen.end else f"from {chosen.start} to {chosen.end}"
    return f"since {chosen.start}" if chosen.start else f"until {chosen.end}"


def _filters_said(filters: Sequence[DimensionFilter], vocabulary: Vocabulary, named: Container[str]) -> list[str]:
    """Filters in words, both ends of one range together; codes of the dimensions in ``named`` by their names."""
    said: dict[str, None] = {}
    for item in filters:
        ends = {f.operator: f.values[0] for f in filters if f.dimension == item.dimension and f.operator in _ENDS}
        if item.operator in _ENDS and len(ends) == 2:
            label, first, last = _label(item, vocabulary), *(_value_of(item, ends[end], vocabulary) for end in _ENDS)
            said[f"{label} is from {first} to {last}" if first != last else f"{label} is {first}"] = None
        else:
            said[say_filter(item, vocabulary, named=item.dimension in named)] = None
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
        return f"{say_within(bound.metric, plan, vocabulary)} {sign} {value}"
    said = say_metric(vocabulary.metrics[bound.metric])
    if bound.of:
        times = "" if bound.value == 1 else f"{bound.value:g} times "
        return f"{sign} {times}the {bound.of} {said.label}"
    return f"{sign} {format_said(bound.value, said)} {said.label}"


def say_within(name: str, plan: Plan, vocabulary: Vocabulary) -> str:
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
    said = _filters_said(plan.filters, vocabulary, vocabulary.dimensions)
    said += [say_threshold(bound, plan, vocabulary) for bound in plan.having]
    return [*said, *([when] if (when := say_when(plan, vocabulary)) else [])]
