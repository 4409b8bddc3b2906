"""The settings of the process: the only module that reads the environment.

Belongs here: every knob a person may turn, its default, and the paths derived from it.
Does not belong here: anything that opens a file, a catalog or a connection.
"""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import unquote

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from lakehouse_assets.alert_settings import AlertSettings
from lakehouse_assets.misspelt import PREFIX, misspelt
from lakehouse_assets.profiles import Profile, ProfileName, profile_of
from lakehouse_assets.setting_types import (
    Address,
    Home,
    HostNames,
    Networks,
    Places,
    SecretAddress,
    Size,
    Token,
    ZoneName,
    ZonesOfTenants,
    listed,
    password_in,
    size_in_bytes,
    sqlalchemy_postgres_url,
    sqlite_url,
)

_LOG = logging.getLogger(__name__)
MAIN = "main"
"""The branch everyone reads."""
PROJECT_ROOT = Path(__file__).resolve().parent.parent
NEEDED_BY_CLUSTER = (
    "engine_url", "nessie_url", "warehouse_url", "s3_endpoint", "s3_access_key", "s3_secret_key", "postgres_url",
    "logs_bucket",
)  # fmt: skip
"""Fields without which the cluster profile cannot start."""
_SECRET_ADDRESSES = ("postgres_url", "redis_url", "mail_server")


class Settings(BaseSettings, AlertSettings):
    """What the environment decides; every field is the variable `ASKLAKE_<FIELD>`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    profile: ProfileName = Field(default="local", description="Which engine, catalog and storage.")
    engine: str | None = Field(
        default=None, description="Another engine than the profile's: `duckdb` on the tables of the cluster profile."
    )
    home: Home = Field(default=PROJECT_ROOT / ".asklake", description="Folder of all local data.")
    landing: Address = Field(
        default="", description="Folder or s3:// prefix watched for files; default: landing in ASKLAKE_HOME."
    )
    ingest_from: Places = Field(
        default="",
        description="Folders and s3:// prefixes that runs may load files from besides the landing folder; separated by "
        "commas.",
    )
    dagster_home: Path | None = Field(
        default=None, description="Folder of Dagster's storage and logs; default: dagster in ASKLAKE_HOME."
    )
    dbt_target: Path | None = Field(
        default=None, description="Folder of dbt's manifests and compiled SQL; default: dbt_project/target."
    )
    threads: int = Field(default=0, ge=0, description="Threads of the engine; 0 is one per core.")
    memory_limit: Size = Field(
        default="4GB", description="Memory the embedded engine may use before it spills to disk."
    )
    spill_limit: Size = Field(
        default="20GB", description="Disk that the embedded engine may spill to for questions and statements of people."
    )
    query_timeout_s: float = Field(default=60.0, gt=0, description="Longest time a question's query may run, seconds.")
    most_figures: int = Field(
        default=100_000_000, ge=0,
        description="Figures a question may compute on the way to its rows; beyond, smaller ones are offered; 0: any.",
    )  # fmt: skip
    fiscal_year_start: int | None = Field(
        default=None, ge=1, le=12,
        description="Month in which fiscal years begin, named after the year they end in; asked back if unset.",
    )  # fmt: skip
    time_zone: ZoneName = Field(
        default="UTC",
        description="Time zone, as Europe/London, whose days rows lie on and questions mean.",
    )
    tenant_time_zones: ZonesOfTenants = Field(
        default="",
        description="Tenants whose today is that of another zone, as TENANT=ZONE, several separated by commas.",
    )
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
    snapshot_retention: timedelta = Field(
        default=timedelta(days=7), description="How long old snapshots stay readable before maintenance expires them."
    )
    reader_grace: timedelta = Field(
        default=timedelta(hours=1), description="How long readers may go on with a state that is no longer kept."
    )
    staging_grace: timedelta = Field(
        default=timedelta(hours=24), description="Age after which the staged files of a dead publication are removed."
    )

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
    logs_bucket: str = Field(default="", description="Bucket of the S3 server for the logs of Dagster's runs.")
    branch: str = Field(default=MAIN, description="Branch of the cluster profile that is read and published to.")
    branch_retention: timedelta = Field(
        default=timedelta(days=7), description="How long the branch of a publication that failed its audit is kept."
    )

    dagit_token: Token = Field(
        default=SecretStr(""),
        description="Token that whoever uses Dagit must give, 24 characters or more; needed where it listens on more "
        "than this machine.",
    )
    dagit_hosts: HostNames = Field(
        default="", description="Names by which Dagit is reached besides localhost; separated by commas."
    )
    dagit_read_only: bool = Field(
        default=False, description="Whether Dagit only shows: nothing can be launched or changed in it."
    )
    scheduled_questions: Path | None = Field(
        default=None, description="YAML file of questions asked by the clock; default: questions.yml in ASKLAKE_HOME."
    )
    processes: int = Field(
        default=0, ge=0, le=64, description="Processes that serve the API, on Linux; 0: one per core, at most 4."
    )
    workers: int = Field(default=8, ge=1, description="Questions the API answers at the same time.")
    workers_per_key: int = Field(default=0, ge=0, description="Of these, how many may be of one key; 0: half of them.")
    queue_timeout_s: float = Field(
        default=2.0, gt=0, description="Longest time a question waits for its turn before it is sent away, seconds."
    )
    rate_per_minute: int = Field(
        default=60, ge=0, description="API calls a minute of a key, or of an address without one; 0: any."
    )
    rate_per_hour: int = Field(
        default=1000, ge=0, description="API calls an hour of a key, or of an address without one; 0: any."
    )
    session_life: timedelta = Field(
        default=timedelta(hours=12), gt=timedelta(0), le=timedelta(days=30),
        description="How long a browser need not be given its key again.",
    )  # fmt: skip
    trusted_proxies: Networks = Field(
        default="",
        description="Addresses or networks of proxies whose X-Forwarded-For says who calls; separated by commas.",
    )
    connections: int = Field(
        default=0, ge=0,
        description="Connections that the API and Dagit each have at a time; 0: as open files allow, at most 2,048.",
    )  # fmt: skip
    connections_per_address: int = Field(
        default=0, ge=0, description="Of these, how many one address may have; 0: half of them."
    )
    redis_url: SecretAddress = Field(
        default=SecretStr(""),
        description="Redis that several API processes share limits and answers in; none: each its own.",
    )
    llm_base_url: Address = Field(
        default="", description="OpenAI-compatible endpoint, e.g. http://localhost:11434/v1 of Ollama; none: no model."
    )
    llm_model: str = Field(default="", description="Name of the model there.")
    llm_api_key: SecretStr = Field(default=SecretStr(""), description="Key of that endpoint, if it wants one.")
    llm_timeout_s: float = Field(default=20.0, gt=0, description="Longest time the model may take for a question.")
    llm_summary: bool = Field(default=False, description="Whether the model also puts answers into a sentence.")

    @model_validator(mode="after")
    def _profile_is_complete(self) -> Self:
        """Refuse a cluster profile that lacks an address or a key, and a branch without one, naming the variables."""
        if self.parts.tables == "folder" and self.branch != MAIN:
            raise ValueError(
                f"ASKLAKE_BRANCH is '{self.branch}', but branches need the cluster profile; "
                "unset it, or set ASKLAKE_PROFILE=cluster"
            )
        if self.parts.tables == "nessie":
            given = {name: getattr(self, name) for name in NEEDED_BY_CLUSTER}
            if not self.parts.has_engine_server:
                del given["engine_url"]
            texts = {n: v.get_secret_value() if isinstance(v, SecretStr) else v for n, v in given.items()}
            if missing := [f"ASKLAKE_{name.upper()}" for name, text in texts.items() if not text]:
                raise ValueError(f"the cluster profile needs {', '.join(missing)} to be set")
            if not self.warehouse_url.startswith("s3://"):
                raise ValueError(f"ASKLAKE_WAREHOUSE_URL must be an s3:// URL, not '{self.warehouse_url}'")
        return self

    @property
    def trusted_proxy_list(self) -> tuple[str, ...]:
        """The proxies that are believed, each an address or a network."""
        return listed(self.trusted_proxies)

    @property
    def dagit_host_list(self) -> tuple[str, ...]:
        """Names by which Dagit is reached besides this machine's own."""
        return listed(self.dagit_hosts)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The passwords and keys, which no log, event or message may hold; those of addresses also decoded."""
        given = {
            n: v.get_secret_value() for n in type(self).model_fields if isinstance(v := getattr(self, n), SecretStr)
        }
        found = [password_in(text) if name in _SECRET_ADDRESSES else text for name, text in given.items()]
        for access in self.source_access.values():
            address = access.get_secret_value()
            # A secret of an API may be `user:password`, of which the password alone is one, too.
            found += [password_in(address)] if "://" in address else [address, address.partition(":")[2]]
        found += self.target_words
        return tuple(dict.fromkeys(form for text in found if text for form in (text, unquote(text))))

    @property
    def memory_bytes(self) -> int:
        """The memory limit in bytes."""
        return size_in_bytes(self.memory_limit)

    @property
    def spill_bytes(self) -> int:
        """The limit of what is spilled in bytes."""
        return size_in_bytes(self.spill_limit)

    @property
    def intake_backlog_bytes(self) -> int:
        """The most that waits for bronze, in bytes."""
        return size_in_bytes(self.intake_backlog)

    @property
    def intake_dir(self) -> Path:
        """Folder of the intake log."""
        return self.home.absolute() / "intake"

    @property
    def upload_most_bytes(self) -> int:
        """The most that a file sent over HTTP may have, in bytes."""
        return size_in_bytes(self.upload_most)

    @property
    def upload_space_bytes(self) -> int:
        """The disk that files sent over HTTP may take, in bytes."""
        return size_in_bytes(self.upload_space)

    @property
    def uploads_dir(self) -> Path:
        """Folder of files sent over HTTP."""
        return self.home.absolute() / "uploads"

    @property
    def project_root(self) -> Path:
        """Root of the checkout."""
        return PROJECT_ROOT

    @property
    def warehouse(self) -> Path:
        """Folder of the Iceberg tables of the local profile."""
        return self.home.absolute() / "warehouse"

    @property
    def parts(self) -> Profile:
        """The kinds of parts that the profile consists of."""
        return profile_of(self.profile, self.engine)

    @property
    def catalog_uri(self) -> str:
        """SQLAlchemy URL of the local Iceberg catalog."""
        return sqlite_url(self.catalog_file)

    @property
    def catalog_file(self) -> Path:
        """Database of the local Iceberg catalog."""
        return self.home.absolute() / "catalog.db"

    @property
    def queue_url(self) -> str:
        """SQLAlchemy URL of the question queue."""
        if self.parts.state == "postgres":
            return self.postgres_sqlalchemy_url
        return sqlite_url(self.home.absolute() / "questions.db")

    @property
    def postgres_sqlalchemy_url(self) -> str:
        """SQLAlchemy URL of PostgreSQL, by the driver that is installed."""
        return sqlalchemy_postgres_url(self.postgres_url.get_secret_value())

    @property
    def dagster_instance(self) -> Path:
        """Folder of the dagster.yaml that describes the profile's instance."""
        return PROJECT_ROOT if self.parts.state == "sqlite" else PROJECT_ROOT / "docker" / "dagster"

    @property
    def landing_root(self) -> str:
        """Where the file sensor looks: a folder or an s3:// prefix."""
        return self.landing or str(self.home.absolute() / "landing")

    @property
    def ingest_roots(self) -> tuple[str, ...]:
        """Where runs may load files from besides the landing folder."""
        return listed(self.ingest_from)

    @property
    def scheduled_questions_file(self) -> Path:
        """The file of questions that are asked by the clock; it need not exist."""
        return self.scheduled_questions or self.home.absolute() / "questions.yml"

    @property
    def targets_file(self) -> Path:
        """The file of where alerts may go; it need not exist."""
        return self.alert_targets or self.home.absolute() / "targets.yml"

    @property
    def dagster_storage(self) -> Path:
        """Folder of Dagster's own storage."""
        return (self.dagster_home or self.home / "dagster").absolute()

    @property
    def scratch_dir(self) -> Path:
        """Folder the engine spills to."""
        return self.home.absolute() / "scratch"

    @property
    def models_dir(self) -> Path:
        """Folder of the registry of models in the local profile, and of what single predictions read there."""
        return self.home.absolute() / "models"

    @property
    def values_dir(self) -> Path | None:
        """Where values of dimensions are kept: beside the tables they are of, or nowhere if these are on servers."""
        return self.home.absolute() / "values" if self.parts.tables == "folder" else None

    @property
    def record_days_dir(self) -> Path | None:
        """Where is kept on which days records lie: beside the tables, or nowhere if these are on servers."""
        return self.home.absolute() / "record_days" if self.parts.tables == "folder" else None

    @property
    def dbt_project_dir(self) -> Path:
        """The dbt project."""
        return PROJECT_ROOT / "dbt_project"

    @property
    def dbt_target_dir(self) -> Path:
        """Where dbt writes its manifests; relation names are baked into them, so each engine has its own."""
        target = (self.dbt_target or self.dbt_project_dir / "target").absolute()
        return target / self.parts.dbt_folder

    @property
    def zones_of_tenants(self) -> dict[str, str]:
        """The time zones of the tenants that have one of their own."""
        pairs = (part.partition("=") for part in listed(self.tenant_time_zones))
        return {tenant.strip(): zone.strip() for tenant, _, zone in pairs}

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

    @property
    def file_system_properties(self) -> dict[str, str]:
        """PyIceberg's properties of the file system the tables lie in."""
        if self.parts.tables == "folder":
            return {}
        return {
            "s3.endpoint": self.s3_endpoint,
            "s3.region": self.s3_region,
            "s3.access-key-id": self.s3_access_key.get_secret_value(),
            "s3.secret-access-key": self.s3_secret_key.get_secret_value(),
            "s3.path-style-access": "true",
        }


@cache
def _warn_once() -> None:
    for variable, near in misspelt(os.environ, Settings.model_fields).items():
        _LOG.warning("%s is no setting, and nothing reads it; did you mean %s?", variable, near)


def get_settings() -> Settings:
    """Read the environment; the first time in a process, variables that are almost settings are warned of.

    Raises:
        pydantic.ValidationError: a variable has a value that does not fit; the message names it.
    """
    _warn_once()
    return Settings()
