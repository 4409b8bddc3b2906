"""Reading features as they were known: for training at a date per row, for serving the newest.

The engine finds the row of each entity, batch by batch, so what this process holds is what was asked for. All batches
read one snapshot.
Belongs here: that query and what it gives. Does not belong here: what features there are (views).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lakehouse_assets.features.views import FeatureError, FeatureView, find_view
from lakehouse_assets.lakehouse.sql import quoted

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.engines.protocol import Session
    from lakehouse_assets.lakehouse.lake import Lake

BATCH = 2_000
"""Entities in one statement."""
MOST_LATEST = 10_000
"""Entities whose newest features may be asked for at once: serving is for a few, training for many."""

#: Characters between entities, and between the values of one: ASCII's own separators.
_LINE, _FIELD = 30, 31
_Asked = tuple[int, Mapping[str, Any], date]


@dataclass(frozen=True)
class Features:
    """Features of entities, a row for each that was asked for, in that order.

    Attributes:
        rows: The entity's columns, `as_of`, the date of the row found, and the features; the latter are null where
            nothing was known, or nothing fresh enough.
        snapshot: Snapshot of the feature table that was read: naming it gives the same features again.
    """

    rows: pa.Table
    snapshot: int | None


def get_features(
    lake: Lake,
    view: str | FeatureView,
    entities: Sequence[Mapping[str, Any]],
    as_of: date | Sequence[date] | None = None,
    *,
    features: Sequence[str] = (),
    snapshot: int | None = None,
) -> Features:
    """What was known of entities at the beginning of a day.

    A row of the feature table is made from the days before its date only, and is taken for an `as_of` on that date or
    up to `freshness_days` - 1 days later: so no event of `as_of` or after has a part in what is returned.

    Args:
        lake: The lake.
        view: The feature view, or its name.
        entities: The columns that name each entity.
        as_of: One day for all entities, or one for each; none means the newest the table has.
        features: Those wanted; none means all of the view.
        snapshot: An older snapshot of the feature table to read, as a `Features` names it.

    Raises:
        FeatureError: no such view or feature, an entity without its columns, another number of days than entities, or
            too many entities for the newest features.
    """
    known = find_view(view) if isinstance(view, str) else view
    wanted = _wanted(known, features)
    _check(known, entities, as_of)
    with lake.session(at={known.table: snapshot} if snapshot is not None else None) as session:
        days = _days(session, known, as_of, len(entities))
        asked = list(zip(range(len(entities)), entities, days, strict=True))
        batches = [asked[start : start + BATCH] for start in range(0, len(asked), BATCH)]
        parts = [session.query(_statement(known, wanted, batch), [_text(known, batch)]) for batch in batches]
        read = session.snapshots.get(known.table)
    rows = pa.concat_tables(parts) if parts else _nothing(known, wanted)
    return Features(rows, read)


def newest_rows(session: Session, view: FeatureView) -> tuple[date | None, pa.Table]:
    """What `get_features` gives without a day, of every entity at once: what is kept to be served one by one.

    Returns:
        The newest day of the table, None if it has no rows, and of each entity its columns, the date of the row that
        may be used on that day, and the features.
    """
    (day,) = _days(session, view, None, 1)
    if day == date.min:
        return None, _nothing(view, view.features)
    wanted = ", ".join(map(quoted, (*view.entity, view.date, *view.features)))
    entity, when = ", ".join(map(quoted, view.entity)), quoted(view.date)
    rows = session.query(f"""select {wanted} from (
select {wanted}, row_number() over (partition by {entity} order by {when} desc) as nth
from {view.table} where {when} between date '{_oldest(view, day)}' and date '{day}'
) as usable where nth = 1""")
    return day, rows


def _wanted(view: FeatureView, features: Sequence[str]) -> list[str]:
    if unknown := [f for f in features if f not in view.features]:
        raise FeatureError(
            f"view '{view.name}' has no feature {', '.join(unknown)}; it has {', '.join(view.features)}."
        )
    return list(features or view.features)


def _check(view: FeatureView, entities: Sequence[Mapping[str, Any]], as_of: date | Sequence[date] | None) -> None:
    for number, entity in enumerate(entities):
        if missing := [c for c in view.entity if entity.get(c) is None]:
            raise FeatureError(f"entity {number} has no {', '.join(missing)}; view '{view.name}' needs it.")
        if any(chr(mark) in str(entity[c]) for c in view.entity for mark in (_LINE, _FIELD)):
            raise FeatureError(f"entity {number} has a control character in its name.")
    if as_of is None and len(entities) > MOST_LATEST:
        raise FeatureError(
            f"the newest features of {len(entities):,} entities were asked for, {MOST_LATEST:,} at most are given "
            "at once: ask in parts, or say as_of."
        )
    if as_of is not None and not isinstance(as_of, date) and len(as_of) != len(entities):
        raise FeatureError(f"there are {len(entities)} entities, and as_of has {len(as_of)} days: one for each.")


def _days(session: Session, view: FeatureView, as_of: date | Sequence[date] | None, count: int) -> list[date]:
    """The day for each entity."""
    if as_of is None:
        (newest,) = session.query(f"select max({quoted(view.date)}) as day from {view.table}").to_pylist()
        return [newest["day"] or date.min] * count
    return [as_of] * count if isinstance(as_of, date) else list(as_of)


def _statement(view: FeatureView, wanted: Sequence[str], batch: Sequence[_Asked]) -> str:
    """The query for a batch, which is its one parameter: of each entity the newest row that its day may know of."""
    first, last = min(_oldest(view, day) for *_, day in batch), max(day for *_, day in batch)
    types = view.contract.types
    columns = [(c, types[c]) for c in view.entity] + [("as_of", "DATE"), ("since", "DATE")]
    fields = ",\n".join(
        f"cast(split_part(line, chr({_FIELD}), {i}) as {kind}) as {quoted(name)}"
        for i, (name, kind) in enumerate([("row_no", "BIGINT"), *columns], start=1)
    )
    same = " and ".join(f"asked.{quoted(c)} = known.{quoted(c)}" for c in view.entity)
    found = ", ".join(f"known.{quoted(c)}" for c in (view.date, *wanted))
    shown = ", ".join(map(quoted, (*view.entity, "as_of", view.date, *wanted)))
    when = f"known.{quoted(view.date)}"
    return f"""with asked as (
select {fields}
from unnest(split(?, chr({_LINE}))) as lines (line)
), found as (
select asked.*, {found}, row_number() over (partition by asked.row_no order by {when} desc nulls last) as nth
from asked
left join {view.table} as known on {same} and {when} <= asked.as_of and {when} >= asked.since
  and {when} between date '{first}' and date '{last}'
)
select {shown} from found where nth = 1 order by row_no"""


def _text(view: FeatureView, batch: Sequence[_Asked]) -> str:
    """A batch as the text that the query takes apart: parsing so many literals would take the engines seconds."""
    return chr(_LINE).join(
        chr(_FIELD).join([str(number), *(str(entity[c]) for c in view.entity), str(day), str(_oldest(view, day))])
        for number, entity, day in batch
    )


def _oldest(view: FeatureView, day: date) -> date:
    """The oldest date of a row that may be used on a day."""
    return date.fromordinal(max(day.toordinal() - view.freshness_days + 1, 1))


def _nothing(view: FeatureView, wanted: Sequence[str]) -> pa.Table:
    return pa.table({name: pa.nulls(0) for name in (*view.entity, "as_of", view.date, *wanted)})
