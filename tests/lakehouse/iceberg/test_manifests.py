"""What a lookup tells is what a query of the rows tells, and a manifest is read once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyiceberg.expressions import EqualTo
from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table

from lakehouse_assets.ingest.contracts import QUARANTINE
from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.iceberg.manifests import find, newest_day, oldest_day
from lakehouse_assets.lakehouse.iceberg.overwrite import (
    Append,
    Replace,
    ReplacePartitions,
    ReplaceTable,
    partition_values,
)
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import open_publication
from lakehouse_assets.settings import Settings
from tests.lakehouse.readings import MONTHLY, READINGS, publish, rows

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


step = st.tuples(st.sampled_from(["append", "replace", "table"]), st.integers(0, 70), st.integers(0, 40))


@settings(max_examples=12, deadline=None)
@given(st.lists(step, min_size=1, max_size=4), st.sampled_from([READINGS, MONTHLY]))
def test_the_newest_day_is_the_newest_of_all_rows(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]], contract: Contract
) -> None:
    home = tmp_path_factory.mktemp("lake")
    lake = Lake(Settings(profile="local", home=home, landing="", dagster_home=None))
    for kind, offset, length in steps:
        first = FIRST + timedelta(days=offset)
        days = tuple(first + timedelta(days=i) for i in range(length))
        how: Replace = Append() if kind == "append" else ReplaceTable()
        if kind == "replace":
            how = ReplacePartitions(partition_values(contract, days))
        publish(lake, rows(first.isoformat(), length), how, [contract])
        table = lake.catalog.load_table(contract.identifier)
        if (snapshot := table.current_snapshot()) is None:
            continue
        with lake.session() as session:
            query = f"select min(taken_on) as oldest, max(taken_on) as newest from {contract.identifier}"
            (held,) = session.query(query).to_pylist()
        assert (oldest_day(table, snapshot), newest_day(table, snapshot)) == (held["oldest"], held["newest"])


def test_the_newest_day_of_times_and_of_none(lake: Lake) -> None:
    publication = open_publication(lake, run_id="r")
    values = {n: "'record'" if n == "form" else "null" if n in ("line", "source_row", "occurrence") else "'x'"
              for n in QUARANTINE.column_names}  # fmt: skip
    values["loaded_at"] = "timestamp '2024-03-05 23:59:59.999999'"
    with publication.session() as session:
        sql = "select " + ", ".join(f"{v} as {n}" for n, v in values.items())
        publication.stage_query(QUARANTINE, sql, session, Append())
        publication.audit()
    publication.publish()
    table = lake.catalog.load_table(QUARANTINE.identifier)
    snapshot = table.current_snapshot()
    assert snapshot and newest_day(table, snapshot) == oldest_day(table, snapshot) == date(2024, 3, 5)
