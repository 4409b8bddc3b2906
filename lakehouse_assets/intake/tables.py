"""Bodies that are tables: CSV, a stream of Arrow, Parquet; each record as the JSON text that a file of it comes to.

The readers and the source are those that load files, so that events are what the same bytes would be in a file.
Belongs here: such a body as records. Does not belong here: reading files (ingest), JSON (bodies), or in which process
strangers' bytes are read (apart).
"""

from __future__ import annotations

import codecs
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lakehouse_assets.apart import is_of_memory
from lakehouse_assets.ingest.errors import IngestError, OtherEncodingError
from lakehouse_assets.ingest.faults import for_senders, of_file
from lakehouse_assets.ingest.loads.staging import target_contract
from lakehouse_assets.ingest.mapping.statements import RecordMapping
from lakehouse_assets.ingest.origins.files import FileOrigin
from lakehouse_assets.ingest.origins.logged import KIND
from lakehouse_assets.intake.bodies import BodyError, TooLargeError, decompressed
from lakehouse_assets.lakehouse.engines.duckdb import connect
from lakehouse_assets.lakehouse.sql import literal
from lakehouse_assets.private import make_folder

if TYPE_CHECKING:
    from lakehouse_assets.ingest.sources import Source
    from lakehouse_assets.settings import Settings

TYPES: dict[str, Literal["csv", "parquet"]] = {
    "text/csv": "csv",
    "application/vnd.apache.arrow.stream": "parquet",
    "application/vnd.apache.parquet": "parquet",
}
"""Content types, and the format that such a body is read in; a stream of Arrow is written as Parquet before."""
_ARROW = "application/vnd.apache.arrow.stream"
_BODY = "the body"
_AT_ONCE = 10_000
# What PyArrow raises of a stream it cannot read, or of types that Parquet has no form for.
_UNREADABLE = (pa.ArrowException, OSError, ValueError, OverflowError, KeyError, IndexError)


@dataclass(frozen=True)
class Form:
    """What the header of a request says of its body: the type, and of CSV the encoding and whether it has a header."""

    type: str
    charset: str | None = None
    header: bool | None = None


@lru_cache(maxsize=100)
def form_of(content_type: str) -> Form:
    """The form that a Content-Type says (RFC 9110, section 8.3; of CSV, RFC 4180).

    Raises:
        BodyError: it names an encoding that there is none of.
    """
    message = Message()
    message["content-type"] = content_type or "application/octet-stream"
    charset, header = (message.get_param(name) for name in ("charset", "header"))
    if charset is not None:
        try:
            charset = codecs.lookup(str(charset)).name
            "a".encode(charset)
        except (LookupError, UnicodeError) as error:
            raise BodyError("unknown_charset", f"There is no encoding '{charset}' here.") from error
    return Form(message.get_content_type(), charset, {"present": True, "absent": False}.get(str(header)))


def records_of(
    settings: Settings, body: bytes, coding: str, form: Form, source: Source, tenant: str | None
) -> tuple[bytes, np.ndarray]:
    """The records of a body as JSON texts.

    Args:
        settings: The settings.
        body: As it came.
        coding: How it is compressed, one of ENCODINGS.
        form: What its type is.
        source: What the records are of; of a CSV body, what it says of its files, if these are CSV.
        tenant: Whose they are, if the sender's key says it.

    Returns:
        The records, each with a line end, and where each ends in them.

    Raises:
        BodyError: it cannot be read, a record of it is damaged, or it has none.
        TooLargeError: it, or its records, have more bytes than a body may.
    """
    most = settings.intake_most_body
    body = decompressed(body, coding, most)
    read_as = source.in_format(TYPES[form.type])
    if form.header is not None and read_as.format == "csv" and form.header != read_as.header:
        says = "begin with a header" if read_as.header else "have no header"
        raise BodyError("other_header", f"CSV of the source '{source.name}' is to {says}.")
    with _file(settings) as file:
        if form.type == _ARROW:
            _write_as_parquet(body, file)
        else:
            file.write(body)
        file.flush()
        try:
            texts = _within(_texts(settings, file, read_as, form, tenant), most)
        except IngestError as error:
            raise _refused(error, settings) from error
    if not texts:
        raise BodyError("no_records", "There is no record in the body.")
    return b"".join(texts), np.cumsum([len(text) for text in texts])


def _file(settings: Settings) -> IO[bytes]:
    """A file without a name, so that whoever reads it may be ended without leaving anything."""
    make_folder(settings.scratch_dir)
    return tempfile.TemporaryFile(dir=settings.scratch_dir)


def _texts(settings: Settings, file: IO[bytes], source: Source, form: Form, tenant: str | None) -> Iterator[bytes]:
    """Each record as JSON, with a line end, in their order.

    Raises:
        IngestError: the file cannot be read.
        BodyError: a record is damaged.
    """
    mapping = RecordMapping(
        source, target_contract(source), zone=settings.time_zone, tenant=tenant, bound=KIND.is_bound
    )
    origin = FileOrigin(_BODY, encoding=form.charset or source.encoding, place=f"/dev/fd/{file.fileno()}")
    options = {"timezone": literal(source.time_zone), "threads": "1", "preserve_insertion_order": "true"}
    con = connect(settings, {}, iceberg=False, options=options)
    try:
        records = origin.open(mapping, settings.scratch_dir)
        sql = f"select source_row, line, problem, payload from {records.relation(con)}"
        with records.errors():
            for batch in con.execute(sql).to_arrow_reader(_AT_ONCE):
                _refuse_damaged(batch)
                yield from (text + b"\n" for text in batch.column("payload").cast(pa.binary()).to_pylist())
    except (IngestError, BodyError):
        raise
    except Exception as error:
        if is_of_memory(error):
            raise
        raise of_file(_BODY, error) from error
    finally:
        con.close()


def _refuse_damaged(batch: pa.RecordBatch) -> None:
    """Refuse records that cannot be cut into fields: as JSON, they would be others.

    Raises:
        BodyError: there is one; the message names it.
    """
    found = batch.filter(batch.column("problem").is_valid())
    if found.num_rows:
        number, line, problem = (found.column(name)[0].as_py() for name in ("source_row", "line", "problem"))
        place = f"{number}, on line {line}," if line is not None else str(number)
        raise BodyError("not_records", f"Record {place} cannot be taken: {problem.rstrip('.?')}.")


def _within(texts: Iterator[bytes], most: int) -> list[bytes]:
    found, size = [], 0
    for text in texts:
        size += len(text)
        if size > most:
            raise TooLargeError(
                "too_large", f"The records have more than {most} bytes as JSON, as they are kept; send fewer at once."
            )
        found.append(text)
    return found


def _write_as_parquet(body: bytes, file: IO[bytes]) -> None:
    """Write a stream of Arrow as Parquet, which holds its values as they are, or has no form for their type.

    Raises:
        BodyError: it is no sound stream from beginning to end, or holds a type that is not taken.
    """
    if body.startswith(b"ARROW1"):
        raise BodyError("not_records", "The body is a file of Arrow; send a stream of it.")
    given = pa.BufferReader(body)
    try:
        with pa.ipc.open_stream(given) as stream:
            _refuse_types(stream.schema)
            with pq.ParquetWriter(file, stream.schema, compression="lz4") as writer:
                for batch in stream:
                    batch.validate(full=True)
                    writer.write_batch(batch)
    except BodyError:
        raise
    except _UNREADABLE as error:
        if is_of_memory(error):
            raise
        problem = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise BodyError("not_records", f"The body is no sound stream of Arrow: {problem}.") from error
    if given.tell() < len(body):
        raise BodyError("not_records", "Something follows the end of the stream of Arrow; send one stream.")


def _refuse_types(schema: pa.Schema) -> None:
    """Refuse types that Parquet has no form for, by the names of their columns."""
    for field in schema:
        try:
            pq.ParquetWriter(pa.BufferOutputStream(), pa.schema([field])).close()
        except _UNREADABLE as error:
            message = f"Column '{field.name}' is {field.type}, which is not taken; send it as text or in columns."
            raise BodyError("not_records", message) from error


def _refused(error: IngestError, settings: Settings) -> BodyError:
    place = "".join(
        f"{name} {value}, " for name, value in (("line", error.line), ("column", error.column)) if value is not None
    )
    hint = f"Name it, as charset={error.encoding}." if isinstance(error, OtherEncodingError) else error.hint
    text = f"The body cannot be read: {place}{error.problem.rstrip('.')}. {hint}".strip()
    return BodyError("not_records", for_senders(text, settings))
