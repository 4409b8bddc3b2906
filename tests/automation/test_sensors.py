"""Sensors and schedules, evaluated with Dagster's own contexts over a real lake."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from lakehouse_assets import domains
from lakehouse_assets.assets.metadata.freshness import due_day
from lakehouse_assets.assets.steps.trying import HOST, NO_USE, PROCESS
from lakehouse_assets.automation import attempts, sensors
from lakehouse_assets.commands.lake.building import Builder, build_all, made_by, untold
from lakehouse_assets.commands.output import Out
from lakehouse_assets.definitions import build_defs
from lakehouse_assets.ingest.loads import standing as followed
from lakehouse_assets.intake import standing
from lakehouse_assets.intake.broker import Topic
from lakehouse_assets.intake.standing import Standing, TopicStanding
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from nlq.storage.queue import QuestionQueue
from tests.assets import tiny
from tests.assets.test_bronze import event
from tests.followed import following
from tests.ingest.conftest import sales_source
from tests.ingest.fetching.test_databases import reading


@pytest.fixture
def repository(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> dg.RepositoryDefinition:
    tiny.parsed(settings)
    monkeypatch.setenv("ASKLAKE_HOME", str(settings.home))
    return build_defs(settings, lakehouse=tiny.resource(settings)).get_repository_def()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def tick(
    repository: dg.RepositoryDefinition, name: str, instance: dg.DagsterInstance, settings: Settings,
    cursor: str | None = None,
) -> dg.SensorResult:  # fmt: skip
    context = dg.build_sensor_context(
        instance=instance, cursor=cursor, resources={"lakehouse": tiny.resource(settings)},
        repository_def=repository,
    )  # fmt: skip
    data = repository.get_sensor_def(name).evaluate_tick(context)
    return dg.SensorResult(
        run_requests=data.run_requests or [], cursor=data.cursor, asset_events=data.asset_events,
        skip_reason=data.skip_message if not data.run_requests else None,
    )  # fmt: skip


def test_a_source_that_fetches_is_requested_once_an_interval(
    repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, settings: Settings, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert not tick(repository, "fetched_sources", instance, settings).run_requests
    (tmp_path / "shop").mkdir()
    source = reading(every="PT15M").model_dump(mode="json", exclude_defaults=True, exclude={"format"})
    (tmp_path / "shop" / "sources.yml").write_text(json.dumps({"sources": [{**source, "dedup_key": ["order_id"]}]}))
    monkeypatch.setattr(domains, "FOLDER", tmp_path)
    (first,) = tick(repository, "fetched_sources", instance, settings).run_requests or []
    (again,) = tick(repository, "fetched_sources", instance, settings).run_requests or []
    assert first.run_key is not None and first.run_key.startswith("shop:")
    assert first.run_config == {"ops": {"load_files": {"config": {"source": "shop"}}}}
    assert first.run_key == again.run_key or time.time() % 900 < 60, "one run an interval"
    assert [k.path[-1] for k in first.asset_selection or []] == ["sample_sales", "loads", "quarantine"]


def test_bronze_moves_and_the_days_that_changed_are_requested(
    repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, settings: Settings, lake: Lake
) -> None:
    name = "bronze_to_gold_pgr"
    assert str(tick(repository, name, instance, settings).skip_reason) != "None"
    tiny.publish_events(lake, [("C1", "CREATED", "2024-03-01", 1), ("C2", "CREATED", "2024-03-03", 1)])
    (request,) = tick(repository, name, instance, settings).run_requests or []
    assert request.tags["dagster/asset_partition_range_start"] == "2024-03-01"
    assert request.tags["dagster/asset_partition_range_end"] == "2024-03-03"
    (again,) = tick(repository, name, instance, settings).run_requests or []
    assert again.run_key == request.run_key, "the same state of bronze never starts two runs"

    job = repository.get_job("build_pgr")
    done = job.execute_in_process(
        instance=instance, tags=request.tags, resources={"lakehouse": tiny.resource(settings)}
    )
    assert done.success
    built = tick(repository, name, instance, settings)
    assert not built.run_requests and built.cursor

    same = tick(repository, name, instance, settings, built.cursor)
    assert "nothing was published since" in str(same.skip_reason) and same.cursor == built.cursor
    tiny.publish_events(lake, [("C3", "CREATED", "2024-03-03", 1)])
    moved = tick(repository, name, instance, settings, built.cursor)
    assert moved.run_requests
    assert not moved.cursor or moved.cursor == built.cursor, "a state with days behind is looked at again"


def failed_run(
    repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, request: dg.RunRequest, tags: dict[str, str]
) -> dg.DagsterRun:
    """A run that was requested and failed just now."""
    run = instance.create_run_for_job(repository.get_job("build_pgr"), tags={**request.tags, **tags})
    instance.report_run_failed(run, "killed")
    return run


def test_a_build_that_was_killed_is_requested_again_and_again_but_not_for_ever(
    repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, settings: Settings, lake: Lake,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    tiny.publish_events(lake, [("C1", "CREATED", "2024-03-01", 1)])
    name, keys = "bronze_to_gold_pgr", []
    (request,) = tick(repository, name, instance, settings).run_requests or []
    run = failed_run(repository, instance, request, {})
    put_off = tick(repository, name, instance, settings)
    assert not put_off.run_requests and f"run {run.run_id} failed; the next is due" in str(put_off.skip_reason)
    monkeypatch.setattr(attempts, "WAITS", (timedelta(0), timedelta(0)))
    for _ in attempts.WAITS:
        keys.append(request.run_key)
        (request,) = tick(repository, name, instance, settings).run_requests or []
        failed_run(repository, instance, request, {})
    assert len({*keys, request.run_key}) == 3
    given_up = tick(repository, name, instance, settings)
    assert not given_up.run_requests and "3 runs failed" in str(given_up.skip_reason)
    tiny.publish_events(lake, [("C1", "ASSIGNED", "2024-03-02", 1)])
    assert tick(repository, "bronze_to_gold_pgr", instance, settings).run_requests, "other data, another cause"


def test_a_build_that_was_refused_is_not_requested_until_data_change(
    repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, settings: Settings, lake: Lake,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    tiny.publish_events(lake, [("C1", "CREATED", "2024-03-01", 1)])
    (request,) = tick(repository, "bronze_to_gold_pgr", instance, settings).run_requests or []
    failed_run(repository, instance, request, {NO_USE: "true"})
    monkeypatch.setattr(attempts, "WAITS", (timedelta(0),))
    assert not tick(repository, "bronze_to_gold_pgr", instance, settings).run_requests
    tiny.publish_events(lake, [("C1", "ASSIGNED", "2024-03-01", 1)])
    assert tick(repository, "bronze_to_gold_pgr", instance, settings).run_requests


def test_a_run_whose_process_is_gone_stands_in_nobodys_way(
    repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, settings: Settings, lake: Lake
) -> None:
    tiny.publish_events(lake, [("C1", "CREATED", "2024-03-01", 1)])
    child = subprocess.Popen(["true"])
    child.wait()
    job, here = repository.get_job("build_pgr"), socket.gethostname()
    runs = {
        name: instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags={HOST: host, PROCESS: str(pid)})
        for name, host, pid in (
            ("dead", here, child.pid),
            ("elsewhere", "other", child.pid),
            ("alive", here, os.getpid()),
        )
    }
    assert attempts.unfinished_run(instance, "build_pgr") in {runs["elsewhere"].run_id, runs["alive"].run_id}
    for name in ("elsewhere", "alive"):
        instance.delete_run(runs[name].run_id)
    assert attempts.unfinished_run(instance, "build_pgr") is None
    assert instance.get_run_by_id(runs["dead"].run_id).status == dg.DagsterRunStatus.FAILURE  # pyright: ignore
    assert tick(repository, "bronze_to_gold_pgr", instance, settings).run_requests


def test_a_run_that_was_killed_leaves_its_place_in_the_pool() -> None:
    with dg.DagsterInstance.local_temp(overrides={"concurrency": {"pools": {"default_limit": 1}}}) as kept:
        storage, child = kept.event_log_storage, subprocess.Popen(["true"])
        child.wait()
        job = dg.GraphDefinition(name="build_pgr").to_job()
        tags = {HOST: socket.gethostname(), PROCESS: str(child.pid)}
        dead = kept.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED, tags=tags)
        storage.initialize_concurrency_limit_to_default("pgr")
        storage.set_concurrency_slots("pgr", 1)
        assert storage.claim_concurrency_slot("pgr", dead.run_id, "pgr_tables").is_claimed
        attempts.free_places(kept)
        assert storage.claim_concurrency_slot("pgr", "next", "pgr_tables").is_claimed


def test_days_far_apart_are_runs_of_their_own(
    repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, settings: Settings, lake: Lake
) -> None:
    tiny.publish_events(lake, [("C1", "CREATED", "2022-03-01", 1), ("C2", "CREATED", "2024-03-03", 1)])
    requests = tick(repository, "bronze_to_gold_pgr", instance, settings).run_requests or []
    assert [r.tags["dagster/asset_partition_range_start"] for r in requests] == ["2022-03-01", "2024-03-03"]
    assert len({r.run_key for r in requests}) == 2


def test_days_of_bronze_that_no_run_builds_are_told(
    repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, settings: Settings, lake: Lake
) -> None:
    """They came into bronze when the domain had an earlier first day."""
    events = [(f"C{n}", "CREATED", day, 1) for n, day in enumerate(("2009-12-30", "2009-12-31"))]
    tiny.publish_events(lake, events, contract=replace(tiny.EVENTS, first_day=None))
    said = "pgr: 2009-12-30 to 2009-12-31 are 2 days of bronze before 2010-01-01, the first day of the domain"
    told = tick(repository, "bronze_to_gold_pgr", instance, settings)
    assert said in str(told.skip_reason)
    assert not told.cursor, "they are told again at each look"
    with dg.DagsterInstance.local_temp() as kept:
        made = Builder(Out(as_json=True), settings, kept)
        tables = made.tables_of(None, "pgr")
        assert build_all(made, made_by(made, tables, "dbt"), None, None, named=False) == []
        assert [text[: len(said)] for text in untold(made, tables)] == [said]


def test_nothing_is_requested_while_a_build_runs(
    repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, settings: Settings, lake: Lake
) -> None:
    tiny.publish_events(lake, [("C1", "CREATED", "2024-03-01", 1)])
    run = instance.create_run_for_job(repository.get_job("build_pgr"), status=dg.DagsterRunStatus.STARTED)
    result = tick(repository, "bronze_to_gold_pgr", instance, settings)
    assert not result.run_requests
    assert run.run_id in str(result.skip_reason)


def test_the_hourly_schedule_requests_the_same(
    repository: dg.RepositoryDefinition, settings: Settings, lake: Lake
) -> None:
    tiny.publish_events(lake, [("C1", "CREATED", "2024-03-01", 1)])
    with (
        dg.DagsterInstance.local_temp() as kept,
        dg.build_schedule_context(instance=kept, resources={"lakehouse": tiny.resource(settings)}) as context,
    ):
        (request,) = repository.get_schedule_def("hourly_pgr").evaluate_tick(context).run_requests or []
    assert request.tags["dagster/asset_partition_range_end"] == "2024-03-01"


def test_a_landed_file_is_requested_once_it_is_complete(
    repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, settings: Settings, lake: Lake
) -> None:
    folder = Path(settings.landing_root) / "pgr_events"
    folder.mkdir(parents=True)
    file = folder / "day.ndjson"
    file.write_text(json.dumps(event(1)) + "\n")
    assert not tick(repository, "landing_folder", instance, settings).run_requests, "it may still be written"
    os.utime(file, (1_700_000_000, 1_700_000_000))
    result = tick(repository, "landing_folder", instance, settings)
    (request,) = result.run_requests or []
    assert not tick(repository, "landing_folder", instance, settings, result.cursor).run_requests
    tables = {".".join(key.path) for key in request.asset_selection or []}
    assert tables == {"bronze.service_events_raw", "bronze.loads", "bronze.quarantine"}

    done = repository.get_job("ingest").execute_in_process(
        run_config=request.run_config, instance=instance, resources={"lakehouse": tiny.resource(settings)}
    )
    assert done.success
    assert "bronze.service_events_raw" in lake.catalog.heads()


def test_a_folder_of_no_source_is_a_run_that_fails_with_the_reason(
    repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, settings: Settings
) -> None:
    folder = Path(settings.landing_root) / "no_such_source"
    folder.mkdir(parents=True)
    (folder / "day.ndjson").write_text("{}\n")
    os.utime(folder / "day.ndjson", (1_700_000_000, 1_700_000_000))
    (request,) = tick(repository, "landing_folder", instance, settings).run_requests or []
    assert [key.path for key in request.asset_selection or []] == [["bronze", "loads"]]
    done = repository.get_job("ingest").execute_in_process(
        run_config=request.run_config,
        instance=instance,
        resources={"lakehouse": tiny.resource(settings)},
        raise_on_error=False,
    )
    assert not done.success
    assert any("no_such_source" in str(e.step_failure_data) for e in done.all_events if e.is_step_failure)


def test_a_file_that_comes_back_is_requested_again_and_what_waits_is_told(
    repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, settings: Settings
) -> None:
    folder = Path(settings.landing_root) / "pgr_events"
    folder.mkdir(parents=True)
    (folder / "loop.ndjson").symlink_to("loop.ndjson")
    file, away = folder / "day.ndjson", folder.parent / ".away"
    file.write_text(json.dumps(event(1)) + "\n")
    os.utime(file, (1_700_000_000, 1_700_000_000))
    first = tick(repository, "landing_folder", instance, settings)
    file.rename(away)
    gone = tick(repository, "landing_folder", instance, settings, first.cursor)
    assert "loop.ndjson is a link that leads back to itself" in str(gone.skip_reason)
    away.rename(file)
    again = tick(repository, "landing_folder", instance, settings, gone.cursor)
    keys = [request.run_key for found in (first, again) for request in found.run_requests or []]
    assert len(keys) == 2 and len(set(keys)) == 2


def test_waiting_questions_are_one_run(
    repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, settings: Settings
) -> None:
    assert not tick(repository, "question_queue", instance, settings).run_requests
    queue = QuestionQueue(settings.queue_url)
    for text in ("How many complaints?", "How many open complaints?"):
        queue.enqueue(text)
    (request,) = tick(repository, "question_queue", instance, settings).run_requests or []
    assert request.tags["questions"] == "2"


def test_yesterday_is_due_from_six_o_clock() -> None:
    assert due_day(datetime(2024, 3, 10, 6, 0, tzinfo=UTC)).isoformat() == "2024-03-09"
    assert due_day(datetime(2024, 3, 10, 5, 59, tzinfo=UTC)).isoformat() == "2024-03-08"


def test_freshness_is_red_until_the_due_day_is_built(
    repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, settings: Settings
) -> None:
    (request,) = tick(repository, "freshness_checks", instance, settings).run_requests or []
    assert repository.get_sensor_def("freshness_checks").minimum_interval_seconds == 3600
    job = repository.get_job(request.job_name or "freshness")
    checks = job.execute_in_process(instance=instance).get_asset_check_evaluations()
    assert checks and not any(c.passed for c in checks)
    key = dg.AssetKey(["silver", "silver_pgr_events"])
    day = due_day(datetime.now(UTC)).isoformat()
    instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=day))
    passed = {c.asset_key for c in job.execute_in_process(instance=instance).get_asset_check_evaluations() if c.passed}
    assert passed == {key}
    instance.create_run_for_job(job)
    assert "is checking" in str(tick(repository, "freshness_checks", instance, settings).skip_reason)


def test_how_far_tables_are_followed_is_observed_of_their_table(
    repository: dg.RepositoryDefinition,
    instance: dg.DagsterInstance,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "no source follows a table" in str(tick(repository, "followed_tables", instance, settings).skip_reason)
    monkeypatch.setattr(sensors, "all_sources", lambda: {"shop_lines": following()})
    stands = followed.Standing("lines", "asklake_shop_lines_1", "0/10", 5, 7, ("told",))
    monkeypatch.setattr(followed, "standings", lambda *_: [(following(), stands)])
    (observed,) = tick(repository, "followed_tables", instance, settings).asset_events
    assert observed.asset_key == dg.AssetKey(["bronze", "sample_sales"])
    assert (observed.metadata["bytes of log kept"].value, observed.metadata["problems"].value) == (7, "told")


def test_how_far_topics_are_loaded_is_observed_of_their_table(
    repository: dg.RepositoryDefinition,
    instance: dg.DagsterInstance,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "no source is of kind kafka" in str(tick(repository, "topics", instance, settings).skip_reason)
    found = sales_source(format="json", kind="kafka", topics=["sales"])
    monkeypatch.setattr(sensors, "all_sources", lambda: {"shop": found})
    topic = Topic("sales", "1" * 32, (0,))
    stands = TopicStanding("sales", (Standing(topic, 0, 5, 0, 12, 5),), problems=("told",))
    monkeypatch.setattr(standing, "topics_of", lambda *_: [(found, stands)])
    (observed,) = tick(repository, "topics", instance, settings).asset_events
    assert observed.asset_key == dg.AssetKey(["bronze", "sample_sales"])
    assert (observed.metadata["lag"].value, observed.metadata["problems"].value) == (7, "told")
