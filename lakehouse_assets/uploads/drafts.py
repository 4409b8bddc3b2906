"""A new source for a file as a person decided it: tried on the first records, and as it is kept.

Belongs here: decisions about the draft of a job. Does not belong here: the draft itself (looking), keeping what was
accepted (adopted), or who may accept it (service).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse_assets.adopted import Adopted, contract_of
from lakehouse_assets.drafting.adopting import adopt
from lakehouse_assets.drafting.design import design
from lakehouse_assets.drafting.edits import Edits
from lakehouse_assets.ingest.errors import IngestError, SourceError
from lakehouse_assets.ingest.loads.staging import check_mapping, engine_for
from lakehouse_assets.ingest.sources import UNDECIDED, Source
from lakehouse_assets.uploads.jobs import Job, Jobs, Problem
from lakehouse_assets.uploads.looking import Preview, mapping_of, preview, told

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings


def accepted(settings: Settings, job: Job, name: str, edits: Edits, tenant: str | None, by: str) -> Adopted | Problem:
    """A draft of a job's file as a person decided it, or why the file cannot be read.

    Args:
        settings: The settings.
        job: The job.
        name: What it is to be called.
        edits: What was decided.
        tenant: Whose the records are, where the sender is of no tenant.
        by: Name of who decides.

    Raises:
        EditsError: no table can be made of it, or something is not decided.
    """
    try:
        whose = job.tenant or tenant or UNDECIDED
        made = design(name, [str(Jobs(settings).content(job.id))], edits, whose, zone=settings.time_zone)
        found = adopt(made, tenant=job.tenant, job=job.id, by=by)
        source = Source.model_validate(found.source)
        mapping = mapping_of(source, job.tenant, contract_of(found))
        with engine_for(settings, source) as con:
            check_mapping(con, mapping)
    except (IngestError, SourceError) as error:
        return told(error, settings)
    return found


def tried(settings: Settings, job: Job, name: str, edits: Edits, tenant: str | None) -> Preview | Problem:
    """The first records of a job's file as a draft would load them, or why it cannot; see `accepted`.

    Raises:
        EditsError: no table can be made of it, or something is not decided.
    """
    found = accepted(settings, job, name, edits, tenant, "")
    if isinstance(found, Problem):
        return found
    source = Source.model_validate(found.source)
    try:
        origin = Jobs(settings).origin(job, encoding=source.encoding)
        mapping = mapping_of(source, job.tenant, contract_of(found), zone=settings.time_zone)
        return preview(settings, mapping, origin)
    except (IngestError, SourceError) as error:
        return told(error, settings)
