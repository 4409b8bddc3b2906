"""Doing what jobs wait for, in processes of their own: looking at files, and loading them.

A process ends when nothing waits, so that what it took of memory is given back; it takes nothing of the core that
serves, and one that is killed is started again: a load is known by the content of its file, so that none is doubled.
Belongs here: what is done, in what order, and what follows from an error. Does not belong here: jobs on disk (jobs),
what is found in a file (looking), loads (ingest).
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, Literal

from lakehouse_assets import adopted
from lakehouse_assets.apart import bound_memory, has_all_its_memory, is_of_memory
from lakehouse_assets.domains import contract_of
from lakehouse_assets.http.logs import logger
from lakehouse_assets.ingest.contracts import QUARANTINE
from lakehouse_assets.ingest.errors import IngestError, SourceError
from lakehouse_assets.ingest.faults import is_of_warehouse
from lakehouse_assets.ingest.loads.loader import Loader, LoadResult
from lakehouse_assets.ingest.origins.files import UPLOADED
from lakehouse_assets.ingest.sources import Source, accepted_sources, find_any_source
from lakehouse_assets.lakehouse.iceberg.evolution import SchemaDriftError
from lakehouse_assets.lakehouse.lake import Lake
from lakehouse_assets.lakehouse.publish.protocol import AuditFailedError
from lakehouse_assets.lockfile import take
from lakehouse_assets.settings.types import size_in_bytes
from lakehouse_assets.uploads.jobs import AT_WORK, LANES, WAITING, Fit, Job, Jobs, Lane, Loaded, Problem, Reason
from lakehouse_assets.uploads.looking import look, problem_of, try_out

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from lakehouse_assets.ingest.files.streams import Progress
    from lakehouse_assets.settings import Settings

LOOKS_EVERY_S = 1.0
"""Seconds after which what other processes have taken is seen; what this one takes is at once."""
TIDIES_EVERY_S = 600.0
LOOKS = 4
"""How many looks at what was sent a file is given: its fields, sources that are tried on it, a draft, a profile."""
LONGEST_LOAD_S = 3600.0
TELLS_EVERY_S = 0.5
ATTEMPTS = 3
REASONS = 20
NEEDED = (__name__, "lakehouse_assets.intake.tables")
"""What the processes that look at what was sent need, and those that load; it is loaded once for all of them."""
_ENDS_WITHIN_S = 10.0
BEGINS_WITHIN_S = 30.0
"""Seconds that a process has to begin with its first job. Then another is started: one that was forked while a lock was
held stands still for ever."""


class Workers:
    """The threads of a service that have waiting jobs done, one process for each lane."""

    def __init__(self, settings: Settings) -> None:
        """Nothing runs yet."""
        self._settings, self._jobs = settings, Jobs(settings)
        self._ending = threading.Event()
        self._wakes = {lane: threading.Event() for lane in LANES}
        self._threads = [
            threading.Thread(target=self._run, args=(lane,), name=f"uploads {lane}", daemon=True) for lane in LANES
        ]

    def start(self) -> None:
        """Begin with what the last process left."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End; what is under way is done again by the next process."""
        self._ending.set()
        for wake in self._wakes.values():
            wake.set()
        for thread in self._threads:
            thread.join(_ENDS_WITHIN_S)

    def wake(self, lane: Lane) -> None:
        """Look at once."""
        self._wakes[lane].set()

    def _run(self, lane: Lane) -> None:
        tidied = -TIDIES_EVERY_S
        while not self._ending.is_set():
            try:
                if lane == "check" and time.monotonic() - tidied > TIDIES_EVERY_S:
                    tidied = time.monotonic()
                    self._jobs.tidy()
                if self._jobs.waiting(lane):
                    self._have_done(lane)
            except Exception:  # such as a disk that cannot be read; it is tried again
                logger().exception("uploads_not_seen_to", lane=lane)
            self._wakes[lane].wait(LOOKS_EVERY_S)
            self._wakes[lane].clear()

    def _have_done(self, lane: Lane) -> None:
        """Have a process do what waits, and wait for it; end it where a job takes too long, for all others wait."""
        context = get_context("forkserver")
        context.set_forkserver_preload(list(NEEDED))  # of a server that runs already, children have what that has
        told, telling = context.Pipe(duplex=False)
        process = context.Process(target=work, args=(self._settings, lane, telling), name=f"uploads {lane}")
        process.start()
        telling.close()
        at_work, ended = _followed(told, longest_s(self._settings, lane), self._ending)
        if ended == "done":
            process.join(_ENDS_WITHIN_S)
        what = _too_much(self._settings, lane, process, ended)
        _end(process)
        told.close()
        if self._ending.is_set() or ended == "done":
            return
        logger().error("upload_process_ended", lane=lane, job=at_work, exit_code=process.exitcode)
        if at_work and what:
            _give_up(self._jobs, at_work, what)


def longest_s(settings: Settings, lane: Lane) -> float:
    """Seconds that a job of a lane may take."""
    return LOOKS * settings.look_timeout_s if lane == "check" else LONGEST_LOAD_S


def _followed(
    told: Connection, most_s: float, ending: threading.Event
) -> tuple[str | None, Literal["done", "too_long", "ended"]]:
    """Follow a process by the jobs that it tells of, None being that it is done.

    Returns:
        The job it was at, if it had begun one, when it was done, took too long or ended, and which of these.
    """
    job, begun = None, time.monotonic()
    try:
        while not ending.is_set():
            if told.poll(0.2):
                job, begun = told.recv(), time.monotonic()
                if job is None:
                    return None, "done"
            elif time.monotonic() - begun > (most_s if job else min(most_s, BEGINS_WITHIN_S)):
                return job, "too_long"
    except EOFError:
        return job, "ended"
    return job, "done"


def _too_much(
    settings: Settings, lane: Lane, process: BaseProcess, ended: Literal["done", "too_long", "ended"]
) -> str | None:
    """What a job took too much of, by the process that was at it; None where that is not known."""
    if ended == "too_long" and lane == "check" and process.pid and has_all_its_memory(process.pid):
        # Arrow's scanner may wait for itself for ever where memory gives out while it reads ahead.
        return _too_much_memory(settings)
    if ended == "too_long":
        return f"took more than {longest_s(settings, lane):g} s"
    return "ended the process that read it, as what takes too much memory does" if lane == "check" else None


def _too_much_memory(settings: Settings) -> str:
    return f"takes more than {settings.look_memory} of memory"


def _give_up(jobs: Jobs, job_id: str, what: str) -> None:
    """Let go of a job that took more than it may, unless that is done meanwhile."""

    def change(job: Job) -> dict[str, Any]:
        if job.state in AT_WORK:
            return {"state": "failed", "attempts": 0, "problem": _too_costly(what)}
        return {}

    jobs.change(job_id, change)


def _too_costly(what: str) -> Problem:
    return Problem(
        message=f"Reading it {what}, so it was given up.",
        next="Is a quote never closed, or is it damaged? Mend it, or send it in parts.",
    )  # fmt: skip


def _end(process: BaseProcess) -> None:
    if process.is_alive():
        process.terminate()
        process.join(_ENDS_WITHIN_S / 2)
        process.kill()
    process.join()


def work(settings: Settings, lane: Lane, telling: Connection) -> None:
    """Do what waits in a lane until nothing does; at once where another process of the machine is at it.

    To be looked at, a job has no more memory than the settings say: after one that wants more, the process ends.
    """
    adopted.use(settings)
    jobs, lake = Jobs(settings), Lake(settings)
    if (held := take(jobs.folder / f"{lane}.lock")) is None:
        time.sleep(LOOKS_EVERY_S)
        telling.send(None)
        return
    if lane == "check":
        bound_memory(size_in_bytes(settings.look_memory))
    try:
        _do_all(lake, jobs, lane, telling)
        telling.send(None)
    finally:
        os.close(held)


def _do_all(lake: Lake, jobs: Jobs, lane: Lane, telling: Connection) -> None:
    last = ""
    while waiting := jobs.waiting(lane):
        job = _next(jobs, waiting, last)
        if job:
            last = job.owner
            telling.send(job.id)
            # Where nobody is there any more to end it, the system does.
            signal.setitimer(signal.ITIMER_REAL, longest_s(lake.settings, lane) + _ENDS_WITHIN_S)
            try:
                _do(lake, jobs, lane, job)
            except MemoryError:
                _give_up(jobs, job.id, _too_much_memory(lake.settings))
                jobs.done(lane, job.id)
                return
        for gone in waiting if job is None else [job.id]:
            jobs.done(lane, gone)


def _next(jobs: Jobs, waiting: Sequence[str], last: str) -> Job | None:
    """The oldest that waits, of another than the last if there is one: nobody waits for all files of one key."""
    found = [job for job_id in waiting if (job := jobs.get(job_id))]
    return next((job for job in found if job.owner != last), found[0] if found else None)


def _do(lake: Lake, jobs: Jobs, lane: Lane, job: Job) -> None:
    doing, states = _check if lane == "check" else _load, WAITING[lane]
    if job.state not in states:
        return
    if job.attempts >= ATTEMPTS:
        _fail(jobs, job, Problem(message=f"It was begun {ATTEMPTS} times and never ended.",
                                 next="Send it in smaller parts; the log of the service says more."))  # fmt: skip
        return
    begun = {"attempts": job.attempts + 1, "read": 0, "state": states[-1]}
    jobs.change(job.id, lambda _: begun)
    try:
        done = doing(lake, jobs, job)
    except (IngestError, SourceError) as error:
        _raise_of_memory(error, lane)
        problem = problem_of(error, lake.settings)
        if is_of_warehouse(error):
            problem.next = "Nothing was loaded; have the disk looked at, then load it again."
        _fail(jobs, job, problem)
    except (AuditFailedError, SchemaDriftError) as error:
        _fail(jobs, job, problem_of(error, lake.settings))
    except Exception as error:
        _raise_of_memory(error, lane)
        logger().exception("upload_failed", job=job.id, lane=lane)
        again = "Load it again" if lane == "load" else "Send it again"
        _fail(jobs, job, Problem(message=f"It could not be done ({type(error).__name__}).",
                                 next=f"{again}; the log of the service says more."))  # fmt: skip
    else:
        jobs.change(job.id, lambda _: {"attempts": 0, "problem": None, **done})
        if lane == "load":
            jobs.content(job.id).unlink(missing_ok=True)


def _raise_of_memory(error: Exception, lane: Lane) -> None:
    """Raise that there was no memory to look at a file, whoever said so; a load has what the engine has."""
    if lane == "check" and is_of_memory(error):
        raise MemoryError from error


def _fail(jobs: Jobs, job: Job, problem: Problem) -> None:
    jobs.change(job.id, lambda _: {"state": "failed", "attempts": 0, "problem": problem})


def _check(lake: Lake, jobs: Jobs, job: Job) -> dict[str, Any]:
    def origin(source: Source) -> Any:
        return jobs.origin(job, encoding=source.encoding)

    if job.source:
        fit = try_out(lake.settings, find_any_source(job.source), Fit(source=job.source, score=1.0), job.tenant, origin)
        if fit.good:
            return {"state": "ready", "checked": True, "fits": [fit]}
    found = look(lake.settings, jobs.content(job.id), job.name, job.tenant, origin)
    told = {"fits": list(found.fits), "draft": found.draft, "problem": found.problem}
    return {"state": "ready", "checked": True, **told}


def _load(lake: Lake, jobs: Jobs, job: Job) -> dict[str, Any]:
    source = UPLOADED.as_read(find_any_source(job.source))
    if not jobs.content(job.id).is_file():
        raise IngestError(job.name, "the file is not here any more", hint="Send it again.")
    origin = jobs.origin(job, encoding=source.encoding, progress=_telling(jobs, job))
    with Loader(lake, source, job.tenant, f"upload-{job.id[:12]}", bound=UPLOADED.is_bound) as loader:
        loader.load([origin])
    if error := loader.errors.get(origin.id):
        raise error
    result = loader.results[origin.id]
    told = _told(lake, result).model_copy(update={"waits_for_domain": source.name in accepted_sources()})
    return {"state": "loaded", "read": job.bytes, "loaded": told}


def _telling(jobs: Jobs, job: Job) -> Progress:
    told = 0.0

    def tell(_file: str, read: int, _size: int) -> None:
        nonlocal told
        if time.monotonic() - told >= TELLS_EVERY_S:
            told = time.monotonic()
            jobs.change(job.id, lambda _: {"read": read})

    return tell


def _told(lake: Lake, result: LoadResult) -> Loaded:
    return Loaded(
        load_id=result.load_id, table=result.target_table, domain=contract_of(result.target_table).domain,
        rows_read=result.rows_read, rows_loaded=result.rows_loaded, rows_quarantined=result.rows_quarantined,
        quarantined=_reasons(lake, result.load_id) if result.rows_quarantined else [],
        already_loaded=result.already_loaded,
    )  # fmt: skip


def _reasons(lake: Lake, load_id: str) -> list[Reason]:
    with lake.session() as session:
        rows = session.query(
            "select column_name, min_by(reason, source_row) as reason, count(*) as records, "
            f"min(source_row) as first_record from {QUARANTINE.identifier} where load_id = ? "
            f"group by column_name, coalesce(cause, reason) order by records desc, first_record limit {REASONS}",
            [load_id],
        ).to_pylist()
    return [
        Reason(column=r["column_name"], reason=r["reason"], records=r["records"], first_record=r["first_record"])
        for r in rows
    ]
