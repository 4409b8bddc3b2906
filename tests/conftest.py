"""Fixtures every test may use: settings and a lake in a folder of the test's own; the servers of the cluster."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import psycopg2
import pytest
import sqlalchemy as sa
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from lakehouse_assets.lakehouse.engines.trino import require_trino
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.nessie.client import MAIN, NOTHING, Nessie, Reference
from lakehouse_assets.settings import Settings
from tests.followed import Database
from tests.public_data import DATA
from tests.servers import Servers, missing

if TYPE_CHECKING:
    from nlq.answering.answer import Answerer

# How long an example takes tells of the machine and of what else it does. In CI the examples are the same every time,
# so that a change is judged by itself; everywhere else they are new ones.
hypothesis.settings.register_profile("asklake", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("asklake")
# So does how long a request waits for a thread: whoever tests that says how long it may.
os.environ.setdefault("ASKLAKE_QUEUE_TIMEOUT_S", "60")

TOGETHER = (
    ("tests/e2e/",),
    ("tests/nlq/", "tests/semantic/", "tests/service/"),
    ("tests/questions/",),
    ("tests/faults/",),
)
"""Folders whose tests share what takes long to make, the longest first: a lakehouse by the real command, a lake that is
asked and the services over it, the question sets asked, a server of forks."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """How thorough the tests that kill processes are, and whether a test may be skipped."""
    parser.addoption("--kills", type=int, default=6, help="kills of an ingest, and of a materialize (default 6)")
    parser.addoption(
        "--missing", choices=("skip", "fail"), default="skip",
        help="tests of which this machine lacks something, a browser, a server or a command: skipped, or failed",
    )  # fmt: skip


def pytest_configure() -> None:
    """Tests interrupt the commands they start, which is ignored where pytest was started in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> str:
    """Whether rows of public data sets are tried besides those that tests make."""
    return f"public data: {DATA if DATA.exists() else 'rows that the tests make'}"


def _place(module: str) -> int:
    """Which of the folders that are done together a module is in; their number for none."""
    return next((n for n, folders in enumerate(TOGETHER) if module.startswith(folders)), len(TOGETHER))


class _Together(LoadScopeScheduling):
    """Gives each process one module after the other, but all those of some folders to one of them.

    What a module's tests share is then made once, and so is what only those folders need.
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        place = _place(module)
        return TOGETHER[place][0] if place < len(TOGETHER) else module


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """How tests are shared out to processes."""
    return _Together(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is done together comes first where tests are shared out, so that modules are left to fill the end; the
    first test of the cluster waits for the start of its servers."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _place(item.nodeid))
    for item in items:
        if item.get_closest_marker("cluster") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(900))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where nothing may be missing, a test that was skipped has failed."""
    report = yield
    if item.config.getoption("--missing") == "fail" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which --missing fail does not allow: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """A command called in this process sets variables for the processes it starts; the next test has none of them."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose data folder is the test's own, whatever the environment says."""
    return Settings(profile="local", home=tmp_path / "home", landing="", dagster_home=None)


@pytest.fixture
def lake(settings: Settings) -> Lake:
    """An empty lake."""
    return Lake(settings)


@pytest.fixture(scope="session")
def asked_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake of a few hundred cases and order lines; its marts stay as they are, answers may be stored in it."""
    from tests.semantic.tables import new_lake

    return new_lake(tmp_path_factory.mktemp("asked"))


@pytest.fixture(scope="session")
def lake_of_one(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The rows that one tenant, `pb.amritsar`, has in that lake, and no others; nothing writes to it."""
    from tests.semantic.tables import new_lake

    return new_lake(tmp_path_factory.mktemp("one"), tenant="pb.amritsar")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.cluster)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database for questions, of either kind; on PostgreSQL a schema of the test's own."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'home' / 'questions.db'}"
        return
    variables = request.getfixturevalue("servers").variables
    server = sa.make_url(variables["ASKLAKE_POSTGRES_URL"].replace("postgresql://", "postgresql+psycopg2://"))
    schema = f"test_{uuid.uuid4().hex}"
    engine = sa.create_engine(server)
    with engine.begin() as con:
        con.execute(sa.schema.CreateSchema(schema))
    yield server.update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(hide_password=False)
    with engine.begin() as con:
        con.execute(sa.schema.DropSchema(schema, cascade=True))
    engine.dispose()


@pytest.fixture(scope="session")
def answerer(asked_lake: Lake) -> Answerer:
    """What answers questions over that lake."""
    from nlq.factory import open_answerer

    return open_answerer(asked_lake)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The servers of the cluster, all ready; for tests marked `cluster`. None of their processes outlives the tests."""
    if absent := missing():
        pytest.skip(absent)
    started = Servers.fresh(tmp_path_factory.mktemp("cluster"))
    try:
        started.script("up")
        yield started
    finally:
        started.script("wipe")
    assert not started.processes()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """A PostgreSQL of the cluster alone; for tests marked `cluster`."""
    if absent := missing():
        pytest.skip(absent)
    started = Servers.fresh(tmp_path_factory.mktemp("postgres"))
    try:
        started.script("up", "postgres")
        yield started
    finally:
        started.script("wipe")
    assert not started.processes()


@pytest.fixture(scope="session")
def logical_postgres(postgres_server: Servers) -> str:
    """Its address, without the name of a database."""
    given = postgres_server.variables
    return f"postgresql://postgres:{given['LAKE_POSTGRES_PASSWORD']}@127.0.0.1:{given['LAKE_POSTGRES_PORT']}"


@pytest.fixture
def shop(logical_postgres: str) -> Iterator[Database]:
    """An empty database there."""
    name = f"shop_{uuid.uuid4().hex[:12]}"
    with closing(psycopg2.connect(f"{logical_postgres}/postgres")) as owner:
        owner.autocommit = True
        with owner.cursor() as cursor:
            cursor.execute(f"create database {name}")
        with closing(psycopg2.connect(f"{logical_postgres}/{name}")) as session:
            session.autocommit = True
            found = Database(f"{logical_postgres}/{name}", session)
            yield found
            for slot in found.slots:
                found.run("select pg_drop_replication_slot(%s)", slot)
        with owner.cursor() as cursor:
            cursor.execute(f"drop database {name} with (force)")


@pytest.fixture
def cluster_settings(servers: Servers, tmp_path: Path) -> Settings:
    """Settings of the cluster profile on these servers, with nothing but an empty main; for tests marked `cluster`."""
    given = {k.removeprefix("ASKLAKE_").lower(): v for k, v in servers.variables.items() if k.startswith("ASKLAKE_")}
    wanted = {k: v for k, v in given.items() if k in Settings.model_fields and k not in ("home", "landing")}
    made = Settings(**{**wanted, "home": tmp_path / "cluster", "landing": "", "dagster_home": None})  # pyright: ignore
    nessie, engine = Nessie(made.nessie_url), require_trino(Lake(made).engine)
    nessie.assign(nessie.reference(), Reference("", NOTHING, "DETACHED"))
    # What a test that failed has left would fail the next one, too.
    for catalog in engine.catalogs():
        engine.drop_catalog(catalog)
    for reference in nessie.references():
        if reference.name != MAIN:
            nessie.drop(reference)
    return made


@pytest.fixture
def duckdb_cluster_lake(cluster_settings: Settings) -> Lake:
    """An empty lake of the cluster profile whose engine is DuckDB, on the tables of Nessie and S3."""
    return Lake(cluster_settings.model_copy(update={"engine": "duckdb"}))


@pytest.fixture
def cluster_lake(cluster_settings: Settings) -> Lake:
    """An empty lake of the cluster profile."""
    return Lake(cluster_settings)
