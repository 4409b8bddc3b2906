"""The sensors of alerts: judging after each publication, sending, and runs that fail.

Belongs here: when a look is due by Dagster, and what its instance knows of runs. Does not belong here: judging and
sending (``lakehouse_assets.alerts``), other sensors (sensors).

Nothing is launched: a look takes less than a run's start, and what it tells is in the database with the state that it
tells of, so a tick that dies is repeated and tells nothing twice.
"""

from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

import dagster as dg

from lakehouse_assets.assets.steps.resources import LakeResource
from lakehouse_assets.automation.jobs import INGEST
from lakehouse_assets.insight.answerer import open_answerer
from nlq.core.utc import utc_now

if TYPE_CHECKING:
    from lakehouse_assets.alerts.keeper import Keeper
    from lakehouse_assets.alerts.platform import FailedRunOf, Succeeded
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.service.alerts.parts import AlertParts
    from nlq.answering.answer import Answerer

EVERY_S = 5
"""Seconds between looks; the daemon looks no oftener."""
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
SOURCE = "source"
"""Tag of a load's run: the source it reads."""


class _Open:
    """What is kept between the ticks of one code server: opening it takes longer than most looks."""

    def __init__(self) -> None:
        self._lock, self._key = Lock(), ""
        self._kept: tuple[Lake, AlertParts] | None = None
        self._answerer: Answerer | None = None

    def of(self, resource: LakeResource) -> "tuple[Lake, AlertParts]":
        """The lake of these settings and its alerts, the same ones as long as these are."""
        from lakehouse_assets.service.alerts.parts import AlertParts

        settings = resource.settings()
        key = f"{settings.home} {settings.queue_url} {settings.profile}"
        with self._lock:
            if self._kept is None or key != self._key:
                if self._kept:
                    self._kept[1].close()
                self._kept, self._answerer, self._key = (resource.lake, AlertParts.open(resource.lake)), None, key
            return self._kept

    def answerer(self, lake: "Lake") -> "Answerer":
        """What answers questions over it; made where an alert needs it."""
        with self._lock:
            if self._answerer is None:
                self._answerer = open_answerer(lake)
            return self._answerer


_open = _Open()


def _keeping(resource: LakeResource, instance: dg.DagsterInstance) -> "tuple[Lake, AlertParts, Keeper]":
    lake, parts = _open.of(resource)
    return lake, parts, parts.keeper(lake, lambda: _open.answerer(lake), _succeeded(instance), INGEST)


def _succeeded(instance: dg.DagsterInstance) -> "Succeeded":
    def succeeded(job: str, source: str | None, since: datetime) -> bool:
        wanted = dg.RunsFilter(job_name=job, statuses=_ENDED, tags={SOURCE: source} if source else {})
        newest = next(iter(instance.get_run_records(wanted, limit=1)), None)
        if newest is None or newest.end_time is None:
            return False
        ended = datetime.fromtimestamp(newest.end_time, UTC).replace(tzinfo=None)
        return newest.dagster_run.status == dg.DagsterRunStatus.SUCCESS and ended > since

    return succeeded


def alerts_sensor() -> dg.SensorDefinition:
    """Judges the alerts whose tables moved, and makes what is sent by the clock.

    Its cursor is the day on which old history was removed last.
    """

    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Judges alerts right after a publication that could change them; makes what is sent by the clock.",
    )
    def sensor(context: dg.SensorEvaluationContext, lakehouse: dg.ResourceParam[LakeResource]) -> dg.SensorResult:
        lake, parts, keeper = _keeping(lakehouse, context.instance)
        looked = keeper.round(lake.catalog.heads())
        today = utc_now().date().isoformat()
        if context.cursor != today:
            before = utc_now() - lake.settings.alert_retention
            parts.store.forget(before)
            parts.outbox.forget(before)
        words = f"{looked.judged} judged, {looked.told} told" if looked.judged else "no alert is due"
        return dg.SensorResult(skip_reason=f"{words}; {looked.left} left" if looked.left else words, cursor=today)

    return sensor


def messages_sensor() -> dg.SensorDefinition:
    """Sends the messages that wait."""

    @dg.sensor(
        name="alert_messages",
        minimum_interval_seconds=EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Sends the messages of alerts; what does not arrive is tried again, after a time that doubles.",
    )
    def sensor(context: dg.SensorEvaluationContext, lakehouse: dg.ResourceParam[LakeResource]) -> dg.SkipReason:
        _, parts, _ = _keeping(lakehouse, context.instance)
        done = parts.sender.round()
        failing = [one for one in parts.outbox.receivers() if one.failures and one.waiting]
        for one in failing:
            context.log.warning(
                f"{one.waiting} messages wait for {one.target}, which failed {one.failures} times: {one.error}"
            )
        words = f"{done.sent} sent" if done.sent or done.failed else "no message is due"
        return dg.SkipReason(f"{words}; {done.failed} targets failed" if done.failed else words)

    return sensor


def failed_runs_sensor() -> dg.SensorDefinition:
    """Tells those who wait for it that a run failed."""

    @dg.run_failure_sensor(
        name="failed_runs",
        minimum_interval_seconds=EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells alerts of runs and loads that one failed; they are well again when the next one succeeds.",
    )
    def sensor(context: dg.RunFailureSensorContext, lakehouse: dg.ResourceParam[LakeResource]) -> None:
        _, _, keeper = _keeping(lakehouse, context.instance)
        keeper.failed(_failed(context.instance, context.dagster_run))

    return sensor


def _failed(instance: dg.DagsterInstance, run: dg.DagsterRun) -> "FailedRunOf":
    from lakehouse_assets.alerts.platform import FailedRunOf

    record = instance.get_run_record_by_id(run.run_id)
    at = datetime.fromtimestamp(record.end_time, UTC) if record and record.end_time else datetime.now(UTC)
    ended_at, source = at.replace(tzinfo=None), run.tags.get(SOURCE)
    return FailedRunOf(run.run_id, run.job_name, ended_at, source, is_load=run.job_name == INGEST)
