"""The settings of what is served: the API, Dagit, and the model that may help with questions.

Belongs here: their fields, which are the process's as all others. Does not belong here: reading the environment
(settings), servers that others run (servers).
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, Field, SecretStr

from lakehouse_assets.settings.types import (
    Address,
    HostNames,
    Networks,
    Token,
    listed,
)


class ServingSettings(BaseModel):
    """What the environment decides of what is served."""

    dagit_token: Token = Field(
        default=SecretStr(""),
        description="Token that whoever uses Dagit must give, 24 characters or more; needed where it listens on more "
        "than this machine.",
    )
    dagit_hosts: HostNames = Field(
        default="", description="Names by which Dagit is reached besides localhost; separated by commas."
    )
    dagit_read_only: bool = Field(
        default=False, description="Whether Dagit only shows: nothing can be launched or changed in it."
    )
    scheduled_questions: Path | None = Field(
        default=None, description="YAML file of questions asked by the clock; default: questions.yml in ASKLAKE_HOME."
    )
    processes: int = Field(
        default=0, ge=0, le=64, description="Processes that serve the API, on Linux; 0: one per core, at most 4."
    )
    workers: int = Field(default=8, ge=1, description="Questions the API answers at the same time.")
    workers_per_key: int = Field(default=0, ge=0, description="Of these, how many may be of one key; 0: half of them.")
    queue_timeout_s: float = Field(
        default=2.0, gt=0, description="Longest time a question waits for its turn before it is sent away, seconds."
    )
    rate_per_minute: int = Field(
        default=60, ge=0, description="API calls a minute of a key, or of an address without one; 0: any."
    )
    rate_per_hour: int = Field(
        default=1000, ge=0, description="API calls an hour of a key, or of an address without one; 0: any."
    )
    session_life: timedelta = Field(
        default=timedelta(hours=12), gt=timedelta(0), le=timedelta(days=30),
        description="How long a browser need not be given its key again.",
    )  # fmt: skip
    trusted_proxies: Networks = Field(
        default="",
        description="Addresses or networks of proxies whose X-Forwarded-For says who calls; separated by commas.",
    )
    connections: int = Field(
        default=0, ge=0,
        description="Connections that the API and Dagit each have at a time; 0: as open files allow, at most 2,048.",
    )  # fmt: skip
    connections_per_address: int = Field(
        default=0, ge=0, description="Of these, how many one address may have; 0: half of them."
    )
    llm_base_url: Address = Field(
        default="", description="OpenAI-compatible endpoint, e.g. http://localhost:11434/v1 of Ollama; none: no model."
    )
    llm_model: str = Field(default="", description="Name of the model there.")
    llm_api_key: SecretStr = Field(default=SecretStr(""), description="Key of that endpoint, if it wants one.")
    llm_timeout_s: float = Field(default=20.0, gt=0, description="Longest time the model may take for a question.")
    llm_summary: bool = Field(default=False, description="Whether the model also puts answers into a sentence.")

    @property
    def trusted_proxy_list(self) -> tuple[str, ...]:
        """The proxies that are believed, each an address or a network."""
        return listed(self.trusted_proxies)

    @property
    def dagit_host_list(self) -> tuple[str, ...]:
        """Names by which Dagit is reached besides this machine's own."""
        return listed(self.dagit_hosts)
