"""The SQL around what the semantic layer compiles: what is computed from metrics, thresholds, ranks, order, limit.

Belongs here: rendering the parts of a plan that MetricFlow does not. Only names of the layer, numbers and days are
rendered here; a person's text reaches SQL solely as a filter value, rendered by the semantic layer.
Does not belong here: compiling metrics, running anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from nlq.core.columns import grouped_columns, key_columns, time_column, value_columns
from nlq.core.periods import first_compared, moved_steps, overlap, periods_in, shifted, within
from nlq.core.plan import MAX_ROWS, Plan, TimeRange
from nlq.core.vocabulary import TIME_DIMENSION

RANK = "asklake_rank"
_IS_NOW = "asklake_now"


def statement(
    plan: Plan,
    compile_plain: Callable[[Plan], str],
    known: TimeRange | None = None,
    nothing: Mapping[str, float] | None = None,
) -> str:
    """The whole SQL of a plan.

    Args:
        plan: What is asked.
        compile_plain: Gives the SQL of metrics, groups, filters and times alone.
        known: The days that there are data of, if that is known.
        nothing: What metrics are where there are no rows in days that are known; no figure for those left out.
    """
    plain = plan.model_copy(update={"share": None, "comparison": None, "compare_with": None})
    if plan.share:
        source = _with_share(plan, plain, compile_plain)
    elif plan.compares:
        source = _with_comparison(plan, plain, compile_plain, known, nothing or {})
    else:
        source = compile_plain(plain)
    return finish(source, plan, known)


def most_rows(plan: Plan) -> int:
    """How many rows an answer has at most: ranks are as many as tie."""
    return MAX_ROWS if plan.ties else plan.limit


def finish(compiled: str, plan: Plan, known: TimeRange | None = None) -> str:
    """One SELECT over the compiled SQL with the plan's thresholds, order and limit.

    The order is total (ties fall back on the keys), so the same snapshot always gives the same rows. One row more
    than the most is asked for, to tell whether there were more; see ``most_rows``.
    """
    if plan.average:
        return _averaged(compiled, plan, known)
    if plan.count:
        return _counted(compiled, plan)
    names = [*key_columns(plan), *value_columns(plan)]
    columns = ", ".join(_quoted(name) for name in names)
    conditions = _conditions(plan)
    source = f"(\n{_with_ratio(compiled, plan)}\n) AS answer"
    limit = most_rows(plan) + 1
    if plan.ties:
        conditions.append(f"{_quoted(_field(plan, plan.order_by[0].field))} IS NOT NULL")
        # "The second highest" is the second value there is; "the top five" are at most five rows, ties apart.
        function = "DENSE_RANK" if plan.skip else "RANK"
        inside = ", ".join(_quoted(_field(plan, name)) for name in plan.within)
        partition = f"PARTITION BY {inside} " if inside else ""
        rank = f"{function}() OVER ({partition}ORDER BY {_ranking(plan)}) AS {_quoted(RANK)}"
        source = f"(\nSELECT {columns}, {rank}\nFROM {source}{_where(conditions)}\n) AS ranked"
        conditions = [f"{_quoted(RANK)} <= {plan.skip + plan.limit}"]
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


def _with_comparison(
    plan: Plan,
    plain: Plan,
    compile_plain: Callable[[Plan], str],
    known: TimeRange | None,
    nothing: Mapping[str, float],
) -> str:
    """Both times side by side, a row per key; a key that is missing on one side has no figure there.

    With steps of time, what was before the first step asked for is no row of its own, nor is a step after the last
    known day.
    """
    step, keys = time_column(plan), grouped_columns(plan)
    names = [_quoted(key) for key in keys]
    now_items = [*names, *(f"{_quoted(m)}, NULL AS {_quoted(f'{m}__before')}" for m in plan.metrics)]
    sides = [f"SELECT {', '.join(now_items)}, 1 AS {_IS_NOW} FROM (\n{compile_plain(plain)}\n) AS now"]
    before = compile_plain(plain.model_copy(update={"time_range": shifted(plan)}))
    old_items = [f"NULL AS {_quoted(m)}, {_quoted(m)} AS {_quoted(f'{m}__before')}" for m in plan.metrics]
    for moved, where in _moves(plan):
        back = [f"{moved} AS {_quoted(key)}" if key == step else _quoted(key) for key in keys]
        sides.append(f"SELECT {', '.join([*back, *old_items])}, 0 AS {_IS_NOW} FROM (\n{before}\n) AS before{where}")
    union = "\nUNION ALL\n".join(sides)
    conditions = _known_sides(plan, known)
    sums = [
        f"{_or_nothing(f'MAX({_quoted(name)})', nothing.get(m), condition)} AS {_quoted(name)}"
        for m in plan.metrics
        for name, condition in zip((m, f"{m}__before"), conditions, strict=True)
    ]
    group = f"\nGROUP BY {', '.join(names)}" if keys else ""
    kept = [f"MAX({_IS_NOW}) = 1", *_reached(plan, known)] if step else []
    having = f"\nHAVING {' OR '.join(kept)}" if kept else ""
    both = f"SELECT {', '.join([*names, *sums])}\nFROM (\n{union}\n) AS times{group}{having}"
    changes = ", ".join(_change(m) for m in plan.metrics)
    return f"SELECT *, {changes}\nFROM (\n{both}\n) AS compared"


def _reached(plan: Plan, known: TimeRange | None) -> list[str]:
    """A condition that is true of the steps that are asked for and known, whether they have rows or not."""
    step, last = time_column(plan), known and known.end
    if step is None or last is None:
        return []
    asked = plan.time_range.end if plan.time_range else None
    return [f"{_quoted(step)} <= DATE '{min(last, asked or last)}'"]


def _known_sides(plan: Plan, known: TimeRange | None) -> tuple[str, str]:
    """Where the times asked for and compared with are of known days, in SQL; empty where nobody can tell.

    There, no rows are nothing; elsewhere nothing is unknown.
    """
    if known is None or known.start is None or known.end is None:
        return "", ""
    if plan.grain is None:
        now, before = ("TRUE" if overlap(span, known) else "FALSE" for span in (plan.time_range, shifted(plan)))
        return now, before
    first = first_compared(plan, known.start)
    return "TRUE", f"{_quoted(time_column(plan) or '')} >= DATE '{first}'"


def _or_nothing(figure: str, nothing: float | None, known: str) -> str:
    """A figure, or what it is without rows, where a condition says that it is known; none elsewhere."""
    if not known:
        return figure
    filled = figure if nothing is None else f"COALESCE({figure}, {nothing:g})"
    return filled if known == "TRUE" else f"CASE WHEN {known} THEN {filled} END"


def _change(metric: str) -> str:
    now, before = _quoted(metric), _quoted(f"{metric}__before")
    return f"{_double(f'{now} - {before}')} / NULLIF({before}, 0) AS {_quoted(f'{metric}__change')}"


def _moves(plan: Plan) -> list[tuple[str, str]]:
    """Where earlier rows stand in the time asked for: the step of time, and which of them stand there.

    A day that a year lacks is no day of its own: of 29 February, the day a year before is the 28th.
    """
    step = time_column(plan)
    if step is None:
        return [("", "")]
    name = _quoted(step)
    unit, count = moved_steps(plan)
    moved = f"CAST({name} + INTERVAL '{count}' {unit} AS DATE)"
    if plan.grain != "day" or unit == "DAY":
        return [(moved, "")]
    stays = f"EXTRACT(DAY FROM {moved}) = EXTRACT(DAY FROM {name})"
    next_day = f"CAST({moved} + INTERVAL '1' DAY AS DATE)"
    leaps = f"EXTRACT(MONTH FROM {name}) = 2 AND EXTRACT(DAY FROM {name}) = 28 AND EXTRACT(DAY FROM {next_day}) = 29"
    return [(moved, f" WHERE {stays}"), (next_day, f" WHERE {leaps}")]


def _averaged(compiled: str, plan: Plan, known: TimeRange | None) -> str:
    """The mean over groups or steps of time; in a bounded time the known steps without a row count as nothing."""
    metric = _quoted(plan.metrics[0])
    steps = periods_in(within(plan.time_range, known), plan.grain) if plan.grain and not plan.group_by else None
    mean = f"SUM({_double(metric)}) / {steps}" if steps else f"AVG({_double(metric)})"
    named = [f"{_quoted(name)} IS NOT NULL" for name in plan.group_by]
    where = _where([*named, *_conditions(plan)])
    return f"SELECT {mean} AS {metric}\nFROM (\n{compiled}\n) AS answer{where}\nLIMIT 1"


def _counted(compiled: str, plan: Plan) -> str:
    """How many known values of the group pass the thresholds."""
    where = _where([f"{_quoted(plan.group_by[0])} IS NOT NULL", *_conditions(plan)])
    return f"SELECT COUNT(*) AS {_quoted(plan.derived[0])}\nFROM (\n{compiled}\n) AS answer{where}\nLIMIT 1"


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
