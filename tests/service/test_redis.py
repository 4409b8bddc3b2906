"""Limits and answers in a real Redis: as in one process, and shared by several."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import RedisError

from lakehouse_assets.breaker import Breaker
from lakehouse_assets.service.admission.limits import LimiterInProcess, Rate, rates
from lakehouse_assets.service.redis import AnswersInRedis, LimiterInRedis
from lakehouse_assets.shared_redis import ALONE_S, SharedRedis, connect
from nlq.answering.answer import Answerer
from nlq.answering.cache import Kept, KeptAnswers
from tests.service.admission.test_limits import Clock


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("no redis-server on this machine: apt-get install redis-server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder: Path = tmp_path_factory.mktemp("redis")
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    client = connect(url).client
    for _ in range(100):
        try:
            client.ping()
            break
        except RedisError:
            time.sleep(0.05)
    yield url
    process.terminate()
    process.wait(10)


@pytest.fixture
def shared(url: str) -> SharedRedis:
    shared = connect(url)
    shared.client.flushall()
    return shared


@pytest.fixture
def client(shared: SharedRedis) -> Any:
    return shared.client


@contextmanager
def hanging() -> Iterator[tuple[str, list[socket.socket]]]:
    """A server that accepts and never answers: its URL, and the connections that it was made."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0", held
        server.shutdown(socket.SHUT_RDWR)
    for connection in held:
        connection.close()


def test_sixty_at_once_then_one_a_second(shared: SharedRedis) -> None:
    clock = Clock(1_000.0)
    limiter = LimiterInRedis(shared, rates(60, 1000), clock)
    assert [limiter.take("a") for _ in range(60)] == [0.0] * 60
    assert limiter.take("a") == pytest.approx(1.0)
    clock.now += 1.0
    assert limiter.take("a") == 0.0
    assert limiter.take("b") == 0.0


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(0, 40, width=32), max_size=60), st.integers(1, 12))
def test_as_in_one_process(shared: SharedRedis, gaps: list[float], calls: int) -> None:
    shared.client.flushall()
    clock = Clock(1_000_000.0)
    limits = [Rate(calls, 60.0), Rate(calls * 5, 3600.0)]
    together, alone = LimiterInRedis(shared, limits, clock), LimiterInProcess(limits, clock)
    for gap in gaps:
        clock.now += gap
        assert together.take("a") == pytest.approx(alone.take("a"), abs=1e-4)


def test_two_processes_share_a_limit_by_redis_own_clock(url: str, client: Any) -> None:
    first, second = (LimiterInRedis(connect(url), [Rate(3, 60.0)]) for _ in range(2))
    assert [limiter.take("a") for limiter in (first, second, first)] == [0.0] * 3
    assert 0 < second.take("a") <= 20.0
    assert 0 < client.ttl("asklake:calls:a") <= 60


def test_an_answer_is_given_again_by_another_process_until_a_table_moves(
    url: str, client: Any, answerer: Answerer
) -> None:
    answer = answerer.ask("complaints by channel", None, datetime(2026, 2, 20))
    heads = dict.fromkeys(answer.snapshots, "metadata/1.json")
    KeptAnswers(AnswersInRedis(connect(url))).keep("key", answer, heads)
    again = KeptAnswers(AnswersInRedis(connect(url)))
    assert again.find("key", heads) == answer
    assert again.find("other", heads) is None
    assert again.find("key", dict.fromkeys(heads, "metadata/2.json")) is None
    assert 0 < client.pttl("asklake:answer:key") <= 300_000


def test_without_redis_calls_go_on(answerer: Answerer) -> None:
    nobody = connect("redis://127.0.0.1:9/0")
    limiter = LimiterInRedis(nobody, [Rate(1, 60.0)])
    assert limiter.take("a") == 0.0
    assert limiter.take("a") > 0, "its own limit holds"
    store = AnswersInRedis(nobody)
    answer = answerer.ask("complaints by channel", None, datetime(2026, 2, 20))
    store.put("key", Kept(answer, {}))
    assert store.get("key") is None


def test_a_redis_that_hangs_is_waited_for_once() -> None:
    with hanging() as (url, held):
        redis = connect(url)
        limiter, store = LimiterInRedis(redis, [Rate(3, 60.0)]), AnswersInRedis(redis)
        begun = time.monotonic()
        assert [limiter.take("a") for _ in range(3)] == [0.0] * 3
        assert limiter.take("a") > 0, "its own limit holds"
        for _ in range(50):
            assert store.get("key") is None
        assert time.monotonic() - begun < 5, "one wait of half a second, not fifty"
        assert len(held) == 1


def test_callers_who_come_at_once_wait_for_it_together() -> None:
    with hanging() as (url, _):
        limiter = LimiterInRedis(connect(url), [Rate(100, 60.0)])
        threads = [threading.Thread(target=limiter.take, args=("a",)) for _ in range(20)]
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - begun < 5, "one after another it would be ten seconds"


def test_a_redis_that_is_well_again_is_shared_again(client: Any) -> None:
    with hanging() as (url, held):
        clock = Clock()
        redis = SharedRedis(connect(url).client, Breaker(after=1, seconds=ALONE_S, clock=clock))
        limiter = LimiterInRedis(redis, [Rate(1, 60.0)])
        limiter.take("a")
        clock.now += ALONE_S - 0.1
        limiter.take("a")
        assert len(held) == 1, "left alone"
        clock.now += 0.2
        redis.client.connection_pool = client.connection_pool
        limiter.take("a")
        assert client.exists("asklake:calls:a")


def test_an_error_that_redis_tells_is_an_answer(shared: SharedRedis) -> None:
    shared.client.set("asklake:answer:key", "no hash")
    store, limiter = AnswersInRedis(shared), LimiterInRedis(shared, [Rate(1, 60.0)])
    assert store.get("key") is None
    limiter.take("a")
    assert shared.client.exists("asklake:calls:a"), "not left alone"


def test_what_is_not_ours_in_redis_is_no_answer(shared: SharedRedis) -> None:
    shared.client.hset("asklake:answer:key", mapping={"answer": "{}"})
    assert AnswersInRedis(shared).get("key") is None
