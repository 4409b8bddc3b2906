"""Columns computed from metrics: ratios, shares of a whole, what a time is compared with, totals and means along time.

Belongs here: SQL that adds such columns to what the semantic layer compiles. Does not belong here: thresholds, ranks,
what puts rows together (``sql``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress

from lakehouse_assets.lakehouse.sql import quoted
from nlq.answering.parts import Layer
from nlq.core.columns import grouped_columns, time_column
from nlq.core.guard import GuardError
from nlq.core.periods import before_first, first_compared, known_part, moved_steps, overlap, shifted, steps_in
from nlq.core.plan import MAX_ROWS, DimensionFilter, Operator, Plan, TimeRange
from nlq.core.vocabulary import TIME_DIMENSION, Metric
from semantic.errors import SemanticError

_MOST_STEPS = 10_000
_IS_NOW = "asklake_now"


def with_computed(
    plan: Plan, compile_plain: Callable[[Plan], str], known: TimeRange | None, metrics: Mapping[str, Metric]
) -> str:
    """The metrics of a plan and what is computed from them, a row for each of its groups; see ``sql.statement``."""
    plain = without_comparison(plan)
    if plan.share:
        return _with_share(plan, plain, compile_plain)
    if plan.compares:
        return _with_comparison(plan, plain, compile_plain, known, metrics)
    if plan.running:
        return _with_running(plan, compile_plain, known, metrics)
    if plan.ratio:
        return _with_ratio(plan, compile_plain(plain))
    if plan.over == (TIME_DIMENSION,) and plan.count:
        return _with_every_step(
            compile_plain(plain), plan, known_part(plan.time_range, known) if known else None, metrics
        )
    return compile_plain(plain)


def without_comparison(plan: Plan) -> Plan:
    """The plan of the metrics alone, without what they are a share of or compared with."""
    return plan.model_copy(update={"share": None, "comparison": None, "compare_with": None})


def statements_of(plans: Iterable[Plan], allowed: Callable[[Plan], Plan], layer: Layer) -> Iterator[str]:
    """The SQL of the metrics of some plans, as often as it will be read; none of a plan that will be refused.

    Args:
        plans: What will be asked.
        allowed: Gives what the guard makes of a plan.
        layer: What compiles.
    """
    for plan in plans:
        if plan.analysis:
            continue  # which reads figures of its own
        with suppress(GuardError, SemanticError):
            yield from [layer.compile(without_comparison(allowed(plan))).sql] * (2 if plan.compares else 1)


def is_tally(name: str, metrics: Mapping[str, Metric]) -> bool:
    """Whether a metric is a sum or a count, which is zero where there is nothing."""
    return name not in metrics or metrics[name].tally


def without_guards(plan: Plan) -> tuple[DimensionFilter, ...]:
    """The filters of the question: a rank's guard against unknown groups is none."""
    guards = {*plan.group_by} if plan.ties else set()
    return tuple(f for f in plan.filters if not (f.operator is Operator.IS_NOT_NULL and f.dimension in guards))


def double(value: str) -> str:
    """A number whose quotient is no whole number on any engine, and has all its digits."""
    return f"CAST({value} AS DOUBLE)"


def _with_ratio(plan: Plan, compiled: str) -> str:
    above, below = (quoted(name) for name in plan.metrics)
    return f"SELECT *, {double(above)} / NULLIF({below}, 0) AS {quoted(plan.derived[0])}\nFROM (\n{compiled}\n) AS pair"


def _with_running(
    plan: Plan, compile_plain: Callable[[Plan], str], known: TimeRange | None, metrics: Mapping[str, Metric]
) -> str:
    """Each step beside the total or the mean of those up to it; of fewer steps than asked for there is none."""
    assert plan.running
    step, count, earlier = quoted(time_column(plan) or ""), plan.running.steps, before_first(plan)
    source, span = compile_plain(plan), plan.time_range
    if earlier:
        columns = ", ".join(quoted(name) for name in (*grouped_columns(plan), *plan.metrics))
        before = compile_plain(plan.model_copy(update={"time_range": earlier}))
        sides = [f"SELECT {columns} FROM (\n{sql}\n) AS side" for sql in (before, source)]
        source = "\nUNION ALL\n".join(sides)
        span = TimeRange(start=earlier.start, end=span and span.end)
    source = _with_every_step(source, plan, known_part(span, known) if known else None, metrics)
    groups = ", ".join(quoted(name) for name in plan.group_by)
    frame = f"{count - 1} PRECEDING" if count else "UNBOUNDED PRECEDING"
    over = f"OVER ({f'PARTITION BY {groups} ' if groups else ''}ORDER BY {step} ROWS {frame})"
    function = "SUM" if plan.running.of == "total" else "AVG"

    def running(name: str) -> str:
        value = quoted(name) if function == "SUM" else double(quoted(name))
        figure = f"{function}({value}) {over}"
        return f"CASE WHEN COUNT(*) {over} = {count} THEN {figure} END" if count else figure

    columns = ", ".join(f"{running(name)} AS {quoted(f'{name}__running')}" for name in plan.metrics)
    figures = f"SELECT *, {columns}\nFROM (\n{source}\n) AS steps"
    if not earlier:
        return figures
    return f"SELECT * FROM (\n{figures}\n) AS figures\nWHERE {step} > DATE '{earlier.end}'"


def _with_every_step(source: str, plan: Plan, span: TimeRange | None, metrics: Mapping[str, Metric]) -> str:
    """The rows, and one for each group and step of a time that has none: nothing of a sum or count, else unknown.

    Raises:
        SemanticError: there are too many steps.
    """
    steps = steps_in(span, plan.grain)
    if not steps:
        return source
    if len(steps) > _MOST_STEPS:
        raise SemanticError(
            f"there are more than {_MOST_STEPS:,} {plan.grain}s: ask for a shorter time or longer steps"
        )
    step = quoted(time_column(plan) or "")
    groups = [quoted(name) for name in plan.group_by]
    listed = ", ".join(f"(DATE '{day}')" for day in steps)
    every = f"(VALUES {listed}) AS every_step({step})"
    if groups:
        every += f" CROSS JOIN (SELECT DISTINCT {', '.join(groups)} FROM found) AS every_group"
    keys = [f"every_step.{step}", *(f"every_group.{name}" for name in groups)]
    same = [f"found.{step} = every_step.{step}"]
    same += [f"found.{name} IS NOT DISTINCT FROM every_group.{name}" for name in groups]
    figures = [_figure(name, metrics) for name in plan.metrics]
    return (
        f"WITH found AS (\n{source}\n)\nSELECT {', '.join([*keys, *figures])}\nFROM {every}"
        f"\nLEFT JOIN found ON {' AND '.join(same)}"
    )


def _figure(name: str, metrics: Mapping[str, Metric]) -> str:
    figure = f"found.{quoted(name)}"
    nothing = _nothing(name, metrics)
    if nothing is None and is_tally(name, metrics):
        nothing = 0
    return figure if nothing is None else f"COALESCE({figure}, {nothing:g}) AS {quoted(name)}"


def _with_share(plan: Plan, plain: Plan, compile_plain: Callable[[Plan], str]) -> str:
    """The part beside the whole, which is compiled on its own: distinct counts of groups do not add up."""
    assert plan.share is not None
    metric, within = plan.metrics[0], plan.share.within
    unordered = {"having": (), "order_by": (), "ties": False, "skip": 0, "limit": MAX_ROWS}
    groups = tuple(name for name in plan.group_by if name in within)
    grain = plan.grain if TIME_DIMENSION in within else None
    # The whole has every group, the unknown one too: a rank's guard against it is no filter of the question.
    whole = compile_plain(
        plain.model_copy(update={**unordered, "filters": without_guards(plan), "group_by": groups, "grain": grain})
    )
    part = compile_plain(plain.model_copy(update={"filters": (*plan.filters, *plan.share.part)}))
    shared = [time_column(plan) or name if name == TIME_DIMENSION else name for name in within]
    on = " AND ".join(f"part.{quoted(name)} IS NOT DISTINCT FROM whole.{quoted(name)}" for name in shared)
    part_of, whole_of = (double(f"{side}.{quoted(metric)}") for side in ("part", "whole"))
    share = f"{part_of} / NULLIF({whole_of}, 0) AS {quoted(plan.derived[0])}"
    return f"SELECT part.*, {share}\nFROM (\n{part}\n) AS part\nLEFT JOIN (\n{whole}\n) AS whole ON {on or 'TRUE'}"


def _with_comparison(
    plan: Plan,
    plain: Plan,
    compile_plain: Callable[[Plan], str],
    known: TimeRange | None,
    metrics: Mapping[str, Metric],
) -> str:
    """Both times side by side, a row per key; a key that is missing on one side has no figure there.

    With steps of time, what was before the first step asked for is no row of its own, nor is a step after the last
    known day.
    """
    step, keys = time_column(plan), grouped_columns(plan)
    names = [quoted(key) for key in keys]
    now_items = [*names, *(f"{quoted(m)}, NULL AS {quoted(f'{m}__before')}" for m in plan.metrics)]
    sides = [f"SELECT {', '.join(now_items)}, 1 AS {_IS_NOW} FROM (\n{compile_plain(plain)}\n) AS now"]
    before = compile_plain(plain.model_copy(update={"time_range": shifted(plan)}))
    old_items = [f"NULL AS {quoted(m)}, {quoted(m)} AS {quoted(f'{m}__before')}" for m in plan.metrics]
    for moved, where in _moves(plan):
        back = [f"{moved} AS {quoted(key)}" if key == step else quoted(key) for key in keys]
        sides.append(f"SELECT {', '.join([*back, *old_items])}, 0 AS {_IS_NOW} FROM (\n{before}\n) AS before{where}")
    union = "\nUNION ALL\n".join(sides)
    conditions = _known_sides(plan, known)
    sums = [
        f"{_or_nothing(f'MAX({quoted(name)})', _nothing(m, metrics), condition)} AS {quoted(name)}"
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
    return [f"{quoted(step)} <= DATE '{min(last, asked or last)}'"]


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
    return "TRUE", f"{quoted(time_column(plan) or '')} >= DATE '{first}'"


def _or_nothing(figure: str, nothing: float | None, known: str) -> str:
    """A figure, or what it is without rows, where a condition says that it is known; none elsewhere."""
    if not known:
        return figure
    filled = figure if nothing is None else f"COALESCE({figure}, {nothing:g})"
    return filled if known == "TRUE" else f"CASE WHEN {known} THEN {filled} END"


def _change(metric: str) -> str:
    now, before = quoted(metric), quoted(f"{metric}__before")
    change = f"{double(f'{now} - {before}')} / NULLIF({before}, 0) AS {quoted(f'{metric}__change')}"
    return f"{change}, {now} - {before} AS {quoted(f'{metric}__difference')}"


def _moves(plan: Plan) -> list[tuple[str, str]]:
    """Where earlier rows stand in the time asked for: the step of time, and which of them stand there.

    A day that a year lacks is no day of its own: of 29 February, the day a year before is the 28th.
    """
    step = time_column(plan)
    if step is None:
        return [("", "")]
    name = quoted(step)
    unit, count = moved_steps(plan)
    moved = f"CAST({name} + INTERVAL '{count}' {unit} AS DATE)"
    if plan.grain != "day" or unit == "DAY":
        return [(moved, "")]
    stays = f"EXTRACT(DAY FROM {moved}) = EXTRACT(DAY FROM {name})"
    next_day = f"CAST({moved} + INTERVAL '1' DAY AS DATE)"
    leaps = f"EXTRACT(MONTH FROM {name}) = 2 AND EXTRACT(DAY FROM {name}) = 28 AND EXTRACT(DAY FROM {next_day}) = 29"
    return [(moved, f" WHERE {stays}"), (next_day, f" WHERE {leaps}")]


def _nothing(name: str, metrics: Mapping[str, Metric]) -> float | None:
    return metrics[name].nothing if name in metrics else None
