"""What is found in files, and how it is told: within bounds, and without the folders of this machine."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lakehouse_assets.domains import FOLDER
from lakehouse_assets.ingest.errors import IngestError, SourceError
from lakehouse_assets.ingest.origins.files import FileOrigin
from lakehouse_assets.ingest.sources import Source, find_source
from lakehouse_assets.lakehouse.iceberg.evolution import SchemaDriftError
from lakehouse_assets.settings import Settings
from lakehouse_assets.uploads.looking import look, mapping_of, problem_of


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(profile="local", home=tmp_path, landing="")


def test_a_wide_file_is_looked_at_in_bounded_time_and_told_who_makes_its_source(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "content"
    row = ",".join("1" for _ in range(1_000))
    file.write_text(",".join(f"c{i}" for i in range(1_000)) + f"\n{row}\n{row}\n")

    def origin(source: Source) -> FileOrigin:
        return FileOrigin("upload://1/wide.csv", encoding=source.encoding, place=str(file))

    begun = time.process_time()
    found = look(settings, file, "wide.csv", None, origin)
    assert time.process_time() - begun < 10
    assert found.draft is None and found.problem
    assert "1,000 fields" in found.problem.message and "asklake new-domain" in found.problem.next


def test_errors_tell_senders_no_folder_of_this_machine(settings: Settings) -> None:
    draft = find_source("sales_csv").model_copy(update={"undecided": ("which day is it?",)})
    with pytest.raises(SourceError) as refused:
        mapping_of(draft, "t1")
    lake = settings.home / "warehouse" / "bronze"
    full = IngestError("upload://1/a.csv", f"writing failed: {lake}/part.parquet: No space left", hint=f"See {lake}/.")
    for error in (refused.value, full, SchemaDriftError(f"{lake}/part.parquet does not say which days it holds")):
        told = problem_of(error, settings)
        text = f"{told.message} {told.next}"
        assert str(settings.home) not in text and str(FOLDER) not in text
    assert "sources.yml" in problem_of(refused.value, settings).message
