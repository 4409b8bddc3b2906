"""What of a warehouse with branches nobody needs any more: old commits, and files that no kept one names.

A catalog with branches keeps one snapshot per table and commit, so history is its commits. What is kept are the heads
of all branches and tags, their commits as far back as the retention, and the one before, which held when it began. How
far that reaches on main is a tag, which moves before any file goes: nobody is shown a state that is being removed.
Belongs here: which files the kept commits need, and removing the others. Does not belong here: warehouses in a folder
(garbage), branches as people see them (branches).
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.serializers import FromInputFile
from tenacity import retry, retry_if_exception_type, stop_after_attempt

from lakehouse_assets.lakehouse import branches
from lakehouse_assets.lakehouse.iceberg.locations import own, warehouse_of
from lakehouse_assets.lakehouse.nessie.catalog import require_nessie
from lakehouse_assets.lakehouse.nessie.client import MAIN, Nessie, Reference, ReferenceGoneError
from lakehouse_assets.lakehouse.nessie.names import KEPT_FROM, SNAPSHOT_PREFIX
from lakehouse_assets.lakehouse.upkeep.local_gc import files_of
from lakehouse_assets.lakehouse.upkeep.report import Freed, told

if TYPE_CHECKING:
    from lakehouse_assets.lakehouse.lake import Lake

READERS = 8
TRIES = 10
DELETED_AT_ONCE = 1000
"""Objects that S3 deletes in one request, at most."""
_FOLDER_ID = re.compile(r"_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


@dataclass(frozen=True)
class StoredFile:
    """A file of the warehouse: its URL, and bytes."""

    url: str
    size: int


def collect_all(lake: Lake) -> dict[str, Freed]:
    """Remove branches, then files, that nobody needs any more; what stopped it comes under "branches", "warehouse"."""
    problems = {}
    try:
        branches.sweep(lake)
    except Exception as error:
        problems["branches"] = Freed(problem=told(error))
    try:
        return {**problems, **collect(lake)}
    except Exception as error:
        return {**problems, "warehouse": Freed(problem=told(error))}


def collect(lake: Lake, *, now: datetime | None = None) -> dict[str, Freed]:
    """Remove what no kept state of any branch or tag needs: old commits, then files that only they needed.

    Args:
        lake: The lake.
        now: The moment from which ages count; the present if None.

    Returns:
        What was removed, by table.

    Raises:
        OSError: metadata that a kept commit names cannot be read; no file was removed.
        OutsideWarehouseError: a kept commit needs a file that is not in the warehouse; no file was removed.
    """
    now = now or datetime.now(UTC)
    cutoff, nessie = now - lake.settings.snapshot_retention, require_nessie(lake.catalog).nessie
    expired = expire_commits(nessie, cutoff)
    needed = needed_files(lake, kept_metadata(nessie, cutoff))
    files, sizes = Counter[str](), Counter[str]()
    bucket = _Bucket(lake)
    orphans = (f for f in bucket.files(older_than=now - lake.settings.staging_grace) if f.url not in needed)
    while batch := list(islice(orphans, DELETED_AT_ONCE)):
        bucket.delete(batch)
        for file in batch:
            table = bucket.table_of(file.url)
            files[table] += 1
            sizes[table] += file.size
    return {t: Freed(expired[t], files[t], sizes[t]) for t in expired.keys() | files.keys()}


def expire_commits(nessie: Nessie, cutoff: datetime) -> Counter[str]:
    """Forget the commits of main that ended before the cutoff; how many states of each table those were."""
    kept = deque(_kept(nessie, nessie.reference(), cutoff), maxlen=1)
    if not kept:
        return Counter()
    (oldest,) = kept
    try:
        before = nessie.reference(KEPT_FROM)
    except ReferenceGoneError:
        before = nessie.create_tag(KEPT_FROM, Reference(MAIN, oldest))
    expired: Counter[str] = Counter()
    for number, commit in enumerate(nessie.history(f"{MAIN}@{oldest}")):
        if number:
            expired.update(p.removeprefix(SNAPSHOT_PREFIX) for p in commit.properties if p.startswith(SNAPSHOT_PREFIX))
        if commit.hash == before.hash:
            break
    nessie.assign(before, Reference(MAIN, oldest))
    return expired


def _kept(nessie: Nessie, reference: Reference, cutoff: datetime) -> Iterator[str]:
    """The commits of a reference since the cutoff, newest first, and the one that held at it."""
    for commit in nessie.history(reference.pinned):
        yield commit.hash
        if commit.time < cutoff:
            return


@retry(retry=retry_if_exception_type(ReferenceGoneError), stop=stop_after_attempt(TRIES), reraise=True)
def kept_metadata(nessie: Nessie, cutoff: datetime) -> set[str]:
    """Metadata files of every table at every commit that any reference keeps.

    Where a branch goes meanwhile, all are read again: what it had may be on main by now.

    Raises:
        ReferenceGoneError: branches went each time.
    """
    seen: set[str] = set()
    locations: set[str] = set()
    for reference in nessie.references():
        oldest = None
        for commit, put in nessie.changes(reference.pinned):
            if commit.hash in seen:
                oldest = None
                break
            seen.add(commit.hash)
            oldest = commit.hash
            locations.update(table.location for table in put)
            if commit.time < cutoff:
                break
        if oldest:
            locations.update(t.location for t in nessie.tables(f"{reference.name}@{oldest}")[1].values())
    return locations


def needed_files(lake: Lake, locations: Iterable[str]) -> set[str]:
    """URLs, as the server names them, of all files that these states of tables need, their metadata included.

    Raises:
        OSError: one of them cannot be read.
        OutsideWarehouseError: one of them is not in the warehouse.
    """
    warehouse = warehouse_of(lake.settings)

    io = PyArrowFileIO(lake.settings.file_system_properties)
    read: set[str] = set()

    def needed(location: str) -> set[str]:
        files = files_of(FromInputFile.table_metadata(io.new_input(location)), io, read)
        return own(warehouse, "a file of a table", (location, *files))

    with ThreadPoolExecutor(READERS) as pool:
        return set().union(*pool.map(needed, sorted(locations)))


class _Bucket:
    """The warehouse as objects of S3."""

    def __init__(self, lake: Lake) -> None:
        """Open a client; nothing is requested."""
        import boto3

        options = lake.settings.s3_options
        address = urlsplit(lake.settings.warehouse_url)
        self._name, self._prefix = address.netloc, address.path.strip("/")
        self._client: Any = boto3.client(
            "s3", aws_access_key_id=options["key"], aws_secret_access_key=options["secret"], **options["client_kwargs"]
        )

    def files(self, *, older_than: datetime) -> Iterator[StoredFile]:
        """Files that were last written before a moment, page by page."""
        prefix = f"{self._prefix}/" if self._prefix else ""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=prefix)
        for page in pages:
            for found in page.get("Contents", ()):
                if found["LastModified"] < older_than and not found["Key"].endswith("/"):
                    yield StoredFile(f"s3://{self._name}/{found['Key']}", found["Size"])

    def delete(self, files: Iterable[StoredFile]) -> None:
        """Remove files.

        Raises:
            OSError: the server kept one of them.
        """
        keys = [{"Key": file.url.removeprefix(f"s3://{self._name}/")} for file in files]
        answer = self._client.delete_objects(Bucket=self._name, Delete={"Objects": keys, "Quiet": True})
        if errors := answer.get("Errors"):
            raise OSError(f"s3://{self._name} kept {len(errors)} files that nobody needs, such as {errors[0]}")

    def table_of(self, url: str) -> str:
        """The table in whose folder a file lies, layer.table; Nessie adds an id to the folder's name."""
        inside = url.removeprefix(f"s3://{self._name}/").removeprefix(self._prefix).strip("/")
        return _FOLDER_ID.sub("", ".".join(inside.split("/")[:2]))
