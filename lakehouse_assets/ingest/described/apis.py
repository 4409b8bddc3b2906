"""Sources whose records are what an API over HTTP answers with.

Belongs here: what such a source states. Does not belong here: asking the API (fetching), or which records are next
(loads).
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from lakehouse_assets.ingest.described.kinds import (
    LEAST_EVERY,
    OF_CURSOR,
    OF_EVERY,
    Access,
    SourceKind,
    refuse_negative,
)
from lakehouse_assets.ingest.described.texts import Constant, Part

KIND = SourceKind(
    "rest", "`rest`: they are what an API over HTTP answers with, as JSON.", states=("rest",), needs=("rest",)
)
ALL = "*"
"""As a step of a path: each element of a list, or each value of an object."""
CURSOR = "{cursor}"
_LOCAL = ("localhost", "127.0.0.1", "::1")
_SECRET = re.compile(
    r"(?i)(.*[_-])?(api|access|auth|private|subscription)[_-]?(key|token)|(.*[_-])?(password|secret)"
    r"|token|authorization|cookie"
)
"""Names of parameters and headers whose value is a secret, which no file may hold."""


def _steps(value: Any) -> Any:
    """A path as its steps: `data.items`, or a list where a name holds a dot."""
    return [step for step in value.split(".") if step] if isinstance(value, str) else value


def _valid_url(url: str) -> str:
    found = urlsplit(url)
    if found.scheme not in ("http", "https") or not found.hostname or found.port == 0:  # `port` raises, too
        raise ValueError("must be a whole URL, as https://api.example.com/orders")
    if found.username is not None or found.password is not None:
        raise ValueError("must hold no user or password: put them into ASKLAKE_SOURCE_ACCESS, and name `access`")
    if found.query or found.fragment:
        raise ValueError("must have no `?` or `#`: state what follows under `parameters`")
    return url


def _no_secrets(values: dict[str, str]) -> dict[str, str]:
    for name in values:
        if _SECRET.fullmatch(name):
            raise ValueError(f"'{name}' looks like a secret: put it into ASKLAKE_SOURCE_ACCESS, and name `access`")
    return values


def _whole_auth(value: Any) -> Any:
    return {"by": value} if isinstance(value, str) else value


def _valid_body(text: str) -> str:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError("must be a JSON object")
    _no_secrets_within(found)
    return text


def _no_secrets_within(value: Any) -> None:
    if isinstance(value, dict):
        _no_secrets({name: "" for name, one in value.items() if not isinstance(one, dict | list)})
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _no_secrets_within(one)


Steps = Annotated[tuple[str, ...], BeforeValidator(_steps)]
Url = Annotated[str, AfterValidator(_valid_url)]
Named = Annotated[dict[str, Constant], AfterValidator(_no_secrets)]


class Auth(Part):
    """How the secret that `access` names is sent."""

    by: Literal["bearer", "basic", "header", "parameter", "oauth2"] = Field(
        "bearer", description="`bearer`: as a token; `basic`: as `user:password`; `header` and `parameter`: as the "
        "value of one; `oauth2`: as `client_id:client_secret`, for a token that is asked for and then sent."
    )  # fmt: skip
    name: str | None = Field(None, min_length=1, description="Name of the header or the query parameter.")
    url: Url | None = Field(None, description="OAuth2: address that gives tokens for client credentials.")
    scope: str | None = Field(None, min_length=1, description="OAuth2: what the token is asked for.")
    parameters: Named = Field(default_factory=dict, description="OAuth2: what else is sent for it, as `audience`.")
    client_in: Literal["header", "body"] = Field(
        "header", description="OAuth2: where the client's id and secret are sent: as `basic`, or in the form."
    )

    @model_validator(mode="after")
    def _of_oauth2(self) -> Auth:
        stated = self.model_fields_set & {"url", "scope", "parameters", "client_in"}
        if self.by == "oauth2" and self.url is None:
            raise ValueError("url: oauth2 needs the address that gives tokens")
        if self.by != "oauth2" and stated:
            raise ValueError(f"{', '.join(sorted(stated))}: only oauth2 has any")
        return self

    @model_validator(mode="after")
    def _named(self) -> Auth:
        if (self.name is None) == (self.by in ("header", "parameter")):
            raise ValueError("name: of `header` and `parameter` it is needed, and of no other")
        return self


class Pages(Part):
    """How an API hands out its records part by part."""

    by: Literal["page", "offset", "cursor", "link", "next"] = Field(
        description="`page`: by number; `offset`: by how many records were read; `cursor`: by a value out of the page "
        "before; `link`: by the header `Link`; `next`: by a URL in the body."
    )
    parameter: str | None = Field(
        None, min_length=1, description="Query parameter of the page's number, the offset or the cursor; where there "
        "is a `body`, the path in it. None where the cursor is an object of parameters."
    )  # fmt: skip
    first: int | None = Field(None, ge=0, description="Number of the first page (1) or the first offset (0).")
    size: int | None = Field(None, gt=0, description="How many records a page is asked to have.")
    size_parameter: str | None = Field(
        None, min_length=1, description="Query parameter of that; where there is a `body`, the path in it."
    )
    next: Steps = Field((), description="Path in the body to the next cursor or URL.")
    of_last: Steps = Field((), description="Path in the last record of a page to the next cursor, instead of `next`.")
    more: Steps = Field((), description="Path in the body to whether there are more pages, as true or false.")
    end_status: int | None = Field(
        None, ge=400, lt=500, description="Status by which the API says, after the first page, that there is no "
        "further one, as 404."
    )  # fmt: skip
    stop_when_empty: bool = Field(
        False, description="Whether a page without records is the last one. Page numbers and offsets end there anyway."
    )

    @model_validator(mode="after")
    def _complete(self) -> Pages:
        if self.by in ("page", "offset") and self.parameter is None:
            raise ValueError(f"parameter: pages by {self.by} need one")
        if self.by == "cursor" and bool(self.next) == bool(self.of_last):
            raise ValueError("pages by cursor need either next or of_last")
        if self.of_last and self.parameter is None:
            raise ValueError("parameter: of_last needs one")
        if self.by == "next" and not self.next:
            raise ValueError("next: pages by next need the path to the URL")
        allowed = {
            "page": {"parameter", "first"}, "offset": {"parameter", "first"}, "link": set(), "next": {"next"},
            "cursor": {"parameter", "next", "of_last"},
        }[self.by] | {"by", "size", "size_parameter", "more", "end_status", "stop_when_empty"}  # fmt: skip
        if foreign := sorted(self.model_fields_set - allowed):
            raise ValueError(f"{', '.join(foreign)}: pages by {self.by} have none")
        if (self.size is None) != (self.size_parameter is None):
            raise ValueError("size and size_parameter: say both or neither")
        return self


class Since(Part):
    """How an API is asked for what is new."""

    parameter: str = Field(min_length=1, description="Query parameter of it; where there is a `body`, the path in it.")
    value: str = Field(
        CURSOR, description="Its value, in which `{cursor}` stands for the value that is read from: `updated_at gt "
        "{cursor}`."
    )  # fmt: skip
    form: Literal["as_is", "day", "seconds", "milliseconds"] = Field(
        "as_is", description="How that value is written: as in the records, as its day in UTC, or since 1970."
    )

    @model_validator(mode="after")
    def _says_where(self) -> Since:
        if CURSOR not in self.value:
            raise ValueError(f"value: must hold {CURSOR}")
        return self


class Rest(Part):
    """What is asked of an API, and where in the answers the records lie."""

    url: Url = Field(description="Address that is asked, without `?`.")
    parameters: Named = Field(default_factory=dict, description="Query parameters of every request.")
    headers: Named = Field(default_factory=dict, description="Headers of every request.")
    body: Annotated[str, AfterValidator(_valid_body)] | None = Field(
        None, description="JSON object that is sent with every request, by POST; without it GET asks."
    )
    errors: Steps = Field(
        (), description="Path in an answer to what went wrong, as `errors` of GraphQL: where it holds anything, the "
        "load stops."
    )  # fmt: skip
    records: Steps = Field(
        (), description="Path in the body to the list of records: names, parted by dots, or a list of names; `*` is "
        "each element of a list or each value of an object. Without it the body is the list."
    )  # fmt: skip
    pages: Pages | None = Field(None, description="How further pages are asked for; without it there is one.")
    access: Access | None = Field(None, description="Name by which ASKLAKE_SOURCE_ACCESS holds the secret.")
    auth: Annotated[Auth | None, BeforeValidator(_whole_auth)] = Field(
        None, description="How that is sent: `bearer`, as without it, `basic`, or as below."
    )
    unencrypted: bool = Field(False, description="Whether the secret may be sent over http:// to another machine.")
    cursor: Steps = Field(
        (), description="Path in a record to what grows with each new or changed one, a time in ISO 8601 or a number: "
        "only records from the greatest value of the last load on are asked for. Without it every load reads all."
    )  # fmt: skip
    since: Since | None = Field(None, description="How the API is asked for these.")
    look_back: timedelta | int | None = Field(None, description=OF_CURSOR)
    every: timedelta | None = Field(None, ge=LEAST_EVERY, description=OF_EVERY)

    @model_validator(mode="after")
    def _fits(self) -> Rest:
        if bool(self.cursor) != (self.since is not None):
            raise ValueError("cursor and since: say both or neither")
        if ALL in self.cursor:
            raise ValueError(f"cursor: leads to one value, not to {ALL}")
        if not self.cursor and self.look_back is not None:
            raise ValueError("look_back: only records that are read by a cursor can be looked back for")
        if self.access is None and self.auth is not None:
            raise ValueError("access: names the secret that `auth` sends")
        self._refuse_unencrypted()
        if self.body is not None and self.pages is not None and self.pages.by in ("link", "next"):
            raise ValueError("pages: with a body they come by page, offset or cursor")
        refuse_negative(self.look_back)
        return self

    def _refuse_unencrypted(self) -> None:
        asked = [urlsplit(url) for url in (self.url, self.auth.url if self.auth else None) if url]
        open_ = any(url.scheme == "http" and url.hostname not in _LOCAL for url in asked)
        if self.access and open_ and not self.unencrypted:
            raise ValueError("url: a secret is sent over https://; `unencrypted: true` allows http://")

    @property
    def may_repeat(self) -> bool:
        """See Fetched: records move between pages while these are read."""
        return True


class OfRest(Part):
    """The part of a source that says what it asks of an API."""

    rest: Rest | None = Field(None, description="Of kind `rest`: what is asked of which API.")
