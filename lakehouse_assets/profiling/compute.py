"""Computing a profile: one pass over all rows for what a row can be added to, one for how values are spread.

Belongs here: `profile_of`, and figures out of what the engine gives. Does not belong here: SQL (statements), which
figures are issues (findings).
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lakehouse_assets.lakehouse.engines.dialect import Dialect
from lakehouse_assets.profiling.findings import issues_of, score_of
from lakehouse_assets.profiling.model import Bar, ColumnProfile, Count, Profile, Value
from lakehouse_assets.profiling.statements import (
    BARS,
    PERCENTS,
    Field,
    bars,
    fields_of,
    frequent,
    summary,
)

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

EXACT_DISTINCT = 100_000
"""Different values of a column up to which they are counted; about that many, for it is an estimate that decides."""
SAMPLE_ROWS = 2_000_000
"""Rows of which a sample is taken, where there are more."""
OUTLIER_SPANS = 3.0
"""A number is an outlier if it is further from the middle half of them than so many times the width of that half."""
_AT_ONCE = 25
"""Columns in a statement: an engine limits its length, or the stages that it runs."""
_SAFE = 2**53
_FEW = 1_024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Run = Callable[[str], "pa.Table"]
"""Runs one SELECT."""


def profile_of(
    relation: str,
    run: Run,
    dialect: Dialect,
    *,
    rows: int | None = None,
    ignoring: Collection[str] = (),
    table: str = "",
) -> Profile:
    """The profile of what stands after FROM; see the package for an example.

    Args:
        relation: Name of a table or view, or a subquery with its brackets; read two times for each 25 columns.
        run: Runs a SELECT on the engine that knows the relation; what it raises is raised.
        dialect: That engine's.
        rows: How many rows there are, if that is known: of more than two million, a sample is profiled. If it is not,
            all are.
        ignoring: Columns that do not count where rows are compared, such as the number of a record in its file.
        table: What to call it.
    """
    fields = fields_of(run(f"select * from {relation} limit 0").schema)
    if rows is not None and rows > SAMPLE_ROWS:
        relation = dialect.sampled.format(relation, 100 * SAMPLE_ROWS / rows)
    summaries = [(part, _Summary(run(summary(relation, part, dialect)).to_pylist()[0])) for part in _parts(fields)]
    looked_at = max((s.rows for _, s in summaries), default=0)
    columns = tuple(c for part, s in summaries for c in _columns(relation, run, part, s, dialect))
    if rows is not None and rows > SAMPLE_ROWS:
        columns = tuple(c.model_copy(update={"distinct_is_exact": not c.distinct}) for c in columns)
    compared = [f.sql for f in fields if f.name not in ignoring]
    duplicates = 0
    if looked_at and compared:
        duplicates = int(run(dialect.duplicates.format(", ".join(compared), relation)).column("n")[0].as_py())
    made = Profile(
        rows=looked_at if rows is None or rows <= SAMPLE_ROWS else rows,
        looked_at=looked_at, duplicates=max(0, min(duplicates, looked_at - 1)),  # of another sample it may be more
        columns=columns, score=None, issues=(),
        computed_at=datetime.now(UTC).replace(microsecond=0), table=table,
    )  # fmt: skip
    made = made.model_copy(update={"issues": issues_of(made)})
    return made.model_copy(update={"score": score_of(made)})


def small(result: duckdb.DuckDBPyConnection) -> pa.Table:
    """A result of few rows and many columns; for a million rows at once, DuckDB asks for megabytes a column."""
    return result.to_arrow_reader(_FEW).read_all()


def _parts(fields: Sequence[Field]) -> Iterator[Sequence[Field]]:
    return (fields[i : i + _AT_ONCE] for i in range(0, len(fields), _AT_ONCE))


class _Summary:
    """The row that `summary` gives, by the number of the field."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self._row, self.rows = row, int(row["rows_"])

    def get(self, name: str, i: int) -> Any:
        return self._row.get(f"{name}_{i}")

    def ends(self, i: int) -> tuple[float, float] | None:
        """The least and greatest number that can be calculated with, if they differ."""
        low, high = self.get("from", i), self.get("to", i)
        return None if low is None or not low < high else (float(low), float(high))

    def quantiles(self, i: int) -> list[float]:
        """Estimates, none of them beyond the ends: DuckDB's sketch gives 2e-308 above zeros."""
        found = re.findall(r"[^\s,\[\]]+", self.get("q", i) or "")
        return [min(max(float(v), self.get("from", i)), self.get("to", i)) for v in found]

    def distinct(self, i: int) -> int:
        """An estimate that is possible."""
        return min(int(self.get("n", i)), max(int(self.get("d", i)), min(1, int(self.get("n", i)))))


def _columns(relation: str, run: Run, fields: Sequence[Field], found: _Summary, d: Dialect) -> Iterator[ColumnProfile]:
    """The columns of one part of a relation."""
    wanted = []
    for i, field in enumerate(fields):
        if found.get("n", i) and found.distinct(i) <= EXACT_DISTINCT:
            wanted.append(f"({frequent(relation, i, field)})")
        if ends := found.ends(i):
            wanted.append(f"({bars(relation, i, field, ends, _limits(field, found.quantiles(i)), d)})")
    spread: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    if wanted:
        for row in run(" union all ".join(wanted)).to_pylist():
            spread[row["i"], row["part"]].append(row)
    for i, field in enumerate(fields):
        yield _column(i, field, found, spread[i, "top"], spread[i, "bar"])


def _limits(field: Field, quantiles: Sequence[float]) -> tuple[float, float]:
    """Below and above which numbers are outliers; nothing is where the middle half are all the same, or times."""
    if field.kind != "number" or len(quantiles) < len(PERCENTS) or not quantiles[1] < quantiles[3]:
        return -1e300, 1e300
    width = quantiles[3] - quantiles[1]
    return quantiles[1] - OUTLIER_SPANS * width, quantiles[3] + OUTLIER_SPANS * width


def _column(
    i: int, field: Field, found: _Summary, top: list[dict[str, Any]], placed: list[dict[str, Any]]
) -> ColumnProfile:
    there = int(found.get("n", i))
    usable = found.get("u", i)
    placed = _scaled(placed, int(usable or 0), sum(row["n"] for row in placed))
    return ColumnProfile(
        name=field.name, type=field.type, kind=field.kind,
        nulls=max(0, found.rows - there),
        distinct=min(int(top[0]["more"]), there) if top else found.distinct(i),
        distinct_is_exact=bool(top) or not there,
        low=_value(found.get("low", i), field), high=_value(found.get("high", i), field),
        mean=found.get("mean", i), deviation=found.get("sd", i),
        quantiles={str(p): _placed(v, field) for p, v in zip(PERCENTS, found.quantiles(i), strict=False)},
        histogram=_histogram(found.ends(i), placed, field),
        top=_top(top, there, field),
        shortest=found.get("shortest", i), longest=found.get("longest", i),
        unusable=there - int(usable) if usable is not None else 0,
        outliers=sum(int(row["more"]) for row in placed),
    )  # fmt: skip


def _scaled(rows: list[dict[str, Any]], here: int, there: int) -> list[dict[str, Any]]:
    """Counts of `there` rows as those of `here`: each statement takes a sample of its own."""
    if here == there or not there:
        return rows
    return [{**row, "n": round(row["n"] * here / there)} for row in rows]


def _top(rows: list[dict[str, Any]], there: int, field: Field) -> tuple[Count, ...]:
    """The most frequent values; of many that each come once, none is."""
    if not rows or (rows[0]["more"] > len(rows) and max(row["n"] for row in rows) == 1):
        return ()
    ordered = sorted(_scaled(rows, there, int(rows[0]["all_"])), key=lambda row: (-row["n"], row["label"]))
    return tuple(Count(value=_shown(row["label"], field), count=int(row["n"])) for row in ordered)


def _histogram(ends: tuple[float, float] | None, placed: list[dict[str, Any]], field: Field) -> tuple[Bar, ...]:
    if ends is None:
        return ()
    counts = {int(float(row["label"])): int(row["n"]) for row in placed}
    low, high = ends
    edges = [low * (1 - b / BARS) + high * (b / BARS) for b in range(BARS + 1)]
    return tuple(
        Bar(low=_placed(edges[b], field), high=_placed(edges[b + 1], field), count=counts.get(b, 0))
        for b in range(BARS)
    )


def _placed(number: float, field: Field) -> Value:
    """A point between values, on the scale of the field."""
    if field.kind != "time":
        return number if math.isfinite(number) else str(number)
    try:
        moment = _EPOCH + timedelta(seconds=number)
    except (OverflowError, ValueError):
        return number
    if field.type == "DATE":
        return moment.date().isoformat()
    text = moment.replace(microsecond=0)
    return text.isoformat() if field.zoned else text.replace(tzinfo=None).isoformat(sep=" ")


def _value(text: Any, field: Field) -> Value | None:
    return None if text is None else _shown(text, field)


def _shown(text: str, field: Field) -> Value:
    """A value that the engine gave as text."""
    if field.kind == "flag":
        return text == "true"
    if field.floats:
        number = float(text)
        return number if math.isfinite(number) else str(number)
    if field.kind == "number" and re.fullmatch(r"-?\d+", text) and abs(int(text)) < _SAFE:
        return int(text)
    return text
