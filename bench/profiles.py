"""A profile of a wide table, in seconds of CPU, beside DuckDB's own summary of it.

Belongs here: the table and the work that is measured. Does not belong here: timing itself (measure).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.measure import Contender, Result, compare
from lakehouse_assets.lakehouse.engines.duckdb_spec import DIALECT
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.profiling.compute import profile_of

ROWS = 1_000_000
COLUMNS = (
    *(f"hash(i + {n}) % {10**n} as whole_{n}" for n in range(1, 8)),
    *(f"(hash(i * {n}) % 1000000) / {n}.0 as real_{n}" for n in range(1, 5)),
    *(f"'v' || (hash(i + {n}) % {10**n}) as text_{n}" for n in range(1, 7)),
    "date '2020-01-01' + (i % 2000)::integer as day",
    "timestamp '2020-01-01' + to_seconds(i) as moment",
    "i % 3 = 0 as flag",
)


def profiles(folder: Path, repeat: int, scale: float) -> Iterator[Result]:
    """Types, nulls, different values, ranges, quantiles; the profile also most frequent values, bars and copies."""
    file = folder / "wide.parquet"
    with open_instance() as con:
        rows = f"select {', '.join(COLUMNS)} from range({int(ROWS * scale)}) as numbers(i)"
        con.execute(f"copy ({rows}) to '{file}' (format parquet)")
    yield compare(
        "profile_cpu",
        [Contender("asklake", profile_ours, (str(file),)), Contender("duckdb summarize", summarize, (str(file),))],
        repeat=repeat,
        aim="at most twice the CPU of SUMMARIZE",
    )


def profile_ours(file: str) -> tuple[float, dict[str, Any]]:
    """Seconds of CPU of a profile of a table in memory."""

    def work(con: Any) -> dict[str, Any]:
        found = profile_of("wide", lambda sql: con.execute(sql).to_arrow_table(), DIALECT)
        return {"columns": len(found.columns), "exact": sum(c.distinct_is_exact for c in found.columns)}

    return _timed(file, work)


def summarize(file: str) -> tuple[float, dict[str, Any]]:
    """Seconds of CPU of SUMMARIZE of the same table."""
    return _timed(file, lambda con: {"columns": len(con.execute("summarize wide").fetchall())})


def _timed(file: str, work: Callable[[Any], dict[str, Any]]) -> tuple[float, dict[str, Any]]:
    with open_instance() as con:
        con.execute(f"create table wide as select * from '{file}'")
        started = time.process_time()
        facts = work(con)
        return time.process_time() - started, facts
