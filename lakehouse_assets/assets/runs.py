"""What Dagster tells of its runs, as tables of the platform keep it.

Belongs here: reading runs and what materializations say of checks. Does not belong here: the tables (domains.platform).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg

from lakehouse_assets.assets.metadata.specs import CHECKS_BROKEN, CHECKS_KEPT, asset_key, identifier_of
from lakehouse_assets.assets.steps.trying import NO_USE, cpu_s_of

_AT_A_TIME = 500
_STARTERS = (
    ("dagster/backfill", "backfill"),
    ("dagster/schedule_name", "schedule"),
    ("dagster/sensor_name", "sensor"),
)
"""Tags that say who asked for a run, the first that it has."""


class RunsOf:
    """Reads the runs of an instance; see lakehouse.python_table.Orchestrator."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        """Nothing is read yet."""
        self._instance = instance

    def runs_of(self, day: date) -> Iterator[Mapping[str, Any]]:
        """See Orchestrator."""
        begin = datetime.combine(day, datetime.min.time(), UTC)
        # Dagster compares strictly, and keeps microseconds.
        wanted = dg.RunsFilter(
            created_after=begin - timedelta(microseconds=1), created_before=begin + timedelta(days=1)
        )
        cursor: str | None = None
        while records := self._instance.get_run_records(wanted, limit=_AT_A_TIME, cursor=cursor):
            yield from map(_row, records)
            cursor = records[-1].dagster_run.run_id

    def checks_of(self, identifiers: Iterable[str]) -> Mapping[str, tuple[int, int]]:
        """See Orchestrator."""
        found: dict[str, tuple[int, int]] = {}
        for record in self._instance.get_asset_records([asset_key(i) for i in identifiers]):
            last = record.asset_entry.last_materialization
            said = last.asset_materialization.metadata if last and last.asset_materialization else {}
            if CHECKS_KEPT in said and CHECKS_BROKEN in said:
                kept, broken = said[CHECKS_KEPT].value, said[CHECKS_BROKEN].value
                found[identifier_of(record.asset_entry.asset_key)] = (int(str(kept)), int(str(broken)))
        return found


def _row(record: dg.RunRecord) -> Mapping[str, Any]:
    run, created = record.dagster_run, record.create_timestamp.replace(tzinfo=None)
    asked_for = record.create_timestamp.replace(tzinfo=UTC).timestamp()
    started, ended = record.start_time, record.end_time
    return {
        "ran_on": created.date(),
        "run_id": run.run_id,
        "job_name": run.job_name,
        "source": run.tags.get("source"),
        "started_by": next((who for tag, who in _STARTERS if tag in run.tags), "person"),
        "status": run.status.value,
        "is_refused": run.status is dg.DagsterRunStatus.FAILURE and NO_USE in run.tags,
        "created_at": created,
        "ended_at": datetime.fromtimestamp(ended, UTC).replace(tzinfo=None) if ended else None,
        "waited_s": max(started - asked_for, 0.0) if started else None,
        "seconds": max(ended - started, 0.0) if started and ended else None,
        "cpu_s": cpu_s_of(run),
    }
