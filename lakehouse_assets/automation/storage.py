"""Dagster's storage of the cluster profile, which docker/dagster/dagster.yaml names.

Belongs here: what Dagster's own does not do for processes that begin together. Does not belong here: how events are
written on one machine (event_log), or any connection of the lake.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from dagster_postgres import DagsterPostgresStorage
from dagster_postgres.utils import create_pg_connection

from lakehouse_assets.automation._internals import ConfigurableClassData
from lakehouse_assets.automation.event_log import BATCH_SIZE
from lakehouse_assets.settings.types import sqlalchemy_postgres_url

_MAKING_TABLES = 0x0DA65739
"""Key of PostgreSQL's advisory lock for making Dagster's tables: a number that nothing else of the database uses."""


class PostgresStorage(DagsterPostgresStorage):
    """Dagster's storage on PostgreSQL, whose tables one process makes at a time, and whose events come in batches."""

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> PostgresStorage:
        """Make the storage that dagster.yaml describes."""
        # Dagster asks the environment, not the storage, whether events may come in batches.
        os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", str(BATCH_SIZE))
        url = sqlalchemy_postgres_url(config_value["postgres_url"])
        with _one_at_a_time(url):
            return cls(url, inst_data=inst_data)


@contextmanager
def _one_at_a_time(url: str) -> Iterator[None]:
    """Hold a lock of a PostgreSQL: processes that find no tables would all make them, and all but one fail."""
    with create_pg_connection(sa.create_engine(url, poolclass=sa.NullPool)) as held:
        held.execute(sa.select(sa.func.pg_advisory_lock(_MAKING_TABLES)))
        yield
