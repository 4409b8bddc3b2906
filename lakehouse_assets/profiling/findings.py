"""What is worth a look in a profile, and how good the rows are, from 0 to 1.

The score is 0.5 · filled + 0.3 · single + 0.2 · sound, rounded to 3 digits:
`filled` is the share of all cells that have a value,
`single` the share of rows that are no copy of another,
`sound` the share of columns about which there is no issue.
It compares loads of one table with one another; it is no grade of a table whose empty cells are meant to be empty.
Belongs here: these judgements. Does not belong here: the figures themselves (compute).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from lakehouse_assets.profiling.model import ColumnProfile, Issue, Profile

MOSTLY = 0.5
"""Share of rows without a value from which on a column is mostly empty."""
OUTLIER_SHARE = 0.001
"""Share of outliers that is told; fewer are in every large table."""
DRIFT_NULLS = 0.2
"""Change of the share of empty cells that is told."""
DRIFT_DEVIATIONS = 3.0
"""Change of a mean that is told, in standard deviations of the values before."""
DRIFT_ROWS = 2.0
"""How many times more or fewer rows than usual are told, where at least three profiles say what is usual."""
_USUAL = 3


def issues_of(profile: Profile, before: Sequence[Profile] = ()) -> tuple[Issue, ...]:
    """What is worth a look.

    Args:
        profile: The profile.
        before: Those of the same table's earlier snapshots or loads, newest first; of those with rows, the first is
            what types, means and empty cells are compared with.
    """
    return tuple(_issues(profile, [one for one in before if one.rows]))


def score_of(profile: Profile) -> float | None:
    """The quality of a profile with its issues; None without rows or columns."""
    rows, columns = profile.looked_at, len(profile.columns)
    if not rows or not columns:
        return None
    filled = 1 - sum(c.nulls for c in profile.columns) / (rows * columns)
    single = 1 - profile.duplicates / rows
    sound = 1 - len({i.column for i in profile.issues if i.column in {c.name for c in profile.columns}}) / columns
    return round(0.5 * filled + 0.3 * single + 0.2 * sound, 3)


def judged(profile: Profile, before: Sequence[Profile]) -> Profile:
    """A profile whose issues and score take those before it into account."""
    told = profile.model_copy(update={"issues": issues_of(profile, before)})
    return told.model_copy(update={"score": score_of(told)})


def _issues(profile: Profile, before: Sequence[Profile]) -> Iterator[Issue]:
    if not profile.looked_at:
        yield Issue(code="no_rows", message="there are no rows")
        return
    if profile.duplicates:
        share = _percent(profile.duplicates / profile.looked_at)
        yield Issue(code="duplicate_rows", message=f"{profile.duplicates:,} rows ({share}) are exact copies of another")
    if before:
        yield from _change_of_rows(profile, before)
        yield from _change_of_columns(profile, before[0])
    for column in profile.columns:
        yield from _of_column(column, profile.looked_at)
        earlier = before[0].column(column.name) if before else None
        if earlier:
            yield from _drift(column, profile.looked_at, earlier, before[0].looked_at)


def _of_column(column: ColumnProfile, rows: int) -> Iterator[Issue]:
    there = rows - column.nulls

    def issue(code: str, message: str) -> Issue:
        return Issue.model_validate({"code": code, "message": message, "column": column.name})

    if column.nulls / rows > MOSTLY:
        yield issue("mostly_null", f"{_percent(column.nulls / rows)} of its values are missing")
    if there > 1 and column.distinct == 1:
        yield issue("constant", f"all {there:,} values are the same")
    if column.unusable:
        what = "NaN, infinite or beyond 1e140" if column.kind == "number" else "times without end"
        yield issue("not_a_number", f"{column.unusable:,} values are {what}; mean and quantiles leave them out")
    if there and column.outliers / there >= OUTLIER_SHARE:
        yield issue(
            "outliers", f"{column.outliers:,} values ({_percent(column.outliers / there)}) lie far from the rest"
        )


def _change_of_rows(profile: Profile, before: Sequence[Profile]) -> Iterator[Issue]:
    if len(before) < _USUAL:
        return
    usual = median(one.rows for one in before)
    if profile.rows > DRIFT_ROWS * usual or profile.rows * DRIFT_ROWS < usual:
        yield Issue(code="drift", message=f"{profile.rows:,} rows, where {usual:,.0f} are usual")


def _change_of_columns(profile: Profile, before: Profile) -> Iterator[Issue]:
    here, there = ({c.name for c in one.columns} for one in (profile, before))
    for name in sorted(there - here):
        yield Issue(code="column_gone", message="the column is gone", column=name)
    for name in sorted(here - there):
        yield Issue(code="column_new", message="the column is new", column=name)


def _drift(column: ColumnProfile, rows: int, earlier: ColumnProfile, rows_then: int) -> Iterator[Issue]:
    """How a column differs from what it was."""
    if column.type != earlier.type:
        message = f"the type was {earlier.type}, and is {column.type}"
        yield Issue(code="type_changed", message=message, column=column.name)
        return
    now, then = column.nulls / rows, earlier.nulls / rows_then
    if abs(now - then) > DRIFT_NULLS:
        message = f"{_percent(now)} of its values are missing; {_percent(then)} were before"
        yield Issue(code="drift", message=message, column=column.name)
    if column.mean is not None and earlier.mean is not None and earlier.deviation:
        far = abs(column.mean - earlier.mean) / earlier.deviation
        if far > DRIFT_DEVIATIONS:
            message = f"its mean was {earlier.mean:,.6g} and is {column.mean:,.6g}"
            yield Issue(code="drift", message=message, column=column.name)


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 or not share else f"{max(share, 0.0001):.2%}"
