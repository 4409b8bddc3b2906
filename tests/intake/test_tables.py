"""Bodies that are tables: of each record comes what comes of a file of the same bytes, or the body is refused."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lakehouse_assets.domains import contract_of
from lakehouse_assets.ingest.loads.staging import engine_for, target_contract
from lakehouse_assets.ingest.mapping.statements import RecordMapping
from lakehouse_assets.ingest.mapping.targets import TECHNICAL
from lakehouse_assets.ingest.origins.files import FileOrigin
from lakehouse_assets.ingest.origins.logged import LogRange, Piece
from lakehouse_assets.ingest.origins.protocol import Origin
from lakehouse_assets.ingest.sources import Source
from lakehouse_assets.intake.bodies import BodyError, TooLargeError
from lakehouse_assets.intake.tables import TYPES, form_of, records_of
from lakehouse_assets.lakehouse.sql import quoted
from lakehouse_assets.settings import Settings

CSV, ARROW, PARQUET = TYPES


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(profile="local", home=tmp_path_factory.mktemp("tables"), landing="", intake_most_body=100_000)


def source_of(*fields: str, **more: Any) -> Source:
    """A source that reads some fields."""
    contract = contract_of("bronze.sample_sales")
    mapped = [name for name in contract.column_names if name not in TECHNICAL and name != "tenant_id"]
    columns = dict.fromkeys(mapped, quoted(fields[0]))
    return Source.model_validate(
        {"name": "some", "target": "bronze.sample_sales", "tenant": {"constant": "t1"}, "columns": columns,
         "dedup_key": {"fields": [quoted(field) for field in fields]}} | more
    )  # fmt: skip


def read(settings: Settings, source: Source, origin: Origin) -> list[tuple[Mapping[str, str | None], str]]:
    """The fields of each record as expressions get them, and its text as bronze keeps it."""
    mapping = RecordMapping(source, target_contract(source), zone="UTC", bound=True)
    with engine_for(settings, source) as con:
        records = origin.open(mapping, settings.scratch_dir)
        relation = records.relation(con)
        with records.errors():
            return con.execute(
                f"select s, payload from {relation} where problem is null order by source_row"
            ).fetchall()


def sent(settings: Settings, body: bytes, content_type: str, source: Source) -> LogRange:
    """A body as the range of the log that it becomes."""
    data, ends = records_of(settings, body, "identity", form_of(content_type), source, None)
    piece = Piece(np.arange(len(ends)), data, ends)
    return LogRange("0" * 32, 0, 0, len(ends), len(data), lambda: [piece])


def same(settings: Settings, tmp_path: Path, body: bytes, content_type: str, source: Source, file: bytes = b"") -> int:
    """Compare a body with a file; how many records they have."""
    path = tmp_path / "file"
    path.write_bytes(file or body)
    as_file = source.in_format(TYPES[form_of(content_type).type])
    wanted = read(settings, as_file, FileOrigin(str(path), encoding=as_file.encoding))
    assert read(settings, source.for_json, sent(settings, body, content_type, source)) == wanted
    return len(wanted)


def stream(table: pa.Table) -> bytes:
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    return out.getvalue()


def parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


OF_A_PROGRAM = {
    "delimiter": ";", "quote": "'", "skip_lines": 1, "header": True, "names": ["a", "b"], "skip_last_lines": 1,
    "encoding": "latin-1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ('a,b\n,""\n"x ""y""\n z", 1.50 \nnull,0\n\n', {}),
        ("a,b\r\n\x07é\u2028,1e400\r\n\\N,N/A\r\n", {"null_values": ["", "N/A"]}),
        ("# made by\nsome;program\nä;'x;y'\n;\nsum;2\n", OF_A_PROGRAM),
        ('a,b\n{"a": 1},"{""b"": [1, 2.50]}"\n', {}),
    ],
)  # fmt: skip
def test_csv_is_what_a_file_of_it_is(settings: Settings, tmp_path: Path, text: str, more: dict[str, Any]) -> None:
    source = source_of("a", "b", format="csv", **more)
    assert same(settings, tmp_path, text.encode(source.encoding), CSV, source) >= 1


def test_csv_of_a_source_of_other_files_is_plain_and_names_its_encoding(settings: Settings, tmp_path: Path) -> None:
    source = source_of("a", "b", format="ndjson")
    text = "a,b\né,1\n"
    assert same(settings, tmp_path, text.encode("utf-16"), f"{CSV}; charset=utf-16", source, file=text.encode()) == 1
    assert same(settings, tmp_path, text.encode("cp1252"), f'{CSV}; charset="cp1252"', source, file=text.encode()) == 1


TYPED = {
    "decimal": pa.array([Decimal("1.50"), Decimal("-0.01"), None], pa.decimal128(38, 2)),
    "wide": pa.array([Decimal("1.5"), Decimal(10**60), None], pa.decimal256(76, 1)),
    "unsigned": pa.array([2**64 - 1, 0, None], pa.uint64()),
    "real": pa.array([0.1, float("nan"), -0.0], pa.float64()),
    "short": pa.array([0.1, float("inf"), 1e-20], pa.float32()),
    "half": pa.array(np.array([0.1, 1, 65504], np.float16)),
    "instant": pa.array([1, 10**15, None], pa.timestamp("us", "Asia/Kolkata")),
    "nanos": pa.array([1, 10**18 + 1, None], pa.timestamp("ns")),
    "seconds": pa.array([1, -(10**11), None], pa.timestamp("s", "UTC")),
    "day": pa.array([date(1, 1, 1), date(9999, 12, 31), None], pa.date32()),
    "day64": pa.array([date(1, 1, 1), date(9999, 12, 31), None], pa.date64()),
    "clock": pa.array([time(1, 2, 3), time(23, 59, 59, 999999), None], pa.time64("ns")),
    "span": pa.array([timedelta(days=1), timedelta(microseconds=-1), None], pa.duration("us")),
    "bytes": pa.array([b"\xff\x00", b"text", None], pa.binary()),
    "text": pa.array(['\x00\x1f"\\/\u2028é\x7f', "", None], pa.large_string()),
    "view": pa.array(["a longer text than is inline", "x", None], pa.string_view()),
    "word": pa.array(["a", "b", "a"]).dictionary_encode(),
    "flag": pa.array([True, False, None]),
    "nothing": pa.nulls(3),
    "list": pa.array([[1.5, None, 1e20], [], None], pa.list_(pa.float64())),
    "struct": pa.array([{"t": datetime(2026, 1, 1, tzinfo=UTC), "s": "\x1f\\u001f", "n": {"d": Decimal("1.10")}}] * 3),
    "map": pa.array([[("k", 1), ("l", None)], [("k", 1), ("k", 2)], None], pa.map_(pa.string(), pa.int8())),
    "words": pa.array([["a", "b"], ["a"], None], pa.list_(pa.dictionary(pa.int8(), pa.string()))),
    "uuid": pa.array([UUID(int=1).bytes, UUID(int=2**128 - 1).bytes, None], pa.uuid()),
}  # fmt: skip


@pytest.mark.parametrize("name", TYPED)
@pytest.mark.parametrize("content_type", [ARROW, PARQUET])
def test_typed_values_are_what_a_parquet_file_of_them_is(
    settings: Settings, tmp_path: Path, name: str, content_type: str
) -> None:
    table = pa.table({"n": pa.array([1, 2, 3]), name: TYPED[name]})
    source = source_of("n", *([] if name == "bytes" else [name]), format="csv", time_zone="Europe/Paris")
    as_file = parquet(table)
    body = stream(table) if content_type == ARROW else as_file
    assert same(settings, tmp_path, body, content_type, source, file=as_file) == 3


def list_that_lies() -> bytes:
    """A stream with a list that says that it is longer than its values are."""
    true, lie = (struct.pack("<i", length) for length in (1234, 99_999_999))
    return stream(pa.table({"a": [[1] * 1234]})).replace(true, lie)


A_TABLE = pa.table({"a": [1, 2]})


@pytest.mark.parametrize(
    ("content_type", "body", "told"),
    [
        (CSV, b"a\n1\n2,3\n", "Record 2, on line 3, cannot be taken: the record has 2 fields where the header has 1"),
        (CSV, b'a\n1\n"2\n', "Record 2, on line 3, cannot be taken: the quote on line 3, column 1 is never closed"),
        (CSV, b"a\n\xff\n", "Record 1, on line 2, cannot be taken: byte 0xFF"),
        (CSV, b"b\n1\n", "line 1, column a, the file lacks the field 'a'; it has b"),
        (CSV, b",".join(b"c%d" % i for i in range(9_000)) + b"\n", "c98, c99, and 8,900 more"),
        (CSV, b"a\n", "There is no record"),
        (CSV, b"", "empty"),
        (CSV, "a\n1\n".encode("utf-16"), "charset=utf-16"),
        (f"{CSV}; charset=klingon", b"a\n1\n", "There is no encoding 'klingon'"),
        (f"{CSV}; header=absent", b"1\n", "is to begin with a header"),
        (ARROW, b"", "no sound stream"),
        (ARROW, stream(A_TABLE)[:-20], "no sound stream"),
        (ARROW, stream(A_TABLE) * 2, "Something follows the end"),
        (ARROW, list_that_lies(), "no sound stream"),
        (ARROW, stream(pa.table({"a": [1], "i": [pa.MonthDayNano([1, 2, 3])]})), "Column 'i' is month_day_nano"),
        (ARROW, b"ARROW1\0\0" + stream(A_TABLE), "send a stream"),
        (ARROW, stream(pa.table([[1], [2]], ["a", "a"])), "two columns 'a'"),
        (ARROW, stream(A_TABLE.slice(0, 0)), "There is no record"),
        (PARQUET, parquet(A_TABLE)[:-5], "not a sound Parquet file"),
        (PARQUET, b"a\n1\n", "not a sound Parquet file"),
        (PARQUET, parquet(pa.table({"a": [b"\xff"]})), "Record 1 cannot be taken: column 'a': byte 0xFF"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_exactly_is_refused_with_record_and_reason(
    settings: Settings, content_type: str, body: bytes, told: str
) -> None:
    with pytest.raises(BodyError) as refused:
        sent(settings, body, content_type, source_of("a", format="csv"))
    assert told in str(refused.value) and "/dev/fd" not in str(refused.value)


def test_records_are_bounded_by_what_they_are_once_they_are_read(settings: Settings) -> None:
    body = parquet(pa.table({"a": pa.array(["x" * 1_000]).dictionary_encode().take(pa.array([0] * 200_000))}))
    assert len(body) < settings.intake_most_body
    with pytest.raises(TooLargeError, match="more than 100000 bytes as JSON"):
        sent(settings, body, PARQUET, source_of("a", format="csv"))
