"""Sessions: consistent, read-only, bounded in time."""

from __future__ import annotations

import shutil
import time

import duckdb
import pytest

from lakehouse_assets.lakehouse.engines.instances import EXTENSIONS, extension_path, open_instance
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError, QueryTimeoutError
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
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
        ("(pivot query('select 1 as a, 2 as b') on a using sum(b))", "single SELECT"),
        ("select getenv('HOME')", "function getenv"),
        ("select * from information_schema.tables", "no published table"),
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


_NOT_ALLOWED = "disabled|locked|Cannot|not exist|not found|not in the catalog"


@pytest.mark.parametrize("writer", [False, True])
def test_no_engine_leaves_the_folders_of_tables_or_changes_its_limits(lake: Lake, writer: bool) -> None:
    """What a statement that passed the guard could still not do; a writer runs none of a person's at all."""
    home, warehouse = lake.settings.home, lake.settings.warehouse
    warehouse.mkdir(parents=True)
    (home / "secret.csv").write_text("a\n1\n")
    shutil.copy(extension_path("avro"), warehouse / "own.duckdb_extension")
    with lake.session(writer=writer) as session:
        for statement in (
            "select * from read_text('/etc/hostname')",
            "from '/etc/hosts.csv'",
            f"select * from read_csv('{home}/secret.csv')",
            f"select * from read_csv('{warehouse}/../secret.csv')",
            f"select * from read_csv('{warehouse}/*/../../secret.csv')",
            f"select * from read_csv('{warehouse}{'/../' * 20}{home}/secret.csv')",
            f"select * from glob('{home}/*')",
            f"copy (select 1) to '{home}/out.csv'",
            f"copy (select 1) to '{warehouse}/../out.csv'",
            f"attach '{home}/x.db'",
            f"attach '{home}/catalog.db' as c (type sqlite)",
            f"export database '{home}/exported'",
            "install httpfs",
            "load httpfs",
            "install spatial from 'http://127.0.0.1:9'",
            f"load '{warehouse}/own.duckdb_extension'",
            "select * from read_csv('http://127.0.0.1:9/x.csv')",
            "select st_point(1, 2)",
            "create secret (type s3, provider credential_chain)",
            "set enable_external_access = true",
            "set autoload_known_extensions = true",
            "set custom_extension_repository = 'http://127.0.0.1:9'",
            "set allow_unsigned_extensions = true",
            "set lock_configuration = false",
            "set memory_limit = '1TB'",
            "set temp_directory = '/tmp'",
            "reset memory_limit",
            "select * from statement",
        ):
            started = time.monotonic()
            with pytest.raises(duckdb.Error, match=_NOT_ALLOWED):
                pytest.fail(f"{statement} gave {session.con.execute(statement).fetchall()}")
            assert time.monotonic() - started < 5, statement  # it asked no network
    assert not (home / "out.csv").exists() and not (home / "exported").exists()


def test_a_query_past_its_time_is_cancelled_in_the_engine(lake: Lake) -> None:
    with lake.session() as session:
        with pytest.raises(QueryTimeoutError, match=r"0\.3 s"):
            session.query("select count(*) from range(100000000000) a, range(1000) b", timeout_s=0.3)
        assert session.query("select 1 as one").to_pylist() == [{"one": 1}]


def test_limit_bounds_the_rows(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 5), ReplaceTable())
    with lake.session() as session:
        assert session.query("select * from silver.readings", limit=4).num_rows == 4


@pytest.mark.parametrize("extensions", [(), EXTENSIONS])
def test_no_instance_draws_a_bar_into_the_output(extensions: tuple[str, ...]) -> None:
    with open_instance(extensions) as con:
        assert con.execute("select current_setting('enable_progress_bar')").fetchall() == [(False,)]
