"""Dashboards and answers as files over real HTTP: of what the caller may see, and nothing else."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from lakehouse_assets.cli import app
from lakehouse_assets.commands.asking import dashboards
from lakehouse_assets.exporting.export import Format
from lakehouse_assets.exporting.paged import ExportMissingError
from lakehouse_assets.service.dashboards import exporting
from nlq.answering.document.columns import AnswerColumn, with_names_beside
from tests.service.conftest import NOW, Served, problem

BEGINS = {Format.PDF: b"%PDF-", Format.PNG: b"\x89PNG", Format.XLSX: b"PK", Format.CSV: b"How complaints"}
SPAN = {"start": "2025-03-01", "end": "2026-01-31"}


def written(answer: dict[str, Any]) -> tuple[list[AnswerColumn], list[list[Any]]]:
    """Columns and rows as a file has them."""
    return with_names_beside([AnswerColumn.model_validate(one) for one in answer["columns"]], answer["rows"])


@pytest.mark.parametrize("format", Format)
def test_a_page_is_written_as_it_is_shown(service: Served, format: Format) -> None:
    body = {"page": "channels", "time_range": SPAN}
    with service.client() as client:
        found = client.post("/dashboards/pgr.complaints/export", json={**body, "format": format})
        shown = client.post("/dashboards/pgr.complaints/tiles", json=body).json()
    assert (found.status_code, found.headers["content-type"]) == (200, format.media_type)
    assert found.headers["content-disposition"] == f'attachment; filename="complaints.{format}"'
    assert found.content.startswith(BEGINS[format])
    if format is Format.CSV:
        rows = list(csv.reader(io.StringIO(found.text)))
        for tile in shown["tiles"]:
            for row in written(tile["answer"])[1]:
                assert ["" if cell is None else str(cell) for cell in row] in rows


def test_what_is_not_there_is_told(service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> bytes:
        raise ExportMissingError

    with service.client() as client:
        board = "/dashboards/pgr.complaints/export"
        problem(client.post(board, json={"format": "docx"}), 422, "invalid_request")
        problem(client.post(board, json={"format": "csv", "page": "none"}), 422, "unknown_page")
        problem(client.post("/dashboards/none/export", json={"format": "csv"}), 404, "unknown_dashboard")
        problem(client.get("/answers/none/export?format=csv"), 404, "unknown_answer")
        monkeypatch.setattr(exporting, "export", missing)
        told = problem(client.post(board, json={"format": "pdf", "page": "channels"}), 501, "not_installed")
    assert "pip install 'asklake[export]'" in told["message"]


@settings(max_examples=6, deadline=None)
@given(holder=st.sampled_from(["amritsar", "jalandhar"]), format=st.sampled_from([Format.CSV, Format.XLSX]))
def test_no_file_has_another_tenants_rows(keyed: Served, holder: str, format: Format) -> None:
    """Of an answer: its maker's alone; of a dashboard: the rows that the caller is shown."""
    other = {"amritsar": "jalandhar", "jalandhar": "amritsar"}[holder]
    body = {"page": "channels", "time_range": SPAN}
    with keyed.client(holder) as maker, keyed.client(other) as stranger:
        asked = maker.post("/nlq", json={"question": "complaints by ward in january 2026", "now": NOW}).json()
        address = f"/answers/{asked['answer_id']}/export?format={format}"
        assert maker.get(address).content.startswith(b"Ward" if format is Format.CSV else b"PK")
        problem(stranger.get(address), 404, "unknown_answer")
        file = maker.post("/dashboards/pgr.complaints/export", json={**body, "format": "csv"}).text
        shown = maker.post("/dashboards/pgr.complaints/tiles", json=body).json()
    filled = [row for row in csv.reader(io.StringIO(file)) if len(row) > 1]
    files = [written(tile["answer"]) for tile in shown["tiles"]]
    own = {tuple(map(str, row)) for _, rows in files for row in rows}
    labels = {tuple(column.label for column in columns) for columns, _ in files}
    assert {tuple(cell or "None" for cell in row) for row in filled} <= own | labels


def test_the_command_writes_files(service: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboards, "_handlers", lambda *_: service.app.state.service.dashboards)
    words = ["dashboard", "show", "pgr.complaints", "--page", "channels", "--xlsx"]
    said = CliRunner().invoke(app, [*words, str(tmp_path / "c.xlsx"), "--csv", str(tmp_path / "c.csv")])
    assert said.exit_code == 0, said.output
    assert (tmp_path / "c.xlsx").read_bytes().startswith(b"PK")
    failed = CliRunner().invoke(app, [*words, str(tmp_path / "none" / "c.xlsx")])
    assert failed.exit_code != 0
    assert "cannot be written" in failed.output
