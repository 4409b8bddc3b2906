"""The code location, on one page: what exists, what runs it, what starts it.

Belongs here: putting the factories together. Does not belong here: anything a factory knows, or any I/O but reading
the dbt manifest and which days the lake holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from lakehouse_assets.assets.accepted import accepted_assets
from lakehouse_assets.assets.bronze import bronze_assets
from lakehouse_assets.assets.features import features_asset
from lakehouse_assets.assets.maintenance import maintenance_asset
from lakehouse_assets.assets.metadata.freshness import partition_checks
from lakehouse_assets.assets.metadata.held import Held, days_held
from lakehouse_assets.assets.metadata.partitions import partitions_of
from lakehouse_assets.assets.metadata.specs import asset_key
from lakehouse_assets.assets.python_tables import python_assets
from lakehouse_assets.assets.questions.answers import answers_asset
from lakehouse_assets.assets.questions.scheduled import load_questions
from lakehouse_assets.assets.search import search_asset
from lakehouse_assets.assets.semantic import semantic_assets
from lakehouse_assets.assets.steps.resources import lake_resource
from lakehouse_assets.assets.transform import transform_assets
from lakehouse_assets.assets.unloading import unload_job
from lakehouse_assets.automation import accepted, alerts, features, jobs, schedules, search, sensors
from lakehouse_assets.automation._internals import is_first_load
from lakehouse_assets.builds import dbt_graph
from lakehouse_assets.builds.groups import Group, groups
from lakehouse_assets.contracts import platform_contracts, platform_python_tables
from lakehouse_assets.settings import Settings, get_settings

# A build has thousands of events, and each is worth a line at the level of debugging only.
_LEVELS = dg.Enum("Level", [dg.EnumValue(name) for name in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")])
_CONSOLE = {"log_level": dg.Field(_LEVELS, default_value="INFO", description="The least level that is printed.")}


def build_defs(
    settings: Settings, *, by_operator: bool = False, held: Mapping[str, Held] | None = None, **overrides: Any
) -> dg.Definitions:
    """Assemble the definitions.

    Args:
        settings: The settings to build for.
        by_operator: Whether their runs are launched in this process alone, by who may read every file of this machine.
        held: The days that Dagit is to show of domains and tables, see assets.metadata.held; all where none are named.
        **overrides: Resources to put in the place of the usual ones, such as `lakehouse=lake_resource(…)`.

    Raises:
        ManifestMissingError: the dbt project was never parsed.
        ValueError: a table without a contract, or a contract without a table.
    """
    contracts = platform_contracts()
    graph = dbt_graph.load(settings)
    bronze = bronze_assets(contracts, by_operator=by_operator)
    transforms = transform_assets(settings, graph, contracts, held)
    semantic = semantic_assets(settings, graph, contracts)
    made = python_assets(platform_python_tables(), contracts, held)
    answers = answers_asset(settings)
    upkeep = maintenance_asset(contracts)
    searched = search_asset(contracts)
    online = features_asset()
    uploaded = accepted_assets(settings, contracts)

    grouped = list(zip(groups(graph, contracts), transforms, strict=True))
    build_jobs = jobs.build_jobs(grouped)
    ingest = jobs.job(jobs.INGEST, [bronze], "Files to bronze: the ones named, or what waits in the landing folder.")
    rebuild = jobs.job(jobs.SEMANTIC, semantic, "Every saved query to its semantic table.")
    answer = jobs.job(jobs.ANSWER, [answers], "The question named, or what waits in the queue.")
    index = jobs.job(jobs.SEARCH, [searched], "The index of `asklake search`, of what moved.")
    serve = jobs.job(jobs.FEATURES, [online], "The newest features of every entity, of the views that moved.")
    maintain = jobs.job(jobs.MAINTENANCE, [upkeep], "Compaction, snapshot expiry, orphan files.")
    triggers = [t for group, _ in grouped for t in _triggers(group, graph, build_jobs[group.name])]
    make = {t: jobs.job(jobs.make_job_name(t.identifier), [made[t]], f"Makes {t.identifier}.") for t in made}
    with_partitions = [a for a in (*transforms, *made.values()) if a.partitions_def]
    partitioned = [key for a in with_partitions for key in sorted(a.keys)]
    by_hour = {asset_key(t) for group, _ in grouped if group.unit == "hour" for t in group.tables}
    freshness = partition_checks([k for k in partitioned if k not in by_hour], sorted(by_hour))
    late = jobs.freshness_job(freshness)

    return dg.Definitions(
        assets=[bronze, *transforms, *semantic, *made.values(), answers, upkeep, searched, online, *uploaded],
        asset_checks=[freshness],
        jobs=[
            ingest,
            unload_job(),
            *build_jobs.values(),
            rebuild,
            *make.values(),
            answer,
            maintain,
            index,
            serve,
            late,
        ],
        schedules=[
            *(t for t in triggers if isinstance(t, dg.ScheduleDefinition)),
            *(schedules.made_by_the_clock(t, job) for t, job in make.items() if t.cron),
            schedules.daily_maintenance(maintain),
            *(schedules.asked_by_the_clock(q, answer) for q in load_questions(settings.scheduled_questions_file)),
        ],
        sensors=[
            *(t for t in triggers if isinstance(t, dg.SensorDefinition)),
            sensors.landing_sensor(ingest),
            sensors.fetching_sensor(ingest),
            sensors.question_sensor(answer),
            sensors.topics_sensor(),
            sensors.followed_sensor(),
            accepted.accepted_sensor(contracts),
            sensors.freshness_sensor(late),
            search.search_sensor(index),
            features.features_sensor(serve),
            alerts.alerts_sensor(),
            alerts.messages_sensor(),
            alerts.failed_runs_sensor(),
            *sensors.after_gold(semantic, made),
        ],
        executor=dg.in_process_executor,
        loggers={"console": dg.colored_console_logger.configured(dict, config_schema=_CONSOLE)},
        resources={"lakehouse": lake_resource(), **overrides},
    )


def _triggers(group: Group, graph: dbt_graph.DbtGraph, job: Any) -> list[Any]:
    """What starts the builds of a group: of one that is built by days or hours, a sensor and a schedule."""
    if partitions_of(group) is None:
        whole = schedules.hourly_whole_build(group.name, job, graph, group.tables)
        return [schedules.monthly_build(group.name, job), whole]
    requests = sensors.BuildRequests(group, job.name, graph)
    every_s = sensors.FOLLOWS_HOURS_EVERY_S if group.follows_hours else sensors.FOLLOWS_EVERY_S
    return [
        sensors.dirty_days_sensor(group.name, job, requests, every_s),
        schedules.hourly_build(group.name, job, requests),
    ]


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions that Dagster loads, built for the environment's settings when it asks for them.

    A code location shows the days that the lake holds; a run may be of any day. Dagster makes the definitions of a code
    location twice in its process, and those of a run once in another, where nothing was looked up.
    """
    settings = get_settings()
    if is_first_load():
        _held.update(days_held(settings))
    return build_defs(settings, held=_held)


_held: dict[str, Held] = {}
"""The days that this process shows, if it is a code location."""
