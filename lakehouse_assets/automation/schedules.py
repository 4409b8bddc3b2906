"""What happens by the clock: hourly bronze to gold, daily maintenance, questions that are asked again and again.

Of builds, the sensors do the same sooner; the schedules are what remains when a sensor is off.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from lakehouse_assets.assets.metadata.partitions import range_tags
from lakehouse_assets.assets.metadata.specs import asset_key
from lakehouse_assets.assets.questions.answers import OP
from lakehouse_assets.assets.questions.scheduled import ScheduledQuestion
from lakehouse_assets.automation.attempts import unfinished_run
from lakehouse_assets.automation.jobs import MAINTENANCE
from lakehouse_assets.builds.days import behind_whole
from lakehouse_assets.lakehouse.python_table import PythonTable

if TYPE_CHECKING:
    from lakehouse_assets.builds.dbt_graph import DbtGraph

Requests = Callable[[dg.DagsterInstance, Any], Iterator[dg.RunRequest | dg.SkipReason]]


def hourly_build(name: str, job: Any, requests: Requests) -> dg.ScheduleDefinition:
    """At five past each hour: the days, or hours, of a group of tables that are behind its bronze tables."""

    @dg.schedule(
        name=f"hourly_{name}",
        cron_schedule="5 * * * *",
        job=job,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Builds what of {name} is behind bronze.",
        required_resource_keys={"lakehouse"},
    )
    def hourly(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        yield from requests(context.instance, context.resources.lakehouse)

    return hourly


def hourly_whole_build(domain: str, job: Any, graph: "DbtGraph", tables: tuple[str, ...]) -> dg.ScheduleDefinition:
    """At forty past each hour: those tables of a domain without days that are behind what they are made from."""

    @dg.schedule(
        name=f"hourly_{domain}",
        cron_schedule="40 * * * *",
        job=job,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Builds the tables of {domain} that are behind what they are made from.",
        required_resource_keys={"lakehouse"},
    )
    def hourly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if run_id := unfinished_run(context.instance, job.name):
            return dg.SkipReason(f"run {run_id} of {job.name} has not ended")
        due = behind_whole(context.resources.lakehouse.lake, graph, tables)
        if not due:
            return dg.SkipReason("every table is built of what there is")
        run_key = context.scheduled_execution_time.isoformat()
        return dg.RunRequest(run_key=run_key, asset_selection=[asset_key(table) for table in due])

    return hourly


def monthly_build(domain: str, job: Any) -> dg.ScheduleDefinition:
    """On the first of each month: a domain whose tables have no days, so that models that no longer run are noticed."""
    return dg.ScheduleDefinition(
        name=f"monthly_{domain}",
        cron_schedule="40 1 1 * *",
        job=job,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Builds the tables of {domain} anew.",
    )


def made_by_the_clock(table: PythonTable, job: Any) -> dg.ScheduleDefinition:
    """When its declaration says: a table made by Python; of one with days, the day before the tick, or until today.

    Nothing is made of what is not there, and what is made on demand not before it was made once.
    """

    @dg.schedule(
        name=f"{job.name}_by_the_clock",
        cron_schedule=table.cron or "",
        job=job,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Makes {table.identifier}.",
        required_resource_keys={"lakehouse"},
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        heads = context.resources.lakehouse.lake.catalog.heads()
        if missing := table.missing(heads):
            return dg.SkipReason(f"it reads {', '.join(missing)}, never published")
        if table.on_demand and table.identifier not in heads:
            return dg.SkipReason(f"`asklake materialize --select {table.identifier}` makes it the first time")
        at = context.scheduled_execution_time.astimezone(UTC)
        day = at.date() - timedelta(days=1)
        days = range_tags(day, at.date() if table.today else day) if table.by_day else {}
        return dg.RunRequest(run_key=at.isoformat(), tags=days)

    return tick


def daily_maintenance(job: Any) -> dg.ScheduleDefinition:
    """At half past two each night, when no feed is expected."""
    return dg.ScheduleDefinition(
        name="daily_maintenance",
        cron_schedule="30 2 * * *",
        job=job,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Runs {MAINTENANCE}: compaction, statistics, snapshot expiry, orphan files, dead publications.",
    )


def asked_by_the_clock(question: ScheduledQuestion, job: Any) -> dg.ScheduleDefinition:
    """A question of the file: each tick is a run that answers it into semantic.nlq_answers, once."""

    @dg.schedule(
        name=f"ask_{question.name}",
        cron_schedule=question.cron,
        job=job,
        execution_timezone=question.time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Asks “{question.question}” {question.at}.",
    )
    def ask(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        at = context.scheduled_execution_time.astimezone(UTC).replace(tzinfo=None)
        # For whom it is asked stays in the file: who launches a run may name one of its questions, and no tenant.
        config = {"scheduled": question.name, "now": at.isoformat()}
        return dg.RunRequest(run_key=at.isoformat(), run_config={"ops": {OP: {"config": config}}})

    return ask
