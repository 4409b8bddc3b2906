"""Files to bronze through the real multi-asset."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from lakehouse_assets.assets.bronze import FILES, LOADED, OP, QUARANTINE_SHARE, RECONCILED, bronze_assets
from lakehouse_assets.assets.unloading import OP as TAKE_BACK
from lakehouse_assets.assets.unloading import TAKEN_BACK, unload_job
from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.ingest.loads.quarantine import replay
from lakehouse_assets.ingest.sources import Source, find_source
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.settings import Settings
from tests.assets import tiny


def event(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "event_id": f"E{number}", "event_time": "2024-03-01T10:00:00Z", "tenant_id": "pb.amritsar", "service": "PGR",
        "entity_type": "COMPLAINT", "entity_id": f"C{number}", "event_type": "CREATED", "status": None,
        "actor_type": "CITIZEN", "actor_id": None, "channel": "WEB", "ward_id": "WARD_01", "locality_id": None,
        "attributes": {"complaint_type": "STREETLIGHT", "priority": "HIGH", "sla_hours": 48}, **changes,
    }  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_events(tmp_path / "events.ndjson")


def write_events(path: Path) -> Path:
    """Four events and one that cannot be read."""
    rows = [event(i) for i in range(1, 5)] + [event(5, event_time="the day before yesterday")]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return path


def ingest(
    settings: Settings, tags: dict[str, str] | None = None, /, *, by_operator: bool = True, **config: Any
) -> dg.ExecuteInProcessResult:
    asset = bronze_assets(platform_contracts(), by_operator=by_operator)
    defs = dg.Definitions(
        assets=[asset],
        jobs=[dg.define_asset_job("job", selection=[asset], executor_def=dg.in_process_executor)],
        resources={"lakehouse": tiny.resource(settings)},
    )
    return defs.resolve_job_def("job").execute_in_process(
        run_config={"ops": {OP: {"config": config}}}, raise_on_error=False, tags=tags
    )


def test_rows_quarantine_and_loads_are_reported_together(settings: Settings, lake: Lake, file: Path) -> None:
    result = ingest(settings, files=[str(file)], source="pgr_events")
    assert result.success
    made = {".".join(e.asset_key.path) for e in result.get_asset_materialization_events() if e.asset_key}
    assert made == {"bronze.service_events_raw", "bronze.quarantine", "bronze.loads"}
    checks = {(".".join(c.asset_key.path), c.check_name): c for c in result.get_asset_check_evaluations()}
    assert checks["bronze.loads", RECONCILED].passed
    share = checks["bronze.quarantine", QUARANTINE_SHARE]
    assert not share.passed and share.severity is dg.AssetCheckSeverity.WARN
    assert share.metadata["share"].value == pytest.approx(0.2)
    assert checks["bronze.service_events_raw", "record_key__not_null"].metadata["total"].value == 4


def test_a_source_that_reads_a_database_is_loaded_by_its_name_alone(
    settings: Settings, lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(tmp_path / "pgr.db") as con:
        row = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in event(1).items()}
        names = list(row)
        con.execute(f"create table events ({', '.join(names)})")
        con.executemany(f"insert into events values ({', '.join('?' * len(names))})", [list(row.values())])
    con.close()
    source = find_source("pgr_events").model_dump(mode="json", exclude_defaults=True, exclude={"format"})
    document = {**source, "kind": "database", "database": {"access": "pgr", "table": "events", "cursor": "entity_id"}}
    (tmp_path / "own.yml").write_text(json.dumps({"sources": [document]}))
    config: dict[str, Any] = {"source": "pgr_events", "mapping": str(tmp_path / "own.yml")}

    refused = ingest(settings, **config)
    assert not refused.success and "the environment holds no access" in str(_failure(refused))
    monkeypatch.setenv("ASKLAKE_SOURCE_ACCESS", json.dumps({"pgr": f"sqlite:///{tmp_path}/pgr.db"}))
    first, again = ingest(settings, **config), ingest(settings, **config)
    made = [{".".join(m.asset_key.path) for m in _materialized(run)} for run in (first, again)]
    assert first.success and again.success and made == [{"bronze.service_events_raw", "bronze.loads"}, set()]


def _failure(result: dg.ExecuteInProcessResult) -> Any:
    return next(e.event_specific_data for e in result.all_events if e.event_type_value == "STEP_FAILURE")


def test_a_load_that_is_taken_back_is_told_of_each_table_that_lost_something(
    settings: Settings, lake: Lake, file: Path
) -> None:
    ingest(settings, files=[str(file)], source="pgr_events")
    with lake.session() as session:
        (load,) = session.query("select load_id from bronze.loads").column(0).to_pylist()

    def take_back(load_id: str) -> dg.ExecuteInProcessResult:
        return unload_job().execute_in_process(
            run_config={"ops": {TAKE_BACK: {"config": {"load": load_id}}}},
            resources={"lakehouse": tiny.resource(settings)}, raise_on_error=False,
        )  # fmt: skip

    done, again, unknown = take_back(load), take_back(load), take_back("no-such-load")
    told = {".".join(m.asset_key.path): m.metadata["dagster/row_count"].value for m in _materialized(done)}
    assert told == {"bronze.service_events_raw": 0, "bronze.quarantine": 0, "bronze.loads": 0}
    (observed,) = _of_type(done, dg.DagsterEventType.ASSET_OBSERVATION)
    document = observed.asset_observation.metadata[TAKEN_BACK].value
    assert (document["rows"], document["quarantined"], document["already_taken_back"]) == (4, 1, False)
    assert again.success and not _materialized(again)
    (failure,) = _of_type(unknown, dg.DagsterEventType.STEP_FAILURE)
    assert "there is no load 'no-such-load'" in failure.user_failure_data.description


def _of_type(result: dg.ExecuteInProcessResult, kind: dg.DagsterEventType) -> list[Any]:
    return [e.event_specific_data for e in result.all_events if e.event_type is kind]


def _materialized(result: dg.ExecuteInProcessResult) -> list[dg.AssetMaterialization]:
    return [data.materialization for data in _of_type(result, dg.DagsterEventType.ASSET_MATERIALIZATION)]


def test_the_same_file_again_adds_nothing_and_succeeds(settings: Settings, lake: Lake, file: Path) -> None:
    assert ingest(settings, files=[str(file)], source="pgr_events").success
    before = lake.catalog.heads()
    again = ingest(settings, files=[str(file)], source="pgr_events")
    assert again.success
    assert not again.get_asset_materialization_events()
    assert lake.catalog.heads() == before


def test_without_files_it_takes_the_landing_folder(settings: Settings, lake: Lake, file: Path) -> None:
    import os

    folder = Path(settings.landing_root) / "pgr_events"
    folder.mkdir(parents=True)
    landed = file.rename(folder / "events.ndjson")
    os.utime(landed, (1_700_000_000, 1_700_000_000))
    assert ingest(settings).success
    assert "bronze.service_events_raw" in lake.catalog.heads()


def test_sound_files_are_loaded_and_told_of_though_another_is_not(
    settings: Settings, lake: Lake, file: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.ndjson"
    empty.touch()
    result = ingest(settings, files=[str(empty), str(file)], source="pgr_events")
    assert not result.success
    failure = next(e for e in result.all_events if e.is_step_failure)
    assert "1 of 2 files failed" in str(failure.step_failure_data) and "empty.ndjson" in str(failure.step_failure_data)
    (rows,) = [
        e.materialization.metadata["rows_written"].value
        for e in result.get_asset_materialization_events()
        if e.asset_key == dg.AssetKey(["bronze", "service_events_raw"])
    ]
    assert rows == 4


def test_a_file_of_which_every_record_is_refused_is_no_success_and_no_news_of_the_table(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.ndjson"
    bad.write_text("".join(json.dumps(event(i, event_time="soon")) + "\n" for i in range(3)))
    result = ingest(settings, files=[str(bad)], source="pgr_events")
    assert not result.success
    (failure,) = [e for e in result.all_events if e.is_step_failure]
    assert "all 3 records are in quarantine" in str(failure.step_failure_data)
    made = {".".join(e.asset_key.path) for e in result.get_asset_materialization_events() if e.asset_key}
    assert made == {"bronze.quarantine", "bronze.loads"}
    whole = next(c for c in result.get_asset_check_evaluations() if c.check_name == LOADED)
    assert not whole.passed and whole.severity is dg.AssetCheckSeverity.ERROR
    assert "bad.ndjson" in (whole.description or "")
    again = ingest(settings, files=[str(bad)], source="pgr_events")
    assert not again.success and not again.get_asset_materialization_events()
    whole = next(c for c in again.get_asset_check_evaluations() if c.check_name == LOADED)
    assert not whole.passed and "all 3 records are in quarantine" in (whole.description or "")
    (observed,) = [e for e in again.all_events if e.is_asset_observation]
    told: Any = observed.asset_observation_data.asset_observation.metadata[FILES].value
    assert [t["outcome"] for t in told] == ["quarantined"]
    said = find_source("pgr_events").model_dump(exclude_defaults=True)
    said["columns"]["event_time"] = "'2024-03-01'"
    mended = Source.model_validate(said)
    assert replay(lake, source=mended, source_name="pgr_events").loaded == 3
    assert ingest(settings, files=[str(bad)], source="pgr_events").success


def test_a_folder_called_like_no_source_is_told_of_and_blames_no_table(
    settings: Settings, lake: Lake, file: Path, tmp_path: Path
) -> None:
    root = tmp_path / "laid-out"
    for name in ("pgr_events", "pgr_event"):
        (root / name).mkdir(parents=True)
        (root / name / "day.ndjson").write_bytes(file.read_bytes())
    (root / "pgr_events" / "loop").symlink_to("loop")
    result = ingest(settings, folder=str(root))
    assert result.success
    failed = [c for c in result.get_asset_check_evaluations() if not c.passed]
    assert {c.check_name for c in failed} == {LOADED, QUARANTINE_SHARE}
    words = next(c.description for c in failed if c.check_name == LOADED) or ""
    assert "no source 'pgr_event'" in words and "did you mean 'pgr_events'" in words
    (observed,) = [e for e in result.all_events if e.is_asset_observation]
    told: Any = observed.asset_observation_data.asset_observation.metadata[FILES].value
    assert [t["outcome"] for t in told] == ["passed over", "passed over"] and "loop" in told[1]["problem"]


def test_known_files_pass_every_check_and_name_their_load(settings: Settings, lake: Lake, file: Path) -> None:
    ingest(settings, files=[str(file)], source="pgr_events")
    again = ingest(settings, files=[str(file)], source="pgr_events")
    checks = again.get_asset_check_evaluations()
    assert all(c.passed for c in checks)
    assert {c.check_name for c in checks} >= {LOADED, RECONCILED, "record_key__not_null"}
    (observed,) = [e for e in again.all_events if e.is_asset_observation]
    documents: Any = observed.asset_observation_data.asset_observation.metadata[FILES].value
    (told,) = documents
    with lake.session() as session:
        (note,) = session.query("select load_id from bronze.loads").to_pylist()
    assert (told["file"], told["load_id"], told["rows_read"]) == (str(file), note["load_id"], 5)


def test_an_error_nobody_foresaw_refuses_its_file_alone(
    settings: Settings, lake: Lake, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lakehouse_assets.ingest.origins.files import FileOrigin

    other = tmp_path / "other.ndjson"
    other.write_text(json.dumps(event(7)) + "\n")
    honest = FileOrigin.open

    def surprised(opened: Any, *args: Any) -> Any:
        if opened.id == str(other):
            raise IndexError("list index out of range")
        return honest(opened, *args)

    monkeypatch.setattr(FileOrigin, "open", surprised)
    result = ingest(settings, files=[str(other), str(file)], source="pgr_events")
    (failure,) = [e for e in result.all_events if e.is_step_failure]
    words = str(failure.step_failure_data)
    assert "other.ndjson: it could not be loaded: list index out of range (IndexError)" in words
    assert not [e for e in result.all_events if e.is_step_up_for_retry] and "max_retries" not in words
    assert "bronze.service_events_raw" in lake.catalog.heads()


@pytest.mark.parametrize("by_sensor", [True, False])
def test_only_what_may_pass_is_tried_again_and_only_where_nobody_waits(
    settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch, by_sensor: bool
) -> None:
    from lakehouse_assets.assets import bronze
    from lakehouse_assets.lakehouse.publish.protocol import Publication

    def full(_publication: Any, _con: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bronze, "RETRY", dg.RetryPolicy(max_retries=1))
    monkeypatch.setattr(Publication, "audit", full)
    tags = {"dagster/sensor_name": "landing_folder"} if by_sensor else {}
    result = ingest(settings, tags, files=[str(file)], source="pgr_events")
    assert len([e for e in result.all_events if e.is_step_up_for_retry]) == int(by_sensor)
    (failure,) = [e for e in result.all_events if e.is_step_failure]
    assert "No space left on device" in str(failure.step_failure_data)
    assert "max_retries" not in str(failure.step_failure_data)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"files": ["/nowhere/at-all.csv"], "source": "pgr_events"}, "at-all.csv"),
        ({"files": ["x.csv"], "source": "no_such_source"}, "no_such_source"),
        ({"files": ["x.csv"]}, "files need a source"),
    ],
)
def test_what_cannot_be_loaded_fails_once_and_says_why(settings: Settings, config: dict[str, Any], words: str) -> None:
    result = ingest(settings, **config)
    assert not result.success
    failure = next(e for e in result.all_events if e.is_step_failure)
    assert words in str(failure.step_failure_data)
    assert not [e for e in result.all_events if e.is_step_up_for_retry]
