"""Rows of many partitions are written in bounded memory, each into a file of its own partition, and none is lost."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import duckdb
import pytest

from lakehouse_assets.domains import contract_of
from lakehouse_assets.lakehouse.engines.duckdb import parquet_files
from lakehouse_assets.lakehouse.engines.instances import open_instance
from lakehouse_assets.lakehouse.publish import staging
from lakehouse_assets.lakehouse.publish.staging import write_files

CALLS = contract_of("silver.stg_api_calls")
HOURS = 1_500
# Some hundred kilobytes of room for each hour, so that all of them at once do not fit.
MEMORY, ROOM = "230MB", 64 << 20
ROWS = f"""
    select
        timestamp '2026-01-01' + to_hours(cast(i % {HOURS} as int)) as called_at, 'acme' as tenant_id,
        'call-' || i as call_id, 'user' as user_id, '/v1' as endpoint, 200 as status, 'success' as outcome,
        i % 300 as duration_ms, md5(i::varchar) as record_key, 'load' as load_id, timestamp '2027-01-01' as loaded_at
    from range({HOURS * 2}) t(i)
"""
NO_HOUR = ROWS.replace("timestamp '2026-01-01' +", "cast(null as timestamp) +").replace(f"({HOURS * 2})", "(3)")


def written(folder: Path, partitions: int | None, rows: str = ROWS) -> int:
    with open_instance() as con:
        con.execute(f"set memory_limit = '{MEMORY}'; set threads = 1; set temp_directory = ''")
        return write_files(CALLS, rows, con, folder, 0, partitions=partitions)


def test_many_hours_are_written_in_memory_that_does_not_grow_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "ROOM", ROOM)
    with pytest.raises(duckdb.OutOfMemoryException):
        written(tmp_path / "at_once", None)
    folder = tmp_path / "shares"
    assert written(folder, HOURS, f"{ROWS} union all {NO_HOUR}") == HOURS * 2 + 3
    files = sorted(folder.rglob("*.parquet"))
    with open_instance() as con:
        found = con.execute(
            "select count(distinct date_trunc('hour', called_at)), count(*) from "
            f"{parquet_files(files, filename=True)} group by filename"
        ).fetchall()
        (calls,) = con.execute(f"select count(distinct call_id) from {parquet_files(files)}").fetchall()
    assert calls == (HOURS * 2,)
    assert Counter(found) == {(1, 2): HOURS, (0, 3): 1}
