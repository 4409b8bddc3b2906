"""Where files of the lake lie: what a location names, and whether that is in the lake's own warehouse.

Iceberg's metadata names every file by its full address, so a home that was copied still names the files of the one it
was copied from: to load into the copy would write there, to clean up the copy would delete there. So nothing is read,
written or deleted by a location before it was found to lie in the warehouse.
Belongs here: pure questions about locations, of folders and of S3. Does not belong here: what is done about one that
lies elsewhere (relocation), or opening any file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from lakehouse_assets.settings import Settings

WAREHOUSE = "warehouse"
"""Name of the folder of a home that its tables lie in."""
_FILE = "file:"
_S3 = ("s3", "s3a", "s3n")


class OutsideWarehouseError(Exception):
    """The lake's metadata name a file that is not in its own warehouse; nothing there was touched."""


class Warehouse(Protocol):
    """The place in which all files of a lake lie."""

    def canonical(self, location: str) -> str | None:
        """The one name of the file that a location spells in some way; None where it does not lie in the warehouse."""
        ...

    def refuse(self, what: str, location: str) -> OutsideWarehouseError:
        """The refusal of a location that does not lie in the warehouse; `what` says what lies there."""
        ...


def file_uri(path: Path) -> str:
    """A local path as Iceberg metadata names it: not percent-encoded, for readers take the rest as it stands."""
    return f"file://{path.absolute()}"


def local_path(location: str) -> Path | None:
    """The path a location names; None where it is not one of this machine."""
    if location.startswith(_FILE):
        rest = location.removeprefix(_FILE)
        return Path(rest.removeprefix("//").removeprefix("localhost"))
    return None if "://" in location else Path(location).absolute()


def named_by(location: str, folder: Path) -> Callable[[Path], str]:
    """How a table names the files of its folder: as it names the folder, which may be known here by another name.

    Args:
        location: The table's own.
        folder: Its folder, as this process knows it.
    """
    known = local_path(location)
    if known is None or os.path.realpath(known) != os.path.realpath(folder):
        return file_uri
    return lambda file: f"{location}/{file.relative_to(folder)}"


def own(warehouse: Warehouse, what: str, locations: Iterable[str]) -> set[str]:
    """The one name of each of these files of a table.

    Args:
        warehouse: Where they have to lie.
        what: What they are of, for people.
        locations: As metadata spell them.

    Raises:
        OutsideWarehouseError: one of them lies elsewhere.
    """
    found = set()
    for location in locations:
        name = warehouse.canonical(location)
        if name is None:
            raise warehouse.refuse(what, location)
        found.add(name)
    return found


def warehouse_of(settings: Settings) -> Warehouse:
    """The warehouse of the profile."""
    if settings.parts.tables == "nessie":
        return BucketWarehouse(settings.warehouse_url)
    return HomeWarehouse(settings.home)


class HomeWarehouse:
    """The warehouse folder of a home; see Warehouse.

    A location is inside if it goes through this very home, under whatever spelling, and really lies in its warehouse.
    Both matter: two homes may share a warehouse by a link, and the folder of a table may be a link to another home's.
    """

    def __init__(self, home: Path) -> None:
        """Resolve the folders; they need not exist yet."""
        self.home = home.absolute()
        self.folder = os.path.realpath(self.home / WAREHOUSE)
        self._real_home = os.path.realpath(self.home)
        self._folders: dict[str, str | None] = {}

    def canonical(self, location: str) -> str | None:
        """See Warehouse: the real path of its folder, and its name there."""
        # Each question asks this of every table: a location is taken apart as text, its folder looked at once.
        folder, slash, name = location.rpartition("/")
        if name in ("", ".", ".."):
            return None
        if folder not in self._folders:
            self._folders[folder] = self._real(f"{folder}{slash}")
        real = self._folders[folder]
        return None if real is None else f"{real}/{name}"

    def _real(self, location: str) -> str | None:
        folder = local_path(location)
        if folder is None:
            return None
        real = os.path.realpath(folder)
        if real != self.folder and not real.startswith(f"{self.folder}/"):
            return None
        parts = folder.parts
        homes = (os.path.join(*parts[:i]) for i in range(1, len(parts)) if parts[i] == WAREHOUSE)
        return real if any(os.path.realpath(home) == self._real_home for home in homes) else None

    def refuse(self, what: str, location: str) -> OutsideWarehouseError:
        """See Warehouse."""
        return OutsideWarehouseError(
            f"{what} is at {location}, which is not in the warehouse of this home, {self.home}; nothing was changed "
            "there. This home was moved, or is a copy of another: `asklake relocate` makes it a home of its own"
        )


class BucketWarehouse:
    """The bucket, or a prefix of one, of the cluster profile; see Warehouse."""

    def __init__(self, url: str) -> None:
        """Take the address apart."""
        self._url = url
        address = urlsplit(url)
        self._bucket, self._prefix = address.netloc, address.path.strip("/")

    def canonical(self, location: str) -> str | None:
        """See Warehouse: its s3:// address."""
        scheme, _, rest = location.partition("://")
        bucket, _, key = rest.partition("/")
        # Of a key, nothing is resolved by the server, but clients differ.
        if scheme not in _S3 or bucket != self._bucket or not key or {".", ".."}.intersection(key.split("/")):
            return None
        inside = not self._prefix or key.startswith(f"{self._prefix}/")
        return f"s3://{bucket}/{key}" if inside else None

    def refuse(self, what: str, location: str) -> OutsideWarehouseError:
        """See Warehouse."""
        return OutsideWarehouseError(
            f"{what} is at {location}, which is not in the warehouse {self._url}; nothing was changed there. "
            "ASKLAKE_WAREHOUSE_URL and ASKLAKE_NESSIE_URL have to name a warehouse and the catalog of its tables"
        )
