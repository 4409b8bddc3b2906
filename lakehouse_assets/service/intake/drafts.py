"""Drafts of sources over HTTP: tried as a person decided them, accepted, and the file loaded with them.

Belongs here: the addresses, who may accept what, and which names are free. Does not belong here: what a draft is
(drafting, uploads.drafts), keeping what was accepted (adopted), or files themselves (uploads).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request

from lakehouse_assets import adopted
from lakehouse_assets.adopted import Adopted, FullError, TakenError
from lakehouse_assets.domains import all_contracts
from lakehouse_assets.drafting.edits import EditsError
from lakehouse_assets.http.errors import ApiError
from lakehouse_assets.http.logs import logger
from lakehouse_assets.ingest.sources import all_sources
from lakehouse_assets.service.admission.access import Asker, writer_of
from lakehouse_assets.service.intake.upload_documents import DraftAsked, PreviewDocument, Upload
from lakehouse_assets.service.intake.uploads import (
    UPLOADS,
    JobId,
    Uploading,
    begin_load,
    own_job,
    readable,
    refuse_unready,
    uploading_of,
)
from lakehouse_assets.service.routes.dependencies import Admitted, errors
from lakehouse_assets.uploads.drafts import accepted, tried

if TYPE_CHECKING:
    from lakehouse_assets.uploads.jobs import Job

router = APIRouter(tags=["uploads"])


@router.post(UPLOADS + "/{job}/draft/preview", responses=errors(404, 409))
async def try_draft(asker: Admitted, request: Request, job: JobId, body: DraftAsked) -> PreviewDocument:
    """The first 100 records of a file as its draft would load them, with what was decided; nothing is kept."""
    uploading = uploading_of(request)
    found = await _drafted(uploading, asker, job, body)
    args = (uploading.settings, found, body.name, body.edits, body.tenant)
    try:
        seen = readable(await uploading.looks.run(asker.share, tried, *args), body.name)
    except EditsError as error:
        raise _undecided(error) from error
    return PreviewDocument.of(seen, body.name, f"bronze.{body.name}_raw")


@router.post(UPLOADS + "/{job}/draft/accept", status_code=202, responses=errors(404, 409))
async def accept(asker: Admitted, request: Request, job: JobId, body: DraftAsked) -> Upload:
    """Accept the draft of a file as it was decided, and load the file with it; asked for again, nothing is doubled.

    It becomes a source for files of the caller's tenant; of a caller without one, for everyone's. Its rows lie in a
    table of bronze. Questions about it are answered once there is a domain of its name.
    """
    uploading = uploading_of(request)
    tenant = writer_of(asker)
    found = await uploading.run(own_job, uploading, asker, job)
    if found.state in ("loading", "loaded") and found.source == body.name:
        return Upload.of(found)
    found = await _drafted(uploading, asker, job, body)
    args = (uploading.settings, found, body.name, body.edits, body.tenant, asker.name)
    try:
        made = readable(await uploading.looks.run(asker.share, accepted, *args), body.name)
    except EditsError as error:
        raise _undecided(error) from error
    changed = await uploading.run(begin_load, uploading.jobs, found.id, made.name, partial(_keep, uploading, made))
    logger().info("draft_accepted", source=made.name, job=found.id, by=asker.name, tenant=tenant)
    uploading.workers.wake("load")
    return Upload.of(changed)


async def _drafted(uploading: Uploading, asker: Asker, job: str, body: DraftAsked) -> Job:
    """The caller's file, of which a draft was made.

    Raises:
        ApiError: there is none, or it is not said whose the records are.
    """
    tenant = writer_of(asker)
    found = await uploading.run(own_job, uploading, asker, job)
    refuse_unready(found)
    if found.draft is None:
        raise ApiError(
            409, "no_draft", "Nothing was drafted for the file; load it with one of the sources that fit it."
        )
    if tenant is not None and body.tenant not in (None, tenant):
        raise ApiError(403, "forbidden", "The records are of the tenant of the key; leave out “tenant”.")
    if tenant is None and body.tenant is None and found.draft.tenant_field is None:
        message = "Say whose the records are, for no field of the file does: a “tenant”, such as my-shop."
        raise ApiError(422, "tenant_needed", message)
    return found


def _keep(uploading: Uploading, made: Adopted) -> None:
    """Keep a draft, if its name is free.

    Raises:
        ApiError: it is not, or there are too many.
    """
    taken = ApiError(409, "name_taken", f"There is a source or a table called {made.name}; choose another name.")
    if made.name in all_sources() or made.table in {contract.identifier for contract in all_contracts()}:
        raise taken
    has_table = made.table in uploading.lake.catalog.heads()
    known = adopted.find(made.name)
    if has_table and (known is None or known.job != made.job):
        raise taken
    try:
        adopted.keep(uploading.settings, made, replace=not has_table)
    except TakenError:
        raise taken from None
    except FullError as error:
        message = f"{error.most} drafts were accepted, and no more may be; whoever runs the lake makes domains of them."
        raise ApiError(409, "too_many_sources", message) from None
    except OSError as error:
        logger().error("draft_not_written", problem=str(error))
        raise ApiError(
            507, "no_space", "The draft cannot be written down at the moment; accept it again later."
        ) from error


def _undecided(error: EditsError) -> ApiError:
    said = str(error)
    return ApiError(422, "not_decided", said[:1].upper() + said[1:])
