"""What is in a file, by readers that ingestion does not use: Python's csv in strict mode, json, PyArrow."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from tests.corpus.arrow_values import json_value

csv.field_size_limit(sys.maxsize)
LINES_OF_A_RECORD = 20
"""How many lines after a fault are tried as one record."""


@dataclass
class Expected:
    """The records of a file, in order."""

    names: list[str]
    records: list[dict[str, Any] | None]
    """None for what is there but is no record of the file's form."""
    whole: bool = True
    """Whether the file is well formed to its end; otherwise `records` are those before the fault."""
    possible: list[dict[str, Any]] = field(default_factory=list)
    """Records that may be found after the fault."""


@dataclass(frozen=True)
class Shape:
    """How a text file is to be read."""

    format: str
    delimiter: str = ","
    quote: str | None = '"'
    encoding: str = "utf-8"


def expected(path: Path, shape: Shape) -> Expected:
    """The records of a file by an independent reader."""
    if shape.format == "parquet":
        return parquet_records(path)
    encoding = "utf-8-sig" if shape.encoding == "utf-8" else shape.encoding
    try:
        # In CSV a bad byte spoils its record; in JSON, which is one text, all of it.
        text = content(path).decode(encoding, errors="surrogateescape" if shape.format == "csv" else "strict")
    except (UnicodeError, EOFError, OSError, zstandard.ZstdError):
        return Expected([], [], whole=False)
    return {"csv": csv_records, "json": json_records, "ndjson": ndjson_records}[shape.format](text, shape)


def content(path: Path) -> bytes:
    """The bytes of a file, unpacked."""
    data = path.read_bytes()
    if data.startswith(b"\x1f\x8b"):
        return gzip.decompress(data)
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True).read()
    return data


def csv_records(text: str, shape: Shape) -> Expected:
    """Rows of as many fields as the header has, up to where the file is no CSV."""
    rows = csv_rows(text, shape)
    header = next(rows, None)
    if not header or _csv_record(header, header) is None:
        return Expected([], [], whole=False)
    names = [name.strip() for name in header]
    found = Expected(names, [])
    for row in rows:
        if row is None:
            found.whole = False
            break
        found.records.append(_csv_record(names, row))
    if not found.whole:
        lines = list(io.StringIO(text, newline=""))
        rows = (next(csv_rows("".join(lines[i : i + LINES_OF_A_RECORD]), shape), None) for i in range(len(lines)))
        found.possible = [record for row in rows if row and (record := _csv_record(names, row))]
    return found


def _csv_record(names: list[str], row: list[str]) -> dict[str, Any] | None:
    if len(row) != len(names) or any("\0" in value or not _is_text(value) for value in row):
        return None
    return dict(zip(names, row, strict=True))


def csv_rows(text: str, shape: Shape) -> Iterator[list[str] | None]:
    """Rows without blank lines; None where the text is no CSV from there on."""
    options: dict[str, Any] = {"quotechar": shape.quote} if shape.quote else {"quoting": csv.QUOTE_NONE}
    read: list[str] = []
    lines = (read.append(line) or line for line in io.StringIO(text, newline=""))
    blank = " \t\r\n\x0b\x0c".replace(shape.delimiter, "")
    try:
        for row in csv.reader(lines, delimiter=shape.delimiter, strict=True, **options):
            # A quoted space, or one that is not ASCII's, is a value: only the line itself tells.
            if "".join(read).strip(blank):
                yield row
            read.clear()
    except csv.Error:
        yield None


def strict_json(text: str) -> Any:
    """JSON as the standard has it, numbers exact.

    Raises:
        ValueError: it is none.
    """
    return json.loads(text, parse_float=_number, parse_constant=_no_constant, object_pairs_hook=_object)


def _number(text: str) -> Decimal | str:
    """A number; its digits where it is longer than Python's exponents."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return text


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


class Repeated(dict[str, Any]):
    """An object that says a name twice, which of them counts nobody says; the last one does here."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(pairs) if len({name for name, _ in pairs}) == len(pairs) else Repeated(pairs)


def json_records(text: str, shape: Shape) -> Expected:
    """The objects of an array, or the one object there is."""
    del shape
    try:
        value = strict_json(text)
        return _objects(value if isinstance(value, list) else [value])
    except (ValueError, RecursionError):
        return Expected([], [], whole=False, possible=list(_scattered(text)))


def _scattered(text: str) -> Iterator[dict[str, Any]]:
    """Objects one after the other, as far as there are any."""
    decoder = json.JSONDecoder(parse_float=_number, parse_constant=_no_constant)
    at = 0
    while (at := text.find("{", at)) >= 0:
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        yield value


def ndjson_records(text: str, shape: Shape) -> Expected:
    """A value a line."""
    del shape
    return _objects([_line(line) for line in text.split("\n") if line.strip()])


def _line(line: str) -> Any:
    try:
        return strict_json(line)
    except (ValueError, RecursionError):
        return None


def _objects(values: list[Any]) -> Expected:
    records = [value if isinstance(value, dict) and _is_text(value) else None for value in values]
    return Expected(list(dict.fromkeys(name for r in records if r for name in r)), records)


def _is_text(value: Any) -> bool:
    """Whether all of it can be written; half a surrogate pair cannot."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def parquet_records(path: Path) -> Expected:
    """The rows that PyArrow reads; none where it refuses the file."""
    try:
        names, rows, columns = _parquet_columns(path, "us")
        if any(kind == "INT96" for kind in _physical_types(path)):
            # Nanoseconds overflow after 2262; microseconds lack digits. Where both say the same, the former has more.
            _, _, finer = _parquet_columns(path, "ns")
            columns = {name: list(map(_finer, values, finer[name])) for name, values in columns.items()}
    except (pa.ArrowException, OSError, ValueError):
        return Expected([], [], whole=False)
    if len(set(names)) < len(names) or any(len(values) != rows for values in columns.values()):
        return Expected([], [], whole=False)
    empty = [None] * rows
    return Expected(names, [{name: columns.get(name, empty)[i] for name in names} for i in range(rows)])


def _parquet_columns(path: Path, int96: str) -> tuple[list[str], int, dict[str, list[Any]]]:
    with pq.ParquetFile(path, page_checksum_verification=True, coerce_int96_timestamp_unit=int96) as opened:
        table = opened.read()
        named = zip(table.column_names, table.columns, strict=True)
        columns = {name: [json_value(v) for v in column] for name, column in named}
        return opened.schema_arrow.names, opened.metadata.num_rows, columns


def _physical_types(path: Path) -> list[str]:
    with pq.ParquetFile(path) as opened:
        return [opened.schema.column(i).physical_type for i in range(len(opened.schema))]


def _finer(value: Any, finer: Any) -> Any:
    return finer if isinstance(value, str) and isinstance(finer, str) and finer.startswith(value) else value
