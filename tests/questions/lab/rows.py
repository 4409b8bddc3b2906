"""Rows for a database whose own were never published, such that its gold SQL and wrong variants of it differ.

The idea is that of distilled test suites (Zhong, Yu and Klein, "Semantic evaluation for text-to-SQL with distilled
test suites", EMNLP 2020): values that the queries name, near misses of them, nulls, ties and duplicates, references
kept. For each SELECT some rows are made that it finds, and some that miss it by one condition. All is drawn from a
seed. Does not belong here: reading queries (``gold``).
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from lakehouse_assets.lakehouse.engines.instances import open_instance
from tests.questions.lab.gold import compared
from tests.questions.lab.schema import COMPACT_DAY, ISO, NUMBER, Column, Schema, Table, ddl, quoted
from tests.questions.lab.wanted import Spot, Witness

Row = dict[str, Any]
ROWS = {"codes": 12, "lookup": 60, "facts": 400, "alone": 900}
"""Rows of a table that only names codes, that others refer to, that refers to others, and that does neither, before
those for the queries."""
NULLS, ORPHANS, DUPLICATES = 0.05, 0.03, 0.03
KINDS, NAMES = 9, 60
NAMELIKE = re.compile(r"name|title|address|phone|email|^line_", re.IGNORECASE)
ENTITY_NAME = re.compile(
    r"(?<!first)(?<!last)(?<!middle)(?<!user)(?<!manager)(?<!first_)(?<!last_)(?<!middle_)name$|title$", re.I
)
MISSES_EACH, GROUPS = 1, 2
MOST_CANDIDATES = 240


class Generator:
    """Fills one database. ``queries`` are the gold trees, which name the values; ``wanted`` the rows they look for."""

    def __init__(self, schema: Schema, queries: Sequence[exp.Expr], wanted: Sequence[Witness], seed: int) -> None:
        self.schema, self.random = schema, random.Random(f"{schema.name}:{seed}")
        self.rows: dict[str, list[Row]] = {t.name: [] for t in schema.tables}
        self.keys: dict[str, set[tuple[Any, ...]]] = {t.name: set() for t in schema.tables}
        self.referred = {c.refers[0] for t in schema.tables for c in t.columns if c.refers}
        self.names: dict[Spot, dict[Any, Row]] = {
            (t.name, c.name): {} for t in schema.tables for c in t.columns if self._names_entity(t, c)
        }
        self.serial = 0
        self.judge = open_instance()
        self.pools = self._pools(queries)
        self.wanted = wanted

    def fill(self) -> dict[str, list[Row]]:
        """All rows by table."""
        for table in self.schema.parents_first():
            for _ in range(self._size(table)):
                self._add(table, self._row(table, {}))
        for witness in self.wanted:
            self._witness(witness)
        self._mend()
        for table in self.schema.tables:
            rows = self.rows[table.name]
            if not table.key:
                rows += [dict(row) for row in rows if self.random.random() < DUPLICATES]
            self.random.shuffle(rows)
        return self.rows

    # Values

    def _pools(self, queries: Iterable[exp.Expr]) -> dict[Spot, list[Any]]:
        pools: dict[Spot, dict[Any, None]] = defaultdict(dict)
        said: dict[Spot, Counter[str]] = defaultdict(Counter)
        for table in self.schema.tables:
            for column in table.columns:
                spot = (table.name, column.name)
                pools[spot].update(dict.fromkeys(v for v in map(_caster(column), column.samples) if v is not None))
        for query in queries:
            for table, name, literals in compared(query, self.schema):
                column = table.column(name)
                if column:
                    for literal in literals:
                        said[table.name, name][str(literal.this)] += 1
                        pools[table.name, name].update(dict.fromkeys(self._near(column, literal)))
        for table in self.schema.tables:
            for column in table.columns:
                spot = (table.name, column.name)
                pools[spot].update(dict.fromkeys(self._invented(table, column, list(pools[spot]))))
        self._share(pools)
        return {spot: _one_spelling(values, said[spot])[:MOST_CANDIDATES] for spot, values in pools.items()}

    def _share(self, pools: dict[Spot, dict[Any, None]]) -> None:
        for table in self.schema.tables:
            for column in table.columns:
                if column.refers and self.schema.table(column.refers[0]):
                    values = {**pools[column.refers], **pools[table.name, column.name]}
                    pools[column.refers].update(values)

    def _near(self, column: Column, literal: exp.Literal) -> list[Any]:
        """The value a query names, and some beside it."""
        said = str(literal.this)
        cast = _caster(column)
        if column.type in ("DATE", "TIMESTAMP"):
            return _days_near(said, column.type, self.random)
        if column.type in ("BIGINT", "DOUBLE"):
            if not NUMBER.match(said):
                return []
            number = float(said)
            wide = [] if 1800 <= number <= 2100 else [number * 2, number // 2]
            near = [number, number + 1, number - 1, *wide]
            return [cast(v) for v in near if v >= 0 or number < 0]
        core = said.strip("%").replace("%", " ").replace("_", " ") if "%" in said else said
        if NUMBER.match(core):
            return [core] if core == said else [core, f"{core}{self.random.randint(1, 9)}"]
        extra = [f"{core} II"] if len(core) > 3 else []
        return [core, *extra, *([f"{core}-1", f"x {core}"] if "%" in said else [])]

    def _invented(self, table: Table, column: Column, known: list[Any]) -> list[Any]:
        draw = self.random
        if column.refers or (column.key and len(table.key) == 1):
            return []
        many = NAMES if NAMELIKE.search(column.name) else KINDS
        if column.type in ("DATE", "TIMESTAMP"):
            years = [v.year for v in known] or [2012, 2020]
            start, days = date(min(years), 1, 1), (max(years) - min(years) + 1) * 365
            made = [start + timedelta(days=draw.randrange(days)) for _ in range(120)]
            if column.type == "DATE":
                return list(made)
            return [datetime.combine(d, datetime.min.time()) + timedelta(minutes=draw.randrange(1440)) for d in made]
        if column.type in ("BIGINT", "DOUBLE", "INTEGER"):
            numbers = [float(v) for v in known] or [1, 100]
            low, high = min(numbers), max(numbers) + 2
            if re.search("year|yr", column.name, re.IGNORECASE):
                return [int(low) + n for n in range(int(min(high - low, 30)))]
            whole = column.type == "BIGINT"
            return (
                [round(draw.uniform(low * 0.8, high * 1.2), 0 if whole else 2) for _ in range(60)]
                if not whole
                else [draw.randint(int(low * 0.8), int(high * 1.2)) for _ in range(60)]
            )
        if column.type == "BOOLEAN":
            return [True, False]
        if known and all(re.fullmatch(r"\d{6}", str(v)) for v in known):
            return [f"{int(str(v)[:4])}{month:02}" for v in known for month in range(1, 13)]
        if known and max(len(str(v)) for v in known) <= 2:
            return []
        if known and all(NUMBER.match(str(v)) for v in known):
            return [str(draw.randint(1, 99)) for _ in range(many)]
        few = max(3, many - len(known)) if len(known) < many else 0
        label = column.name.replace("_", " ").lower()
        return [f"{table.name.replace('_', ' ').lower()} {label} {n}" for n in range(1, few + 1)]

    def _value(self, table: Table, column: Column) -> Any:
        draw = self.random
        if column.refers and (parent := self.schema.table(column.refers[0])) and parent.name != table.name:
            known = self.rows[parent.name]
            if not column.key and draw.random() < ORPHANS:
                return None
            return draw.choice(known)[column.refers[1]] if known else None
        if column.key and len(table.key) == 1:
            return self._fresh(table, column)
        if not column.key and draw.random() < NULLS:
            return None
        pool = self.pools[table.name, column.name]
        if (spot := (table.name, column.name)) in self.names:
            free = [v for v in pool if v not in self.names[spot]]
            return draw.choice(free) if free else f"{table.name} {column.name} {len(self.names[spot])}"
        if not pool:
            return None
        return pool[min(int(draw.paretovariate(0.7)) - 1, len(pool) - 1)] if draw.random() < 0.4 else draw.choice(pool)

    def _fresh(self, table: Table, column: Column) -> Any:
        """A key not used yet: those the queries and samples name come first."""
        used = self.keys[table.name]
        named = [v for v in self.pools[table.name, column.name] if (v,) not in used]
        if named and column.type == "VARCHAR":
            return named[0]
        self.serial += 1
        if column.type == "VARCHAR":
            return f"{table.name[:3].lower()}{self.serial:05}"
        if column.type in ("DATE", "TIMESTAMP"):
            return date(1990, 1, 1) + timedelta(days=self.serial)
        while (self.serial,) in used:
            self.serial += 1
        return self.serial

    # Rows

    def _size(self, table: Table) -> int:
        refers = any(c.refers for c in table.columns)
        if not refers and table.name in self.referred:
            return ROWS["codes" if len(table.columns) <= 3 else "lookup"]
        return ROWS["facts" if refers else "alone"]

    def _names_entity(self, table: Table, column: Column) -> bool:
        """Whether values of a column are names of things that others refer to, each of which has its own."""
        called = bool(ENTITY_NAME.search(column.name)) and column.type == "VARCHAR" and not column.key
        alone = not any(c.refers for c in table.columns)
        return called and alone and len(table.key) == 1 and table.name in self.referred

    def _row(self, table: Table, given: Mapping[str, Any]) -> Row:
        return {c.name: given[c.name] if c.name in given else self._value(table, c) for c in table.columns}

    def _add(self, table: Table, row: Row, namesakes: bool = False) -> None:
        key = tuple(row[name] for name in table.key)
        if table.key and (key in self.keys[table.name] or None in key):
            return
        for (_, name), known in ((s, k) for s, k in self.names.items() if s[0] == table.name):
            if row[name] in known and not namesakes:
                return
            known.setdefault(row[name], row)
        self.keys[table.name].add(key)
        self.rows[table.name].append(row)

    def _mend(self) -> None:
        """Adds the rows that references point to and that are missing."""
        for table in reversed(list(self.schema.parents_first())):
            for column in table.columns:
                parent = self.schema.table(column.refers[0]) if column.refers else None
                if parent is None or column.refers is None:
                    continue
                known = {row[column.refers[1]] for row in self.rows[parent.name]}
                missing = dict.fromkeys(row[column.name] for row in self.rows[table.name])
                for value in missing:
                    if value is not None and value not in known:
                        self._add(parent, self._row(parent, {column.refers[1]: value}))

    # Rows a query looks for

    def _witness(self, witness: Witness) -> None:
        classes = _classes(witness)
        fits = {name: self._fitting(witness, members) for name, members in classes.items()}
        wanted = [name for name, found in fits.items() if found is not None]
        plans: list[Spot | None] = [None] * GROUPS + [name for name in wanted for _ in range(MISSES_EACH)]
        for missed in plans:
            shared: dict[Spot, Any] = {}
            for _ in range(witness.per_group if missed is None else 2):
                self._group_row(witness, classes, fits, missed, shared)

    def _group_row(
        self,
        witness: Witness,
        classes: Mapping[Spot, Sequence[Spot]],
        fits: Mapping[Spot, tuple[list[Any], list[Any]] | None],
        missed: Spot | None,
        shared: dict[Spot, Any],
    ) -> None:
        given: dict[str, Row] = {alias: {} for alias in witness.tables}
        for name, members in classes.items():
            if fit := fits[name]:
                right, wrong = fit
                if pool := wrong if name == missed else right:
                    _give(given, members, self.random.choice(pool))
        self._named_already(witness, classes, fits, given, shared)
        for name, members in classes.items():
            if not fits[name] and (len(members) > 1 or name in shared):
                if name not in shared:
                    shared[name] = self._shared_value(witness, members)
                _give(given, members, shared[name])
        self._add_all(witness, given)

    def _add_all(self, witness: Witness, given: Mapping[str, Row]) -> None:
        made = {t.name: t for t in witness.tables.values()}
        for table in self.schema.parents_first():
            if table.name in made:
                for alias, own in witness.tables.items():
                    if own.name == table.name:
                        namesakes = self._wants(witness, alias) > 1
                        self._add(table, self._row(table, given[alias]), namesakes)

    def _named_already(
        self,
        witness: Witness,
        classes: Mapping[Spot, Sequence[Spot]],
        fits: Mapping[Spot, object],
        given: Mapping[str, Row],
        shared: dict[Spot, Any],
    ) -> None:
        """Where a wanted name is taken, the rows refer to the one that has it."""
        for alias, table in witness.tables.items():
            if self._wants(witness, alias) > 1:
                continue
            for (owner, column), known in self.names.items():
                row = known.get(given[alias].get(column)) if owner == table.name else None
                for name, members in classes.items() if row else ():
                    for member in members:
                        if row and member[0] == alias and member[1] in table.key and not fits[name]:
                            shared[name] = row[member[1]]

    @staticmethod
    def _wants(witness: Witness, alias: str) -> int:
        """How many columns of a table the witness wants something of: one row with a name may not do for two."""
        return len({spot for spot, _ in witness.wants if spot[0] == alias})

    def _shared_value(self, witness: Witness, members: Sequence[Spot]) -> Any:
        keyed = [m for m in members if self._column(witness, m).key]
        alias, name = (keyed or members)[0]
        table, column = witness.tables[alias], self._column(witness, (alias, name))
        return self._fresh(table, column) if keyed and not column.refers else self._value(table, column)

    @staticmethod
    def _column(witness: Witness, spot: Spot) -> Column:
        column = witness.tables[spot[0]].column(spot[1])
        if column is None:
            raise LookupError(f"{spot} is no column of {witness.tables[spot[0]].name}")
        return column

    def _fitting(self, witness: Witness, members: Sequence[Spot]) -> tuple[list[Any], list[Any]] | None:
        """The values that meet every condition on these equal columns, and those that fail one; None without any."""
        conditions = [c for spot, c in witness.wants if spot in members]
        if not conditions:
            return None
        column = self._column(witness, members[0])
        pool: dict[Any, None] = {None: None}
        for alias, name in members:
            pool.update(dict.fromkeys(self.pools[witness.tables[alias].name, name]))
        terms = [_on_one_column(c).sql(dialect="duckdb") for c in conditions]
        rows = [(n, value) for n, value in enumerate(pool)]
        try:
            self.judge.register("drawn", pa.table({"n": [n for n, _ in rows], "value": [v for _, v in rows]}))
            held = self.judge.execute(
                f"with pool as (select n, value::{column.type} as value from drawn) "
                f"select n, {' and '.join(f'coalesce({t}, false)' for t in terms)} from pool order by n"
            ).fetchall()
        except duckdb.Error:
            return None
        right = [rows[n][1] for n, holds in held if holds]
        wrong = [rows[n][1] for n, holds in held if not holds and (rows[n][1] is not None or not column.key)]
        return (right, wrong) if right else None


def _give(given: Mapping[str, Row], members: Sequence[Spot], value: Any) -> None:
    for alias, column in members:
        given[alias][column] = value


def _one_spelling(values: Iterable[Any], said: Mapping[str, int]) -> list[Any]:
    """Of texts that differ only in case, the one the queries say most often, else the first."""
    best: dict[Any, Any] = {}
    for value in values:
        same = value.lower() if isinstance(value, str) else value
        if same not in best or said.get(str(value), 0) > said.get(str(best[same]), 0):
            best[same] = value
    return list(best.values())


def _on_one_column(condition: exp.Expr) -> exp.Expr:
    return condition.copy().transform(lambda n: exp.column("value") if isinstance(n, exp.Column) else n)


def _classes(witness: Witness) -> dict[Spot, list[Spot]]:
    """Columns of a witness that take one value, by a leader of each class."""
    leader: dict[Spot, Spot] = {}

    def find(spot: Spot) -> Spot:
        while leader.setdefault(spot, spot) != spot:
            spot = leader[spot]
        return spot

    for spot, _ in witness.wants:
        find(spot)
    for a, b in witness.equal:
        if a[0] in witness.tables and b[0] in witness.tables:
            leader[find(a)] = find(b)
    classes: dict[Spot, list[Spot]] = {}
    for spot in list(leader):
        if spot[0] in witness.tables:
            classes.setdefault(find(spot), []).append(spot)
    return classes


def _caster(column: Column) -> Any:
    """A function that turns a documented value into the column's type; None where it does not fit."""

    def cast(value: Any) -> Any:
        said = str(value)
        try:
            if column.type == "BIGINT":
                return int(float(said))
            if column.type == "DOUBLE":
                return float(said)
            if column.type == "DATE":
                return datetime.strptime(said, "%Y%m%d").date() if COMPACT_DAY.match(said) else date.fromisoformat(said)
            if column.type == "TIMESTAMP":
                return datetime.fromisoformat(said)
        except ValueError:
            return None
        return said

    return cast


def _days_near(said: str, kind: str, draw: random.Random) -> list[Any]:
    """Days in the time a literal names (a day, month or year), and beside it."""
    said = said.strip("%")
    if ISO.match(said):
        day = datetime.fromisoformat(said)
        near = [day, *(day + timedelta(days=n) for n in (-1, 1, 30, -366, 366))]
    elif m := re.match(r"((?:19|20)\d{2})(?:-(\d{2}))?(?:-|$)", said):
        year, month = int(m[1]), int(m[2] or draw.randint(1, 12))
        near = [datetime(y, month, d, draw.randrange(24)) for y in (year, year - 1, year + 1) for d in (1, 15, 28)]
    else:
        return []
    return [n.date() for n in near] if kind == "DATE" else near


def write(schema: Schema, rows: Mapping[str, Sequence[Row]], connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the tables and their rows."""
    connection.execute(ddl(schema))
    for table in schema.tables:
        names = [c.name for c in table.columns]
        if made := rows[table.name]:
            connection.register(
                "made", pa.table({f"c{n}": [row[name] for row in made] for n, name in enumerate(names)})
            )
            connection.execute(f"insert into {quoted(table.name)} select * from made")
            connection.unregister("made")
