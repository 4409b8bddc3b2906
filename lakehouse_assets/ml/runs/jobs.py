"""Trainings that are asked for and waited for elsewhere: kept as jobs, one at a time, with how far each is.

Belongs here: keeping jobs, whose turn it is, running them. Does not belong here: training (training_run), who may ask
for one, HTTP (service).
"""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from lakehouse_assets.ml.declared import ModelSpec
from lakehouse_assets.ml.features.examples import CannotLearnError
from lakehouse_assets.ml.libraries import ModelsMissingError
from lakehouse_assets.ml.runs.training_run import train_apart
from nlq.core.utc import utc_now
from nlq.storage.database import open_tables, reading

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings

MOST_WAITING = 10
"""Jobs that may wait at a time."""
KEPT = timedelta(days=30)
"""How long an ended job can be looked at."""
BEATS_EVERY_S = 5.0
"""Seconds between signs of life of a job that runs."""
LOST_AFTER = timedelta(seconds=30)
"""After how long without one a job is taken for lost, with the service that ran it."""
_LOOKS_EVERY_S = 1.0
_LOST = "the service that ran it ended: ask again"
_DEFECT = "it failed for a reason that is no fault of the data; the log of the service has it"
_LOG = logging.getLogger(__name__)
JobState = Literal["queued", "running", "done", "failed"]
_metadata = sa.MetaData()
_jobs = sa.Table(
    "training_jobs",
    _metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("spec", sa.Text, nullable=False),
    sa.Column("minutes", sa.Float, nullable=False),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("tried", sa.Integer, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("problem", sa.Text),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("started_at", sa.DateTime),
    sa.Column("alive_at", sa.DateTime),
    sa.Column("ended_at", sa.DateTime),
)
_c = _jobs.c


class TooManyJobsError(Exception):
    """As many jobs wait as may."""


@dataclass(frozen=True)
class Job:
    """A training that was asked for. Times are UTC.

    Attributes:
        id: Its id.
        owner: Who asked for it.
        model: Of the model.
        minutes: How long its search may take, with the rest of the training at most a minute more.
        state: queued, running, done or failed.
        stage: What is being done: waiting, reading, searching, judging; ended.
        tried: Settings that were tried so far.
        outcome: Once it is done, the version, verdict and measures.
        problem: Why it failed.
        created_at: When it was asked for.
        started_at: When it began.
        ended_at: When it ended.
    """

    id: str
    owner: str
    model: str
    minutes: float
    state: JobState
    stage: str
    tried: int
    outcome: Mapping[str, Any] | None
    problem: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class JobStore:
    """Jobs in the database of the questions."""

    def __init__(self, url: str) -> None:
        """Open it."""
        self.url = url
        self._engine = open_tables(url, _metadata)
        self._reads = reading(self._engine)

    def add(self, owner: str, spec: ModelSpec, minutes: float) -> Job:
        """Ask for a training.

        Raises:
            TooManyJobsError: as many wait as may.
        """
        now = utc_now()
        row = {
            "id": str(uuid.uuid4()), "owner": owner, "model": spec.name, "spec": spec.model_dump_json(),
            "minutes": minutes, "state": "queued", "stage": "waiting", "tried": 0, "outcome": None, "problem": None,
            "created_at": now, "started_at": None, "alive_at": None, "ended_at": None,
        }  # fmt: skip
        with self._engine.begin() as con:
            con.execute(sa.delete(_jobs).where(_c.ended_at < now - KEPT))
            if con.execute(sa.select(sa.func.count()).where(_c.state == "queued")).scalar_one() >= MOST_WAITING:
                raise TooManyJobsError(f"{MOST_WAITING} trainings wait already: ask again when some have ended")
            con.execute(sa.insert(_jobs), row)
        return _job(row)

    def find(self, job_id: str) -> Job | None:
        """A job by its id."""
        self.end_lost()
        with self._reads.begin() as con:
            row = con.execute(sa.select(_jobs).where(_c.id == job_id)).mappings().one_or_none()
        return _job(row) if row else None

    def claim(self) -> tuple[str, ModelSpec, float] | None:
        """The next job, which runs from now on; None while another runs, or none waits."""
        self.end_lost()
        with self._engine.begin() as con:
            if con.dialect.name == "postgresql":
                con.execute(sa.text("lock table training_jobs in share row exclusive mode"))
            if con.execute(sa.select(sa.func.count()).where(_c.state == "running")).scalar_one():
                return None
            wanted = sa.select(_jobs).where(_c.state == "queued").order_by(_c.created_at, _c.id).limit(1)
            row = con.execute(wanted).mappings().one_or_none()
            if row is None:
                return None
            begun = {"state": "running", "stage": "starting", "started_at": utc_now(), "alive_at": utc_now()}
            con.execute(sa.update(_jobs).where(_c.id == row["id"]).values(begun))
        return row["id"], ModelSpec.model_validate_json(row["spec"]), row["minutes"]

    def waits(self) -> bool:
        """Whether any job waits."""
        with self._reads.begin() as con:
            return con.execute(sa.select(sa.func.count()).where(_c.state == "queued")).scalar_one() > 0

    def tell(self, job_id: str, **values: Any) -> None:
        """Note something of a job that runs; of one that was taken for lost, nothing."""
        running = sa.and_(_c.id == job_id, _c.state == "running")
        with self._engine.begin() as con:
            con.execute(sa.update(_jobs).where(running).values(alive_at=utc_now(), **values))

    def end(self, job_id: str, *, outcome: Mapping[str, Any] | None = None, problem: str | None = None) -> None:
        """Note how a job ended."""
        text = json.dumps(outcome, default=str) if outcome else None
        state = "failed" if problem else "done"
        self.tell(job_id, state=state, stage="ended", outcome=text, problem=problem, ended_at=utc_now())

    def end_lost(self) -> None:
        """End jobs whose service is no more."""
        lost = sa.and_(_c.state == "running", _c.alive_at < utc_now() - LOST_AFTER)
        with self._reads.begin() as con:
            if not con.execute(sa.select(sa.func.count()).where(lost)).scalar_one():
                return
        ended = {"state": "failed", "stage": "ended", "problem": _LOST, "ended_at": utc_now()}
        with self._engine.begin() as con:
            con.execute(sa.update(_jobs).where(lost).values(ended))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


class Jobs:
    """Runs jobs of a store in this process, one at a time for all processes; begins with the first."""

    def __init__(self, settings: Settings, store: JobStore) -> None:
        """Nothing runs yet."""
        self._settings, self.store = settings, store
        self._ending, self._lock = threading.Event(), threading.Lock()
        self._thread: threading.Thread | None = None
        self._running: str | None = None

    def add(self, owner: str, spec: ModelSpec, minutes: float) -> Job:
        """Ask for a training; it begins when no other runs.

        Raises:
            TooManyJobsError: as many wait as may.
        """
        job = self.store.add(owner, spec, minutes)
        self._see_to_it()
        return job

    def find(self, job_id: str) -> Job | None:
        """A job by its id; one that waits because its service is no more is run by this one."""
        job = self.store.find(job_id)
        if job and job.state == "queued":
            self._see_to_it()
        return job

    def close(self) -> None:
        """End; a job that runs has failed, and its process ends with this one."""
        self._ending.set()
        if job_id := self._running:
            self.store.end(job_id, problem=_LOST)
        self.store.close()

    def _see_to_it(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                # A daemon: nobody waits for it when the service ends, nor for the process that trains.
                self._thread = threading.Thread(target=self._work, name="training", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        try:
            while not self._ending.is_set():
                if claimed := self.store.claim():
                    self._run(*claimed)
                    continue
                with self._lock:  # who adds a job now finds this thread at work, or none
                    if not self.store.waits():
                        self._thread = None
                        return
                self._ending.wait(_LOOKS_EVERY_S)
        except Exception:
            if not self._ending.is_set():
                _LOG.exception("trainings cannot be run")

    def _run(self, job_id: str, spec: ModelSpec, minutes: float) -> None:
        self._running, ended = job_id, threading.Event()
        beats = threading.Thread(target=self._beat, args=(job_id, ended), name="training-beats", daemon=True)
        beats.start()
        try:
            done = train_apart(self._settings, spec, minutes, partial(_tell, self.store.url, job_id))
            facts = {name: done.facts[name] for name in ("promoted", "verdict", "measures", "baselines", "tried")}
            self.store.end(job_id, outcome={"version": done.version.number, **facts})
        except (CannotLearnError, ModelsMissingError) as error:
            self.store.end(job_id, problem=str(error))
        except Exception:
            if not self._ending.is_set():
                _LOG.exception("training %s failed", spec.name)
                self.store.end(job_id, problem=_DEFECT)
        finally:
            self._running = None
            ended.set()
            beats.join()

    def _beat(self, job_id: str, ended: threading.Event) -> None:
        while not ended.wait(BEATS_EVERY_S) and not self._ending.is_set():
            try:
                self.store.tell(job_id)
            except OperationalError:  # the next beat may be heard
                continue


@cache
def _store(url: str) -> JobStore:
    return JobStore(url)


def _tell(url: str, job_id: str, stage: str, tried: int) -> None:
    """Note how far a training is; called in the process that trains."""
    _store(url).tell(job_id, stage=stage, tried=tried)


def _job(row: Any) -> Job:
    named = {name: row[name] for name in Job.__dataclass_fields__ if name != "outcome"}
    return Job(**named, outcome=json.loads(row["outcome"]) if row["outcome"] else None)
