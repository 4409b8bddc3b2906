"""The SQL around what the semantic layer compiles: thresholds, averages and counts of groups, ranks, order, limit.

Belongs here: rendering the parts of a plan that MetricFlow does not. Only names of the layer, numbers and days are
rendered here; a person's text reaches SQL solely as a filter value, rendered by the semantic layer.
Does not belong here: compiling metrics, columns computed from them in each row (``computed``), running anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lakehouse_assets.lakehouse.sql import quoted
from nlq.answering.compiling.computed import double, is_tally, with_computed, without_guards
from nlq.core.columns import key_columns, time_column, value_columns
from nlq.core.periods import periods_in, within
from nlq.core.plan import MAX_ROWS, Plan, Reference, Threshold, TimeRange
from nlq.core.vocabulary import TIME_DIMENSION, Metric

RANK = "asklake_rank"


def statement(
    plan: Plan,
    compile_plain: Callable[[Plan], str],
    known: TimeRange | None = None,
    metrics: Mapping[str, Metric] | None = None,
) -> str:
    """The whole SQL of a plan.

    Args:
        plan: What is asked.
        compile_plain: Gives the SQL of metrics, groups, filters and times alone.
        known: The days that there are data of, if that is known.
        metrics: What the metrics of the plan are; one that is left out is taken for a sum or a count.
    """
    source = with_computed(plan, compile_plain, known, metrics or {})
    return finish(_beside_overall(source, plan, compile_plain), plan, known, metrics)


def most_rows(plan: Plan) -> int:
    """How many rows an answer has at most: ranks are as many as tie."""
    return MAX_ROWS if plan.ties else plan.limit


def finish(
    compiled: str, plan: Plan, known: TimeRange | None = None, metrics: Mapping[str, Metric] | None = None
) -> str:
    """One SELECT over the compiled SQL with the plan's thresholds, averages and counts, order and limit.

    The order is total (ties fall back on the keys), so the same snapshot always gives the same rows. One row more
    than the most is asked for, to tell whether there were more; see ``most_rows``.
    """
    source = _beside_means(compiled, plan, known, metrics or {})
    conditions = [_condition(bound) for bound in plan.having if not _is_of_count(bound, plan)]
    if plan.reduces:
        source = _reduced(source, plan, known, metrics or {}, conditions)
        conditions = [_condition(bound) for bound in plan.having if _is_of_count(bound, plan)]
    if plan.records:
        conditions += _is_meant(plan.metrics[0], metrics or {})
    columns = ", ".join(quoted(name) for name in (*key_columns(plan), *value_columns(plan)))
    source = f"(\n{source}\n) AS answer"
    if plan.ties:
        conditions.append(f"{quoted(_field(plan, plan.order_by[0].field))} IS NOT NULL")
        # "The second highest" is the second value there is; "the top five" are at most five rows, ties apart.
        function = "DENSE_RANK" if plan.skip else "RANK"
        partition = "" if plan.reduces else _partition(plan)
        rank = f"{function}() OVER ({partition}ORDER BY {_ranking(plan)}) AS {quoted(RANK)}"
        source = f"(\nSELECT {columns}, {rank}\nFROM {source}{_where(conditions)}\n) AS ranked"
        conditions = [f"{quoted(RANK)} <= {plan.skip + plan.limit}"]
        if plan.skip:
            conditions.append(f"{quoted(RANK)} > {plan.skip}")
    after = f"\nOFFSET {plan.skip}" if plan.records and plan.skip else ""
    return f"SELECT {columns}\nFROM {source}{_where(conditions)}{_order(plan)}{after}\nLIMIT {most_rows(plan) + 1}"


# --- thresholds


def _is_of_count(bound: Threshold, plan: Plan) -> bool:
    return plan.count and bound.metric in plan.derived


def _condition(bound: Threshold) -> str:
    value = f"{quoted(bound.metric)} {bound.comparator.sql} {bound.value!r}"
    return f"{value} * {double(_reference(bound))}" if bound.of else value


def _reference(bound: Threshold) -> str:
    """The column of what a threshold is a multiple of."""
    return quoted(f"asklake_{bound.of}_{bound.metric}")


def _beside_means(source: str, plan: Plan, known: TimeRange | None, metrics: Mapping[str, Metric]) -> str:
    """The rows, each with the mean of all of them, or of all within the same group, for every threshold on one."""
    means = {
        _reference(b): _mean_of_rows(b.metric, plan, known, metrics) for b in plan.having if b.of is Reference.MEAN
    }
    if not means:
        return source
    columns = ", ".join(f"{mean} AS {name}" for name, mean in means.items())
    return f"SELECT *, {columns}\nFROM (\n{source}\n) AS figures"


def _mean_of_rows(name: str, plan: Plan, known: TimeRange | None, metrics: Mapping[str, Metric]) -> str:
    """The mean over the groups that are known; in a bounded time the known steps without a row count as nothing."""
    over = f" OVER ({_partition(plan).rstrip()})"
    steps = _steps(plan, known) if not plan.group_by and is_tally(name, metrics) else None
    if steps:
        return f"SUM({double(quoted(name))}){over} / {steps}"
    named = " AND ".join(f"{quoted(group)} IS NOT NULL" for group in plan.group_by if group not in plan.within)
    value = f"CASE WHEN {named} THEN {double(quoted(name))} END" if named else double(quoted(name))
    return f"AVG({value}){over}"


def _beside_overall(source: str, plan: Plan, compile_plain: Callable[[Plan], str]) -> str:
    """The rows, each with the metrics of all of them together that a threshold is on."""
    bounds = {bound.metric: bound for bound in plan.having if bound.of is Reference.OVERALL}
    if not bounds:
        return source
    update = {"metrics": tuple(bounds), "filters": without_guards(plan), "group_by": (), "grain": None}
    whole = compile_plain(plan.model_copy(update=update))
    columns = ", ".join(f"whole.{quoted(name)} AS {_reference(bound)}" for name, bound in bounds.items())
    return f"SELECT answer.*, {columns}\nFROM (\n{source}\n) AS answer\nCROSS JOIN (\n{whole}\n) AS whole"


# --- averages and counts


def _reduced(
    source: str, plan: Plan, known: TimeRange | None, metrics: Mapping[str, Metric], conditions: Sequence[str]
) -> str:
    """A row for each of what an average or a count is within, over the known groups that pass the thresholds."""
    keys = [quoted(name) for name in key_columns(plan)]
    figure = _counted(plan) if plan.count else _averaged(plan, known)
    known_groups = [f"{quoted(_field(plan, name))} IS NOT NULL" for name in plan.over]
    known_groups += [f"{quoted(name)} IS NOT NULL" for name in plan.metrics if name in plan.within]
    if plan.count and not any(bound.metric in plan.metrics for bound in plan.having):
        known_groups += _there_is_some(plan.metrics[0], metrics)
    group = f"\nGROUP BY {', '.join(keys)}" if keys else ""
    where = _where([*known_groups, *conditions])
    return f"SELECT {', '.join([*keys, figure])}\nFROM (\n{source}\n) AS groups{where}{group}"


def _counted(plan: Plan) -> str:
    return f"COUNT(*) AS {quoted(plan.derived[0])}"


def _averaged(plan: Plan, known: TimeRange | None) -> str:
    """The mean over groups or steps of time; in a bounded time the known steps without a row count as nothing."""
    metric = quoted(plan.metrics[0])
    steps = _steps(plan, known) if plan.over == (TIME_DIMENSION,) else None
    return f"{f'SUM({double(metric)}) / {steps}' if steps else f'AVG({double(metric)})'} AS {metric}"


def _there_is_some(name: str, metrics: Mapping[str, Metric]) -> list[str]:
    return [f"{quoted(name)} IS NOT NULL", *([f"{quoted(name)} <> 0"] if is_tally(name, metrics) else [])]


def _is_meant(name: str, metrics: Mapping[str, Metric]) -> list[str]:
    """Conditions that are true of the rows that a metric is computed from."""
    rows = metrics[name].rows if name in metrics else None
    some = rows is None or rows.zero_is_none
    return [f"{quoted(name)} IS NOT NULL", *([f"{quoted(name)} <> 0"] if some else [])]


def _steps(plan: Plan, known: TimeRange | None) -> int | None:
    """How many steps a bounded time has of which anything is known."""
    return periods_in(within(plan.time_range, known), plan.grain)


# --- order


def _where(conditions: Sequence[str]) -> str:
    return f"\nWHERE {' AND '.join(conditions)}" if conditions else ""


def _partition(plan: Plan) -> str:
    names = [quoted(_field(plan, name)) for name in plan.within if name not in plan.metrics]
    return f"PARTITION BY {', '.join(names)} " if names else ""


def _ranking(plan: Plan) -> str:
    return ", ".join(_key(_field(plan, key.field), key.descending) for key in plan.order_by)


def _order(plan: Plan) -> str:
    shown = {*key_columns(plan), *value_columns(plan)}
    keys = [(_field(plan, name), False) for name in plan.within] if not plan.reduces else []
    keys += [(_field(plan, key.field), key.descending) for key in plan.order_by]
    keys = [(name, descending) for name, descending in keys if name in shown]
    named = {name for name, _ in keys}
    keys += [(name, False) for name in key_columns(plan) if name not in named]
    return f"\nORDER BY {', '.join(_key(name, descending) for name, descending in keys)}" if keys else ""


def _field(plan: Plan, name: str) -> str:
    return time_column(plan) or name if name == TIME_DIMENSION else name


def _key(name: str, descending: bool) -> str:
    return f"{quoted(name)} {'DESC' if descending else 'ASC'} NULLS LAST"
