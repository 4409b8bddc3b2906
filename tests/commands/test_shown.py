"""What comes from outside is shown in a terminal and in logs, and obeyed by none."""

from __future__ import annotations

import json
import logging
import math
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse_assets.commands.failures import Exit, explain
from lakehouse_assets.commands.output import Out
from lakehouse_assets.commands.reporting import report
from lakehouse_assets.http import logs
from lakehouse_assets.ingest.errors import IngestError
from lakehouse_assets.shown import json_line, listed, shown, shown_in_line
from tests.logging_lines import logged

ORDERS = {
    "colour": "\x1b[31mred\x1b[0m", "clear": "\x1b[2J\x1b[H", "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;https://evil.example\x1b\\safe\x1b]8;;\x1b\\", "clipboard": "\x1b]52;c;cm0gLXJmIH4=\x07",
    "c1 csi": "\x9b31mred", "c1 osc": "\x9d52;c;eA==\x9c", "query": "\x1b[6n\x1b[c", "dcs": "\x1bP$q\"p\x1b\\",
    "back": "safe\x08\x08\x08\x08evil", "return": "safe\revil", "bidi": "user\u202egpj.exe", "isolate": "\u2066a\u2069",
    "arabic mark": "\u061ca", "separator": "a\u2028b\u2029c", "tags": "a\U000e0041\U000e007f", "nul": "a\0b",
    "surrogate": "a\ud800b", "del": "a\x7fb", "shift": "\x0e\x0f", "form feed": "a\x0c\x0bb", "feff": "\ufeffa",
}  # fmt: skip
OBEYED = {c for text in ORDERS.values() for c in text if not c.isalnum() and not " " <= c <= "~"}
NAME = "odd\n\x1b[31mname\x9b2J\u202e [red]x[/red] [link=https://e.example]y[/link].csv"


@pytest.mark.parametrize("name", ORDERS)
def test_tables_sentences_and_documents_show_orders(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = ORDERS[name]
    out = Out(as_json=False)
    out.say(f"a file {text}", style="bold")
    out.heading(text)
    out.table([text, "n"], [(text, 1), (f"[red]{text}[/red]", 2)])
    Out(as_json=True).emit({"value": text, text: 1})
    printed = capsys.readouterr().out
    assert not OBEYED & set(printed)
    assert "[red]" in printed
    assert json.loads(printed.splitlines()[-1]) == {"value": text, text: 1}


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf])
def test_a_figure_that_json_has_not_is_null(figure: float) -> None:
    """Strict readers refuse a whole document for one NaN."""
    document = {"rows": [{"x": figure, "y": 1.5, "n": 2, "when": date(2026, 1, 2)}], "parts": (Decimal("NaN"), None)}

    def refuse(name: str) -> None:
        raise AssertionError(name)

    text = json_line(document, default=lambda v: float(v) if isinstance(v, Decimal) else str(v))
    read = json.loads(text, parse_constant=refuse)
    assert read == {"rows": [{"x": None, "y": 1.5, "n": 2, "when": "2026-01-02"}], "parts": [None, None]}


def test_what_is_typed_and_no_text_is_wrong_usage() -> None:
    with pytest.raises(UnicodeEncodeError) as caught:
        "complaints \udcff".encode()
    told = explain(caught.value)
    assert told and told.code == Exit.USAGE and "UTF-8" in told.problem and told.hint


def test_a_name_of_a_file_makes_no_line_of_its_own(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    missing = explain(FileNotFoundError(2, "No such file or directory", str(tmp_path / NAME)))
    assert missing
    report(missing, as_json=False)
    refused = explain(IngestError(NAME, "there is no record in it", hint="Give another.", line=3))
    assert refused
    report(refused, as_json=False)
    Out(as_json=False).table(["file"], [(NAME,)])
    told = capsys.readouterr()
    assert len(told.err.splitlines()) == 2 and not OBEYED & set(told.err + told.out)
    assert r"odd\n\x1b[31mname\x9b2J\u202e [red]x[/red] [link=https://e.example]y[/link].csv" in told.err


def test_a_line_of_the_log_is_one_line_and_still_json() -> None:
    with logged() as stream:
        logs.logger().warning("asked", question="".join(ORDERS.values()), **{"odd\x9bkey": NAME})
        logging.getLogger("uvicorn.error").error("GET /%s", NAME)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2 and not OBEYED & set(stream.getvalue().replace("\n", ""))
    assert json.loads(lines[0])["question"] == "".join(ORDERS.values())


@given(st.text(st.characters(), max_size=40))
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert json.loads(json_line(text)) == text
    assert not OBEYED & set(shown(text).replace("\n", "")) and not {"\n", "\t"} & set(shown_in_line(text))
    if text.isprintable():
        assert shown(text) == shown_in_line(text) == text


@pytest.mark.parametrize("text", ["Zürich – 10 €", "日本語", "नमस्ते", "שלום", "مرحبا", "👩‍👩‍👧", "a\tb\nc", "Ελλάδα"])
def test_every_script_is_shown_as_it_is(text: str) -> None:
    assert shown(text) == text


def test_however_many_names_there_are_a_list_of_them_is_read():
    assert listed(["a", "b"]) == "a, b" and listed([]) == ""
    many = listed([f"c{i}" for i in range(10_000)])
    assert many.startswith("c0, c1, ") and many.endswith("c99, and 9,900 more")
    assert len(listed(["x" * 1_000_000])) < 200
