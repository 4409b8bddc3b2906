"""The catalog of the local profile: what a table is now, without reading the same file again."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyiceberg.exceptions import NoSuchTableError

from lakehouse_assets.lakehouse.iceberg.catalog import require_local
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from tests.lakehouse.readings import publish, rows


def test_a_table_is_as_published_last_and_each_metadata_file_is_read_once(lake: Lake) -> None:
    (first,) = publish(lake, rows("2024-01-01", 1), ReplaceTable())
    table = lake.catalog.load_table("silver.readings")
    assert (table.name(), table.metadata.current_snapshot_id) == (("silver", "readings"), first.snapshot_id)

    file = Path(table.metadata_location.removeprefix("file://"))
    aside = file.rename(file.with_suffix(".aside"))
    assert require_local(lake.catalog).load_table(("silver", "readings")).metadata == table.metadata
    aside.rename(file)

    (second,) = publish(lake, rows("2024-01-01", 5), ReplaceTable())
    assert lake.catalog.load_table("silver.readings").metadata.current_snapshot_id == second.snapshot_id
    assert table.metadata.current_snapshot_id == first.snapshot_id


def test_a_table_there_is_none_of_is_named(lake: Lake) -> None:
    with pytest.raises(NoSuchTableError, match=r"silver\.nothing"):
        lake.catalog.load_table("silver.nothing")
