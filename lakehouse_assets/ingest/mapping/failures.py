"""Why a record breaks: what cannot be computed, cannot be read as its type, or fails a check of the contract.

Belongs here: the condition of each failure and its reason, in SQL. Does not belong here: the statement that asks them
of rejected records (statements), whether a source fills its table at all (targets).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import sqlglot
from sqlglot import exp

from lakehouse_assets.ingest.mapping.columns import MappedColumns, field_name, text_name
from lakehouse_assets.ingest.values.conversion import why_not
from lakehouse_assets.ingest.values.expressions import Expression, guarded
from lakehouse_assets.ingest.values.times import bound
from lakehouse_assets.lakehouse.contract import RowCheck
from lakehouse_assets.lakehouse.sql import literal, quoted


@dataclass(frozen=True)
class Failure:
    """One way a row can break: where, the condition in SQL, and the reason as a SQL text."""

    column: str | None
    failing: str
    reason: str


class Failures:
    """The ways in which the rows of a record can break."""

    def __init__(self, columns: MappedColumns) -> None:
        """Take the columns that are judged."""
        self._columns = columns

    def any_of(self, i: int) -> str:
        """The condition, in SQL, that row `i` of a record breaks in one way or another."""
        failures = [f"coalesce({f.failing}, false)" for f in self.of_row(i)]
        return "(" + " or ".join(failures) + ")" if failures else "false"

    def of_row(self, i: int) -> list[Failure]:
        """Every way row `i` of a record can break, conversions before checks."""
        row, types = self._columns.source.rows[i], self._columns.contract.types
        found: list[Failure] = []
        if self._columns.source.format in ("ndjson", "json", "parquet"):
            found.append(Failure(None, "s is null", "'not valid JSON'"))
        if row.when != "true":
            found += self._uncomputed(row.when, None, "the condition")
        for key in self._columns.source.dedup_key.fields:
            found += self._uncomputed(key, None, "the dedup_key")
        for name in self._columns.business:
            text, kind = text_name(i, name), types[name]
            found += self._uncomputed_of(i, name)
            if kind != "VARCHAR":
                failed = f"({text} is not null and e{i}.{quoted(name)} is null)"
                found.append(Failure(name, failed, _says(name, text, self._columns.typed(i, name, why_not))))
        return found + [self._contract_failure(i, c) for c in self._checks]

    def _uncomputed_of(self, i: int, name: str) -> list[Failure]:
        expression = self._columns.expression(self._columns.source.rows[i], name)
        return self._uncomputed(expression.text, name, name) if expression else []

    def _uncomputed(self, text: str, column: str | None, what: str) -> list[Failure]:
        """How an expression can fail, with the first cast that does as the reason, and the fields it reads."""
        expression, style = Expression(text), self._columns.source.style(column)
        if expression.is_field or expression.is_literal:
            return []
        casts = []
        for cast in expression.casts(field_name, style):
            operand = f"cast(({guarded(cast.operand)}).v as varchar)"
            why = bound(operand, "w", why_not("w", cast.kind, style))
            failed = f"{operand} is not null and ({guarded(cast.sql)}) is null"
            casts.append(f"when {failed} then {_says(what, operand, why)}")
        read = ", ', ', ".join(_says(f, field_name(f), "''") for f in sorted(expression.fields)[:3]) or "''"
        other = f"concat({literal(f'{what} cannot be computed by {expression.text} from ')}, {read})"
        reason = f"case {' '.join(casts)} else {other} end" if casts else other
        return [Failure(column, f"{self._columns.computed_as(text, column)} is null", reason)]

    @cached_property
    def _checks(self) -> list[RowCheck]:
        constant = {"raw_payload", "load_id", "source", "source_file", "source_row", "loaded_at"}
        implied = constant | {f"{day}__not_null" for day in self._columns.derived}
        checks = [c for c in self._columns.contract.row_checks("duckdb", self._columns.local) if c.severity == "error"]
        return [c for c in checks if c.column not in implied and c.name not in implied]

    def _contract_failure(self, i: int, check: RowCheck) -> Failure:
        failing = self._in_scope(i, check.failing)
        if check.column is None:
            # A rule that cannot be computed fails; the guard keeps the engine from computing parts of it elsewhere.
            failed = f"coalesce(({guarded(f'coalesce({failing}, false)')}).v, true)"
            return Failure(None, failed, literal(check.description.rstrip(".")))
        text = f"e{i}.{quoted(check.column)}"
        if check.name.endswith("__not_null"):
            # A value that could not be read is reported as that, not as missing too.
            given = f"{text_name(i, check.column)} is not null" if check.column in self._columns.business else "false"
            uncomputed = " or ".join(f"({f.failing})" for f in self._uncomputed_of(i, check.column)) or "false"
            missing = f"({failing} and not ({given}) and not ({uncomputed}))"
            return Failure(check.column, missing, literal(f"{check.column} is missing"))
        return Failure(
            check.column, failing, _says(check.column, text, literal(f"breaks the rule: {check.description}"))
        )

    def _in_scope(self, i: int, predicate: str) -> str:
        """A contract's predicate with its columns found in `e<i>` and in what the load knows."""
        technical = {
            "loaded_at": "loaded_at", "load_id": "load_id", "source": literal(self._columns.source.name),
            "source_row": "source_row", "source_file": "source_file", "raw_payload": "raw_text",
        }  # fmt: skip

        def resolve(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.Column):
                return exp.Var(this=technical.get(node.name) or f"e{i}.{quoted(node.name)}")
            return node

        return sqlglot.parse_one(predicate, read="duckdb").transform(resolve).sql(dialect="duckdb")


def _says(name: str, value: str, what: str) -> str:
    """SQL of a sentence about a value; `what` is SQL, too."""
    shown = f"coalesce(left(cast({value} as varchar), 200), '')"
    return f"trim(concat({literal(name)}, ' ', chr(39), {shown}, chr(39), ' ', {what}))"
