"""Files over HTTP: taken to disk as they come, looked at, shown as they would be loaded, and loaded.

Belongs here: the addresses, who may send what, and what is told of a job. Does not belong here: jobs and what is done
for them (lakehouse_assets.uploads), or events (service.events).

The body is the file itself: a browser sends a File so, and curl a file with -T, without either holding it in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import anyio
import anyio.to_thread
from fastapi import APIRouter, Path, Query, Request, Response
from starlette.requests import ClientDisconnect

from lakehouse_assets import adopted
from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.http.logs import logger
from lakehouse_assets.ingest.errors import SourceError
from lakehouse_assets.ingest.faults import for_senders
from lakehouse_assets.ingest.sources import Source, accepted_sources, all_sources, find_any_source
from lakehouse_assets.service.admission.access import Asker, writer_of
from lakehouse_assets.service.intake.upload_documents import (
    SOURCE_NAME,
    LoadAsked,
    PreviewDocument,
    SourceNamed,
    Upload,
    UploadList,
)
from lakehouse_assets.service.middleware import CLIENT_GONE
from lakehouse_assets.service.routes.dependencies import Admitted, Served, Service, errors
from lakehouse_assets.service.routes.dictionary import in_words
from lakehouse_assets.uploads.jobs import (
    AT_WORK,
    Job,
    Jobs,
    Problem,
    Receiving,
    State,
    TooLargeError,
    TooManyError,
)  # fmt: skip
from lakehouse_assets.uploads.looking import mapping_of, previewed, profiled
from lakehouse_assets.uploads.working import Workers

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.profiling.tables import Profiles
    from lakehouse_assets.service.intake.looks import Looks

UPLOADS = "/uploads"
GATHERED = 1 << 20
"""Bytes that are written together."""
WRITERS_AT_ONCE = 16
LOADABLE: tuple[State, ...] = ("ready", "failed")
_T = TypeVar("_T")


def _source_query(says: str) -> Any:
    return Query(max_length=100, pattern=SOURCE_NAME, description=says)


router = APIRouter(tags=["uploads"])
JobId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="As sending the file told it.")]


class Uploading:
    """The parts of one process that take files."""

    def __init__(self, lake: Lake, looks: Looks) -> None:
        """Nothing is opened, and nothing runs yet; files are shown by `looks`."""
        settings = lake.settings
        adopted.use(settings)
        self.lake, self.settings, self.looks = lake, settings, looks
        self.jobs, self.workers = Jobs(settings), Workers(settings)
        self.threads = anyio.CapacityLimiter(WRITERS_AT_ONCE)

    async def run(self, function: Callable[..., _T], *args: Any) -> _T:
        """Run what waits for the disk alone in a thread that no question takes."""
        return await anyio.to_thread.run_sync(partial(function, *args), limiter=self.threads)


def uploading_of(request: Request) -> Uploading:
    """The parts of the process that serves a request."""
    return request.app.state.uploading


@router.post(
    UPLOADS,
    status_code=201,
    responses=errors(404, 507),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary", "minLength": 1}}},
        }
    },
)
async def send(
    asker: Admitted,
    request: Request,
    response: Response,
    source: Annotated[str | None, _source_query("Name of a source; found out if not given.")] = None,
    filename: Annotated[str, Query(max_length=500, description="Name of the file, to show it by.")] = "",
) -> Any:
    """Send a file as the body: CSV, JSON, NDJSON or Parquet, also gzip or zstd.

    It is on the disk once this answers; then it is looked at, which GET /uploads/{job} tells the end of. Nothing is
    loaded before POST /uploads/{job}/load. Whose its records are follows from the key of the caller alone.
    """
    uploading = uploading_of(request)
    tenant = writer_of(asker)
    if source:
        await uploading.run(_usable, uploading, source, tenant)
    size = request.headers.get("content-length")
    try:
        begin = partial(uploading.jobs.begin, asker.share, tenant, filename, source=source,
                        size=int(size) if size else None)  # fmt: skip
        receiving = await uploading.run(begin)
        try:
            job = await _received(uploading, request, receiving)
        finally:
            with anyio.CancelScope(shield=True):
                await uploading.run(receiving.close)
    except ClientDisconnect:
        return Response(status_code=CLIENT_GONE)
    except TooLargeError:
        most = uploading.settings.upload_most_bytes
        message = f"A file has at most {most / 1e6:,.0f} MB here; compress it with gzip, or send it in parts."
        raise ApiError(413, "too_large", message, {"most_bytes": most}) from None
    except TooManyError:
        message = "As many of your files wait here as may; load them, or DELETE those that you do not want, then go on."
        raise ApiError(503, "uploads_full", message, headers={"Retry-After": "30"}) from None
    except OSError as error:
        logger().error("upload_not_written", problem=str(error))
        message = "The file cannot be written down at the moment, so nothing of it is kept; send it again later."
        raise ApiError(507, "no_space", message) from error
    uploading.workers.wake("check")
    response.headers["Location"] = f"{UPLOADS}/{job.id}"
    return Upload.of(job)


async def _received(uploading: Uploading, request: Request, receiving: Receiving) -> Job:
    """Write the body to the disk as it comes; what waits for that is not read from the network."""
    gathered, size = bytearray(), 0
    async for part in request.stream():
        size += len(part)
        gathered += part
        if len(gathered) >= GATHERED:
            await uploading.run(receiving.write, bytes(gathered))
            gathered.clear()
    if not size:
        message = "The file is empty (0 bytes); was it saved? Send one with records, as the body of the request."
        raise ApiError(400, "empty_file", message)
    await uploading.run(receiving.write, bytes(gathered))
    return await uploading.run(receiving.keep)


@router.get(UPLOADS, responses=errors())
async def sent(asker: Admitted, request: Request) -> UploadList:
    """The files that the caller sent, and the sources that there are for them."""
    uploading = uploading_of(request)
    tenant = writer_of(asker)
    return await uploading.run(_listed, uploading, asker, tenant)


def _listed(uploading: Uploading, asker: Asker, tenant: str | None) -> UploadList:
    own = [job for job in uploading.jobs.all() if _is_of(job, asker) and job.state != "receiving"]
    own.sort(key=lambda job: job.received_at, reverse=True)
    sources = [
        SourceNamed(name=source.name, description=source.description, format=source.format)
        for source in (all_sources() | accepted_sources()).values()
        if _problem_of(source, tenant) is None
    ]
    return UploadList(
        uploads=[Upload.of(job) for job in own], sources=sources, most_bytes=uploading.settings.upload_most_bytes,
        tenant=tenant,
    )  # fmt: skip


@router.get(UPLOADS + "/{job}", responses=errors(404))
async def became(asker: Admitted, request: Request, job: JobId) -> Upload:
    """Where a file stands, and what became of it."""
    uploading = uploading_of(request)
    writer_of(asker)
    return Upload.of(await uploading.run(own_job, uploading, asker, job))


@router.get(UPLOADS + "/{job}/preview", responses=errors(404, 409))
async def shown(
    asker: Admitted,
    request: Request,
    job: JobId,
    source: Annotated[str | None, _source_query("The one that fits best if not given.")] = None,
) -> PreviewDocument:
    """The first 100 records of a file as they would be loaded, and what is wrong with those that would not be."""
    uploading = uploading_of(request)
    tenant = writer_of(asker)
    found = await uploading.run(own_job, uploading, asker, job)
    refuse_unready(found)
    used = await uploading.run(_usable, uploading, _chosen(found, source), tenant)
    seen = readable(await uploading.looks.run(asker.share, previewed, uploading.settings, found, used), used.name)
    return PreviewDocument.of(seen, used.name, used.target)


@router.get(UPLOADS + "/{job}/profile", responses=errors(404, 409))
async def profile(
    service: Served,
    asker: Admitted,
    request: Request,
    job: JobId,
    source: Annotated[str | None, _source_query("What reads it; its fields as they are if none.")] = None,
) -> Mapping[str, Any]:
    """What a file is like, column by column: its first records, or once it is loaded the rows that came of it."""
    uploading = uploading_of(request)
    tenant = writer_of(asker)
    found = await uploading.run(own_job, uploading, asker, job)
    if found.loaded:
        return await _of_rows(service, asker, request, found)
    refuse_unready(found)
    used = await uploading.run(_usable, uploading, source, tenant) if source else None
    seen = await uploading.looks.run(asker.share, profiled, uploading.settings, found, used)
    return readable(seen, source).to_json()


async def _of_rows(service: Service, asker: Asker, request: Request, job: Job) -> Mapping[str, Any]:
    """The profile of the rows that a file became, which are its sender's."""
    assert job.loaded
    limit_s = uploading_of(request).settings.query_timeout_s
    profiles: Profiles = request.app.state.profiles
    rows = partial(profiles.of, job.loaded.table, tenant=job.tenant, load_id=job.loaded.load_id, longest_s=limit_s)
    with in_words(job.loaded.table):
        return (await service.work.run(asker.share, rows)).to_json()


def readable(found: _T | Problem, source: str | None) -> _T:
    """What was found in a file.

    Raises:
        ApiError: a problem was.
    """
    if isinstance(found, Problem):
        message = f"{found.message.rstrip('.')}. {found.next}".strip()
        details = {"line": found.line} | ({"source": source} if source else {})
        raise ApiError(422, "does_not_fit", message, details)
    return found


@router.post(UPLOADS + "/{job}/load", status_code=202, responses=errors(404, 409))
async def load(asker: Admitted, request: Request, job: JobId, body: LoadAsked | None = None) -> Upload:
    """Load a file; asked for again, it is not loaded twice."""
    uploading = uploading_of(request)
    tenant = writer_of(asker)
    found = await uploading.run(own_job, uploading, asker, job)
    asked = body.source if body else None
    if found.state in ("loading", "loaded") and asked in (None, found.source):
        return Upload.of(found)
    refuse_unready(found)
    used = await uploading.run(_usable, uploading, _chosen(found, asked), tenant)
    changed = await uploading.run(begin_load, uploading.jobs, found.id, used.name)
    uploading.workers.wake("load")
    return Upload.of(changed)


def begin_load(jobs: Jobs, job_id: str, source: str, before: Callable[[], None] | None = None) -> Job:
    """Have a file loaded with a source; where that is done already, all stays as it is.

    Args:
        jobs: Where it is kept.
        job_id: The file.
        source: The source.
        before: What has to be done first, while nobody else may have the file loaded.

    Raises:
        ApiError: it is not to be loaded, or is gone.
    """

    def change(job: Job) -> dict[str, Any]:
        if job.state in ("loading", "loaded") and job.source == source:
            return {}
        refuse_unready(job)
        if before:
            before()
        return {"state": "loading", "source": source, "attempts": 0, "read": 0, "problem": None}

    if (job := jobs.change(job_id, change)) is None:
        raise _unknown()
    jobs.mark("load", job_id)
    return job


@router.delete(UPLOADS + "/{job}", status_code=204, responses=errors(404, 409))
async def forget(asker: Admitted, request: Request, job: JobId) -> None:
    """Forget a file that is not being worked on; rows that were loaded stay."""
    uploading = uploading_of(request)
    writer_of(asker)
    await uploading.run(own_job, uploading, asker, job)
    await uploading.run(uploading.jobs.forget, job, _is_idle)


def _is_idle(job: Job) -> bool:
    if job.state in AT_WORK:
        raise ApiError(409, "at_work", f"The file is {job.state}; forget it when that has ended.")
    return True


def own_job(uploading: Uploading, asker: Asker, job_id: str) -> Job:
    """A file that a caller sent.

    Raises:
        ApiError: the caller sent none of this id.
    """
    job = uploading.jobs.get(job_id)
    if job is None or job.state == "receiving" or not _is_of(job, asker):
        raise _unknown()
    return job


def _is_of(job: Job, asker: Asker) -> bool:
    return job.owner == asker.share and job.tenant == asker.caller.tenant


def _unknown() -> ApiError:
    return ApiError(404, "unknown_upload", "No file of yours has this id; GET /uploads lists those that are kept.")


def refuse_unready(job: Job) -> None:
    """Refuse what cannot be shown or loaded, at the moment or at all.

    Raises:
        ApiError: it cannot.
    """
    if job.state == "loaded":
        raise ApiError(409, "loaded", "The file is loaded; send it again to load it with another source.")
    if job.state not in LOADABLE:
        raise ApiError(
            409, "not_ready", f"The file is {job.state}; ask again in a moment.", headers={"Retry-After": "1"}
        )
    if not job.checked:
        message = "Nothing in the file can be loaded: " + (job.problem.message if job.problem else "it was refused.")
        raise ApiError(409, "not_loadable", message)


def _chosen(job: Job, source: str | None) -> str:
    """The source that is named, or else the one the file was sent for, or that fits best.

    Raises:
        ApiError: there is none.
    """
    chosen = source or Upload.of(job).source
    if chosen is None:
        message = "No source fits the file; name one, or have one drafted: the draft of the job says how."
        raise ApiError(422, "no_source", message, {"fits": [fit.source for fit in job.fits]})
    return chosen


def _usable(uploading: Uploading, name: str, tenant: str | None) -> Source:
    try:
        source = find_any_source(name)
    except SourceError as error:
        raise ApiError(404, "unknown_source", for_senders(str(error), uploading.settings)) from error
    if error := _problem_of(source, tenant):
        raise ApiError(422, "source_not_usable", for_senders(str(error), uploading.settings)) from error
    return source


def _problem_of(source: Source, tenant: str | None) -> SourceError | None:
    try:
        mapping_of(source, tenant)
    except SourceError as error:
        return error
    return None
