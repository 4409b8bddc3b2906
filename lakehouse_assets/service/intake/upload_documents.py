"""What is told of files that were sent, and what may be asked of them, as documents.

Belongs here: their fields. Does not belong here: the addresses (uploads, drafts), or what a job is (uploads.jobs).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from lakehouse_assets.drafting.edits import Edits
from lakehouse_assets.uploads.jobs import Draft, Fit, Job, Loaded, Problem, State

if TYPE_CHECKING:
    from lakehouse_assets.uploads.looking import Preview

SOURCE_NAME = r"^[a-z][a-z0-9_]*$"


class Upload(BaseModel):
    """A file that was sent, and what became of it."""

    job: str = Field(description="Its id.")
    name: str = Field(description="The file's name, as it is shown.")
    bytes: int
    received_at: datetime
    state: State = Field(
        description="received: it waits to be looked at; checking; ready: to be shown and loaded; loading: it waits to "
        "be loaded, or is; loaded; failed: the problem says why, and what to do."
    )
    progress: float | None = Field(description="Share of the file that was read, 0 to 1, while it is loaded.")
    source: str | None = Field(description="What it is read with, once that is known.")
    fits: list[Fit] = Field(description="Sources that fit it, the best first.")
    draft: Draft | None = Field(description="What a new source for it would be, where none fits.")
    loaded: Loaded | None = Field(description="What became of its records.")
    problem: Problem | None = Field(description="What went wrong, and what to do.")

    @classmethod
    def of(cls, job: Job) -> Upload:
        """What is told of a job."""
        best = next((fit.source for fit in job.fits if fit.good), None)
        return cls(
            job=job.id, name=job.name, bytes=job.bytes, received_at=job.received_at, state=job.state,
            progress=min(1.0, job.read / job.bytes) if job.state == "loading" and job.bytes else None,
            source=job.source or best, fits=job.fits, draft=job.draft, loaded=job.loaded, problem=job.problem,
        )  # fmt: skip


class SourceNamed(BaseModel):
    """A source that a file can be loaded with."""

    name: str
    description: str
    format: str


class UploadList(BaseModel):
    """The caller's files, the newest first, and what may be sent."""

    uploads: list[Upload]
    sources: list[SourceNamed]
    most_bytes: int = Field(description="Bytes that a file may have.")
    tenant: str | None = Field(description="Whose the records of files are; null where a draft has to be told.")


class ColumnShown(BaseModel):
    """A column of the table that a source fills."""

    name: str
    type: str
    description: str


class FaultShown(BaseModel):
    """A record that would go to quarantine."""

    record: int | None = Field(description="Its number in the file, from 1.")
    column: str | None
    reason: str
    text: str = Field(description="The beginning of the record as it is in the file.")


class PreviewDocument(BaseModel):
    """The first records as they would be loaded."""

    source: str
    table: str
    columns: list[ColumnShown]
    rows: list[list[str | None]] = Field(description="A text for each column; null where there is no value.")
    numbers: list[int] = Field(description="Of which record of the file, from 1, each row is.")
    records: int = Field(description="How many records were looked at.")
    faults: list[FaultShown] = Field(description="Those that would go to quarantine, and why.")

    @classmethod
    def of(cls, seen: Preview, source: str, table: str) -> PreviewDocument:
        """What is told of a preview."""
        return cls(
            source=source, table=table, rows=[list(row) for row in seen.rows], numbers=list(seen.numbers),
            columns=[ColumnShown(name=n, type=t, description=d) for n, t, d in seen.columns], records=seen.records,
            faults=[FaultShown(record=f.record, column=f.column, reason=f.reason, text=f.text) for f in seen.faults],
        )  # fmt: skip


class LoadAsked(BaseModel):
    """What a file is to be loaded with."""

    source: str | None = Field(
        default=None,
        max_length=100,
        pattern=SOURCE_NAME,
        description="Name of a source; the one that fits best if null.",
    )


class DraftAsked(BaseModel):
    """A draft as a person decided it."""

    name: str = Field(max_length=100, pattern=SOURCE_NAME, description="What the source is to be called.")
    edits: Edits = Field(default=Edits(), description="What was decided; the rest stays as drafted.")
    tenant: str | None = Field(
        default=None, max_length=100, pattern=r"^[\w][\w.@-]*$",
        description="Whose the records are, where the key is of no tenant and no field says it.",
    )  # fmt: skip
