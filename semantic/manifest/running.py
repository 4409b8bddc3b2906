"""Running totals: the SQL of cumulative metrics, over what MetricFlow compiles for their measure.

MetricFlow joins every row with every later day of the time spine: 70,000 rows over 18 months took 18 seconds by
month, and a time range without a period gave the sum of the totals. Here the measure is summed per day first, and
a window function runs over the days.

Belongs here: which cumulative metrics can be computed so, and their SQL. Does not belong here: other metrics.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BASE_PREFIX = "asklake_base_"
_ADDITIVE = ("sum", "count", "sum_boolean")
_PICK = {"first": "MIN_BY({total}, {day})", "last": "MAX_BY({total}, {day})", "average": "AVG({total})"}
_DAYS = {"day": 1, "week": 7}
_TOTAL, _DAY, _AMOUNT = "asklake_total", "asklake_day", "asklake_amount"


@dataclass(frozen=True)
class Running:
    """How a total runs: since the beginning, since the start of a period, or over the last ``days`` days.

    ``base`` is the simple metric of the same measure; ``pick`` which day stands for a longer period: first,
    last, average.
    """

    base: str
    pick: str
    grain_to_date: str | None = None
    days: int | None = None


def running_of(metric: Mapping[str, Any], measure: Mapping[str, Any] | None, grain: str) -> Running | None:
    """How a cumulative metric of the manifest runs, or None where only MetricFlow can compute it."""
    if metric["type"] != "cumulative" or measure is None:
        return None
    params = metric["type_params"]
    cumulative = params.get("cumulative_type_params") or {}
    if measure["agg"] not in _ADDITIVE or measure.get("non_additive_dimension") or cumulative.get("metric"):
        return None
    window = params.get("window") or cumulative.get("window")
    if window and (window["granularity"] not in _DAYS or grain != "day"):
        return None
    return Running(
        base=BASE_PREFIX + metric["name"],
        pick=cumulative.get("period_agg") or "first",
        grain_to_date=params.get("grain_to_date") or cumulative.get("grain_to_date"),
        days=int(window["count"]) * _DAYS[window["granularity"]] if window else None,
    )


def with_bases(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with a simple metric beside each cumulative one of a measure."""
    bases = [_base(m) for m in manifest["metrics"] if m["type"] == "cumulative" and m["type_params"].get("measure")]
    return {**manifest, "metrics": [*manifest["metrics"], *bases]}


def _base(metric: Mapping[str, Any]) -> dict[str, Any]:
    base = copy.deepcopy(dict(metric))
    base.update(name=BASE_PREFIX + metric["name"], type="simple", time_granularity=None)
    base["type_params"].update(window=None, grain_to_date=None, cumulative_type_params=None)
    return base


def total(
    base_sql: str,
    running: Running,
    *,
    name: str,
    keys: Sequence[str],
    unit: str,
    period: tuple[str, str] | None,
    days: str,
    last: str | None,
    first: str | None,
) -> str:
    """SQL of a running total, with columns ``keys``, the period's, and ``name``.

    Args:
        base_sql: The measure per ``metric_time__<unit>`` and keys.
        running: How the total runs.
        name: Name of the metric.
        keys: Quoted names of the key columns other than the period.
        unit: The finest grain of the metric.
        period: Quoted name of the period's column and its grain; None for the total at the end.
        days: A query of one column, the days of the time spine that there are data for.
        last: SQL of the last day asked for, if any.
        first: SQL of the first day asked for, if any.
    """
    listed = "".join(f"{key}, " for key in keys)
    partition = [*keys, *([f"DATE_TRUNC('{running.grain_to_date}', {_DAY})"] if running.grain_to_date else [])]
    over = f"PARTITION BY {', '.join(partition)} " if partition else ""
    frame = f"ROWS BETWEEN {running.days - 1} PRECEDING AND CURRENT ROW" if running.days else "ROWS UNBOUNDED PRECEDING"
    until = f" WHERE {_DAY} <= {last}" if last else ""
    since = f" WHERE {_DAY} >= {first}" if first and period else ""
    pick = _PICK[running.pick if period else "last"].format(total=_TOTAL, day=_DAY)
    shown = f"{listed}DATE_TRUNC('{period[1]}', {_DAY}) AS {period[0]}, " if period else listed
    group = [*keys, *([f"DATE_TRUNC('{period[1]}', {_DAY})"] if period else [])]
    grouped = f"\nGROUP BY {', '.join(group)}" if group else ""
    starts = f"\nGROUP BY {', '.join(keys)}" if keys else ""
    return f"""WITH asklake_base AS (
SELECT {listed}CAST(metric_time__{unit} AS DATE) AS {_DAY}, {running.base} AS {_AMOUNT} FROM (
{base_sql}
) AS compiled
), asklake_days AS (
SELECT DISTINCT CAST(DATE_TRUNC('{unit}', day) AS DATE) AS {_DAY} FROM ({days}) AS spine
), asklake_starts AS (
SELECT {listed}MIN({_DAY}) AS asklake_start FROM asklake_base{starts}
), asklake_dense AS (
SELECT {listed}{_DAY}, SUM({_AMOUNT}) AS {_AMOUNT} FROM (
SELECT {listed}{_DAY}, {_AMOUNT} FROM asklake_base
UNION ALL
SELECT {listed}{_DAY}, 0 FROM asklake_starts CROSS JOIN asklake_days WHERE {_DAY} >= asklake_start
) AS rows_and_days{until}
GROUP BY {listed}{_DAY}
), asklake_running AS (
SELECT {listed}{_DAY}, SUM({_AMOUNT}) OVER ({over}ORDER BY {_DAY} {frame}) AS {_TOTAL} FROM asklake_dense
)
SELECT {shown}{pick} AS {name} FROM asklake_running{since}{grouped}"""
