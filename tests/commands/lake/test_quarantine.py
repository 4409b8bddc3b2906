"""What `asklake quarantine` prints of records."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from lakehouse_assets.cli import app
from lakehouse_assets.ingest import load, load_records
from tests.ingest.conftest import csv_file, line, record, sales_source


def test_a_record_is_found_by_its_line_or_else_by_its_number(lake, tmp_path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "a.csv"
    file.write_text(csv_file(line(1), line(2, qty="many")))
    load(lake, [file], sales_source())
    load_records(lake, [record(1), record(2, qty="many"), record(3, qty="few")], sales_source(), key="desk 7")
    monkeypatch.setenv("ASKLAKE_HOME", str(lake.settings.home))
    shown = CliRunner().invoke(app, ["quarantine", "show", "--limit", "3"])
    assert shown.exit_code == 0, shown.output
    for place in (f"{file}, line 3", "records://desk 7, record 2", "records://desk 7, record 3"):
        assert place in shown.output.replace("\n", "")
