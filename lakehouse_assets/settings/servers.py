"""The settings of the servers that a lakehouse may stand on: engine, Nessie, S3, PostgreSQL, Redis.

Belongs here: their addresses and keys, which are the process's as all others. Does not belong here: reading the
environment, which of them a profile needs (settings).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import BaseModel, Field, SecretStr

from lakehouse_assets.settings.types import (
    Address,
    SecretAddress,
    sqlalchemy_postgres_url,
)

MAIN = "main"
"""The branch everyone reads."""


class ServerSettings(BaseModel):
    """What the environment decides of servers."""

    engine_url: Address = Field(
        default="", description="Server of the engine, such as Trino's coordinator, as http(s)://user@host:port."
    )
    engine_password: SecretStr = Field(
        default=SecretStr(""), description="Password of the user there, if it needs one."
    )
    nessie_url: Address = Field(default="", description="Nessie server, as http://host:port.")
    warehouse_url: Address = Field(
        default="", description="Where the Iceberg tables lie, as s3://bucket or s3://bucket/prefix."
    )
    s3_endpoint: Address = Field(default="", description="S3 server, as http(s)://host:port.")
    s3_region: str = Field(default="us-east-1", description="Region of the S3 server.")
    s3_access_key: SecretStr = Field(default=SecretStr(""), description="Access key of the S3 server.")
    s3_secret_key: SecretStr = Field(default=SecretStr(""), description="Secret key of the S3 server.")
    postgres_url: SecretAddress = Field(
        default=SecretStr(""),
        description="PostgreSQL database of the question queue and of Dagster, as postgresql://user:password@host/name.",
    )
    redis_url: SecretAddress = Field(
        default=SecretStr(""),
        description="Redis that several API processes share limits and answers in; none: each its own.",
    )
    logs_bucket: str = Field(default="", description="Bucket of the S3 server for the logs of Dagster's runs.")
    branch: str = Field(default=MAIN, description="Branch of the cluster profile that is read and published to.")
    branch_retention: timedelta = Field(
        default=timedelta(days=7), description="How long the branch of a publication that failed its audit is kept."
    )

    @property
    def postgres_sqlalchemy_url(self) -> str:
        """SQLAlchemy URL of PostgreSQL, by the driver that is installed."""
        return sqlalchemy_postgres_url(self.postgres_url.get_secret_value())

    @property
    def s3_options(self) -> dict[str, Any]:
        """Fsspec's options of the S3 server, where one is named."""
        if not self.s3_endpoint:
            return {}
        return {
            "key": self.s3_access_key.get_secret_value(),
            "secret": self.s3_secret_key.get_secret_value(),
            "client_kwargs": {"endpoint_url": self.s3_endpoint, "region_name": self.s3_region},
        }
