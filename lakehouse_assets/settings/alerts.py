"""The settings of alerts: where they may go, and by which mail server.

Belongs here: their fields, which are the process's as all others (settings). Does not belong here: reading the
environment, the file of targets.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr

from lakehouse_assets.settings.types import Address, HostNames, SecretAddress, listed

_LONG = 8
"""Characters from which on a part of an address is a secret, not a word that logs are full of."""


class AlertSettings(BaseModel):
    """What the environment decides of alerts."""

    alert_targets: Path | None = Field(
        default=None, description="YAML file of where alerts may go; default: targets.yml in ASKLAKE_HOME."
    )
    target_access: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Addresses of the webhooks among them, as JSON by name: "
        '`{"ops": "https://hooks.slack.com/services/…"}`.',
    )  # fmt: skip
    target_secrets: dict[str, SecretStr] = Field(
        default_factory=dict, description="What messages to other webhooks than Slack's are signed with, as JSON."
    )
    private_targets: bool = Field(
        default=False, description="Whether webhooks may be in private networks, on this machine, or without TLS."
    )
    mail_server: SecretAddress = Field(
        default=SecretStr(""),
        description="Mail server, as smtps://user:password@host:465, or smtp://…:587 where it offers STARTTLS.",
    )
    mail_from: str = Field(default="", description="Mail address that alerts are sent from.")
    mail_domains: HostNames = Field(
        default="", description="Domains whose mail addresses alerts may be sent to; separated by commas."
    )
    public_url: Address = Field(
        default="", description="Address of the pages, for links in messages, such as https://asklake.example.org."
    )  # fmt: skip
    alert_retention: timedelta = Field(
        default=timedelta(days=90),
        gt=timedelta(0),
        description="How long what alerts told, and what was sent, is kept.",
    )

    @property
    def mail_domain_list(self) -> tuple[str, ...]:
        """The domains whose mail addresses alerts may be sent to."""
        return tuple(domain.lower() for domain in listed(self.mail_domains))

    @property
    def target_words(self) -> list[str]:
        """What no log may hold of targets: whoever knows the path of a webhook may send to it."""
        addresses = [urlsplit(access.get_secret_value()) for access in self.target_access.values()]
        parts = [part for url in addresses for part in (url.path.strip("/"), url.query) if len(part) >= _LONG]
        return [*parts, *(secret.get_secret_value() for secret in self.target_secrets.values())]
