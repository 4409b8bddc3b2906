"""How far the features of a table moved: on its newest days, beside the days before them.

The newest days are those of the week that ends with the last one, and beside each of them four days before are looked
at: in a table with a row for each day every weekday is on both sides equally often, and one with a row a month has
the last beside the four before.
Belongs here: which days, and reading them. Does not belong here: the measure (features.drift), or keeping it (tables).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple, cast

import polars as pl

from lakehouse_assets.features import FeatureView
from lakehouse_assets.features.drift import LEAST_ROWS, drift, in_words, spreads
from lakehouse_assets.lakehouse.engines.dialect import Dialect
from lakehouse_assets.lakehouse.sql import quoted
from lakehouse_assets.profiling.model import Compared, Drift, Profile

if TYPE_CHECKING:
    import pyarrow as pa

NEWEST, BEFORE = timedelta(days=7), 4
"""Span of the newest days, and how many days before are looked at for each of them."""
MOST_ROWS = 50_000
"""Rows of each side that are looked at, about; of more, those of some of the entities, chosen by chance."""


class _Side(NamedTuple):
    first: date
    last: date
    rows: int


def with_drift(
    profile: Profile, views: Sequence[FeatureView], relation: str, run: Callable[[str], pa.Table], dialect: Dialect
) -> Profile:
    """A profile that says of each feature how far it moved, or why that cannot be told.

    Args:
        profile: That of the rows.
        views: The feature views over the table; all of them go by one date, a column of the table's key.
        relation: The rows, as it stands after FROM.
        run: Runs a SELECT on the engine; what it raises is raised.
        dialect: That engine's.
    """
    names = {name for view in views for name in view.features}
    wanted = [c.name for c in profile.columns if c.name in names and c.kind != "other"]
    newest, before = _sides(relation, views[0].date, run)
    compared = _told(newest, before)
    if compared.note or newest is None or before is None or not wanted:
        return profile.model_copy(update={"compared": compared})
    then, now = (
        cast(pl.DataFrame, pl.from_arrow(run(_statement(relation, views[0], wanted, side, dialect))))
        for side in (before, newest)
    )
    found = drift(spreads(then), now)
    columns = tuple(
        c.model_copy(update={"drift": Drift(index=round(found[c.name], 4), word=in_words(found[c.name]))})
        if c.name in found
        else c
        for c in profile.columns
    )
    return profile.model_copy(update={"columns": columns, "compared": compared})


def _sides(relation: str, day: str, run: Callable[[str], pa.Table]) -> tuple[_Side | None, _Side | None]:
    """The newest days and those before, with their rows; None where there are none."""
    most = NEWEST.days * (1 + BEFORE)
    listed = run(
        f"select {quoted(day)} as day, count(*) as n from {relation} group by 1 order by 1 desc limit {most}"
    ).to_pylist()
    found = [(cast(date, row["day"]), int(row["n"])) for row in listed]
    newest = [one for one in found if one[0] > found[0][0] - NEWEST]
    return _side(newest), _side(found[len(newest) : len(newest) * (1 + BEFORE)])


def _side(days: Sequence[tuple[date, int]]) -> _Side | None:
    return _Side(days[-1][0], days[0][0], sum(n for _, n in days)) if days else None


def _told(newest: _Side | None, before: _Side | None) -> Compared:
    """Which days are compared; a note says why they are not."""
    note = ""
    if newest is None or before is None:
        note = "How far features moved is told once there are days before the newest week."
    elif (fewest := min(newest.rows, before.rows)) < LEAST_ROWS:
        note = f"How far features moved is told of at least {LEAST_ROWS} rows on each side, and there are {fewest}."
    return Compared(
        newest=(newest.first, newest.last) if newest else None,
        before=(before.first, before.last) if before else None,
        rows=newest.rows if newest else 0, rows_before=before.rows if before else 0, note=note,
    )  # fmt: skip


def _statement(relation: str, view: FeatureView, wanted: Sequence[str], side: _Side, dialect: Dialect) -> str:
    every = -(-side.rows // MOST_ROWS)
    chosen = f" and mod({dialect.hashed(view.entity)}, {every}) = 0" if every > 1 else ""
    return (
        f"select {', '.join(map(quoted, wanted))} from {relation} "
        f"where {quoted(view.date)} between date '{side.first}' and date '{side.last}'{chosen}"
    )
