"""Limits and answers in a real Redis: as in one process, and shared by several."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import RedisError

from lakehouse_assets.service.limits import LimiterInProcess, Rate, rates
from lakehouse_assets.service.redis import AnswersInRedis, LimiterInRedis, connect
from nlq.answering.answer import Answerer
from nlq.answering.cache import Kept, KeptAnswers
from tests.service.test_limits import Clock


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
    client = connect(url)
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
def client(url: str) -> Any:
    client = connect(url)
    client.flushall()
    return client


def test_sixty_at_once_then_one_a_second(client: Any) -> None:
    clock = Clock(1_000.0)
    limiter = LimiterInRedis(client, rates(60, 1000), clock)
    assert [limiter.take("a") for _ in range(60)] == [0.0] * 60
    assert limiter.take("a") == pytest.approx(1.0)
    clock.now += 1.0
    assert limiter.take("a") == 0.0
    assert limiter.take("b") == 0.0


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(0, 40, width=32), max_size=60), st.integers(1, 12))
def test_as_in_one_process(client: Any, gaps: list[float], calls: int) -> None:
    client.flushall()
    clock = Clock(1_000_000.0)
    limits = [Rate(calls, 60.0), Rate(calls * 5, 3600.0)]
    shared, alone = LimiterInRedis(client, limits, clock), LimiterInProcess(limits, clock)
    for gap in gaps:
        clock.now += gap
        assert shared.take("a") == pytest.approx(alone.take("a"), abs=1e-4)


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


def test_what_is_not_ours_in_redis_is_no_answer(client: Any) -> None:
    client.hset("asklake:answer:key", mapping={"answer": "{}"})
    assert AnswersInRedis(client).get("key") is None
