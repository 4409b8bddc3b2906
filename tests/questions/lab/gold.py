"""Gold SQL in DuckDB's dialect, what it asks for, and wrong variants of it.

SQLite takes more than DuckDB does: strings in double quotes, columns that are not grouped, ``like`` without case. Each
is written out by what SQLite would do. Division of whole numbers stays exact, since a cut-off share is nobody's answer.
Does not belong here: the rows it would find (``wanted``) and reading sets (``sources``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

import sqlglot
from sqlglot import exp

from tests.questions.lab.schema import ISO, NUMBER, Column, Schema, Table

WHOLE = re.compile(r"(^|_)(id|year|yr|doy|code|count)(_|\b)|\b(number of|year|code)\b", re.IGNORECASE)
MEASURED = re.compile(r"\b(latitude|longitude|number of record|capacity|percentage|average)\b", re.IGNORECASE)
Spot = tuple[str, str]
"""A table and a column of it."""
FILLED = "filled"
"""Marks an aggregate that was added for DuckDB's sake and is no part of the question."""
SWAPS = {exp.Sum: exp.Max, exp.Avg: exp.Max, exp.Max: exp.Min, exp.Min: exp.Max}
SIDES = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like, exp.ILike, exp.Between, exp.In, exp.Is)


class Kind(StrEnum):
    """What a question's gold SQL asks for."""

    AGGREGATE = "aggregate"
    SUPERLATIVE = "superlative"
    LISTING = "listing"


def kind_of(tree: exp.Expr) -> Kind:
    """A figure, the first by some order, or records."""
    if tree.find(exp.AggFunc):
        return Kind.AGGREGATE
    return Kind.SUPERLATIVE if tree.find(exp.Limit) or tree.find(exp.Window) else Kind.LISTING


def scope_tables(select: exp.Select, schema: Schema) -> dict[str, Table]:
    """The stored tables a SELECT reads, by alias in small letters."""
    named = [source.this for source in _sources(select) if isinstance(source.this, exp.Table)]
    found = {(t.alias or t.name).lower(): schema.table(t.name) for t in named}
    return {alias: table for alias, table in found.items() if table}


def _sources(select: exp.Select) -> Iterator[exp.Expr]:
    if start := select.args.get("from_") or select.args.get("from"):
        yield start
    yield from select.args.get("joins") or []


def home(column: exp.Column, schema: Schema) -> tuple[str, Table, str] | None:
    """(alias, table, column) that a column of the SQL stands for, looked for outwards; None if it is computed."""
    select = column.find_ancestor(exp.Select)
    while select:
        tables = scope_tables(select, schema)
        for alias, table in tables.items():
            if column.table and column.table.lower() != alias:
                continue
            if found := table.column(column.name):
                return alias, table, found.name
        select = select.find_ancestor(exp.Select)
    return None


def to_duckdb(sql: str, dialect: str, schema: Schema, today: str) -> exp.Expr:
    """The parsed query, rewritten so that DuckDB answers as its own engine would on ``today``.

    Raises sqlglot.errors.ParseError.
    """
    tree = sqlglot.parse_one(sql, read=dialect)
    for table in tree.find_all(exp.Table):
        table.set("db", None)
    tree = tree.transform(dated, today)
    if dialect == "sqlite":
        _as_sqlite(tree, schema)
    for select in list(tree.find_all(exp.Select)):
        _group_all(select)
    _typed(tree, schema)
    return tree


def _as_sqlite(tree: exp.Expr, schema: Schema) -> None:
    """Unknown names in double quotes are strings, and ``like`` does not mind case."""
    for column in list(tree.find_all(exp.Column)):
        if column.this.args.get("quoted") and not column.table and not _known(column, tree, schema):
            column.replace(exp.Literal.string(column.name))
    for like in list(tree.find_all(exp.Like)):
        like.replace(exp.ILike(this=like.this, expression=like.expression))


def _typed(tree: exp.Expr, schema: Schema) -> None:
    """Casts where SQLite and Postgres compare texts with other types, and DuckDB does not."""
    for between in list(tree.find_all(exp.Between)):
        if between.args["low"].is_number and isinstance(between.this, exp.TimeToStr | exp.Substring):
            between.set("this", exp.cast(between.this.copy(), "bigint"))
    for holder in list(tree.find_all(exp.Like, exp.ILike, exp.Substring)):
        inner = holder.this
        place = home(inner, schema) if isinstance(inner, exp.Column) else None
        column = place[1].column(place[2]) if place else None
        if column and column.type != "VARCHAR":
            inner.replace(exp.cast(inner.copy(), "text"))


def dated(node: exp.Expr, today: str) -> exp.Expr:
    """A node of SQL with the clock's time replaced by ``today``, and Julian days as DuckDB has them."""
    if isinstance(node, exp.CurrentDate):
        return exp.cast(exp.Literal.string(today), "date")
    if isinstance(node, exp.CurrentTimestamp):
        return exp.cast(exp.Literal.string(today), "timestamp")
    if isinstance(node, exp.Anonymous) and node.name.lower() == "julianday":
        return exp.Anonymous(this="julian", expressions=[exp.cast(node.expressions[0], "timestamp")])
    if isinstance(node, exp.Literal) and node.is_string and node.this == "now":
        return exp.Literal.string(today)
    return node


def _known(column: exp.Column, tree: exp.Expr, schema: Schema) -> bool:
    aliases = {a.alias.lower() for a in tree.find_all(exp.Alias)}
    return column.name.lower() in aliases or home(column, schema) is not None


def _group_all(select: exp.Select) -> None:
    """Columns that a group does not fix: those of the row of the only ``max`` or ``min``, else their least value."""
    outputs = [o.unalias() for o in select.expressions]
    own = [
        a for o in [*outputs, *_tail(select)] for a in o.find_all(exp.AggFunc) if _of(a, select) and not _windowed(a)
    ]
    group = select.args.get("group")
    if not own and not group:
        return
    fixed, names = _fixed_by(group.expressions if group else [], select)
    aliases = {o.alias.lower() for o in select.expressions if isinstance(o, exp.Alias)}
    extreme = own[0] if len(own) == 1 and isinstance(own[0], exp.Max | exp.Min) else None
    for part in [*select.expressions, *_tail(select)]:
        for column in [c for c in part.find_all(exp.Column) if _of(c, select)]:
            if column.find_ancestor(exp.AggFunc, exp.Window, exp.Select) is not select or isinstance(
                column.this, exp.Star
            ):
                continue
            if column.name.lower() in names | aliases or _within(column, part, fixed):
                continue
            if extreme:
                taker = exp.ArgMax if isinstance(extreme, exp.Max) else exp.ArgMin
                chosen: exp.Expr = taker(this=column.copy(), expression=extreme.this.copy())
            else:
                chosen = exp.Min(this=column.copy())
            chosen.meta[FILLED] = True
            if column.parent is select:
                chosen = exp.alias_(chosen, column.name, quoted=True)
            column.replace(chosen)


def _tail(select: exp.Select) -> list[exp.Expr]:
    return [part for part in (select.args.get("having"), select.args.get("order")) if part]


def _fixed_by(keys: Sequence[exp.Expr], select: exp.Select) -> tuple[set[str], set[str]]:
    """What a group fixes: expressions in small letters (also those it names by alias or place), and column names."""
    outputs = select.expressions
    named = {o.alias.lower(): o for o in outputs if isinstance(o, exp.Alias)}
    meant = [
        outputs[int(k.this) - 1] if k.is_int else named.get(k.name.lower(), k) if isinstance(k, exp.Column) else k
        for k in keys
    ]
    columns = {k.name.lower() for k in [*keys, *(m.unalias() for m in meant)] if isinstance(k, exp.Column)}
    return {m.unalias().sql().lower() for m in meant}, columns


def _within(column: exp.Expr, part: exp.Expr, fixed: set[str]) -> bool:
    node: exp.Expr | None = column
    while node is not None:
        if node.sql().lower() in fixed:
            return True
        node = None if node is part else node.parent
    return False


def _windowed(aggregate: exp.Expr) -> bool:
    return isinstance(aggregate.parent, exp.Window) and aggregate.parent.this is aggregate


def _of(node: exp.Expr, select: exp.Select) -> bool:
    return node.find_ancestor(exp.Select) is select


def conjuncts(condition: exp.Expr | None) -> list[exp.Expr]:
    """The parts of a condition that must all hold."""
    if condition is None:
        return []
    condition = condition.unnest()
    return list(condition.flatten()) if isinstance(condition, exp.And) else [condition]


def without_fixed(tree: exp.Expr, implied: Mapping[str, Sequence[str]]) -> exp.Expr:
    """The query without the columns that its own filters fix (the canton asked for): they answer nothing.

    ``implied`` names, by a column that is compared, further ones of its table that are fixed with it. Some column is
    always left; a query with a set operation or a distinct stays as it is.
    """
    where = tree.args.get("where")
    if not isinstance(tree, exp.Select) or not where or tree.args.get("distinct"):
        return tree
    compared_columns = [
        c.this
        for c in conjuncts(where.this)
        if isinstance(c, exp.EQ | exp.ILike)
        and isinstance(c.this, exp.Column)
        and isinstance(c.expression, exp.Literal)
    ]
    fixed = {(c.table, name) for c in compared_columns for name in (c.name, *implied.get(c.name.lower(), ()))}
    outputs = [(o, o.unalias()) for o in tree.expressions]
    left = [o for o, bare in outputs if not (isinstance(bare, exp.Column) and (bare.table, bare.name) in fixed)]
    if not left or len(left) == len(tree.expressions):
        return tree
    changed = tree.copy()
    changed.set("expressions", [o.copy() for o in left])
    return changed


def mutations(tree: exp.Expr) -> Iterator[exp.Expr]:
    """Queries that are wrong in one way: a filter or a distinct dropped, an aggregate or an order changed."""
    yield from _without_filters(tree)
    for number, node in enumerate(tree.find_all(*SWAPS)):
        if node.meta.get(FILLED):
            continue
        changed = tree.copy()
        found = list(changed.find_all(*SWAPS))[number]
        found.replace(SWAPS[type(node)](this=found.this.copy()))
        yield changed
    for number, node in enumerate(tree.find_all(exp.Ordered)):
        changed = tree.copy()
        list(changed.find_all(exp.Ordered))[number].set("desc", not node.args.get("desc"))
        if changed.find(exp.Limit):
            yield changed
    for number, node in enumerate(tree.find_all(exp.Count)):
        changed = tree.copy()
        found = list(changed.find_all(exp.Count))[number]
        if isinstance(node.this, exp.Distinct) and len(node.this.expressions) == 1:
            found.set("this", found.this.expressions[0].copy())
            yield changed


def _without_filters(tree: exp.Expr) -> Iterator[exp.Expr]:
    for number, where in enumerate(tree.find_all(exp.Where)):
        for dropped in range(len(conjuncts(where.this))):
            changed = tree.copy()
            place = list(changed.find_all(exp.Where))[number]
            kept = [c.copy() for at, c in enumerate(conjuncts(place.this)) if at != dropped]
            if kept:
                place.set("this", exp.and_(*kept, copy=False))
            else:
                place.pop()
            yield changed
    for number, _ in enumerate(tree.find_all(exp.Having)):
        changed = tree.copy()
        list(changed.find_all(exp.Having))[number].pop()
        yield changed


def compared(tree: exp.Expr, schema: Schema) -> Iterator[tuple[Table, str, Sequence[exp.Literal]]]:
    """Each stored column the query compares, with the literals it is compared with."""
    for node in tree.find_all(*SIDES):
        if node.find(exp.Select):
            continue
        places = [home(c, schema) for c in node.find_all(exp.Column)]
        literals = list(node.find_all(exp.Literal))
        for place in filter(None, places):
            yield place[1], place[2], literals


def typed_by_use(schema: Schema, trees: Sequence[exp.Expr]) -> Schema:
    """Text columns that are documented as dates, or that the queries count with, typed so; whole numbers as such."""
    numbers, strings = _uses(schema, trees)

    def typed(table: Table, column: Column) -> Column:
        spot = (table.name, column.name)
        named = strings.get(spot, [])
        if column.type == "VARCHAR" and not column.samples:
            if re.search(r"\bdate\b", column.description) and all(ISO.match(s) for s in named):
                return replace(column, type="DATE")
            if (spot in numbers or MEASURED.search(column.description)) and all(NUMBER.match(s) for s in named):
                return replace(column, type="DOUBLE")
        if column.type == "DOUBLE" and WHOLE.search(f"{column.name} {column.description}"):
            return replace(column, type="BIGINT")
        return column

    return replace(schema, tables=[replace(t, columns=[typed(t, c) for c in t.columns]) for t in schema.tables])


def _uses(schema: Schema, trees: Sequence[exp.Expr]) -> tuple[set[Spot], dict[Spot, list[str]]]:
    """Columns that queries count with or compare with numbers, and the texts that columns are compared with."""
    numbers: set[Spot] = set()
    strings: dict[Spot, list[str]] = {}
    for tree in trees:
        counted = (c for n in tree.find_all(exp.Sum, exp.Avg, exp.Mul, exp.Div) for c in n.find_all(exp.Column))
        places = [home(c, schema) for c in counted if not c.find_ancestor(*SIDES)]
        numbers |= {(place[1].name, place[2]) for place in places if place}
        for table, column, literals in compared(tree, schema):
            strings.setdefault((table.name, column), []).extend(x.this for x in literals if x.is_string)
            if literals and not any(x.is_string for x in literals):
                numbers.add((table.name, column))
    return numbers, strings
