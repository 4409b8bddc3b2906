"""The profile of a file that no source is known of. Does not belong here: what is found out about fields."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from lakehouse_assets.drafting.profile import profile_of_file
from lakehouse_assets.ingest.errors import IngestError

ROWS = [
    "ticket;opened;fare;note",
    *(f"T-{i};{1 + i % 28:02}.03.2026;{i},50;{'n/a' if i % 2 else i}" for i in range(100)),
    "T-100;03.03.2026;free;1",
]


def test_fields_are_read_as_a_draft_reads_them(tmp_path: Path):
    file = tmp_path / "a.csv.gz"
    file.write_bytes(gzip.compress("\n".join(ROWS).encode()))
    found = profile_of_file(str(file))
    fare, opened = found.column("fare"), found.column("opened")
    assert fare and opened and (found.rows, found.sampled, found.table) == (101, False, str(file))
    assert (opened.type, opened.low, opened.high) == ("DATE", "2026-03-01", "2026-03-28")
    assert (fare.type, fare.low, fare.high) == ("DECIMAL(18,4)", "0.5000", "99.5000")


def test_texts_that_are_no_value_of_the_type_are_told(tmp_path: Path):
    file = tmp_path / "a.csv"
    file.write_text("\n".join(ROWS))
    assert [(i.code, i.column) for i in profile_of_file(str(file)).issues if i.code == "not_of_type"] == [
        ("not_of_type", "fare")
    ]


def test_only_the_beginning_of_a_long_file_is_looked_at_and_that_is_said(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("lakehouse_assets.drafting.profile.RECORDS", 50)
    file = tmp_path / "a.csv"
    file.write_text("\n".join(ROWS))
    assert profile_of_file(str(file)).sampled


def test_a_file_without_records_is_refused(tmp_path: Path):
    file = tmp_path / "a.csv"
    file.write_text("")
    with pytest.raises(IngestError):
        profile_of_file(str(file))
