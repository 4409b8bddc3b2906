"""POST /ml/predict and /ml/train: whose entity follows from the key, and who may train what."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.ml.declared import find_model
from lakehouse_assets.ml.features.frames import newest_features
from lakehouse_assets.ml.registry.registry import Registry
from lakehouse_assets.ml.runs import jobs
from lakehouse_assets.ml.runs.training_run import train_now
from lakehouse_assets.ml.training import search
from lakehouse_assets.service.admission.limits import LimiterInProcess
from lakehouse_assets.service.app import create_app
from lakehouse_assets.settings import Settings
from nlq.storage.keys import KeyStore
from tests.ml.stores import fill, sales_of
from tests.service.conftest import Served, problem, served

SPEC = find_model("retail_demand")
ENDS_WITHIN_S = 120


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(Settings(profile="local", home=tmp_path_factory.mktemp("served"), landing="", dagster_home=None))
    fill(lake, sales_of())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "TRIALS", 0)
        patch.setattr(search, "_PORTFOLIO", search._PORTFOLIO[:1])
        assert train_now(lake.settings, SPEC, 600).facts["promoted"]
    return lake


@pytest.fixture(scope="module")
def models(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    database = f"sqlite:///{tmp_path_factory.mktemp('keys')}/questions.db"
    store = KeyStore(database)
    holders: dict[str, dict[str, Any]] = {
        "a": {"tenant": "a", "role": "viewer"},
        "b": {"tenant": "b", "role": "analyst"},
        "all": {"role": "analyst"},
        "writer": {"role": "writer"},
        "writer of a": {"tenant": "a", "role": "writer"},
        "admin": {"role": "admin"},
    }
    keys = {name: store.create(name, **rights)[1] for name, rights in holders.items()}
    store.close()
    app = create_app(lake, loopback=True, limiter=LimiterInProcess(()), database=database)
    with served(app, database, keys) as running:
        yield running


@pytest.fixture(scope="module")
def batch(lake: Lake) -> dict[tuple[str, str], float]:
    """What the table of predictions would say."""
    registry = Registry(lake.settings)
    predictor = registry.predictor(registry.version(SPEC.name))
    _, frame = newest_features(lake, SPEC)
    figures = predictor.predict(frame)
    return {(t, s): float(v) for t, s, v in zip(frame["tenant_id"], frame["store_id"], figures, strict=True)}


def predict(served: Served, holder: str, **body: Any) -> httpx.Response:
    with served.client(holder) as client:
        return client.post("/ml/predict", json={"model": SPEC.name, **body})


def test_one_is_what_the_table_says_of_it_and_takes_few_milliseconds(
    models: Served, batch: dict[tuple[str, str], float]
) -> None:
    took = []
    with models.client("all") as client:
        for (tenant, store), expected in batch.items():
            body = {"model": SPEC.name, "entity": {"tenant_id": tenant, "store_id": store}}
            response = client.post("/ml/predict", json=body)
            assert response.status_code == 200, response.text
            found = response.json()
            assert found["value"] == pytest.approx(expected, rel=1e-12)
            assert (found["version"], found["problem"], found["features_of"]) == (1, "regression", "2026-03-12")
            took.append(found["elapsed_ms"])
    print(f"elapsed ms: median {np.median(took):.2f}, most after the first {max(took[1:]):.2f}")


entities = st.fixed_dictionaries(
    {"store_id": st.sampled_from([f"s{n:02}" for n in range(60)])},
    optional={"tenant_id": st.sampled_from(["a", "b", "c"])},
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["a", "b"]), entities)
def test_no_key_learns_of_an_entity_of_another_tenant(
    models: Served, batch: dict[tuple[str, str], float], holder: str, entity: dict[str, str]
) -> None:
    response = predict(models, holder, entity=entity)
    if entity.get("tenant_id", holder) != holder:
        problem(response, 403, "forbidden")
    elif (holder, entity["store_id"]) in batch:
        assert response.json()["value"] == pytest.approx(batch[holder, entity["store_id"]])
    else:
        error = problem(response, 404, "unknown_entity")
        assert f"tenant_id {holder}, store_id {entity['store_id']}" in error["message"]


def test_given_features_are_predicted_by_and_held_to_their_types(models: Served) -> None:
    given = {name: 1.0 for name in SPEC.view.features}
    found = predict(models, "a", features=given).json()
    assert math.isfinite(found["value"])
    assert found["features_of"] is None
    assert predict(models, "a", features={**given, "net_28d": None}).status_code == 200
    for wrong, says in (
        ({**given, "colour": 1}, "has no colour"),
        ({k: v for k, v in given.items() if k != "net_7d"}, "lacks net_7d; null is for what is not known"),
        ({**given, "net_7d": "much"}, "feature net_7d must be a number"),
        ({**given, "net_7d": True}, "feature net_7d must be a number"),
        ({**given, "net_7d": 10**400}, "feature net_7d must be a finite number"),
    ):
        response = predict(models, "a", features=wrong)
        assert response.status_code == 422, response.text
        assert says.lower() in response.json()["error"]["message"].lower()
    with models.client("a") as client:
        text = json.dumps({"model": "retail_demand", "features": {**given, "net_7d": math.nan}})
        response = client.post("/ml/predict", content=text, headers={"content-type": "application/json"})
    assert response.status_code in (400, 422), response.text


@pytest.mark.parametrize(
    ("holder", "body", "status", "code"),
    [
        ("all", {"entity": {"store_id": "s01"}}, 422, "wrong_features"),
        ("all", {"entity": {"tenant_id": "a", "store_id": "s01", "x": 1}}, 422, "wrong_features"),
        ("a", {"entity": {"store_id": None}}, 422, "wrong_features"),
        ("a", {"entity": {"store_id": True}}, 422, "wrong_features"),
        ("a", {}, 422, "invalid_request"),
        ("a", {"entity": {}, "features": {}}, 422, "invalid_request"),
        ("a", {"model": "retail_demnd", "entity": {"store_id": "s01"}}, 404, "unknown_model"),
        ("a", {"model": "pgr_sla_breach", "entity": {"complaint_id": "s01"}}, 404, "no_version"),
        ("writer", {"entity": {"tenant_id": "a", "store_id": "s01"}}, 403, "forbidden"),
    ],
)
def test_what_cannot_be_predicted_is_said(
    models: Served, holder: str, body: dict[str, Any], status: int, code: str
) -> None:
    problem(predict(models, holder, **body), status, code)


def test_a_missing_extra_is_one_sentence(models: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with models.client("admin") as client:
        error = problem(client.post("/ml/train", json={"target": SPEC.name}), 501, "not_installed")
    assert error["message"] == "Models need more than is installed here: pip install 'asklake[insight]'"


@pytest.mark.parametrize(
    ("holder", "body", "status", "code"),
    [
        ("a", {"target": "retail_demand"}, 403, "forbidden"),
        ("all", {"target": "retail_demand"}, 403, "forbidden"),
        ("writer of a", {"target": "retail_demand"}, 403, "forbidden"),
        ("writer", {"target": "retail_demnd"}, 422, "wrong_target"),
        ("writer", {"target": "retail_demand", "features": "retail_product"}, 422, "wrong_target"),
        ("writer", {"target": "gold.gold_retail_daily_store_sales.net_amount"}, 422, "wrong_target"),
        ("writer", {"target": "retail_demand", "minutes": 31}, 422, "invalid_request"),
        ("writer", {"target": "retail_demand", "minutes": 0}, 422, "invalid_request"),
    ],
)
def test_what_cannot_be_trained_is_said(
    models: Served, holder: str, body: dict[str, Any], status: int, code: str
) -> None:
    with models.client(holder) as client:
        problem(client.post("/ml/train", json=body), status, code)


def test_a_training_is_a_job_that_ends_with_a_verdict(models: Served) -> None:
    with models.client("writer") as client:
        accepted = client.post("/ml/train", json={"target": SPEC.name, "minutes": 0.02})
        assert accepted.status_code == 202, accepted.text
        place, seen = accepted.headers["location"], {accepted.json()["stage"]}
        until = time.monotonic() + ENDS_WITHIN_S
        while (job := client.get(place).json())["state"] in ("queued", "running"):
            assert time.monotonic() < until
            seen.add(job["stage"])
            time.sleep(0.05)
    assert job["state"] == "done", job
    assert job["outcome"]["version"] == 2 and not job["outcome"]["promoted"]
    assert job["tried"] == job["outcome"]["tried"] >= 1
    assert seen >= {"waiting"} and seen <= {"waiting", "starting", "reading", "searching", "judging"}
    with models.client("admin") as client:
        assert client.get(place).json()["id"] == job["id"]
        problem(client.get("/ml/jobs/none"), 404, "unknown_job")
    with models.client("a") as client:
        problem(client.get(place), 403, "forbidden")


def test_a_training_that_cannot_learn_says_why(models: Served) -> None:
    with models.client("admin") as client:
        place = client.post("/ml/train", json={"target": "pgr_sla_breach"}).headers["location"]
        until = time.monotonic() + ENDS_WITHIN_S
        while (job := client.get(place).json())["state"] in ("queued", "running"):
            assert time.monotonic() < until
            time.sleep(0.05)
    assert job["state"] == "failed"
    assert "was never published: `asklake materialize --select" in job["problem"]


def test_only_so_many_wait(models: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MOST_WAITING", 0)
    with models.client("admin") as client:
        response = client.post("/ml/train", json={"target": SPEC.name})
    problem(response, 503, "too_many_jobs")
    assert response.headers["retry-after"] == "60"
