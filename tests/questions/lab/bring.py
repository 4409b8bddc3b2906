"""Makes the databases of the question laboratory, and their sealed questions, from local copies of published sets.

``python -m tests.questions.lab.bring --from COPIES --to FOLDER`` writes for each database ``schema.sql``, ``about.md``
and ``db.duckdb`` into ``FOLDER/DATABASE``, and the questions into ``FOLDER/sealed/SPLIT/DATABASE.json``. Who writes a
layer or tunes the planner does not open what is sealed. Nothing fetched is committed. Does not belong here: asking.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
import yaml
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.sql import literal
from tests.questions.lab.cubes import plain_statistic, write_cube
from tests.questions.lab.gold import Kind, dated, kind_of, mutations, to_duckdb, typed_by_use
from tests.questions.lab.rows import Generator, write
from tests.questions.lab.schema import Column, Schema, Table, about, ddl
from tests.questions.lab.sources import SETS, Copies, Question, acme_rows, defog_rows, statbot_areas, statbot_coverage
from tests.questions.lab.wanted import witnesses

DATABASES = Path(__file__).with_name("databases.yml")
DEALT = ("tune", "check", "closed")
LATER = ("closed2", "closed3")
SPLITS = (*DEALT, *LATER)
SEEDS = range(3)
MOST_QUESTIONS = {**dict.fromkeys(DEALT, 40), **dict.fromkeys(LATER, 16)}
LISTINGS = 8
"""Of so many questions at most one is a listing."""
TYPES = "select table_name, column_name, data_type from duckdb_columns() where not internal"
KEYS = "select table_name, constraint_column_names from duckdb_constraints() where constraint_type = 'PRIMARY KEY'"


@dataclass
class Gold:
    """A question with its runnable SQL, and how much the rows say about it."""

    question: Question
    kind: Kind
    trees: Sequence[exp.Expr]
    rows: int = 0
    mutants: int = 0
    told_apart: int = 0
    tied: bool = False

    @property
    def sql(self) -> str:
        """The first of the SQL texts taken as right."""
        return self.trees[0].sql(dialect="duckdb")

    def sealed(self) -> dict[str, Any]:
        """What is written down of it."""
        made: dict[str, Any] = {"id": self.question.id, "question": self.question.question, "gold": self.sql}
        if others := [t.sql(dialect="duckdb") for t in self.trees[1:]]:
            made["alternatives"] = others
        if self.question.evidence:
            made["evidence"] = self.question.evidence
        return made | {
            "kind": self.kind.value,
            "rows": self.rows,
            "ordered": bool(self.trees[0].args.get("order")),
            "tied": self.tied,
            "mutants": self.mutants,
            "told_apart": self.told_apart,
        }


@dataclass
class Report:
    """What became of one database's questions."""

    name: str
    published: int = 0
    usable: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    kept: Sequence[Gold] = ()


def dealt(sets: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The split of each database: by the hash of its name within its set, in turn; those taken later have their own."""
    turn = cycle(DEALT)
    first = {
        name: next(turn)
        for one in sets.values()
        for name in sorted(one.get("databases", []), key=lambda n: hashlib.sha256(n.encode()).hexdigest())
    }
    return first | {name: split for one in sets.values() for split in LATER for name in one.get(split, [])}


def readable(schema: Schema, asked: Iterable[Question], today: str, report: Report) -> list[Gold]:
    """The questions whose SQL can be read, no more than wanted: figures, then superlatives, then a few listings."""
    found: list[Gold] = []
    for question in asked:
        try:
            trees = [to_duckdb(sql, question.dialect, schema, today) for sql in question.gold]
        except SqlglotError:
            report.dropped["not parsed"] += 1
            continue
        found.append(Gold(question, kind_of(trees[0]), trees))
    return found


def chosen(found: Sequence[Gold], most: int) -> list[Gold]:
    """No more than wanted: figures, then superlatives, then a few listings, each in the order of a hash."""
    by_hash = sorted(found, key=lambda g: hashlib.sha256(g.question.id.encode()).hexdigest())
    listings = [g for g in by_hash if g.kind is Kind.LISTING][: most // LISTINGS]
    telling = [g for kind in (Kind.AGGREGATE, Kind.SUPERLATIVE) for g in by_hash if g.kind is kind]
    return [*telling[: most - len(listings)], *listings]


def result(connection: duckdb.DuckDBPyConnection, sql: str) -> Counter[tuple[Any, ...]] | None:
    """The rows as a bag, figures rounded; None if the SQL does not run."""
    try:
        rows = connection.execute(sql).fetchall()
    except duckdb.Error:
        return None
    return Counter(tuple(round(v, 6) if isinstance(v, float) else v for v in row) for row in rows)


def weigh(gold: Gold, connection: duckdb.DuckDBPyConnection) -> bool:
    """Runs the gold SQL and its wrong variants; False if it does not run."""
    right = result(connection, gold.sql)
    if right is None:
        return False
    empty = all(v in (None, 0) for row in right for v in row)
    gold.rows = 0 if empty else right.total()
    changed = [result(connection, m.sql(dialect="duckdb")) for m in mutations(gold.trees[0])]
    gold.mutants = sum(c is not None for c in changed)
    gold.told_apart = sum(c is not None and c != right for c in changed)
    gold.tied = _tied(gold.trees[0], connection)
    return True


def _tied(tree: exp.Expr, connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether a limit cuts between rows that are equal in the order."""
    limit, order = tree.args.get("limit"), tree.args.get("order")
    if not limit or not order or not isinstance(tree, exp.Select) or not str(limit.expression).isdigit():
        return False
    wanted = int(str(limit.expression))
    wider = tree.copy()
    wider.set("limit", exp.Limit(expression=exp.Literal.number(wanted + 1)))
    names = [o.alias_or_name for o in tree.expressions]
    for number, key in enumerate(order.expressions):
        name = key.this.name if isinstance(key.this, exp.Column) and not key.this.table else None
        place = next((e for e, n in zip(tree.expressions, names, strict=True) if name and n == name), None)
        wider.append("expressions", exp.alias_((place.unalias() if place else key.this).copy(), f"tie_{number}"))
    try:
        rows = connection.execute(wider.sql(dialect="duckdb")).fetchall()
    except duckdb.Error:
        return False
    keys = len(order.expressions)
    return len(rows) > wanted and rows[wanted - 1][-keys:] == rows[wanted][-keys:]


def published_rows(connection: duckdb.DuckDBPyConnection, schema: Schema, sql: str, today: str) -> Schema:
    """Runs a published SQL file, written for Postgres, in DuckDB; the schema with the types and keys it has there."""
    refers: dict[tuple[str, str], tuple[str, str]] = {}
    for statement in sqlglot.parse(sql, read="postgres"):
        if not isinstance(statement, exp.Create | exp.Insert) or statement.args.get("kind") == "SCHEMA":
            continue
        for table in statement.find_all(exp.Table):
            table.set("db", None)
        for reference in list(statement.find_all(exp.Reference)):
            column, table = reference.find_ancestor(exp.ColumnDef), statement.find(exp.Table)
            target = reference.this
            if column and table and isinstance(target, exp.Schema) and target.expressions:
                refers[table.name, column.name] = (target.this.name, target.expressions[0].name)
            (reference.find_ancestor(exp.ColumnConstraint, exp.ForeignKey) or reference).pop()
        for kind in list(statement.find_all(exp.DataType)):
            if kind.this in (exp.DataType.Type.SERIAL, exp.DataType.Type.BIGSERIAL):
                kind.replace(exp.DataType.build("bigint"))
        connection.execute(statement.transform(dated, today).sql("duckdb"))
    types = {(t, c): kind for t, c, kind in connection.execute(TYPES).fetchall()}
    keys = {(t, c) for t, names in connection.execute(KEYS).fetchall() for c in names}

    def known(table: Table, column: Column) -> Column:
        spot = (table.name, column.name)
        return replace(column, type=types[spot], key=spot in keys, refers=refers.get(spot))

    tables = [t for t in schema.tables if any(name == t.name for name, _ in types)]
    made = [replace(t, columns=[known(t, c) for c in t.columns if (t.name, c.name) in types]) for t in tables]
    return replace(schema, tables=made)


def make(name: str, which: str, config: Mapping[str, Any], copies: Copies, folder: Path) -> Report:
    """One database: its files under ``folder/name``, its sealed questions, and what became of them."""
    today, report = str(config["today"]), Report(name)
    schema, asked = SETS[which](copies, name)
    found = readable(schema, asked, today, report)
    if which == "statbot":
        for gold in found:
            gold.kind = Kind.AGGREGATE  # a row of a statistic is a figure, however it is looked up
            gold.trees = [plain_statistic(tree) for tree in gold.trees]
    if which == "kaggle":
        schema = typed_by_use(schema, [g.trees[0] for g in found])
        found = readable(schema, asked, today, Report(name))
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    file = place / "db.duckdb"
    file.unlink(missing_ok=True)
    if which == "defog":
        with opened(file) as connection:
            schema = published_rows(connection, schema, defog_rows(copies, name), today)
            _judged(found, connection, report)
    elif which == "acme":
        with opened(file) as connection:
            write(schema, {t.name: acme_rows(copies, name, t) for t in schema.tables}, connection)
            _judged(found, connection, report)
    elif which == "statbot":
        with opened(file) as connection:
            trees = [tree for g in found for tree in g.trees]
            write_cube(schema, statbot_areas(copies), statbot_coverage(copies, name), trees, connection)
            _judged(found, connection, report)
    else:
        _best_rows(schema, found, report, file)
    report.published, report.usable = len(asked), len(report.kept)
    report.kept = chosen(report.kept, MOST_QUESTIONS[config["split"][name]])
    (place / "schema.sql").write_text(ddl(schema), encoding="utf-8")
    one = config["sets"][which]
    (place / "about.md").write_text(about(schema, one["origin"], one["licence"], today), encoding="utf-8")
    sealed = folder / "sealed" / config["split"][name]
    sealed.mkdir(parents=True, exist_ok=True)
    texts = json.dumps([g.sealed() for g in report.kept], indent=1, ensure_ascii=False)
    (sealed / f"{name}.json").write_text(texts, encoding="utf-8")
    return report


def opened(file: Path) -> duckdb.DuckDBPyConnection:
    """A connection that works in a DuckDB file."""
    connection = open_instance()
    connection.execute(f"attach {literal(str(file))} as made")
    connection.execute("use made")
    return connection


def _judged(found: Sequence[Gold], connection: duckdb.DuckDBPyConnection, report: Report) -> None:
    runs = [g for g in found if weigh(g, connection)]
    report.dropped["does not run"] = len(found) - len(runs)
    report.kept = [g for g in runs if g.rows]
    report.dropped["finds nothing"] = len(runs) - len(report.kept)


def _best_rows(schema: Schema, found: Sequence[Gold], report: Report, file: Path) -> None:
    """Keeps the rows of the seed that fill most results and tell most wrong variants apart."""
    queries = [tree for g in found for tree in g.trees]
    wanted = [w for tree in queries for w in witnesses(tree, schema)]
    best: tuple[float, int] = (-1.0, 0)
    for seed in SEEDS:
        with open_instance() as connection:
            write(schema, Generator(schema, queries, wanted, seed).fill(), connection)
            _judged(found, connection, report)
            best = max(best, (score(report.kept), seed))
    with opened(file) as connection:
        write(schema, Generator(schema, queries, wanted, best[1]).fill(), connection)
        _judged(found, connection, report)


def score(kept: Sequence[Gold]) -> float:
    """How well rows serve their questions: results filled, wrong variants told apart, limits not cut in a tie."""
    return sum((g.rows > 0) + g.told_apart / max(g.mutants, 1) - 0.5 * g.tied for g in kept)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.questions.lab.bring", description=__doc__)
    parser.add_argument(
        "--from", dest="copies", type=Path, required=True, help="folder with copies of the repositories"
    )
    parser.add_argument("--to", type=Path, required=True, help="folder to write, outside the repository")
    parser.add_argument("--only", nargs="*", help="only these databases")
    given = parser.parse_args(arguments)
    config = yaml.safe_load(DATABASES.read_text(encoding="utf-8"))
    print("| database | set | split | published | usable | sealed | tied | wrong variants told apart | dropped |")
    print("|---|---|---|---|---|---|---|---|---|")
    for which, one in config["sets"].items():
        for name in itertools.chain.from_iterable(one.get(split, []) for split in ("databases", *LATER)):
            if given.only and name not in given.only:
                continue
            try:
                report = make(name, which, config, Copies(given.copies), given.to)
            except FileNotFoundError as missing:
                print(missing, file=sys.stderr)
                return 1
            kept = report.kept
            apart = f"{sum(g.told_apart for g in kept)}/{sum(g.mutants for g in kept)}"
            dropped = ", ".join(f"{n} {why}" for why, n in report.dropped.items() if n)
            cells = [name, which, config["split"][name], report.published, report.usable, len(kept)]
            print("| " + " | ".join(map(str, [*cells, sum(g.tied for g in kept), apart, dropped])) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
