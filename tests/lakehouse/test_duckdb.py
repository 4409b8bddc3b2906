"""Sessions: consistent, read-only, bounded in time."""

from __future__ import annotations

import shutil

import pytest

from lakehouse_assets.lakehouse.duckdb import extension_path
from lakehouse_assets.lakehouse.engine import QueryRefusedError, QueryTimeoutError
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publication import ReplaceTable
from lakehouse_assets.lakehouse.statements import referenced_tables
from tests.lakehouse.readings import publish, rows


def test_a_session_stays_on_the_state_it_opened(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 1), ReplaceTable())
    with lake.session() as session:
        publish(lake, rows("2024-01-01", 5), ReplaceTable())
        assert session.query("select count(*) n from silver.readings").to_pylist() == [{"n": 3}]
    with lake.session() as session:
        assert session.query("select count(*) n from silver.readings").to_pylist() == [{"n": 15}]


def test_an_older_snapshot_can_be_read(lake: Lake) -> None:
    (first,) = publish(lake, rows("2024-01-01", 1), ReplaceTable())
    publish(lake, rows("2024-01-01", 5), ReplaceTable())
    with lake.session(at={"silver.readings": first.snapshot_id}) as session:
        assert session.query("select count(*) n from silver.readings").to_pylist() == [{"n": 3}]
        assert session.snapshots == {"silver.readings": first.snapshot_id}


def test_a_session_sees_nothing_of_the_one_whose_views_it_takes_over(lake: Lake) -> None:
    (first,) = publish(lake, rows("2024-01-01", 1), ReplaceTable())
    publish(lake, rows("2024-01-01", 5), ReplaceTable())
    counted, views = "select count(*) n from silver.readings", "select view_oid from duckdb_views() where not internal"
    made = []
    for at, count in ((first.snapshot_id, 3), (None, 15), (None, 15)):
        with lake.session(at={"silver.readings": at} if at else None) as session:
            assert session.query(counted).to_pylist() == [{"n": count}]
            made.append(session.con.execute(views).fetchall())
    assert made[0] != made[1] == made[2]
    with lake.session(heads={}) as session, pytest.raises(QueryRefusedError):
        session.query(counted)


def test_sessions_side_by_side_are_of_different_states(lake: Lake) -> None:
    (first,) = publish(lake, rows("2024-01-01", 1), ReplaceTable())
    publish(lake, rows("2024-01-01", 5), ReplaceTable())
    with lake.session() as now, lake.session(at={"silver.readings": first.snapshot_id}) as then:
        for session, count in ((now, 15), (then, 3), (now, 15)):
            assert session.query("select count(*) n from silver.readings").to_pylist() == [{"n": count}]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("drop table silver.readings", "single SELECT"),
        ("select 1; select 2", "single SELECT"),
        ("copy (select 1) to '/tmp/x'", "single SELECT"),
        ("attach '/tmp/x.db'", "single SELECT"),
        ("select * from read_csv('/etc/passwd')", "table functions"),
        ("select * from '/etc/passwd'", "name the layer"),
        ("select * from glob('/*')", "table functions"),
        ("with x as (select * from read_text('/etc/passwd')) select * from x", "table functions"),
        ("select * from silver.redings", "nearest: silver.readings"),
        ("selec 1", "not SQL|single SELECT"),
    ],
)
def test_people_read_tables_of_the_lake_and_nothing_else(lake: Lake, sql: str, reason: str) -> None:
    publish(lake, rows("2024-01-01", 1), ReplaceTable())
    with lake.session() as session, pytest.raises(QueryRefusedError, match=reason):
        session.query(sql)


def test_the_reader_itself_cannot_leave_the_warehouse(lake: Lake) -> None:
    with lake.session() as session, pytest.raises(Exception, match="disabled"):
        session.con.execute("select * from read_text('/etc/hostname')")


def test_the_reader_loads_no_extension(lake: Lake) -> None:
    (lake.settings.warehouse / "own.duckdb_extension").parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(extension_path("avro"), lake.settings.warehouse / "own.duckdb_extension")
    with lake.session() as session, pytest.raises(Exception, match="disabled"):
        session.con.execute(f"load '{lake.settings.warehouse}/own.duckdb_extension'")


def test_a_query_past_its_time_is_cancelled_in_the_engine(lake: Lake) -> None:
    with lake.session() as session:
        with pytest.raises(QueryTimeoutError, match=r"0\.3 s"):
            session.query("select count(*) from range(100000000000) a, range(1000) b", timeout_s=0.3)
        assert session.query("select 1 as one").to_pylist() == [{"one": 1}]


def test_referenced_tables_sees_through_ctes_and_joins() -> None:
    sql = "with a as (select * from gold.x) select * from a join silver.y using (k) where k in (select k from gold.z)"
    assert referenced_tables(sql) == ("gold.x", "gold.z", "silver.y")


def test_limit_bounds_the_rows(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 5), ReplaceTable())
    with lake.session() as session:
        assert session.query("select * from silver.readings", limit=4).num_rows == 4
