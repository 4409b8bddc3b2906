"""The jobs people and sensors launch.

Belongs here: which assets make a job. Does not belong here: what starts it (schedules, sensors).
All run in one process: a step's own process would cost more seconds than the step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg

from lakehouse_assets.builds.groups import Group

INGEST = "ingest"
SEMANTIC = "build_semantic"
ANSWER = "answer_questions"
MAINTENANCE = "maintenance"
SEARCH = "search_index"
FEATURES = "online_features"
FRESHNESS = "freshness"


def make_job_name(table: str) -> str:
    """Name of the job that makes a table, `layer.table`, by Python."""
    return f"make_{table.split('.')[1]}"


def build_job_name(group: str) -> str:
    """Name of the job that builds a group of silver and gold tables, as of a domain."""
    return f"build_{group}"


def job(name: str, assets: Iterable[dg.AssetsDefinition], description: str) -> Any:
    """A job over whole asset definitions and their own checks; freshness checks have runs of their own."""
    definitions = list(assets)
    keys = [key for a in definitions for key in a.keys]
    checks = [key for a in definitions for key in a.check_keys]
    return dg.define_asset_job(
        name,
        selection=dg.AssetSelection.assets(*keys).without_checks() | dg.AssetSelection.checks(*checks),
        description=description,
        executor_def=dg.in_process_executor,
        tags={"job": name},
    )


def freshness_job(checks: dg.AssetChecksDefinition) -> Any:
    """A job of the freshness checks alone."""
    return dg.define_asset_job(
        FRESHNESS,
        selection=dg.AssetSelection.checks(*checks.check_keys),
        description="Whether the newest day or hour that is due is built, for every table with such partitions.",
        executor_def=dg.in_process_executor,
    )


def build_jobs(transforms: Sequence[tuple[Group, dg.AssetsDefinition]]) -> dict[str, Any]:
    """A job per group of silver and gold tables, by the name of the group."""
    return {
        group.name: job(
            build_job_name(group.name),
            [asset],
            f"Bronze to silver to gold for {group.name}, {group.unit} by {group.unit}.",
        )
        for group, asset in transforms
    }
