"""The API as a real server on a free port, over the small lake of the question tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from lakehouse_assets.assets.python_tables import make
from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.http.server import configured
from lakehouse_assets.http.transport import Bounds
from lakehouse_assets.insight.model import Insight, Insights, Kind, Severity, Step
from lakehouse_assets.insight.published import stamped
from lakehouse_assets.insight.tables import insights, rows_of
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.service.admission.limits import LimiterInProcess
from lakehouse_assets.service.admission.work import Work
from lakehouse_assets.service.app import create_app
from lakehouse_assets.settings import Settings
from nlq.answering.answer import Answerer
from nlq.core.guard import Caller
from nlq.core.plan import Grain, Plan
from nlq.storage.keys import KeyStore

NOW = "2026-02-20T00:00:00"
SHAPE = {"code", "message", "details", "request_id", "timestamp"}


@dataclass(frozen=True)
class Served:
    """A running service; `keys` are the texts of its keys by holder."""

    app: Any
    url: str
    database: str
    keys: dict[str, str]

    def client(self, holder: str | None = None) -> httpx.Client:
        headers = {"authorization": f"Bearer {self.keys[holder]}"} if holder else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)


@contextmanager
def served(
    app: Any,
    database: str = "",
    keys: dict[str, str] | None = None,
    bounds: Bounds | None = None,
    settings: Settings | None = None,
    *,
    sockets: bool = False,
) -> Iterator[Served]:
    """The app as `asklake serve` serves it, on a free port."""
    server = uvicorn.Server(configured(app, settings or Settings(), "127.0.0.1", 0, bounds, sockets=sockets))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Served(app, f"http://127.0.0.1:{port}", database, keys or {})
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def service(asked_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Without keys, without limits."""
    database = f"sqlite:///{tmp_path_factory.mktemp('open')}/questions.db"
    app = create_app(asked_lake, loopback=True, limiter=LimiterInProcess(()), database=database)
    with served(app, database, sockets=True) as running:
        yield running


UNUSUAL = "Backlog of Ward 7 rose to another level on about Tue 2026-02-10: 31 a day since, after 12 (+158%)."


@pytest.fixture
def unusual(asked_lake: Lake, answerer: Answerer) -> Iterator[str]:
    """The lake while `semantic.insights` tells something unusual of complaints, to who sees all and to one tenant.

    It has what comes next, too, and is of the figures as they are: the insights are read from it.
    """
    rows: list[dict[str, Any]] = []
    for tenant in (None, "pb.amritsar"):
        vocabulary = answerer.vocabulary(Caller(tenant=tenant))
        basis = stamped({}, vocabulary, vocabulary, "pgr")
        rows += rows_of(_found(tenant), tenant, basis, [], datetime(2026, 2, 20))
    told = replace(insights, function=lambda _: rows)
    assert make(asked_lake, told, platform_contracts(), [], run_id="test").published
    yield UNUSUAL
    nothing = replace(insights, function=lambda _: [])
    assert make(asked_lake, nothing, platform_contracts(), [], run_id="test").published


def _found(tenant: str | None) -> Insights:
    shared: dict[str, Any] = {
        "domain": "pgr", "metric": "pgr_backlog", "label": "Backlog", "grain": Grain.DAY, "start": date(2026, 2, 10),
        "end": date(2026, 2, 19), "method": "By hand.", "plan": Plan(metrics=("pgr_backlog",), grain=Grain.DAY),
    }  # fmt: skip
    step = Insight(
        **shared, insight_id=f"step of {tenant}", kind=Kind.SHIFT, severity=Severity.HIGH, actual=31, expected=12,
        change=1.58, p=0.001, good=False, sentence=UNUSUAL if tenant is None else UNUSUAL.replace("31", "11"),
    )  # fmt: skip
    days = [date(2026, 2, day) for day in (20, 21)]
    outlook = Insight(
        **shared, insight_id=f"outlook of {tenant}", kind=Kind.FORECAST, severity=Severity.INFO,
        sentence="Backlog: about 31 in the 2 days from Fri 2026-02-20.",
        steps=tuple(Step(start=day, expected=31, low=25, high=37) for day in days),
    )  # fmt: skip
    return Insights(
        domain="pgr", title="Complaints", until=date(2026, 2, 19), tested=9, metrics=("pgr_backlog",),
        insights=(step, outlook),
    )  # fmt: skip


def make_keys(database: str) -> dict[str, str]:
    store = KeyStore(database)
    holders: dict[str, dict[str, Any]] = {
        "amritsar": {"tenant": "pb.amritsar", "role": "viewer"},
        "jalandhar": {"tenant": "pb.jalandhar", "role": "viewer"},
        "admin": {"role": "admin"},
    }
    keys = {name: store.create(name, **rights)[1] for name, rights in holders.items()}
    store.close()
    return keys


@pytest.fixture(scope="session")
def keyed(asked_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """With a key for each of two tenants and one for all, without limits."""
    database = f"sqlite:///{tmp_path_factory.mktemp('keyed')}/questions.db"
    keys = make_keys(database)
    app = create_app(
        asked_lake, loopback=True, limiter=LimiterInProcess(()), database=database, work=Work(8, longest_wait_s=60)
    )
    with served(app, database, keys, sockets=True) as running:
        yield running


@pytest.fixture
def database(tmp_path: Path) -> str:
    """A database of the test's own."""
    return f"sqlite:///{tmp_path}/questions.db"


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The error in a response, of the one shape there is."""
    assert response.status_code == status, response.text
    document = response.json()
    assert document.keys() == {"error"}
    error = document["error"]
    assert error.keys() == SHAPE
    assert error["code"] == code
    assert error["message"]
    assert error["request_id"] == response.headers["x-request-id"]
    assert "Traceback" not in response.text
    return error
