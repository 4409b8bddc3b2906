"""The predicates of replaced days and months are true for all of their moments, and for no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyiceberg.expressions.visitors import expression_evaluator
from pyiceberg.typedef import Record

from lakehouse_assets.lakehouse.contract import Contract, Partition, TableModel, column, day, hour, month
from lakehouse_assets.lakehouse.iceberg.overwrite import partition_values, period_filter, period_predicate
from lakehouse_assets.lakehouse.periods import period_of
from lakehouse_assets.lakehouse.publish.data_files import _stored


class Moments(TableModel):
    """Moments. One row per moment."""

    at: pl.Datetime = column("A time")
    on: pl.Date = column("Its day")


def moments(partition: Partition) -> Contract:
    return Contract(
        Moments, "moments", "silver", "test", grain="moment", owner="team:test", key=("at",), partitions=(partition,),
        days_of_utc=partition.transform == "hour",
    )  # fmt: skip


CONTRACTS = [moments(kind(name)) for kind in (day, month) for name in ("at", "on")]
EDGES = [time(0), time(0, 0, 0, 1), time(12), time(23, 59, 59, 999999)]
days = st.dates(date(1969, 11, 1), date(1970, 3, 1)) | st.sampled_from([date.min, date.max, date(2024, 2, 29)])


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: c.partitions[0].name)
@given(st.sets(days, max_size=5), st.lists(st.tuples(days, st.sampled_from(EDGES) | st.times()), max_size=8))
@example({date(2024, 1, 31)}, [(date(2024, 1, 31), EDGES[-1]), (date(2024, 2, 1), EDGES[0])])
def test_a_moment_is_in_its_period_and_in_no_other(
    contract: Contract, values: set[date], found: list[tuple[date, time]]
) -> None:
    (partition,) = contract.partitions
    period: Any = partition.transform
    periods = {period_of(value, period) for value in values}
    times = [datetime.combine(*both) for both in found]
    wanted = [period_of(t.date(), period) in periods for t in times]

    schema = contract.iceberg_schema()
    evaluate = expression_evaluator(schema, period_filter(contract, sorted(values)), case_sensitive=True)
    assert [evaluate(Record(_stored(t), _stored(t.date()))) for t in times] == wanted

    sql = f'select {period_predicate(contract, sorted(values))} from (select ?::timestamp as "at", ?::date as "on")'
    assert [_row(sql, t) for t in times] == wanted


hours = st.integers(0, 80).map(lambda n: datetime(1969, 12, 30) + timedelta(hours=n)) | st.just(datetime.max)


@given(st.sets(hours, max_size=5), st.lists(st.tuples(hours, st.sampled_from([0, 1, 59])), max_size=8))
def test_a_moment_is_in_its_hour_and_in_no_other(values: set[datetime], found: list[tuple[datetime, int]]) -> None:
    contract = moments(hour("at"))
    parts = partition_values(contract, values)
    times = [period_of(at, "hour") + timedelta(minutes=minute) for at, minute in found]
    wanted = [period_of(t, "hour") in parts for t in times]

    evaluate = expression_evaluator(contract.iceberg_schema(), period_filter(contract, parts), case_sensitive=True)
    assert [evaluate(Record(_stored(t), 0)) for t in times] == wanted
    sql = f'select {period_predicate(contract, parts)} from (select ?::timestamp as "at", ?::date as "on")'
    assert [_row(sql, datetime.fromisoformat(t.isoformat())) for t in times] == wanted


def test_of_a_table_by_hour_a_day_is_all_of_its_hours() -> None:
    contract = moments(hour("at"))
    assert period_predicate(contract, partition_values(contract, [date(2024, 1, 1)])) == (
        "((\"at\" >= timestamp '2024-01-01 00:00:00' and \"at\" < timestamp '2024-01-02 00:00:00'))"
    )
    with pytest.raises(ValueError, match="no hours"):
        moments(hour("on"))
    with pytest.raises(ValueError, match="hours of UTC"):
        replace(contract, days_of_utc=False)


def _row(sql: str, moment: datetime) -> bool:
    (found,) = duckdb.execute(sql, [moment.isoformat(), moment.date().isoformat()]).fetchall()
    return bool(found[0])


def test_predicates_are_half_open_ranges_of_the_columns_own_type() -> None:
    by_time, by_day = moments(day("at")), moments(month("on"))
    assert period_predicate(by_time, [date(2024, 1, 2), date(2024, 1, 1)]) == (
        "((\"at\" >= timestamp '2024-01-01 00:00:00' and \"at\" < timestamp '2024-01-03 00:00:00'))"
    )
    assert period_predicate(by_day, [date(2024, 1, 9)]) == (
        "((\"on\" >= date '2024-01-01' and \"on\" < date '2024-02-01'))"
    )
    assert period_predicate(by_day, []) == "(false)"


@given(st.datetimes())
def test_a_time_is_stored_to_the_microsecond(moment: datetime) -> None:
    assert datetime(1970, 1, 1) + timedelta(microseconds=_stored(moment)) == moment
