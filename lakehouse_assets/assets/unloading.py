"""Taking a load back as a run, so that Dagit shows it as it shows the load: when, and which tables lost what.

Belongs here: launching it and reporting it. Does not belong here: what belongs to a load (ingest.unloading).
"""

from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from lakehouse_assets.assets.metadata.specs import asset_key, published_metadata
from lakehouse_assets.assets.steps.resources import Lakehouse
from lakehouse_assets.assets.steps.run_config import refuse_oversized
from lakehouse_assets.assets.steps.trying import RETRY, told
from lakehouse_assets.ingest.contracts import LOADS

if TYPE_CHECKING:
    from lakehouse_assets.ingest.loads.unloading import Unloaded

OP = "take_back"
JOB = "unload"
TAKEN_BACK = "taken_back"
"""Label of what is observed of bronze.loads: the load and what was removed with it, as a document."""


class UnloadConfig(dg.Config):
    """Which load to take back."""

    load: str = Field(description="Its id, as bronze.loads names it.")


def unload_job() -> dg.JobDefinition:
    """The job that takes a load back; of each table that lost rows it tells a materialization."""

    @dg.op(name=OP, description="Removes what a load brought, in one publication.", retry_policy=RETRY)
    def take_back(context: dg.OpExecutionContext, lakehouse: Lakehouse, config: UnloadConfig) -> None:
        from lakehouse_assets.ingest.loads.unloading import unload

        with told(context):
            refuse_oversized(config, names=frozenset({"load"}))
            done = unload(lakehouse.lake, config.load, run_id=context.run.run_id)
            observed = {TAKEN_BACK: dg.MetadataValue.json(as_document(done))}
            context.log_event(dg.AssetObservation(asset_key(LOADS.identifier), metadata=observed))
            for published in done.published:
                metadata = {**published_metadata(published), TAKEN_BACK: config.load}
                context.log_event(dg.AssetMaterialization(asset_key(published.identifier), metadata=metadata))

    @dg.job(
        name=JOB,
        description="A load taken back: its rows, its quarantined records and the note of it.",
        executor_def=dg.in_process_executor,
        tags={"job": JOB},
    )
    def unloading() -> None:
        take_back()

    return unloading


def as_document(done: "Unloaded") -> dict[str, Any]:
    """What was taken back, for people and programs."""
    return {
        "load_id": done.load_id, "already_taken_back": done.already, "file": done.source_file,
        "table": done.target_table, "rows": done.rows, "quarantined": done.quarantined, "waiting_again": done.waiting,
        "days": [str(day) for day in done.days],
    }  # fmt: skip
