"""A client of the parts of Nessie's REST API that publications need: references, contents, merges.

Belongs here: the protocol (Nessie REST API version 2, https://projectnessie.org/develop/rest/), nothing of the lake.
Does not belong here: what is on a branch, or when it is merged (publish.on_branch).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from lakehouse_assets.settings.servers import MAIN

NOTHING = "2e1cfa82b035c26cbbbdae632cea070514eb8b773f616aaeaf668e2f0be8f10d"
"""The hash of no commit at all, at which every history begins."""
TIMEOUT_S = 30
READ_TRIES = 7
"""How often reading is tried again, over some 25 seconds: as long as a server takes to start."""
PAGE = 500


class NessieError(Exception):
    """Nessie refused a request, or cannot be reached."""


class ReferenceGoneError(NessieError):
    """There is no such branch, tag or commit."""


class ReferenceConflictError(NessieError):
    """The reference, or a table on it, has moved since it was looked at."""


@dataclass(frozen=True)
class Reference:
    """A branch or tag, and the commit it is at."""

    name: str
    hash: str
    kind: str = "BRANCH"

    @property
    def pinned(self) -> str:
        """`name@hash`, as paths of the API name a reference at a commit."""
        return f"{self.name}@{self.hash}"


@dataclass(frozen=True)
class TableAt:
    """An Iceberg table on a reference: its metadata file and the snapshot that is current there."""

    identifier: str
    location: str
    snapshot_id: int | None


@dataclass(frozen=True)
class Commit:
    """One commit of a reference."""

    hash: str
    time: datetime
    author: str
    message: str
    properties: Mapping[str, str]


class Nessie:
    """A Nessie server. Thread-safe: requests share no state but the connection pool."""

    def __init__(self, url: str) -> None:
        """Nothing is requested yet.

        Args:
            url: Root of the server, as http://host:port.
        """
        self._base = f"{url.rstrip('/')}/api/v2"
        self._http = requests.Session()
        # Only reading is tried again: whether a change was made before its answer was lost is for the caller to see.
        # A connection to a database that has been restarted is a 500, once each.
        passing = (500, 502, 503, 504)
        patient = Retry(
            READ_TRIES, backoff_factor=0.2, status_forcelist=passing, allowed_methods=("GET",), raise_on_status=False
        )
        self._http.mount("http://", HTTPAdapter(max_retries=patient))
        self._http.mount("https://", HTTPAdapter(max_retries=patient))

    def reference(self, name: str = MAIN) -> Reference:
        """A branch or tag as it is now.

        Raises:
            ReferenceGoneError: there is none of this name.
        """
        return _reference(self._call("GET", f"/trees/{quote(name, safe='')}")["reference"])

    def references(self) -> list[Reference]:
        """Every branch and tag."""
        return [_reference(r) for page in self._pages("/trees") for r in page["references"]]

    def create_branch(self, name: str, at: Reference) -> Reference:
        """Make a branch at the commit of another reference.

        Raises:
            ReferenceConflictError: a reference of this name exists.
        """
        return self._create(name, at, "BRANCH")

    def create_tag(self, name: str, at: Reference) -> Reference:
        """Make a tag at the commit of another reference.

        Raises:
            ReferenceConflictError: a reference of this name exists.
        """
        return self._create(name, at, "TAG")

    def _create(self, name: str, at: Reference, kind: str) -> Reference:
        body = {"type": at.kind, "name": at.name, "hash": at.hash}
        return _reference(self._call("POST", "/trees", {"name": name, "type": kind}, body)["reference"])

    def assign(self, reference: Reference, to: Reference) -> Reference:
        """Move a branch or tag to another commit, whatever it holds.

        Raises:
            ReferenceConflictError: it is not where `reference` says.
        """
        body = {"type": to.kind, "hash": to.hash, **({"name": to.name} if to.name else {})}
        path = f"/trees/{quote(reference.pinned, safe='@')}"
        return _reference(self._call("PUT", path, {"type": reference.kind}, body)["reference"])

    def drop(self, reference: Reference) -> None:
        """Remove a branch or tag.

        Raises:
            ReferenceConflictError: it is not where `reference` says.
        """
        self._call("DELETE", f"/trees/{quote(reference.pinned, safe='@')}", {"type": reference.kind})

    def merge(self, branch: Reference, into: Reference, message: str, properties: Mapping[str, str]) -> str:
        """Merge a branch at exactly this commit into another, as one commit; returns that commit's hash.

        Raises:
            ReferenceConflictError: a table that the branch changes has changed on the other since they parted.
        """
        body = {
            "fromRefName": branch.name,
            "fromHash": branch.hash,
            "message": message,
            "commitMeta": {"message": message, "authors": ["asklake"], "properties": dict(properties)},
        }
        result = self._call("POST", f"/trees/{quote(into.pinned, safe='@')}/history/merge", None, body)
        return str(result["resultantTargetHash"])

    def tables(self, reference: str = MAIN) -> tuple[str, dict[str, TableAt]]:
        """The commit a reference is at, and every Iceberg table there.

        Args:
            reference: Name, or `name@hash`.
        """
        path, found = f"/trees/{quote(reference, safe='@')}/entries", {}
        commit = ""
        for page in self._pages(path, {"content": "true"}):
            commit = page["effectiveReference"]["hash"]
            for entry in page["entries"]:
                if table := _table(entry):
                    found[table.identifier] = table
        return commit, found

    def history(self, reference: str = MAIN) -> Iterator[Commit]:
        """The commits of a reference, newest first, read page by page."""
        for page in self._pages(f"/trees/{quote(reference, safe='@')}/history"):
            yield from (_commit(entry["commitMeta"]) for entry in page["logEntries"])

    def changes(self, reference: str = MAIN) -> Iterator[tuple[Commit, list[TableAt]]]:
        """The commits of a reference, newest first, each with the tables it put where they then were."""
        for page in self._pages(f"/trees/{quote(reference, safe='@')}/history", {"fetch": "ALL"}):
            for entry in page["logEntries"]:
                put = [t for o in entry.get("operations") or () if "content" in o and (t := _table(o))]
                yield _commit(entry["commitMeta"]), put

    def _pages(self, path: str, params: Mapping[str, str] | None = None) -> Iterator[Any]:
        token: str | None = None
        while True:
            more = {"page-token": token} if token else {}
            page = self._call("GET", path, {**(params or {}), "max-records": str(PAGE), **more})
            yield page
            token = page.get("token")
            if not page.get("hasMore") or not token:
                return

    def _call(self, method: str, path: str, params: Mapping[str, str] | None = None, body: Any = None) -> Any:
        try:
            response = self._http.request(method, self._base + path, params=params, json=body, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            raise NessieError(f"Nessie at {self._base} cannot be reached: {_short(error)}") from error
        if response.ok:
            return response.json() if response.content else {}
        told = _told(response)
        kinds: Sequence[tuple[int, type[NessieError]]] = ((404, ReferenceGoneError), (409, ReferenceConflictError))
        kind = next((k for code, k in kinds if code == response.status_code), NessieError)
        raise kind(f"Nessie refused {method} {path}: {response.status_code} {told}")


def _reference(raw: Mapping[str, Any]) -> Reference:
    return Reference(raw["name"], raw["hash"], raw.get("type", "BRANCH"))


def _table(entry: Mapping[str, Any]) -> TableAt | None:
    content = entry.get("content") or {}
    if content.get("type") != "ICEBERG_TABLE":
        return None
    snapshot = int(content.get("snapshotId", -1))
    # An entry of a reference calls its key a name, an operation of a commit calls it a key.
    elements = (entry.get("name") or entry["key"])["elements"]
    return TableAt(".".join(elements), content["metadataLocation"], snapshot if snapshot >= 0 else None)


def _commit(raw: Mapping[str, Any]) -> Commit:
    author = ", ".join(raw.get("authors") or [])
    properties = {name: ", ".join(values) for name, values in (raw.get("allProperties") or {}).items()}
    time = datetime.fromisoformat(raw["commitTime"].replace("Z", "+00:00"))
    return Commit(raw["hash"], time, author, raw["message"], properties)


def _told(response: requests.Response) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError):
        return response.text[:300]


def _short(error: Exception) -> str:
    return str(error).split("(Caused by")[-1].strip(" )")[:300]
