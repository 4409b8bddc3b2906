"""The settings of the process: the only module that reads the environment.

Belongs here: every knob a person may turn, its default, and what is derived from it; fields by subject (``lake``,
``intake``, ``servers``, ``serving``, ``alerts``), how values are written (``types``). Does not belong here: what
opens a file, a catalog or a connection.
"""

from __future__ import annotations

import logging
import os
from functools import cache
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from lakehouse_assets.profiles import Profile, profile_of
from lakehouse_assets.settings.alerts import AlertSettings
from lakehouse_assets.settings.intake import IntakeSettings
from lakehouse_assets.settings.lake import PROJECT_ROOT, LakeSettings
from lakehouse_assets.settings.misspelt import PREFIX, misspelt
from lakehouse_assets.settings.servers import MAIN, ServerSettings
from lakehouse_assets.settings.serving import ServingSettings
from lakehouse_assets.settings.types import listed, password_in, sqlite_url

_LOG = logging.getLogger(__name__)
NEEDED_BY_CLUSTER = (
    "engine_url", "nessie_url", "warehouse_url", "s3_endpoint", "s3_access_key", "s3_secret_key", "postgres_url",
    "logs_bucket",
)  # fmt: skip
"""Fields without which the cluster profile cannot start."""
_SECRET_ADDRESSES = ("postgres_url", "redis_url", "mail_server")


class Settings(BaseSettings, ServingSettings, AlertSettings, ServerSettings, IntakeSettings, LakeSettings):
    """What the environment decides; every field is the variable `ASKLAKE_<FIELD>`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

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
    def intake_dir(self) -> Path:
        """Folder of the intake log."""
        return self.home.absolute() / "intake"

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
