"""The settings of the process: the only module that reads the environment.

Belongs here: every knob a person may turn, its default, and the paths derived from it.
Does not belong here: anything that opens a file, a catalog or a connection.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """What the environment decides; every field is the variable `ASKLAKE_<FIELD>`."""

    model_config = SettingsConfigDict(env_prefix="ASKLAKE_", frozen=True, extra="ignore")

    profile: Literal["local", "cluster"] = Field(default="local", description="Which engine, catalog and storage.")
    home: Path = Field(default=PROJECT_ROOT / ".asklake", description="Folder of all local data.")
    landing: str = Field(default="", description="Folder or s3:// prefix watched for files; default <home>/landing.")
    dagster_home: Path | None = Field(
        default=None, description="Dagster's run and event storage; default <home>/dagster."
    )
    threads: int = Field(default=0, ge=0, description="Threads of the engine; 0 is one per core.")
    memory_limit: str = Field(default="4GB", description="Memory the embedded engine may use before it spills to disk.")
    query_timeout_s: float = Field(default=60.0, gt=0, description="Longest time a question's query may run, seconds.")
    snapshot_retention: timedelta = Field(
        default=timedelta(days=7), description="How long old snapshots stay readable before maintenance expires them."
    )
    staging_grace: timedelta = Field(
        default=timedelta(hours=24), description="Age after which the staged files of a dead publication are removed."
    )

    @property
    def project_root(self) -> Path:
        """Root of the checkout."""
        return PROJECT_ROOT

    @property
    def warehouse(self) -> Path:
        """Folder of the Iceberg tables of the local profile."""
        return self.home.absolute() / "warehouse"

    @property
    def catalog_uri(self) -> str:
        """SQLAlchemy URL of the local Iceberg catalog."""
        return f"sqlite:///{self.home.absolute() / 'catalog.db'}"

    @property
    def queue_url(self) -> str:
        """SQLAlchemy URL of the question queue."""
        return f"sqlite:///{self.home.absolute() / 'questions.db'}"

    @property
    def landing_root(self) -> str:
        """Where the file sensor looks: a folder or an s3:// prefix."""
        return self.landing or str(self.home.absolute() / "landing")

    @property
    def dagster_storage(self) -> Path:
        """Folder of Dagster's own storage."""
        return (self.dagster_home or self.home / "dagster").absolute()

    @property
    def scratch_dir(self) -> Path:
        """Folder the engine spills to."""
        return self.home.absolute() / "scratch"

    @property
    def dbt_project_dir(self) -> Path:
        """The dbt project."""
        return PROJECT_ROOT / "dbt_project"

    @property
    def dbt_target_dir(self) -> Path:
        """Where dbt writes its manifests."""
        return self.dbt_project_dir / "target"


def get_settings() -> Settings:
    """Read the environment.

    Raises:
        pydantic.ValidationError: a variable has a value that does not fit; the message names it.
    """
    return Settings()
