"""Raw records as relations in DuckDB: the columns of `statements.CARRIED`, `payload`, and the fields `s`.

Belongs here: offering records in memory, or in batches that stream, to the engine.
Does not belong here: where the batches are from (files and the other kinds), or what records mean (mapping).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain

import duckdb
import pyarrow as pa

from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.mapping.statements import RecordMapping, constant
from lakehouse_assets.ingest.readers.batches import Counter, MalformedError, csv_schema
from lakehouse_assets.lakehouse.sql import literal

BATCHES = "raw_batches"
LEARNED_FROM, MOST_LEARNED = 200, 8
"""How many records of a JSON file are looked at for the names they have, and how many orders of names are kept."""


class Reading:
    """What the engine reads from batches, and the error that ended it: the engine tells only that there was one."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._error: Exception | None = None

    def of(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Each batch, for the engine."""
        try:
            yield from batches
        except Exception as error:
            self._error = error
            raise

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Where the engine stops inside, raise what the reader raised."""
        try:
            yield
        except duckdb.Error:
            if self._error:
                raise self._error from None
            raise


class TextRecords:
    """Records in batches of Arrow memory with the columns of `batches.SCHEMA`: each a JSON text, or one with fields."""

    def __init__(
        self,
        origin: str,
        mapping: RecordMapping,
        batches: Iterator[pa.RecordBatch],
        counter: Counter,
        *,
        header: str | None = None,
        fields: Sequence[str] = (),
    ) -> None:
        """Keep what gives the batches.

        Args:
            origin: Id of the origin.
            mapping: What is made of the records.
            batches: The records, streamed.
            counter: What numbers them.
            header: Header line of a CSV file.
            fields: Names of the fields that were cut already; without any, the texts are JSON.
        """
        self.header = header
        self._origin, self._mapping, self._batches, self._counter = origin, mapping, batches, counter
        self._fields = list(fields)
        self._reading = Reading()

    @property
    def count(self) -> int:
        """See Records."""
        return self._counter.records

    def relation(self, con: duckdb.DuckDBPyConnection) -> str:
        """See Records."""
        schema = csv_schema(len(self._fields))
        if not self._fields:
            payload, struct = "raw_text", self._mapping.json_struct("raw_text", self._usual_names(con))
        else:
            payload, struct = csv_columns(self._fields, self._mapping)
        con.register(BATCHES, pa.RecordBatchReader.from_batches(schema, self._reading.of(self._batches)))
        return (
            f"(select source_row, line, raw_text, problem, form, {constant(self._origin)} as source_file, "
            f"null::bigint as occurrence, null::varchar as ref, {payload} as payload, {struct} as s from {BATCHES})"
        )

    def _usual_names(self, con: duckdb.DuckDBPyConnection) -> list[list[str]]:
        """The names of the first objects in their order, each order once; none where a name occurs twice."""
        try:
            first = next(self._batches, None)
        except MalformedError as bad:
            raise self._refused(bad) from bad
        if first is None:
            return []
        self._batches = chain([first], self._batches)
        con.register(BATCHES, pa.Table.from_batches([first.slice(0, LEARNED_FROM)]))
        found = con.execute(
            f"with seen as (select try(json_keys(raw_text)) as names from {BATCHES} where problem is null) "
            f"select distinct names from seen where len(names) = list_unique(names) limit {MOST_LEARNED}"
        ).fetchall()
        # A statement cannot hold NUL; records with such a name are looked at one by one.
        return [names for (names,) in found if names and not any("\0" in name for name in names)]

    def _refused(self, bad: MalformedError) -> IngestError:
        hint = "Nothing was loaded; mend the file and load it again."
        return IngestError(self._origin, bad.problem, hint=hint, line=bad.line, column=bad.column)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """See Records."""
        try:
            with self._reading.errors():
                yield
        except MalformedError as bad:
            raise self._refused(bad) from bad


def csv_columns(fields: Sequence[str], mapping: RecordMapping) -> tuple[str, str]:
    """SQL of the payload (a JSON object of the record) and of `s`, from the columns of a CSV batch."""
    columns = {name: f"f{i}" for i, name in enumerate(fields)}
    # Not a struct: its names would have to differ in more than case.
    payload = ", ".join(f"{literal(name)}, {column}" for name, column in columns.items())
    return f"cast(json_object({payload}) as varchar)", mapping.record_struct(columns)


class HeldRecords:
    """Records that are in memory, such as those out of quarantine."""

    def __init__(self, batches: pa.Table, relation: str) -> None:
        """Keep the records and the SQL that reads them from BATCHES."""
        self._table, self._relation = batches, relation
        self.header = None
        self.count = batches.num_rows

    def relation(self, con: duckdb.DuckDBPyConnection) -> str:
        """See Records."""
        con.register(BATCHES, self._table)
        return self._relation

    @contextmanager
    def errors(self) -> Iterator[None]:
        """See Records; nothing of its own can go wrong."""
        yield
