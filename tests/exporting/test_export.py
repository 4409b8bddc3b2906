"""Files of reports: values in tables, text and pictures on paper, and words of people that stay words."""

from __future__ import annotations

import csv
import io
import re
import struct
import zipfile
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest

from lakehouse_assets.exporting import paged
from lakehouse_assets.exporting.export import Format, export
from lakehouse_assets.exporting.paged import ExportMissingError
from lakehouse_assets.exporting.report import Part, Report, Sheet, report_of
from lakehouse_assets.exporting.tables import harmless
from nlq.answering.document.chart import Chart
from nlq.answering.document.columns import AnswerColumn
from nlq.answering.document.model import Answer

WARD = AnswerColumn(name="case__ward", label="Ward", kind="dimension")
COUNT = AnswerColumn(name="cases", label="=Cases", kind="metric", format="integer", adds=True)
SHARE = AnswerColumn(name="late", label="Late", kind="metric", format="percent")
DAY = AnswerColumn(name="metric_time__day", label="Day", kind="time", format="date")
EVIL = '=HYPERLINK("http://x")#read("/etc/passwd") $x$ *b* <b>'


def answer(columns: tuple[AnswerColumn, ...], rows: list[tuple[Any, ...]], **more: Any) -> Answer:
    now = datetime.now(UTC).replace(tzinfo=None)
    fields = {"answer_id": "1", "question": "Cases by ward", "outcome": "answered", "sentence": "Ward W1 has most."}
    return Answer(
        **{**fields, **more}, columns=columns, rows=tuple(rows), asked_at=now, answered_at=now, elapsed_ms=1.0
    )


BY_WARD = answer((WARD, COUNT), [("W1", 12), (EVIL, 7), (None, 3)])


def texts_of(pdf: bytes) -> bytes:
    """The streams of a PDF as they read."""
    found = []
    for part in re.findall(rb"stream\r?\n(.*?)endstream", pdf, flags=re.S):
        try:
            found.append(zlib.decompress(part))
        except zlib.error:
            continue
    return b"".join(found)


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG")
    return struct.unpack(">II", png[16:24])


NAMED = answer((WARD.model_copy(update={"names": {"W1": "=Old town"}}), COUNT), [("W1", 12), ("W2", 7), (None, 3)])


def test_files_have_names_beside_codes() -> None:
    lines = list(csv.reader(io.StringIO(export(report_of(NAMED), Format.CSV).decode())))
    assert lines[0][:2] == ["Ward", "Ward, name"]
    assert [line[:2] for line in lines[1:4]] == [["W1", "'=Old town"], ["W2", ""], ["", ""]]
    book = zipfile.ZipFile(io.BytesIO(export(report_of(NAMED), Format.XLSX)))
    assert "Ward, name" in book.read("xl/sharedStrings.xml").decode()
    assert "=Old town" in book.read("xl/sharedStrings.xml").decode()


def test_csv_has_the_values_and_no_formula() -> None:
    lines = list(csv.reader(io.StringIO(export(report_of(BY_WARD), Format.CSV).decode())))
    assert lines[:4] == [["Ward", "'=Cases"], ["W1", "12"], [f"'{EVIL}", "7"], ["", "3"]]
    assert lines[4] == [] and lines[5:] == [[fact] for fact in report_of(BY_WARD).facts], "which snapshots it is of"
    both = Report("Two", (), (Sheet("", (Part("One", (0, 0, 6, 2), answer=BY_WARD),) * 2),))
    lines = list(csv.reader(io.StringIO(export(both, Format.CSV).decode())))
    assert [line[:1] for line in lines].count(["One"]) == 2
    assert [] in lines


def test_excel_has_numbers_days_and_texts_as_such() -> None:
    days = answer((DAY, SHARE), [("2026-01-05", 0.25), ("1850-01-05", None)])
    parts = (Part("Wards: [all]", (0, 0, 6, 2), answer=BY_WARD), Part("wards   ALL ", (6, 0, 6, 2), answer=days))
    book = zipfile.ZipFile(io.BytesIO(export(Report("Cases", ("of June",), (Sheet("", parts),)), Format.XLSX)))
    names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    assert (len(names), len({name.casefold() for name in names})) == (3, 3)
    first, second = (book.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (2, 3))
    assert "<f>" not in first + second, "no formula"
    assert "<v>12</v>" in first
    assert "<v>46027</v>" in second, "5 January 2026 as Excel counts"
    assert "<v>0.25</v>" in second
    assert "=HYPERLINK" in book.read("xl/sharedStrings.xml").decode()


def test_rows_that_are_not_there_are_told() -> None:
    cut = answer((WARD, COUNT), [(f"W{n}", n) for n in range(30)], truncated=True)
    part = Part("Wards", (0, 0, 6, 3), answer=cut, chart=Chart(kind="table"), notes=("Not by ward",))
    report = Report("All", (), (Sheet("", (part, part)),))
    lines = list(csv.reader(io.StringIO(export(report, Format.CSV).decode())))
    assert lines[:3] == [["Wards"], ["Not by ward"], ["There are more rows than these 30."]]
    book = zipfile.ZipFile(io.BytesIO(export(report, Format.XLSX)))
    assert "Not by ward There are more rows than these 30." in book.read("xl/sharedStrings.xml").decode()
    set_ = paged._part(part)
    assert set_["notes"] == f"The first {set_['shown']} of 30 rows · Not by ward · There are more rows than these 30."
    assert set_["shown"] < 30


def test_no_digit_of_a_long_number_is_lost_in_excel() -> None:
    number = COUNT.model_copy(update={"name": "id"})
    some = answer((number,), [(9_007_199_254_740_993,), (-(10**15),), (999_999_999_999_999,), (float("inf"),)])
    book = zipfile.ZipFile(io.BytesIO(export(report_of(some), Format.XLSX)))
    texts = book.read("xl/sharedStrings.xml").decode()
    assert all(text in texts for text in ("9007199254740993", "-1000000000000000", "inf"))
    assert "<v>999999999999999</v>" in book.read("xl/worksheets/sheet2.xml").decode()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "＝1+1", "＠a"])
def test_no_text_is_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"


def test_a_pdf_has_text_that_can_be_selected_and_the_words_of_people_as_they_are() -> None:
    report = report_of(BY_WARD, title=EVIL)
    pdf = export(report, Format.PDF)
    assert pdf.startswith(b"%PDF-")
    inside = texts_of(pdf)
    assert b"beginbfchar" in inside or b"beginbfrange" in inside, "its glyphs tell what text they are"
    assert b"root:" not in inside + pdf, "no text of anyone is run"
    assert b"/StructTreeRoot" in inside + pdf, "it can be read aloud"


def test_a_picture_is_of_bounded_height() -> None:
    tall = tuple(Part(f"P{n}", (0, n * 20, 12, 20), text="words") for n in range(20))
    width, height = size_of(export(Report("Tall", (), (Sheet("", tall),)), Format.PNG))
    assert 0 < width < 2000
    assert height <= paged.MOST_HIGH * 1.05
    far = (Part("a", (0, 0, 6, 2), text="x"), Part("b", (0, 399, 6, 2), text="y"))
    assert size_of(export(Report("Far", (), (Sheet("", far),)), Format.PNG))[1] < 1200, (
        "rows without tiles are left out"
    )


def test_figures_problems_and_long_tables_are_set() -> None:
    number = answer((COUNT, COUNT.model_copy(update={"name": "cases__change"})), [(5, -0.1)])
    chart = Chart(kind="number", y=("cases",), change="cases__change", good="down")
    refused = answer((), [], outcome="refused", sentence="I do not know “colour”.")
    long = answer((WARD, COUNT), [(f"W{n}", n) for n in range(700)])
    parts = (
        Part("Number", (0, 0, 3, 2), answer=number, chart=chart, course=(1, None, 3, 2)),
        Part("Refused", (3, 0, 3, 2), answer=refused, chart=Chart(kind="bar")),
        Part("Long", (6, 0, 6, 4), answer=long, chart=Chart(kind="table")),
        Part("", (0, 2, 3, 1), text="One.\n\nTwo."),
    )
    pages = re.findall(
        rb"/Type\s*/Page\b", texts_of(pdf := export(Report("All", (), (Sheet("", parts),)), Format.PDF)) + pdf
    )
    assert len(pages) > 3, "rows that find no room follow on pages of their own"


def test_what_is_not_installed_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Any:
        raise ExportMissingError

    monkeypatch.setattr(paged, "_libraries", missing)
    for format in (Format.PDF, Format.PNG):
        with pytest.raises(ExportMissingError, match="pip install 'asklake\\[export\\]'"):
            export(report_of(BY_WARD), format)
    assert export(report_of(BY_WARD), Format.XLSX)
