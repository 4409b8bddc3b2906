"""Whatever sequence of appends and replacements, the table holds what a dictionary of days would hold."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse_assets.lakehouse.iceberg import snapshot_producer as snapshot_module
from lakehouse_assets.lakehouse.iceberg.overwrite import Append, ReplacePartitions, ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from tests.lakehouse.readings import publish, rows

FIRST = date(2024, 1, 1)
step = st.tuples(st.sampled_from(["append", "replace", "table"]), st.integers(0, 80), st.integers(1, 90))


def found_days(lake: Lake) -> Counter[date]:
    """Rows by day, as DuckDB reads the newest snapshot."""
    with lake.session() as session:
        found = session.query("select taken_on, count(*) as n from silver.readings group by 1").to_pylist()
    return Counter({r["taken_on"]: r["n"] for r in found})


@settings(max_examples=6, deadline=None)
@given(st.lists(step, min_size=2, max_size=5))
def test_the_table_is_what_was_put_in(steps: list[tuple[str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Settings(profile="local", home=Path(folder), landing="", dagster_home=None))
        model: Counter[date] = Counter()
        for n, (kind, offset, length) in enumerate(steps):
            days = [FIRST + timedelta(days=offset + i) for i in range(length)]
            sql = rows(days[0].isoformat(), length, meters=1 + n)
            if kind == "append":
                publish(lake, sql, Append())
                model.update({d: 1 + n for d in days})
            elif kind == "replace":
                publish(lake, sql, ReplacePartitions(tuple(days)))
                model.update({d: 1 + n - model[d] for d in days})
            else:
                publish(lake, sql, ReplaceTable())
                model = Counter({d: 1 + n for d in days})
        assert found_days(lake) == model
        table = lake.catalog.load_table("silver.readings")
        assert table.scan().count() == sum(model.values())
        snapshot = table.current_snapshot()
        assert snapshot and snapshot.summary
        assert snapshot.summary.additional_properties["total-records"] == str(sum(model.values()))


def test_manifests_stay_few_and_short(lake: Lake) -> None:
    publish(lake, rows("2022-01-01", 1000, meters=1), ReplaceTable())
    for n in range(snapshot_module.MANIFESTS_OF_TIER + 5):
        day = date(2022, 1, 1) + timedelta(days=1000 + n)
        publish(lake, rows(day.isoformat(), 1, meters=1), ReplacePartitions((day,)))
    table = lake.catalog.load_table("silver.readings")
    current = table.current_snapshot()
    assert current
    manifests = current.manifests(table.io)
    files = [len(m.fetch_manifest_entry(table.io, discard_deleted=True)) for m in manifests]
    assert sorted(files)[-4:] == [64, 128, 256, 512]
    assert len(manifests) <= 5 + snapshot_module.MANIFESTS_OF_TIER
    assert sum(files) == 1000 + snapshot_module.MANIFESTS_OF_TIER + 5


def test_a_history_that_grows_by_the_day_has_few_manifests_and_rewrites_little() -> None:
    live: list[int] = []
    rewritten = 0
    for days in range(1, 4001):
        merged = snapshot_module.crowded(live)
        entries = sum(live[i] for i in merged)
        live = [1, *snapshot_module.lengths(entries), *(n for i, n in enumerate(live) if i not in merged)]
        rewritten += entries
        assert sum(live) == days
        assert len(live) <= 2 * (snapshot_module.MANIFESTS_OF_TIER + 1) + days / snapshot_module.LONGEST
    assert rewritten <= 8 * 4000


def test_a_late_record_in_old_days_rewrites_a_long_manifest_only_once(lake: Lake) -> None:
    publish(lake, rows("2022-01-01", 1000, meters=1), ReplaceTable())
    written = []
    for offset in (500, 501):
        day = date(2022, 1, 1) + timedelta(days=offset)
        publish(lake, rows(day.isoformat(), 1, meters=2), ReplacePartitions((day,)))
        table = lake.catalog.load_table("silver.readings")
        current = table.current_snapshot()
        assert current
        mine = [m for m in current.manifests(table.io) if m.added_snapshot_id == current.snapshot_id]
        written.append(sum((m.existing_files_count or 0) + (m.added_files_count or 0) for m in mine))
    assert written[0] <= snapshot_module.LONGEST
    assert written[1] <= snapshot_module.LONGEST // 2
