"""Dagster's storage of the cluster profile, on a real PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from dagster_postgres.storage import DagsterPostgresStorage

from lakehouse_assets.automation import storage
from lakehouse_assets.automation.storage import ProfileStorage
from tests.servers import Servers

pytestmark = pytest.mark.cluster
SCHEMA = "made_by_one"
"""The user of Dagster's database makes no others; a new schema is as empty as one."""


def test_one_process_at_a_time_makes_the_tables(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in servers.variables.items():
        monkeypatch.setenv(name, value)
    url = sa.make_url(servers.variables["ASKLAKE_POSTGRES_URL"]).set(drivername="postgresql+psycopg2")
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as con:
        con.execute(sa.schema.CreateSchema(SCHEMA))
    there = url.set(drivername="postgresql").update_query_dict({"options": f"-csearch_path={SCHEMA}"})
    monkeypatch.setenv("ASKLAKE_POSTGRES_URL", there.render_as_string(hide_password=False))
    with ThreadPoolExecutor() as pool, server.connect() as other:
        other.execute(sa.select(sa.func.pg_advisory_lock(storage._MAKING_TABLES)))
        making = pool.submit(ProfileStorage.from_config_value, None, {"base_dir": str(tmp_path)})  # pyright: ignore
        with pytest.raises(TimeoutError):
            making.result(2)
        assert not sa.inspect(server).get_table_names(SCHEMA)
        other.execute(sa.select(sa.func.pg_advisory_unlock(storage._MAKING_TABLES)))
        assert isinstance(making.result(60), DagsterPostgresStorage)
    assert {"runs", "event_logs", "instigators"} <= set(sa.inspect(server).get_table_names(SCHEMA))
    with server.connect() as con:
        con.execute(sa.schema.DropSchema(SCHEMA, cascade=True))
    server.dispose()
