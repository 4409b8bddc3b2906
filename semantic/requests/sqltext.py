"""The SQL around what MetricFlow compiles: names of columns, several parts side by side, thresholds, order, limit.

Belongs here: text made from names of the manifest, numbers, and conditions already rendered by ``filters``.
Does not belong here: a person's text, or deciding what to ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from lakehouse_assets.lakehouse.sql import quoted
from semantic.manifest.catalog import SemiAdditive, TimeColumn


@dataclass(frozen=True)
class OutColumn:
    """A column of a result: its name, the name it has in the compiled part, and the type to cast it to."""

    name: str
    source: str
    cast: str | None = None

    @property
    def select(self) -> str:
        """The select item."""
        inner = quoted(self.source)
        value = f"CAST({inner} AS {self.cast})" if self.cast else inner
        return f"{value} AS {quoted(self.name)}"


def part(sql: str, keys: Sequence[OutColumn], metrics: Sequence[OutColumn]) -> str:
    """One compiled query with its columns named and typed."""
    items = ", ".join(column.select for column in (*keys, *metrics))
    return f"SELECT {items} FROM (\n{sql}\n) AS compiled"


def side_by_side(parts: Sequence[tuple[str, Sequence[str]]], keys: Sequence[str], metrics: Sequence[str]) -> str:
    """Several named queries with the same keys as one, a row per key; a part without that key gives NULL.

    A union that is summed up, rather than full joins: keys may be NULL, and every engine can do it.
    """
    if len(parts) == 1:
        return parts[0][0]
    names = [quoted(key) for key in keys]
    branches = []
    for sql, own in parts:
        items = [*names, *(quoted(m) if m in own else f"NULL AS {quoted(m)}" for m in metrics)]
        branches.append(f"SELECT {', '.join(items)} FROM (\n{sql}\n) AS part")
    chosen = [*names, *(f"MAX({quoted(m)}) AS {quoted(m)}" for m in metrics)]
    union = "\nUNION ALL\n".join(branches)
    group = f"\nGROUP BY {', '.join(names)}" if names else ""
    return f"SELECT {', '.join(chosen)} FROM (\n{union}\n) AS parts{group}"


def finished(sql: str, having: Sequence[str], order_by: Sequence[tuple[str, bool]], limit: int | None) -> str:
    """A query with thresholds on its columns, an order (name, descending) and a limit."""
    if not having and not order_by and limit is None:
        return sql
    where = f"\nWHERE {' AND '.join(having)}" if having else ""
    keys = ", ".join(f"{quoted(name)} {'DESC' if down else 'ASC'} NULLS LAST" for name, down in order_by)
    order = f"\nORDER BY {keys}" if keys else ""
    top = f"\nLIMIT {int(limit)}" if limit is not None else ""
    return f"SELECT * FROM (\n{sql}\n) AS answer{where}{order}{top}"


def within_data(sql: str, spines: Iterable[TimeColumn], times: Sequence[TimeColumn]) -> str:
    """The query with its time spine cut to the days there are data for.

    A spine reaches decades ahead. Running totals would be computed for every day of it, at a cost to match, and
    would go on after the last day that is known.
    """
    if not times:
        return sql
    first, last = (_extent(times, choice) for choice in ("MIN", "MAX"))
    for spine in spines:
        cut = f"(SELECT * FROM {spine.relation} WHERE {spine.expr} BETWEEN {first} AND {last})"
        sql = sql.replace(spine.relation, cut)
    return sql


def days_of_data(spines: Sequence[TimeColumn], times: Sequence[TimeColumn]) -> str:
    """A query of the spine's days between the first and the last for which there are data; column ``day``."""
    spine = next(s for s in spines if s.grain == "day")
    first, last = (_extent(times, choice) for choice in ("MIN", "MAX"))
    return f"SELECT {spine.expr} AS day FROM {spine.relation} WHERE {spine.expr} BETWEEN {first} AND {last}"


def moments(rule: SemiAdditive, grain: str | None, start: date | None, end: date | None) -> str:
    """A subquery of the moments at which a semi-additive measure is taken: one per period, of all the data.

    MetricFlow takes the last moment among the rows that pass the filters; where a filtered group has nothing on
    the last day, that would be an earlier day's figure.
    """
    expr, relation = rule.time.expr, rule.time.relation
    bounds = [f"{expr} {sign} DATE '{day}'" for sign, day in ((">=", start), ("<=", end)) if day]
    where = f" WHERE {' AND '.join(bounds)}" if bounds else ""
    group = f" GROUP BY DATE_TRUNC('{grain}', {expr})" if grain else ""
    return f"SELECT {rule.choice.upper()}({expr}) FROM {relation}{where}{group}"


def tables_of(sql: str, dialect: str) -> tuple[str, ...]:
    """The tables a query reads, as ``schema.table``, sorted; its own common table expressions left out."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.optimizer.scope import traverse_scope

    tree = sqlglot.parse_one(sql, read=dialect)
    found = {
        f"{source.db}.{source.name}" if source.db else source.name
        for scope in traverse_scope(tree)
        for source in scope.sources.values()
        if isinstance(source, exp.Table)
    }
    return tuple(sorted(found))


def _extent(times: Sequence[TimeColumn], choice: str) -> str:
    one = [f"SELECT {choice}({t.expr}) AS edge FROM {t.relation}" for t in times]
    return f"(SELECT CAST({choice}(edge) AS DATE) FROM ({' UNION ALL '.join(one)}) AS edges)"
