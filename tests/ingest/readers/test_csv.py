"""CSV texts: what is a record, what its fields are, and where records begin again after one that is none."""

from __future__ import annotations

import csv
import io
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from lakehouse_assets.ingest import IngestError
from lakehouse_assets.ingest.readers import batches
from lakehouse_assets.ingest.readers.batches import Counter
from lakehouse_assets.ingest.readers.csv import cutting
from lakehouse_assets.ingest.readers.csv.dialect import CsvError, Dialect
from lakehouse_assets.ingest.readers.csv.header import CsvText, Layout

PLAIN = Layout()
TABLE = Layout(has_header=False, names=("a", "b", "c"))
CUTS = st.lists(st.integers(0, 10**6), max_size=4)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(c % (len(data) + 1) for c in cuts)})
    return [data[a:b] for a, b in pairwise(edges)]


def read(text: str | bytes, layout: Layout = PLAIN, cuts: list[int] | None = None) -> list[dict[str, Any]]:
    """The records of a text: number, line, raw_text, problem, and their fields by name."""
    data = text.encode() if isinstance(text, str) else text
    found = CsvText(iter(pieces(data, cuts or [])), layout, "f.csv", Counter())
    rows = [row for batch in found.batches for row in batch.to_pylist()]
    return [{**r, "fields": [r[f"f{i}"] for i in range(len(found.names))]} for r in rows]


def fields(text: str | bytes, layout: Layout = PLAIN) -> list[list[str]]:
    """The fields of the records that can be loaded."""
    return [r["fields"] for r in read(text, layout) if r["problem"] is None]


def refused(text: str | bytes, layout: Layout = PLAIN) -> IngestError:
    with pytest.raises(IngestError) as raised:
        read(text, layout)
    return raised.value


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_a_file_may_use_any_line_end(end):
    text = end.join(["id,at,v", '1,x,"two\nlines"', '2,y,"two\rlines"', "", "3,z,w"]) + end
    expected = [["1", "x", "two\nlines"], ["2", "y", "two\rlines"], ["3", "z", "w"]]
    assert fields(text) == fields(text.removesuffix(end)) == expected
    lines = [r["line"] for r in read(text)]
    assert lines == [2, 4, 6] if end == "\n" else lines[0] == 2


@pytest.mark.parametrize(("end", "other"), [("\n", "\r"), ("\r\n", "\r"), ("\r", "\n")])
def test_a_line_end_of_another_kind_is_no_guess(end, other):
    text = end.join(["a,b", "1,x", f"2,y{other}3,z", f"4,{other}", "5,v", "6,w", ""])
    rows = read(text)
    assert fields(text)[0] == ["1", "x"] and fields(text)[-2:] == [["5", "v"], ["6", "w"]]
    assert rows[1]["raw_text"] == f"2,y{other}3,z"
    assert "line end of another kind" in rows[1]["problem"]


def test_lf_and_crlf_may_be_mixed():
    assert fields("a,b\r\n1,x\n2,y\r\n3,z") == [["1", "x"], ["2", "y"], ["3", "z"]]


def test_a_quote_within_a_field_is_text_in_the_header_too():
    text = 'id,screen 15"\n1,12" ruler\n2,x "y" z\n'
    assert fields(text) == [["1", '12" ruler'], ["2", 'x "y" z']]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ('id,"at\n1,x\n', 1, 4, "does not close"),
        ('\nid,"at" x,v\n1,x,y\n', 2, 4, "does not close"),
        ("id,at\rno\n1,2\n3,4\n", 1, None, "line end of another kind"),
        ("id,a\0t\n1,x\n", 1, 5, "NUL bytes"),
        (b"id,a\xe9\n1,x\n", 1, 5, "not UTF-8"),
        ("id,,v\n", 1, None, "no name"),
        ("id,at,id\n", 1, "id", "twice"),
        ("\n \n", 3, None, "nothing but blank lines"),
        ("x" * (2 << 20), 1, None, "no header line"),
    ],
)
def test_a_header_that_is_none_is_refused_with_its_place(text, line, column, words):
    error = refused(text)
    assert (error.line, error.column) == (line, column) and words in str(error)


def kept(text: str, layout: Layout = TABLE) -> tuple[list[str], list[str]]:
    """First fields of what can be loaded, and the texts of what cannot."""
    rows = read(text, layout)
    return [r["fields"][0] for r in rows if not r["problem"]], [r["raw_text"] for r in rows if r["problem"]]


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        # The field goes on to the first quote before a line end, or it does not: until there nothing is certain.
        ('1,a,"abc\n2,b,def\n3,c,"ghi"\n4,d,x\n', ["4"], ['1,a,"abc\n2,b,def\n3,c,"ghi"']),
        ('1,a,"abc\n2,b,def\n3,c,"ghi" jkl"\n4,d,x\n', ["4"], ['1,a,"abc\n2,b,def\n3,c,"ghi" jkl"']),
        # Quotes that a careless writer did not double, in one line.
        ('1,"12" screen",x\n2,b,c\n', ["2"], ['1,"12" screen",x']),
        ('1,"said "yes", then "no"",x\n2,b,c\n', ["2"], ['1,"said "yes", then "no"",x']),
        # Nothing could close the field: only its line is wrong.
        ('1,a,b\n2,"abc"def,x\n3,c,d\n', ["1", "3"], ['2,"abc"def,x']),
        # Open at the end: the file may have been cut off within the field.
        ('1,a,b\n2,b,"abc\n3,c,d\n', ["1"], ['2,b,"abc\n3,c,d']),
        # Where the field could end, a field of a later line is open.
        ('1,"a"x,b\n2,",\nfoo",c\n3,d,e\n', ["3"], ['1,"a"x,b\n2,",\nfoo",c']),
        ('1,"a" ,b\n2,b,"c"\n3,d,e\n', ["3"], ['1,"a" ,b\n2,b,"c"']),
        ('1,a,"b\r"c\r\n2,d,e\r\n', ["2"], ['1,a,"b\r"c']),
    ],
)
def test_lines_that_a_quote_may_have_swallowed_are_no_records(text, good, bad):
    assert kept(text) == (good, bad)


def test_the_place_of_the_quotes_is_said():
    rows = read('id,at,v\n1,x,y\n2,é,"abc\n3,y,def\n4,z,"ghi"\n5,w,x\n6,"u\n')
    problems = [r["problem"] for r in rows if r["problem"]]
    assert problems == [
        "text follows the quote on line 5, column 5, which closes the one on line 3, column 5; "
        "lines 3 to 5 are kept together, for its field may go on to there",
        "the quote on line 7, column 3 is never closed",
    ]
    assert [(r["source_row"], r["line"]) for r in rows] == [(1, 2), (2, 3), (3, 6), (4, 7)]


def test_a_long_field_is_no_limit_of_a_slow_path():
    rows = read("id,v\n1," + "x" * 200_000 + '\n2,a"b\n3,"' + "y" * 200_000 + '"\n')
    assert [len(r["fields"][1]) for r in rows] == [200_000, 3, 200_000]


@pytest.fixture
def small(monkeypatch):
    """A limit that a test can pass."""
    for module in (batches, cutting):
        monkeypatch.setattr(module, "MAX_RECORD", 100)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("cuts", [[], list(range(0, 2000, 7))])
@pytest.mark.parametrize("field", ["x" * 500, '"' + "x" * 500 + '"', '"' + "x\n" * 300 + '"', '"' + "x" * 500, '"a"b'])
def test_a_field_beyond_the_limit_costs_its_lines_only(field, cuts):
    after = [f"{i},d,e" for i in range(100)]
    rows = read("\n".join(["1,a,b", f"2,c,{field}", *after, ""]), TABLE, cuts)
    good = [",".join(r["fields"]) for r in rows if not r["problem"]]
    assert good == ["1,a,b", *after]
    assert rows[1]["problem"] and rows[1]["line"] == 2 and rows[1]["raw_text"].startswith(f"2,c,{field[:2].strip()}")


def test_lines_of_delimiters_are_records_and_blank_ones_are_not():
    tabs = Layout(Dialect("\t"))
    assert fields("a\tb\n\t\n  \n1\t\n", tabs) == [["", ""], ["1", ""]]
    assert fields("a,b\n,\n\n1,\n") == [["", ""], ["1", ""]]


@pytest.mark.parametrize(
    ("text", "layout", "expected"),
    [
        ('Report of May\n"made, by hand\n\na;b\n1;x\n', Layout(Dialect(";"), skip_lines=3), [["1", "x"]]),
        ("a,b\n1,x\n2,y\n\nTotal,2\nend\n\n\n", Layout(skip_last_lines=2), [["1", "x"], ["2", "y"]]),
        ("a,b\n", Layout(skip_last_lines=2), []),
        ("1,x\n2,y\n", Layout(has_header=False, names=("a", "b")), [["1", "x"], ["2", "y"]]),
        ("a,a\n1,x\n", Layout(names=("p", "q")), [["1", "x"]]),
        ('a~|~b\n1~|~"x~|~y"\n2~|~z~|\n', Layout(Dialect("~|~")), [["1", "x~|~y"], ["2", "z~|"]]),
        ("a§b\n1§x\n2§¢y\n", Layout(Dialect("§")), [["1", "x"], ["2", "¢y"]]),
        ('a\tb\n1\t"x\n2\ty"\n', Layout(Dialect("\t", None)), [["1", '"x'], ["2", 'y"']]),
        ("a,b\n1,'x,''y'''\n2,5\" z\n", Layout(Dialect(quote="'")), [["1", "x,'y'"], ["2", '5" z']]),
        (
            'a,b\n1,"x \\"y\\" \\\\"\n2,p\\,q\n3,\\N\n4,"s""t"\n',
            Layout(Dialect(escape="\\")),
            [["1", 'x "y" \\'], ["2", "p,q"], ["3", "\\N"], ["4", 's"t']],
        ),
        ("a,b\n1,x\\\ny\n2,z\n", Layout(Dialect(quote=None, escape="\\")), [["1", "x\ny"], ["2", "z"]]),
        ('# made\n#"\na,b\n#1,x\n2,#y\n', Layout(Dialect(comment="#")), [["2", "#y"]]),
    ],
)
def test_layouts_that_real_files_have(text, layout, expected):
    assert fields(text, layout) == expected
    for size in (1, 2, 3, 7):
        rows = read(text, layout, list(range(0, len(text.encode()), size)))
        assert [r["fields"] for r in rows] == expected


def test_lines_are_counted_from_the_first_of_the_file():
    layout = Layout(Dialect(comment="#"), skip_lines=2, skip_last_lines=1)
    assert [r["line"] for r in read('x\n"y\n\na,b\n#c\n1,2\n\n3,4\nend\n', layout)] == [6, 8]


@pytest.mark.parametrize("text", ["C:\\temp,x", "x,y\\"])
def test_an_escape_without_meaning_is_no_guess(text):
    assert read(f"a,b\n{text}\n1,2\n", Layout(Dialect(escape="\\")))[0]["problem"]


def test_names_that_do_not_fit_the_header_are_refused():
    error = refused("a,b,c\n1,2,3\n", Layout(names=("a", "b")))
    assert error.line == 1 and "3 fields where the source names 2" in error.problem


@given(
    st.lists(st.lists(st.text(st.sampled_from("ab ,;\t\"'\n\r\\é"), max_size=6), min_size=3, max_size=3), max_size=6),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(['"', "'"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    CUTS,
)
@settings(max_examples=150, deadline=None)
def test_what_python_writes_is_read_back(table, delimiter, quote, end, quoting, cuts):
    # Before Python 3.13 its writer leaves a carriage return unquoted.
    assume(quoting == csv.QUOTE_ALL or not any("\r" in field for row in table for field in row))
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, quotechar=quote, lineterminator=end, quoting=quoting).writerows(table)
    layout = Layout(Dialect(delimiter, quote), has_header=False, names=("a", "b", "c"))
    text = f"x{delimiter}y{delimiter}z{end}" * 9 + out.getvalue()
    rows = read(text, layout, cuts)
    assert [r["fields"] for r in rows] == [["x", "y", "z"]] * 9 + table and not any(r["problem"] for r in rows)


ODD = st.text(st.sampled_from('ab,,""\n\n\r'), max_size=40)


@given(ODD, CUTS)
@settings(max_examples=250, deadline=None)
@example('a,"b"\n', [])
def test_where_python_reads_strictly_the_same_is_read(text, cuts):
    assume("\r" not in text.replace("\r\n", ""))
    try:
        expected = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error:
        expected = None
    rows = read("x,y\n" * 9 + text, Layout(has_header=False, names=("a", "b")), cuts)[9:]
    if expected is not None:
        assert len(rows) == len(expected)
        for row, fields_ in zip(rows, expected, strict=True):
            if "may be those of one field" not in (row["problem"] or ""):
                assert (row["fields"] if row["problem"] is None else None) == (fields_ if len(fields_) == 2 else None)


@given(
    ODD,
    CUTS,
    st.sampled_from([Dialect(), Dialect(quote=None), Dialect(escape="a"), Dialect(",,"), Dialect(comment="b")]),
)
@settings(max_examples=250, deadline=None)
def test_every_line_is_in_a_record_and_the_same_however_the_bytes_arrive(text, cuts, dialect):
    layout = Layout(dialect, has_header=False, names=("a", "b"))
    rows = read(text, layout)
    assert read(text, layout, cuts) == rows
    if not dialect.comment:
        assert "".join(r["raw_text"] for r in rows).translate(GONE) == text.translate(GONE)
    assert [r["source_row"] for r in rows] == list(range(1, len(rows) + 1))


GONE = str.maketrans("", "", "\r\n ")


@given(
    st.lists(st.lists(st.sampled_from(["", "a", "b c", '"q"', '"a,b"', '"two\nlines"', '""']), min_size=2, max_size=2),
             min_size=2, max_size=7),
    st.integers(0, 10**6), st.booleans(),
)  # fmt: skip
@settings(max_examples=250, deadline=None)
def test_one_quote_too_many_or_too_few_loads_nothing_that_was_not_there(table, place, more):
    lines = [f"{i},{','.join(row)}" for i, row in enumerate(table)]
    text = "\n".join(lines) + "\n"
    quotes = [i for i, c in enumerate(text) if c == '"']
    if more:
        at = place % len(text)
        damaged = text[:at] + '"' + text[at:]
    else:
        assume(quotes)
        at = quotes[place % len(quotes)]
        damaged = text[:at] + text[at + 1 :]
    true = {tuple(r["fields"]) for r in read(text, TABLE)}
    begins = [0, *(i + 1 for i, c in enumerate(damaged) if c == "\n")]
    for row in read(damaged, TABLE):
        start = begins[row["line"] - 1]
        if not row["problem"] and not start <= at <= start + len(row["raw_text"]):
            assert tuple(row["fields"]) in true


@pytest.mark.parametrize(
    ("record", "sound"),
    [
        ('$83"Hikers,Low Vent"', False),
        ('12" ruler,5"', False),
        ('$83"Hikers, 5"" Low"', False),
        ('12",5"', True),
        ('5",12" ruler', True),
        ('12" ruler,x "y"', True),
        ('12" ruler,"5"""', True),
    ],
)
def test_a_field_whose_delimiter_is_lost_is_not_shifted(record, sound):
    (row,) = read(f"a,b\n{record}\n")
    assert (row["problem"] is None) == sound
    assert sound or row["problem"] == "a quote in field 1 and one after field 2 may be those of one field"


def test_a_record_of_the_dialect_is_split_or_said_to_be_none():
    assert Dialect().split('a,"b,\n""c"""') == ["a", 'b,\n"c"']
    for text, words in (('a,"b', "field 2 does not close"), ("a\nb", "line end"), ('"a"b', "field 1 does not close")):
        with pytest.raises(CsvError, match=words):
            Dialect().split(text)
