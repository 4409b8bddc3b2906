"""Files to bronze through the real multi-asset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from lakehouse_assets.assets.bronze import OP, QUARANTINE_SHARE, RECONCILED, bronze_assets
from lakehouse_assets.contracts import platform_contracts
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
    path = tmp_path / "events.ndjson"
    rows = [event(i) for i in range(1, 5)] + [event(5, event_time="the day before yesterday")]
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return path


def ingest(settings: Settings, **config: Any) -> dg.ExecuteInProcessResult:
    asset = bronze_assets(platform_contracts())
    defs = dg.Definitions(
        assets=[asset],
        jobs=[dg.define_asset_job("job", selection=[asset], executor_def=dg.in_process_executor)],
        resources={"lakehouse": tiny.resource(settings)},
    )
    return defs.resolve_job_def("job").execute_in_process(
        run_config={"ops": {OP: {"config": config}}}, raise_on_error=False
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
