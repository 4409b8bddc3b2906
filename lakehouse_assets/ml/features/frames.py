"""Examples and newest features from the lake, at one state of it.

A row of a feature table holds at the beginning of its day and knows of earlier days alone; an outcome is what the days
from then on brought, and counts as known when the last of them has passed and the table reaches beyond it.
Belongs here: those queries, in SQL that every engine reads. Does not belong here: what is learnt from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from lakehouse_assets.lakehouse.evaluation import on_clock
from lakehouse_assets.lakehouse.sql import quoted
from lakehouse_assets.ml.declared import ModelSpec
from lakehouse_assets.ml.features.examples import AS_OF, KNOWN_ON, TARGET, CannotLearnError, Examples

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.protocol import Session
    from lakehouse_assets.lakehouse.lake import Lake

MOST_EXAMPLES = 200_000
"""Examples that are learnt from at most: of more, those of the newest days."""


@dataclass(frozen=True)
class Read:
    """Examples, and the state of the lake that they are of.

    Attributes:
        examples: The examples.
        snapshots: Snapshot of each table that was read: the same again give the same examples.
    """

    examples: Examples
    snapshots: Mapping[str, int]


def read_examples(lake: Lake, spec: ModelSpec, *, at: Mapping[str, int] | None = None) -> Read:
    """All examples of a model whose outcome is known.

    Args:
        lake: The lake.
        spec: The model.
        at: Snapshots to read, as `Read.snapshots` names them; the newest if none.

    Raises:
        CannotLearnError: a table that it needs was never published, or has no rows.
    """
    tables = (spec.view.table, spec.target.table)
    if missing := [t for t in tables if t not in lake.catalog.heads()]:
        raise CannotLearnError(
            f"{' and '.join(missing)} was never published: `asklake materialize --select {missing[0]}` makes it"
        )
    with lake.session(at=dict(at) if at else None) as session:
        reach = _reach(session, spec)
        first = _first_day(session, spec)
        frame = pl.DataFrame(session.query(statement(in_sql(spec, lake), reach, first)))
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


def statement(spec: ModelSpec, reach: date, first: date) -> str:
    """The query for the examples of a model.

    Args:
        spec: The model, in the SQL of the engine.
        reach: The first day of which the target's table may not know all.
        first: First day of the examples.
    """
    view, target = spec.view, spec.target
    entity = [quoted(c) for c in view.entity]
    day = f"f.{quoted(view.date)}"
    same = " and ".join(f"t.{c} = f.{c}" for c in entity)
    named = ", ".join(f"f.{c}" for c in entity)
    wanted = ", ".join(f"f.{quoted(c)}" for c in view.features)
    since = f"{day} >= date '{first}'"
    if target.outcome == "row":
        rows = f"""select {", ".join(entity)}, {target.column} as outcome, {target.known_on} as known_on
    from {target.table}{f" where {target.where}" if target.where else ""}"""
        return f"""with t as ({rows})
select {named}, {day} as "{AS_OF}", t.known_on as "{KNOWN_ON}", t.outcome as "{TARGET}", {wanted}
from {view.table} as f inner join t on {same}
where {since} and t.known_on <= date '{reach}' and t.known_on > {day}"""
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
), outcomes as (
    select {named}, {day}, {figures[target.outcome].format(on=on)} as outcome
    from {view.table} as f left join t on {same} and t.{on} >= {day} and t.{on} < {until}
    where {since} and {until} <= date '{reach}'
    group by {named}, {day}
)
select {named}, {day} as "{AS_OF}", {until} as "{KNOWN_ON}", o.outcome as "{TARGET}", {wanted}
from {view.table} as f inner join outcomes as o
    on {" and ".join(f"o.{c} = f.{c}" for c in (*entity, quoted(view.date)))}"""


def _reach(session: Session, spec: ModelSpec) -> date:
    (row,) = session.query(f"select max({quoted(spec.target.date)}) as last from {spec.target.table}").to_pylist()
    if row["last"] is None:
        raise CannotLearnError(f"{spec.target.table} has no rows: load some")
    return row["last"] + timedelta(days=1)


def _first_day(session: Session, spec: ModelSpec) -> date:
    """The first day of the newest ones that have no more examples together than are learnt from."""
    day = quoted(spec.view.date)
    rows: list[dict[str, Any]] = session.query(
        f"select {day} as day, count(*) as examples from {spec.view.table} group by {day} order by {day} desc"
    ).to_pylist()
    if not rows:
        raise CannotLearnError(f"{spec.view.table} has no rows: load some, and make it again")
    total, first = 0, rows[0]["day"]
    for row in rows:
        total += row["examples"]
        if total > MOST_EXAMPLES:
            break
        first = row["day"]
    return first


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Exact decimals as floating numbers, which models take."""
    return frame.with_columns(pl.col(pl.Decimal).cast(pl.Float64))
