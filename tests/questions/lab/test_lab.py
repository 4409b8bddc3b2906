"""The laboratory's makers, on a schema and queries invented here: gold SQL, its wrong variants, and rows for both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pytest
import yaml
from sqlglot import exp

from lakehouse_assets.lakehouse.engines.instances import open_instance
from tests.questions.lab.bring import DATABASES, Gold, dealt, published_rows, weigh
from tests.questions.lab.cubes import write_cube, years
from tests.questions.lab.gold import Kind, kind_of, mutations, to_duckdb, typed_by_use, without_fixed
from tests.questions.lab.rows import Generator, write
from tests.questions.lab.schema import Column, Schema, Table, about, ddl, duckdb_type
from tests.questions.lab.sources import Copies, Question, acme, acme_rows, alternatives
from tests.questions.lab.wanted import witnesses

TODAY = "2023-11-15"
FERRIES = Schema(
    "ferries",
    [
        Table(
            "harbour",
            [
                Column("harbour_id", "BIGINT", key=True),
                Column("harbour_name", "VARCHAR", "where ferries land", samples=["Oban"]),
                Column("Region", "VARCHAR"),
            ],
        ),
        Table(
            "crossing",
            [
                Column("crossing_id", "BIGINT", key=True),
                Column("harbour_id", "BIGINT", refers=("harbour", "harbour_id")),
                Column("sailed", "DATE"),
                Column("vessel", "VARCHAR"),
                Column("cars", "BIGINT"),
                Column("fare", "DOUBLE"),
            ],
        ),
    ],
)
QUERIES = (
    'select count(*) from crossing where vessel = "Iona" and cars > 40',
    "select h.harbour_name, avg(fare) from harbour h join crossing c on h.harbour_id = c.harbour_id "
    "where h.Region like '%isles%' group by h.harbour_id",
    "select harbour_name from harbour where harbour_id in (select harbour_id from crossing where vessel = 'Skerry')",
    "select harbour_id, max(fare) from crossing group by harbour_id having count(*) > 8",
    "select vessel, count(*) from crossing group by vessel order by count(*) desc limit 1",
    "select sum(fare) from crossing where strftime('%Y', sailed) = '2014'",
    "select h.harbour_name from harbour h join crossing c on c.harbour_id = h.harbour_id where c.vessel = 'Iona' "
    "intersect select h.harbour_name from harbour h join crossing c on c.harbour_id = h.harbour_id where c.cars > 90",
)


def _tree(sql: str, dialect: str = "sqlite") -> exp.Expr:
    return to_duckdb(sql, dialect, FERRIES, TODAY)


@pytest.fixture(scope="module")
def trees() -> Sequence[exp.Expr]:
    return [_tree(sql) for sql in QUERIES]


@pytest.fixture(scope="module")
def filled(trees: Sequence[exp.Expr]) -> Iterator[duckdb.DuckDBPyConnection]:
    wanted = [w for tree in trees for w in witnesses(tree, FERRIES)]
    with open_instance() as connection:
        write(FERRIES, Generator(FERRIES, trees, wanted, seed=1).fill(), connection)
        yield connection


@pytest.mark.parametrize("number", range(len(QUERIES)))
def test_gold_finds_rows_and_wrong_variants_find_others(
    number: int, trees: Sequence[exp.Expr], filled: duckdb.DuckDBPyConnection
) -> None:
    gold = Gold(Question("q", "", [], "sqlite"), Kind.AGGREGATE, [trees[number]])
    assert weigh(gold, filled)
    assert gold.rows
    assert gold.mutants
    assert gold.told_apart == gold.mutants


def test_made_rows_keep_references_and_have_nulls_and_the_values_named(filled: duckdb.DuckDBPyConnection) -> None:
    def one(sql: str) -> int:
        row = filled.execute(sql).fetchone()
        assert row
        return row[0]

    assert one("select count(*) from crossing where harbour_id not in (select harbour_id from harbour)") == 0
    assert one("select count(*) from crossing where fare is null") > 0
    assert one("select count(*) from crossing where vessel in ('Iona', 'Iona II')") > 1
    assert one("select count(*) - count(distinct harbour_name) from harbour where harbour_name = 'Oban'") <= 0
    assert 200 <= one("select count(*) from crossing") <= 2000


def test_the_same_seed_gives_the_same_rows(trees: Sequence[exp.Expr]) -> None:
    wanted = [w for tree in trees for w in witnesses(tree, FERRIES)]
    first, again, other = (Generator(FERRIES, trees, wanted, seed).fill() for seed in (1, 1, 2))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("sqlite", "duckdb_sql"),
    [
        ('select cars from crossing where vessel = "Iona"', "SELECT cars FROM crossing WHERE vessel = 'Iona'"),
        ("select max(fare), vessel from crossing", 'SELECT MAX(fare), ARG_MAX(vessel, fare) AS "vessel" FROM crossing'),
        (
            "select vessel, count(*) from crossing group by harbour_id",
            'SELECT MIN(vessel) AS "vessel", COUNT(*) FROM crossing GROUP BY harbour_id',
        ),
        ("select 1 from crossing where sailed like '2014%'", None),
        ("select count(*) from crossing where sailed < date('now')", None),
        ("select strftime('%m', sailed), count(*) from crossing group by 1", None),
        ("select vessel, rank() over (order by fare) from crossing", None),
    ],
)
def test_what_sqlite_takes_is_written_out(
    sqlite: str, duckdb_sql: str | None, filled: duckdb.DuckDBPyConnection
) -> None:
    tree = _tree(sqlite)
    assert duckdb_sql in (None, tree.sql("duckdb"))
    filled.execute(tree.sql("duckdb"))


def test_an_alias_or_an_expression_that_is_grouped_by_stays() -> None:
    sql = "select date_trunc('month', sailed) as month, sum(fare) from crossing group by month order by month"
    assert "MIN(" not in _tree(sql, "postgres").sql("duckdb")


def test_aggregates_added_for_duckdb_are_no_part_of_the_question() -> None:
    made = [m.sql("duckdb") for m in mutations(_tree("select vessel, count(*) from crossing group by harbour_id"))]
    assert made == []


def test_the_clock_is_todays() -> None:
    assert TODAY in _tree("select count(*) from crossing where sailed > current_date - 30", "postgres").sql("duckdb")


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("select count(*) from crossing", Kind.AGGREGATE),
        ("select vessel from crossing order by fare desc limit 1", Kind.SUPERLATIVE),
        ("select vessel from crossing", Kind.LISTING),
    ],
)
def test_kinds(sql: str, kind: Kind) -> None:
    assert kind_of(_tree(sql)) is kind


@pytest.mark.parametrize(
    ("declared", "samples", "name", "kind"),
    [
        ("TEXT", ["2014-05-01"], "sailed", "DATE"),
        ("TEXT", ["2014-05-01T09:00:00"], "sailed", "TIMESTAMP"),
        ("DATE", [20140501], "sailed", "DATE"),
        ("TEXT", ["130", "95"], "power", "BIGINT"),
        ("TEXT", ["01234", "99999"], "zip_code", "VARCHAR"),
        ("DECIMAL(9,2)", [], "fare", "DOUBLE"),
    ],
)
def test_types_follow_the_values_shown(declared: str, samples: list[object], name: str, kind: str) -> None:
    assert duckdb_type(declared, samples, name) == kind


def test_undocumented_texts_are_typed_by_use() -> None:
    loose = Schema("loose", [Table("trip", [Column("fare", "VARCHAR"), Column("day", "VARCHAR", "date it sailed")])])
    tree = to_duckdb("select sum(fare) from trip where day > '2014-01-01'", "sqlite", loose, TODAY)
    assert [c.type for c in typed_by_use(loose, [tree]).tables[0].columns] == ["DOUBLE", "DATE"]


def test_documentation_is_written_down() -> None:
    assert 'comment on column "harbour"."harbour_name" is \'where ferries land\';' in ddl(FERRIES)
    assert "- `harbour_id` (BIGINT, refers to harbour.harbour_id)" in about(FERRIES, "a set", "a licence", TODAY)


def test_published_rows_run_in_duckdb_with_their_keys() -> None:
    sql = """
        create schema if not exists s; create table s.harbour (id serial primary key, name varchar(9));
        create table s.crossing (id bigint primary key, harbour bigint references s.harbour(id), sailed date);
        insert into s.harbour values (1, 'Oban'); insert into s.crossing values (1, 1, current_date - interval '1 day');
    """
    told = Schema("s", [Table("harbour", [Column("id", "SERIAL")]), Table("crossing", [Column("harbour", "BIGINT")])])
    with open_instance() as connection:
        schema = published_rows(connection, told, sql, TODAY)
        assert str(connection.execute("select sailed from crossing").fetchall()[0][0]) == "2023-11-14"
    assert schema.tables[0].key == ("id",)
    assert schema.tables[1].columns[0].refers == ("harbour", "id")


def test_any_item_in_braces_is_right() -> None:
    assert list(alternatives("select {a, b}, count(*) from t group by {}; select 1;")) == [
        "select a, count(*) from t group by a",
        "select b, count(*) from t group by b",
        "select a, b, count(*) from t group by a, b",
        "select 1",
    ]


def test_the_split_is_dealt_by_name() -> None:
    config = yaml.safe_load(DATABASES.read_text(encoding="utf-8"))
    assert config["split"] == dealt(config["sets"])


def test_a_year_cut_out_of_a_date_is_compared_with_numbers(filled: duckdb.DuckDBPyConnection) -> None:
    within = _tree("select count(*) from crossing where strftime('%Y', sailed) between 1900 and 2100")
    everything = "select count(sailed) from crossing"
    assert filled.execute(within.sql("duckdb")).fetchone() == filled.execute(everything).fetchone()


@pytest.mark.parametrize(
    ("sql", "left"),
    [
        ("select vessel, cars, fare from crossing where vessel = 'Iona' and cars > 3", "cars, fare"),
        ("select vessel from crossing where vessel = 'Iona'", "vessel"),
        ("select vessel, fare, sailed from crossing where cars = '3'", "vessel, sailed"),
        ("select distinct vessel, cars from crossing where vessel = 'Iona'", "vessel, cars"),
    ],
)
def test_columns_that_a_filter_fixes_are_no_part_of_the_answer(sql: str, left: str) -> None:
    assert ", ".join(o.sql() for o in without_fixed(_tree(sql), {"cars": ("fare",)}).expressions) == left


DDL = """
CREATE TABLE Vessel
(
\tVessel_Identifier int  NOT NULL ,
\tPaint              varchar(20)  NULL ,
\t PRIMARY KEY (Vessel_Identifier ASC)
)
CREATE TABLE Repair
(
\tVessel_Identifier int  NOT NULL ,
\tCost             decimal(15,2)  NULL ,
\tYard             int  NULL ,
\t FOREIGN KEY (Vessel_Identifier) REFERENCES Vessel(Vessel_Identifier),
 FOREIGN KEY (Yard) REFERENCES Yard(Yard)
)"""
INVESTIGATION = """@prefix QandA: <http://models.data.world/benchmarks/QandA#> .

dwt:IQ_1
        rdf:type       QandA:Inquiry ;
        QandA:expects  dwt:query-a , dwt:query-b ;
        QandA:prompt   "What do \\"red\\" vessels cost?" .

dwt:query-a
        rdf:type          dwt:SqlQuery ;
        QandA:inLanguage  QandA:SQL ;
        QandA:queryText   "select sum(Cost)\\nfrom Repair" .

dwt:query-b
        rdf:type          dwt:SparqlQuery ;
        QandA:inLanguage  QandA:SPARQL ;
        QandA:queryText   "SELECT ?cost" .
"""


def test_questions_in_turtle_are_read_with_their_sql_and_the_schema_from_ddl(tmp_path: Path) -> None:
    copy = tmp_path / "cwd-benchmark-data" / "Yard"
    for path, text in (
        ("DDL/ACME_small.ddl", DDL),
        ("investigation/acme-benchmark.ttl", INVESTIGATION),
        ("data/Repair.csv", "Vessel_Identifier,Cost,Yard\n1,20.5,\n"),
    ):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        (copy / path).write_text(text, encoding="utf-8")
    schema, asked = acme(Copies(tmp_path), "Yard")
    assert [(q.question, q.gold) for q in asked] == [('What do "red" vessels cost?', ["select sum(Cost)\nfrom Repair"])]
    vessel, repair = schema.tables
    assert vessel.key == ("Vessel_Identifier",)
    assert [(c.name, c.type, c.refers) for c in repair.columns] == [
        ("Vessel_Identifier", "BIGINT", ("Vessel", "Vessel_Identifier")),
        ("Cost", "DOUBLE", None),
        ("Yard", "BIGINT", None),
    ]
    assert acme_rows(Copies(tmp_path), "Yard", repair) == [{"Vessel_Identifier": "1", "Cost": "20.5", "Yard": None}]


def test_a_missing_copy_is_named(tmp_path) -> None:
    with pytest.raises(FileNotFoundError, match=r"a\.json of own/repo is not under .*: clone"):
        Copies(tmp_path).read("own/repo", "a.json")


AREAS = """spatialunit_uid,name,country,canton,municipal,valid_until
0_CH,Inland,true,false,false,2999-12-31
1_A,Canton Uphill,false,true,false,2999-12-31
2_A,Canton Downhill,false,true,false,2999-12-31
3_M,Lakeside,false,false,true,2999-12-31
4_M,Oldtown,false,false,true,1999-12-31
"""
STATISTIC = Schema(
    "ferries_by_canton",
    [
        Table(
            "ferries_by_canton",
            [
                Column("year", "BIGINT"),
                Column("spatialunit_uid", "VARCHAR"),
                Column("drive", "VARCHAR", samples=["Steam", "Drive - total"]),
                Column("ferries", "BIGINT"),
            ],
            "Ferries by municipality.",
        ),
        Table(
            "spatial_unit",
            [
                Column("spatialunit_uid", "VARCHAR", key=True),
                Column("name", "VARCHAR"),
                *(Column(level, "BOOLEAN") for level in ("country", "canton", "municipal")),
                Column("valid_until", "DATE"),
            ],
        ),
    ],
)


def test_the_totals_of_a_made_statistic_add_up() -> None:
    named = to_duckdb(
        "select ferries from ferries_by_canton where drive ilike '%electric%'", "postgres", STATISTIC, TODAY
    )
    with open_instance() as connection:
        write_cube(STATISTIC, AREAS, "1975,2001-2002", [named], connection)
        found = connection.execute("select year, spatialunit_uid, drive, ferries from ferries_by_canton").fetchall()
        cantons = connection.execute("select name from spatial_unit where canton order by name").fetchall()
    assert cantons == [("Downhill",), ("Uphill",)]
    figures = {row[:3]: row[3] for row in found}
    drives = ("Steam", "electric", "Drive - total")
    assert len(found) == len(figures)
    assert set(figures) == {
        (y, a, d) for y in years("1975,2001-2002") for a in ("0_CH", "1_A", "2_A", "3_M") for d in drives
    }
    for year, area, _ in figures:
        assert figures[year, area, drives[2]] == figures[year, area, drives[0]] + figures[year, area, drives[1]]
        assert figures[year, "0_CH", drives[2]] == figures[year, "1_A", drives[2]] + figures[year, "2_A", drives[2]]
