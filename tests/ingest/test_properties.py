"""Whatever is in a file, nothing is lost: texts come back equal, and every record is loaded or quarantined."""

from __future__ import annotations

import csv
import io
import json
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse_assets.ingest import IngestError, load
from lakehouse_assets.ingest.readers.batches import SCHEMA, Counter
from lakehouse_assets.ingest.readers.csv.dialect import Dialect
from lakehouse_assets.ingest.readers.csv.reader import csv_batches
from lakehouse_assets.ingest.readers.json.document import json_batches
from lakehouse_assets.ingest.readers.json.lines import ndjson_batches
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from tests.ingest.conftest import HEADER, csv_file, json_line, line, sales_source

# Bare carriage returns end a line in CSV unless quoted, and NUL never is text: both are quarantined.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
FEW = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(c % (len(data) + 1) for c in cuts)})
    return [data[a:b] for a, b in pairwise(edges)]


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=8), st.lists(st.integers(0, 10**6), max_size=4))
@settings(max_examples=300, deadline=None)
def test_csv_fields_come_back_equal_however_the_bytes_arrive(table, cuts):
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(table)
    batches = list(csv_batches(pieces(out.getvalue().encode(), cuts), 3, Dialect(), Counter()))
    rows = [tuple(r.values()) for b in batches for r in b.to_pylist()]
    assert [list(r[5:]) for r in rows] == table
    assert [r[0] for r in rows] == list(range(1, len(table) + 1)) and all(r[3] is None for r in rows)


@given(st.lists(st.dictionaries(TEXT, TEXT, max_size=4), max_size=8), st.lists(st.integers(0, 10**6), max_size=4))
@settings(max_examples=200, deadline=None)
def test_json_values_come_back_equal_however_the_bytes_arrive(values, cuts):
    for text in ("\n".join(map(json.dumps, values)), json.dumps(values, indent=1), json.dumps(values)):
        reader = ndjson_batches if text and text[0] == "{" else json_batches
        if len(values) > 1 or text[:1] == "[":
            batches = list(reader(pieces(text.encode(), cuts), Counter()))
            assert [json.loads(r["raw_text"]) for b in batches for r in b.to_pylist()] == values


@given(st.binary(max_size=400), st.lists(st.integers(0, 10**6), max_size=4))
@settings(max_examples=400, deadline=None)
def test_any_bytes_as_lines_are_numbered_without_gaps(data, cuts):
    batches = list(ndjson_batches(pieces(data, cuts), Counter()))
    for batch in batches:
        batch.validate(full=True)
    rows = [r for b in batches for r in b.to_pylist()]
    if data.count(b"\r") - data.count(b"\r\n") > data.count(b"\n"):
        data = data.replace(b"\r", b"\n")
    lines = [(i, x) for i, x in enumerate(data.split(b"\n"), 1) if x.strip()]
    assert [(r["source_row"], r["line"]) for r in rows] == [(n, i) for n, (i, _) in enumerate(lines, 1)]
    for row, (_, raw) in zip(rows, lines, strict=True):
        if row["problem"] is None:
            assert row["raw_text"].encode() == raw.rstrip(b"\r")


@given(st.binary(max_size=300), st.lists(st.integers(0, 10**6), max_size=4))
@settings(max_examples=400, deadline=None)
def test_any_bytes_as_csv_give_the_same_records_however_they_arrive(data, cuts):
    def read(blocks):
        return [r for b in csv_batches(blocks, 2, Dialect(), Counter()) for r in b.to_pylist()]

    whole, parts = read([data]), read(pieces(data, cuts))
    assert whole == parts


@given(st.lists(st.lists(TEXT, min_size=2, max_size=2), min_size=1, max_size=6))
@FEW
def test_any_table_of_texts_comes_back_from_the_lake(table):
    with TemporaryDirectory() as folder:
        lake = Lake(Settings(home=Path(folder) / "home"))
        columns = {**sales_source().columns, "category": "category"}
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow([*HEADER.split(","), "category"])
        for i, (name, category) in enumerate(table):
            writer.writerow(["2025-01-01", f"O{i}", "1", "P", name, "1", "2", category])
        path = Path(folder) / "a.csv"
        path.write_bytes(out.getvalue().encode())
        (from_csv,) = load(lake, [path], sales_source(columns=columns))
        path = Path(folder) / "a.ndjson"
        path.write_text(
            "\n".join(json_line(i, name=name, category=category) for i, (name, category) in enumerate(table))
        )
        (from_json,) = load(lake, [path], sales_source(columns=columns, format="ndjson"))
        expected = [[name or None, category or None] for name, category in table]
        with lake.session() as session:
            for result in (from_csv, from_json):
                assert result.rows_loaded == len(table)
                found = session.query(
                    "select product_name, category from bronze.sample_sales "
                    f"where load_id = '{result.load_id}' order by source_row"
                ).to_pylist()
                assert [list(r.values()) for r in found] == expected


@given(st.integers(0, 2**32), st.binary(min_size=1, max_size=4), st.booleans())
@settings(FEW, max_examples=10)
def test_arbitrary_damage_loses_nothing(position, noise, as_json):
    lines = [json_line(i) for i in range(6)] if as_json else [line(i) for i in range(6)]
    data = ("\n".join(lines) if as_json else csv_file(*lines)).encode()
    at = position % len(data)
    damaged = data[:at] + noise + data[at + len(noise) :]
    with TemporaryDirectory() as folder:
        lake = Lake(Settings(home=Path(folder) / "home"))
        path = Path(folder) / "a"
        path.write_bytes(damaged)
        try:
            (result,) = load(lake, [path], sales_source(format="ndjson" if as_json else "csv"))
        except IngestError as error:
            assert str(path) in str(error) and not lake.catalog.heads()
            return
        assert result.rows_read == result.rows_loaded + result.rows_quarantined
        with lake.session() as session:
            assert session.query("select count(*) as n from bronze.loads").to_pylist() == [{"n": 1}]
            if result.rows_loaded:
                count = session.query("select count(*) as n from bronze.sample_sales").to_pylist()[0]["n"]
                assert count == result.rows_loaded


def test_string_views_are_read_by_the_engine():
    data = '{"a": "a text of some length"}\r\n{"b": "ü another text"}\n'.encode()
    con = open_instance()
    con.register("lines", pa.RecordBatchReader.from_batches(SCHEMA, ndjson_batches([data], Counter())))
    found = con.execute("select raw_text from lines").fetchall()
    assert found == [('{"a": "a text of some length"}',), ('{"b": "ü another text"}',)]
