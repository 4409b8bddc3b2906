"""What a lookup finds is what a scan finds, and a manifest is read once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from pyiceberg.expressions import EqualTo
from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.lookup import find
from lakehouse_assets.lakehouse.publication import Append, ReplacePartitions
from tests.lakehouse.readings import publish, rows

FIRST = date(2024, 1, 1)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of manifests in the order in which they are read."""
    paths: list[str] = []
    read = ManifestFile.fetch_manifest_entry

    def noted(self: ManifestFile, *args: object, **kwargs: object) -> object:
        paths.append(self.manifest_path)
        return read(self, *args, **kwargs)  # pyright: ignore

    monkeypatch.setattr(ManifestFile, "fetch_manifest_entry", noted)
    return paths


def found(lake: Lake, meter: str) -> list[date]:
    table = lake.catalog.load_table("silver.readings")
    wanted = EqualTo("meter", meter)  # pyright: ignore[reportCallIssue]
    days = find(table, wanted, ("taken_on",)).column("taken_on").to_pylist()
    assert sorted(days) == sorted(scanned(table, wanted))
    return sorted(days)


def scanned(table: Table, wanted: EqualTo) -> list[date]:
    return table.scan(row_filter=wanted, selected_fields=("taken_on",)).to_arrow().column("taken_on").to_pylist()


def test_newer_publications_are_found_and_replaced_ones_are_not(lake: Lake) -> None:
    for n in range(3):
        publish(lake, rows((FIRST + timedelta(days=n)).isoformat(), 1, meters=2), Append())
    assert found(lake, "M1") == [FIRST + timedelta(days=n) for n in range(3)]
    publish(lake, rows(FIRST.isoformat(), 1, meters=1), ReplacePartitions((FIRST,)))
    assert found(lake, "M1") == [FIRST + timedelta(days=n) for n in (1, 2)]
    assert found(lake, "none") == []


def test_a_manifest_is_read_once(lake: Lake, opened: list[str]) -> None:
    publish(lake, rows(FIRST.isoformat(), 1, meters=2), Append())
    wanted = EqualTo("meter", "M1")  # pyright: ignore[reportCallIssue]
    for n in range(1, 4):
        find(lake.catalog.load_table("silver.readings"), wanted, ("taken_on",))
        publish(lake, rows((FIRST + timedelta(days=n)).isoformat(), 1, meters=2), Append())
    assert find(lake.catalog.load_table("silver.readings"), wanted, ("taken_on",)).num_rows == 4
    assert len(opened) == len(set(opened)) == 4
