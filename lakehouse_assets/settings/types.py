"""How the value of a setting is written: what is refused at the start, and how it is read.

Belongs here: the types of settings that are more than a number or a name, and the texts taken apart.
Does not belong here: which settings there are (settings), or what the environment holds.
"""

from __future__ import annotations

import ipaddress
import re
from functools import cache
from pathlib import Path
from typing import Annotated
from urllib.parse import quote
from zoneinfo import available_timezones

from pydantic import AfterValidator, SecretStr, ValidationInfo

_SERVER = re.compile(r"[a-z][a-z0-9+]*://(?:.*@)?(?:\[[^\]]*\]|[^:/@?]*)(?::\d+)?(?:[/?].*)?", re.DOTALL)
"""An address whose password, if it has one, may hold any character but is nowhere else."""


def listed(text: str) -> tuple[str, ...]:
    """The parts of a text that are separated by commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def size_in_bytes(size: str) -> int:
    """A size such as 4GB or 512MiB."""
    number, unit = re.findall(r"[\d.]+|[A-Za-z]+", size)
    base = 1024 if "i" in unit else 1000
    return int(float(number) * base ** " KMGT".index(unit[0] if len(unit) > 1 else " "))


def password_in(address: str) -> str:
    """The password in an address, as it is written there; empty if there is none."""
    user_info = address.partition("://")[2].rpartition("@")[0]
    return user_info.partition(":")[2]


def sqlalchemy_postgres_url(url: str) -> str:
    """The URL of a PostgreSQL as SQLAlchemy wants it, by the driver that is installed."""
    scheme, rest = url.split("://", 1)
    return f"{'postgresql+psycopg2' if scheme in ('postgres', 'postgresql') else scheme}://{rest}"


def sqlite_url(file: Path) -> str:
    """SQLAlchemy URL of a SQLite database; SQLAlchemy decodes what is percent-encoded."""
    return f"sqlite:///{quote(str(file))}"


def _without_password(address: str, info: ValidationInfo) -> str:
    """Refuse a password where the address is shown: in logs, in statements, by `asklake settings`."""
    if "@" in address and password_in(address):
        instead = "ASKLAKE_ENGINE_PASSWORD" if info.field_name == "engine_url" else "a setting of its own, if any"
        raise ValueError(f"a password does not belong into this address, which logs may show: use {instead}")
    return address


def _can_be_read(address: SecretStr) -> SecretStr:
    """Refuse an address that cannot be taken apart before someone tries, and tells a piece of the password."""
    text = address.get_secret_value()
    if text and not _SERVER.fullmatch(text):
        raise ValueError(
            "this is no address such as scheme://user:password@host:port/name; in a password, write / as %2F, "
            "@ as %40, : as %3A, ? as %3F and # as %23"
        )
    return address


def _stays(home: Path) -> Path:
    """The same folder wherever the process goes to; without `..`, which would be another folder once a link is."""
    home = home.resolve() if ".." in home.parts else home.absolute()
    if '"' in str(home) or ("\\" in str(home) and any(c in str(home) for c in "*?[")):
        raise ValueError(
            f"DuckDB cannot open tables in {home}: choose a path without double quotes, and without a backslash "
            "beside one of * ? ["
        )
    return home


def _are_places(text: str) -> str:
    """Refuse what would never match, and URLs of servers."""
    for root in listed(text):
        if ".." in root.split("/") or not re.fullmatch(r"/.*|s3://[^/:*?\[]+(/[^:*?\[]*)?", root):
            raise ValueError(f"'{root}' is neither the whole path of a folder nor an s3:// address")
    return text


_ALSO_UTC = frozenset({"GMT", "GMT0", "Greenwich", "UCT", "UTC", "Universal", "Zulu"})


@cache
def zones() -> frozenset[str]:
    """The time zones, by IANA name: they are read from a folder, which would take most of the time that settings take.

    Without `localtime`, which engines do not know, and which is another on each machine.
    """
    return frozenset(available_timezones() - {"localtime"})


def _is_zone(name: str) -> str:
    """Refuse what is in no list of time zones; UTC has one name alone, for days are compared by the name."""
    if name not in zones():
        raise ValueError(f"'{name}' is no time zone; use an IANA name such as Europe/London")
    return "UTC" if name.removeprefix("Etc/") in _ALSO_UTC else name


def _are_zones_of_tenants(text: str) -> str:
    for part in listed(text):
        tenant, _, zone = part.partition("=")
        if not tenant.strip() or zone.strip() not in zones():
            raise ValueError(f"'{part}' is not TENANT=ZONE with an IANA name such as Europe/London")
    return text


def _is_size(text: str) -> str:
    """Refuse what the engine would refuse at its first query."""
    if not re.fullmatch(r"\d+(\.\d+)? ?([KMGT]i?)?B", text):
        raise ValueError(f"'{text}' is not a size; write 4GB or 800MB")
    return text


def _is_long(token: SecretStr) -> SecretStr:
    """Refuse a token that could be guessed, or that no header can hold."""
    text = token.get_secret_value()
    if text and not re.fullmatch(r"[!-~]{24,}", text):
        raise ValueError(
            "a token has 24 characters or more, letters, digits and signs without spaces; "
            "`openssl rand -hex 24` makes one"
        )
    return token


def _are_hosts(text: str) -> str:
    """Refuse what no browser sends as a host's name, such as a URL or a pattern."""
    for part in listed(text):
        if not re.fullmatch(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]", part):
            raise ValueError(f"'{part}' is no name of a host; write dagit.example.com, without port or https://")
    return text


def _are_networks(text: str) -> str:
    """Refuse what would be believed by nobody, or from everybody."""
    for part in listed(text):
        try:
            ipaddress.ip_network(part, strict=False)
        except ValueError:
            raise ValueError(f"'{part}' is no address or network; write 10.0.0.5 or 10.0.0.0/24") from None
    return text


Address = Annotated[str, AfterValidator(_without_password)]
"""An address that is shown, which no password may stand in."""
SecretAddress = Annotated[SecretStr, AfterValidator(_can_be_read)]
"""An address that may hold a password."""
Home = Annotated[Path, AfterValidator(_stays)]
"""A folder that the embedded engine can open tables in."""
Places = Annotated[str, AfterValidator(_are_places)]
"""Whole paths of folders and s3:// prefixes, separated by commas."""
ZoneName = Annotated[str, AfterValidator(_is_zone)]
"""An IANA time zone."""
ZonesOfTenants = Annotated[str, AfterValidator(_are_zones_of_tenants)]
"""TENANT=ZONE, separated by commas."""
Size = Annotated[str, AfterValidator(_is_size)]
"""A number of bytes with a unit."""
Token = Annotated[SecretStr, AfterValidator(_is_long)]
"""A secret that is long enough not to be guessed."""
HostNames = Annotated[str, AfterValidator(_are_hosts)]
"""Names of hosts, separated by commas."""
Networks = Annotated[str, AfterValidator(_are_networks)]
"""Addresses and networks, separated by commas."""
