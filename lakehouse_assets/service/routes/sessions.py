"""The addresses of a browser's session, and their documents.

Belongs here: opening, showing and ending one. Does not belong here: whom a session admits (``access``), or how the
cookie is made (``cookies``).
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from lakehouse_assets.service.admission import cookies
from lakehouse_assets.service.admission.access import Access
from lakehouse_assets.service.routes.dependencies import Served, errors
from nlq.core.utc import Moment
from nlq.storage.keys import Session

router = APIRouter(responses=errors())


class OpenSession(BaseModel):
    """A key, to be held by this browser as a session. It is a secret: no error and no log repeats it."""

    model_config = ConfigDict(extra="forbid")

    key: SecretStr = Field(min_length=1, max_length=200)


class SessionKey(BaseModel):
    """What a session's key is known by, and what it allows."""

    id: str
    name: str
    tenant: str | None = Field(description="Whose rows it shows; null: every tenant's.")
    role: str


class SessionDocument(BaseModel):
    """Whether this browser holds a session, and of which key."""

    keys_required: bool = Field(description="False on one's own machine as long as there is no key.")
    key: SessionKey | None = Field(default=None, description="Null: it holds none.")
    expires_at: Moment | None = Field(default=None, description="When it ends by itself, UTC.")
    way_back: str = Field(default="", description="What to do where no key can be valid: there is none, or no more.")

    @classmethod
    def of(cls, session: Session | None, *, keys_required: bool, way_back: str = "") -> SessionDocument:
        """The document of a session, or of none."""
        if session is None:
            return cls(keys_required=keys_required, way_back=way_back if keys_required else "")
        fields = {name: getattr(session.key, name) for name in SessionKey.model_fields}
        return cls(keys_required=keys_required, key=SessionKey(**fields), expires_at=session.expires_at)


@router.post("/session", tags=["session"], status_code=201)
async def open_session(service: Served, request: Request, response: Response, body: OpenSession) -> SessionDocument:
    """Take a key once and let the browser hold a session instead, in a cookie that no script can read.

    For pages. Programs send their key with each call and need no session. What a session sends has to come from a page
    of this service, as the browser tells by `Sec-Fetch-Site` or `Origin`.
    """
    session, text = await service.work.quick(service.access.open_session, request, body.key.get_secret_value())
    cookies.give(request, response, session, text)
    return SessionDocument.of(session, keys_required=True)


@router.get("/session", tags=["session"])
async def session(service: Served, request: Request) -> SessionDocument:
    """Whether this browser holds a session, and of which key; never the key itself."""
    return await service.work.quick(_session_document, service.access, request)


def _session_document(access: Access, request: Request) -> SessionDocument:
    session = access.session(request)
    required = access.keys_required()
    return SessionDocument.of(session, keys_required=required, way_back=access.way_back())


@router.delete("/session", tags=["session"], status_code=204)
async def end_session(service: Served, request: Request, response: Response) -> None:
    """End this browser's session, here and in its cookie."""
    await service.work.quick(service.access.end_session, request)
    cookies.take(request, response)
