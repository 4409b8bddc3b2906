"""Examples and newest features from the lake, at one state of it.

A row of a feature table holds at the beginning of its day and knows of earlier days alone; an outcome is what the days
from then on brought, and counts as known when the last of them has passed and the table reaches beyond it.
Belongs here: those queries, in SQL that every engine reads. Does not belong here: what is learnt from them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from lakehouse_assets.lakehouse.evaluation import on_clock
from lakehouse_assets.lakehouse.sql import quoted
from lakehouse_assets.lakehouse.zones import today_in
from lakehouse_assets.ml.declared import ModelSpec
from lakehouse_assets.ml.examples import AS_OF, KNOWN_ON, TARGET, CannotLearnError, Examples
from nlq.core.guard import TENANT_COLUMN

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.protocol import Session
    from lakehouse_assets.lakehouse.lake import Lake

MOST_EXAMPLES = 200_000
"""Examples that are learnt from at most: of more, those of the newest days."""
FEWEST_DAYS = 60
"""Days that time is split by, as far as there are so many: a model of two days would know no other."""


@dataclass(frozen=True)
class Read:
    """Examples, and the state of the lake that they are of.

    Attributes:
        examples: The examples.
        snapshots: Snapshot of each table that was read: the same again give the same examples.
    """

    examples: Examples
    snapshots: Mapping[str, int]


def read_examples(
    lake: Lake, spec: ModelSpec, *, at: Mapping[str, int] | None = None, today: date | None = None
) -> Read:
    """All examples of a model whose outcome is known.

    Args:
        lake: The lake.
        spec: The model.
        at: Snapshots to read, as `Read.snapshots` names them; the newest if none.
        today: The day it is, which no outcome is known of, whatever day a row is of; by the project's clock if none.

    Raises:
        CannotLearnError: a table that it needs was never published, or has no rows.
    """
    tables = (spec.view.table, spec.target.table)
    if missing := [t for t in tables if t not in lake.catalog.heads()]:
        raise CannotLearnError(
            f"{' and '.join(missing)} was never published: `asklake materialize --select {missing[0]}` makes it"
        )
    with lake.session(at=dict(at) if at else None) as session:
        reach = _reach(session, spec, today or today_in(lake.settings.time_zone))
        first, each = _first_day(session, spec, reach)
        frame = pl.DataFrame(session.query(statement(in_sql(spec, lake), reach, first, each)))
        snapshots = {t: s for t in tables if (s := session.snapshots.get(t)) is not None}
    return Read(Examples.of(_plain(frame), spec.view.entity, spec.view.features, spec.problem), snapshots)


def newest_features(lake: Lake, spec: ModelSpec) -> tuple[date | None, pl.DataFrame]:
    """The newest day of the model's features, and the features of every entity on it: what is to be predicted."""
    view = spec.view
    if view.table not in lake.catalog.heads():
        return None, pl.DataFrame()
    columns = ", ".join(map(quoted, dict.fromkeys((*view.entity, *view.features))))
    day = quoted(view.date)
    with lake.session() as session:
        (row,) = session.query(f"select max({day}) as day from {view.table}").to_pylist()
        if row["day"] is None:
            return None, pl.DataFrame()
        found = session.query(f"select {columns} from {view.table} where {day} = date '{row['day']}'")
    return row["day"], _plain(pl.DataFrame(found)).sort(*view.entity)


def with_shown(lake: Lake, spec: ModelSpec, features: pl.DataFrame) -> pl.DataFrame:
    """Features with what predictions show beside each entity; missing where the table knows nothing of one."""
    if spec.described_by is None or not spec.shown:
        return features
    entity = list(spec.view.entity)
    columns = ", ".join(map(quoted, (*entity, *spec.shown)))
    with lake.session() as session:
        known = pl.DataFrame(session.query(f"select {columns} from {spec.described_by}"))
    return features.drop(spec.shown, strict=False).join(known, on=entity, how="left", maintain_order="left")


def in_sql(spec: ModelSpec, lake: Lake) -> ModelSpec:
    """A model whose target is in the SQL of the lake's engine, with days by the project's clock."""
    dialect, target = lake.engine.dialect, spec.target
    local = dialect.local_time(lake.settings.time_zone)
    said = {name: sql for name in ("column", "known_on", "where") if (sql := getattr(target, name)) is not None}
    written = {name: on_clock(sql, dialect.name, local) for name, sql in said.items()}
    return spec.model_copy(update={"target": target.model_copy(update=written)})


def statement(spec: ModelSpec, reach: date, first: date, each: int = 1) -> str:
    """The query for the examples of a model.

    Where entities have tenants, the loads of each may reach less far than those of others.

    Args:
        spec: The model, in the SQL of the engine.
        reach: The first day of which the target's table may not know all.
        first: First day of the examples.
        each: Every so many-th entity of a day is an example.
    """
    view, target = spec.view, spec.target
    entity = [quoted(c) for c in view.entity]
    day = f"f.{quoted(view.date)}"
    same = " and ".join(f"t.{c} = f.{c}" for c in entity)
    named = ", ".join(f"f.{c}" for c in entity)
    wanted = ", ".join(f"f.{quoted(c)}" for c in view.features)
    since = f"{day} >= date '{first}'"
    reached, same_reach, until_reach = _reached(spec, reach)
    features = _thinned(spec, first, each)
    if target.outcome == "row":
        rows = f"""select {", ".join(entity)}, {target.column} as outcome, {target.known_on} as known_on
    from {target.table}{f" where {target.where}" if target.where else ""}"""
        return f"""with t as ({rows}), {reached}
select {named}, {day} as "{AS_OF}", t.known_on as "{KNOWN_ON}", t.outcome as "{TARGET}", {wanted}
from {features} as f inner join t on {same} inner join r on {same_reach}
where {since} and t.known_on <= {until_reach} and t.known_on > {day}"""
    until = f"cast({day} + interval '{target.horizon_days}' day as date)"
    events = f"(select * from {target.table}{f' where {target.where}' if target.where else ''})"
    on = quoted(target.date)
    figures = {
        "none": "case when count(t.{on}) = 0 then 1 else 0 end",
        "any": "case when count(t.{on}) = 0 then 0 else 1 end",
        "sum": "coalesce(sum(t.figure), 0)",
        "value": "max(t.figure)",
    }
    figure = f", cast({target.column} as double) as figure" if target.column else ""
    return f"""with t as (
    select {", ".join(entity)}, {on}{figure} from {events} as events
), {reached}, outcomes as (
    select {named}, {day}, {figures[target.outcome].format(on=on)} as outcome
    from {features} as f inner join r on {same_reach}
    left join t on {same} and t.{on} >= {day} and t.{on} < {until}
    where {since} and {until} <= {until_reach}
    group by {named}, {day}
)
select {named}, {day} as "{AS_OF}", {until} as "{KNOWN_ON}", o.outcome as "{TARGET}", {wanted}
from {view.table} as f inner join outcomes as o
    on {" and ".join(f"o.{c} = f.{c}" for c in (*entity, quoted(view.date)))}"""


def _reached(spec: ModelSpec, reach: date) -> tuple[str, str, str]:
    """How far the target's table reaches, of each tenant: the query `r`, what joins it to `f`, and the day."""
    last, column = f"max({quoted(spec.target.date)}) as reached", quoted(TENANT_COLUMN)
    until = f"least(r.reached, date '{reach}')"
    if TENANT_COLUMN not in spec.view.entity:
        return f"r as (select {last} from {spec.target.table})", "true", until
    return (
        f"r as (select {column}, {last} from {spec.target.table} group by {column})",
        f"r.{column} = f.{column}",
        until,
    )


def _thinned(spec: ModelSpec, first: date, each: int) -> str:
    """The feature table, or every so many-th entity of each day of it."""
    view, day = spec.view, quoted(spec.view.date)
    if each == 1:
        return view.table
    order = ", ".join(map(quoted, view.entity))
    numbered = f"select *, row_number() over (partition by {day} order by {order}) as place from {view.table}"
    return f"(select * from ({numbered} where {day} >= date '{first}') as numbered where place % {each} = 0)"


def _reach(session: Session, spec: ModelSpec, today: date) -> date:
    """The first day of which the target's table may not know all: the last with rows, which may be going on."""
    (row,) = session.query(f"select max({quoted(spec.target.date)}) as last from {spec.target.table}").to_pylist()
    if row["last"] is None:
        raise CannotLearnError(f"{spec.target.table} has no rows: load some")
    return min(row["last"], today)


def _first_day(session: Session, spec: ModelSpec, reach: date) -> tuple[date, int]:
    """The first day of the newest ones that have no more examples together than are learnt from.

    Where so few days have so many, entities are left out rather than days: the second figure says that every so
    many-th is an example. Days whose outcome cannot be known yet do not count.
    """
    day = quoted(spec.view.date)
    rows: list[dict[str, Any]] = session.query(
        f"select {day} as day, count(*) as examples from {spec.view.table} group by {day} order by {day} desc"
    ).to_pylist()
    if not rows:
        raise CannotLearnError(f"{spec.view.table} has no rows: load some, and make it again")
    ahead = timedelta(days=1 if spec.target.outcome == "row" else spec.target.horizon_days)
    known = [row for row in rows if row["day"] + ahead <= reach] or rows
    each = math.ceil(sum(row["examples"] for row in known[:FEWEST_DAYS]) / MOST_EXAMPLES)
    total, first = 0, known[0]["day"]
    for place, row in enumerate(known):
        total += row["examples"] / each
        if total > MOST_EXAMPLES and place >= FEWEST_DAYS:
            break
        first = row["day"]
    return first, each


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Exact decimals as floating numbers, which models take."""
    return frame.with_columns(pl.col(pl.Decimal).cast(pl.Float64))
