"""The settings of what comes in: the intake log, Kafka, files sent over HTTP, databases and APIs.

Belongs here: their fields, which are the process's as all others. Does not belong here: reading the environment,
folders below the home (settings), what a source says (ingest).
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from lakehouse_assets.settings.types import (
    Address,
    Size,
    size_in_bytes,
)


class IntakeSettings(BaseModel):
    """What the environment decides of what comes in."""

    intake_every_s: float = Field(
        default=2.0, gt=0, description="Seconds after which accepted events are committed to bronze."
    )
    intake_backlog: Size = Field(
        default="2GB", description="Bytes of accepted events that wait for bronze from which on no more are taken."
    )
    intake_most_body: int = Field(
        default=8 << 20, gt=0, description="Bytes of a request that sends events, also once it is decompressed."
    )
    intake_retention: timedelta = Field(
        default=timedelta(days=1), description="How long events stay in the intake log once they are in bronze."
    )
    kafka_brokers: Address = Field(
        default="", description="Brokers of Kafka, as host:port, several separated by commas; none: no topic is read."
    )
    kafka_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="How the brokers are spoken to: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL."
    )
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="How the user of the brokers is proven."
    )
    kafka_user: str = Field(default="", description="User of the brokers, with SASL_PLAINTEXT and SASL_SSL.")
    kafka_password: SecretStr = Field(default=SecretStr(""), description="Password of that user.")
    kafka_ca: Path | None = Field(
        default=None, description="File of the certificates that the brokers' are signed by; default: the system's."
    )
    schema_registry: Address = Field(
        default="", description="Address of the schema registry that messages of format `avro` are read by."
    )
    schema_registry_user: str = Field(default="", description="User of the schema registry, over https:// alone.")
    schema_registry_password: SecretStr = Field(default=SecretStr(""), description="Password of that user.")
    upload_most: Size = Field(default="2GB", description="Bytes that a file sent over HTTP may have.")
    upload_space: Size = Field(
        default="20GB", description="Disk for files sent over HTTP that are not loaded; half of it for one key."
    )
    uploads_waiting: int = Field(
        default=20, gt=0, description="Files sent over HTTP that may be under way or wait to be loaded, of one key."
    )
    upload_retention: timedelta = Field(
        default=timedelta(days=7), description="How long it is kept what became of a file sent over HTTP."
    )
    look_memory: Size = Field(
        default="1GB", description="Memory of a process that looks at what was sent: tables of events, and files."
    )
    look_timeout_s: float = Field(
        default=20.0, gt=0, description="Longest time that such a look may take, seconds; at a whole file, four times."
    )
    source_access: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="What databases and APIs that sources name are read with, as JSON: addresses with user and "
        'password, and secrets: `{"shop": "postgresql://user:password@host/name", "crm": "token"}`.',
    )  # fmt: skip
    api_page_most: Size = Field(default="32MB", description="Bytes that one answer of an API may have.")
    api_load_most: Size = Field(default="4GB", description="Bytes that all answers of one load from an API may have.")
    api_pages_most: int = Field(default=10_000, gt=0, description="Pages that one load reads from an API at most.")
    api_time: timedelta = Field(default=timedelta(hours=1), description="How long one load reads from an API at most.")

    @property
    def intake_backlog_bytes(self) -> int:
        """The most that waits for bronze, in bytes."""
        return size_in_bytes(self.intake_backlog)

    @property
    def upload_most_bytes(self) -> int:
        """The most that a file sent over HTTP may have, in bytes."""
        return size_in_bytes(self.upload_most)

    @property
    def upload_space_bytes(self) -> int:
        """The disk that files sent over HTTP may take, in bytes."""
        return size_in_bytes(self.upload_space)
