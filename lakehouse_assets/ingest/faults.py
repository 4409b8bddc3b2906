"""Whose fault an error is: the file's, the source's, or that of what everything stands on.

Belongs here: telling these apart, and saying an unforeseen one in words for people. Does not belong here: the errors
themselves (errors), or what follows from them (loader; assets).
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from pyiceberg.exceptions import CommitFailedException, RESTError
from sqlalchemy.exc import DBAPIError

from lakehouse_assets import domains
from lakehouse_assets.ingest.errors import IngestError, SourceError, WarehouseError
from lakehouse_assets.lakehouse.iceberg.evolution import SchemaDriftError
from lakehouse_assets.lakehouse.publish.protocol import AuditFailedError, PublicationConflictError

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings

_FULL = (errno.ENOSPC, errno.EDQUOT)


def is_of_warehouse(error: BaseException) -> bool:
    """Whether an error is one of disks, servers or other writers, so that to try again later may help."""
    import requests

    from lakehouse_assets.lakehouse.nessie.client import NessieError

    servers = (RESTError, CommitFailedException, DBAPIError, NessieError, requests.RequestException)
    return isinstance(error, (WarehouseError, PublicationConflictError, *servers))


def befalls_all(error: BaseException) -> bool:
    """Whether every other file of the source would meet an error too, so that to go on is no use."""
    return isinstance(error, (SourceError, SchemaDriftError, MemoryError)) or is_of_warehouse(error) or _is_full(error)


def _is_full(error: BaseException) -> bool:
    """Whether a disk is full, such as the one that the engine keeps what does not fit into memory on."""
    if isinstance(error, duckdb.IOException):
        return any(os.strerror(number) in str(error) for number in _FULL)
    return isinstance(error, OSError) and error.errno in _FULL


def for_senders(text: str, settings: Settings) -> str:
    """What went wrong, for those who send records: files by their names, without the folders of this machine."""
    home, sources = settings.home.absolute(), Path(domains.__file__).resolve().parent
    for folder in (str(sources), str(home), str(home.resolve()), settings.warehouse_url.rstrip("/")):
        text = text.replace(f"{folder}/", "") if folder else text
    return text


def of_file(
    path: str, error: Exception, *, line: int | None = None, column: str | None = None
) -> IngestError | AuditFailedError:
    """What is told of a file that met an error: an unforeseen one is put into words, with its own sentence kept.

    Args:
        path: The file.
        error: What it met.
        line: Line of the record that an unforeseen error is about, as far as that is known.
        column: Column of the target table that it is about.
    """
    if isinstance(error, IngestError | AuditFailedError):
        return error
    sentence = next((line.strip() for line in str(error).splitlines() if line.strip()), "") or "no reason given"
    hint = "Compare it with what the source loads otherwise, mend it or the source, and load it again."
    if isinstance(error, duckdb.OutOfMemoryException):
        hint = "Split it, or raise ASKLAKE_MEMORY_LIMIT, and load it again."
    refused = IngestError(
        path, f"it could not be loaded: {sentence.rstrip('.')} ({type(error).__name__})",
        hint=f"Nothing of it was published. {hint}", line=line, column=column,
    )  # fmt: skip
    refused.__cause__ = error
    return refused
