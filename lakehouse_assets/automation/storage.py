"""Where Dagster keeps runs, events and logs: the profile decides, so that one dagster.yaml serves both.

Belongs here: choosing. Does not belong here: how events are written (event_log), or any connection of the lake.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from lakehouse_assets.automation._internals import ConfigurableClassData, DagsterStorage, LocalComputeLogManager
from lakehouse_assets.automation.event_log import BATCH_SIZE, BatchingSqliteStorage
from lakehouse_assets.settings import get_settings

_MAKING_TABLES = 0x0DA65739
"""Key of PostgreSQL's advisory lock for making Dagster's tables: a number that nothing else of the database uses."""


class ProfileStorage(BatchingSqliteStorage):
    """SQLite in `base_dir` for the local profile, PostgreSQL for the cluster."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Any) -> DagsterStorage:  # pyright: ignore
        """Make the storage of the profile."""
        settings = get_settings()
        if settings.parts.state == "sqlite":
            return BatchingSqliteStorage.from_config_value(inst_data, config_value)
        from dagster_postgres.storage import DagsterPostgresStorage

        os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(BATCH_SIZE))
        with _one_at_a_time(settings.postgres_sqlalchemy_url):
            return DagsterPostgresStorage(settings.postgres_sqlalchemy_url, inst_data=inst_data)


@contextmanager
def _one_at_a_time(url: str) -> Iterator[None]:
    """Hold a lock of a PostgreSQL: processes that find no tables would all make them, and all but one fail."""
    from dagster_postgres.utils import create_pg_connection

    with create_pg_connection(sa.create_engine(url, poolclass=sa.NullPool)) as held:
        held.execute(sa.select(sa.func.pg_advisory_lock(_MAKING_TABLES)))
        yield


class ProfileComputeLogs(LocalComputeLogManager):
    """Logs of runs: a folder for the local profile, S3 for the cluster where ASKLAKE_LOGS_URL names a bucket."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Any) -> Any:
        """Make the log manager of the profile."""
        settings = get_settings()
        if settings.parts.state == "sqlite" or not settings.logs_url:
            return LocalComputeLogManager.from_config_value(inst_data, config_value)
        from dagster_aws.s3 import S3ComputeLogManager

        # boto3 takes keys from the environment only.
        os.environ["AWS_ACCESS_KEY_ID"] = settings.s3_access_key.get_secret_value()
        os.environ["AWS_SECRET_ACCESS_KEY"] = settings.s3_secret_key.get_secret_value()
        place = urlsplit(settings.logs_url)
        return S3ComputeLogManager(
            bucket=place.netloc,
            prefix=place.path.strip("/") or "dagster",
            local_dir=config_value["base_dir"],
            endpoint_url=settings.s3_endpoint,
            region=settings.s3_region,
            inst_data=inst_data,
        )
