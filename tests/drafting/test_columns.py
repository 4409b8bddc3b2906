"""What a sample says of its fields: types, formats, keys."""

from __future__ import annotations

import gzip
import json
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse_assets.drafting.columns import DATE_FORMATS, Finding, findings, key_of, nearly_key
from lakehouse_assets.drafting.samples.sampling import Sample, read_sample
from lakehouse_assets.ingest.errors import IngestError

NOON = datetime(2026, 5, 25, 13, 45, 30)


def looked_at(**fields: list[str | None]) -> dict[str, Finding]:
    """Findings about fields given by their texts."""
    sample = Sample("made", "csv", pa.table({n: pa.array(v, pa.string()) for n, v in fields.items()}))
    return {f.field: f for f in findings(sample)}


@pytest.mark.parametrize("form", DATE_FORMATS)
def test_a_date_format_is_found(form: str) -> None:
    found = looked_at(opened=[(NOON + timedelta(days=i)).strftime(form) for i in range(40)])["opened"]
    assert found.date_formats == (form,)
    assert found.type == ("TIMESTAMP" if "%M" in form else "DATE")
    assert found.first is not None and found.first.date() == NOON.date()


def test_days_and_months_that_could_be_the_other_way_round_are_told() -> None:
    found = looked_at(opened=["01/02/2026", "03/04/2026"])["opened"]
    assert {*found.date_formats, *found.rivals} == {"%d/%m/%Y", "%m/%d/%Y"} and len(found.date_formats) == 1


def test_several_formats_in_one_field_are_found() -> None:
    german: list[str | None] = [f"{i:02}.06.2026 08:00" for i in range(1, 20)]
    american: list[str | None] = [f"{i}/13/26" for i in range(1, 8)]
    found = looked_at(opened=[*german, *american, "2026-06-01", "soon"])["opened"]
    assert (found.type, found.date_formats) == ("TIMESTAMP", ("%d.%m.%Y %H:%M", "%m/%d/%y"))
    mostly_iso = looked_at(opened=[*(f"2026-06-{i:02}" for i in range(1, 30)), "30.06.2026"])["opened"]
    assert (mostly_iso.type, mostly_iso.date_formats) == ("DATE", ("%d.%m.%Y",))


@pytest.mark.parametrize(
    ("texts", "signs"),
    [
        (["1.234,56", "7", "0,5"], (",", ".")), (["1\u202f234,5", "12"], (",", " ")), (["1'234.50", "3"], (".", "'")),
        (["1,234.56", "12"], (".", ",")), (["12,34,567", "1"], (".", ",")), (["1.5", "2"], (".", "")),
        (["1234,5"], (",", ".")),
    ],
)  # fmt: skip
def test_signs_of_numbers_are_found(texts: list[str | None], signs: tuple[str, str]) -> None:
    found = looked_at(amount=texts)["amount"]
    assert (found.type, found.signs, found.expression) == ("DECIMAL(18,4)", signs, "amount")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(-(10**12), 10**12), min_size=3, max_size=20), st.integers(0, 4))
def test_numbers_are_numbers(values: list[int], digits: int) -> None:
    texts: list[str | None] = [f"{v / 10**digits:.{digits}f}" for v in values]
    assert looked_at(amount=texts)["amount"].type == ("DECIMAL(18,4)" if digits else "BIGINT")


@pytest.mark.parametrize(
    ("field", "texts", "kind", "expression"),
    [
        ("opened", ["2026-01-01T10:00:00Z", "2026-01-02T10:00:00+05:30"], "TIMESTAMP", "opened"),
        ("opened", ["2026-01-01", "2026-01-02"], "DATE", "opened"),
        ("zip", ["00501", "10001"], "VARCHAR", "zip"),
        ("code", ["1", "2"], "VARCHAR", "code"),
        ("ward", ["1", "2"], "VARCHAR", "ward"),
        ("a_no", ["17850.0", "12346.0"], "VARCHAR", "cast(cast(cast(a_no as double) as bigint) as varchar)"),
        ("paid", ["yes", "no"], "BOOLEAN", "paid"),
        ("ts", ["1717000000", "1717000100"], "TIMESTAMP", "cast(to_timestamp(cast(ts as bigint)) as varchar)"),
        ("price", ["$1,234.50", "$2.00"], "DECIMAL(18,4)", "trim(regexp_replace(price, '[$€£]', '', 'g'))"),
        ("price", ["1.234,50", "2,5"], "DECIMAL(18,4)", "price"),
        ("price", ["1.234,50 €", "2,5 €"], "DECIMAL(18,4)", "trim(regexp_replace(price, '[$€£]', '', 'g'))"),
        ("reading", ["1e-7", "2.5"], "DOUBLE", "reading"),
        ("displacement", [*map(str, range(200)), "97.5"], "DECIMAL(18,4)", "displacement"),  # few have a fraction
        ("horses", [*map(str, range(200)), "?"], "BIGINT", "horses"),
        ("note", ["12", "about twelve"], "VARCHAR", "note"),
        ("remark", [None, ""], "VARCHAR", "remark"),
    ],
)  # fmt: skip
def test_types(field: str, texts: list[str | None], kind: str, expression: str) -> None:
    found = looked_at(**{field: texts})[field]
    assert (found.type, found.expression) == (kind, expression)


def test_marks_of_a_missing_value_belong_to_numbers_only() -> None:
    found = looked_at(cost=["1", "N/A", "3"], country=["NA", "DE", "IN"])
    assert (found["cost"].type, found["cost"].null_marks) == ("BIGINT", ("N/A",))
    assert found["country"].null_marks == ()


def test_keys() -> None:
    def key(**fields: list[str | None]) -> tuple[list[str], bool]:
        sample = Sample("made", "csv", pa.table({n: pa.array(v, pa.string()) for n, v in fields.items()}))
        return key_of(sample, findings(sample))

    assert key(name=["a", "b", "c"], ticket_id=["1", "2", "3"]) == (["ticket_id"], False)
    assert key(order=["1", "1", "2"], line=["1", "2", "1"], n=["5", "5", "5"]) == (["order", "line"], False)
    assert key(a=["1", "1"], b=["2", "2"]) == (["a", "b"], True)


def test_every_format_gives_the_same_texts(tmp_path: Path) -> None:
    rows = [{"id": str(i), "note": "ü;x" if i else "a"} for i in range(3)]
    csv = "id;note\n" + "".join(f'{r["id"]};"{r["note"]}"\n' for r in rows)
    lines = "".join(json.dumps(r) + "\n" for r in rows)
    files = {
        "plain.csv": csv.encode(),
        "western.csv": csv.encode("cp1252"),
        "wide.csv": csv.encode("utf-16"),
        "packed.csv.gz": gzip.compress(csv.encode()),
        "lines.ndjson": lines.encode(),
        "array.json": json.dumps(rows, indent=1).encode(),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "typed.parquet")
    for name in (*files, "typed.parquet"):
        sample = read_sample(str(tmp_path / name))
        assert sample.texts.to_pylist() == rows, name
    assert read_sample(str(tmp_path / "plain.csv")).delimiter == ";"
    assert read_sample(str(tmp_path / "western.csv")).encoding == "cp1252"


def test_a_short_record_does_not_hide_the_delimiter_of_the_header(tmp_path: Path) -> None:
    for content, delimiter in (
        (b"id,name,price\n1,Tea,2\n2\n3,Milk,4\n", ","),
        (b"a;b\n1;2\n3\n", ";"),
        (b"a\n1\n", ","),
    ):
        (tmp_path / "a.csv").write_bytes(content)
        assert read_sample(str(tmp_path / "a.csv")).delimiter == delimiter


@pytest.mark.parametrize("content", [b'[{"a": 1}, {"a"', b"[1 2]", b'{"\\uDFAA": 0}'])
def test_json_that_cannot_be_cut_or_stored_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(IngestError, match=r"a\.json"):
        read_sample(str(tmp_path / "a.json"))


def test_members_of_objects_are_fields_and_the_sample_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "nested.ndjson"
    path.write_text("".join(json.dumps({"a": {"b": i}, "c": [1, {"d": 2}]}) + "\n" for i in range(50)) + "broken\n")
    sample = read_sample(str(path), records=10)
    assert sample.texts.num_rows == 10
    assert sample.texts.to_pylist()[3] == {"a.b": "3", "c": '[1, {"d": 2}]'}


@pytest.mark.parametrize("content", [b"", b"a,b\n", b"[1, 2]", b"PAR1 broken"])
def test_nothing_to_learn_from_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(IngestError, match=r"file\.csv"):
        read_sample(str(path))


def test_files_that_hold_no_text_are_told_by_what_they_are(tmp_path: Path) -> None:
    """As text a workbook would be a draft of rubbish, which a person could even accept."""
    records = pa.table({"a": [1, 2]})
    book = xlsxwriter.Workbook(tmp_path / "book")
    book.add_worksheet().write_row(0, 0, ["a", "b"])
    book.close()
    with pa.OSFile(str(tmp_path / "arrow"), "wb") as file, pa.ipc.new_file(file, records.schema) as writer:
        writer.write_table(records)
    with sqlite3.connect(tmp_path / "sqlite") as con:
        con.execute("create table t (a)")
    con.close()
    with (tmp_path / "avro").open("wb") as avro:
        fastavro.writer(avro, {"type": "record", "name": "r", "fields": [{"name": "a", "type": "int"}]}, [{"a": 1}])
    for name, said in {"book": "Excel", "arrow": "Arrow", "sqlite": "SQLite", "avro": "Avro"}.items():
        with pytest.raises(IngestError, match=said) as error:
            read_sample(str(tmp_path / name))
        assert error.value.hint


def test_members_at_any_depth_are_read_where_they_are(tmp_path: Path) -> None:
    nested = {"id": "1", "fare": {"amount": 2.5, "tax": {"gst": 1}}, "by_day": {str(i): i for i in range(60)}}
    (tmp_path / "a.ndjson").write_text(json.dumps(nested) + "\n" + json.dumps({"id": "2", "fare": "free"}) + "\n")
    pq.write_table(pa.Table.from_pylist([nested, {"id": "2", "fare": None}]), tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_text('id,id.host,fare\n1,h,"{""amount"": 2.5}"\n')
    read = {kind: read_sample(str(tmp_path / f"a.{kind}")) for kind in ("ndjson", "parquet", "csv")}
    for kind in ("ndjson", "parquet"):
        first, _ = read[kind].texts.to_pylist()
        assert (first["fare.amount"], first["fare.tax.gst"]) == ("2.5", "1")
        assert json.loads(first["by_day"]) == nested["by_day"], "so many names are values, not fields"
        assert read[kind].expression("fare.tax.gst") == "fare.tax.gst"
    assert [r["fare"] for r in read["ndjson"].texts.to_pylist()] == [None, "free"]
    assert read["csv"].expression("id.host") == '"id.host"', "a name with a dot is no path"
    assert read["csv"].expression("fare.amount") == "fare.amount"


def test_no_key_rests_on_an_amount_or_on_copies() -> None:
    def told(**fields: list[str | None]) -> tuple[tuple[list[str], bool], tuple[str, int] | None]:
        sample = Sample("made", "csv", pa.table({n: pa.array(v, pa.string()) for n, v in fields.items()}))
        return key_of(sample, findings(sample)), nearly_key(sample, findings(sample))

    numbers: list[str | None] = [str(i) for i in range(20)]
    shop: list[str | None] = ["a", "b"] * 10
    priced: list[str | None] = [f"{i}.5" for i in range(20)]
    assert told(shop=shop, price=priced, pieces=numbers)[0] == (["shop", "price", "pieces"], True)
    corrected: list[str | None] = [*numbers[:19], "18"]
    assert told(ticket_id=corrected, price=priced) == ((["ticket_id", "price"], True), ("ticket_id", 1))
    assert told(ticket_id=corrected, price=corrected)[0] == (["ticket_id"], False), "one came twice as it was"
    half: list[str | None] = ["1", "2"] * 10
    assert told(ticket_id=half, price=half) == ((["ticket_id", "price"], True), None), "copies are the rule"
    days: list[str | None] = [f"2026-01-{i + 1:02}" for i in range(20)]
    assert told(day=days, meter_id=[*numbers[:10]] * 2)[0] == (["day", "meter_id"], False), "two days may be equal"
