"""A source and a contract as SQL: from raw records to rows of the target table, and why a record breaks.

Belongs here: the text of the statements. Each works on a relation of raw records with the columns of
`batches.SCHEMA`, `source_file`, `occurrence`, `ref`, `load_id`, `loaded_at`, and `s`, a struct with the source's raw
fields as text.
Does not belong here: running them (load), or what an expression may be (expressions).

The layers of the statement: records (raw fields, empty ones NULL) -> texts (every mapped expression) ->
values (typed, one struct `e<i>` per row the record yields) -> judged (`bad`) -> the rows themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from functools import cached_property

import sqlglot
from sqlglot import exp

from lakehouse_assets.ingest.errors import SourceError
from lakehouse_assets.ingest.expressions import Expression
from lakehouse_assets.ingest.sources import Event, Source
from lakehouse_assets.lakehouse.contract import Contract, RowCheck, literal, quoted

TECHNICAL = ("raw_payload", "record_key", "load_id", "source", "source_file", "source_row", "loaded_at")
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

    def __init__(self, source: Source, contract: Contract, *, tenant: str | None = None) -> None:
        """Check that the source fills the contract.

        Args:
            source: The source.
            contract: Contract of its target table.
            tenant: The tenant the caller named.

        Raises:
            SourceError: an unknown or unfilled column, or no tenant.
        """
        self.source, self.contract = source, contract
        self._tenant = _tenant_mapping(source, tenant)
        _refuse_wrong_columns(source, contract, self._derived)
        _refuse_same_names(source)

    @property
    def fields(self) -> list[str]:
        """Raw fields that must be read from the file."""
        return [f for f in self.source.fields if f not in PSEUDO_FIELDS] or ["_"]

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
            unread = (
                "coalesce(problem, case when coalesce(try(json_type(raw_text)), '') <> 'OBJECT' "
                "then 'not valid JSON, or not a JSON object' end)"
            )
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
            if not binds(f"select {Expression(text).sql(_resolve)} from {scope}"):
                return f", field '{name}'"
        return ""

    def json_struct(self, text: str) -> str:
        """SQL of `s` from a JSON object; NULL where the text is not JSON."""
        return f"try(from_json({text}, {literal(_struct_shape(self.fields))}))"

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
        texts = [f"{self._key_sql(i)} as k{i}" for i in range(len(self.source.rows))]
        for i, row in enumerate(self.source.rows):
            when = "true" if row.when == "true" else f"coalesce({Expression(row.when).sql(_resolve)}, false)"
            texts.append(f"{when} as w{i}")
            texts += [f"{self._text(row, name)} as {_column(i, name)}" for name in self._business]
        structs = [self._struct(i) for i in range(len(self.source.rows))]
        # The fields stay in reach: reasons name the operand of a cast that failed.
        return (
            f"select *, {', '.join(structs)} from (select *, {', '.join(texts)} from "
            f"(select {CARRIED}, payload, s, {fields} from {self.with_occurrence(records)}))"
        )

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
            sql = expression.sql(_resolve)
            return sql if expression.is_field else f"cast({sql} as varchar)"
        value = {**row.constants, **self._tenant.constants}.get(name)
        return "null::varchar" if value is None else literal(str(value))

    def _struct(self, i: int) -> str:
        types = self.contract.types
        parts = {n: self._typed(_column(i, n), types[n]) for n in self._business}
        for day, time in self._derived.items():
            parts[day] = f"cast({parts[time]} as date)"
        parts["record_key"] = f"k{i}"
        ordered = [n for n in self.contract.column_names if n in parts]
        return "{" + ", ".join(f"{literal(n)}: {parts[n]}" for n in ordered) + f"}} as e{i}"

    def _typed(self, text: str, kind: str) -> str:
        """SQL of a text cast to a column type; NULL where it does not fit."""
        if kind == "VARCHAR":
            return text
        if kind == "TIMESTAMP":
            return self._time(text)
        if kind == "DATE":
            formats = self.source.date_formats
            parsed = f", cast(try_strptime(trim({text}), {_list(formats)}) as date)" if formats else ""
            return f"coalesce(try_cast({text} as date){parsed})"
        return f"try_cast(trim({text}) as {kind})"

    def _time(self, text: str) -> str:
        """SQL of a UTC timestamp; the session's time zone is the source's, so local times are read as such."""
        iso = f"try_cast({text} as timestamptz)"
        formats = self.source.date_formats
        if formats:
            local = f"timezone({literal(self.source.time_zone)}, try_strptime(trim({text}), {_list(formats)}))"
            iso = f"coalesce({iso}, {local})"
        return (
            f"make_timestamp(epoch_us(case when isfinite({iso}) then {iso} end))"
            if not formats
            else (f"make_timestamp(epoch_us({iso}))")
        )

    def _key_parts(self, struct: str) -> list[str]:
        return [Expression(k).sql(lambda f: self._raw(f, struct)) for k in self.source.dedup_key.fields]

    def _key_sql(self, i: int) -> str:
        """SQL of the record key: tenant, key fields, occurrence and name of the row, told apart unambiguously."""
        row = self.source.rows[i]
        keys = [f"cast({Expression(k).sql(_resolve)} as varchar)" for k in self.source.dedup_key.fields]
        parts = [self._text(row, "tenant_id"), *keys]
        if self.source.dedup_key.occurrence:
            parts.append("cast(occurrence as varchar)")
        if row.name:
            parts.append(literal(row.name))
        joined = " || chr(31) || ".join(f"coalesce({_key_part(p)}, '')" for p in parts)
        missing = " and ".join(f"{k} is null" for k in keys)
        return f"case when not ({missing}) then md5({joined}) end"

    def _any_failing(self, i: int) -> str:
        failures = [f"coalesce({f.failing}, false)" for f in self._failures(i)]
        return "(" + " or ".join(failures) + ")" if failures else "false"

    def _failures(self, i: int) -> list[Failure]:
        """Every way row `i` of a record can break, conversions before checks."""
        row, types = self.source.rows[i], self.contract.types
        found: list[Failure] = []
        if self.source.format in ("ndjson", "json", "parquet"):
            found.append(Failure(None, "s is null", "'not valid JSON'"))
        for name in self._business:
            text, kind = _column(i, name), types[name]
            if expression := self._expression(row, name):
                for wanted, operand, failed in expression.failures(_resolve):
                    found.append(Failure(name, failed, _says(name, operand, f"is not a {wanted}")))
            if kind != "VARCHAR":
                failed = f"({text} is not null and e{i}.{quoted(name)} is null)"
                found.append(Failure(name, failed, _says(name, text, self._expected(kind))))
        return found + [self._contract_failure(i, c) for c in self._checks]

    def _expected(self, kind: str) -> str:
        if kind in ("TIMESTAMP", "DATE"):
            return f"matches none of the accepted formats: {', '.join(['ISO 8601', *self.source.date_formats])}"
        return f"is not a {kind}"

    @cached_property
    def _checks(self) -> list[RowCheck]:
        constant = {"raw_payload", "load_id", "source", "source_file", "source_row", "loaded_at"}
        implied = constant | {f"{day}__not_null" for day in self._derived}
        checks = [c for c in self.contract.row_checks("duckdb") if c.severity == "error"]
        return [c for c in checks if c.column not in implied and c.name not in implied]

    def _contract_failure(self, i: int, check: RowCheck) -> Failure:
        failing = self._in_scope(i, check.failing)
        if check.column is None:
            return Failure(None, failing, literal(check.description.rstrip(".")))
        text = f"e{i}.{quoted(check.column)}"
        if check.name.endswith("__not_null"):
            # A value that could not be read is reported as that, not as missing too.
            given = f"{_column(i, check.column)} is not null" if check.column in self._business else "false"
            return Failure(check.column, f"({failing} and not ({given}))", literal(f"{check.column} is missing"))
        return Failure(check.column, failing, _says(check.column, text, f"breaks the rule: {check.description}"))

    def _in_scope(self, i: int, predicate: str) -> str:
        """A contract's predicate with its columns found in `e<i>` and in what the load knows."""
        technical = {
            "loaded_at": "loaded_at", "load_id": "load_id",
            "source": literal(self.source.name), "source_row": "source_row", "source_file": "source_file",
            "raw_payload": "raw_text",
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


def _tenant_mapping(source: Source, tenant: str | None) -> Event:
    """How tenant_id is filled: by the caller, or as the source says."""
    stated = source.tenant
    if stated and stated.expression:
        if tenant is not None:
            raise SourceError(
                f"source '{source.name}' reads the tenant from each record ({stated.expression}); "
                "leave out the tenant, or use a source without one."
            )
        return Event(name="", when="true", columns={"tenant_id": stated.expression})
    value = tenant if tenant is not None else (stated.constant if stated else None)
    if value is None:
        raise SourceError(f"source '{source.name}' does not state a tenant: name one (--tenant).")
    return Event(name="", when="true", constants={"tenant_id": value})


def _refuse_wrong_columns(source: Source, contract: Contract, derived: MappingType[str, str]) -> None:
    known = set(contract.column_names) - set(TECHNICAL)
    needed = {c.name for c in contract.columns if not c.nullable} - set(TECHNICAL) - set(derived) - {"tenant_id"}
    for row in source.rows:
        filled = {*row.columns, *row.constants}
        where = f"{source.origin or 'source'}: source '{source.name}'" + (f", event '{row.name}'" if row.name else "")
        if unknown := sorted(filled - known):
            raise SourceError(
                f"{where}: field 'columns': {contract.identifier} has no column {', '.join(unknown)}; "
                f"it has {', '.join(sorted(known))}."
            )
        if missing := sorted(needed - filled):
            raise SourceError(f"{where}: field 'columns': nothing fills {', '.join(missing)} of {contract.identifier}.")


def _refuse_same_names(source: Source) -> None:
    """The engine takes names that differ in case for one; a file may have such, an expression can read one of them."""
    seen: dict[str, str] = {}
    for name in source.fields:
        if (other := seen.setdefault(name.lower(), name)) != name:
            raise SourceError(
                f"{source.origin or 'source'}: source '{source.name}': the fields '{other}' and '{name}', which differ "
                "in case only, cannot both be read; rename one of them in the file, or load it by two sources."
            )


def _resolve(field: str) -> str:
    return PSEUDO_FIELDS.get(field) or _field(field)


def _field(name: str) -> str:
    return quoted(f"f:{name}")


def _column(i: int, name: str) -> str:
    return quoted(f"t{i}:{name}")


def _struct_shape(fields: list[str]) -> str:
    import json

    return json.dumps(dict.fromkeys(fields, "VARCHAR"))


def _envelope() -> str:
    parts = ", ".join(f"'{c}': {c}" for c in (*CARRIED.split(", "), "s"))
    return f"cast(to_json({{{parts}}}) as varchar)"


def _says(column: str, value: str, what: str) -> str:
    shown = f"coalesce(left(cast({value} as varchar), 200), '')"
    return f"concat({literal(column)}, ' ' || chr(39), {shown}, chr(39) || {literal(' ' + what)})"


def _list(texts: list[str]) -> str:
    return "[" + ", ".join(map(literal, texts)) + "]"


def _key_part(text: str) -> str:
    """SQL of a part of a key in which no separator (31) is left, and which is not empty where it is not NULL.

    A part without control characters stays as it is: the keys of tables that are there have to stay.
    """
    separated = f"replace(replace({text}, chr(27), chr(27) || '1'), chr(31), chr(27) || '2')"
    return f"case when {text} = '' then chr(27) else {separated} end"


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
