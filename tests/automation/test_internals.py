"""What the door into Dagster uses is where it was; see `tests.doors`."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from tests.doors import Member, require

DOOR = "lakehouse_assets/automation/_internals.py"
_STORAGE = "dagster._core.storage"
_LOG = f"{_STORAGE}.event_log.sqlite.sqlite_event_log:SqliteEventLogStorage"
_EVENT = ("conn", "event", "event_id")
MEMBERS = [
    Member("dagster._core.definitions.definitions_load_context:DefinitionsLoadContext.get"),
    Member("dagster._core.definitions.definitions_load_context:DefinitionsLoadContext.load_type"),
    Member("dagster._core.definitions.definitions_load_context:DefinitionsLoadType.INITIALIZATION"),
    Member("dagster._core.definitions.repository_definition.valid_definitions:SINGLETON_REPOSITORY_NAME"),
    Member("dagster._core.event_api:EventHandlerFn"),
    Member("dagster._core.remote_origin:RegisteredCodeLocationOrigin"),
    Member("dagster._core.remote_origin:RemoteRepositoryOrigin"),
    Member("dagster._core.remote_origin:RemoteJobOrigin.location_name"),
    Member("dagster:DagsterInstance.create_run_for_job", ("remote_job_origin",)),
    Member("dagster._core.events:ASSET_CHECK_EVENTS"),
    Member(f"{_STORAGE}.asset_check_execution_record:AssetCheckExecutionRecordStatus.PLANNED"),
    Member(f"{_STORAGE}.base_storage:DagsterStorage"),
    Member(f"{_STORAGE}.event_log.polling_event_watcher:SqlPollingEventWatcher.watch_run"),
    Member(f"{_STORAGE}.event_log.polling_event_watcher:SqlPollingEventWatcher.unwatch_run"),
    Member(f"{_STORAGE}.event_log.schema:AssetCheckExecutionsTable.c.evaluation_event_storage_id"),
    Member(f"{_STORAGE}.event_log.schema:SqlEventLogStorageTable.c.id"),
    Member(f"{_STORAGE}.event_log.sqlite.sqlite_event_log:INDEX_SHARD_NAME"),
    Member(_LOG, ("base_dir", "inst_data")),
    Member(f"{_LOG}._connect", ("shard",)),
    Member(f"{_LOG}._initdb", ("engine",)),
    Member(f"{_LOG}._initialized_dbs", of_instance=True),
    Member(f"{_LOG}._db_lock", of_instance=True),
    Member(f"{_LOG}._event_to_row", ("event",)),
    Member(f"{_LOG}._event_insert_timestamp", ("event",)),
    Member(f"{_LOG}._store_asset_event", _EVENT),
    Member(f"{_LOG}._store_asset_event_tags", ("conn", "events", "event_ids")),
    Member(f"{_LOG}._store_asset_check_evaluation_planned", ("event", "event_id")),
    Member(f"{_STORAGE}.local_compute_log_manager:LocalComputeLogManager.from_config_value"),
    *(
        Member(f"{_STORAGE}.{module}:create_db_conn_string", ("base_dir", "db_name"))
        for module in (
            "sqlite",
            "event_log.sqlite.sqlite_event_log",
            "runs.sqlite.sqlite_run_storage",
            "schedules.sqlite.sqlite_schedule_storage",
        )
    ),
    Member(f"{_STORAGE}.sqlite_storage:DagsterSqliteStorage", ("base_dir", "inst_data")),
    Member(f"{_STORAGE}.sqlite_storage:DagsterSqliteStorage._event_log_storage", of_instance=True),
    Member(f"{_STORAGE}.root:LocalArtifactStorage"),
    Member("dagster._serdes:ConfigurableClassData"),
    Member("dagster._serdes:serialize_value"),
    Member("dagster:JobDefinition.asset_layer"),
    Member("dagster._core.definitions.assets.job.asset_layer:AssetLayer.executable_asset_keys"),
    Member(
        "dagster._core.workspace.context:WorkspaceProcessContext",
        ("instance", "workspace_load_target", "version", "read_only", "code_server_log_level"),
    ),
    Member("dagster._core.workspace.load_target:WorkspaceFileTarget.paths"),
]


@pytest.mark.parametrize("member", MEMBERS, ids=lambda m: m.place)
def test_it_is_where_it_was(member: Member) -> None:
    require(DOOR, "dagster", member)


def test_the_webserver_makes_its_app_of_a_workspace() -> None:
    require(
        DOOR,
        "dagster-webserver",
        Member(
            "dagster_webserver.app:create_app_from_workspace_process_context",
            ("workspace_process_context", "live_data_poll_rate"),
        ),
    )


def test_the_daemon_is_a_module_with_a_command() -> None:
    assert find_spec("dagster._daemon.__main__"), "dagster moved its daemon: change commands/serving/dev.py"
