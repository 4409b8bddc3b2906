"""A source and a contract as SQL: from raw records to rows of the target table, and why a record breaks.

Belongs here: the text of the statements. Each works on a relation of raw records with the columns of
`batches.SCHEMA`, `source_file`, `occurrence`, `ref`, `load_id`, `loaded_at`, and `s`, a struct with the source's raw
fields as text.
Does not belong here: running them (loads), what an expression may be (expressions), how a text becomes a value
(conversion), or the key of a record (record_keys).

The layers of the statement: records (raw fields, empty ones NULL) -> computed (every expression, `x<n>`) -> texts
(every mapped column) -> values (typed, one struct `e<i>` per row the record yields) -> judged (`bad`) -> the rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from functools import cached_property

import sqlglot
from sqlglot import exp

from lakehouse_assets.ingest.described.rows import Event
from lakehouse_assets.ingest.mapping.record_keys import record_key, same_key
from lakehouse_assets.ingest.mapping.targets import TECHNICAL, refuse_same_names, refuse_wrong_columns, tenant_mapping
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.ingest.values import json_text
from lakehouse_assets.ingest.values.conversion import Style, value, why_not
from lakehouse_assets.ingest.values.expressions import Expression, guarded
from lakehouse_assets.ingest.values.times import bound
from lakehouse_assets.lakehouse.contract import Contract, RowCheck
from lakehouse_assets.lakehouse.sql import literal, quoted

PSEUDO_FIELDS = {"record_number": "cast(source_row as varchar)", "record_occurrence": "cast(occurrence as varchar)"}
"""Names an expression may use beside the raw fields: number of the record, and which of several equal ones it is."""
CARRIED = "source_row, line, raw_text, problem, form, source_file, occurrence, ref, load_id, loaded_at"
ENVELOPE = (
    '{"source_row":"BIGINT","line":"BIGINT","raw_text":"VARCHAR","problem":"VARCHAR","form":"VARCHAR",'
    '"source_file":"VARCHAR","occurrence":"BIGINT","ref":"VARCHAR","load_id":"VARCHAR","loaded_at":"TIMESTAMP","s":%s}'
)


@dataclass(frozen=True)
class Failure:
    """One way a row can break: where, the condition in SQL, and the reason as a SQL text."""

    column: str | None
    failing: str
    reason: str


class RecordMapping:
    """The statements of one source."""

    def __init__(self, source: Source, contract: Contract, *, tenant: str | None = None, bound: bool = False) -> None:
        """Check that the source fills the contract.

        Args:
            source: The source.
            contract: Contract of its target table.
            tenant: The tenant the caller named.
            bound: Whether the records may be of no other; see `tenant_mapping`.

        Raises:
            SourceError: an unknown or unfilled column, or no tenant.
        """
        self.source, self.contract = source, contract
        self._tenant = tenant_mapping(source, tenant, bound=bound)
        self._is_bound = bound and tenant is not None
        refuse_wrong_columns(source, contract, self._derived)
        refuse_same_names(source)

    @property
    def fields(self) -> list[str]:
        """Raw fields that must be read from the file."""
        return [f for f in self.source.fields if f not in PSEUDO_FIELDS] or ["_"]

    @cached_property
    def optional(self) -> frozenset[str]:
        """Raw fields that may be missing: those the source says, and where the tenant is known that which says it."""
        of_tenant = set(self.source.fields) - set(self.source.fields_of_rows) if self._is_bound else ()
        return frozenset({*self.source.optional, *of_tenant})

    @cached_property
    def _derived(self) -> dict[str, str]:
        """Date columns that are filled from a timestamp because the source does not map them."""
        types = self.contract.types
        first_time = next((n for n, t in types.items() if t == "TIMESTAMP" and n not in TECHNICAL), None)
        mapped = {c for row in self.source.rows for c in (*row.columns, *row.constants)}
        if first_time is None:
            return {}
        days = [p.column for p in self.contract.partitions if types[p.column] == "DATE"]
        return {d: first_time for d in days if d not in mapped}

    def rows(self, records: str) -> str:
        """Statement for the rows of the target table, `rejected`, and the partition helpers.

        A rejected record yields one row: NULLs, but for its envelope in raw_payload, from which `rejects` reads it.
        """
        events = range(len(self.source.rows))
        applies = " or ".join(f"w{i}" for i in events)
        bad = " or ".join(f"(w{i} and coalesce({self._any_failing(i)}, false))" for i in events)
        if len(events) == 1:
            unnested = "e0"
        else:
            cases = ", ".join(f"case when w{i} then e{i} end" for i in events)
            unnested = f"unnest(case when rejected then [e0] else list_filter([{cases}], lambda x: x is not null) end)"
        columns = ", ".join(self._final(name) for name in self.contract.column_names)
        partitions = ", ".join(
            f"case when not rejected then {self._partition(p.column, p.transform)} end as {quoted('_' + p.name)}"
            for p in self.contract.partitions
        )
        return (
            f"with values_ as ({self._values(records)}), "
            f"judged as (select *, (problem is not null or not ({applies}) or {bad}) as rejected from values_), "
            f"unnested as (select * exclude ({', '.join(f'e{i}, w{i}' for i in events)}), {unnested} as e from judged) "
            f"select {columns}, rejected as _rejected{', ' + partitions if partitions else ''} from unnested"
        )

    def rejects(self, relation: str) -> str:
        """Statement that explains rejected records.

        Args:
            relation: What `rows` gave for rejected records, to stand after FROM.

        Returns:
            A query with the carried columns, `column_name`, `reason`, and `cause`: the reason without the values of
            the record, by which records that lack the same are counted together.
        """
        shape = ENVELOPE % _struct_shape(self.fields)
        carried = ", ".join(f"j.{name} as {name}" for name in (*CARRIED.split(", "), "s"))
        records = (
            f"(select {carried}, j.raw_text as payload from "
            f"(select from_json(raw_payload, {literal(shape)}) as j from {relation}))"
        )
        parts = []
        for i, row in enumerate(self.source.rows):
            prefix = f"{row.name}: " if row.name else ""
            parts += [
                f"case when w{i} and coalesce({f.failing}, false) then "
                f"{{'column_name': {_or_null(f.column)}, 'reason': {literal(prefix)} || {f.reason}}} end"
                for f in self._failures(i)
            ]
        applies = " or ".join(f"w{i}" for i in range(len(self.source.rows)))
        none = (
            f"case when not ({applies}) then "
            "{'column_name': null::varchar, 'reason': 'none of the events of the source applies to the record'} end"
        )
        unread = "problem"
        if self.source.format != "csv":
            unread = f"coalesce(problem, {json_text.problem('raw_text')})"
        return (
            f"select {CARRIED}, found[1].column_name as column_name, "
            f"{_joined('f.reason')} as reason, {_joined(_cause('f.reason', 'f.column_name'))} as cause from ("
            f"select {CARRIED}, case when {unread} is not null then "
            f"[{{'column_name': null::varchar, 'reason': {unread}}}] else "
            f"list_filter([{', '.join([none, *parts])}], lambda x: x is not null) end as found "
            f"from ({self._values(records)}))"
        )

    def record_struct(self, fields: MappingType[str, str]) -> str:
        """SQL of `s` from the SQL of each raw field that the file has; fields it lacks are NULL."""
        return "{" + ", ".join(f"{literal(f)}: {fields.get(f, 'null::varchar')}" for f in self.fields) + "}"

    def empty_records(self) -> str:
        """A relation of raw records without any, for checking the statements."""
        kinds = dict.fromkeys(CARRIED.split(", "), "varchar") | {"loaded_at": "timestamp"}
        kinds |= dict.fromkeys(("source_row", "line", "occurrence"), "bigint")
        nulls = ", ".join(f"null::{kind} as {name}" for name, kind in kinds.items())
        return f"(select {nulls}, null::varchar as payload, {self.record_struct({})} as s)"

    def blame(self, binds: Callable[[str], bool]) -> str:
        """The field of the source whose expression the engine refuses, as ', field …'; empty if it is none of them."""
        fields = ", ".join(f"null::varchar as {_field(f)}" for f in self.fields)
        scope = f"(select {fields}, 1 as source_row, 1 as occurrence)"
        texts = {f"dedup_key.fields.{i}": k for i, k in enumerate(self.source.dedup_key.fields)}
        if self.source.tenant and self.source.tenant.expression:
            texts["tenant.expression"] = self.source.tenant.expression
        for row in self.source.rows:
            texts |= {f"columns.{name}": text for name, text in row.columns.items()} | {f"{row.name}.when": row.when}
        for name, text in texts.items():
            if not binds(f"select {Expression(text).sql(_resolve, self.source.style())} from {scope}"):
                return f", field '{name}'"
        return ""

    def json_struct(self, text: str, known: Sequence[Sequence[str]] = ()) -> str:
        """SQL of `s` from a JSON object; NULL where the text is none. `known`: see `json_text.object_fields`."""
        return json_text.object_fields(text, self.fields, known)

    def with_occurrence(self, records: str) -> str:
        """Records with `occurrence` filled where the source tells equal records apart by it."""
        if not self.source.dedup_key.occurrence:
            return records
        keys = ", ".join(self._key_parts("s"))
        number = f"row_number() over (partition by load_id, {keys} order by source_row)"
        return f"(select * replace (coalesce(occurrence, {number}) as occurrence) from {records})"

    def _values(self, records: str) -> str:
        """Statement with the carried columns, conditions `w<i>` and typed structs `e<i>`."""
        fields = ", ".join(f"{self._raw(f)} as {_field(f)}" for f in self.fields)
        texts, computed = self._texts(), ""
        if self._computed:
            # Known only after the texts asked for them: each expression is computed once, however often it is used.
            columns = (f"{guarded(sql)} as {name}" for sql, name in self._computed.items())
            computed = f"select *, {', '.join(columns)} from "
        structs = [self._struct(i) for i in range(len(self.source.rows))]
        # The fields stay in reach: reasons name the operand of a cast that failed.
        return (
            f"select *, {', '.join(structs)} from (select *, {', '.join(texts)} from ({computed}"
            f"(select {CARRIED}, payload, s, {fields} from {self.with_occurrence(records)})))"
        )

    def _texts(self) -> list[str]:
        texts = [f"{self._key_sql(i)} as k{i}" for i in range(len(self.source.rows))]
        for i, row in enumerate(self.source.rows):
            if row.when == "true":
                texts.append(f"true as w{i}")
            else:
                # A record for which the condition cannot be told goes on, to be refused for that.
                when = self._computed_as(row.when)
                texts.append(f"({when} is null or coalesce({when}.v, false)) as w{i}")
            texts += [f"{self._text(row, name)} as {_column(i, name)}" for name in self._business]
        return texts

    @cached_property
    def _computed(self) -> dict[str, str]:
        """SQL of each expression that is more than a field, to the column that holds {v: its value}."""
        return {}

    def _computed_as(self, text: str, column: str | None = None) -> str:
        """The column that holds {v: the value of an expression}; NULL where it cannot be computed."""
        sql = Expression(text).sql(_resolve, self.source.style(column))
        return self._computed.setdefault(sql, f"x{len(self._computed)}")

    @cached_property
    def _business(self) -> list[str]:
        return [n for n in self.contract.column_names if n not in TECHNICAL and n not in self._derived]

    def _raw(self, field: str, struct: str = "s") -> str:
        value = f"{struct}.{quoted(field)}"
        nulls = self.source.null_values
        if not nulls:
            return value
        if len(nulls) == 1:
            return f"nullif({value}, {literal(nulls[0])})"
        return f"case when {value} not in ({', '.join(map(literal, nulls))}) then {value} end"

    def _expression(self, row: Event, name: str) -> Expression | None:
        mapped = self._tenant.columns.get(name) or row.columns.get(name)
        return Expression(mapped) if mapped and name not in self._tenant.constants else None

    def _text(self, row: Event, name: str) -> str:
        """SQL of a mapped column as text."""
        expression = self._expression(row, name)
        if expression is not None:
            return self._expression_text(expression.text, name)
        value = {**row.constants, **self._tenant.constants}.get(name)
        return "null::varchar" if value is None else literal(str(value))

    def _expression_text(self, text: str, column: str | None = None) -> str:
        expression = Expression(text)
        if expression.is_field:
            return expression.sql(_resolve, self.source.style())
        if expression.is_literal:
            return f"cast({text} as varchar)"
        return f"cast({self._computed_as(text, column)}.v as varchar)"

    def _struct(self, i: int) -> str:
        parts = {n: self._typed(i, n, value) for n in self._business}
        for day, time in self._derived.items():
            parts[day] = f"cast({parts[time]} as date)"
        parts["record_key"] = f"k{i}"
        ordered = [n for n in self.contract.column_names if n in parts]
        return "{" + ", ".join(f"{literal(n)}: {parts[n]}" for n in ordered) + f"}} as e{i}"

    def _typed(self, i: int, name: str, way: Callable[[str, str, Style], str]) -> str:
        """SQL of a mapped column by a way to read its text as its type."""
        row, text, kind = self.source.rows[i], _column(i, name), self.contract.types[name]
        style, expression = self.source.style(name), self._expression(row, name)
        if expression is None:
            return way(text, kind, Style(times=style.times))
        if style.plain_numbers or expression.is_field or expression.is_literal:
            return way(text, kind, style)
        # Only a text writes numbers as the source does.
        computed = self._computed_as(expression.text, name)
        return (
            f"case when typeof({computed}.v) = 'VARCHAR' then {way(text, kind, style)} "
            f"else {way(text, kind, style.with_plain_numbers)} end"
        )

    def _key_parts(self, struct: str) -> list[str]:
        def read(text: str) -> str:
            expression, style = Expression(text), self.source.style()
            sql = expression.sql(lambda f: self._raw(f, struct), style)
            # Told apart as the key tells them apart.
            return same_key(sql if expression.is_field else f"cast(({guarded(sql)}).v as varchar)")

        return [read(key) for key in self.source.dedup_key.fields]

    def _key_sql(self, i: int) -> str:
        """SQL of the record key: tenant, key fields, occurrence and name of the row."""
        row = self.source.rows[i]
        keys = [self._expression_text(key) for key in self.source.dedup_key.fields]
        extra = ["cast(occurrence as varchar)"] if self.source.dedup_key.occurrence else []
        return record_key(
            self._text(row, "tenant_id"), keys, [*extra, *([literal(row.name)] if row.name else [])],
            empty_is_null="" in self.source.null_values,
        )  # fmt: skip

    def _any_failing(self, i: int) -> str:
        failures = [f"coalesce({f.failing}, false)" for f in self._failures(i)]
        return "(" + " or ".join(failures) + ")" if failures else "false"

    def _failures(self, i: int) -> list[Failure]:
        """Every way row `i` of a record can break, conversions before checks."""
        row, types = self.source.rows[i], self.contract.types
        found: list[Failure] = []
        if self.source.format in ("ndjson", "json", "parquet"):
            found.append(Failure(None, "s is null", "'not valid JSON'"))
        if row.when != "true":
            found += self._uncomputed(row.when, None, "the condition")
        for key in self.source.dedup_key.fields:
            found += self._uncomputed(key, None, "the dedup_key")
        for name in self._business:
            text, kind = _column(i, name), types[name]
            found += self._uncomputed_of(i, name)
            if kind != "VARCHAR":
                failed = f"({text} is not null and e{i}.{quoted(name)} is null)"
                found.append(Failure(name, failed, _says(name, text, self._typed(i, name, why_not))))
        return found + [self._contract_failure(i, c) for c in self._checks]

    def _uncomputed_of(self, i: int, name: str) -> list[Failure]:
        expression = self._expression(self.source.rows[i], name)
        return self._uncomputed(expression.text, name, name) if expression else []

    def _uncomputed(self, text: str, column: str | None, what: str) -> list[Failure]:
        """How an expression can fail, with the first cast that does as the reason, and the fields it reads."""
        expression, style = Expression(text), self.source.style(column)
        if expression.is_field or expression.is_literal:
            return []
        casts = []
        for cast in expression.casts(_resolve, style):
            operand = f"cast(({guarded(cast.operand)}).v as varchar)"
            why = bound(operand, "w", why_not("w", cast.kind, style))
            failed = f"{operand} is not null and ({guarded(cast.sql)}) is null"
            casts.append(f"when {failed} then {_says(what, operand, why)}")
        read = ", ', ', ".join(_says(f, _resolve(f), "''") for f in sorted(expression.fields)[:3]) or "''"
        other = f"concat({literal(f'{what} cannot be computed by {expression.text} from ')}, {read})"
        reason = f"case {' '.join(casts)} else {other} end" if casts else other
        return [Failure(column, f"{self._computed_as(text, column)} is null", reason)]

    @cached_property
    def _checks(self) -> list[RowCheck]:
        constant = {"raw_payload", "load_id", "source", "source_file", "source_row", "loaded_at"}
        implied = constant | {f"{day}__not_null" for day in self._derived}
        checks = [c for c in self.contract.row_checks("duckdb") if c.severity == "error"]
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
            given = f"{_column(i, check.column)} is not null" if check.column in self._business else "false"
            uncomputed = " or ".join(f"({f.failing})" for f in self._uncomputed_of(i, check.column)) or "false"
            missing = f"({failing} and not ({given}) and not ({uncomputed}))"
            return Failure(check.column, missing, literal(f"{check.column} is missing"))
        return Failure(
            check.column, failing, _says(check.column, text, literal(f"breaks the rule: {check.description}"))
        )

    def _in_scope(self, i: int, predicate: str) -> str:
        """A contract's predicate with its columns found in `e<i>` and in what the load knows."""
        technical = {
            "loaded_at": "loaded_at", "load_id": "load_id", "source": literal(self.source.name),
            "source_row": "source_row", "source_file": "source_file", "raw_payload": "raw_text",
        }  # fmt: skip

        def resolve(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.Column):
                return exp.Var(this=technical.get(node.name) or f"e{i}.{quoted(node.name)}")
            return node

        return sqlglot.parse_one(predicate, read="duckdb").transform(resolve).sql(dialect="duckdb")

    def _final(self, name: str) -> str:
        """SQL of a column of the target table."""
        technical = {
            "raw_payload": f"case when rejected then {_envelope()} else payload end",
            "source_row": "source_row", "loaded_at": "loaded_at",
        }  # fmt: skip
        constants = {"load_id": "load_id", "source": constant(self.source.name), "source_file": "source_file"}
        if name in constants:
            return f"{constants[name]} as {quoted(name)}"
        kind = self.contract.types[name]
        return f"cast({technical.get(name) or f'e.{quoted(name)}'} as {kind}) as {quoted(name)}"

    def _partition(self, column: str, transform: str) -> str:
        return f"strftime(e.{quoted(column)}, '%Y-%m')" if transform == "month" else f"e.{quoted(column)}"


def constant(text: str) -> str:
    """SQL of a text that all rows share, as an enumeration of one.

    It is written to Parquet as the text it is, but takes one byte a row on the way through the partitioned write.
    """
    return f"cast({literal(text)} as enum({literal(text)}))"


def _resolve(field: str) -> str:
    return PSEUDO_FIELDS.get(field) or _field(field)


def _field(name: str) -> str:
    return quoted(f"f:{name}")


def _column(i: int, name: str) -> str:
    return quoted(f"t{i}:{name}")


def _struct_shape(fields: list[str]) -> str:
    return json.dumps(dict.fromkeys(fields, "VARCHAR"))


def _envelope() -> str:
    parts = ", ".join(f"'{c}': {c}" for c in (*CARRIED.split(", "), "s"))
    return f"cast(to_json({{{parts}}}) as varchar)"


def _says(name: str, value: str, what: str) -> str:
    """SQL of a sentence about a value; `what` is SQL, too."""
    shown = f"coalesce(left(cast({value} as varchar), 200), '')"
    return f"trim(concat({literal(name)}, ' ', chr(39), {shown}, chr(39), ' ', {what}))"


def _joined(text: str) -> str:
    """SQL of the first few distinct texts about the failures `found`, in their order."""
    texts = f"[{text} for f in found]"
    distinct = f"list_filter({texts}, lambda x, i: list_position({texts}, x) = i)"
    return f"coalesce(array_to_string({distinct}[1:8], '; '), 'unknown')"


def _cause(reason: str, column: str) -> str:
    """SQL of a reason without what it quotes; of one about no column, without numbers too, which are of the record."""
    unquoted = f"regexp_replace({reason}, chr(39) || '.*' || chr(39), chr(39) || '…' || chr(39), 's')"
    return f"case when {column} is null then regexp_replace({unquoted}, '[0-9]+', '…', 'g') else {unquoted} end"


def _or_null(text: str | None) -> str:
    return "null::varchar" if text is None else literal(text)
