"""Where messages may go: targets that the operator names in a file, and mail addresses of allowed domains.

Belongs here: reading the file, who may choose which, and what a target is sent with. Does not belong here: sending.

People choose among names. Addresses of webhooks, which hold a secret themselves, and the secrets that messages are
signed with stand in the settings (ASKLAKE_TARGET_ACCESS, ASKLAKE_TARGET_SECRETS): no page, no document, no database and
no log has them, there is nothing to encrypt, and nobody who may make an alert can have the service call an address.

    targets:
      ops:
        kind: slack
        tenants: [pb.amritsar]
      office:
        kind: email
        to: [office@example.org]
        tenants: ["*"]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError, field_validator

from lakehouse_assets import bounded_yaml
from lakehouse_assets.settings import Settings
from nlq.core.guard import Caller

EVERYONE = "*"
_NONE = SecretStr("")
Kind = Literal["email", "slack", "webhook"]
_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")
_ADDRESS = re.compile(
    r"(?=.{3,254}$)[A-Za-z0-9](?:[A-Za-z0-9._%+-]{0,62}[A-Za-z0-9])?@(?P<domain>[A-Za-z0-9.-]{1,190})"
)


class TargetsError(ValueError):
    """The file of targets cannot be read; the text names the file, the target and what to do."""


class UnknownTargetError(LookupError):
    """There is no such target for a caller; the text says which there are."""


class Declared(BaseModel):
    """A target as the file names it; without ``tenants`` it is for callers of all tenants alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    to: tuple[str, ...] = Field(default=(), max_length=50)
    tenants: tuple[str, ...] = ()
    description: str = Field(default="", max_length=200)

    @field_validator("to")
    @classmethod
    def _are_addresses(cls, to: tuple[str, ...]) -> tuple[str, ...]:
        for address in to:
            if not _ADDRESS.fullmatch(address):
                raise ValueError(f"'{address}' is no mail address")
        return to


@dataclass(frozen=True)
class Target:
    """A target that can be sent to: mail addresses, or the address and secret of a webhook."""

    name: str
    kind: Kind
    to: tuple[str, ...] = ()
    url: SecretStr = _NONE
    secret: SecretStr = _NONE
    tenants: tuple[str, ...] = ()
    description: str = ""

    @property
    def missing(self) -> str:
        """What the operator has to add before anything can be sent; empty where nothing is missing."""
        if self.kind == "email":
            return "" if self.to else "The file names no mail address for it."
        if not self.url.get_secret_value():
            return "ASKLAKE_TARGET_ACCESS has no address for it."
        if self.kind == "webhook" and not self.secret.get_secret_value():
            return "ASKLAKE_TARGET_SECRETS has no secret to sign its messages with."
        return ""

    def is_for(self, caller: Caller) -> bool:
        """Whether a caller may choose it."""
        return caller.tenant is None or EVERYONE in self.tenants or caller.tenant in self.tenants


class Targets:
    """The targets of the settings, read anew with each call: whoever changes the file need not restart anything."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._domains = frozenset(settings.mail_domain_list)

    def all(self) -> dict[str, Target]:
        """The targets of the file, by name; none where there is no file.

        Raises:
            TargetsError: the file is not of the form.
        """
        settings = self._settings
        return {
            name: Target(
                name, one.kind, one.to, settings.target_access.get(name, _NONE),
                settings.target_secrets.get(name, _NONE), one.tenants, one.description,
            )
            for name, one in self._declared().items()
        }  # fmt: skip

    def of(self, caller: Caller) -> list[Target]:
        """The targets that a caller may choose, by name."""
        return sorted((one for one in self.all().values() if one.is_for(caller)), key=lambda one: one.name)

    def find(self, name: str, caller: Caller) -> Target:
        """A target by its name, or a mail address.

        Raises:
            UnknownTargetError: there is none that the caller may choose, or the address is of another domain.
        """
        if "@" in name:
            return self._mailbox(name)
        found = self.all().get(name)
        if found is None or not found.is_for(caller):
            known = ", ".join(one.name for one in self.of(caller)) or "none"
            raise UnknownTargetError(f"There is no target “{name[:100]}” for you; there are: {known}.")
        return found

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains whose mail addresses may be written instead of a name."""
        return tuple(sorted(self._domains))

    def _mailbox(self, address: str) -> Target:
        match = _ADDRESS.fullmatch(address)
        if match is None or match["domain"].lower() not in self._domains:
            allowed = ", ".join(self.domains)
            message = f"Mail goes to addresses at {allowed}." if allowed else "No mail address may be written here."
            raise UnknownTargetError(f"{message} ASKLAKE_MAIL_DOMAINS says to which.")
        return Target(address, "email", (address,))

    def _declared(self) -> Mapping[str, Declared]:
        path = self._settings.targets_file
        try:
            document = bounded_yaml.read(path)
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise TargetsError(f"{path} cannot be read: {error}") from error
        except yaml.YAMLError as error:
            raise TargetsError(f"{path} is not YAML: {error}") from error
        named = document.get("targets") if isinstance(document, dict) else None
        if not isinstance(named, dict):
            raise TargetsError(f"{path} has no 'targets': see docs/alerts.md for an example")
        if bad := next((name for name in named if not isinstance(name, str) or not _NAME.fullmatch(name)), None):
            raise TargetsError(f"{path}: '{bad}' is no name: small letters, digits and _, beginning with a letter")
        try:
            return TypeAdapter(dict[str, Declared]).validate_python(named)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise TargetsError(f"{path}, {where}: {first['msg'].removeprefix('Value error, ')}") from error
