"""Events over HTTP: records are taken into the intake log, and what became of them is told.

Events are sent by many small requests, and of each what FastAPI does around a function took more than the function. So
a middleware before it answers the plain ones by the same function, and lets the others through.
Belongs here: the two addresses, who may send what, and the parts of the service that accept and commit. Does not belong
here: the log (intake), or what records mean (ingest).
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path as FolderPath
from typing import TYPE_CHECKING, Annotated

import numpy as np
from cachetools import TTLCache
from fastapi import APIRouter, Header, Path, Request, Response
from pydantic import BaseModel, Field

from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.http.logs import logger
from lakehouse_assets.ingest.errors import SourceError
from lakehouse_assets.ingest.faults import for_senders
from lakehouse_assets.ingest.loads.staging import refuse_unusable
from lakehouse_assets.ingest.origins.logged import KIND
from lakehouse_assets.ingest.sources import Source, find_source
from lakehouse_assets.intake import tables
from lakehouse_assets.intake.bodies import ENCODINGS, TYPES, BodyError, TooLargeError, cut, decompressed
from lakehouse_assets.intake.committer import Committer
from lakehouse_assets.intake.entries import Entry
from lakehouse_assets.intake.log import BusyError, IntakeLog, OtherContentError, Position
from lakehouse_assets.intake.status import State, Status, status_of
from lakehouse_assets.service.admission.access import EVENTS, writer_of
from lakehouse_assets.service.admission.together import Together
from lakehouse_assets.service.routes.dependencies import Admitted, Served, Service, errors

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from lakehouse_assets.lakehouse.lake import Lake
    from lakehouse_assets.service.intake.looks import Looks
    from lakehouse_assets.settings import Settings

KNOWN_FOR_S = 60.0
"""Seconds for which a source is taken as it was, and is not read again for each request."""
RETRY_S = "5"
ENDS_WITHIN_S = PREPARES_WITHIN_S = 20.0
_IN_LINE = 1 << 18
"""Bytes of a body, once it is decompressed, from which on it is cut in a thread: others are not kept waiting."""
TAKEN = (*TYPES, *tables.TYPES)
"""Content types of bodies."""
_POSITION = re.compile(r"(\d{1,9})-(\d{1,18})-([1-9]\d{0,8})")
_SOURCE, _KEY = r"^[a-z][a-z0-9_]*$", r"^[!-~]+$"
_MOST_OF_SOURCE, _MOST_OF_KEY = 100, 200
_PLAIN_PATH, _PLAIN_KEY = re.compile(f"{EVENTS}({_SOURCE[1:-1]})"), re.compile(_KEY)

router = APIRouter(tags=["events"])


class Accepted(BaseModel):
    """Records that are kept: whatever happens to the service, they come into bronze or into quarantine."""

    position: str = Field(description="What GET /events/{source}/position/{position} knows them by.")
    records: int = Field(description="How many were found in the body.")


class RefusedRecord(BaseModel):
    """A record in quarantine."""

    record: int = Field(description="Its number in the request, from 1.")
    reason: str


class WhatBecame(BaseModel):
    """What became of the records of a request."""

    state: State = Field(
        description="accepted: they wait to be loaded; visible: they are in bronze, but for those in quarantine; "
        "quarantined: all are there; given up: nothing could load them, and a person let go of them."
    )
    quarantined: int = Field(description="How many are in quarantine; `asklake quarantine list` has them all.")
    refused: list[RefusedRecord] = Field(description="The first of them.")


class Intake:
    """The parts of one process that take events: the log, opened with the first of them, and the committer's thread."""

    def __init__(self, lake: Lake, looks: Looks) -> None:
        """Nothing is opened, and nothing runs yet; bodies that are tables are read by `looks`."""
        self.lake, self.settings, self.looks = lake, lake.settings, looks
        self.folder: FolderPath = lake.settings.intake_dir
        self._log: IntakeLog | None = None
        self._opening = threading.Lock()
        self._usable: TTLCache[tuple[str, str | None], Source] = TTLCache(1_000, KNOWN_FOR_S)
        self._prepared = Together(self._prepare, _in_time)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    def start(self) -> None:
        """Commit every few seconds what has come."""
        self._thread.start()

    def stop(self) -> None:
        """Commit what has come, and end; what is not done in time is done by the next process."""
        if self._log:
            self._log.close()
        self._ending.set()
        self._thread.join(ENDS_WITHIN_S)

    async def ready(self, source: str, tenant: str | None) -> Source:
        """Open the log, and look at a source, unless that was done lately; once for all that wait for it.

        Raises:
            ApiError: there is no such source, it cannot be used for the tenant, the log's folder cannot be written to,
                or it takes too long.
        """
        known = self._usable.get((source, tenant)) if self._log else None
        return known or await self._prepared.result((source, tenant))

    def _prepare(self, asked: Sequence[tuple[str, str | None]]) -> list[Source | Exception]:
        found: dict[tuple[str, str | None], Source | Exception] = {}
        for one in dict.fromkeys(asked):
            try:
                self.log()
                found[one] = self._looked_at(*one)
            except ApiError as error:
                found[one] = error
        return [found[one] for one in asked]

    def _looked_at(self, name: str, tenant: str | None) -> Source:
        if known := self._usable.get((name, tenant)):
            return known
        try:
            found = find_source(name)
        except SourceError as error:
            raise ApiError(404, "unknown_source", for_senders(str(error), self.settings)) from error
        try:
            refuse_unusable(KIND.as_read(found), tenant, bound=KIND.is_bound)
        except SourceError as error:
            raise ApiError(422, "source_needs_tenant", for_senders(str(error), self.settings)) from error
        self._usable[name, tenant] = found
        return found

    def log(self) -> IntakeLog:
        """The log of this process.

        Raises:
            ApiError: its folder cannot be written to.
        """
        with self._opening:
            if self._log is None:
                try:
                    self._log = IntakeLog(self.folder, most_backlog=self.settings.intake_backlog_bytes)
                except OSError as error:
                    raise _not_kept(error) from error
            return self._log

    def _run(self) -> None:
        committer = Committer(self.lake, self.folder)
        every_s = self.settings.intake_every_s
        try:
            while not self._ending.wait(every_s):
                self._commit(committer)
            self._commit(committer)
        finally:
            committer.close()

    def _commit(self, committer: Committer) -> None:
        if not self.folder.exists():
            return
        try:
            for one in committer.commit():
                logger().info(
                    "committed", source=one.source, tenant=one.tenant, first=one.first, end=one.end,
                    loaded=one.loaded, quarantined=one.quarantined,
                )  # fmt: skip
        except Exception:  # it still waits, and is tried again
            logger().exception("not_committed")


@router.post(
    "/events/{source}",
    status_code=202,
    responses=errors(404, 409, 415),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {name: {"schema": {"type": "string", "format": "binary"}} for name in TAKEN},
        }
    },
)
async def send(
    service: Served,
    asker: Admitted,
    request: Request,
    source: Annotated[str, Path(max_length=_MOST_OF_SOURCE, pattern=_SOURCE, description="Name of a source.")],
    idempotency_key: Annotated[
        str | None,
        Header(max_length=_MOST_OF_KEY, pattern=_KEY, description="Sent again by it, records are not taken again."),
    ] = None,
) -> Accepted:
    """Send events: one JSON record a line, a JSON array, CSV, a stream of Arrow, or Parquet; plain, gzip or zstd.

    They are on the disk once this answers, and in bronze some seconds later. Whose they are follows from the key of the
    caller alone. A record that does not fit its table goes to quarantine; it stops no other.
    """
    intake: Intake = request.app.state.intake
    tenant = writer_of(asker)
    known = await intake.ready(source, tenant)
    with _refusing(intake.settings):
        form, coding = _form(request)
        body = await request.body()
        if form.type in tables.TYPES:
            read = partial(tables.records_of, intake.settings, body, coding, form, known, tenant)
            data, ends = await intake.looks.run(asker.share, read)
        else:
            most = intake.settings.intake_most_body
            found = _at_once(body, coding, form.type, most)
            read = partial(_of_json, body, coding, form.type, most)
            data, ends = found or await service.work.run(asker.share, read)
    entry = Entry(source, tenant, idempotency_key, data, ends)
    try:
        position = await _durable(intake.log().append(entry))
    except BusyError as error:
        message = "More is waiting to be loaded than is kept for it; send the records again in a moment."
        raise ApiError(503, "intake_full", message, headers={"Retry-After": RETRY_S}) from error
    except OtherContentError as error:
        message = "Other records were sent by this Idempotency-Key; use one key for the same records only."
        raise ApiError(409, "other_content", message) from error
    except OSError as error:
        raise _not_kept(error) from error
    return Accepted(position=str(position), records=position.records)


class EventsMiddleware:
    """ASGI middleware: answers what is sent to a source, where path and header are plain."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send_: Send) -> None:
        """Answer a request, or let the app do it.

        Raises:
            ApiError: see `send`.
        """
        path = _PLAIN_PATH.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if path is None or len(path[1]) > _MOST_OF_SOURCE:
            return await self._app(scope, receive, send_)
        request = Request(scope, receive)
        key = request.headers.get("idempotency-key")
        if key is not None and not (len(key) <= _MOST_OF_KEY and _PLAIN_KEY.fullmatch(key)):
            return await self._app(scope, receive, send_)
        service: Service = request.app.state.service
        asker = await service.admitted.result(request)
        accepted = await send(service, asker, request, path[1], key)
        response = Response(accepted.model_dump_json(), 202, media_type="application/json")
        return await response(scope, receive, send_)


@router.get("/events/{source}/position/{position}", responses=errors(404))
async def became(
    service: Served,
    asker: Admitted,
    request: Request,
    source: Annotated[str, Path(max_length=_MOST_OF_SOURCE, pattern=_SOURCE, description="Name of the source.")],
    position: Annotated[str, Path(max_length=60, description="As sending them told it.", examples=["0-1200-100"])],
) -> WhatBecame:
    """What became of records that were sent."""
    intake: Intake = request.app.state.intake
    tenant = writer_of(asker)
    found = _POSITION.fullmatch(position)
    if not found or not intake.folder.exists():
        raise ApiError(404, "unknown_position", "No records of yours are at this position.")
    at = Position(*map(int, found.groups()))
    status = await service.work.run(asker.share, _status, intake, source, tenant, at)
    refused = [RefusedRecord(record=r.record, reason=r.reason) for r in status.refused]
    return WhatBecame(state=status.state, quarantined=status.quarantined, refused=refused)


def _status(intake: Intake, source: str, tenant: str | None, at: Position) -> Status:
    return status_of(intake.lake, intake.folder, source, tenant, at)


def _form(request: Request) -> tuple[tables.Form, str]:
    """What a request says of its body: its type, and how it is compressed.

    Raises:
        ApiError: such a body is not taken.
        BodyError: its type names what there is not.
    """
    form = tables.form_of(request.headers.get("content-type", ""))
    if form.type not in TAKEN:
        raise ApiError(415, "unsupported_media_type", f"Send events as one of {', '.join(TAKEN)}.", {"known": [*TAKEN]})
    coding = request.headers.get("content-encoding", "").strip().lower() or "identity"
    if coding not in ENCODINGS:
        message = f"Send the body as it is, or with Content-Encoding {' or '.join(ENCODINGS[1:])}."
        raise ApiError(415, "unsupported_encoding", message)
    return form, coding


@contextmanager
def _refusing(settings: Settings) -> Iterator[None]:
    """Tell what is wrong with a body."""
    try:
        yield
    except TooLargeError as error:
        raise ApiError(413, error.code, str(error), {"most_bytes": settings.intake_most_body}) from error
    except BodyError as error:
        raise ApiError(400, error.code, str(error)) from error


def _at_once(body: bytes, coding: str, kind: str, most: int) -> tuple[bytes, np.ndarray] | None:
    """The records of a body that is small, once it is decompressed, too; None of another."""
    if len(body) > _IN_LINE:
        return None
    try:
        data = decompressed(body, coding, min(_IN_LINE, most))
    except TooLargeError:
        return None
    return cut(data, kind)


def _of_json(body: bytes, coding: str, kind: str, most: int) -> tuple[bytes, np.ndarray]:
    return cut(decompressed(body, coding, most), kind)


async def _in_time(prepared: asyncio.Future[Source]) -> Source:
    """Wait for what the first event of a source needs; longer than questions wait, for it is done once.

    Raises:
        ApiError: it takes too long.
    """
    try:
        async with asyncio.timeout(PREPARES_WITHIN_S):
            return await prepared
    except TimeoutError:
        message = "The service is busy with its start; send the records again in a moment."
        raise ApiError(503, "overloaded", message, headers={"Retry-After": RETRY_S}) from None


async def _durable(future: Future[Position]) -> Position:
    """Wait for the disk; a client that leaves meanwhile changes nothing for another that sent the same."""
    return await asyncio.shield(asyncio.wrap_future(future))


def _not_kept(error: OSError) -> ApiError:
    logger().error("intake_not_written", problem=str(error))
    message = "The records cannot be written down at the moment, so none is taken; send them again in a moment."
    return ApiError(503, "intake_unavailable", message, headers={"Retry-After": RETRY_S})
