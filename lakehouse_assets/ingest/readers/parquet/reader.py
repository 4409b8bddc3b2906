"""Parquet: a file as batches of Arrow memory, its schema, and what is wrong with it.

Belongs here: opening a file, reading it in bounded memory, naming what cannot be read.
Does not belong here: what a value is as text (values), or what it means (mapping).

PyArrow reads every file, for it takes a name as it is written, knows every type and encoding but a few, and tells a
damaged file from a sound one; the engine reads some types as others, some damage as values, and names as patterns.
"""

from __future__ import annotations

import json
import tempfile
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice, repeat
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.ingest.files.streams import InputFile, is_remote
from lakehouse_assets.ingest.readers.batches import KEPT_TEXT, MAX_RECORD, Bad, Counter
from lakehouse_assets.ingest.readers.parquet.flat import as_bytes
from lakehouse_assets.ingest.readers.parquet.forms import Leaf, has_nested_dictionary, is_nested, leaf_count
from lakehouse_assets.ingest.readers.parquet.nested import raw_json
from lakehouse_assets.ingest.readers.parquet.values import Column, column
from lakehouse_assets.lakehouse.sql import literal
from lakehouse_assets.private import make_folder

BATCH_BYTES = 4 << 20
BATCH_ROWS = 65_536
FIRST_ROWS = 16
"""Rows that are looked at to learn how long a record is."""
READ_BYTES = 1 << 20
"""Bytes read ahead of each column."""
_ENVELOPE = [
    pa.field("source_row", pa.int64()),
    pa.field("problem", pa.string()),
    pa.field("form", pa.string()),
    pa.field("kept_text", pa.string()),
]
# What PyArrow raises of a file it cannot read; messages of its own are texts of any kind.
_UNREADABLE = (pa.ArrowException, OSError, ValueError, OverflowError, KeyError, IndexError, MemoryError)


class ParquetContent:
    """The content of a Parquet file: columns for the engine, and batches of them."""

    def __init__(
        self,
        file: InputFile,
        scratch: Path,
        time_zone: str = "UTC",
        needed: Sequence[str] = (),
        *,
        is_own: bool = False,
        refusals: str | None = None,
    ) -> None:
        """Look at the file's schema, fetching the file first where it is remote.

        Args:
            file: The file.
            scratch: Folder for a copy of a remote file.
            time_zone: Zone that instants are told in.
            needed: Columns that must be text; a record with other bytes in one of them has a problem.
            is_own: Whether it was written here, from records that were in memory: long ones are quarantined, however
                many there are.
            refusals: Name of a column, of one that was written here, which is no part of the records, and says why one
                is to be quarantined whatever it holds.

        Raises:
            IngestError: it is no sound Parquet file, or one that cannot be read here.
        """
        self._file, self._zone, self._needed = file.path, ZoneInfo(time_zone), frozenset(needed)
        self._refusals = refusals
        self._path, self._copy = _local(file, scratch)
        with self._refusing(), self._open() as opened:
            self.rows = opened.metadata.num_rows
            leaves = [_leaf(opened.schema.column(i)) for i in range(len(opened.schema))]
            self.columns = [c for c in self._columns(opened.schema_arrow, leaves) if c.name != refusals]
            if not is_own:
                _refuse_long_records(self._file, opened.metadata)

    @property
    def schema(self) -> pa.Schema:
        """Schema of the batches."""
        return pa.schema([*_ENVELOPE, *(field for c in self.columns for field in c.fields)])

    @property
    def texts(self) -> dict[str, str]:
        """SQL of each column as text, by its name in the file."""
        return {c.name: c.text for c in self.columns}

    @property
    def payload(self) -> str:
        """SQL of a record as a JSON object."""
        members = ", ',', ".join(f"{literal(_name(c.name) + ':')}, {c.json}" for c in self.columns)
        return f"coalesce(kept_text, concat('{{', {members}, '}}'))"

    def batches(self, counter: Counter) -> Iterator[pa.RecordBatch]:
        """All records, numbered on.

        Raises:
            IngestError: they cannot be read, or are not as many as the file says.
        """
        read = 0
        with self._refusing(), self._open() as opened, self._open(nanoseconds=True) as twin:
            length = self._length(opened)
            # PyArrow cannot join the dictionaries of nested columns.
            least = 1 if any(has_nested_dictionary(kind) for kind in opened.schema_arrow.types) else BATCH_ROWS
            for groups in _runs(opened.metadata, least):
                for batch, exact in self._read(opened, twin, groups, length):
                    read += batch.num_rows
                    yield self._handed_over(batch, exact, counter)
        if read != self.rows:
            raise IngestError(
                self._file, f"not a sound Parquet file: it says it has {self.rows:,} records, but {read:,} can be read",
                hint="Send the whole file again.",
            )  # fmt: skip

    @contextmanager
    def _open(self, *, nanoseconds: bool = False) -> Iterator[pq.ParquetFile]:
        # By seconds, which hold every INT96; by nanoseconds, of which the fraction is right even where they overflow.
        unit = "ns" if nanoseconds else "s"
        with (
            pa.OSFile(self._path, "rb") as file,
            pq.ParquetFile(
                file,
                pre_buffer=False,
                buffer_size=READ_BYTES,
                page_checksum_verification=True,
                coerce_int96_timestamp_unit=unit,
            ) as opened,  # fmt: skip
        ):
            yield opened

    def _columns(self, schema: pa.Schema, leaves: Sequence[Leaf]) -> list[Column]:
        """The columns of a schema.

        Raises:
            IngestError: there is none, or a name occurs twice.
        """
        if not schema.names:
            raise IngestError(self._file, "the file has no columns", hint="Was the right file sent?")
        _refuse_same_names(self._file, schema, "")
        rest = iter(leaves)
        counts = [leaf_count(kind) for kind in schema.types]
        if sum(counts) != len(leaves):
            raise IngestError(
                self._file, f"its schema has {len(leaves)} columns of values where its types have {sum(counts)}",
                hint="Write the file again.",
            )  # fmt: skip
        return [
            column(name, i, kind, tuple(islice(rest, count)), self._zone)
            for i, (name, kind, count) in enumerate(zip(schema.names, schema.types, counts, strict=True))
        ]

    def _length(self, opened: pq.ParquetFile) -> float:
        """Bytes of a record, by the first ones."""
        for i in range(opened.num_row_groups):
            for batch, _ in self._read(opened, None, [i], BATCH_BYTES / FIRST_ROWS):
                if batch.num_rows:
                    return max(1.0, batch.nbytes / batch.num_rows)
        return 1.0

    def _read(
        self, opened: pq.ParquetFile, twin: pq.ParquetFile | None, groups: list[int], length: float
    ) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch | None]]:
        """Batches of row groups, with those of INT96 columns by nanoseconds.

        Raises:
            IngestError: a column cannot be read.
        """
        rows = max(1, min(BATCH_ROWS, int(BATCH_BYTES / length)))
        names = [c.name for c in self.columns if any(leaf.int96 for leaf in c.leaves)] if twin else []
        try:
            exact = twin.iter_batches(rows, row_groups=groups, columns=names) if twin and names else repeat(None)
            for batch, other in zip(opened.iter_batches(rows, row_groups=groups), exact, strict=False):
                if other is not None and other.num_rows != batch.num_rows:
                    raise IngestError(
                        self._file, "its INT96 columns cannot be read twice alike", hint="Write the file again."
                    )
                yield batch, other
        except _UNREADABLE as error:
            raise _refusal(self._file, error, self._blamed(groups)) from error

    def _blamed(self, groups: list[int]) -> str | None:
        """The first column that cannot be read from some row groups; None where each can by itself."""
        if len(self.columns) == 1:
            return self.columns[0].name
        with self._open() as opened:
            paths = iter([opened.schema.column(i).path for i in range(len(opened.schema))])
            for found in self.columns:
                for path in islice(paths, len(found.leaves)):
                    try:
                        deque(opened.iter_batches(1024, row_groups=groups, columns=[path]), maxlen=0)
                    except _UNREADABLE:
                        return found.name
        return None

    def _handed_over(self, batch: pa.RecordBatch, exact: pa.RecordBatch | None, counter: Counter) -> pa.RecordBatch:
        """A batch as the engine gets it."""
        problems = {**self._refused(batch), **self._too_long(batch)}
        sound = _without(batch, problems)
        arrays: list[pa.Array] = []
        for found in self.columns:
            arrays += self._arrays(found, sound, exact)
            if found.form == "bytes" and found.name in self._needed:
                self._note_bytes(found.name, batch, arrays[-1], problems)
        rows = batch.num_rows
        envelope = [
            pa.array(counter.number(rows)),
            _sparse(rows, {i: bad.problem for i, bad in problems.items()}),
            _sparse(rows, {i: bad.form for i, bad in problems.items()}),
            _sparse(rows, {i: self._kept(batch, exact, i, bad.form) for i, bad in problems.items()}),
        ]
        return pa.RecordBatch.from_arrays([*envelope, *arrays], schema=self.schema)

    def _arrays(self, found: Column, batch: pa.RecordBatch, exact: pa.RecordBatch | None) -> list[pa.Array]:
        """Values and exceptions of a column; a struct without fields holds nothing, and is not even read.

        Raises:
            IngestError: a value is none of its column's type.
        """
        if not found.leaves:
            return [pa.nulls(batch.num_rows, kind.type) for kind in found.fields]
        try:
            return found.arrays(batch.column(found.name), _twin(found, exact))
        except _UNREADABLE as error:
            raise _refusal(self._file, error, found.name) from error

    def _refused(self, batch: pa.RecordBatch) -> dict[int, Bad]:
        """Records that whoever wrote them refuses."""
        if self._refusals is None:
            return {}
        reasons = batch.column(self._refusals)
        rows = np.flatnonzero(np.asarray(reasons.is_valid())).tolist()
        return {
            i: Bad(reasons[i].as_py().decode(), "cut" if batch.slice(i, 1).nbytes > KEPT_TEXT else "record")
            for i in rows
        }

    def _too_long(self, batch: pa.RecordBatch) -> dict[int, Bad]:
        """Records that are longer than any that is loaded."""
        if batch.nbytes <= MAX_RECORD:
            return {}
        bad = Bad(f"the record is longer than {MAX_RECORD >> 20} MiB; only its beginning is kept", "cut")
        return {i: bad for i in range(batch.num_rows) if batch.slice(i, 1).nbytes > MAX_RECORD}

    def _note_bytes(self, name: str, batch: pa.RecordBatch, odd: pa.Array, problems: dict[int, Bad]) -> None:
        """Note the records with bytes in a column that must be text."""
        for i in np.flatnonzero(np.asarray(odd.is_valid())).tolist() if odd.null_count < len(odd) else ():
            value = as_bytes(batch.column(name).slice(i, 1))[0]
            try:
                value.decode()
            except UnicodeDecodeError as error:
                told = f"byte 0x{value[error.start]:02X} at position {error.start + 1} is not valid UTF-8"
                problems.setdefault(i, Bad(f"column '{name}': {told}", "escaped"))

    def _kept(self, batch: pa.RecordBatch, exact: pa.RecordBatch | None, i: int, form: str) -> str:
        """The text that quarantine keeps of a record: with its bytes escaped, or only its beginning."""
        members: list[str] = []
        size = 0
        for found in self.columns:
            if size > KEPT_TEXT:
                break
            told = "null"
            if found.leaves:
                twin = _twin(found, exact)
                value = batch.column(found.name).slice(i, 1)
                told = found.json_of(value, raw_json, twin.slice(i, 1) if twin is not None else None)
            members.append(f"{_name(found.name)}:{told}")
            size += len(members[-1])
        raw = ("{" + ",".join(members) + "}").encode(errors="surrogateescape")[:KEPT_TEXT]
        if form != "escaped":
            return raw.decode(errors="replace")
        return raw.replace(b"\\", b"\\\\").decode(errors="backslashreplace")

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Say in words for people why the file cannot be read."""
        try:
            yield
        except _UNREADABLE as error:
            raise _refusal(self._file, error, None) from error


def _local(file: InputFile, scratch: Path) -> tuple[str, tempfile.TemporaryDirectory[str] | None]:
    """Where the file lies on this machine, and the folder that it was fetched to, which lives as long as its owner."""
    if not is_remote(file.place):
        return file.place, None
    make_folder(scratch)
    copy = tempfile.TemporaryDirectory(dir=scratch, prefix="ingest-")
    path = str(Path(copy.name) / "file.parquet")
    with open(path, "wb") as out:
        for block in file.raw_blocks():
            out.write(block)
    return path, copy


def _leaf(found: pq.ColumnSchema) -> Leaf:
    told = json.loads(found.logical_type.to_json())
    return Leaf(
        int96=found.physical_type == "INT96",
        interval=found.converted_type == "INTERVAL" or told["Type"] == "Interval",
        utc_time=told["Type"] == "Time" and told["isAdjustedToUTC"],
    )


def _runs(metadata: pq.FileMetaData, least: int) -> Iterator[list[int]]:
    """Row groups to be read together, at least so many rows, so that many small ones are not many small batches."""
    run: list[int] = []
    rows = 0
    for i in range(metadata.num_row_groups):
        run.append(i)
        rows += metadata.row_group(i).num_rows
        if rows >= least:
            yield run
            run, rows = [], 0
    if run:
        yield run


def _refuse_long_records(file: str, metadata: pq.FileMetaData) -> None:
    """Refuse a file whose usual record is longer than any that is loaded, before it takes the memory.

    Raises:
        IngestError: it is such a file.
    """
    groups = (metadata.row_group(i) for i in range(metadata.num_row_groups))
    if any(group.num_rows and group.total_byte_size / group.num_rows > MAX_RECORD for group in groups):
        raise IngestError(
            file, f"its records are longer than {MAX_RECORD >> 20} MiB, the most that is loaded",
            hint="Send long texts apart from the records.",
        )  # fmt: skip


def _refuse_same_names(file: str, fields: Any, where: str) -> None:
    """Refuse a schema in which a name means two things.

    Raises:
        IngestError: it is one.
    """
    seen: set[str] = set()
    for found in fields:
        name = f"{where}{found.name}"
        if found.name in seen:
            raise IngestError(file, f"the file has two columns '{name}'", hint="Rename one of them.", column=name)
        seen.add(found.name)
        if is_nested(found.type):
            inner = [found.type.field(i) for i in range(found.type.num_fields)]
            _refuse_same_names(file, inner, f"{name}.")


def _refusal(file: str, error: BaseException, found: str | None) -> IngestError:
    """What PyArrow raised of a file, in words for people."""
    text = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    if "crypt" in text:
        problem, hint = f"the file is encrypted: {text}", "Send it without encryption; no keys are kept here."
    elif isinstance(error, pa.ArrowNotImplementedError) or text.startswith("Decimal precision out of range"):
        problem, hint = (
            f"not a Parquet file that can be read here: {text}",
            "Write it again with other types or encodings.",
        )
    else:
        problem, hint = f"not a sound Parquet file: {text}", "Send the whole file again."
    return IngestError(file, problem, hint=hint, column=found)


def _twin(found: Column, exact: pa.RecordBatch | None) -> pa.Array | None:
    if exact is None or found.name not in exact.schema.names:
        return None
    return exact.column(found.name)


def _sparse(length: int, texts: Mapping[int, str]) -> pa.Array:
    """Texts of a few rows."""
    if not texts:
        return pa.nulls(length, pa.string())
    return pa.array([texts.get(i) for i in range(length)], pa.string())


def _without(batch: pa.RecordBatch, left_out: Collection[int]) -> pa.RecordBatch:
    """A batch with some records empty."""
    if not left_out:
        return batch
    places = pa.array([None if i in left_out else i for i in range(batch.num_rows)], pa.int64())
    return batch.take(places)


def _name(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
