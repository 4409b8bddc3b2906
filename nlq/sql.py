"""The SQL around what the semantic layer compiles: what is computed from metrics, thresholds, ranks, order, limit.

Belongs here: rendering the parts of a plan that MetricFlow does not. Only names of the layer, numbers and days are
rendered here; a person's text reaches SQL solely as a filter value, rendered by the semantic layer.
Does not belong here: compiling metrics, running anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nlq.periods import periods_in, shifted
from nlq.plan import MAX_ROWS, Comparison, Plan
from nlq.vocabulary import TIME_DIMENSION

RANK = "asklake_rank"
_IS_NOW = "asklake_now"


def time_column(plan: Plan) -> str | None:
    """The compiled name of the time step, e.g. ``metric_time__month``."""
    return f"{TIME_DIMENSION}__{plan.grain}" if plan.grain else None


def key_columns(plan: Plan) -> tuple[str, ...]:
    """The columns that identify a row of the answer: the step of time, then the grouped dimensions."""
    return () if plan.average or plan.count else _grouped(plan)


def value_columns(plan: Plan) -> tuple[str, ...]:
    """The columns after the keys: the metrics, each followed by what it is compared with, then what is computed."""
    if plan.count:
        return plan.derived
    if not plan.compares:
        return (*plan.metrics, *plan.derived)
    return tuple(name for m in plan.metrics for name in (m, f"{m}__before", f"{m}__change"))


def statement(plan: Plan, compile_plain: Callable[[Plan], str]) -> str:
    """The whole SQL of a plan; ``compile_plain`` gives that of metrics, groups, filters and times alone."""
    plain = plan.model_copy(update={"share": None, "comparison": None, "compare_with": None})
    if plan.share:
        source = _with_share(plan, plain, compile_plain)
    elif plan.compares:
        source = _with_comparison(plan, plain, compile_plain)
    else:
        source = compile_plain(plain)
    return finish(source, plan)


def finish(compiled: str, plan: Plan) -> str:
    """One SELECT over the compiled SQL with the plan's thresholds, order and limit.

    The order is total (ties fall back on the keys), so the same snapshot always gives the same rows. One row more
    than the most is asked for where the plan sets no smaller limit, to tell whether there were more.
    """
    if plan.average:
        return _averaged(compiled, plan)
    if plan.count:
        return _counted(compiled, plan)
    names = [*key_columns(plan), *value_columns(plan)]
    columns = ", ".join(_quoted(name) for name in names)
    conditions = _conditions(plan)
    source = f"(\n{_with_ratio(compiled, plan)}\n) AS answer"
    limit = plan.limit + 1 if plan.limit == MAX_ROWS else plan.limit
    if plan.ties:
        conditions.append(f"{_quoted(plan.order_by[0].field)} IS NOT NULL")
        # "The second highest" is the second value there is; "the top five" are at most five rows, ties apart.
        function = "DENSE_RANK" if plan.skip else "RANK"
        inside = ", ".join(_quoted(_field(plan, name)) for name in plan.within)
        partition = f"PARTITION BY {inside} " if inside else ""
        rank = f"{function}() OVER ({partition}ORDER BY {_ranking(plan)}) AS {_quoted(RANK)}"
        source = f"(\nSELECT {columns}, {rank}\nFROM {source}{_where(conditions)}\n) AS ranked"
        conditions, limit = [f"{_quoted(RANK)} <= {plan.skip + plan.limit}"], MAX_ROWS + 1
        if plan.skip:
            conditions.append(f"{_quoted(RANK)} > {plan.skip}")
    return f"SELECT {columns}\nFROM {source}{_where(conditions)}{_order(plan)}\nLIMIT {limit}"


def _with_ratio(compiled: str, plan: Plan) -> str:
    if not plan.ratio:
        return compiled
    above, below = (_quoted(name) for name in plan.metrics)
    return (
        f"SELECT *, {_double(above)} / NULLIF({below}, 0) AS {_quoted(plan.derived[0])}\nFROM (\n{compiled}\n) AS pair"
    )


def _with_share(plan: Plan, plain: Plan, compile_plain: Callable[[Plan], str]) -> str:
    """The part beside the whole, which is compiled on its own: distinct counts of groups do not add up."""
    assert plan.share is not None
    metric, within = plan.metrics[0], plan.share.within
    unordered = {"having": (), "order_by": (), "ties": False, "skip": 0, "limit": MAX_ROWS}
    groups = tuple(name for name in plan.group_by if name in within)
    grain = plan.grain if TIME_DIMENSION in within else None
    # The whole has every group, the unknown one too: a rank's guard against it is no filter of the question.
    whole = compile_plain(
        plain.model_copy(update={**unordered, "filters": _without_guards(plan), "group_by": groups, "grain": grain})
    )
    part = compile_plain(plain.model_copy(update={"filters": (*plan.filters, *plan.share.part)}))
    shared = [time_column(plan) or name if name == TIME_DIMENSION else name for name in within]
    on = " AND ".join(f"part.{_quoted(name)} IS NOT DISTINCT FROM whole.{_quoted(name)}" for name in shared)
    part_of, whole_of = (_double(f"{side}.{_quoted(metric)}") for side in ("part", "whole"))
    share = f"{part_of} / NULLIF({whole_of}, 0) AS {_quoted(plan.derived[0])}"
    return f"SELECT part.*, {share}\nFROM (\n{part}\n) AS part\nLEFT JOIN (\n{whole}\n) AS whole ON {on or 'TRUE'}"


def _without_guards(plan: Plan) -> tuple:
    guards = {*plan.group_by} if plan.ties else set()
    return tuple(f for f in plan.filters if not (f.operator == "is_not_null" and f.dimension in guards))


def _with_comparison(plan: Plan, plain: Plan, compile_plain: Callable[[Plan], str]) -> str:
    """Both times side by side, a row per key; a key that is missing on one side has no figure there."""
    before = compile_plain(plain.model_copy(update={"time_range": shifted(plan)}))
    step, keys = time_column(plan), _grouped(plan)
    names = ", ".join(_quoted(key) for key in keys)
    lead = f"{names}, " if keys else ""
    back = ", ".join(_moved(key, plan) if key == step else _quoted(key) for key in keys)
    now_items = [f"{_quoted(m)}, NULL AS {_quoted(f'{m}__before')}" for m in plan.metrics]
    old_items = [f"NULL AS {_quoted(m)}, {_quoted(m)} AS {_quoted(f'{m}__before')}" for m in plan.metrics]
    union = (
        f"SELECT {lead}{', '.join(now_items)}, 1 AS {_IS_NOW} FROM (\n{compile_plain(plain)}\n) AS now\nUNION ALL\n"
        f"SELECT {back + ', ' if keys else ''}{', '.join(old_items)}, 0 AS {_IS_NOW} FROM (\n{before}\n) AS before"
    )
    sums = [f"MAX({_quoted(n)}) AS {_quoted(n)}" for m in plan.metrics for n in (m, f"{m}__before")]
    group = f"\nGROUP BY {names}" if keys else ""
    # With steps of time, what was before the first step asked for is no row of its own.
    only_now = f"\nHAVING MAX({_IS_NOW}) = 1" if step else ""
    both = f"SELECT {lead}{', '.join(sums)}\nFROM (\n{union}\n) AS times{group}{only_now}"
    changes = ", ".join(_change(m) for m in plan.metrics)
    return f"SELECT *, {changes}\nFROM (\n{both}\n) AS compared"


def _change(metric: str) -> str:
    now, before = _quoted(metric), _quoted(f"{metric}__before")
    return f"{_double(f'{now} - {before}')} / NULLIF({before}, 0) AS {_quoted(f'{metric}__change')}"


def _moved(step: str, plan: Plan) -> str:
    """The step of time an earlier row is compared with."""
    yearly = plan.comparison is Comparison.PREVIOUS_YEAR
    count, unit = (1, "YEAR") if yearly else (3, "MONTH") if plan.grain == "quarter" else (1, str(plan.grain).upper())
    if unit == "WEEK":
        count, unit = 7, "DAY"
    return f"CAST({_quoted(step)} + INTERVAL '{count}' {unit} AS DATE) AS {_quoted(step)}"


def _averaged(compiled: str, plan: Plan) -> str:
    """The mean over groups or steps of time; in a bounded time the steps without a row count as nothing."""
    metric = _quoted(plan.metrics[0])
    steps = periods_in(plan.time_range, plan.grain) if plan.grain and not plan.group_by else None
    mean = f"SUM({_double(metric)}) / {steps}" if steps else f"AVG({_double(metric)})"
    known = [f"{_quoted(name)} IS NOT NULL" for name in plan.group_by]
    where = _where([*known, *_conditions(plan)])
    return f"SELECT {mean} AS {metric}\nFROM (\n{compiled}\n) AS answer{where}\nLIMIT 1"


def _counted(compiled: str, plan: Plan) -> str:
    """How many known values of the group pass the thresholds."""
    where = _where([f"{_quoted(plan.group_by[0])} IS NOT NULL", *_conditions(plan)])
    return f"SELECT COUNT(*) AS {_quoted(plan.derived[0])}\nFROM (\n{compiled}\n) AS answer{where}\nLIMIT 1"


def _grouped(plan: Plan) -> tuple[str, ...]:
    step = time_column(plan)
    return (*((step,) if step else ()), *plan.group_by)


def _conditions(plan: Plan) -> list[str]:
    return [f"{_quoted(b.metric)} {b.comparator.sql} {b.value!r}" for b in plan.having]


def _where(conditions: Sequence[str]) -> str:
    return f"\nWHERE {' AND '.join(conditions)}" if conditions else ""


def _ranking(plan: Plan) -> str:
    return ", ".join(_key(_field(plan, key.field), key.descending) for key in plan.order_by)


def _order(plan: Plan) -> str:
    keys = [(_field(plan, name), False) for name in plan.within]
    keys += [(_field(plan, key.field), key.descending) for key in plan.order_by]
    named = {name for name, _ in keys}
    keys += [(name, False) for name in key_columns(plan) if name not in named]
    return f"\nORDER BY {', '.join(_key(name, descending) for name, descending in keys)}" if keys else ""


def _field(plan: Plan, name: str) -> str:
    return time_column(plan) or name if name == TIME_DIMENSION else name


def _key(name: str, descending: bool) -> str:
    return f"{_quoted(name)} {'DESC' if descending else 'ASC'} NULLS LAST"


def _double(value: str) -> str:
    """A number whose quotient is no whole number on any engine, and has all its digits."""
    return f"CAST({value} AS DOUBLE)"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
