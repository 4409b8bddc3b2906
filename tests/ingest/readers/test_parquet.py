"""Parquet: every value comes as it was written, as text and in the payload, or the record or file is named."""

from __future__ import annotations

import json
import math
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse_assets.ingest import IngestError, load
from lakehouse_assets.ingest.files.streams import InputFile
from lakehouse_assets.ingest.loads import quarantine
from lakehouse_assets.ingest.readers.batches import Counter
from lakehouse_assets.ingest.readers.parquet.forms import Leaf, leaf_count
from lakehouse_assets.ingest.readers.parquet.reader import ParquetContent
from lakehouse_assets.ingest.readers.parquet.values import column
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from tests.corpus.arrow_values import alike, json_value
from tests.ingest.conftest import record, sales_source


def read(path: Path, zone: str = "UTC") -> list[dict[str, Any]]:
    """The records of a file as the engine gets them: texts by column, `payload`, and `problem`."""
    content = ParquetContent(InputFile(str(path)), path.parent, zone)
    with open_instance() as con:
        con.execute(f"set timezone = '{zone}'")
        con.register("records", pa.Table.from_batches(content.batches(Counter()), content.schema))
        texts = ", ".join(f"{sql} as t{i}" for i, sql in enumerate(content.texts.values()))
        rows = con.execute(f"select source_row, problem, {content.payload}, {texts} from records").fetchall()
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    return [dict(zip(("problem", "payload", *content.texts), row[1:], strict=True)) for row in rows]


def of(tmp_path: Path, values: list[Any], kind: pa.DataType, **options: Any) -> list[tuple[str | None, str]]:
    """Text and JSON of the values of a column of a type."""
    path = tmp_path / "one.parquet"
    pq.write_table(pa.table({"v": pa.array(values, kind)}), path, **options)
    return [(r["v"], r["payload"].removeprefix('{"v":').removesuffix("}")) for r in read(path)]


EXACT: list[tuple[pa.DataType, Any, str | None, str | None]] = [
    (pa.decimal256(60, 2), Decimal("1.10"), "1.10", None),
    (pa.decimal256(76, 20), Decimal("1E-10"), "0.00000000010000000000", None),
    (pa.decimal128(38, 9), Decimal("1234567890123456789.123456789"), "1234567890123456789.123456789", None),
    (pa.uint64(), 2**64 - 1, "18446744073709551615", None),
    (pa.int8(), -128, "-128", None),
    (pa.bool_(), True, "true", None),
    (pa.float16(), 0.5, "0.5", None),
    (pa.float32(), 0.1, "0.1", None),
    (pa.float64(), 5e-324, "5e-324", None),
    (pa.float64(), math.nan, "nan", '"nan"'),
    (pa.float64(), -math.nan, "nan", '"nan"'),
    (pa.float32(), -math.inf, "-inf", '"-inf"'),
    (pa.timestamp("us"), datetime(1, 1, 1), "0001-01-01 00:00:00", "quoted"),
    (pa.timestamp("ms", "Asia/Kolkata"), datetime(2026, 6, 1, tzinfo=UTC), "2026-06-01 00:00:00+00", "quoted"),
    (pa.timestamp("ns"), 1, "1970-01-01 00:00:00.000000001", "quoted"),
    (pa.timestamp("ns"), 1000, "1970-01-01 00:00:00.000001", "quoted"),
    (pa.timestamp("ns", "UTC"), -1, "1969-12-31 23:59:59.999999999+00", "quoted"),
    (pa.timestamp("us"), 2**63 - 1, "9223372036854775807 us since 1970-01-01", "quoted"),
    (pa.timestamp("ms"), -(2**63), "-9223372036854775808 ms since 1970-01-01", "quoted"),
    (pa.date32(), date(9999, 12, 31), "9999-12-31", "quoted"),
    (pa.date32(), 2**31 - 1, "2147483647 days since 1970-01-01", "quoted"),
    (pa.time64("ns"), 1, "00:00:00.000000001", "quoted"),
    (pa.time32("ms"), time(12, 0, 1, 500000), "12:00:01.5", "quoted"),
    (pa.duration("ns"), timedelta(microseconds=1), "1000", None),
    (pa.uuid(), uuid.UUID(int=1).bytes, "00000000-0000-0000-0000-000000000001", "quoted"),
    (pa.string(), 'é"\\\n\0', 'é"\\\n\0', "quoted"),
    (pa.large_string(), "", "", "quoted"),
    (pa.dictionary(pa.int8(), pa.string()), "a", "a", "quoted"),
    (pa.binary(), "é".encode(), "é", "quoted"),
    (pa.binary(2), b"\xff\x00", None, '{"base64":"/wA="}'),
    (pa.null(), None, None, "null"),
    (pa.list_(pa.decimal128(4, 2)), [Decimal("1.10"), None], "[1.10,null]", None),
    (pa.list_(pa.int8(), 2), [1, 2], "[1,2]", None),
    (
        pa.struct({"a": pa.float32(), "b": pa.binary()}), {"a": 0.1, "b": b"\xff"},
        '{"a":0.1,"b":{"base64":"/w=="}}', None,
    ),
    (pa.map_(pa.int8(), pa.string()), [(1, "x"), (2, None)], '{"1":"x","2":null}', None),
    (
        pa.map_(pa.string(), pa.int8()), [("k", 1), ("k", 2)],
        '[{"key":"k","value":1},{"key":"k","value":2}]', None,
    ),
    (pa.list_(pa.timestamp("ns", "UTC")), [1], '["1970-01-01 00:00:00.000000001+00"]', None),
    (pa.list_(pa.float64()), [math.inf], '["inf"]', None),
]  # fmt: skip
"""Type, value, its text, and its JSON: the text itself where None, the text as a JSON string where "quoted"."""


@pytest.mark.parametrize(("kind", "value", "text", "shown"), EXACT, ids=[f"{e[0]} {e[1]!r}"[:40] for e in EXACT])
def test_a_value_comes_as_it_was_written_as_text_and_as_json(tmp_path, kind, value, text, shown):
    (found, empty) = of(tmp_path, [value, None], kind)
    told = json.dumps(text, ensure_ascii=False) if shown == "quoted" else shown or text
    assert found == (text, told)
    assert empty == (None, "null")


def test_int96_is_exact_to_the_nanosecond_and_beyond_the_years_that_nanoseconds_reach(tmp_path):
    def written(values, unit):
        return of(tmp_path, values, pa.timestamp(unit), use_deprecated_int96_timestamps=True)

    assert [t for t, _ in written([1_000, 1, -1, None], "ns")] == [
        "1970-01-01 00:00:00.000001", "1970-01-01 00:00:00.000000001", "1969-12-31 23:59:59.999999999", None,
    ]  # fmt: skip
    far = [datetime(9999, 12, 31, 23, 59, 59, 999999), datetime(1000, 1, 1), datetime(1969, 12, 31, 23, 59, 59, 999999)]
    assert [t for t, _ in written(far, "us")] == [str(t) for t in far]
    nested = pa.table(
        {"v": pa.array([[{"t": 1}], None, [{"t": 1000}]], pa.list_(pa.struct({"t": pa.timestamp("ns")})))}
    )
    pq.write_table(nested, tmp_path / "nested.parquet", use_deprecated_int96_timestamps=True)
    assert [r["v"] for r in read(tmp_path / "nested.parquet")] == [
        '[{"t":"1970-01-01 00:00:00.000000001"}]', None, '[{"t":"1970-01-01 00:00:00.000001"}]',
    ]  # fmt: skip


def test_an_instant_is_told_in_the_zone_of_the_source_where_its_offset_can_be_written(tmp_path):
    path = tmp_path / "a.parquet"
    old, new = datetime(1880, 1, 1, 12, tzinfo=UTC), datetime(2026, 6, 1, 12, tzinfo=UTC)
    pq.write_table(pa.table({"v": [old, new], "n": [[old], [new]]}), path)
    first, second = read(path, "Asia/Kolkata")
    assert second["v"] == "2026-06-01 17:30:00+05:30" and first["v"] == "1880-01-01 12:00:00+00"
    assert [json.loads(r["n"])[0] for r in (first, second)] == [
        "1880-01-01 12:00:00+00",
        "2026-06-01 17:30:00+05:30",
    ]


def test_an_interval_is_told_by_its_three_numbers():
    found = column("v", 0, pa.binary(12), [Leaf(interval=True)], None)  # pyright: ignore[reportArgumentType]
    value = b"".join(n.to_bytes(4, "little") for n in (1, 2, 2**32 - 1))
    (told, _) = found.arrays(pa.array([value, None], pa.binary(12)), None)
    assert told.to_pylist() == ["1 months 2 days 4294967295 milliseconds", None]


def test_names_are_names_whatever_is_in_them(tmp_path):
    names = ["file_row_number", "filename", "id", "ID", "a.b", "", "q\"'{}", "f0", "source_row", "é"]
    path = tmp_path / "names.parquet"
    pq.write_table(pa.table({name: [i] for i, name in enumerate(names)}), path)
    (found,) = read(path)
    assert json.loads(found["payload"]) == {name: i for i, name in enumerate(names)}
    assert [found[name] for name in names] == [str(i) for i in range(len(names))]


@pytest.mark.parametrize("name", ["day[1]", "*? {a,b}'s 100%#:é"])
def test_a_name_is_no_pattern_and_neither_is_a_folder(tmp_path, name):
    folder = tmp_path / name
    for place in (folder, tmp_path / "day1"):
        place.mkdir()
        pq.write_table(pa.Table.from_pylist([record(1, name="WRONG")]), place / "day1.parquet")
    path = folder / f"{name}.parquet"
    pq.write_table(pa.Table.from_pylist([record(1, name="MINE"), record(2, qty="many")]), path)
    lake = Lake(Settings(home=folder / "home"))
    (result,) = load(lake, [path], sales_source(format="parquet"))
    assert (result.rows_loaded, result.rows_quarantined) == (1, 1)
    with lake.session() as session:
        found = session.query("select product_name, source_file from bronze.sample_sales").to_pylist()
    assert found == [{"product_name": "MINE", "source_file": str(path)}]


def test_bytes_that_are_no_text_go_to_quarantine_where_they_are_needed_and_stay_exact_where_not(lake, rows, tmp_path):
    table = pa.Table.from_pylist([record(i) for i in range(3)])
    names = pa.array([b"Tea", b"Caf\xe9", b"Tea"], pa.binary())
    table = table.set_column(table.schema.get_field_index("name"), "name", names)
    table = table.append_column("shape", pa.array([b"\x01\xff"] * 3, pa.binary()))
    pq.write_table(table, tmp_path / "a.parquet")
    source = sales_source(format="parquet")
    (result,) = load(lake, [tmp_path / "a.parquet"], source)
    assert (result.rows_read, result.rows_loaded, result.rows_quarantined) == (3, 2, 1)
    payloads = rows("select raw_payload from bronze.sample_sales order by source_row")
    assert {json.loads(p["raw_payload"])["shape"]["base64"] for p in payloads} == {"Af8="}
    (bad,) = quarantine.list_quarantined(lake)
    assert bad["source_row"] == 2 and bad["form"] == "escaped"
    assert bad["reason"] == "column 'name': byte 0xE9 at position 4 is not valid UTF-8"
    assert quarantine.replay(lake, source_name="shop", source=source).loaded == 0
    assert (
        quarantine.replay(lake, source_name="shop", source=sales_source(format="parquet", encoding="latin-1")).loaded
        == 1
    )
    assert len(rows("select 1 from bronze.sample_sales where product_name = 'Café'")) == 1


def test_times_of_every_unit_are_loaded_exactly_or_quarantined(lake, rows, tmp_path):
    moments = {
        pa.timestamp("us"): [1_750_000_000_123_456], pa.timestamp("s", "Asia/Kolkata"): [1_750_000_000],
        pa.timestamp("ns"): [1_750_000_000_123_456_000, 1_750_000_000_123_456_789, 2**63 - 1],
        pa.timestamp("ns", "UTC"): [1_750_000_000_000_000_001], pa.timestamp("ms"): [2**63 - 1, 1_750_000_000_123],
        pa.date32(): [20_000, 2**31 - 1],
    }  # fmt: skip
    loaded, quarantined = [], 0
    for i, (kind, values) in enumerate(moments.items()):
        table = pa.Table.from_pylist([record(100 * i + n) for n in range(len(values))]).drop_columns(["sold"])
        path = tmp_path / f"{i}.parquet"
        pq.write_table(table.append_column("sold", pa.array(values, kind)), path)
        (result,) = load(lake, [path], sales_source(format="parquet"))
        loaded.append(result.rows_loaded)
        quarantined += result.rows_quarantined
    assert loaded == [1, 1, 1, 0, 1, 1] and quarantined == 5
    found = {r["t"] for r in rows("select epoch_us(sale_time) as t from bronze.sample_sales")}
    second = 1_750_000_000_000_000
    assert found == {second + 123_456, second, second + 123_000, 20_000 * 86_400_000_000}


def test_a_record_that_is_too_long_is_quarantined_and_its_neighbours_are_not(lake, tmp_path):
    table = pa.Table.from_pylist([record(1), record(2, name="x" * (17 << 20)), record(3)])
    pq.write_table(table, tmp_path / "a.parquet")
    (result,) = load(lake, [tmp_path / "a.parquet"], sales_source(format="parquet"))
    assert (result.rows_loaded, result.rows_quarantined) == (2, 1)
    (bad,) = quarantine.list_quarantined(lake)
    assert "longer than 16 MiB" in bad["reason"] and bad["form"] == "cut"


def sound(values: list[Any] | None = None) -> bytes:
    out = BytesIO()
    pq.write_table(pa.table({"v": values or list(range(100)), "w": ["text"] * (len(values) if values else 100)}), out,
                   write_page_checksum=True, compression="none", use_dictionary=False)  # fmt: skip
    return out.getvalue()


def flipped(data: bytes, at: bytes) -> bytes:
    place = data.index(at)
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


REFUSED = {
    "no magic": (lambda: b"id,name\n1,2\n", "magic"),
    "cut off": (lambda: sound()[:-9], "not a sound Parquet file"),
    "nothing but magic": (lambda: b"PAR1PAR1", "not a sound Parquet file"),
    "encrypted": (lambda: b"PARE" + sound()[4:-4] + b"PARE", "encrypt"),
    "changed on its way": (lambda: flipped(sound(), b"texttext"[:4] + b"\x04"), "column w: not a sound Parquet file"),
    "too long": (lambda: written(pa.table({"v": ["x" * (17 << 20)]})), "longer than 16 MiB"),
    "without columns": (lambda: written(pa.table({})), "no columns"),
    "a name twice": (lambda: written(pa.Table.from_arrays([[1], [2]], names=["v", "v"])), "two columns 'v'"),
    "a name twice within": (
        lambda: written(pa.table({"s": pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], names=["v", "v"])})),
        "two columns 's.v'",
    ),
}


def written(table: pa.Table) -> bytes:
    out = BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused_by_name(tmp_path, case):
    content, told = REFUSED[case]
    path = tmp_path / "bad.parquet"
    path.write_bytes(content())
    with pytest.raises(IngestError, match=told) as caught:
        read(path)
    assert str(path) in str(caught.value) and caught.value.hint


def test_a_file_with_other_records_than_it_says_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(sound())
    content = ParquetContent(InputFile(str(path)), tmp_path)
    content.rows = 101
    with pytest.raises(IngestError, match="says it has 101 records, but 100 can be read"):
        list(content.batches(Counter()))


def test_a_struct_without_fields_holds_nothing(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(sound([7]))
    content = ParquetContent(InputFile(str(path)), tmp_path)
    empty = pa.struct({"inner": pa.struct([])})
    assert leaf_count(empty) == 0 and leaf_count(pa.struct({"a": pa.int8(), "e": empty})) == 1
    content.columns.append(column("nested", 2, empty, [], None))  # pyright: ignore[reportArgumentType]
    (batch,) = content.batches(Counter())
    assert batch.column("f2").to_pylist() == [None] and batch.column("f0").to_pylist() == [7]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
DECIMAL = st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-(10**20), max_value=10**20)
FLATS: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    (pa.uint64(), st.integers(0, 2**64 - 1)),
    (pa.float64(), st.floats()),
    (pa.float32(), st.floats(width=32)),
    (pa.bool_(), st.booleans()),
    (pa.string(), TEXT),
    (pa.binary(), st.binary(max_size=6)),
    (pa.dictionary(pa.int32(), pa.string()), TEXT),
    (pa.decimal128(38, 5), DECIMAL),
    (pa.decimal256(60, 5), DECIMAL),
    (pa.date32(), st.dates()),
    (pa.timestamp("us"), st.datetimes()),
    (pa.timestamp("ms"), st.integers(-(2**63), 2**63 - 1)),
    (pa.timestamp("ns"), st.integers(-(2**63), 2**63 - 1)),
    (pa.timestamp("us", "UTC"), st.datetimes(timezones=st.just(UTC))),
    (pa.time64("us"), st.times()),
]
FLAT = st.sampled_from(FLATS)


@st.composite
def columns(draw: st.DrawFn) -> tuple[pa.DataType, list[Any]]:
    """A type, flat or nested, and some values of it."""
    kind, values = draw(FLAT)
    match draw(st.sampled_from(["flat", "list", "struct", "map"])):
        case "list":
            kind, values = pa.list_(kind), st.lists(st.none() | values, max_size=3)
        case "struct":
            other, others = draw(FLAT)
            kind = pa.struct({"a": kind, "b c": other})
            values = st.fixed_dictionaries({"a": st.none() | values, "b c": st.none() | others})
        case "map":
            kind, values = pa.map_(pa.string(), kind), st.lists(st.tuples(TEXT, st.none() | values), max_size=3)
        case _:
            pass
    return kind, draw(st.lists(st.none() | values, min_size=4, max_size=4))


def normal(text: str) -> Any:
    """JSON with numbers as exact decimals."""
    return json.loads(text, parse_float=Decimal)


@given(st.lists(columns(), min_size=1, max_size=4), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_whatever_pyarrow_writes_comes_back_equal(made, rows_of_a_group):
    table = pa.table({f"c{i}": pa.array(values, kind) for i, (kind, values) in enumerate(made)})
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.parquet"
        pq.write_table(table, path, row_group_size=rows_of_a_group)
        found = read(path)
    assert len(found) == table.num_rows
    for i, row in enumerate(found):
        payload = normal(row["payload"])
        for name in table.column_names:
            value = table[name][i]
            assert alike(payload[name], json_value(value)), (name, value, row["payload"])
            if row[name] is not None and isinstance(payload[name], str):
                assert row[name] == payload[name], "text and payload say the same"


@given(st.integers(0, 2**32), st.binary(min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_damage_anywhere_gives_all_records_or_a_refusal(position, noise):
    data = sound()
    at = position % len(data)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.parquet"
        path.write_bytes(data[:at] + noise + data[at + len(noise) :])
        try:
            assert len(read(path)) == 100
        except IngestError as error:
            assert str(path) in str(error)


FEW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(st.lists(st.tuples(st.none() | TEXT | st.binary(max_size=4), st.none() | DECIMAL), min_size=1, max_size=5))
@FEW
def test_what_was_read_is_loaded_or_quarantined_and_loaded_values_are_those_of_pyarrow(values):
    names = [v.encode() if isinstance(v, str) else v for v, _ in values]
    table = pa.Table.from_pylist([record(i) for i in range(len(values))])
    table = table.drop_columns(["name", "price"])
    table = table.append_column("name", pa.array(names, pa.binary()))
    table = table.append_column("price", pa.array([v for _, v in values], pa.decimal256(60, 5)))
    columns = {**sales_source().columns, "customer_id": "price"}
    columns = {k: v for k, v in columns.items() if k not in ("unit_price", "amount")} | {
        "unit_price": "'1'",
        "amount": "qty",
    }
    with TemporaryDirectory() as folder:
        lake = Lake(Settings(home=Path(folder) / "home"))
        pq.write_table(table, Path(folder) / "a.parquet")
        (result,) = load(lake, [Path(folder) / "a.parquet"], sales_source(format="parquet", columns=columns))
        found = []
        if result.rows_loaded:  # else there is no table
            with lake.session() as session:
                found = session.query(
                    "select source_row, product_name, customer_id, raw_payload from bronze.sample_sales"
                ).to_pylist()
    assert result.rows_read == len(values) == result.rows_loaded + result.rows_quarantined
    assert len(found) == result.rows_loaded
    for row in found:
        name, price = names[row["source_row"] - 1], values[row["source_row"] - 1][1]
        assert (row["product_name"] or "").encode() == (name or b"")
        assert row["customer_id"] == (None if price is None else f"{price:f}")
        assert normal(row["raw_payload"])["price"] == price
