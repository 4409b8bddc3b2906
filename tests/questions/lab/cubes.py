"""Rows of an official statistic: a figure for each year, area and category, whose totals add up as in print.

Made are the figures; years, areas and categories are those documented and those that the gold SQL names. Does not
belong here: rows of ordinary tables (``rows``), reading the set (``sources``).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence

import duckdb
import pyarrow as pa
from pyarrow import csv
from sqlglot import exp

from lakehouse_assets.lakehouse.sql import literal
from tests.questions.lab.gold import compared, without_fixed
from tests.questions.lab.schema import Column, Schema, Table, ddl, quoted

LONG = r"^(%?)Canton (of )?"
"""What is left out before the name of a canton: people say Bern, the register of areas says Canton of Bern."""
LEVEL = "spatialunit_ontology"
FIXED = {"country": ("name", LEVEL), "canton": (LEVEL,), "municipal": (LEVEL,)}
"""What else of an area is known once its level is."""
AREA, AREAS, YEAR = "spatialunit_uid", "spatial_unit", "year"
COUNTRY = "0_CH"
STILL_VALID = "2999-12-31"
MOST_MUNICIPALITIES, MOST_NAMED = 20, 5


def years(coverage: str) -> list[int]:
    """The years of a coverage such as ``1975,1980,1996-2022``."""
    spans = re.findall(r"(\d{4})(?:\s*-\s*(\d{4}))?", coverage)
    return [year for first, last in spans for year in range(int(first), int(last or first) + 1)]


def write_cube(
    schema: Schema, areas: str, coverage: str, trees: Iterable[exp.Expr], connection: duckdb.DuckDBPyConnection
) -> None:
    """Makes the tables of a schema with one statistic; ``areas`` is the CSV text of all areas there are."""
    connection.execute(ddl(schema))
    _write_areas(schema, areas, connection)
    named: dict[tuple[str, str], list[str]] = {}
    for tree in trees:
        for table, column, literals in compared(tree, schema):
            named.setdefault((table.name, column), []).extend(x.this for x in literals if x.is_string)
    table = next(t for t in schema.tables if t.name != AREAS)
    values = {c.name: _values(c, named.get((table.name, c.name), [])) for c in _categories(table)}
    units = _units(connection, [said for (owner, _), texts in named.items() if owner == AREAS for said in texts], table)
    parts = {AREA: units, **{c: [v for v in vs if not _is_total(v)] for c, vs in values.items()}}
    _write_parts(table, parts, years(coverage), connection)
    totals = [(c, v) for c, vs in values.items() for v in vs if _is_total(v)]
    for column, total in [(AREA, COUNTRY), *totals]:
        _add_total(table, column, total, connection)


def plain_statistic(tree: exp.Expr) -> exp.Expr:
    """Gold SQL over a statistic: cantons by their short names, and without columns that its own filters fix."""
    for text in tree.find_all(exp.Literal):
        if text.is_string:
            text.set("this", re.sub(LONG, r"\1", text.this))
    return without_fixed(tree, FIXED)


def _categories(table: Table) -> list[Column]:
    return [c for c in table.columns if c.type == "VARCHAR" and c.name != AREA]


def _figures(table: Table) -> list[Column]:
    return [c for c in table.columns if c.type != "VARCHAR" and c.name != YEAR]


def _write_areas(schema: Schema, areas: str, connection: duckdb.DuckDBPyConnection) -> None:
    found = csv.read_csv(io.BytesIO(areas.encode()))
    table = next(t for t in schema.tables if t.name == AREAS)
    connection.register("areas_given", found.select([c.name for c in table.columns]))
    connection.execute(
        f"insert into {AREAS} select * replace (regexp_replace(name, {literal(LONG)}, '') as name) from areas_given "
        f"where valid_until = date '{STILL_VALID}'"
    )
    connection.unregister("areas_given")


def _is_total(value: str) -> bool:
    """Whether a category is all others together, such as ``Place of birth - total``."""
    return bool(re.search(r"\btotal$", value, re.IGNORECASE))


def _values(column: Column, named: Sequence[str]) -> list[str]:
    """The documented values, and those named that none of them fits."""
    values = list(column.samples)
    for said in dict.fromkeys(named):
        bare = said.strip("%").strip()
        fits = [v for v in values if v.lower() == bare.lower() or ("%" in said and bare.lower() in v.lower())]
        if bare and not fits:
            values.append(bare)
    return values


def _units(connection: duckdb.DuckDBPyConnection, named: Sequence[str], table: Table) -> list[str]:
    """All cantons, and for a statistic of municipalities those named and a few others."""
    found = [uid for (uid,) in connection.execute(f"select {AREA} from {AREAS} where canton order by 1").fetchall()]
    if not re.search(r"municipality|commune", table.description):
        return found
    some = f"select {AREA} from {AREAS} where municipal and name ilike ? order by md5({AREA}) limit {MOST_NAMED}"
    for said in dict.fromkeys(named):
        found += [uid for (uid,) in connection.execute(some, [said]).fetchall()]
    others = f"select {AREA} from {AREAS} where municipal order by md5({AREA}) limit {MOST_MUNICIPALITIES}"
    return list(dict.fromkeys([*found, *(uid for (uid,) in connection.execute(others).fetchall())]))


def _write_parts(
    table: Table, parts: Mapping[str, Sequence[str]], when: Sequence[int], connection: duckdb.DuckDBPyConnection
) -> None:
    """A row for each year and combination of parts; each figure is drawn from a hash of its place."""
    axes = {YEAR: pa.array(when, pa.int64()), **{name: pa.array(values) for name, values in parts.items()}}
    for name, values in axes.items():
        connection.register(f"axis_{name}", pa.table({name: values}))
    place = "concat_ws('|', " + ", ".join(f"axis_{name}.{quoted(name)}::varchar" for name in axes) + ")"
    drawn = [
        f"('0x' || substr(md5({place} || {literal(c.name)}), 1, 6))::bigint % 5000"
        if c in _figures(table)
        else f"axis_{c.name}.{quoted(c.name)}"
        for c in table.columns
    ]
    crossed = " cross join ".join(f"axis_{name}" for name in axes)
    connection.execute(f"insert into {quoted(table.name)} select {', '.join(drawn)} from {crossed}")
    for name in axes:
        connection.unregister(f"axis_{name}")


def _add_total(table: Table, column: str, total: str, connection: duckdb.DuckDBPyConnection) -> None:
    """Rows that sum over one column; over areas, the cantons make the country."""
    figures = {c.name for c in _figures(table)}
    kept = [c.name for c in table.columns if c.name not in {column, *figures}]
    picked = [
        literal(total) if c.name == column else f"sum({quoted(c.name)})" if c.name in figures else quoted(c.name)
        for c in table.columns
    ]
    only = f"where {AREA} in (select {AREA} from {AREAS} where canton)" if column == AREA else ""
    connection.execute(
        f"insert into {quoted(table.name)} select {', '.join(picked)} from {quoted(table.name)} {only} "
        f"group by {', '.join(map(quoted, kept))}"
    )
