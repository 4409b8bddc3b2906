"""Online features are those that `get_features` gives, of every entity, before and after publications."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse_assets.features import find_view, get_features
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.ml.serving import online
from lakehouse_assets.ml.serving.online import OnlineFeatures, is_due, refresh
from lakehouse_assets.ml.serving.stores import (
    FeaturesInDatabase,
    FeaturesInRedis,
    FeatureStore,
    State,
    StoreUnavailableError,
    open_store,
)
from lakehouse_assets.settings import Settings
from lakehouse_assets.shared_redis import connect
from tests.features.test_retrieval import FIRST, VIEW, publish
from tests.ml.stores import STORES, fill, sales_of

days = st.sets(st.integers(0, 12), max_size=4).map(sorted).map(tuple)


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--save", "", "--dir", str(folder)], stdout=subprocess.DEVNULL
    )
    url = f"redis://127.0.0.1:{port}/0"
    while process.poll() is None:
        try:
            connect(url).client.ping()
            break
        except Exception:
            time.sleep(0.02)
    yield url
    process.terminate()
    process.wait(10)


@pytest.fixture(params=["database", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FeatureStore]:
    if request.param == "database":
        made: FeatureStore = FeaturesInDatabase(f"sqlite:///{tmp_path}/features.db")
    else:
        redis = connect(request.getfixturevalue("redis_url"))
        redis.client.flushall()
        made = FeaturesInRedis(redis, "here")
    yield made
    made.close()


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake(Settings(profile="local", home=tmp_path_factory.mktemp("online"), landing="", dagster_home=None))


def offline(lake: Lake, entity: dict[str, Any]) -> tuple[date, dict[str, Any]] | None:
    """What `get_features` gives of an entity."""
    (row,) = get_features(lake, VIEW, [entity]).rows.to_pylist()
    if row[VIEW.date] is None:
        return None
    found = {name: float(v) if isinstance(v := row[name], Decimal) else v for name in VIEW.features}
    return row[VIEW.date], found


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["a", 'it\'s "c"; d', "ü 1", "b"]), days, min_size=1))
def test_online_is_offline_whatever_days_an_entity_has(
    stores: Lake, store: FeatureStore, rows: dict[str, tuple[int, ...]]
) -> None:
    if not any(rows.values()):
        return
    publish(stores, rows)
    refresh(stores, store, [VIEW])
    features = OnlineFeatures(stores, store)
    for name in [*rows, "unknown"]:
        entity = {"tenant_id": "t", "store_id": name}
        latest, known = features.latest(VIEW, entity), offline(stores, entity)
        assert (latest and (latest.day, dict(latest.features))) == known
        if latest:
            assert latest.newest == FIRST + timedelta(days=max(d for has in rows.values() for d in has))
            assert latest.snapshot == get_features(stores, VIEW, [entity]).snapshot


def test_a_publication_is_due_and_readers_have_it_after_one_look(
    lake: Lake, store: FeatureStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    entity = {"tenant_id": "b", "store_id": "s02"}
    monkeypatch.setattr(online, "LOOKS_EVERY_S", 0.0)
    fill(lake, sales_of())
    assert is_due(lake, store) == []  # nobody asked yet
    features = OnlineFeatures(lake, store)
    first = features.latest(VIEW, entity)  # what was never kept is kept at once
    assert first and first.features["net_1d"] == pytest.approx(sales_of()[2, -1])
    assert is_due(lake, store) == []
    other = sales_of(seed=9)
    fill(lake, other)
    assert is_due(lake, store) == [VIEW.name]
    stale = features.latest(VIEW, entity)  # what is kept is given, and says of which snapshot it is
    assert stale == first
    features.close() if isinstance(store, FeaturesInDatabase) else features._later.shutdown()
    fresh = OnlineFeatures(lake, store).latest(VIEW, entity)
    assert fresh and fresh.snapshot != first.snapshot
    assert fresh.features["net_1d"] == pytest.approx(other[2, -1])
    assert [r.state.rows for r in refresh(lake, store)] == []


def test_rows_that_are_gone_are_not_found(store: FeatureStore) -> None:
    store.replace("v", State("1", "7", "2026-01-01", 2), [("a", "1"), ("b", "2")])
    store.replace("w", State("1", "7", "2026-01-01", 1), [("a", "3")])
    store.replace("v", State("2", "8", "2026-01-02", 1), iter([("b", "4")]))
    assert store.find("v", "a") == (State("2", "8", "2026-01-02", 1), None)
    assert store.find("v", "b").document == "4"
    assert store.find("w", "a").document == "3"
    assert store.find("x", "a") == (None, None)


def test_lakes_that_share_a_redis_are_told_apart(redis_url: str) -> None:
    here, there = FeaturesInRedis(connect(redis_url), "here"), FeaturesInRedis(connect(redis_url), "there")
    here.replace("apart", State("1", "", "2026-01-01", 1), [("a", "1")])
    assert there.find("apart", "a") == (None, None)


def test_where_redis_does_not_answer_the_lake_is_read(stores: Lake) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"redis://127.0.0.1:{free.getsockname()[1]}/0"
    publish(stores, {"a": (0, 3), "b": (1,)})
    with closing(FeaturesInRedis(connect(url), "x")) as store:
        with pytest.raises(StoreUnavailableError):
            store.find(VIEW.name, "a")
        features = OnlineFeatures(stores, store)
        latest = features.latest(VIEW, {"tenant_id": "t", "store_id": "a"})
    assert latest and (latest.day, dict(latest.features)) == offline(stores, {"tenant_id": "t", "store_id": "a"})
    never = find_view("ecommerce_customer")
    assert features.latest(never, {"tenant_id": "t", "customer_id": "c"}) is None


def test_reading_one_of_many_takes_few_milliseconds_of_the_processor(lake: Lake, store: FeatureStore) -> None:
    fill(lake, sales_of())
    rows = (
        (f'["t", "x{i}"]', f'{{"day": "2026-03-12", "features": {[1.0] * len(VIEW.features)}}}') for i in range(20_000)
    )
    store.replace(VIEW.name, State(lake.catalog.heads()[VIEW.table], "1", "2026-03-12", 20_000), rows)
    features = OnlineFeatures(lake, store)
    took = []
    for i in range(200):
        began = time.thread_time()
        assert features.latest(VIEW, {"tenant_id": "t", "store_id": f"x{i * 97}"})
        took.append(time.thread_time() - began)
    assert np.median(took) <= 0.010


def test_the_profile_says_where(tmp_path: Path, redis_url: str) -> None:
    local = Settings(profile="local", home=tmp_path, landing="", dagster_home=None)
    with closing(open_store(local)) as store:
        assert isinstance(store, FeaturesInDatabase)
        assert store.find("v", "a") == (None, None)
    assert (tmp_path / "models" / "features.db").is_file()
    with closing(open_store(local.model_copy(update={"redis_url": type(local.redis_url)(redis_url)}))) as store:
        assert isinstance(store, FeaturesInRedis)


def test_entities_of_the_feature_table_are_all_there(lake: Lake, store: FeatureStore) -> None:
    fill(lake, sales_of())
    (done,) = refresh(lake, store)
    assert done.state.rows == STORES
