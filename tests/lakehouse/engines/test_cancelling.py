"""Queries that are ended early: in the engine, in time, and no other with them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextvars import copy_context

import pytest

from lakehouse_assets.lakehouse.engines.cancelling import Cancellation, cancelled_by, endable
from lakehouse_assets.lakehouse.engines.duckdb import DuckDBEngine, DuckDBSession
from lakehouse_assets.lakehouse.engines.protocol import QueryCancelledError, QueryTimeoutError
from lakehouse_assets.lakehouse.engines.trino import TrinoEngine
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings

ENDLESS = "select count(*) from range(1000000000000) as a(x) where x % 7 = 3"


@pytest.fixture
def session(settings: Settings) -> Iterator[DuckDBSession]:
    with DuckDBEngine(settings).session({}) as opened:
        yield opened


def test_a_query_that_nobody_waits_for_ends_in_the_engine(session: DuckDBSession) -> None:
    cancellation, begun = Cancellation(), time.monotonic()
    threading.Timer(0.3, cancellation.cancel).start()
    with cancelled_by(cancellation), pytest.raises(QueryCancelledError):
        session.query(ENDLESS)
    assert time.monotonic() - begun < 5
    busy = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - busy < 0.2, "the engine goes on counting"
    assert session.query("select 1 as one").to_pylist() == [{"one": 1}], "another query is as good as before"


def test_a_thread_with_a_copy_of_the_context_is_ended_too(session: DuckDBSession) -> None:
    cancellation, raised = Cancellation(), threading.Event()

    def work() -> None:
        try:
            session.query(ENDLESS)
        except QueryCancelledError:
            raised.set()

    with cancelled_by(cancellation):
        thread = threading.Thread(target=copy_context().run, args=(work,))
    thread.start()
    time.sleep(0.2)
    cancellation.cancel()
    thread.join(5)
    assert raised.is_set()


def test_what_is_cancelled_begins_no_query(session: DuckDBSession) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with cancelled_by(cancellation), pytest.raises(QueryCancelledError):
        session.query("select 1")
    assert session.query("select 1 as one").num_rows == 1


def test_an_engine_that_does_not_hear_is_told_again() -> None:
    told, ended = [], threading.Event()

    def stop() -> None:
        told.append(1)
        if len(told) == 3:
            ended.set()
        raise ConnectionError("the server of the engine is busy")

    with pytest.raises(QueryTimeoutError, match=r"after 0\.05 s"), endable(stop, 0.05):
        assert ended.wait(5)
        raise RuntimeError("interrupted")
    time.sleep(0.3)
    assert len(told) == 3, "it was told after it had ended"


def test_rows_of_a_query_that_was_ended_are_not_taken_for_all() -> None:
    cancellation = Cancellation()
    with cancelled_by(cancellation), pytest.raises(QueryCancelledError), endable(lambda: None, 60):
        cancellation.cancel()
        time.sleep(0.1)


def test_an_error_of_the_query_itself_stays_what_it_is(session: DuckDBSession) -> None:
    with cancelled_by(Cancellation()), pytest.raises(Exception, match="no_such_column"):
        session.query("select no_such_column from range(3)")


@pytest.mark.cluster
@pytest.mark.parametrize("timeout_s", [None, 1.0])
def test_trino_ends_a_query_too(cluster_lake: Lake, timeout_s: float | None) -> None:
    numbers = "unnest(sequence(1, 10000))"
    endless = (
        f"select count(*) as n from {numbers} as a(x) cross join {numbers} as b(y) cross join {numbers} as c(z) "
        "where x * y % 7 = z % 11"
    )
    cancellation, begun = Cancellation(), time.monotonic()
    if timeout_s is None:
        threading.Timer(1.0, cancellation.cancel).start()
    expected = QueryTimeoutError if timeout_s else QueryCancelledError
    with cluster_lake.session() as session, cancelled_by(cancellation), pytest.raises(expected):
        session.query(endless, timeout_s=timeout_s)
    assert time.monotonic() - begun < 30
    engine = cluster_lake.engine
    assert isinstance(engine, TrinoEngine)
    with engine.connection() as connection:
        cursor = connection.cursor()
        cursor.execute("select count(*) from system.runtime.queries where state = 'RUNNING' and query like '%sequence%'"
                       " and query not like '%runtime%'")  # fmt: skip
        assert cursor.fetchall() == [[0]]
