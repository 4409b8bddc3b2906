"""The bulk description of Parquet files says what PyIceberg says file by file."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from pyiceberg.io.pyarrow import parquet_file_to_data_file

from lakehouse_assets.lakehouse.contract import Contract
from lakehouse_assets.lakehouse.iceberg.overwrite import ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.data_files import describe_files
from tests.lakehouse.readings import MONTHLY, READINGS, publish, rows


@pytest.mark.parametrize("contract", [READINGS, MONTHLY], ids=["day", "month"])
def test_it_agrees_with_pyiceberg(lake: Lake, contract: Contract) -> None:
    publish(lake, rows("2023-12-20", 30), ReplaceTable(), (contract,))
    table = lake.catalog.load_table(contract.identifier)
    files = [Path(t.file.file_path.removeprefix("file://")) for t in table.scan().plan_files()]
    for mine in describe_files(table.metadata, contract, files):
        theirs = parquet_file_to_data_file(table.io, table.metadata, mine.file_path)
        assert mine.partition == theirs.partition
        assert mine.record_count == theirs.record_count
        assert mine.file_size_in_bytes == theirs.file_size_in_bytes
        for field_id, bound in mine.lower_bounds.items():
            assert theirs.lower_bounds[field_id] == bound
        for field_id, bound in mine.upper_bounds.items():
            assert theirs.upper_bounds[field_id] == bound
        assert 1 in mine.lower_bounds


def test_a_file_of_two_partitions_is_refused(lake: Lake, tmp_path: Path) -> None:
    publish(lake, rows("2024-01-01", 1), ReplaceTable())
    mixed = tmp_path / "mixed.parquet"
    duckdb.execute(f"copy ({rows('2024-01-01', 2)}) to '{mixed}' (format parquet)")
    table = lake.catalog.load_table("silver.readings")
    with pytest.raises(ValueError, match=r"mixed\.parquet holds more than one partition: taken_on"):
        describe_files(table.metadata, READINGS, [mixed])
