"""The jobs of files that were sent, on disk: a folder each, with the file and what is known of it.

A job is one JSON document, which is replaced whole; what is to be done is a marker beside it, so that a server that
starts again goes on where the last one ended. People's names of files are shown and never become a path.
Belongs here: keeping, counting and forgetting jobs. Does not belong here: doing what they wait for (working).
"""

from __future__ import annotations

import os
import shutil
import time
import unicodedata
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from lakehouse_assets.ingest.origins.files import UPLOADED, FileOrigin
from lakehouse_assets.lakehouse.iceberg.metadata_files import sync
from lakehouse_assets.lockfile import one_process_at_a_time, take
from lakehouse_assets.private import make_folder

if TYPE_CHECKING:
    from lakehouse_assets.ingest.files.streams import Progress
    from lakehouse_assets.settings import Settings

Lane = Literal["check", "load"]
State = Literal["receiving", "received", "checking", "ready", "loading", "loaded", "failed"]
LANES: tuple[Lane, ...] = ("check", "load")
WAITING: dict[Lane, tuple[State, ...]] = {"check": ("received", "checking"), "load": ("loading",)}
"""States in which a job waits in a lane, or is being done there."""
AT_WORK: tuple[State, ...] = ("received", "checking", "loading")
SYNC_BYTES = 16 << 20
"""Bytes after which what was written is synced, so that little is left to sync after the last."""
MOST_NAME = 120
MOST_KEPT = 200
"""Jobs that are kept of one key, whatever became of them."""
_ID_LENGTH = 32
_DOCUMENT, _CONTENT, _LOCK = "job.json", "content", "lock"


class TooLargeError(Exception):
    """A file is larger than one may be."""


class TooManyError(Exception):
    """More files wait, or take more of the disk, than one key, or all together, may have."""


class Problem(BaseModel):
    """What went wrong, and what to do about it."""

    message: str
    next: str = ""
    line: int | None = Field(default=None, description="Line of the file, from 1, where it is known.")


class Fit(BaseModel):
    """How well a source fits a file."""

    source: str
    description: str = ""
    score: float = Field(description="Share of the fields of both that both have, 0 to 1.")
    missing: list[str] = Field(default=[], description="Fields that the source needs and the file lacks.")
    good: int | None = Field(default=None, description="Of the first 100 records, how many it loads; null: not tried.")
    problem: str = Field(default="", description="Why it cannot read the file at all.")


class DraftColumn(BaseModel):
    """A column that a draft would have."""

    name: str
    type: str
    description: str
    field: str = Field(default="", description="The field of the file that it holds; empty: the lake fills it.")
    in_key: bool = Field(default=False, description="Whether it is one of those that make two records copies.")


class Draft(BaseModel):
    """What a new source for the file would be."""

    name: str
    format: str
    columns: list[DraftColumn]
    key: list[str] = Field(description="What makes two records copies; empty: all fields.")
    undecided: list[str] = Field(description="What the file does not tell, to be decided by a person.")
    confirm: list[str] = Field(default=[], description="Those of them that may be confirmed to be as drafted.")
    date_order: list[str] = Field(default=[], description="Fields of which it is not told whether the day comes first.")
    decimal_sign: list[str] = Field(default=[], description="Fields whose point could stand between thousands.")
    day: str = Field(default="", description="The field that tells the day of a record; empty: none does.")
    tenant_field: str | None = Field(default=None, description="The field that says whose a record is.")
    next: str
    commands: list[str] = Field(
        default=[], description="What whoever runs the lake runs in its checkout, beside the file, to have it loaded."
    )


class Reason(BaseModel):
    """Why records are in quarantine, and how many."""

    column: str | None
    reason: str = Field(description="Of the first of them.")
    records: int
    first_record: int | None = Field(description="Its number in the file, from 1.")


class Loaded(BaseModel):
    """What became of a file."""

    load_id: str
    table: str
    domain: str = Field(description="What the table belongs to, as in the catalog.")
    rows_read: int
    rows_loaded: int
    rows_quarantined: int
    quarantined: list[Reason] = []
    waits_for_domain: bool = Field(
        default=False, description="Whether its source is an accepted draft, of which nothing can be asked yet."
    )
    already_loaded: bool = Field(description="Whether the same content was loaded before; the figures are that load's.")


class Job(BaseModel):
    """A file that was sent, and what is known of it."""

    id: str
    owner: str
    tenant: str | None
    name: str
    bytes: int
    received_at: datetime
    state: State = "receiving"
    source: str | None = None
    attempts: int = 0
    read: int = 0
    checked: bool = False
    fits: list[Fit] = []
    draft: Draft | None = None
    problem: Problem | None = None
    loaded: Loaded | None = None


class Receiving:
    """A file under way; a context that leaves nothing of it unless it was kept. For one thread at a time."""

    def __init__(self, jobs: Jobs, job: Job, most: int, room: int) -> None:
        """Begin its file, which is held while it comes; of the bytes that a file may have, there may be less room."""
        self._jobs, self._job, self._most, self._room = jobs, job, most, room
        handle = take(jobs.content(job.id))
        assert handle is not None
        self._file, self._size, self._synced, self._kept = os.fdopen(handle, "wb"), 0, 0, False

    def write(self, data: bytes) -> None:
        """Add bytes.

        Raises:
            TooLargeError: there are too many.
            TooManyError: there is no room for so many.
            OSError: the disk is full.
        """
        self._size += len(data)
        if self._size > self._most:
            raise TooLargeError
        if self._size > self._room:
            raise TooManyError
        self._file.write(data)
        if self._size - self._synced >= SYNC_BYTES:
            self._sync()

    def _sync(self) -> None:
        self._file.flush()
        os.fdatasync(self._file.fileno())
        self._synced = self._size

    def keep(self) -> Job:
        """Keep the file, which is whole, and have it looked at."""
        self._sync()
        job = self._jobs.write(self._job.model_copy(update={"bytes": self._size, "state": "received"}))
        self._jobs.mark("check", job.id)
        self._kept = True
        return job

    def close(self) -> None:
        """Let go of the file; without `keep`, remove it."""
        try:
            self._file.close()  # writes what a full disk did not take, and fails once more
        finally:
            if not self._kept:
                self._jobs.remove(self._job.id)


class Jobs:
    """The jobs of one folder, whichever process of the machine made them."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is read yet."""
        self.folder, self._settings = settings.uploads_dir, settings

    def begin(
        self, owner: str, tenant: str | None, name: str, *, source: str | None = None, size: int | None = None
    ) -> Receiving:
        """Begin to take a file.

        Args:
            owner: Whose it is.
            tenant: Whose its records are.
            name: As people call it.
            source: What it is to be read with, if that is known.
            size: Its bytes, if they are known.

        Raises:
            TooLargeError: it would be larger than one may be.
            TooManyError: too many wait, or there is no room.
            OSError: the folder cannot be written to.
        """
        most = self._settings.upload_most_bytes
        if size is not None and size > most:
            raise TooLargeError
        make_folder(self.folder)
        job = Job(
            id=uuid.uuid4().hex, owner=owner, tenant=tenant, name=shown_name(name), bytes=size or 0, source=source,
            received_at=datetime.now(UTC),
        )  # fmt: skip
        with one_process_at_a_time(self.folder / _LOCK):
            room = self._room(owner)
            if room <= (size or 0):
                raise TooManyError
            try:
                (self.folder / job.id).mkdir(0o700)
                # What does not say how large it is has all that is left, until it is whole.
                self.write(job if size else job.model_copy(update={"bytes": min(most, room)}))
                return Receiving(self, job, most, room)
            except BaseException:
                self.remove(job.id)
                raise

    def _room(self, owner: str) -> int:
        kept = [(job, self.content(job.id).is_file() or job.state == "receiving") for job in self.all()]
        waiting = sum(has_file for job, has_file in kept if job.owner == owner)
        if waiting >= self._settings.uploads_waiting:
            raise TooManyError
        of_all = sum(job.bytes for job, has_file in kept if has_file)
        own = sum(job.bytes for job, has_file in kept if has_file and job.owner == owner)
        space = self._settings.upload_space_bytes
        return min(space - of_all, space // 2 - own)

    def write(self, job: Job) -> Job:
        """Write a job down, so that it is there after a crash of the machine, too."""
        folder = self.folder / job.id
        new = folder / f"{_DOCUMENT}.{uuid.uuid4().hex[:8]}"
        try:
            with new.open("w") as file:
                file.write(job.model_dump_json())
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, folder / _DOCUMENT)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        sync([folder, self.folder])
        return job

    def get(self, job_id: str) -> Job | None:
        """A job by its id; None where there is none."""
        try:
            return Job.model_validate_json((self.folder / job_id / _DOCUMENT).read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    def all(self) -> Iterator[Job]:
        """Every job, in no order."""
        with suppress(FileNotFoundError):
            for folder in self.folder.iterdir():
                if len(folder.name) == _ID_LENGTH and (job := self.get(folder.name)):
                    yield job

    def change(self, job_id: str, change: Callable[[Job], dict[str, Any]]) -> Job | None:
        """Change a job, one process at a time; `change` gives what is new of it, or raises and nothing is changed."""
        with suppress(FileNotFoundError), one_process_at_a_time(self.folder / job_id / _LOCK):
            if job := self.get(job_id):
                return self.write(job.model_copy(update=change(job)))
        return None

    def forget(self, job_id: str, check: Callable[[Job], bool]) -> None:
        """Remove a job, unless `check` of it as it is now says that it stays, or raises."""
        with suppress(FileNotFoundError), one_process_at_a_time(self.folder / job_id / _LOCK):
            if (job := self.get(job_id)) and check(job):
                self.remove(job_id)

    def content(self, job_id: str) -> Path:
        """Where the file of a job lies, as long as it is not loaded."""
        return self.folder / job_id / _CONTENT

    def origin(self, job: Job, *, encoding: str, progress: Progress | None = None) -> FileOrigin:
        """The file of a job, to be loaded.

        Raises:
            IngestError: it is not there any more.
        """
        called = f"{UPLOADED.scheme}{job.id}/{job.name}"
        return FileOrigin(called, encoding=encoding, progress=progress, place=str(self.content(job.id)))

    def mark(self, lane: Lane, job_id: str) -> None:
        """Note that a job waits."""
        make_folder(self._lane(lane))
        (self._lane(lane) / job_id).touch()

    def done(self, lane: Lane, job_id: str) -> None:
        """Note that a job does not wait any more, unless it was asked for again meanwhile."""
        try:
            with one_process_at_a_time(self.folder / job_id / _LOCK):
                if (job := self.get(job_id)) is None or job.state not in WAITING[lane]:
                    self._unmark(lane, job_id)
        except FileNotFoundError:
            self._unmark(lane, job_id)

    def _unmark(self, lane: Lane, job_id: str) -> None:
        (self._lane(lane) / job_id).unlink(missing_ok=True)

    def waiting(self, lane: Lane) -> list[str]:
        """The ids of the jobs that wait, the oldest first."""
        found: list[tuple[float, str]] = []
        with suppress(FileNotFoundError):
            for entry in os.scandir(self._lane(lane)):
                with suppress(FileNotFoundError):
                    found.append((entry.stat().st_mtime, entry.name))
        return [name for _, name in sorted(found)]

    def _lane(self, lane: Lane) -> Path:
        return self.folder / f"{lane}.waiting"

    def remove(self, job_id: str) -> None:
        """Forget a job, and its file."""
        for lane in LANES:
            self._unmark(lane, job_id)
        shutil.rmtree(self.folder / job_id, ignore_errors=True)

    def tidy(self) -> None:
        """Remove what is left of bodies that were cut off, and old jobs; mark again what a crash left unmarked."""
        self._remove_parts()
        owned: dict[str, list[Job]] = {}
        for job in self.all():
            waits: Lane | None = next((lane for lane in LANES if job.state in WAITING[lane]), None)
            if job.state == "receiving":
                self._remove_if_left(job.id)
            elif waits:
                self.mark(waits, job.id)
            else:
                if job.state == "loaded":
                    self.content(job.id).unlink(missing_ok=True)
                owned.setdefault(job.owner, []).append(job)
        for jobs in owned.values():
            newest = sorted(jobs, key=lambda job: job.received_at, reverse=True)
            for number, job in enumerate(newest):
                if number >= MOST_KEPT or job.received_at.timestamp() < self._retained_since():
                    self.forget(job.id, lambda now, then=job: now.state == then.state)

    def _retained_since(self) -> float:
        return time.time() - self._settings.upload_retention.total_seconds()

    def _remove_if_left(self, job_id: str) -> None:
        """Remove a job whose body nobody receives any more, unless it is whole since."""
        with suppress(OSError), one_process_at_a_time(self.folder / _LOCK):
            if (handle := take(self.content(job_id))) is not None:
                if (job := self.get(job_id)) is None or job.state == "receiving":
                    self.remove(job_id)
                os.close(handle)

    def _remove_parts(self) -> None:
        """Remove folders without a document, which a crash left, and those whose document nobody can read for long."""
        with suppress(FileNotFoundError), one_process_at_a_time(self.folder / _LOCK):
            for folder in self.folder.iterdir():
                if len(folder.name) != _ID_LENGTH or self.get(folder.name):
                    continue
                document = folder / _DOCUMENT
                if not document.exists() or document.stat().st_mtime < self._retained_since():
                    self.remove(folder.name)


def shown_name(name: str) -> str:
    """A file's name as it is shown: its last part, without what does not print."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    printed = "".join(c for c in last if not unicodedata.category(c).startswith("C"))
    return printed.strip().lstrip(".")[-MOST_NAME:] or "upload"
