"""Run configs as an attacker writes them: what a run may be made to read, and for whom it may be made to answer."""

from __future__ import annotations

import http.server
import threading
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from lakehouse_assets.assets.bronze import OP, IngestConfig
from lakehouse_assets.assets.steps.run_config import refuse_oversized
from lakehouse_assets.assets.unloading import OP as TAKE_BACK
from lakehouse_assets.assets.unloading import unload_job
from lakehouse_assets.definitions import build_defs
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from tests.assets import tiny
from tests.assets.test_bronze import ingest, write_events

SECRET = "root:x:0:0:s3cr3t"


def test_a_run_reads_only_what_it_may_and_tells_nothing_of_the_rest(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    asked: list[str] = []

    class Inner(http.server.BaseHTTPRequestHandler):
        def handle(self) -> None:
            asked.append("something")

    secret = tmp_path / "shadow.csv"
    secret.write_text(f"{SECRET}\n")
    landed = write_events(Path(settings.landing_root) / "pgr_events" / "events.ndjson")
    (landed.parent / "link.csv").symlink_to(secret)
    with http.server.HTTPServer(("127.0.0.1", 0), Inner) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        inner = f"http://127.0.0.1:{server.server_port}/x.csv"
        named = [str(secret), inner, f"simplecache::{inner}", str(landed.parent)]
        result = ingest(settings, by_operator=False, files=named, source="pgr_events")
        server.shutdown()
    assert not result.success and asked == []
    words = "\n".join(str(e) for e in result.all_events)
    assert SECRET not in words and words.count("a run loads what lies below") >= 4
    assert not [e for e in result.all_events if e.is_step_up_for_retry]
    with lake.session() as session:
        loaded = session.query("select distinct source_file from bronze.service_events_raw").to_pylist()
    assert loaded == [{"source_file": str(landed)}], "what may be read is loaded all the same"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"folder": "{secret}"}, "a run loads what lies below"),
        ({"files": ["{landed}"], "source": "pgr_events", "mapping": "{secret}/x.yml"}, "asklake ingest --mapping"),
    ],
)
def test_a_run_looks_into_no_other_folder_and_reads_no_mapping(
    settings: Settings, tmp_path: Path, config: dict[str, Any], words: str
) -> None:
    (tmp_path / "x.yml").write_text(SECRET)
    (tmp_path / "pgr_events").mkdir()
    (tmp_path / "pgr_events" / "x.csv").write_text(SECRET)
    filled = {k: v.format(secret=tmp_path) if isinstance(v, str) else v for k, v in config.items()}
    result = ingest(settings, by_operator=False, **filled)
    told = "\n".join(str(e) for e in result.all_events)
    assert not result.success and words in told and SECRET not in told


def test_no_load_is_taken_back_but_the_one_that_is_named(settings: Settings, lake: Lake, tmp_path: Path) -> None:
    assert ingest(settings, files=[str(write_events(tmp_path / "events.ndjson"))], source="pgr_events").success
    before = lake.catalog.heads()
    for load in ("' or true --", "x' or 'a' = 'a", "\\' or true --", "%", ""):
        result = unload_job().execute_in_process(
            run_config={"ops": {TAKE_BACK: {"config": {"load": load}}}},
            resources={"lakehouse": tiny.resource(settings)}, raise_on_error=False,
        )  # fmt: skip
        assert not result.success and lake.catalog.heads() == before


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"files": ["x"] * 100_001}, "`files` of the run config has 100,001 entries"),
        ({"files": ["x" * 5_000]}, "`files` of the run config has 5,000 characters"),
        ({"source": "a" * 201}, "`source` of the run config has 201"),
        ({"tenant": "a\x1b[2Jb"}, "`tenant` of the run config holds line ends or control characters"),
    ],
)
def test_a_config_is_bounded(config: dict[str, Any], words: str) -> None:
    with pytest.raises(dg.Failure, match=words):
        refuse_oversized(IngestConfig(**config), names=frozenset({"source", "tenant"}))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> dg.RepositoryDefinition:
    return build_defs(tiny.parsed(Settings(home=tmp_path_factory.mktemp("home")))).get_repository_def()


@pytest.mark.parametrize(
    "config",
    [
        {"resources": {"lakehouse": {"config": {"home": "/elsewhere"}}}},
        {"loggers": {"console": {"config": {"log_level": "NONE"}}}},
        {"loggers": {"console": {"config": {"name": "x"}}}},
        {"ops": {"answer": {"config": {"question": "q", "tenant": "pb.amritsar"}}}},
        {"ops": {"answer": {"config": {"question": "q", "role": "admin"}}}},
        {"ops": {"answer": {"config": {"question": "q", "answer_id": "of-another"}}}},
        {"ops": {"answer": {"config": {"question": "q", "asked_by": "another"}}}},
        {"ops": {OP: {"config": {"by_operator": True}}}},
    ],
)
def test_no_job_takes_what_a_config_may_not_say(repository: dg.RepositoryDefinition, config: dict[str, Any]) -> None:
    for job in repository.get_all_jobs():
        with pytest.raises(dg.DagsterInvalidConfigError):
            dg.validate_run_config(job, config)


def test_every_config_is_known_here(repository: dg.RepositoryDefinition) -> None:
    """Another op, resource or logger that takes one is to be bounded as these are, and to be attacked above."""
    taking = {
        op.name
        for job in repository.get_all_jobs()
        for op in job.all_node_defs
        if isinstance(op, dg.OpDefinition) and getattr(op.config_schema.config_type, "fields", None)
    }
    assert taking == {OP, TAKE_BACK, "answer"}
    resources = {name for job in repository.get_all_jobs() for name in job.resource_defs}
    assert resources <= {"lakehouse", "io_manager"}
