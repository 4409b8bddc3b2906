"""What happens because something changed: a file landed, bronze moved on, a question waits.

Belongs here: deciding that a run is due, cheaply. Does not belong here: the work.
Every request carries a run key made of what caused it, so the same cause never starts two runs at once, and a run that
failed on bad data is not started again until data or code change.
"""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg

from lakehouse_assets.assets.bronze import OP
from lakehouse_assets.assets.metadata.partitions import (
    key_of,
    left_out,
    partitions_of,
    range_tags,
    stretches,
    within,
)
from lakehouse_assets.assets.metadata.specs import asset_key
from lakehouse_assets.assets.steps.resources import Lakehouse, LakeResource
from lakehouse_assets.automation.attempts import CAUSE, next_attempt, unfinished_run, unfinished_runs
from lakehouse_assets.builds.days import current_sources, dirty_days, looked_at
from lakehouse_assets.domains import contracts_of
from lakehouse_assets.ingest.contracts import LOADS, written_by_loads_into
from lakehouse_assets.ingest.errors import SourceError
from lakehouse_assets.ingest.files.landing import group_by_source, look
from lakehouse_assets.ingest.sources import all_sources, find_source
from lakehouse_assets.lakehouse.iceberg.metadata_cache import current_snapshot

if TYPE_CHECKING:
    from lakehouse_assets.builds.dbt_graph import DbtGraph
    from lakehouse_assets.builds.groups import Group
    from lakehouse_assets.ingest.files.landing import LandingFile
    from lakehouse_assets.ingest.loads.standing import Standing
    from lakehouse_assets.ingest.sources import Source
    from lakehouse_assets.intake.standing import TopicStanding
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.lakehouse.python_table import PythonTable

TOLD = 5
"""Files that wait, or are passed over, which the word of a look at the landing folder names at most."""
LEFT_BEHIND = timedelta(minutes=5)
"""Age at which an answer that its service has not published is published by a run."""
FRESHNESS_EVERY = timedelta(hours=1)
FOLLOWS_EVERY_S = 5
"""Seconds between looks at what bronze has beyond a domain; the daemon looks no oftener."""
FOLLOWS_HOURS_EVERY_S = 60
"""… beyond sums of hours, for which all that came since is counted again."""
BROKERS_WITHIN_S = 10.0
LAST = "-1"
"""The priority of runs that wait for all others."""
Evaluation = Iterator[dg.RunRequest | dg.SkipReason]


@dataclass(frozen=True)
class BuildRequests:
    """Requests a run for each stretch of days on which a group of tables is behind bronze.

    A run that failed is requested again where that may help: see attempts.

    Attributes:
        group: What is built, by day or by hour.
        job_name: The job that builds it.
        graph: What its tables are made from.
    """

    group: "Group"
    job_name: str
    graph: "DbtGraph"

    def __call__(self, instance: dg.DagsterInstance, lakehouse: LakeResource) -> Evaluation:
        """Requests for what is behind now, or why there are none."""
        if skip := self.waits_for(instance):
            yield skip
            return
        lake = lakehouse.lake
        yield from self.of_days(instance, lake, self.dirty(lake))

    def dirty(self, lake: "Lake") -> set[date]:
        """The days, or hours, that are behind."""
        return dirty_days(lake, self.graph, self.group.tables, self.group.unit)

    def waits_for(self, instance: dg.DagsterInstance) -> dg.SkipReason | None:
        """Why nothing can be requested yet, whatever is behind."""
        run_id = unfinished_run(instance, self.job_name)
        return dg.SkipReason(f"run {run_id} of {self.job_name} has not ended") if run_id else None

    def of_days(self, instance: dg.DagsterInstance, lake: "Lake", dirty: set[date]) -> Evaluation:
        """Requests for days, or hours, that are behind, or why there are none."""
        sources = current_sources(lake, self.graph, self.group.tables)
        partitions = partitions_of(self.group)
        if partitions is None:
            raise ValueError(f"domain {self.group.domain} has no FIRST_DAY, so it has no days to build")
        days = within(partitions, dirty)
        if not days:
            said = "; ".join(left_out(self.group, dirty)) or f"every {self.group.unit} of bronze is built"
            yield dg.SkipReason(said if sources else "bronze is empty")
            return
        state = "-".join(str(snapshot) for _, snapshot in sorted({**sources, **self._read(lake)}.items()))
        asked: list[dg.RunRequest] = []
        put_off: dict[str, None] = {}
        for first, last in stretches(days):
            cause = (
                f"{self.job_name.removeprefix('build_')}:{_digest(state, self._code)}:{key_of(first)}:{key_of(last)}"
            )
            number, why_not = next_attempt(instance, cause)
            if number:
                asked.append(dg.RunRequest(f"{cause}:{number}", tags={CAUSE: cause, **range_tags(first, last)}))
            else:
                put_off[why_not] = None
        yield from asked or [dg.SkipReason("; ".join(put_off))]

    def _read(self, lake: "Lake") -> dict[str, int]:
        """The tables of other runs that these are made from, with their snapshots: they may come later than bronze."""
        heads = lake.catalog.heads()
        read = sorted(self.graph.ancestors(self.group.tables) & heads.keys())
        return {table: current_snapshot(heads[table]) or 0 for table in read}

    def state(self, lake: "Lake") -> str:
        """What days are judged by, as a digest: while it is the same, no day comes to be behind."""
        heads = lake.catalog.heads()
        return _digest(self._code, repr([(table, heads.get(table)) for table in self._looked_at]))

    @cached_property
    def _looked_at(self) -> list[str]:
        return sorted(looked_at(self.graph, self.group.tables))

    @cached_property
    def _code(self) -> str:
        checked = [(c.types, c.portable_checks) for c in contracts_of(self.group.domain)]
        return repr((checked, [m.code_version for m in self.graph.models if m.table in self.group.tables]))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def dirty_days_sensor(
    name: str, job: Any, requests: BuildRequests, every_s: int = FOLLOWS_EVERY_S
) -> dg.SensorDefinition:
    """Builds the tables of a group when its bronze tables have rows it was not built from.

    Its cursor is the state in which no day was behind: most looks see that it is still the same, and end there.
    """

    @dg.sensor(
        name=f"bronze_to_gold_{name}",
        job=job,
        minimum_interval_seconds=every_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Requests the {requests.group.unit}s of {name} that bronze has and gold has not.",
    )
    def sensor(context: dg.SensorEvaluationContext, lakehouse: Lakehouse) -> dg.SensorResult | dg.SkipReason:
        lake = lakehouse.lake
        state = requests.state(lake)
        if state == context.cursor:
            return dg.SkipReason(f"every {requests.group.unit} of bronze is built, and nothing was published since")
        if skip := requests.waits_for(context.instance):
            return skip
        dirty = requests.dirty(lake)
        found = list(requests.of_days(context.instance, lake, dirty))
        runs = [one for one in found if isinstance(one, dg.RunRequest)]
        why_none = next((one for one in found if isinstance(one, dg.SkipReason)), None)
        return dg.SensorResult(run_requests=runs, skip_reason=why_none, cursor=None if dirty else state)

    return sensor


def landing_sensor(job: Any) -> dg.SensorDefinition:
    """Ingests files that appeared in the landing folder."""

    @dg.sensor(
        name="landing_folder",
        job=job,
        minimum_interval_seconds=15,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests an ingest of the files that appeared in the landing folder, one run per source.",
    )
    def sensor(context: dg.SensorEvaluationContext, lakehouse: Lakehouse) -> dg.SensorResult | dg.SkipReason:
        landing = lakehouse.settings().landing_root
        found = look(landing, context.cursor)
        for words in found.passed_over:
            context.log.warning(words)
        if not found.files:
            # The cursor moves all the same: it knows what has gone, and may come again, and what waits.
            reason = "; ".join([f"nothing new in {landing}", *found.passed_over[:TOLD]])
            return dg.SensorResult(skip_reason=reason, cursor=found.cursor)
        groups = group_by_source(found.files)
        requests = [_ingest_request(source, group, found.number) for source, group in groups.items()]
        return dg.SensorResult(run_requests=requests, cursor=found.cursor)

    return sensor


def fetching_sensor(job: Any) -> dg.SensorDefinition:
    """Loads what sources fetch by themselves, each as often as it says."""

    @dg.sensor(
        name="fetched_sources",
        job=job,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests a load of every source that fetches its records, as often as the source says.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> Evaluation:
        fetched = {s.name: s.fetches for s in all_sources().values()}
        intervals = {name: found.every for name, found in fetched.items() if found and found.every}
        busy = {run.tags.get("source") for run in unfinished_runs(context.instance, job.name)}
        for name, every in intervals.items():
            if name in busy:
                continue
            # By the clock: whatever became of the last load, the next is due with the next interval.
            yield dg.RunRequest(
                run_key=f"{name}:{int(time.time() // every.total_seconds())}",
                run_config={"ops": {OP: {"config": {"source": name}}}},
                tags={"source": name},
                asset_selection=_tables_of(name),
            )
        if not intervals:
            yield dg.SkipReason("no source says how often it is to be fetched")

    return sensor


def _ingest_request(source: str, files: "Sequence[LandingFile]", look: int) -> dg.RunRequest:
    """A run for new files of a source; the same look is never two runs, a file that comes again is in a later one."""
    digest = hashlib.sha256("\n".join(sorted(f.key for f in files)).encode()).hexdigest()
    config = {"source": source, "files": [f.path for f in files]}
    return dg.RunRequest(
        run_key=f"{source}:{look}:{digest}",
        run_config={"ops": {OP: {"config": config}}},
        tags={"source": source},
        asset_selection=_tables_of(source),
    )


def _tables_of(source: str) -> list[dg.AssetKey]:
    """The tables a load of a source writes; of a folder that names no source the run says so, and fails of one."""
    try:
        return [asset_key(t) for t in written_by_loads_into(find_source(source).target)]
    except SourceError:
        return [asset_key(LOADS.identifier)]


def freshness_sensor(job: Any) -> dg.SensorDefinition:
    """Evaluates the freshness checks each hour, and when the daemon starts: a schedule would wait for its tick."""

    @dg.sensor(
        name="freshness_checks",
        job=job,
        minimum_interval_seconds=int(FRESHNESS_EVERY.total_seconds()),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests each hour a run that checks whether the days and hours that are due are built.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if run_id := unfinished_run(context.instance, job.name):
            return dg.SkipReason(f"run {run_id} is checking")
        return dg.RunRequest()

    return sensor


def topics_sensor() -> dg.SensorDefinition:
    """Shows of each table that topics are read into how many of their messages it lacks."""

    @dg.sensor(
        name="topics",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Observes how far the topics of Kafka are loaded; `asklake serve` loads them.",
    )
    def sensor(context: dg.SensorEvaluationContext, lakehouse: Lakehouse) -> dg.SensorResult | dg.SkipReason:
        sources = [s for s in all_sources().values() if s.kind == "kafka"]
        if not sources:
            return dg.SkipReason("no source is of kind kafka")
        from lakehouse_assets.intake.standing import topics_of

        found = topics_of(lakehouse.lake, sources, BROKERS_WITHIN_S)
        return _observed(context, [(s, topic.problems, _lag(topic)) for s, topic in found], "topics")

    return sensor


def followed_sensor() -> dg.SensorDefinition:
    """Shows of each table that changes of a database are loaded into how much it lacks, and what the server keeps."""

    @dg.sensor(
        name="followed_tables",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Observes how far tables of databases are followed; `fetched_sources` loads what changed in them.",
    )
    def sensor(context: dg.SensorEvaluationContext, lakehouse: Lakehouse) -> dg.SensorResult | dg.SkipReason:
        sources = [s for s in all_sources().values() if s.follows]
        if not sources:
            return dg.SkipReason("no source follows a table")
        from lakehouse_assets.ingest.loads.standing import standings

        found = standings(lakehouse.lake, sources, BROKERS_WITHIN_S)
        return _observed(context, [(s, table.problems, _behind(table)) for s, table in found], "tables")

    return sensor


def _observed(
    context: dg.SensorEvaluationContext, found: Sequence[tuple["Source", Sequence[str], dict[str, Any]]], things: str
) -> dg.SensorResult:
    """How far what sources read is loaded, by their tables: problems and other metadata of each thing found."""
    for _, problems, _ in found:
        for problem in problems:
            context.log.warning(problem)
    observed = [
        dg.AssetObservation(
            asset_key(source.target), metadata={"source": source.name, **metadata, "problems": "\n".join(problems)}
        )
        for source, problems, metadata in found
    ]
    return dg.SensorResult(asset_events=observed, skip_reason=f"{len(observed)} {things} observed")


def _behind(table: "Standing") -> dict[str, Any]:
    return {
        "table": table.table,
        "slot": table.slot,
        "loaded up to": table.loaded_up_to or "",
        "bytes of log behind it": table.waiting,
        "bytes of log kept": table.kept,
    }


def _lag(topic: "TopicStanding") -> dict[str, Any]:
    partitions = [
        {"partition": p.partition, "loaded up to": p.committed or 0, "ends at": p.high, "lag": p.lag, "held": p.held}
        for p in topic.partitions
    ]
    return {
        "topic": topic.name,
        "lag": topic.lag,
        "in open transactions": topic.held,
        "partitions": dg.MetadataValue.json(partitions),
    }


def after_gold(
    semantic: Sequence[dg.AssetsDefinition], made: Mapping["PythonTable", dg.AssetsDefinition]
) -> list[dg.SensorDefinition]:
    """What rebuilds tables after those they read: at once, or later where they may come later than anything else."""
    soon = [*semantic, *(asset for table, asset in made.items() if not table.at_most)]
    later = [asset for table, asset in made.items() if table.at_most]
    return [
        dg.AutomationConditionSensorDefinition(
            name,
            target=dg.AssetSelection.assets(*(key for asset in assets for key in asset.keys)),
            default_status=dg.DefaultSensorStatus.RUNNING,
            minimum_interval_seconds=30,
            run_tags=tags,
            description=description,
        )
        for name, assets, tags, description in (
            ("semantic_after_gold", soon, {},
             "Rebuilds semantic tables, and those made by Python, after the tables they read."),
            ("insights_after_gold", later, {"dagster/priority": LAST},
             "Judges what moved, once in a while; runs of all else are launched before it."),
        )
    ]  # fmt: skip


def question_sensor(job: Any) -> dg.SensorDefinition:
    """Answers waiting questions, a batch per run."""

    @dg.sensor(
        name="question_queue",
        job=job,
        minimum_interval_seconds=2,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Requests a run when questions wait, or answers that no service published; one run does all.",
    )
    def sensor(context: dg.SensorEvaluationContext, lakehouse: Lakehouse) -> Evaluation:
        if run_id := unfinished_run(context.instance, job.name):
            yield dg.SkipReason(f"run {run_id} is answering")
            return
        waiting, unpublished = _waiting(lakehouse.settings().queue_url)
        if not waiting and not unpublished:
            yield dg.SkipReason("no question waits")
            return
        # What is left behind is not urgent: a run that cannot publish it is not repeated every two seconds.
        key = None if waiting else f"journal:{int(time.time() // LEFT_BEHIND.total_seconds())}"
        yield dg.RunRequest(run_key=key, tags={"questions": str(waiting)})

    return sensor


def _waiting(url: str) -> tuple[int, int]:
    """Questions to answer, and answers that their service should have published by now."""
    from nlq.storage.journal import Journal
    from nlq.storage.queue import QuestionQueue

    queue, journal = QuestionQueue(url), Journal(url)
    try:
        queue.expire()
        return queue.counts()["queued"], journal.waiting(older_than=LEFT_BEHIND)
    finally:
        queue.close()
        journal.close()
