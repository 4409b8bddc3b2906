"""A source and a contract as SQL: from raw records to rows of the target table, and of rejected ones to reasons.

Belongs here: the text of the statements. Each works on a relation of raw records with the columns of
`batches.SCHEMA`, `source_file`, `occurrence`, `ref`, `load_id`, `loaded_at`, and `s`, a struct with the source's raw
fields as text.
Does not belong here: running them (loads), the SQL of one value (columns), in which ways a record breaks (failures),
or what an expression may be (expressions).

The layers of the statement: records (raw fields, empty ones NULL) -> computed (every expression, `x<n>`) -> texts
(every mapped column) -> values (typed, one struct `e<i>` per row the record yields) -> judged (`bad`) -> the rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from collections.abc import Mapping as MappingType
from functools import cached_property

from lakehouse_assets.ingest.mapping.columns import MappedColumns, field_name, text_name
from lakehouse_assets.ingest.mapping.failures import Failures
from lakehouse_assets.ingest.mapping.targets import refuse_same_names, refuse_wrong_columns, tenant_mapping
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.ingest.values import json_text
from lakehouse_assets.ingest.values.expressions import Expression, guarded
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.publish.staging import FOLDERS
from lakehouse_assets.lakehouse.sql import literal, quoted

CARRIED = "source_row, line, raw_text, problem, form, source_file, occurrence, ref, load_id, loaded_at"
ENVELOPE = (
    '{"source_row":"BIGINT","line":"BIGINT","raw_text":"VARCHAR","problem":"VARCHAR","form":"VARCHAR",'
    '"source_file":"VARCHAR","occurrence":"BIGINT","ref":"VARCHAR","load_id":"VARCHAR","loaded_at":"TIMESTAMP","s":%s}'
)


class RecordMapping:
    """The statements of one source."""

    def __init__(
        self, source: Source, contract: Contract, *, zone: str, tenant: str | None = None, bound: bool = False
    ) -> None:
        """Check that the source fills the contract.

        Args:
            source: The source.
            contract: Contract of its target table.
            zone: The time zone in which an instant has its day, where the source does not map the day.
            tenant: The tenant the caller named.
            bound: Whether the records may be of no other; see `tenant_mapping`.

        Raises:
            SourceError: an unknown or unfilled column, or no tenant.
        """
        self.source, self.contract = source, contract
        self._columns = MappedColumns(source, contract, tenant_mapping(source, tenant, bound=bound), zone)
        self._failures = Failures(self._columns)
        self._is_bound = bound and tenant is not None
        refuse_wrong_columns(source, contract, self._columns.derived)
        refuse_same_names(source)

    @property
    def fields(self) -> list[str]:
        """Raw fields that must be read from the file."""
        return self.source.fields or ["_"]

    @cached_property
    def optional(self) -> frozenset[str]:
        """Raw fields that may be missing: those the source says, and where the tenant is known that which says it."""
        of_tenant = set(self.source.fields) - set(self.source.fields_of_rows) if self._is_bound else ()
        return frozenset({*self.source.optional, *of_tenant})

    def rows(self, records: str) -> str:
        """Statement for the rows of the target table, `rejected`, and the partition helpers.

        A rejected record yields one row: NULLs, but for its envelope in raw_payload, from which `rejects` reads it.
        """
        events = range(len(self.source.rows))
        applies = " or ".join(f"w{i}" for i in events)
        bad = " or ".join(f"(w{i} and coalesce({self._failures.any_of(i)}, false))" for i in events)
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
                for f in self._failures.of_row(i)
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
        fields = ", ".join(f"null::varchar as {field_name(f)}" for f in self.fields)
        scope = f"(select {fields}, 1 as source_row, 1 as occurrence)"
        texts = {f"dedup_key.fields.{i}": k for i, k in enumerate(self.source.dedup_key.fields)}
        if self.source.tenant and self.source.tenant.expression:
            texts["tenant.expression"] = self.source.tenant.expression
        for row in self.source.rows:
            texts |= {f"columns.{name}": text for name, text in row.columns.items()} | {f"{row.name}.when": row.when}
        for name, text in texts.items():
            if not binds(f"select {Expression(text).sql(field_name, self.source.style())} from {scope}"):
                return f", field '{name}'"
        return ""

    def json_struct(self, text: str, known: Sequence[Sequence[str]] = ()) -> str:
        """SQL of `s` from a JSON object; NULL where the text is none. `known`: see `json_text.object_fields`."""
        return json_text.object_fields(text, self.fields, known)

    def with_occurrence(self, records: str) -> str:
        """Records with `occurrence` filled where the source tells equal records apart by it."""
        if not self.source.dedup_key.occurrence:
            return records
        keys = ", ".join(self._columns.key_parts("s"))
        number = f"row_number() over (partition by load_id, {keys} order by source_row)"
        return f"(select * replace (coalesce(occurrence, {number}) as occurrence) from {records})"

    def _values(self, records: str) -> str:
        """Statement with the carried columns, conditions `w<i>` and typed structs `e<i>`."""
        fields = ", ".join(f"{self._columns.raw(f)} as {field_name(f)}" for f in self.fields)
        texts, computed = self._texts(), ""
        if self._columns.computed:
            # Known only after the texts asked for them: each expression is computed once, however often it is used.
            columns = (f"{guarded(sql)} as {name}" for sql, name in self._columns.computed.items())
            computed = f"select *, {', '.join(columns)} from "
        structs = [self._columns.struct(i) for i in range(len(self.source.rows))]
        # The fields stay in reach: reasons name the operand of a cast that failed.
        return (
            f"select *, {', '.join(structs)} from (select *, {', '.join(texts)} from ({computed}"
            f"(select {CARRIED}, payload, s, {fields} from {self.with_occurrence(records)})))"
        )

    def _texts(self) -> list[str]:
        texts = [f"{self._columns.key_sql(i)} as k{i}" for i in range(len(self.source.rows))]
        for i, row in enumerate(self.source.rows):
            if row.when == "true":
                texts.append(f"true as w{i}")
            else:
                # A record for which the condition cannot be told goes on, to be refused for that.
                when = self._columns.computed_as(row.when)
                texts.append(f"({when} is null or coalesce({when}.v, false)) as w{i}")
            texts += [f"{self._columns.text(row, name)} as {text_name(i, name)}" for name in self._columns.business]
        return texts

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
        value = f"e.{quoted(column)}"
        return f"strftime({value}, '{FOLDERS[transform]}')" if transform in FOLDERS else value


def constant(text: str) -> str:
    """SQL of a text that all rows share, as an enumeration of one.

    It is written to Parquet as the text it is, but takes one byte a row on the way through the partitioned write.
    """
    return f"cast({literal(text)} as enum({literal(text)}))"


def _struct_shape(fields: list[str]) -> str:
    return json.dumps(dict.fromkeys(fields, "VARCHAR"))


def _envelope() -> str:
    parts = ", ".join(f"'{c}': {c}" for c in (*CARRIED.split(", "), "s"))
    return f"cast(to_json({{{parts}}}) as varchar)"


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
