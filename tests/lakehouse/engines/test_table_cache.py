"""Snapshots read again and again are kept in memory: the same rows, within bounds, and never under a reader's feet."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError, Rollup
from lakehouse_assets.lakehouse.engines.table_cache import COLUMN_USES, MOST_SUMS, SUM_USES, USES, Columns, KeptTables
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from tests.lakehouse.readings import publish, rows

COUNT = "select count(*) as n, sum(value) as total from silver.readings"
ROWS = "(select state, value from silver.readings)"
SUMS = Rollup(
    ROWS, "silver.readings", "select state, sum(value) as value from (select state, value from ", ") as r", ()
)
SUMS = SUMS._replace(after=SUMS.after + " group by state", sums=("value",))
KEPT = "select database_name, estimated_size from duckdb_tables() where database_name like 'kept_%' order by 1"


def kept(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows of what is kept, by database."""
    return dict(con.execute(KEPT).fetchall())


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_instance() as con:
        yield con


def test_a_table_asked_for_often_is_kept_and_answers_alike_until_it_moves_on(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 2), ReplaceTable())
    answers = []
    for number in range(USES + 2):
        with lake.session() as session:
            answers.append(session.query(COUNT).to_pylist())
            assert bool(kept(session.con)) is (number + 1 >= USES)
    assert answers == answers[:1] * len(answers)

    with lake.session() as before:
        assert before.query(COUNT).to_pylist() == answers[0]
        publish(lake, rows("2024-01-01", 5), ReplaceTable())
        assert before.query(COUNT).to_pylist() == answers[0]
        with lake.session() as after:
            assert [r["n"] for r in after.query(COUNT).to_pylist()] == [15]


def test_an_older_snapshot_is_read_as_it_lies(lake: Lake) -> None:
    (first,) = publish(lake, rows("2024-01-01", 1), ReplaceTable())
    publish(lake, rows("2024-01-01", 5), ReplaceTable())
    for _ in range(USES + 1):
        with lake.session(at={"silver.readings": first.snapshot_id}) as session:
            assert [r["n"] for r in session.query(COUNT).to_pylist()] == [3]
            assert not kept(session.con)


def test_a_session_that_asks_twice_counts_once(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 1), ReplaceTable())
    with lake.session() as session:
        for _ in range(2 * USES):
            session.query(COUNT)
        assert not kept(session.con)


def test_sums_asked_for_often_are_kept_instead_of_the_table_until_it_moves_on(lake: Lake) -> None:
    (first,) = publish(lake, rows("2024-01-01", 10), ReplaceTable())
    sql = f"select state, sum(value) as total from {ROWS} as r where state = 'ON' group by state"
    answers, kept_rows = [], []
    for _ in range(USES + SUM_USES):
        with lake.session() as session:
            answers.append(session.query(sql, rollups=[SUMS]).to_pylist())
            kept_rows.append([*kept(session.con).values()])
    assert answers == answers[:1] * len(answers)
    assert kept_rows == [*[[]] * (SUM_USES - 1), *[[1]] * (USES + 1)]

    with lake.session(at={"silver.readings": first.snapshot_id}) as session:
        assert session.query(sql, rollups=[SUMS]).to_pylist() == answers[0]
    publish(lake, rows("2024-01-01", 20), ReplaceTable())
    for _ in range(SUM_USES + 1):
        with lake.session() as session:
            assert session.query(sql, rollups=[SUMS]).to_pylist()[0]["total"] == 2 * answers[0][0]["total"]


def test_a_table_is_kept_though_a_part_of_the_statement_reads_its_sums(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 10), ReplaceTable())
    sql = f"select sum(value) as total, (select avg(value) from silver.readings) as mean from {ROWS} as r"
    answers = []
    for _ in range(USES + 1):
        with lake.session() as session:
            answers.append(session.query(sql, rollups=[SUMS]).to_pylist())
            sizes = [*kept(session.con).values()]
    assert sizes == [1, 30]
    assert answers == [[{"total": 30, "mean": 1.0}]] * (USES + 1)


def test_a_statement_with_sums_is_guarded_like_any_other(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 10), ReplaceTable())
    with lake.session() as session, pytest.raises(QueryRefusedError):
        session.query(f"select * from {ROWS} as r, read_text('/etc/hostname')", rollups=[SUMS])


@pytest.mark.parametrize(
    ("columns", "is_kept"),
    [
        ("sum(range) as s", True),
        ("sum(range::decimal(18, 2)) as s", True),
        ("sum(range::double) as s", False),
        ("sum(range) as s, max(range::double) as most", True),
        (f"range % {MOST_SUMS} as key, sum(range) as s", True),
        (f"range % {MOST_SUMS + 1} as key, sum(range) as s", False),
        ("sum(error(range::varchar)) as s", False),
    ],
)
def test_sums_are_kept_where_they_are_exact_and_few(
    con: duckdb.DuckDBPyConnection, columns: str, is_kept: bool
) -> None:
    tables = KeptTables(largest=40)
    query = f"(select {columns} from range({2 * MOST_SUMS}) group by all order by all)"
    lent = [tables.lend(con, query, lambda: 40, sums=["s"]) for _ in range(SUM_USES + 1)]
    assert lent[: SUM_USES - 1] == [query] * (SUM_USES - 1)
    assert [one != query for one in lent[SUM_USES - 1 :]] == [is_kept] * 2
    assert len(kept(con)) == is_kept
    if is_kept:
        assert con.execute(f"from {lent[-1]}").fetchall() == con.execute(f"from {query}").fetchall()


def test_people_cannot_name_what_is_kept(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 1), ReplaceTable())
    for _ in range(USES):
        with lake.session() as session:
            session.query(COUNT)
    with lake.session() as session:
        assert kept(session.con)
        for name in ("kept_0.main.rows", "kept_0.rows", "main.rows"):
            with pytest.raises(Exception, match=r"catalog|no published table"):
                session.query(f"select * from {name}")


def test_what_is_read_stays_and_what_was_used_longest_ago_goes(con: duckdb.DuckDBPyConnection) -> None:
    tables = KeptTables(uses=1, largest=40, total=100)

    def lend(size: int) -> str:
        return tables.lend(con, f"range({size})", lambda: 40)

    lent = [lend(size) for size in (1, 2, 3)]
    assert sorted(kept(con).values()) == [1, 2, 3]

    for table in lent[:2]:
        tables.give_back(table)
    assert lend(1) == lent[0]
    lend(4)
    assert sorted(kept(con).values()) == [1, 3, 4]

    tables.give_back(lent[2])
    lend(5)
    assert sorted(kept(con).values()) == [1, 4, 5]
    assert con.execute(f"select count(*) from {lent[0]}").fetchall() == [(1,)]
    assert lend(3) not in lent


def test_a_large_table_and_one_that_cannot_be_kept_are_read_as_they_lie(con: duckdb.DuckDBPyConnection) -> None:
    tables = KeptTables(uses=2, largest=40, total=100)
    failing = "(select error('no memory') as a from range(3))"
    for relation, size in (("range(5)", 41), (failing, 40)):
        for _ in range(4):
            assert tables.lend(con, relation, lambda size=size: size) == relation
    assert con.execute("select count(*) from duckdb_databases() where database_name like 'kept_%'").fetchall() == [(0,)]


def test_many_readers_at_once_always_find_the_rows(con: duckdb.DuckDBPyConnection) -> None:
    tables = KeptTables(uses=1, largest=40, total=80)

    def read(number: int) -> tuple[int, int]:
        size = number % 7 + 1
        relation = f"range({size})"
        with con.cursor() as cursor:
            lent = tables.lend(cursor, relation, lambda: 40)
            (count,) = cursor.execute(f"select count(*) from {lent}").fetchall()[0]
        tables.give_back(lent)
        return size, count

    with ThreadPoolExecutor(8) as pool:
        assert all(size == count for size, count in pool.map(read, range(500)))
    tables.lend(con, "range(9)", lambda: 40)
    assert len(kept(con)) <= 2


def kept_columns(con: duckdb.DuckDBPyConnection) -> list[list[str]]:
    """The columns of what is kept, by database."""
    found = "select list(column_name order by column_name) from duckdb_columns() where database_name like 'kept_%'"
    return [columns for (columns,) in con.execute(f"{found} group by database_name order by database_name").fetchall()]


def test_the_columns_that_statements_name_are_kept_at_once_and_more_of_them_where_more_are_named(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 10), ReplaceTable())
    statements = [*["select sum(value) as v from silver.readings"] * 2, "select max(STATE) as s from silver.readings"]
    found, columns = [], []
    for sql in [*statements, statements[0]]:
        with lake.session() as session:
            found.append(session.query(sql, by_name=True).to_pylist())
            columns.append(kept_columns(session.con))
    assert found == [[{"v": 30}], [{"v": 30}], [{"s": "ON"}], [{"v": 30}]]
    assert columns[: COLUMN_USES - 1] == [[]] * (COLUMN_USES - 1)
    assert columns[1:] == [[["value"]], [["state", "value"]], [["state", "value"]]]

    with lake.session() as session:
        assert session.query("select * from silver.readings").num_columns > 2
        assert session.query("select count(*) as n from silver.readings", by_name=True).to_pylist() == [{"n": 30}]


def test_a_statement_that_reads_a_table_twice_and_one_that_was_announced_keep_its_columns(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 10), ReplaceTable())
    sql = "select sum(value) as v from silver.readings"
    with lake.session() as session:
        session.expect([sql, "select max(state) as s from silver.readings"])
        assert session.query(sql, by_name=True).to_pylist() == [{"v": 30}]
        assert kept_columns(session.con) == [["state", "value"]]
    publish(lake, rows("2024-01-01", 5), ReplaceTable())
    with lake.session() as session:
        both = f"select v, (select max(state) from silver.readings) as s from ({sql}) as x"
        assert session.query(both, by_name=True).to_pylist() == [{"v": 15, "s": "ON"}]
        assert len(kept_columns(session.con)) == 2


def test_what_others_are_about_to_keep_is_made_once_and_what_it_replaces_goes_when_nobody_reads_it(
    con: duckdb.DuckDBPyConnection,
) -> None:
    tables = KeptTables()
    relation = "(select range as a, range + 1 as b, range + 2 as c from range(200000))"
    names = [frozenset("a"), frozenset("b"), frozenset("ab"), frozenset("c")]
    tables.expect(relation, Columns(names[2], 3), 2)

    def read(number: int) -> int:
        columns = Columns(names[number % 4], 3)
        with con.cursor() as cursor:
            lent = tables.lend(cursor, relation, lambda: 40, columns=columns)
            figures = ", ".join(f"min({name})" for name in sorted(columns.names))
            found = cursor.execute(f"select {figures} from {lent}").fetchall()
        tables.give_back(lent)
        assert found == [tuple("abc".index(name) for name in sorted(columns.names))]
        return number

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(read, range(64))) == list(range(64))
    assert ["a", "b", "c"] in kept_columns(con)
    assert len(kept_columns(con)) <= 2
