"""Stage, audit, publish: all of it or nothing, once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event

from lakehouse_assets.lakehouse.engines.duckdb import LITTLE, DuckDBSession
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from lakehouse_assets.lakehouse.iceberg.catalog import CatalogUnwritableError, LakeCatalog, require_local
from lakehouse_assets.lakehouse.iceberg.overwrite import Append, ReplacePartitions, ReplaceTable
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.begin import begin, open_publication
from lakehouse_assets.lakehouse.publish.markers import marker_folder
from lakehouse_assets.lakehouse.publish.protocol import AuditFailedError, PublicationConflictError
from tests.lakehouse.readings import MONTHLY, READINGS, count, publish, rows


def test_what_is_published_is_what_was_staged(lake: Lake) -> None:
    published = publish(lake, rows("2024-01-01", 40), ReplaceTable(), (READINGS, MONTHLY))
    assert [(p.identifier, p.rows, p.partitions) for p in published] == [
        ("silver.readings", 120, 40),
        ("gold.readings_by_month", 120, 2),
    ]
    with lake.session() as session:
        found = session.query("select min(taken_on) a, max(taken_on) b, count(*) n, sum(price) p from silver.readings")
    assert str(found.to_pylist()) == (
        "[{'a': datetime.date(2024, 1, 1), 'b': datetime.date(2024, 2, 9), 'n': 120, 'p': Decimal('30.0000')}]"
    )


@pytest.mark.parametrize(("bytes_read", "codec"), [(1, "SNAPPY"), (LITTLE + 1, "ZSTD"), (None, "ZSTD")])
def test_files_of_little_input_are_written_quickly_and_others_small(
    lake: Lake, bytes_read: int | None, codec: str
) -> None:
    publication = open_publication(lake, run_id="test")
    publication.bytes_read = bytes_read
    with publication.session() as session:
        assert isinstance(session, DuckDBSession)
        staged = publication.stage(READINGS, rows("2024-01-01", 2), session.con, ReplaceTable())
        found = session.con.execute(
            "select distinct compression from parquet_metadata(?)", [[str(f) for f in staged.files]]
        ).fetchall()
    publication.abandon()
    assert staged.rows == 6
    assert found == [(codec,)]


def test_the_input_of_a_build_is_weighed(lake: Lake) -> None:
    (first,) = publish(lake, rows("2024-01-01", 2), ReplaceTable())
    publication = open_publication(lake, run_id="test")
    publication.record_inputs([READINGS.identifier, "silver.unknown"])
    publication.abandon()
    assert publication.bytes_read == first.bytes > 0


def test_a_range_replaces_its_partitions_and_no_other(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 10), ReplaceTable())
    days = (date(2024, 1, 3), date(2024, 1, 4))
    publish(lake, rows("2024-01-03", 1, meters=1, value="7"), ReplacePartitions(days))
    with lake.session() as session:
        per_day = session.query("select day(taken_on) d, count(*) n from silver.readings group by 1 order by 1")
    assert {r["d"]: r["n"] for r in per_day.to_pylist()} == {d: 3 for d in range(1, 11) if d not in (3, 4)} | {3: 1}


def test_a_table_built_without_rows_is_there_and_empty(lake: Lake) -> None:
    empty = f"select * from ({rows('2024-01-01', 1)}) where false"
    publish(lake, empty, ReplacePartitions((date(2024, 1, 1),)))
    assert count(lake) == 0
    publish(lake, rows("2024-01-01", 1), ReplacePartitions((date(2024, 1, 1),)))
    assert count(lake) == 3


def test_publishing_a_range_again_gives_the_same_table(lake: Lake) -> None:
    days = tuple(date(2024, 1, d) for d in range(1, 6))
    for _ in range(3):
        publish(lake, rows("2024-01-01", 5), ReplacePartitions(days))
    assert count(lake) == 15


def test_each_publication_makes_one_snapshot_that_names_it(lake: Lake) -> None:
    for _ in range(2):
        (done,) = publish(lake, rows("2024-01-01", 2), ReplaceTable())
        table = lake.catalog.load_table("silver.readings")
        snapshot = table.current_snapshot()
        assert snapshot and snapshot.summary
        assert snapshot.summary.additional_properties["asklake.publication-id"] == done.publication_id
    assert len(lake.catalog.load_table("silver.readings").snapshots()) == 2


def test_rows_that_break_the_contract_stay_invisible(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 2), ReplaceTable())
    publication = open_publication(lake, run_id="test")
    with publication.session() as session:
        publication.stage_query(READINGS, rows("2024-01-01", 30, value="200"), session, ReplaceTable())
        publication.stage_query(MONTHLY, rows("2024-01-01", 30), session, ReplaceTable())
        outcomes = publication.audit()
    failed = {o.check: o for o in outcomes if not o.passed and o.identifier == "silver.readings"}
    assert failed["value__le"].failed == failed["value__le"].total == 90
    assert len(failed["value__le"].samples) == 20
    assert not failed["not_suspicious"].blocking
    with pytest.raises(AuditFailedError, match="value__le failed for 90 of 90 rows"):
        publication.publish()
    publication.abandon()
    assert count(lake) == 6
    assert "gold.readings_by_month" not in lake.catalog.heads()
    assert not list(marker_folder(lake).iterdir())


def test_unaudited_rows_are_never_published(lake: Lake) -> None:
    publication = open_publication(lake, run_id="test")
    with publication.session() as session:
        publication.stage_query(READINGS, rows("2024-01-01", 1), session, Append())
    with pytest.raises(ValueError, match="audit"):
        publication.publish()


def test_a_precondition_that_fails_publishes_nothing(lake: Lake) -> None:
    publication = open_publication(lake, run_id="test")
    with publication.session() as session:
        publication.stage_query(READINGS, rows("2024-01-01", 1), session, Append())
        publication.audit()

    def refuse(_tables: object) -> None:
        raise LookupError("no")

    with pytest.raises(LookupError):
        publication.publish(refuse)
    publication.abandon()
    with lake.session() as session, pytest.raises(QueryRefusedError, match="no published table"):
        session.query("select * from silver.readings")


def test_a_replacement_built_on_an_old_state_is_refused(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 2), ReplaceTable())
    slow = open_publication(lake, run_id="slow")
    with slow.session() as session:
        slow.stage_query(READINGS, rows("2024-01-01", 1), session, ReplaceTable())
        slow.audit()
    publish(lake, rows("2024-01-01", 4), ReplaceTable())
    with pytest.raises(PublicationConflictError, match=r"silver\.readings"):
        slow.publish()
    assert count(lake) == 12


def test_concurrent_appends_lose_nothing(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 1), Append())
    errors: list[BaseException] = []

    def append(n: int) -> None:
        try:
            publish(Lake(lake.settings), rows(f"2024-02-{n + 1:02d}", 1), Append())
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=append, args=(n,)) for n in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors
    assert count(lake) == 3 * 7


@contextmanager
def only_readable(catalog: LakeCatalog) -> Iterator[None]:
    """A catalog whose database refuses every change."""

    def only_read(connection: Any, _record: Any) -> None:
        connection.execute("pragma query_only = on")

    event.listen(catalog.engine, "connect", only_read)
    catalog.engine.dispose()
    try:
        yield
    finally:
        event.remove(catalog.engine, "connect", only_read)
        catalog.engine.dispose()


def test_a_catalog_that_cannot_be_written_publishes_nothing_and_leaves_nothing(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 1), Append(), [READINGS, MONTHLY])
    files = {f for f in lake.settings.warehouse.rglob("*") if f.name.endswith(".metadata.json")}
    unwritable = pytest.raises(
        CatalogUnwritableError, match=r"catalog\.db cannot be written: attempt to write a readonly"
    )
    with only_readable(require_local(lake.catalog)), unwritable:
        publish(lake, rows("2024-01-02", 1), Append(), [READINGS, MONTHLY])
    assert count(lake) == 3
    assert {f for f in lake.settings.warehouse.rglob("*") if f.name.endswith(".metadata.json")} == files
    publish(lake, rows("2024-01-02", 1), Append(), [READINGS, MONTHLY])
    assert count(lake) == 6


def test_a_table_that_cannot_be_entered_into_the_catalog_is_told_in_the_same_words(lake: Lake) -> None:
    with (
        only_readable(require_local(lake.catalog)),
        pytest.raises(CatalogUnwritableError, match=r"catalog\.db cannot be written"),
    ):
        publish(lake, rows("2024-01-01", 1), Append())
    publish(lake, rows("2024-01-01", 1), Append())
    assert count(lake) == 3


def test_readers_see_all_tables_of_a_publication_or_none(lake: Lake) -> None:
    publish(lake, rows("2024-01-01", 2), ReplaceTable(), (READINGS, MONTHLY))
    stop, torn = threading.Event(), []

    def read() -> None:
        reader = Lake(lake.settings)
        while not stop.is_set():
            with reader.session() as session:
                a = session.query("select count(*) n, max(value) v from silver.readings").to_pylist()
                b = session.query("select count(*) n, max(value) v from gold.readings_by_month").to_pylist()
            if a != b:
                torn.append((a, b))

    thread = threading.Thread(target=read)
    thread.start()
    for i in range(8):
        publish(lake, rows("2024-01-01", 1 + i % 5, value=str(i)), ReplaceTable(), (READINGS, MONTHLY))
    stop.set()
    thread.join()
    assert not torn


def test_what_was_committed_stays_although_the_process_is_interrupted_then(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = require_local(lake.catalog)
    commit = catalog.commit_all

    def committed_and_interrupted(transactions: Any) -> None:
        commit(transactions)
        raise KeyboardInterrupt

    monkeypatch.setattr(catalog, "commit_all", committed_and_interrupted)
    with pytest.raises(KeyboardInterrupt), begin(lake, run_id="test") as publication:
        with publication.session() as session:
            publication.stage_query(READINGS, rows("2024-01-01", 1), session, ReplaceTable())
        publication.audit()
        publication.publish()
    with lake.session() as session:
        assert session.query("select sum(value) as total from silver.readings").to_pylist() == [{"total": 3}]
