"""What alerts of the platform see: runs that failed and succeeded since, and records that went to quarantine.

Belongs here: reading both. Does not belong here: Dagster's instance, which ``automation`` asks; what follows
(``keeper``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lakehouse_assets.alerts.model import Kept
from lakehouse_assets.ingest.contracts import LOADS
from lakehouse_assets.lakehouse.engines.protocol import QueryRefusedError
from nlq.watching.conditions import Condition, FailedLoad, FailedRun, Quarantined
from nlq.watching.judging import NotJudgedError
from nlq.watching.states import Seen, State, Verdict

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

_LAST_LOADS = f"""
select source, rows_read, rows_quarantined, source_file from (
  select *, row_number() over (partition by source order by loaded_at desc, load_id desc) as newest
  from {LOADS.identifier} where rows_read > 0
) as loads where newest = 1 order by source
"""
Succeeded = Callable[[str, str | None, datetime], bool]
"""Whether the newest run of a job, of a source if one is named, that ended since a moment (UTC), succeeded."""


@dataclass(frozen=True)
class FailedRunOf:
    """A run that failed: of which job, of which source where it was a load, when it ended (UTC), and why."""

    run_id: str
    job: str
    ended_at: datetime
    source: str | None = None
    is_load: bool = False

    @property
    def says(self) -> str:
        """It in words; why it failed is for Dagit, whose errors may hold what not everybody may read."""
        what = f"The load of {self.source}" if self.is_load and self.source else f"A run of {self.job}"
        return f"{what} failed at {self.ended_at:%Y-%m-%d %H:%M} UTC (run {self.run_id})."

    def group_for(self, condition: Condition | None) -> str | None:
        """The group of an alert that it is; None where the alert does not wait for it."""
        if isinstance(condition, FailedRun) and (not condition.jobs or self.job in condition.jobs):
            return self.job
        if isinstance(condition, FailedLoad) and self.is_load and condition.source in (None, self.source):
            return self.source or self.job
        return None


class Platform:
    """Reads what alerts of the platform wait for."""

    def __init__(self, lake: Lake, succeeded: Succeeded, load_job: str) -> None:
        """Nothing is read yet.

        Args:
            lake: Where the notes of loads are.
            succeeded: Looks runs up.
            load_job: Name of the job that loads.
        """
        self._lake, self._succeeded, self._load_job = lake, succeeded, load_job

    def well_again(self, alert: Kept) -> tuple[Seen, ...]:
        """The jobs or sources whose newest run succeeded since they were told to have failed."""
        return tuple(
            Seen(group, Verdict.CLEAR, f"{group} ran well since.")
            for group, standing in alert.standings.items()
            if standing.state is State.FIRING and standing.since and self._ran(alert, group, standing.since)
        )

    def _ran(self, alert: Kept, group: str, since: datetime) -> bool:
        if isinstance(alert.draft.condition, FailedLoad):
            return self._succeeded(self._load_job, group if group != self._load_job else None, since)
        return self._succeeded(group, None, since)

    def quarantined(self, condition: Quarantined, heads: Mapping[str, str]) -> tuple[tuple[Seen, ...], str]:
        """What the last load of each source sent to quarantine, and the table that tells it.

        Raises:
            NotJudgedError: the loads cannot be read.
        """
        if LOADS.identifier not in heads:
            return (), LOADS.identifier
        try:
            with self._lake.session(heads=heads) as session:
                rows = session.query(_LAST_LOADS).to_pylist()
        except QueryRefusedError as error:
            raise NotJudgedError(f"the loads cannot be read: {error}") from error
        wanted = [row for row in rows if condition.source in (None, row["source"])]
        return tuple(map(_of_load(condition), wanted)), LOADS.identifier


def _of_load(condition: Quarantined) -> Callable[[Mapping[str, object]], Seen]:
    def seen(row: Mapping[str, object]) -> Seen:
        read, refused = int(str(row["rows_read"])), int(str(row["rows_quarantined"]))
        share = refused / read
        verdict = Verdict.BREACHED if share > condition.share else Verdict.CLEAR
        says = f"{row['source']}: {refused:,} of {read:,} records of its last load went to quarantine."
        return Seen(str(row["source"]), verdict, says, share)

    return seen
