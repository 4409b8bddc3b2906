"""The lake at a moment: whole publications, at the columns of then, and nothing else changed by looking."""

from __future__ import annotations

from dataclasses import replace as altered
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyiceberg.table.snapshots import Operation, Snapshot, Summary

from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from lakehouse_assets.lakehouse.iceberg.overwrite import Append, ReplaceTable
from lakehouse_assets.lakehouse.iceberg.properties import PUBLICATION_ID
from lakehouse_assets.lakehouse.iceberg.time_travel import snapshots_at
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.moments import NoSuchMomentError, as_time
from lakehouse_assets.lakehouse.publish.protocol import Published
from tests.lakehouse.readings import EVOLVED_READINGS, MONTHLY, READINGS, RENAMED, count, publish, rows


@pytest.fixture
def published(lake: Lake) -> list[Published]:
    """Three publications: one table, then both, then the first again with new columns."""
    evolved = ", ".join(f"{old} as {new}" for old, new in RENAMED.items())
    return [
        publish(lake, rows("2024-01-01", 1), ReplaceTable())[0],
        publish(lake, rows("2024-01-02", 1), Append(), (READINGS, MONTHLY))[0],
        publish(
            lake, f"select *, {evolved}, 'exact' as quality from ({rows('2024-01-03', 1, value=str(2))})", Append(),
            (EVOLVED_READINGS,),
        )[0],
    ]  # fmt: skip


def past(lake: Lake, moment: str) -> Lake:
    return Lake(lake.settings, at=moment)


def time_of(lake: Lake, snapshot_id: int) -> datetime:
    found = lake.catalog.load_table("silver.readings").snapshot_by_id(snapshot_id)
    assert found
    return datetime.fromtimestamp(found.timestamp_ms / 1000, UTC)


def test_a_publication_names_what_it_left(lake: Lake, published: list[Published]) -> None:
    counts = [count(past(lake, p.publication_id)) for p in published]
    assert counts == [3, 6, 9]
    assert count(past(lake, str(published[1].snapshot_id))) == 6
    assert count(past(lake, published[1].publication_id), MONTHLY.identifier) == 3
    with pytest.raises(QueryRefusedError, match=r"no published table 'gold\.readings_by_month'"):
        count(past(lake, published[0].publication_id), MONTHLY.identifier)


def test_a_time_shows_the_columns_and_snapshots_of_then(lake: Lake, published: list[Published]) -> None:
    before = lake.catalog.heads()
    moment = time_of(lake, published[2].snapshot_id) - timedelta(milliseconds=1)
    then = past(lake, moment.isoformat())
    with then.session() as session:
        found = session.query("select * from silver.readings")
        assert session.snapshots == {"silver.readings": published[1].snapshot_id}
    assert tuple(found.column_names) == READINGS.column_names
    assert then.catalog.load_table("silver.readings").metadata.current_snapshot_id == published[1].snapshot_id
    assert lake.catalog.heads() == before
    with past(lake, "2999-01-01").session() as session:
        assert session.query("select max(quality) q, max(value) v from silver.readings").to_pylist() == [
            {"q": "exact", "v": 2}
        ]


@pytest.mark.parametrize(
    ("moment", "message"),
    [
        ("2001-01-01", "no state of 2001-01-01 is kept; the oldest is of 20"),
        ("20260101T000000-aaaaaaaaaaaa", "no publication or snapshot '20260101T000000-aaaaaaaaaaaa' is kept"),
        ("2024-13-01", "'2024-13-01' is not a time"),
        ("yesterday noon", "neither a time"),
    ],
)
def test_what_is_not_kept_is_said(lake: Lake, published: list[Published], moment: str, message: str) -> None:
    with pytest.raises(NoSuchMomentError, match=message), past(lake, moment).session():
        pass


def test_a_table_whose_state_of_then_is_no_longer_kept_is_told_from_one_that_was_not_there(lake: Lake) -> None:
    often = altered(READINGS, snapshots=1)
    (other,) = publish(lake, rows("2024-01-01", 1), Append(), (MONTHLY,))
    publish(lake, rows("2024-01-01", 1), Append(), (often,))
    publish(lake, rows("2024-01-02", 1), Append(), (often,))
    then = past(lake, other.publication_id)
    assert count(then, MONTHLY.identifier) == 3
    with pytest.raises(QueryRefusedError, match=r"'silver\.readings' had then is no longer kept, only those since 20"):
        count(then)


def test_an_empty_lake_has_no_past(lake: Lake) -> None:
    with pytest.raises(NoSuchMomentError, match="the oldest is not there"), past(lake, "2024-01-01").session():
        pass


def test_times_are_utc_unless_they_say_otherwise() -> None:
    assert as_time("2026-06-01") == datetime(2026, 6, 1, tzinfo=UTC)
    assert as_time("2026-06-01T12:00+05:30") == datetime(2026, 6, 1, 6, 30, tzinfo=UTC)
    assert as_time("8c2f9e0a") is None


class Metadata:
    """What `snapshots_at` reads of a table's metadata."""

    def __init__(self, snapshots: list[Snapshot]) -> None:
        self.snapshots = snapshots


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sets(st.sampled_from("abc"), min_size=1), st.integers(0, 3), st.integers(1, 5)), min_size=1),
    st.integers(0, 60),
)
def test_no_publication_is_seen_in_part(made: list[tuple[set[str], int, int]], limit: int) -> None:
    tables: dict[str, list[Snapshot]] = {name: [] for name in "abc"}
    clock, parts = 1_000, {}
    for number, (names, step, gap) in enumerate(made):
        for name in sorted(names):
            clock += step
            summary = Summary(Operation.APPEND, **{PUBLICATION_ID: f"p{number}"})
            snapshot = Snapshot.model_validate(
                {
                    "snapshot-id": len(parts) + 1, "sequence-number": len(tables[name]) + 1, "timestamp-ms": clock,
                    "manifest-list": "none", "summary": summary,
                }
            )  # fmt: skip
            tables[name].append(snapshot)
            parts[snapshot.snapshot_id] = (number, name)
        clock += gap
    moment = datetime.fromtimestamp((1_000 + limit) / 1000, UTC).isoformat()
    last = {
        n: max(s.timestamp_ms for t in tables.values() for s in t if parts[s.snapshot_id][0] == n)
        for n in range(len(made))
    }
    wanted = {
        name: max(seen)
        for name in "abc"
        if (seen := [n for n, (names, _, _) in enumerate(made) if name in names and last[n] <= 1_000 + limit])
    }
    try:
        found = snapshots_at({n: Metadata(s) for n, s in tables.items()}, moment)  # pyright: ignore[reportArgumentType]
    except NoSuchMomentError:
        assert not wanted
        return
    assert {name: parts[s.snapshot_id][0] for name, s in found.items()} == wanted
