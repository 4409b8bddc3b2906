"""CSV: the records of a file with their fields.

Belongs here: the fields of the records of a chunk, fast where their quotes stand as they should.
Does not belong here: where a record ends (cutting), the lines around the records (header), or what the fields
mean (mapping).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from lakehouse_assets.ingest.readers.batches import Bad, Chunk, Counter, bad_records, batch
from lakehouse_assets.ingest.readers.csv.cutting import csv_chunks
from lakehouse_assets.ingest.readers.csv.dialect import CsvError, Dialect


def csv_batches(blocks: Iterable[bytes], width: int, dialect: Dialect, counter: Counter) -> Iterator[pa.RecordBatch]:
    """One record per CSV record, quoted line breaks included; blank lines and comments are skipped."""
    for chunk, regular, torn in csv_chunks(blocks, dialect, counter):
        bad = bad_records(chunk)
        for i, problem in torn.items():
            bad[i] = Bad(problem, bad[i].form) if i in bad else Bad(problem)
        columns = _fast_fields(chunk, width, dialect, bad) if regular else None
        if columns is None:
            columns = _slow_fields(chunk, width, dialect, bad)
        yield batch(chunk, bad, counter, columns)


def _fast_fields(chunk: Chunk, width: int, dialect: Dialect, bad: dict[int, Bad]) -> list[pa.Array] | None:
    """Fields of a chunk by Arrow's parser, or None where it does not see the same records."""
    ragged: list[tuple[int, int]] = []

    def note(row: pa_csv.InvalidRow) -> str:
        ragged.append((row.number - 1, row.actual_columns))
        return "skip"

    names = [f"f{i}" for i in range(width)]
    if any(b.form != "record" for b in bad.values()) or not len(chunk.starts):
        return None
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(chunk.data),
            read_options=pa_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(chunk.data) + 1),
            parse_options=pa_csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char=dialect.quote or False,
                newlines_in_values=dialect.quote is not None,
                invalid_row_handler=note,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
            ),
        ).combine_chunks()
    except pa.ArrowInvalid:
        return None
    n = len(chunk.starts)
    if table.num_rows + len(ragged) != n:
        return None
    columns = [c.chunk(0) if c.num_chunks else pa.array([], pa.string()) for c in table.columns]
    if not ragged:
        return columns
    for row, actual in ragged:
        bad[row] = _ragged(actual, width)
    positions = np.cumsum(_mask(n, [r for r, _ in ragged])) - 1
    take = pa.array(positions, mask=~_mask(n, [r for r, _ in ragged]))
    return [c.take(take) for c in columns]


def _mask(n: int, excluded: Sequence[int]) -> np.ndarray:
    mask = np.ones(n, bool)
    mask[list(excluded)] = False
    return mask


def _ragged(actual: int, width: int) -> Bad:
    return Bad(f"the record has {actual} fields where the header has {width}; is a delimiter missing or unquoted?")


def _slow_fields(chunk: Chunk, width: int, dialect: Dialect, bad: dict[int, Bad]) -> list[pa.Array]:
    """Fields of a chunk record by record: for chunks with stray quotes, stray line ends or bad bytes."""
    rows: list[list[str | None]] = []
    nothing: list[str | None] = [None] * width
    for i in range(len(chunk.starts)):
        fields: list[str | None] = nothing
        if i not in bad:
            try:
                fields = list(dialect.split(chunk.text(i).decode()))
            except CsvError as error:
                bad[i] = Bad(str(error))
            if i not in bad and len(fields) != width:
                bad[i] = _ragged(len(fields), width)
        rows.append(nothing if i in bad else fields)
    return [pa.array([row[k] for row in rows], pa.string()) for k in range(width)]
