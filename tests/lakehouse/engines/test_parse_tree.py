"""What people may ask DuckDB for: SELECTs over tables of the lake pass, and no statement that does anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets.lakehouse.engines import functions
from lakehouse_assets.lakehouse.engines.instances import open_closed
from lakehouse_assets.lakehouse.engines.parse_tree import LONGEST, tables_read
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError

CON = open_closed()
X = ("gold.x",)
LEGAL = {
    "select 1": (),
    "values (1), (2)": (),
    "table gold.x": X,
    'from "gold"."x" select count(*)': X,
    "with a as (select * from gold.x), b as (select * from a) select * from b join silver.y using (k) "
    "where k in (select k from gold.z)": ("gold.x", "gold.z", "silver.y"),
    "with recursive r(n) as (select 1 union all select n + 1 from r where n < 9) select * from R": (),
    "select a, sum(b) filter (where b > 0), row_number() over w from gold.x "
    "group by all having count(*) > 1 window w as (partition by a order by b) qualify row_number() over w = 1": X,
    "select * from (pivot gold.x on a in ('p', 'q') using sum(b) group by c)": X,
    "unpivot gold.x on p, q into name n value v": X,
    "select * from gold.x asof join gold.y on x.t >= y.t positional join gold.z": ("gold.x", "gold.y", "gold.z"),
    "select list_transform([1, 2], lambda v: v + 1), [v for v in l if v > 1], {'a': 1}.a, l[1:2] from gold.x": X,
    "select date_trunc('month', t at time zone 'UTC'), extract(year from t), t::date - interval 1 day, "
    "current_date, now(), try_cast(s as decimal(18, 4)), s like 'a%' escape '\\', s collate nocase from gold.x": X,
    "select * exclude (a) replace (upper(b) as b), columns('c.*') from gold.x using sample 10%": X,
    "select s.replace('a', 'b').upper() from gold.x limit 3 offset 1": X,
    "select unnest(l), generate_series from gold.x, unnest(l) u(v), range(3), generate_series(1, 3)": X,
    "select a, b from gold.x group by grouping sets ((a), (b), ()) order by all": X,
    "(select a from gold.x union all by name select b from gold.x) except select 1 order by 1 limit 10%": X,
    "summarize gold.x": X,
    "describe gold.x": X,
    "select * from gold.x where a = ? and b = $2": X,
}  # fmt: skip
SOURCES = [
    "query('select 1')", "query_table('gold.x')", "query_table(['gold.x'])", "read_text('/etc/passwd')",
    "read_blob('/etc/passwd')", "glob('/*')", "read_csv('/etc/passwd')", "read_csv_auto('/etc/passwd')",
    "read_parquet('/x')", "parquet_scan('/x')", "parquet_metadata('/x')", "parquet_schema('/x')", "read_json('/x')",
    "read_json_objects('/x')", "read_ndjson('/x')", "read_duckdb('/x')", "sniff_csv('/etc/passwd')",
    "iceberg_scan('/x')", "iceberg_metadata('/x')", "iceberg_snapshots('/x')", "read_avro('/x')",
    "arrow_scan(1, 2, 3)", "pandas_scan(1)", "seq_scan('x')", "duckdb_settings()", "duckdb_secrets()",
    "which_secret('s3://x', 's3')", "duckdb_tables()", "duckdb_functions()", "duckdb_logs()", "duckdb_variables()",
    "pragma_table_info('gold.x')", "pragma_version()", "pragma_database_size()", "histogram('gold.x', 'a')",
    "histogram_values('gold.x', 'a')", "json_execute_serialized_sql('{}')", "checkpoint()", "force_checkpoint()",
    "enable_logging()", "truncate_duckdb_logs()", "test_all_types()", "summary('gold.x')", "repeat_row(1)",
    "'/etc/passwd'", "'file.csv'", '"s3://bucket/x.parquet"', "x", "df", "sqlite_master", "pg_tables",
    "duckdb_columns", "memory.main.x", "system.information_schema.tables", "gold.x at (version => 1)",
    "(show tables)", "(show all tables)", "(show databases)", "(describe tables)", "(pragma database_list)",
    "(pivot query('select 1 as a, 2 as b') on a using sum(b))", "(pivot query('select 1') on a in (1) using sum(b))",
    "(unpivot query('select 1 as a') on a)", "(describe select * from read_text('/x'))", "(summarize '/x')",
    "(from '/x')", "(values (getenv('HOME')))", "(with y as (select * from y) select * from y)",
    "(with z as (select * from w), w as (select 1) select * from z)", "(call query('select 1'))",
    "(with recursive pg_tables as (select * from pg_tables union all select 1) select 1)",
]  # fmt: skip
"""What a FROM must not have."""
VALUES = [
    "getenv('HOME')", "current_setting('s3_secret_access_key')", "getvariable('x')", "nextval('x')", "currval('x')",
    "setseed(0.5)", "write_log('x')", "sleep_ms(1000)", "pg_sleep(10)", "current_query()", "txid_current()",
    "json_serialize_sql('select 1')", "json_deserialize_sql('{}')", "json_serialize_plan('select 1')",
    "current_database()", "current_schemas(true)", "in_search_path('a', 'b')", "pg_get_viewdef(1)", "finalize(a)",
    "combine(a, b)", "__internal_decompress_string(a)", "read_text('/x')", "db.s.my_function(1)", "my_macro(1)",
    "(select content from read_text('/x'))", "array(from glob('/*'))", "exists (from '/x')", "a.getenv()",
    "(sum(a) over (order by getenv('X')))", "list_transform(l, lambda v: getenv(v))", "[getenv(v) for v in l]",
    "case when getenv('X') = '' then 1 end", "(a in (from df))", "sum(a order by getenv('X'))",
    "columns(c -> getenv(c) = '')", "sum(a) filter (getenv('X') is null)", "{'a': getenv('X')}", "sum(a) export_state",
]  # fmt: skip
"""What an expression must not have."""
STATEMENTS = [
    "", ";", "select 1; select 2", "select 1; drop table gold.x", "insert into gold.x values (1)", "delete from gold.x",
    "update gold.x set a = 1", "merge into gold.x using gold.y on a = b when matched then delete", "truncate gold.x",
    "create table t as select 1", "create view v as select 1", "create macro m() as 1", "create secret (type s3)",
    "create sequence s", "drop table gold.x", "alter table gold.x rename to y", "comment on table gold.x is 'x'",
    "copy gold.x to '/tmp/x'", "copy (select 1) to '/tmp/x'", "copy gold.x from '/x'", "export database '/tmp/x'",
    "import database '/x'", "attach '/x.db'", "attach 'http://x/y.db'", "detach memory", "use memory",
    "install httpfs", "install x from 'http://x'", "force install x", "load httpfs", "update extensions",
    "set threads = 1", "set global memory_limit = '1TB'", "set variable x = 1", "reset threads", "pragma version",
    "pragma threads = 1", "call query('select 1')", "call pragma_version()", "checkpoint", "vacuum", "analyze",
    "begin", "commit", "prepare p as select 1", "execute p", "deallocate p", "explain select 1",
    "explain analyze select 1", "pivot gold.x on a using sum(b)", "pivot query('select 1') on a using sum(b)",
    "pivot (from '/x') on a", "show tables", "show gold", "show all tables", "show databases", "describe",
    "from 'x.csv'", "select 1 into t", "selec 1", "with x as (delete from gold.x returning *) select * from x",
    "with x as (insert into gold.x values (1) returning *) from x", "select 1 /* ", "select '", "select 1\0",
    "select '\ud800'",
]  # fmt: skip
"""What is no SELECT."""
_SOURCE_HOLES = [
    "select * from {}", "from {}", "select * from gold.x, {}", "select * from gold.x join {} on true",
    "select * from gold.x positional join {}", "select (select count(*) from {})", "select * from (select * from {}) q",
    "with c as (select * from {}) select 1", "with c as materialized (select * from {}) select * from c",
    "select 1 union all select 2 from {}", "select 1 where exists (select 1 from {})", "summarize select * from {}",
    "select * from gold.x, lateral (select * from {}) l", "values ((select count(*) from {}))",
    "select * from gold.x order by (select 1 from {})", "select * from gold.x limit (select 1 from {})",
    "with recursive r as (select 1 union all select * from {}) from r", "select array(select 1 from {})",
    "select * from (pivot (select * from {}) on a in (1) using sum(b))", "select * from gold.x where a in (from {})",
    "select sum(a) over (order by (select 1 from {})) from gold.x", "with z as (select 1), q as (from {}) select 1",
]  # fmt: skip
_VALUE_HOLES = [
    "select {}", "select * from gold.x where {} is null", "select count(*) from gold.x group by {}", "values ({})",
    "select a from gold.x having {} > 1", "select * from gold.x order by {}", "select * from gold.x limit {}",
    "select * from gold.x join gold.y on {} = 1", "select coalesce(1, {})", "select cast({} as varchar)",
    "select [{}]", "select {{'k': {}}}", "select * from unnest([{}])", "select * from range({})",
    "select case 1 when 1 then {} end", "select 1 between 0 and {}", "select a[{}] from gold.x",
    "select * replace ({} as a) from gold.x", "select distinct on ({}) a from gold.x", "select ({}) collate nocase",
    "select * from (pivot gold.x on a in (1) using sum({}))", "select row_number() over (partition by {}) from gold.x",
    "select first(a order by {}) from gold.x", "select a from gold.x qualify {} is null", "select try({})",
    "select * from gold.x limit 1 offset {}", "select lower({})", "select * from gold.x asof join gold.y on x.t >= {}",
]  # fmt: skip


def refused(sql: str) -> bool:
    try:
        tables_read(CON, sql)
    except QueryRefusedError:
        return True
    return False


@pytest.mark.parametrize("sql", LEGAL)
def test_a_select_over_tables_passes(sql: str) -> None:
    assert tables_read(CON, sql) == LEGAL[sql]


@pytest.mark.parametrize("sql", STATEMENTS)
def test_what_is_no_select_is_refused(sql: str) -> None:
    assert refused(sql)


@pytest.mark.parametrize("source", SOURCES)
def test_no_source_but_tables_is_read_wherever_it_stands(source: str) -> None:
    assert [hole for hole in _SOURCE_HOLES if not refused(hole.format(source))] == []


@pytest.mark.parametrize("value", VALUES)
def test_no_function_but_harmless_ones_is_called_wherever_it_stands(value: str) -> None:
    assert [hole for hole in _VALUE_HOLES if not refused(hole.format(value))] == []


def test_the_holes_themselves_are_legal() -> None:
    legal = [hole.format("gold.w") for hole in _SOURCE_HOLES] + [hole.format("max(1)") for hole in _VALUE_HOLES]
    assert [sql for sql in legal if refused(sql)] == []


def _deep(around: str, holes: list[str], leaves: list[str]) -> st.SearchStrategy[str]:
    """Statements of several levels with one of the leaves at the bottom."""
    deeper = st.lists(st.sampled_from(holes), max_size=5)
    return st.builds(lambda leaf, path: around.format(reduce(_within, path, leaf)), st.sampled_from(leaves), deeper)


def _within(inner: str, hole: str) -> str:
    return f"({hole.format(inner)})"


WORDS = """
    ( ) , ; . * ' " [ ] { } = :: -> || ? $1 /* */ -- 1 'a' gold.x x query pivot unpivot describe summarize show select
    from where with as recursive union all on in using values join lateral unnest getenv set pragma call copy to attach
    at read_text over filter order by limit
""".split()  # noqa: SIM905 - a list of such words is unreadable
_CASED = st.sampled_from([str, str.upper, str.title])
_SPACED = st.sampled_from([" ", "\n", "\t", " /* x */ ", " -- x\n", "\u00a0"])


@settings(max_examples=250, deadline=None)
@given(
    st.one_of(_deep("select * from {}", _SOURCE_HOLES, SOURCES), _deep("select {}", _VALUE_HOLES, VALUES)),
    _CASED,
    _SPACED,
)
def test_nothing_is_hidden_by_depth_case_or_space(sql: str, cased: Callable[[str], str], space: str) -> None:
    assert refused(cased(sql).replace(" ", space))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=25))
def test_words_in_any_order_read_tables_or_nothing(words: list[str]) -> None:
    text = " ".join(words)
    try:
        read = tables_read(CON, text)
    except QueryRefusedError:
        return
    (statement,) = duckdb.extract_statements(text)
    assert statement.type == duckdb.StatementType.SELECT
    assert set(read) <= {"gold.x"}
    assert not {"query(", "getenv(", "read_text("} & {f"{word}(" for word in text.replace(" (", "(").split("(")[:-1]}


class _Counting:
    """The connection, and how often it was asked for a tree."""

    def __init__(self) -> None:
        self.asked = 0

    def execute(self, *args: object) -> duckdb.DuckDBPyConnection:
        self.asked += 1
        return CON.execute(*args)  # pyright: ignore[reportArgumentType]


def test_statements_that_differ_in_days_alone_are_looked_at_once() -> None:
    con = _Counting()
    for day in ("2025-01-01", "2026-12-31"):
        assert tables_read(con, f"select a from gold.of_days where d >= date '{day}'") == ("gold.of_days",)
    assert con.asked == 1
    assert tables_read(con, "select a from gold.of_days where d >= date '2025-1-1'") == ("gold.of_days",)
    assert con.asked == 2


@pytest.mark.parametrize(
    ("seen", "then", "read"),
    [
        ("select '2025-01-01' from gold.x", "select '2025-01-01' from gold.y", ("gold.y",)),
        ("from gold.\"x'2025-01-01'\"", "from gold.\"x'2025-01-02'\"", ("gold.x'2025-01-02'",)),
        ("select 'a''2025-01-01''b' from gold.x", "select 'a' '2025-01-02' 'b', query('x') from gold.x", None),
        ("select '2025-01-01' from gold.x", "select '2025-01-01'; drop table gold.x", None),
        ("select '2025-01-01', lower('2025-01-01') from gold.x", "select '2025-01-01', getenv('2025-01-01')", None),
        ("select '2025-01-01' /* from gold.x */", "select '2025-01-01'    from gold.x   ", X),
    ],
)
def test_what_is_remembered_of_one_statement_says_nothing_of_another(
    seen: str, then: str, read: tuple[str, ...] | None
) -> None:
    tables_read(CON, seen)
    if read is None:
        assert refused(then)
    else:
        assert tables_read(CON, then) == read


@pytest.mark.parametrize("deep", ["select " + "not " * 900 + "true", "select " + "(" * 20000 + "1" + ")" * 20000,
    "select " + "lower(" * 900 + "'a'" + ")" * 900, "select * from " + "(from " * 9000 + "gold.x" + ")" * 9000,
    "select " + "[" * 5000 + "]" * 5000, "select 1" + "+1" * 5000, "select '" + "a" * LONGEST + "'"])  # fmt: skip
def test_a_statement_too_deep_or_long_is_refused_in_words(deep: str) -> None:
    with pytest.raises(QueryRefusedError) as told:
        tables_read(CON, deep)
    assert len(str(told.value)) < 300


def test_the_names_of_functions_are_the_engines() -> None:
    def named(kinds: str) -> Iterator[str]:
        yield from (n.lower() for (n,) in CON.execute(
            f"select function_name from duckdb_functions() where function_type in ({kinds})").fetchall())  # fmt: skip

    of_parser = {"coalesce", "if", "ifnull", "list", "unlist", "unnest", "rank_dense", "map_concat"}
    scalar = set(named("'scalar', 'macro', 'aggregate'"))
    allowed = functions.SCALARS | functions.AGGREGATES | functions.WINDOWS | functions.OPERATORS
    assert allowed - scalar - of_parser == set()
    assert functions.TABLE_FUNCTIONS - set(named("'table'")) == set()
