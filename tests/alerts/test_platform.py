"""What alerts of the platform read."""

from __future__ import annotations

from lakehouse_assets.alerts.platform import _LAST_LOADS
from lakehouse_assets.lakehouse.engines.instances import open_instance


def test_a_load_that_found_nothing_says_nothing_of_the_records_before_it() -> None:
    con = open_instance()
    con.execute("create schema bronze")
    con.execute(
        "create table bronze.loads (source text, load_id text, loaded_at timestamp, rows_read bigint, "
        "rows_quarantined bigint, source_file text)"
    )
    loads = [("a", 1, 9, 0), ("a", 2, 10, 5), ("a", 3, 0, 0), ("b", 1, 3, 0), ("c", 1, 0, 0)]
    con.executemany(
        "insert into bronze.loads values (?, ?, make_timestamp(2026, 1, ?, 0, 0, 0), ?, ?, 'x')",
        [(source, f"{source}{day}", day, read, refused) for source, day, read, refused in loads],
    )
    assert [row[:3] for row in con.execute(_LAST_LOADS).fetchall()] == [("a", 10, 5), ("b", 3, 0)]
