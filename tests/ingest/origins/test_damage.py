"""Damaged files: each has a clear outcome, and nothing is lost on the way."""

from __future__ import annotations

import gzip
import json

import pytest
import zstandard

from lakehouse_assets.ingest import IngestError, load
from tests.ingest.conftest import HEADER, csv_file, json_line, line, sales_source

CSV = sales_source()
NDJSON = sales_source(format="ndjson")
GOOD = csv_file(line(1), line(2))


def refused(lake, path, source=CSV) -> IngestError:
    with pytest.raises(IngestError) as raised:
        load(lake, [path], source)
    assert not lake.catalog.heads(), "a refused file must leave nothing visible"
    assert not [p for p in lake.settings.warehouse.rglob("*") if p.is_file()], "nor any file behind"
    return raised.value


def quarantined(rows) -> list[dict]:
    return rows("select * from bronze.quarantine order by source_row")


def loaded(rows) -> list[str]:
    return [r["order_id"] for r in rows("select order_id from bronze.sample_sales order by source_row")]


def test_an_empty_file_is_refused(lake, write):
    assert "empty" in str(refused(lake, write("a.csv", b"")))
    assert "empty" in str(refused(lake, write("a.ndjson", b""), NDJSON))


def test_a_file_of_blank_lines_has_no_header(lake, write):
    assert "blank lines" in str(refused(lake, write("a.csv", "\n\n  \n")))


def test_a_header_alone_is_a_load_of_nothing(lake, write, rows):
    (result,) = load(lake, [write("a.csv", HEADER + "\n")], CSV)
    assert (result.rows_read, result.rows_loaded, result.rows_quarantined) == (0, 0, 0)
    assert len(rows("select * from bronze.loads")) == 1


def test_blank_lines_are_no_records(lake, write, rows):
    (result,) = load(lake, [write("a.csv", f"\n{HEADER}\n\n{line(1)}\n\r\n\n{line(2)}\n\n")], CSV)
    assert (result.rows_read, result.rows_loaded) == (2, 2)
    assert loaded(rows) == ["O1", "O2"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "end"])
def test_line_ends_do_not_matter(lake, write, rows, end, last):
    text = end.join([HEADER, line(1), line(2)]) + (end if last else "")
    load(lake, [write("a.csv", text)], CSV)
    assert loaded(rows) == ["O1", "O2"]
    assert [str(r["unit_price"]) for r in rows("select unit_price from bronze.sample_sales")] == ["1.2500"] * 2


def test_crlf_in_ndjson_is_not_part_of_the_payload(lake, write, rows):
    load(lake, [write("a.ndjson", json_line(1) + "\r\n" + json_line(2) + "\r\n")], NDJSON)
    assert [r["raw_payload"] for r in rows("select raw_payload from bronze.sample_sales order by source_row")] == [
        json_line(1),
        json_line(2),
    ]


@pytest.mark.parametrize("name", ["a.csv", "a.ndjson"])
def test_a_byte_order_mark_is_ignored(lake, write, rows, name):
    source, text = (CSV, GOOD) if name == "a.csv" else (NDJSON, json_line(1) + "\n" + json_line(2))
    load(lake, [write(name, b"\xef\xbb\xbf" + text.encode())], source)
    assert loaded(rows) == ["O1", "O2"]


def test_duplicate_headers_are_refused(lake, write):
    error = refused(lake, write("a.csv", HEADER + ",qty\n"))
    assert error.line == 1 and error.column == "qty" and "twice (fields 6 and 8)" in error.problem


def test_a_missing_field_is_refused_and_named(lake, write):
    error = refused(lake, write("a.csv", "sold,order_id,line_id,product,name,qty\n2025-03-01,O1,1,P,n,1\n"))
    assert error.column == "price" and "optional" in str(error)


def test_an_optional_field_may_be_missing(lake, write, rows):
    source = sales_source(optional=["name"])
    text = "sold,order_id,line_id,product,qty,price\n2025-03-01,O1,1,P,1,2\n"
    load(lake, [write("a.csv", text)], source)
    assert rows("select product_name from bronze.sample_sales") == [{"product_name": None}]


def test_ragged_rows_go_to_quarantine_with_their_line(lake, write, rows):
    text = csv_file(line(1), "too,short", line(2), line(3) + ",too,long", line(4))
    (result,) = load(lake, [write("a.csv", text)], CSV)
    assert (result.rows_read, result.rows_loaded, result.rows_quarantined) == (5, 3, 2)
    assert loaded(rows) == ["O1", "O2", "O4"]
    short, long = quarantined(rows)
    assert (short["line"], short["source_row"], short["raw_text"]) == (3, 2, "too,short")
    assert "has 2 fields where the header has 7" in short["reason"]
    assert (long["line"], long["source_row"]) == (5, 4) and "has 9 fields" in long["reason"]


def test_quoted_newlines_keep_the_line_numbers_right(lake, write, rows):
    text = csv_file(line(1, name='"two\nlines, ""quoted"""'), "short", line(3))
    (result,) = load(lake, [write("a.csv", text)], CSV)
    assert result.rows_loaded == 2
    assert quarantined(rows)[0]["line"] == 4
    names = rows("select product_name as n from bronze.sample_sales order by source_row")
    assert names[0]["n"] == 'two\nlines, "quoted"'


def test_stray_quotes_are_text(lake, write, rows):
    text = csv_file(line(1, name='12" ruler'), line(2), line(3, name='x "y" z'), line(4, name='5" nail'))
    (result,) = load(lake, [write("a.csv", text)], CSV)
    assert result.rows_loaded == 4
    names = rows("select product_name as n from bronze.sample_sales order by source_row")
    assert [r["n"] for r in names] == ['12" ruler', "Tea", 'x "y" z', '5" nail']


def test_lines_that_end_in_carriage_returns_alone(lake, write, rows):
    (result,) = load(lake, [write("a.csv", csv_file(line(1), line(2)).replace("\n", "\r"))], CSV)
    assert (result.rows_read, result.rows_loaded) == (2, 2)
    (result,) = load(lake, [write("a.ndjson", f"{json_line(3)}\r{json_line(4)}\r")], NDJSON)
    assert (result.rows_read, result.rows_loaded) == (2, 2)


def test_quotes_that_do_not_pair_swallow_no_line_silently(lake, write, rows):
    text = csv_file(line(1), line(2, name='"open'), line(3), line(4, name='"closed"'), line(5))
    (result,) = load(lake, [write("a.csv", text)], CSV)
    assert (result.rows_read, result.rows_loaded, result.rows_quarantined) == (3, 2, 1)
    assert loaded(rows) == ["O1", "O5"]
    (bad,) = quarantined(rows)
    assert bad["line"] == 3 and bad["raw_text"] == "\n".join(text.splitlines()[2:5])
    assert "text follows the quote on line 5, column 29, which closes the one on line 3" in bad["reason"]


def test_names_in_the_header_may_differ_in_case_only(lake, write, rows):
    (result,) = load(lake, [write("a.csv", f"{HEADER},QTY\n{line(1)},7\n")], CSV)
    assert result.rows_loaded == 1
    assert json.loads(rows("select raw_payload as p from bronze.sample_sales")[0]["p"])["QTY"] == "7"


def test_latin1_bytes_in_a_utf8_file(lake, write, rows):
    text = csv_file(line(1), line(2, name="Caf\xe9"), line(3, name="Tee\u00fc")).encode("latin-1")
    text = text.replace("Teeü".encode("latin-1"), "Teeü".encode())
    (result,) = load(lake, [write("a.csv", text)], CSV)
    assert (result.rows_loaded, result.rows_quarantined) == (2, 1)
    (bad,) = quarantined(rows)
    assert bad["line"] == 3 and "byte 0xE9 at position" in bad["reason"] and bad["form"] == "escaped"
    assert "Caf\\xe9" in bad["raw_text"]


def test_the_right_encoding_reads_it(lake, write, rows):
    (result,) = load(
        lake, [write("a.csv", csv_file(line(1, name="Café")).encode("latin-1"))], sales_source(encoding="latin-1")
    )
    assert result.rows_loaded == 1
    assert rows("select product_name from bronze.sample_sales") == [{"product_name": "Café"}]


def test_utf16_is_recognised(lake, write, rows):
    content = GOOD.encode("utf-16")
    assert "encoding: utf-16" in str(refused(lake, write("a.csv", content)))
    load(lake, [write("a.csv", content)], sales_source(encoding="utf-16"))
    assert loaded(rows) == ["O1", "O2"]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_compression_is_told_from_the_content(lake, write, rows, pack):
    load(lake, [write("a.csv", pack(GOOD.encode()))], CSV)
    load(lake, [write("b.csv", pack(csv_file(line(3)).encode()) + pack((line(4) + "\n").encode()))], CSV)
    assert sorted(loaded(rows)) == ["O1", "O2", "O3", "O4"]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_a_truncated_archive_is_refused(lake, write, pack):
    content = pack(csv_file(*(line(i, name=f"n{i * 7919}") for i in range(2000))).encode())
    assert "cut off" in str(refused(lake, write("a.csv.gz", content[: len(content) // 2])))


def test_a_damaged_archive_is_refused(lake, write):
    content = bytearray(gzip.compress(csv_file(*(line(i) for i in range(2000))).encode()))
    content[len(content) // 2] ^= 0xFF
    assert "damaged" in str(refused(lake, write("a.csv.gz", bytes(content))))


def test_a_10_mb_line_is_loaded_if_it_is_sound(lake, write, rows):
    load(lake, [write("a.ndjson", json_line(1, name="x" * 10_000_000) + "\n" + json_line(2) + "\n")], NDJSON)
    assert rows("select max(length(product_name)) as n, count(*) as c from bronze.sample_sales") == [
        {"n": 10_000_000, "c": 2}
    ]


def test_a_10_mb_line_that_is_not_sound_is_quarantined_and_cut(lake, write, rows):
    (result,) = load(lake, [write("a.ndjson", "y" * 10_000_000 + "\n" + json_line(2) + "\n")], NDJSON)
    assert (result.rows_loaded, result.rows_quarantined) == (1, 1)
    (bad,) = quarantined(rows)
    assert len(bad["raw_text"]) <= 1 << 20 and bad["form"] == "cut" and "only the beginning" in bad["reason"]


def test_a_line_beyond_the_limit_is_quarantined_and_its_neighbours_loaded(lake, write, rows):
    text = json_line(1) + "\n" + json_line(2, name="x" * (40 << 20)) + "\n" + json_line(3) + "\n"
    (result,) = load(lake, [write("a.ndjson", text)], NDJSON)
    assert (result.rows_read, result.rows_loaded, result.rows_quarantined) == (3, 2, 1)
    (bad,) = quarantined(rows)
    assert bad["line"] == 2 and bad["form"] == "cut" and "longer than 16 MiB" in bad["reason"]


def test_mixed_types_and_bad_numbers(lake, write, rows):
    text = csv_file(line(1), line(2, qty="many"), line(3, qty=""), line(4, qty="1e1"), line(5, qty=" 3 "))
    (result,) = load(lake, [write("a.csv", text)], CSV)
    assert (result.rows_loaded, result.rows_quarantined) == (3, 2)
    many, missing = quarantined(rows)
    assert many["column_name"] == "quantity" and "quantity 'many' is not a DECIMAL(18,3)" in many["reason"]
    assert missing["column_name"] == "quantity" and "quantity is missing" in missing["reason"]
    values = rows("select quantity as q from bronze.sample_sales order by source_row")
    assert [str(r["q"]) for r in values] == ["2.000", "10.000", "3.000"]


def test_json_numbers_and_texts_are_the_same(lake, write, rows):
    lines = [json_line(1, qty=2), json_line(2, qty="2"), json_line(3, qty=2.0), json_line(4, qty=None)]
    (result,) = load(lake, [write("a.ndjson", "\n".join(lines))], NDJSON)
    assert (result.rows_loaded, result.rows_quarantined) == (3, 1)


def test_dates_of_three_formats(lake, write, rows):
    source = sales_source(date_formats=["%d/%m/%Y", "%d.%m.%Y %H:%M"])
    text = csv_file(
        line(1, sold="2025-03-01T10:00:00Z"), line(2, sold="01/03/2025"), line(3, sold="01.03.2025 10:30"),
        line(4, sold="31/31/2024"), line(5, sold="2025-03-01T10:00:00+05:30"),
    )  # fmt: skip
    (result,) = load(lake, [write("a.csv", text)], source)
    assert result.rows_loaded == 4
    times = [str(r["t"]) for r in rows("select sale_time as t from bronze.sample_sales order by source_row")]
    assert times == ["2025-03-01 10:00:00", "2025-03-01 00:00:00", "2025-03-01 10:30:00", "2025-03-01 04:30:00"]
    (bad,) = quarantined(rows)
    assert bad["column_name"] == "sale_time" and bad["line"] == 5
    assert bad["reason"].startswith(
        "sale_time '31/31/2024' matches none of the accepted formats: ISO 8601, %d/%m/%Y, %d.%m.%Y %H:%M"
    )


@pytest.mark.parametrize("word", ["infinity", "-infinity", "0000-00-00", "2025-02-30"])
def test_dates_that_are_none(lake, write, word):
    (result,) = load(lake, [write("a.csv", csv_file(line(1, sold=word)))], CSV)
    assert result.rows_quarantined == 1


def test_nul_bytes_are_quarantined(lake, write, rows):
    text = csv_file(line(1), line(2, name="a\0b"), line(3))
    (result,) = load(lake, [write("a.csv", text)], CSV)
    assert (result.rows_loaded, result.rows_quarantined) == (2, 1)
    (bad,) = quarantined(rows)
    assert bad["line"] == 3 and "NUL" in bad["reason"] and "\\x00" in bad["raw_text"]


@pytest.mark.parametrize(
    "text", ['{"sold": "2025-03-01"', "[1, 2]", "17", '"text"', "null", "nonsense", '{"a": "\\ud83d"}', "{} {}"]
)
def test_lines_that_are_no_json_objects(lake, write, rows, text):
    (result,) = load(lake, [write("a.ndjson", json_line(1) + "\n" + text + "\n")], NDJSON)
    assert (result.rows_loaded, result.rows_quarantined) == (1, 1)
    (bad,) = quarantined(rows)
    assert bad["line"] == 2 and bad["raw_text"] == text and bad["reason"]


def test_nested_json_is_reached_by_dots_and_kept_as_text(lake, write, rows):
    source = sales_source(format="ndjson")
    source = source.model_copy(
        update={"columns": {**source.columns, "product_name": "item.name", "category": "item", "city": "tags"}}
    )
    item = {"name": "Tea", "sizes": [1, 2]}
    load(lake, [write("a.ndjson", json_line(1, item=item, tags=["a", "b"]))], source)
    (row,) = rows("select product_name, category, city from bronze.sample_sales")
    assert row["product_name"] == "Tea"
    assert json.loads(row["category"]) == item and json.loads(row["city"]) == ["a", "b"]


@pytest.mark.parametrize(
    "text",
    [
        "[{0}, {1}]", "[\n {0},\n {1}\n]\n", "{0}\n{1}\n", "{0} {1}", "\ufeff[{0},{1}]",
    ],
)  # fmt: skip
def test_json_arrays_and_sequences(lake, write, rows, text):
    text = text.replace("{0}", json.dumps(json.loads(json_line(1)), indent=2)).replace("{1}", json_line(2))
    (result,) = load(lake, [write("a.json", text)], sales_source(format="json"))
    assert result.rows_read == 2
    assert loaded(rows) == ["O1", "O2"]


@pytest.mark.parametrize(
    ("text", "problem", "line", "column"),
    [
        ("[\n{0}\n", "cut off before its closing bracket", 2, None),
        ("[\n{0}\n, {]", "cut off", 3, None),
        ("[{0}]\n\n x", "'x' where", 3, 2),
        ("{0}\n{0}]", "']' where", 2, 127),
        ('{0}\n{"a": "b\n', "cut off, or a quote", 2, None),
    ],
)
def test_a_json_file_whose_brackets_do_not_pair_is_refused_with_its_place(lake, write, text, problem, line, column):
    error = refused(lake, write("a.json", text.replace("{0}", json_line(1))), sales_source(format="json"))
    assert problem in error.problem and (error.line, error.column) == (line, column)


def test_elements_that_are_no_sound_objects_are_quarantined(lake, write, rows):
    text = f"[\n{json_line(1)},\n {{'a': 1}}, 17, [1, 2],\n\"a, b\" {json_line(2)}, {{]\n, null]"
    load(lake, [write("a.json", text)], sales_source(format="json"))
    assert loaded(rows) == ["O1", "O2"]
    assert [(r["line"], r["raw_text"]) for r in quarantined(rows)] == [
        (3, "{'a': 1}"), (3, "17"), (3, "[1, 2]"), (4, '"a, b"'), (4, "{]"), (5, "null"),
    ]  # fmt: skip
    assert all("not valid JSON" in r["reason"] for r in quarantined(rows))


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_json_that_is_nested_without_end_is_quarantined_with_its_place(lake, write, rows, form):
    deep = json_line(2).replace("}", ', "v": ') + "[" * 100_000 + "]" * 100_000 + "}"
    texts = [json_line(1), deep, '{"a":' * 100_000 + "1" + "}" * 100_000, json_line(3, v=[[[]]])]
    text = "\n".join(texts) if form == "ndjson" else "[" + ",\n".join(texts) + "]"
    load(lake, [write("a", text)], sales_source(format=form))
    assert loaded(rows) == ["O1", "O3"]
    found = quarantined(rows)
    assert [r["line"] for r in found] == [2, 3] and "deeper than 500 levels, on line 2 in column" in found[0]["reason"]


NUMBERS = [
    "1.10",
    "0.1234567890123456789",
    "12345678901234567.89",
    "1e5",
    "-0",
    "123456789012345678901234567890",
    "2.0",
]


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_json_numbers_keep_the_digits_that_were_sent(lake, write, rows, form):
    columns = {**sales_source().columns, "product_name": "v", "category": "o", "city": "o.n", "region": "o.l"}
    shaped = [f'{{"v": {n}, "o": {{"n": {n}, "l": [{n}, "{n}"]}}, {json_line(i)[1:]}' for i, n in enumerate(NUMBERS)]
    flat = [f'{{"v": {n}, {json_line(i + 10)[1:]}' for i, n in enumerate(NUMBERS)]
    text = "\n".join(shaped + flat)
    load(lake, [write("a", text)], sales_source(format=form, columns=columns, optional=["o"]))
    found = rows("select product_name, category, city, region from bronze.sample_sales order by source_row")
    assert [list(r.values()) for r in found] == [
        *([n, f'{{"n":{n},"l":[{n},"{n}"]}}', n, f'[{n},"{n}"]'] for n in NUMBERS),
        *([n, None, None, None] for n in NUMBERS),
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ('1, "name": "again"', "has the name 'name' twice"),
        ('1, "\\u006eame": "again"', "has the name 'name' twice"),
        ('"\\ud800"', "not valid JSON"),
        ('"\t"', "not valid JSON"), ("01", "not valid JSON"), ("1.5.2", "not valid JSON"), ("+1", "not valid JSON"),
        ('{"\ufdd0": 1.50}', "U+FDD0"),
    ],
)  # fmt: skip
def test_what_other_parsers_guess_at_is_quarantined(lake, write, rows, value, words):
    (result,) = load(lake, [write("a", json_line(1)[:-1] + f', "v": {value}' + "}\n")], NDJSON)
    assert result.rows_quarantined == 1 and words in quarantined(rows)[0]["reason"]


@pytest.mark.parametrize("text", ["a: NaN, 1.50,]", '\\": 1.50, \\"', "\\\\", "\\u0000", "[1.50, -0]", "\ufdd0"])
def test_texts_that_look_like_numbers_stay_as_they_are(lake, write, rows, text):
    load(lake, [write("a", json_line(1)[:-1].replace("Tea", text) + ', "v": 1.50}')], NDJSON)
    assert rows("select product_name as n from bronze.sample_sales") == [{"n": json.loads(f'"{text}"')}]


def test_a_file_that_is_no_parquet_is_refused(lake, write):
    error = refused(lake, write("a.parquet", "not parquet at all"), sales_source(format="parquet"))
    assert "Parquet" in error.problem


def test_a_missing_file_is_refused(lake, tmp_path):
    assert "no such file" in str(refused(lake, tmp_path / "none.csv"))


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_json_that_is_no_object_is_quarantined_even_where_no_field_is_needed(lake, write, form):
    values = ["7", '"x"', "[]", "[{}]", "null", "true", "1e9999", ' {"order_id": "O1"}']
    content = "\n".join(values) if form == "ndjson" else f"[{', '.join(values)}]"
    constants = {"sale_time": "2025-03-01", "order_id": "O", "line_id": "1", "product_id": "P", "product_name": "Tea",
                 "quantity": 1, "unit_price": 1, "amount": 1}  # fmt: skip
    source = sales_source(format=form, columns={}, constants=constants, dedup_key=["record_number"])
    (result,) = load(lake, [write(f"a.{form}", content)], source)
    assert (result.rows_read, result.rows_loaded, result.rows_quarantined) == (8, 1, 7)
