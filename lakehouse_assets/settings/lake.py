"""The settings of the lake itself: profile, folders, the engine's limits, time zones, how long things are kept.

Belongs here: their fields, which are the process's as all others. Does not belong here: reading the environment,
folders below the home (settings).
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, Field

from lakehouse_assets.profiles import ProfileName
from lakehouse_assets.settings.types import Address, Home, Places, Size, ZoneName, ZonesOfTenants, size_in_bytes

PROJECT_ROOT = Path(__file__).resolve().parent.parent.parent
"""Root of the checkout."""


class LakeSettings(BaseModel):
    """What the environment decides of the lake."""

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
    snapshot_retention: timedelta = Field(
        default=timedelta(days=7), description="How long old snapshots stay readable before maintenance expires them."
    )
    reader_grace: timedelta = Field(
        default=timedelta(hours=1), description="How long readers may go on with a state that is no longer kept."
    )
    staging_grace: timedelta = Field(
        default=timedelta(hours=24), description="Age after which the staged files of a dead publication are removed."
    )

    @property
    def memory_bytes(self) -> int:
        """The memory limit in bytes."""
        return size_in_bytes(self.memory_limit)

    @property
    def spill_bytes(self) -> int:
        """The limit of what is spilled in bytes."""
        return size_in_bytes(self.spill_limit)
