"""What the instances of both profiles are, and the storage of the cluster's on a real PostgreSQL."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from dagster._core.instance.ref import InstanceRef
from dagster_aws.s3 import S3ComputeLogManager
from dagster_postgres.storage import DagsterPostgresStorage

from lakehouse_assets.automation import storage
from lakehouse_assets.automation.storage import PostgresStorage
from lakehouse_assets.commands.lake.orchestrator import environment
from lakehouse_assets.settings import Settings
from tests.servers import Servers

ADDRESSES = {
    "engine_url": "http://trino:8080",
    "nessie_url": "http://nessie:19120",
    "warehouse_url": "s3://warehouse",
    "s3_endpoint": "http://s3:7070",
    "s3_region": "eu-central-1",
    "s3_access_key": "the-key",
    "s3_secret_key": "another-word",
    "postgres_url": "postgres://user:secret-word@db:5432/asklake",
    "logs_bucket": "logs",
}
SERVED = Settings.model_validate({"profile": "cluster", **ADDRESSES})
SCHEMA = "made_by_one"
"""The user of Dagster's database makes no others; a new schema is as empty as one."""


@pytest.mark.cluster
def test_one_process_at_a_time_makes_the_tables(servers: Servers) -> None:
    url = sa.make_url(servers.variables["ASKLAKE_POSTGRES_URL"]).set(drivername="postgresql+psycopg2")
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as con:
        con.execute(sa.schema.CreateSchema(SCHEMA))
    there = url.set(drivername="postgresql").update_query_dict({"options": f"-csearch_path={SCHEMA}"})
    config = {"postgres_url": there.render_as_string(hide_password=False)}
    with ThreadPoolExecutor() as pool, server.connect() as other:
        other.execute(sa.select(sa.func.pg_advisory_lock(storage._MAKING_TABLES)))
        making = pool.submit(PostgresStorage.from_config_value, None, config)
        with pytest.raises(TimeoutError):
            making.result(2)
        assert not sa.inspect(server).get_table_names(SCHEMA)
        other.execute(sa.select(sa.func.pg_advisory_unlock(storage._MAKING_TABLES)))
        assert isinstance(making.result(60), DagsterPostgresStorage)
    assert {"runs", "event_logs", "instigators"} <= set(sa.inspect(server).get_table_names(SCHEMA))
    with server.connect() as con:
        con.execute(sa.schema.DropSchema(SCHEMA, cascade=True))
    server.dispose()


def test_the_instances_of_the_profiles_differ_in_storage_and_logs_only() -> None:
    local, cluster = (
        yaml.safe_load((settings.dagster_instance / "dagster.yaml").read_text())
        for settings in (Settings(profile="local"), SERVED)
    )
    for described in (local, cluster):
        del described["storage"], described["compute_logs"]
    assert local == cluster


def test_the_cluster_profile_has_its_instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but the connection, which Dagster makes at once: the tests of the cluster have one."""
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(PostgresStorage, "__init__", lambda self, url, inst_data: asked.append((url, str(inst_data))))
    monkeypatch.setattr(storage, "_one_at_a_time", lambda url: nullcontext())
    settings = SERVED.model_copy(update={"home": tmp_path})
    for name, value in {**ADDRESSES, **environment(settings)}.items():
        monkeypatch.setenv(name if name.isupper() else f"ASKLAKE_{name.upper()}", value)
    ref = InstanceRef.from_dir(os.environ["DAGSTER_HOME"])
    assert isinstance(ref.storage, PostgresStorage)
    ((url, description),) = asked
    assert url == "postgresql+psycopg2://user:secret-word@db:5432/asklake"
    assert "secret-word" not in description
    logs = ref.compute_log_manager
    assert isinstance(logs, S3ComputeLogManager)
    assert (logs._s3_bucket, logs._region) == ("logs", "eu-central-1")
    client = logs._s3_session
    assert client.meta.endpoint_url == ADDRESSES["s3_endpoint"]
    assert client._request_signer._credentials.access_key == ADDRESSES["s3_access_key"]
